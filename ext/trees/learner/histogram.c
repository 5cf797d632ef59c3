#include "trees/learner/histogram.h"

#include <string.h>

#define HISTOGRAM_BLOCK_ROWS 256   /* copied at once; with the slots of eight features they fill that cache */
#define MIN_PART_CELLS       30000 /* rows times features that are worth a thread */
#define MAX_REMOVED_ROWS     256   /* that are taken from a histogram one by one */
#define MAX_PART_ROWS        (ATHLETE_PAIRED_ROWS / 4)

typedef struct histogram_scratch {
    int64_t *own;    /* this hand's histogram; hand 0 adds to the result itself */
    int64_t *paired; /* of some parts' rows, where the result is wide and the rows are PAIRED */
    size_t n_paired; /* how many rows */
    uint8_t *records;
    int64_t values[2 * HISTOGRAM_BLOCK_ROWS];
    bool used;
    char apart[64];
} histogram_scratch;

typedef struct build_job {
    histogram_builder *builder;
    const uint32_t *rows;
    size_t n, part_rows, n_words; /* words of the result */
    histogram *out;
} build_job;

size_t histogram_words(const bin_matrix *bins) {
    return 2 * (size_t)bins->offset[bins->n_features];
}

static size_t slots_of(const histogram_builder *builder) {
    return builder->bins->offset[builder->bins->n_features];
}

/* --- adding rows ---------------------------------------------------------------------------------------- */

/* Some rows: their records, `stride` bytes apart, and their gradients as a slot takes them. */
typedef struct histogram_block {
    const uint8_t *records;
    size_t stride, n;
    const int64_t *values; /* one per row, two where they are WIDE */
} histogram_block;

/* `count` features whose slots begin at `slots`. With the distance of two features' slots known to the compiler, an addition is
** one load of a code and one instruction: that is worth the slots that a feature of few bins does not use. */
static inline void histogram_add_features(int64_t *restrict slots, size_t count, size_t slots_each, int first,
                                          histogram_block block) {
    const uint8_t *codes = block.records + ATHLETE_RECORD_HEADER + first;
    for (size_t i = 0; i < block.n; i++, codes += block.stride) {
        int64_t value = block.values[i];
        for (size_t f = 0; f < count; f++) slots[f * slots_each + codes[f]] += value;
    }
}

/* Keeps a compiler from computing what comes after anew from what was before. */
#if defined(__GNUC__)
#define KEEP_AS_IT_IS(word) __asm__("" : "+r"(word))
#else
#define KEEP_AS_IT_IS(word) ((void)(word))
#endif

/* The byte that is first in memory becomes the lowest. */
static inline uint64_t first_lowest(uint64_t word) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The same of eight, with one load of all codes: what bounds additions is how many loads and stores there can be at a time. Two codes
** are taken from the word before it is shifted, since x86-64 has instructions for the lowest two bytes. */
static inline void add_eight_features(int64_t *restrict slots, size_t slots_each, int first,
                                      histogram_block block) {
    const uint8_t *codes = block.records + ATHLETE_RECORD_HEADER + first;
    for (size_t i = 0; i < block.n; i++, codes += block.stride) {
        int64_t value = block.values[i];
        uint64_t eight;
        memcpy(&eight, codes, sizeof eight);
        eight = first_lowest(eight);
        for (size_t f = 0; f < 8; f += 2) {
            slots[f * slots_each + (eight & 255)] += value;
            slots[(f + 1) * slots_each + (eight >> 8 & 255)] += value;
            eight >>= 16;
            KEEP_AS_IT_IS(eight);
        }
    }
}

static void prefetch(const void *address) {
#ifdef __GNUC__
    __builtin_prefetch(address);
#else
    (void)address;
#endif
}

/* The rows that come after a block, whose records are fetched while the block is added: a few at a time, since a processor that has
** as many misses under way as it can keep track of drops what it is asked to prefetch. */
typedef struct rows_ahead {
    const bin_matrix *bins;
    const uint32_t *rows;
    size_t n;
} rows_ahead;

static inline void fetch_some(rows_ahead *ahead, size_t wanted) {
    size_t n = ahead->n < wanted ? ahead->n : wanted, bytes = ahead->bins->record_bytes;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *record = ahead->bins->records + ahead->rows[i] * bytes;
        for (size_t b = 0; b < bytes; b += 64) prefetch(record + b);
    }
    ahead->rows += n;
    ahead->n -= n;
}

/* Eight features at a time: their slots stay in the first-level cache. */
static inline void add_block_spaced(int64_t *slots, size_t slots_each, int n_features, histogram_block block,
                                    rows_ahead ahead) {
    int f = 0;
    size_t some = HISTOGRAM_BLOCK_ROWS / ((size_t)n_features / 8 + 1) + 1;
    for (; f + 8 <= n_features; f += 8) {
        fetch_some(&ahead, some);
        add_eight_features(slots + (size_t)f * slots_each, slots_each, f, block);
    }
    fetch_some(&ahead, HISTOGRAM_BLOCK_ROWS);
    for (; f + 4 <= n_features; f += 4)
        histogram_add_features(slots + (size_t)f * slots_each, 4, slots_each, f, block);
    for (; f < n_features; f++)
        histogram_add_features(slots + (size_t)f * slots_each, 1, slots_each, f, block);
}

static void add_block(int64_t *slots, const bin_matrix *bins, histogram_block block, rows_ahead ahead) {
    uint32_t slots_each = bins->offset[1];
    int n = bins->n_features;
    if (slots_each == ATHLETE_FEW_SLOTS) add_block_spaced(slots, ATHLETE_FEW_SLOTS, n, block, ahead);
    else if (slots_each == ATHLETE_SOME_SLOTS) add_block_spaced(slots, ATHLETE_SOME_SLOTS, n, block, ahead);
    else add_block_spaced(slots, ATHLETE_MANY_SLOTS, n, block, ahead);
}

static inline void add_block_wide_spaced(int64_t *restrict words, size_t slots_each, int n_features,
                                         histogram_block block, rows_ahead ahead) {
    for (size_t i = 0; i < block.n; i++) {
        const uint8_t *codes = block.records + i * block.stride + ATHLETE_RECORD_HEADER;
        int64_t gradient = block.values[2 * i], hessian = block.values[2 * i + 1];
        fetch_some(&ahead, 1);
        for (size_t f = 0; f < (size_t)n_features; f++) {
            int64_t *slot = words + 2 * (f * slots_each + codes[f]);
            slot[0] += gradient;
            slot[1] += hessian;
        }
    }
}

static void add_block_wide(int64_t *words, const bin_matrix *bins, histogram_block block, rows_ahead ahead) {
    uint32_t slots_each = bins->offset[1];
    int n = bins->n_features;
    if (slots_each == ATHLETE_FEW_SLOTS) add_block_wide_spaced(words, ATHLETE_FEW_SLOTS, n, block, ahead);
    else if (slots_each == ATHLETE_SOME_SLOTS)
        add_block_wide_spaced(words, ATHLETE_SOME_SLOTS, n, block, ahead);
    else add_block_wide_spaced(words, ATHLETE_MANY_SLOTS, n, block, ahead);
}

static void histogram_read_values(const histogram_builder *builder, const uint32_t *rows,
                                  histogram_block block, int64_t *values) {
    const row_gradients *g = builder->gradients;
    if (g->form == GRADIENTS_WIDE) {
        for (size_t i = 0; i < block.n; i++) memcpy(values + 2 * i, &g->wide[rows[i]], sizeof *g->wide);
    } else if (!g->in_records) {
        for (size_t i = 0; i < block.n; i++) values[i] = g->packed[rows[i]];
    } else if (g->form == GRADIENTS_COUNTED) {
        for (size_t i = 0; i < block.n; i++) {
            uint32_t header;
            memcpy(&header, block.records + i * block.stride, sizeof header);
            values[i] = slot_of_header(header, GRADIENTS_COUNTED, g->shift);
        }
    } else {
        for (size_t i = 0; i < block.n; i++) {
            uint32_t header;
            memcpy(&header, block.records + i * block.stride, sizeof header);
            values[i] = slot_of_header(header, GRADIENTS_PAIRED, 32);
        }
    }
}

static void copy_records(const bin_matrix *bins, const uint32_t *rows, size_t n, uint8_t *to) {
    size_t bytes = bins->record_bytes;
    if (bytes == 32) {
        for (size_t i = 0; i < n; i++) memcpy(to + 32 * i, bins->records + (size_t)rows[i] * 32, 32);
    } else {
        for (size_t i = 0; i < n; i++) memcpy(to + bytes * i, bins->records + rows[i] * bytes, bytes);
    }
}

static void negate(int64_t *values, size_t n) {
    for (size_t i = 0; i < n; i++) values[i] = -values[i];
}

static void histogram_add_rows(const histogram_builder *builder, histogram_scratch *scratch,
                               const uint32_t *rows, size_t n, bool removes, int64_t *words) {
    const bin_matrix *bins = builder->bins;
    bool wide = builder->gradients->form == GRADIENTS_WIDE;
    for (size_t start = 0; start < n; start += HISTOGRAM_BLOCK_ROWS) {
        const uint32_t *here = rows + start;
        histogram_block block = {scratch->records, bins->record_bytes,
                                 n - start < HISTOGRAM_BLOCK_ROWS ? n - start : HISTOGRAM_BLOCK_ROWS,
                                 scratch->values};
        if (here[block.n - 1] - here[0] == block.n - 1)
            block.records = bins->records + here[0] * bins->record_bytes;
        else copy_records(bins, here, block.n, scratch->records);
        histogram_read_values(builder, here, block, scratch->values);
        if (removes) negate(scratch->values, wide ? 2 * block.n : block.n);
        size_t after = n - start - block.n;
        rows_ahead ahead = {bins, here + block.n,
                            after < HISTOGRAM_BLOCK_ROWS ? after : HISTOGRAM_BLOCK_ROWS};
        if (wide) add_block_wide(words, bins, block, ahead);
        else add_block(words, bins, block, ahead);
    }
}

/* --- parts ---------------------------------------------------------------------------------------------- */

static void empty_paired(histogram_scratch *scratch, size_t n_slots, int64_t *restrict words) {
    const int64_t *restrict paired = scratch->paired;
    if (scratch->n_paired == 0) return;
    scratch->n_paired = 0;
    for (size_t i = 0; i < n_slots; i++) {
        gradient_sum sum = slot_sum(paired[i], 32);
        words[2 * i] += sum.gradient;
        words[2 * i + 1] += sum.hessian;
    }
}

static void build_part(void *argument, size_t part, pool_hand *hand) {
    build_job *job = argument;
    histogram_builder *builder = job->builder;
    histogram_scratch *scratch = &builder->scratch[hand->number];
    int64_t *words = hand->number == 0 ? job->out->words : scratch->own;
    size_t start = part * job->part_rows,
           n = job->n - start < job->part_rows ? job->n - start : job->part_rows;
    bool in_paired = job->out->wide && builder->gradients->form == GRADIENTS_PAIRED,
         fits = in_paired && scratch->n_paired + n <= ATHLETE_PAIRED_ROWS;
    if (!fits && !scratch->used) {
        memset(words, 0, job->n_words * sizeof *words);
        scratch->used = true;
    }
    if (in_paired) {
        size_t n_slots = slots_of(builder);
        if (!fits) empty_paired(scratch, n_slots, words);
        if (scratch->n_paired == 0) memset(scratch->paired, 0, n_slots * sizeof *scratch->paired);
        scratch->n_paired += n;
    }
    histogram_add_rows(builder, scratch, job->rows + start, n, false, in_paired ? scratch->paired : words);
    pool_due(hand, n * (size_t)builder->bins->n_features / 2);
}

static size_t rows_of_a_part(const histogram_builder *builder, size_t n) {
    size_t least = MIN_PART_CELLS / (size_t)builder->bins->n_features + 1;
    size_t rows = n / (4 * (size_t)builder->n_hands) + 1;
    rows = rows < least ? least : rows;
    size_t most = least < MAX_PART_ROWS ? MAX_PART_ROWS : ATHLETE_PAIRED_ROWS;
    return rows < most ? rows : most;
}

athlete_status histogram_build(histogram_builder *builder, const uint32_t *rows, size_t n, histogram *out) {
    gradient_form form = builder->gradients->form;
    out->wide = form == GRADIENTS_WIDE || (form == GRADIENTS_PAIRED && n > ATHLETE_PAIRED_ROWS);
    build_job job = {.builder = builder, .rows = rows, .n = n, .out = out};
    job.part_rows = rows_of_a_part(builder, n);
    job.n_words = slots_of(builder) * (out->wide ? 2 : 1);
    for (int hand = 0; hand < builder->n_hands; hand++) {
        builder->scratch[hand].used = false;
        builder->scratch[hand].n_paired = 0;
    }
    athlete_status status = pool_run_if(builder->n_hands > 1, builder->pool,
                                        (n + job.part_rows - 1) / job.part_rows, build_part, &job);
    if (status != ATHLETE_OK) return status;
    if (!builder->scratch[0].used) memset(out->words, 0, job.n_words * sizeof *out->words);
    for (int hand = 0; hand < builder->n_hands; hand++) {
        empty_paired(&builder->scratch[hand], slots_of(builder), out->words);
        const int64_t *own = builder->scratch[hand].own;
        for (size_t i = 0; builder->scratch[hand].used && own && i < job.n_words; i++)
            out->words[i] += own[i];
    }
    return ATHLETE_OK;
}

void histogram_add(const histogram_builder *builder, const uint32_t *rows, size_t n, int64_t value,
                   int64_t *words) {
    const bin_matrix *bins = builder->bins;
    histogram_scratch *scratch = &builder->scratch[0];
    for (size_t i = 0; i < HISTOGRAM_BLOCK_ROWS; i++) scratch->values[i] = value;
    for (size_t start = 0; start < n; start += HISTOGRAM_BLOCK_ROWS) {
        size_t count = n - start < HISTOGRAM_BLOCK_ROWS ? n - start : HISTOGRAM_BLOCK_ROWS,
               after = n - start - count;
        rows_ahead ahead = {bins, rows + start + count,
                            after < HISTOGRAM_BLOCK_ROWS ? after : HISTOGRAM_BLOCK_ROWS};
        copy_records(bins, rows + start, count, scratch->records);
        add_block(words, bins,
                  (histogram_block){scratch->records, bins->record_bytes, count, scratch->values}, ahead);
    }
}

/* --- siblings ------------------------------------------------------------------------------------------- */

bool histogram_remove(const histogram_builder *builder, const uint32_t *rows, size_t n, histogram *whole) {
    bool few = n <= MAX_REMOVED_ROWS, paired = builder->gradients->form == GRADIENTS_PAIRED;
    if (!few || (whole->wide && paired)) return false;
    histogram_add_rows(builder, &builder->scratch[0], rows, n, true, whole->words);
    return true;
}

void histogram_subtract(const histogram_builder *builder, histogram *whole, const histogram *part, size_t n) {
    size_t n_slots = slots_of(builder);
    int64_t *restrict words = whole->words;
    const int64_t *restrict less = part->words;
    if (whole->wide == part->wide) {
        for (size_t i = 0; i < n_slots * (whole->wide ? 2 : 1); i++) words[i] -= less[i];
    } else {
        for (size_t i = 0; i < n_slots; i++) {
            gradient_sum sum = slot_sum(less[i], 32);
            words[2 * i] -= sum.gradient;
            words[2 * i + 1] -= sum.hessian;
        }
    }
    if (whole->wide && builder->gradients->form == GRADIENTS_PAIRED && n <= ATHLETE_PAIRED_ROWS) {
        for (size_t i = 0; i < n_slots; i++) words[i] = words[2 * i] * ((int64_t)1 << 32) + words[2 * i + 1];
        whole->wide = false;
    }
}

/* --- memory --------------------------------------------------------------------------------------------- */

athlete_status histogram_begin(histogram_builder *builder, const bin_matrix *bins,
                               const row_gradients *gradients, athlete_budget *budget, athlete_pool *pool) {
    *builder = (histogram_builder){.bins = bins, .gradients = gradients, .pool = pool};
    bool large = bins->n_rows * (size_t)bins->n_features >= 2 * MIN_PART_CELLS;
    builder->n_hands = large ? pool_hands(pool) : 1;
    builder->scratch = memory_zeroed(budget, (size_t)builder->n_hands, sizeof *builder->scratch);
    if (!builder->scratch) return memory_status(budget);
    for (int hand = 0; hand < builder->n_hands; hand++) {
        histogram_scratch *scratch = &builder->scratch[hand];
        scratch->records = memory_alloc(budget, HISTOGRAM_BLOCK_ROWS, bins->record_bytes);
        if (hand > 0) scratch->own = memory_alloc(budget, histogram_words(bins), sizeof *scratch->own);
        if (bins->n_rows > ATHLETE_PAIRED_ROWS)
            scratch->paired = memory_alloc(budget, slots_of(builder), sizeof *scratch->paired);
        if (!scratch->records || (hand > 0 && !scratch->own) ||
            (bins->n_rows > ATHLETE_PAIRED_ROWS && !scratch->paired))
            return memory_status(budget);
    }
    return ATHLETE_OK;
}

void histogram_end(histogram_builder *builder, athlete_budget *budget) {
    for (int hand = 0; builder->scratch && hand < builder->n_hands; hand++) {
        memory_free(budget, builder->scratch[hand].own);
        memory_free(budget, builder->scratch[hand].paired);
        memory_free(budget, builder->scratch[hand].records);
    }
    memory_free(budget, builder->scratch);
    *builder = (histogram_builder){.bins = NULL};
}

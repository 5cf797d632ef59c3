#include "trees/bins/bins.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "base/numbers/float_sort.h"
#include "base/precondition.h"
#include "trees/bins/category_cuts.h"
#include "trees/bins/value_to_bin.h"

#define BINS_BLOCK_ROWS 1024 /* rows coded at once: their values and records stay in the second-level cache */

/* What one hand needs for finding a feature's cuts. */
typedef struct cut_scratch {
    float *values, *sorting;
    uint32_t *weights, *sorting_weights; /* if rows have weights */
    value_run *runs;
    uint32_t *order; /* of the runs, if some feature is categorical */
} cut_scratch;

typedef struct bins_job {
    const bin_source *source;
    bin_matrix *bins;
    cut_scratch *scratch; /* per hand */
    bin_table *tables;    /* per feature */
    float *cuts;          /* n_features x (max_bin + 1), before they are moved together */
    float *values;        /* n_rows of each feature from `first` on, as many as there is room for */
    size_t first;
} bins_job;

static size_t blocks_of(const bin_source *source) {
    return (source->n_rows + BINS_BLOCK_ROWS - 1) / BINS_BLOCK_ROWS;
}

/* --- cuts ----------------------------------------------------------------------------------------------- */

/* Those that there is room for and that are left. */
static size_t columns_at_once(const bins_job *job) {
    size_t room = job->bins->record_bytes / sizeof *job->values;
    size_t left = (size_t)job->bins->n_features - job->first;
    return left < room ? left : room;
}

/* Values of the features of which the cuts are found next, by column. Reading one feature's from the rows would fetch about all of
** their memory. */
static void copy_columns(void *argument, size_t part, pool_hand *hand) {
    bins_job *job = argument;
    const bin_source *source = job->source;
    size_t n_features = (size_t)source->n_features, start = part * BINS_BLOCK_ROWS, n_rows = source->n_rows;
    size_t end = n_rows - start < BINS_BLOCK_ROWS ? n_rows : start + BINS_BLOCK_ROWS,
           n = columns_at_once(job);
    if (pool_due(hand, 2 * n * (end - start))) return;
    for (size_t row = start; row < end; row++) {
        const float *values = source->values + row * n_features;
        const int *feature = job->bins->source_feature + job->first;
        for (size_t i = 0; i < n; i++) job->values[i * n_rows + row] = values[feature[i]];
    }
}

/* The runs of the values that a source has every `step` floats, in the scratch; 0 after an interruption too. */
static size_t find_runs(const bin_source *source, const float *values, size_t step, cut_scratch *scratch,
                        pool_hand *hand) {
    const uint32_t *units = source->weights ? source->weights->units : NULL;
    size_t present = 0;
    for (size_t row = 0; row < source->n_rows; row++) {
        float x = values[row * step];
        if (row % 4096 == 0 && pool_due(hand, 4096)) return 0;
        if (isnan(x)) continue;
        scratch->values[present] = x;
        if (units) scratch->weights[present] = units[row];
        present++;
    }
    if (units)
        float_sort_pairs(scratch->values, scratch->weights, scratch->sorting, scratch->sorting_weights,
                         present);
    else float_sort(scratch->values, scratch->sorting, present);
    if (pool_due(hand, 16 * present)) return 0;
    return runs_of_sorted(scratch->values, scratch->weights, present, scratch->runs);
}

/* The place of a feature among those that are the same one of the source. */
static int column_of(const bin_matrix *bins, size_t feature) {
    size_t first = feature;
    while (first > 0 && bins->source_feature[first - 1] == bins->source_feature[feature]) first--;
    return (int)(feature - first);
}

static void find_cuts(void *argument, size_t part, pool_hand *hand) {
    bins_job *job = argument;
    const bin_source *source = job->source;
    bin_matrix *bins = job->bins;
    size_t feature = job->first + part;
    cut_scratch *scratch = &job->scratch[hand->number];
    size_t n_runs = find_runs(source, job->values + part * source->n_rows, 1, scratch, hand);
    float *cuts = job->cuts + feature * ((size_t)source->max_bin + 1);
    if (bins->categorical && bins->categorical[feature]) {
        bool shared;
        category_order(scratch->runs, n_runs, scratch->order);
        bins->n_bins[feature] = category_cuts(scratch->runs, n_runs, scratch->order, source->max_bin,
                                              column_of(bins, feature), cuts, scratch->sorting, &shared);
        bins->categorical[feature] = shared ? 2 : 1;
    } else {
        bins->n_bins[feature] = cuts_between(scratch->runs, n_runs, source->max_bin, cuts);
    }
}

/* How many columns of bins the source's features take, and which. */
static athlete_status plan_columns(bins_job *job, athlete_budget *budget, athlete_pool *pool) {
    const bin_source *source = job->source;
    double unit = source->weights ? ldexp(1, source->weights->fraction_bits) : 1;
    size_t most = (size_t)source->n_features, n = 0;
    for (int f = 0; source->categorical && f < source->n_features; f++)
        most += source->categorical[f] ? ATHLETE_MAX_CATEGORY_COLUMNS - 1 : 0;
    job->bins->source_feature = memory_alloc(budget, most, sizeof *job->bins->source_feature);
    if (!job->bins->source_feature) return memory_status(budget);
    for (int f = 0; f < source->n_features; f++) {
        int columns = 1;
        if (source->categorical && source->categorical[f] && source->max_bin == ATHLETE_MAX_BIN) {
            size_t n_runs = find_runs(source, source->values + f, (size_t)source->n_features, job->scratch,
                                      &pool->hands[0]);
            columns = category_columns(job->scratch->runs, n_runs, source->max_bin, unit);
        }
        for (int column = 0; column < columns; column++) job->bins->source_feature[n++] = f;
    }
    job->bins->n_features = (int)n;
    return pool->stopped ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

/* The records, which are written when all cuts are known, are the room. */
static athlete_status find_all_cuts(bins_job *job, bool shared, athlete_pool *pool) {
    athlete_status status = ATHLETE_OK;
    job->values = (void *)job->bins->records;
    for (size_t n; status == ATHLETE_OK && job->first < (size_t)job->bins->n_features; job->first += n) {
        n = columns_at_once(job);
        status = pool_run_if(shared, pool, blocks_of(job->source), copy_columns, job);
        if (status == ATHLETE_OK) status = pool_run_if(shared, pool, n, find_cuts, job);
    }
    return status;
}

static void gather_cuts(bins_job *job) {
    bin_matrix *bins = job->bins;
    int most = 0;
    for (int f = 0; f < bins->n_features; f++) most = bins->n_bins[f] > most ? bins->n_bins[f] : most;
    uint32_t slots = most < ATHLETE_FEW_SLOTS    ? ATHLETE_FEW_SLOTS
                     : most < ATHLETE_SOME_SLOTS ? ATHLETE_SOME_SLOTS
                                                 : ATHLETE_MANY_SLOTS;
    for (size_t f = 0; f < (size_t)bins->n_features; f++) {
        const float *cuts = job->cuts + f * ((size_t)job->source->max_bin + 1);
        bins->offset[f + 1] = bins->offset[f] + slots;
        memcpy(bins->cuts + bins->offset[f], cuts, (size_t)bins->n_bins[f] * sizeof *cuts);
        bin_table_prepare(&job->tables[f], cuts, bins->n_bins[f]);
    }
}

/* --- codes ---------------------------------------------------------------------------------------------- */

/* Categories that have no bin of their own are in the last one, behind `n_own` in ascending order. */
static void rank_categories(const float *cuts, int n_own, int n_bins, const float *values, size_t step,
                            size_t n, uint8_t *codes) {
    for (size_t i = 0; i < n; i++) {
        float x = values[i * step];
        int bin = 0;
        for (int left = n_own; left > 0;) {
            int half = (left + 1) / 2;
            bin += cuts[bin + half - 1] < x ? half : 0;
            left -= half;
        }
        if (bin == n_own || cuts[bin] != x) bin = n_bins - 1;
        codes[i] = (uint8_t)(isnan(x) ? n_bins : bin);
    }
}

static void code_rows(void *argument, size_t part, pool_hand *hand) {
    bins_job *job = argument;
    bin_matrix *bins = job->bins;
    size_t n_features = (size_t)bins->n_features, step = (size_t)job->source->n_features;
    size_t start = part * BINS_BLOCK_ROWS;
    size_t n = bins->n_rows - start < BINS_BLOCK_ROWS ? bins->n_rows - start : BINS_BLOCK_ROWS;
    if (pool_due(hand, 8 * n * n_features)) return;
    memset(bins->records + start * bins->record_bytes, 0, n * bins->record_bytes);
    for (size_t f = 0; f < n_features; f++) {
        const float *values = job->source->values + start * step + bins->source_feature[f];
        uint8_t *codes = bins->columns + f * bins->n_rows + start;
        if (bins->categorical && bins->categorical[f])
            rank_categories(bins->cuts + bins->offset[f], bins->n_bins[f] - (bins->categorical[f] == 2),
                            bins->n_bins[f], values, step, n, codes);
        else values_to_bins(&job->tables[f], values, step, n, codes, bins->level);
        uint8_t *record = bins->records + start * bins->record_bytes + ATHLETE_RECORD_HEADER + f;
        for (size_t i = 0; i < n; i++) record[i * bins->record_bytes] = codes[i];
    }
}

/* --- memory --------------------------------------------------------------------------------------------- */

/* Records do not straddle cache lines more than they must. */
static size_t record_size(size_t n_features) {
    size_t bytes = ATHLETE_RECORD_HEADER + n_features;
    if (bytes > 32) return (bytes + 31) / 32 * 32;
    return bytes > 16 ? 32 : bytes > 8 ? 16 : 8;
}

static athlete_status allocate_scratch(bins_job *job, athlete_budget *budget, int n_hands) {
    const bin_source *source = job->source;
    size_t n = source->n_rows;
    job->scratch = memory_zeroed(budget, (size_t)n_hands, sizeof *job->scratch);
    bool complete = job->scratch;
    for (int hand = 0; complete && hand < n_hands; hand++) {
        cut_scratch *scratch = &job->scratch[hand];
        scratch->values = memory_alloc(budget, n, sizeof *scratch->values);
        scratch->sorting = memory_alloc(budget, n, sizeof *scratch->sorting);
        scratch->runs = memory_alloc(budget, n, sizeof *scratch->runs);
        complete = scratch->values && scratch->sorting && scratch->runs;
        if (complete && source->categorical) {
            scratch->order = memory_alloc(budget, n, sizeof *scratch->order);
            complete = scratch->order;
        }
        if (!complete || !source->weights) continue;
        scratch->weights = memory_alloc(budget, n, sizeof *scratch->weights);
        scratch->sorting_weights = memory_alloc(budget, n, sizeof *scratch->sorting_weights);
        complete = scratch->weights && scratch->sorting_weights;
    }
    return complete ? ATHLETE_OK : memory_status(budget);
}

static athlete_status bins_allocate(bins_job *job, athlete_budget *budget) {
    const bin_source *source = job->source;
    bin_matrix *bins = job->bins;
    size_t n = source->n_rows, f = (size_t)bins->n_features;
    bins->record_bytes = record_size(f);
    bins->columns = memory_alloc(budget, n, f);
    bins->records = memory_alloc(budget, n, bins->record_bytes);
    bins->n_bins = memory_zeroed(budget, f, sizeof *bins->n_bins);
    bins->offset = memory_zeroed(budget, f + 1, sizeof *bins->offset);
    bins->cuts = memory_alloc(budget, f, ATHLETE_MANY_SLOTS * sizeof *bins->cuts);
    job->cuts = memory_alloc(budget, f, ((size_t)source->max_bin + 1) * sizeof *job->cuts);
    job->tables = memory_alloc(budget, f, sizeof *job->tables);
    bool complete = bins->columns && bins->records && bins->n_bins && bins->offset && bins->cuts &&
                    job->cuts && job->tables;
    if (complete && source->categorical) {
        bins->categorical = memory_alloc(budget, f, 1);
        complete = bins->categorical;
        for (size_t i = 0; complete && i < f; i++)
            bins->categorical[i] = source->categorical[bins->source_feature[i]];
    }
    return complete ? ATHLETE_OK : memory_status(budget);
}

static void bins_release(bins_job *job, athlete_budget *budget, int n_hands) {
    for (int hand = 0; job->scratch && hand < n_hands; hand++) {
        cut_scratch *scratch = &job->scratch[hand];
        void *const blocks[] = {scratch->values, scratch->sorting, scratch->runs,
                                scratch->order,  scratch->weights, scratch->sorting_weights};
        for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) memory_free(budget, blocks[i]);
    }
    memory_free(budget, job->scratch);
    memory_free(budget, job->tables);
    memory_free(budget, job->cuts);
}

athlete_status bins_build(const bin_source *source, athlete_budget *budget, athlete_pool *pool,
                          bin_matrix *bins) {
    assert(source->n_rows > 0 && source->n_features > 0 && source->max_bin >= 2);
    *bins = (bin_matrix){.n_rows = source->n_rows, .level = source->level};
    bins_job job = {.source = source, .bins = bins};
    bool small = source->n_rows * (size_t)source->n_features < 50000;
    int n_hands = small ? 1 : pool_hands(pool);
    athlete_status status = allocate_scratch(&job, budget, n_hands);
    if (status == ATHLETE_OK) status = plan_columns(&job, budget, pool);
    if (status == ATHLETE_OK) status = bins_allocate(&job, budget);
    if (status == ATHLETE_OK) status = find_all_cuts(&job, !small, pool);
    if (status == ATHLETE_OK) {
        gather_cuts(&job);
        status = pool_run_if(!small, pool, blocks_of(source), code_rows, &job);
    }
    bins_release(&job, budget, n_hands);
    return status;
}

void bins_free(athlete_budget *budget, bin_matrix *bins) {
    void *const blocks[] = {bins->source_feature, bins->columns, bins->records,    bins->n_bins,
                            bins->offset,         bins->cuts,    bins->categorical};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) memory_free(budget, blocks[i]);
    *bins = (bin_matrix){.n_rows = 0};
}

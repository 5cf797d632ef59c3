#include "trees/gradients.h"

#include <math.h>
#include <string.h>
#include "trees/fixed_point.h"

#define PART_ROWS 16384
#define MAX_PACKED_ROWS                                                                                      \
    16384 /* a 64-bit form of its own for each row costs nothing while all fit the caches */
#define MIN_MEAN_UNITS 64

typedef struct fix_job {
    row_gradients *g;
    const double *gradient, *hessian;
    bin_matrix *bins;
    int gradient_bits, hessian_bits;
    struct {
        double gradient, hessian, smallest_hessian;
        int64_t gradient_units, hessian_units; /* sums of sizes */
        char apart[24];                        /* hands write on cache lines of their own */
    } of[ATHLETE_MAX_THREADS];
} fix_job;

static size_t part_end(size_t part, size_t n) {
    return n - part * PART_ROWS < PART_ROWS ? n : (part + 1) * PART_ROWS;
}

static void find_largest(void *argument, size_t part, pool_hand *hand) {
    fix_job *job = argument;
    size_t end = part_end(part, job->bins->n_rows);
    double largest = job->of[hand->number].gradient, largest_hessian = job->of[hand->number].hessian,
           smallest_hessian = job->of[hand->number].smallest_hessian;
    for (size_t i = part * PART_ROWS; i < end; i++) {
        double size = fabs(job->gradient[i]);
        largest = size > largest ? size : largest;
        largest_hessian = job->hessian[i] > largest_hessian ? job->hessian[i] : largest_hessian;
        smallest_hessian = job->hessian[i] < smallest_hessian ? job->hessian[i] : smallest_hessian;
    }
    job->of[hand->number].gradient = largest;
    job->of[hand->number].hessian = largest_hessian;
    job->of[hand->number].smallest_hessian = smallest_hessian;
    pool_due(hand, end - part * PART_ROWS);
}

static int64_t limited(int64_t x, int bits) {
    int64_t limit = ((int64_t)1 << bits) - 1;
    return x > limit ? limit : x < -limit ? -limit : x;
}

static void round_rows(void *argument, size_t part, pool_hand *hand) {
    fix_job *job = argument;
    row_gradients *g = job->g;
    bin_matrix *bins = job->bins;
    bool counted = g->counts_rows;
    int64_t gradient_units = 0, hessian_units = 0, two_to_shift = (int64_t)1 << g->shift;
    size_t end = part_end(part, bins->n_rows);
    for (size_t i = part * PART_ROWS; i < end; i++) {
        int64_t gradient = limited(fixed_point(job->gradient[i], g->scale.gradient), job->gradient_bits);
        int64_t hessian = 1;
        if (!counted) {
            hessian = limited(fixed_point(job->hessian[i], g->scale.hessian), job->hessian_bits);
            hessian = hessian < 1 ? 1 : hessian;
        }
        int64_t weight = g->weights ? g->weights[i] : 1;
        gradient_units += (gradient < 0 ? -gradient : gradient) * weight;
        hessian_units += hessian * weight;
        if (g->form == GRADIENTS_WIDE) {
            g->wide[i] = (gradient_sum){gradient * weight, hessian * weight};
        } else if (!g->in_records) {
            g->packed[i] = gradient * two_to_shift + hessian;
        } else {
            uint32_t header = (uint32_t)(int32_t)(counted ? gradient : gradient * 0x8000 + hessian);
            memcpy(bins->records + i * bins->record_bytes, &header, sizeof header);
        }
    }
    job->of[hand->number].gradient_units += gradient_units;
    job->of[hand->number].hessian_units += hessian_units;
    pool_due(hand, 2 * (end - part * PART_ROWS));
}

/* --- form ----------------------------------------------------------------------------------------------- */

static int smaller_of(int a, int b) {
    return a < b ? a : b;
}

/* Bits, shift and place of the form that this many rows, or this total weight, are best added in. */
static void choose_form(fix_job *job, bool counted, bool fine) {
    row_gradients *g = job->g;
    int b = count_bits(g->total), wide_bits = smaller_of(31, 61 - b);
    bool few = g->total <= MAX_PACKED_ROWS;
    g->form = counted ? GRADIENTS_COUNTED : GRADIENTS_PAIRED;
    g->shift = counted ? b : 32;
    g->in_records = !few;
    job->hessian_bits = few ? 32 - b : 15;
    if (counted) {
        job->gradient_bits = few ? smaller_of(62 - 2 * b, 51 - b) : smaller_of(30, 62 - 2 * b);
        fine = fine || job->gradient_bits < 20;
    } else {
        job->gradient_bits = few ? 31 - b : 16;
    }
    if (fine) job->gradient_bits = job->hessian_bits = wide_bits;
    g->bits = job->gradient_bits;
    g->fine = fine;
    if (fine || g->weights) {
        g->form = GRADIENTS_WIDE;
        g->shift = 0;
        g->in_records = false;
    }
}

static athlete_status make_room(row_gradients *g, size_t n_rows, athlete_budget *budget) {
    if (g->form == GRADIENTS_WIDE && !g->wide) g->wide = memory_alloc(budget, n_rows, sizeof *g->wide);
    bool packed = g->form != GRADIENTS_WIDE && !g->in_records;
    if (packed && !g->packed) g->packed = memory_alloc(budget, n_rows, sizeof *g->packed);
    return (g->form != GRADIENTS_WIDE || g->wide) && (!packed || g->packed) ? ATHLETE_OK
                                                                            : memory_status(budget);
}

static athlete_status fix(fix_job *job, double largest, double largest_hessian, bool counted, bool fine,
                          athlete_budget *budget, athlete_pool *pool) {
    row_gradients *g = job->g;
    choose_form(job, counted, fine);
    athlete_status status = make_room(g, job->bins->n_rows, budget);
    if (status != ATHLETE_OK) return status;
    g->scale.gradient = fixed_point_scale(largest, job->gradient_bits);
    g->scale.hessian = counted ? 1 : fixed_point_scale(largest_hessian, job->hessian_bits);
    g->counts_rows = counted;
    for (int hand = 0; hand < ATHLETE_MAX_THREADS; hand++)
        job->of[hand].gradient_units = job->of[hand].hessian_units = 0;
    size_t n = job->bins->n_rows;
    status = pool_run_if(n > 4 * PART_ROWS, pool, (n + PART_ROWS - 1) / PART_ROWS, round_rows, job);
    int64_t most = counted ? 1 : limited(fixed_point(largest_hessian, g->scale.hessian), job->hessian_bits);
    g->largest_hessian = most < 1 ? 1 : most;
    g->scale.gradient = ldexp(g->scale.gradient, g->weight_bits);
    g->scale.hessian = ldexp(g->scale.hessian, g->weight_bits);
    return status;
}

athlete_status gradients_fix(row_gradients *g, const double *gradient, const double *hessian,
                             bin_matrix *bins, athlete_budget *budget, athlete_pool *pool) {
    fix_job job = {.g = g, .gradient = gradient, .hessian = hessian, .bins = bins};
    for (int hand = 0; hand < ATHLETE_MAX_THREADS; hand++) job.of[hand].smallest_hessian = INFINITY;
    size_t n = bins->n_rows;
    athlete_status status =
        pool_run_if(n > 4 * PART_ROWS, pool, (n + PART_ROWS - 1) / PART_ROWS, find_largest, &job);
    if (status != ATHLETE_OK) return status;
    double largest = 0, largest_hessian = 0, smallest_hessian = INFINITY;
    for (int hand = 0; hand < ATHLETE_MAX_THREADS; hand++) {
        largest = job.of[hand].gradient > largest ? job.of[hand].gradient : largest;
        largest_hessian = job.of[hand].hessian > largest_hessian ? job.of[hand].hessian : largest_hessian;
        if (job.of[hand].smallest_hessian < smallest_hessian)
            smallest_hessian = job.of[hand].smallest_hessian;
    }
    bool counted = largest_hessian == 1 && smallest_hessian == 1;
    status = fix(&job, largest, largest_hessian, counted, false, budget, pool);
    if (status != ATHLETE_OK) return status;
    int64_t gradient_units = 0, hessian_units = 0;
    for (int hand = 0; hand < ATHLETE_MAX_THREADS; hand++) {
        gradient_units += job.of[hand].gradient_units;
        hessian_units += job.of[hand].hessian_units;
    }
    int64_t least = (int64_t)g->total * MIN_MEAN_UNITS;
    if ((largest > 0 && gradient_units < least) || (!counted && hessian_units < least))
        return fix(&job, largest, largest_hessian, counted, true, budget, pool);
    return ATHLETE_OK;
}

void gradients_begin(row_gradients *g, const bin_matrix *bins, const row_weights *weights) {
    *g = (row_gradients){.total = bins->n_rows};
    if (weights) {
        g->total = weights->total;
        g->weights = weights->units;
        g->weight_bits = weights->fraction_bits;
    }
}

void gradients_end(row_gradients *g, athlete_budget *budget) {
    memory_free(budget, g->packed);
    memory_free(budget, g->wide);
    *g = (row_gradients){.total = 0};
}

#include "validation/block_bootstrap.h"

#include <math.h>
#include "base/numbers/exact_sum.h"
#include "base/numbers/random.h"
#include "base/numbers/sum.h"
#include "base/precondition.h"
#include "statistics/category.h"
#include "statistics/number_sort.h"

#define BOOTSTRAP_DRAW_NS 8 /* to draw one block and to add it up twice */

/* A block as it enters a mean: sum of sums / sum of weights. */
typedef struct bootstrap_block {
    double sum, weight;
} bootstrap_block;

/* --- blocks --------------------------------------------------------------------------------------------- */

static athlete_status add_up_blocks(const double *differences, const size_t *end, const uint32_t *order,
                                    size_t n_blocks, bool weighs_rows, athlete_poll *poll,
                                    bootstrap_block *blocks) {
    for (size_t b = 0, at = 0; b < n_blocks; b++) {
        exact_sum sum = {{0}, 0, 0, 0};
        size_t size = end[b] - at;
        for (; at < end[b]; at++) exact_sum_add(&sum, differences[order[at]]);
        blocks[b] = weighs_rows ? (bootstrap_block){exact_sum_value(&sum), (double)size}
                                : (bootstrap_block){exact_sum_mean(&sum, (uint32_t)size), 1};
        if (poll_due(poll, 10 * size + 300)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

/* *blocks is the caller's to free, also after a failure. */
static athlete_status form_blocks(const double *differences, const uint64_t *keys, size_t n, bool weighs_rows,
                                  athlete_budget *budget, athlete_poll *poll, bootstrap_block **blocks,
                                  size_t *n_blocks) {
    uint32_t *codes = memory_alloc(budget, n, sizeof *codes), *order = memory_alloc(budget, n, sizeof *order);
    size_t *end = NULL;
    athlete_status status = codes && order ? ATHLETE_OK : memory_status(budget);
    if (status == ATHLETE_OK) status = category_ranks(keys, n, budget, poll, codes, n_blocks);
    if (status == ATHLETE_OK) {
        end = memory_alloc(budget, *n_blocks, sizeof *end);
        *blocks = memory_alloc(budget, *n_blocks, sizeof **blocks);
        if (!end || !*blocks) status = memory_status(budget);
    }
    if (status == ATHLETE_OK) {
        category_rows(codes, n, *n_blocks, end, order);
        status = add_up_blocks(differences, end, order, *n_blocks, weighs_rows, poll, *blocks);
    }
    memory_free(budget, codes);
    memory_free(budget, order);
    memory_free(budget, end);
    return status;
}

/* --- means ---------------------------------------------------------------------------------------------- */

typedef struct block_mean {
    double mean, standard_error;
} block_mean;

/* Of the blocks drawn, or of all where `drawn` is NULL; the error by linearisation, as of a ratio of two sums. */
static block_mean mean_of_blocks(const bootstrap_block *blocks, const uint32_t *drawn, size_t n) {
    athlete_sum sum = {0, 0}, weight = {0, 0}, squares = {0, 0};
    for (size_t i = 0; i < n; i++) {
        const bootstrap_block *block = &blocks[drawn ? drawn[i] : i];
        sum_add(&sum, block->sum);
        sum_add(&weight, block->weight);
    }
    double mean = sum_value(&sum) / sum_value(&weight);
    for (size_t i = 0; i < n; i++) {
        const bootstrap_block *block = &blocks[drawn ? drawn[i] : i];
        double residual = block->sum - mean * block->weight;
        sum_add(&squares, residual * residual);
    }
    double degrees = (double)n / ((double)n - 1);
    return (block_mean){mean, sqrt(degrees * sum_value(&squares)) / sum_value(&weight)};
}

/* How far a mean lies above `from`, in its standard errors; of no distance 0 whatever the error. */
static double distance_in_errors(block_mean of, double from) {
    double distance = of.mean - from;
    return distance == 0 ? 0 : distance / of.standard_error;
}

/* --- drawing -------------------------------------------------------------------------------------------- */

/* The statistic of each resample: its distance from the sample's own mean in its standard errors, or its mean. */
static athlete_status draw_resamples(const bootstrap_block *blocks, size_t n_blocks,
                                     const bootstrap_options *options, double mean, uint32_t *drawn,
                                     athlete_poll *poll, double *statistics) {
    uint64_t state = options->seed;
    for (size_t r = 0; r < options->resamples; r++) {
        for (size_t i = 0; i < n_blocks; i++) drawn[i] = random_below(&state, (uint32_t)n_blocks);
        block_mean of = mean_of_blocks(blocks, drawn, n_blocks);
        statistics[r] = options->studentizes ? distance_in_errors(of, mean) : of.mean;
        if (poll_due(poll, n_blocks * BOOTSTRAP_DRAW_NS + 50)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

/* The value below which a share q of one more resample would lie: rank (n + 1) q of n in ascending order, between two ranks by
** interpolation. */
static double quantile_of_resamples(const double *sorted, size_t n, double q) {
    double rank = ((double)n + 1) * q - 1;
    if (rank <= 0) return sorted[0];
    size_t below = (size_t)rank;
    if (below + 1 >= n) return sorted[n - 1];
    double low = sorted[below], high = sorted[below + 1];
    return low == high ? low : low + (rank - (double)below) * (high - low);
}

static void conclude(const double *sorted, const bootstrap_options *options, bootstrap_result *result) {
    size_t n = options->resamples, against = 0;
    double tail = (1 - options->level) / 2;
    double low = quantile_of_resamples(sorted, n, tail), high = quantile_of_resamples(sorted, n, 1 - tail);
    if (options->studentizes) {
        double own = distance_in_errors((block_mean){result->mean, result->standard_error}, 0);
        for (size_t r = 0; r < n; r++) against += sorted[r] >= own;
        result->lower = result->mean - high * result->standard_error;
        result->upper = result->mean - low * result->standard_error;
    } else {
        for (size_t r = 0; r < n; r++) against += sorted[r] <= 0;
        result->lower = low;
        result->upper = high;
    }
    double least = ldexp(1, -(int)(result->blocks < 1000 ? result->blocks : 1000));
    result->p = ((double)against + 1) / ((double)n + 1);
    if (result->p < least) result->p = least;
    if (isinf(result->lower)) result->lower = NAN;
    if (isinf(result->upper)) result->upper = NAN;
}

athlete_status block_bootstrap(const double *differences, const uint64_t *keys, size_t n,
                               const bootstrap_options *options, athlete_budget *budget, athlete_poll *poll,
                               bootstrap_result *result) {
    assert(n > 0 && options->resamples > 0 && options->level > 0 && options->level < 1);
    *result = (bootstrap_result){n, 0, NAN, NAN, NAN, NAN, NAN};
    bootstrap_block *blocks = NULL;
    uint32_t *drawn = NULL;
    double *statistics = NULL;
    athlete_status status =
        form_blocks(differences, keys, n, options->weighs_rows, budget, poll, &blocks, &result->blocks);
    if (status == ATHLETE_OK) {
        block_mean all = mean_of_blocks(blocks, NULL, result->blocks);
        result->mean = all.mean;
        if (result->blocks > 1) result->standard_error = all.standard_error;
    }
    if (status == ATHLETE_OK && result->blocks > 1) {
        drawn = memory_alloc(budget, result->blocks, sizeof *drawn);
        statistics = memory_alloc(budget, options->resamples, sizeof *statistics);
        status = drawn && statistics
                     ? draw_resamples(blocks, result->blocks, options, result->mean, drawn, poll, statistics)
                     : memory_status(budget);
        if (status == ATHLETE_OK) status = number_sort(budget, poll, statistics, options->resamples);
        if (status == ATHLETE_OK) conclude(statistics, options, result);
    }
    memory_free(budget, blocks);
    memory_free(budget, drawn);
    memory_free(budget, statistics);
    return status;
}

#include "cluster/kmeans.h"

#include <math.h>
#include <string.h>
#include "base/numbers/random.h"
#include "base/precondition.h"
#include "cluster/kmeans_start.h"

#define FEW       1000  /* while centres are compared, steps end that move less than one point of so many */
#define SWAP_GAIN 1e-4  /* of the inertia: an improvement by less is no reason to try longer */
#define MOVE_GAIN 1e-12 /* of a point's distance: what rounding alone could make of no gain */

size_t nearest_centre(const double *x, const double *centres, size_t k, size_t width, double *squared) {
    size_t nearest = 0;
    *squared = HUGE_VAL;
    for (size_t c = 0; c < k; c++) {
        double distance = squared_distance(x, centres + c * width, width);
        if (distance < *squared) {
            *squared = distance;
            nearest = c;
        }
    }
    return nearest;
}

/* --- Lloyd's steps -------------------------------------------------------------------------------------- */

/* How many points have another centre than before; anything when the poll says stop. */
static size_t assign_points(kmeans_run *run) {
    const points *of = run->of;
    size_t moved = 0;
    for (size_t i = 0; i < of->n; i++) {
        uint32_t label =
            (uint32_t)nearest_centre(point(of, i), run->centres, run->k, of->width, &run->distances[i]);
        moved += label != run->labels[i];
        run->labels[i] = label;
        if (poll_due(run->poll, run->k * (of->width + 1))) break;
    }
    return moved;
}

static void centre_clusters(kmeans_run *run) {
    const points *of = run->of;
    memset(run->centres, 0, run->k * of->width * sizeof *run->centres);
    memset(run->sizes, 0, run->k * sizeof *run->sizes);
    for (size_t i = 0; i < of->n; i++) {
        double *centre = run->centres + run->labels[i] * of->width;
        for (size_t j = 0; j < of->width; j++) centre[j] += point(of, i)[j];
        run->sizes[run->labels[i]]++;
    }
    for (size_t c = 0; c < run->k; c++) {
        for (size_t j = 0; j < of->width && run->sizes[c] > 0; j++)
            run->centres[c * of->width + j] /= (double)run->sizes[c];
    }
}

/* A cluster without points takes the one farthest from its centre, of a cluster that has others. */
static void fill_empty_clusters(kmeans_run *run) {
    for (size_t c = 0; c < run->k; c++) {
        if (run->sizes[c] > 0) continue;
        size_t farthest = SIZE_MAX;
        for (size_t i = 0; i < run->of->n; i++) {
            if (run->sizes[run->labels[i]] > 1 && run->distances[i] > 0 &&
                (farthest == SIZE_MAX || run->distances[i] > run->distances[farthest]))
                farthest = i;
        }
        if (farthest == SIZE_MAX) return;
        run->distances[farthest] = 0;
        run->labels[farthest] = (uint32_t)c;
        centre_clusters(run);
    }
}

static athlete_status lloyd(kmeans_run *run, size_t max_iterations, size_t few) {
    for (size_t i = 0; i < run->of->n; i++) run->labels[i] = UINT32_MAX;
    for (run->iterations = 0; run->iterations < max_iterations; run->iterations++) {
        size_t moved = assign_points(run);
        if (poll_due(run->poll, 2 * run->of->n * run->of->width)) return ATHLETE_INTERRUPTED;
        if (moved <= few) break;
        centre_clusters(run);
        fill_empty_clusters(run);
    }
    return ATHLETE_OK;
}

/* --- moving single points ------------------------------------------------------------------------------- */

/* The centre of a cluster that a point has joined (+1) or left (-1). */
static void shift_centre(kmeans_run *run, size_t c, const double *x, int by) {
    double *centre = run->centres + c * run->of->width;
    run->sizes[c] += (size_t)by;
    for (size_t j = 0; j < run->of->width; j++) centre[j] += by * (x[j] - centre[j]) / (double)run->sizes[c];
}

/* Moves a point to where it costs less, its centres moving with it; false if it is at its best. */
static bool move_point(kmeans_run *run, size_t i) {
    const double *x = point(run->of, i);
    size_t from = run->labels[i], width = run->of->width, to = from;
    double n = (double)run->sizes[from];
    if (n < 2) return false;
    double own = squared_distance(x, run->centres + from * width, width) * n / (n - 1);
    double least = own * (1 - MOVE_GAIN);
    for (size_t c = 0; c < run->k; c++) {
        if (c == from) continue;
        double size = (double)run->sizes[c];
        double cost = squared_distance(x, run->centres + c * width, width) * size / (size + 1);
        if (cost < least) {
            least = cost;
            to = c;
        }
    }
    if (to == from) return false;
    shift_centre(run, from, x, -1);
    shift_centre(run, to, x, 1);
    run->labels[i] = (uint32_t)to;
    return true;
}

static athlete_status move_points(kmeans_run *run, size_t max_iterations, size_t few) {
    for (size_t sweep = 0; sweep < max_iterations; sweep++) {
        size_t moved = 0;
        for (size_t i = 0; i < run->of->n; i++) {
            moved += move_point(run, i);
            if (poll_due(run->poll, run->k * (run->of->width + 1))) return ATHLETE_INTERRUPTED;
        }
        if (moved <= few) break;
    }
    centre_clusters(run); /* without what the shifts have rounded */
    return ATHLETE_OK;
}

/* --- a run ---------------------------------------------------------------------------------------------- */

/* From the centres there are to where a step moves no more than `few` points. */
static athlete_status descend(kmeans_run *run, size_t max_iterations, size_t few) {
    athlete_status status = lloyd(run, max_iterations, few);
    if (status == ATHLETE_OK) status = move_points(run, max_iterations, few);
    if (status == ATHLETE_OK) assign_points(run);
    if (run->poll->stopped) return ATHLETE_INTERRUPTED;
    run->inertia = 0;
    for (size_t i = 0; i < run->of->n; i++) run->inertia += run->distances[i];
    return status;
}

/* Whether cluster a comes before b. */
static bool comes_first(const kmeans_run *run, const size_t *sizes, size_t a, size_t b) {
    const double *x = run->centres + a * run->of->width, *y = run->centres + b * run->of->width;
    if (sizes[a] != sizes[b]) return sizes[a] > sizes[b];
    for (size_t j = 0; j < run->of->width; j++) {
        if (x[j] != y[j]) return x[j] < y[j];
    }
    return a < b;
}

/* Writes the run into the result, its clusters in their order. `place` has room for k numbers. */
static void number_clusters(kmeans_run *run, size_t *place, kmeans_result *result) {
    size_t width = run->of->width;
    memset(run->sizes, 0, run->k * sizeof *run->sizes);
    for (size_t i = 0; i < run->of->n; i++) run->sizes[run->labels[i]]++;
    for (size_t c = 0; c < run->k; c++) {
        place[c] = 0;
        for (size_t other = 0; other < run->k; other++)
            place[c] += other != c && comes_first(run, run->sizes, other, c);
        memcpy(result->centres + place[c] * width, run->centres + c * width, width * sizeof *run->centres);
    }
    for (size_t i = 0; i < run->of->n; i++) result->labels[i] = (uint32_t)place[run->labels[i]];
    result->inertia = run->inertia;
    result->iterations = run->iterations;
}

/* Tries single centres elsewhere: what no step finds is often a centre too many here and one too few far away. */
static athlete_status swap_centres(kmeans_run *run, const kmeans_options *options, uint64_t *random,
                                   kmeans_result *result) {
    size_t enough = options->starts + 2 * run->k;
    for (size_t tried = 0, failed = 0; failed < enough && tried < 4 * enough; tried++) {
        memcpy(run->centres, result->centres, run->k * run->of->width * sizeof *run->centres);
        assign_points(run);
        kmeans_move_centre(run, random_below(random, (uint32_t)run->k), random);
        athlete_status status = descend(run, options->max_iterations, run->of->n / FEW);
        if (status != ATHLETE_OK) return status;
        failed = run->inertia < result->inertia * (1 - SWAP_GAIN) ? 0 : failed + 1;
        if (run->inertia < result->inertia) number_clusters(run, run->sizes + run->k, result);
    }
    return ATHLETE_OK;
}

/* What is left to gain from the best centres. */
static athlete_status polish(kmeans_run *run, const kmeans_options *options, kmeans_result *result) {
    memcpy(run->centres, result->centres, run->k * run->of->width * sizeof *run->centres);
    athlete_status status = descend(run, options->max_iterations, 0);
    if (status == ATHLETE_OK && run->inertia <= result->inertia)
        number_clusters(run, run->sizes + run->k, result);
    return status;
}

athlete_status kmeans(const points *of, const kmeans_options *options, athlete_budget *budget,
                      athlete_poll *poll, kmeans_result *result) {
    assert(of->n > 0 && of->n < POINTS_MAX && options->k > 0 && options->k <= of->n && options->starts > 0);
    kmeans_run run = {.of = of, .k = options->k, .poll = poll};
    run.centres = memory_alloc(budget, run.k * of->width, sizeof *run.centres);
    run.labels = memory_alloc(budget, of->n, sizeof *run.labels);
    run.sizes = memory_alloc(budget, 2 * run.k, sizeof *run.sizes);
    run.distances = memory_alloc(budget, 3 * of->n, sizeof *run.distances);
    athlete_status status =
        run.centres && run.labels && run.sizes && run.distances ? ATHLETE_OK : memory_status(budget);
    uint64_t random = options->seed;
    for (size_t start = 0; start < options->starts && status == ATHLETE_OK; start++) {
        status = kmeans_start(&run, &random);
        if (status == ATHLETE_OK) status = descend(&run, options->max_iterations, of->n / FEW);
        if (status == ATHLETE_OK && (start == 0 || run.inertia < result->inertia))
            number_clusters(&run, run.sizes + run.k, result);
    }
    if (status == ATHLETE_OK && run.k > 1) status = swap_centres(&run, options, &random, result);
    if (status == ATHLETE_OK && of->n >= FEW) status = polish(&run, options, result);
    memory_free(budget, run.centres);
    memory_free(budget, run.labels);
    memory_free(budget, run.sizes);
    memory_free(budget, run.distances);
    return status;
}

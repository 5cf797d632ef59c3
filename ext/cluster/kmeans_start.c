#include "cluster/kmeans_start.h"

#include <string.h>
#include "base/numbers/random.h"

static void set_centre(kmeans_run *run, size_t c, size_t i) {
    memcpy(run->centres + c * run->of->width, point(run->of, i), run->of->width * sizeof *run->centres);
}

/* A point drawn by its share of the distances, whose sum is `total`; never one without any, unless all are. */
static size_t draw_by_distance(const double *distances, size_t n, double total, uint64_t *random) {
    double left = random_unit(random) * total;
    size_t last = 0;
    for (size_t i = 0; i < n; i++) {
        if (distances[i] <= 0) continue;
        last = i;
        left -= distances[i];
        if (left < 0) break;
    }
    return last;
}

/* The distances as they are with point c for one more centre; returns their sum. */
static double distances_with(const kmeans_run *run, const double *distances, size_t c, double *out) {
    const points *of = run->of;
    const double *centre = point(of, c);
    double total = 0;
    for (size_t i = 0; i < of->n; i++) {
        double squared = squared_distance(point(of, i), centre, of->width);
        out[i] = squared < distances[i] ? squared : distances[i];
        total += out[i];
    }
    return total;
}

static int kmeans_draws(size_t k) {
    int draws = 2;
    for (; k > 2; k /= 3) draws++;
    return draws;
}

athlete_status kmeans_start(kmeans_run *run, uint64_t *random) {
    const points *of = run->of;
    const size_t n = of->n;
    double *best = run->distances, *found = best + n, *kept = found + n;
    size_t first = random_below(random, (uint32_t)n);
    for (size_t i = 0; i < n; i++) best[i] = squared_distance(point(of, i), point(of, first), of->width);
    double total = 0;
    for (size_t i = 0; i < n; i++) total += best[i];
    set_centre(run, 0, first);
    for (size_t c = 1; c < run->k; c++) {
        double least = -1;
        size_t chosen = 0;
        for (int draw = kmeans_draws(run->k); draw > 0; draw--) {
            size_t i = draw_by_distance(best, n, total, random);
            double left = distances_with(run, best, i, found);
            if (poll_due(run->poll, n * (of->width + 3))) return ATHLETE_INTERRUPTED;
            if (least >= 0 && left >= least) continue;
            least = left;
            chosen = i;
            double *other = kept;
            kept = found;
            found = other;
        }
        memcpy(best, kept, n * sizeof *best);
        total = least;
        set_centre(run, c, chosen);
    }
    return ATHLETE_OK;
}

void kmeans_move_centre(kmeans_run *run, size_t c, uint64_t *random) {
    double total = 0;
    for (size_t i = 0; i < run->of->n; i++) total += run->distances[i];
    set_centre(run, c, draw_by_distance(run->distances, run->of->n, total, random));
}

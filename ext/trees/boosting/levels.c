#include "trees/boosting/levels.h"

#include <math.h>

void levels_begin(level_distances *d, int n_levels, const float *intercepts, int rounds, double eta) {
    *d = (level_distances){.n_levels = n_levels, .rounds = rounds, .share = eta / 2};
    for (int k = 0; k < n_levels; k++) {
        double size = fabs((double)intercepts[k]);
        d->largest = size > d->largest ? size : d->largest;
        if (k > 0) d->least[k - 1] = (double)intercepts[k] - (double)intercepts[k - 1];
    }
}

/* How much nearer a round may bring level k and the next: not so near that the rounding of all sums could make them cross. */
static double room_of(const level_distances *d, int k) {
    double reserve = 4 * d->largest * (d->rounds + 1) * 0x1p-24, room = d->least[k] - reserve;
    return room > 0 ? room * d->share : 0;
}

/* The nearest float32 that is not below x. */
static float rounded_up(double x) {
    float rounded = (float)x;
    return (double)rounded < x ? nextafterf(rounded, INFINITY) : rounded;
}

/* From the level in the middle outwards, so that what has most rows on both sides stays where it is. */
static void part_leaf(const level_distances *d, float *values, size_t n) {
    int middle = d->n_levels / 2;
    for (int k = middle; k + 1 < d->n_levels; k++) {
        float *upper = &values[(size_t)(k + 1) * n],
              lowest = rounded_up((double)values[(size_t)k * n] - room_of(d, k));
        if (*upper < lowest) *upper = lowest;
    }
    for (int k = middle; k > 0; k--) {
        float *lower = &values[(size_t)(k - 1) * n],
              highest = -rounded_up(-((double)values[(size_t)k * n] + room_of(d, k - 1)));
        if (*lower > highest) *lower = highest;
    }
}

void levels_part(level_distances *d, float *values, size_t n) {
    double largest = 0;
    for (size_t i = 0; i < n; i++) part_leaf(d, values + i, n);
    for (int k = 0; k < d->n_levels; k++) {
        double least = INFINITY;
        for (size_t i = 0; i < n; i++) {
            double value = values[(size_t)k * n + i];
            largest = fabs(value) > largest ? fabs(value) : largest;
            if (k + 1 == d->n_levels) continue;
            double distance = (double)values[(size_t)(k + 1) * n + i] - value;
            least = distance < least ? distance : least;
        }
        if (k + 1 < d->n_levels) d->least[k] += least;
    }
    d->largest += largest;
}

#include "trees/bins/weights.h"

#include <math.h>
#include <stdbool.h>

row_weights weights_fix(const float *weights, size_t n, uint32_t *units) {
    float largest = 0;
    bool whole = true;
    for (size_t i = 0; i < n; i++) {
        largest = weights[i] > largest ? weights[i] : largest;
        whole = whole && floorf(weights[i]) == weights[i];
    }
    const double limit = (double)(1 << ATHLETE_WEIGHT_BITS) - 1;
    row_weights fixed = {.units = units};
    if (!whole || largest > limit) {
        int exponent;
        frexp(largest, &exponent);
        fixed.fraction_bits = ATHLETE_WEIGHT_BITS - exponent;
    }
    for (size_t i = 0; i < n; i++) {
        double scaled = floor(ldexp(weights[i], fixed.fraction_bits) + 0.5);
        if (scaled > limit) scaled = limit;
        if (scaled < 1 && weights[i] > 0) scaled = 1;
        units[i] = (uint32_t)scaled;
        fixed.total += units[i];
    }
    return fixed;
}

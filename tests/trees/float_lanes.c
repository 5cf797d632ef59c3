/* Compares the float32 functions of many numbers with those of one: prints how many values were tried, and for exp, log and
** sigmoid how many differ on the processor's level. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "base/numbers/float_each.h"
#include "base/numbers/float_math.h"

#define BLOCK 61 /* not a multiple of any vector's length */

static long differing(const float *x, size_t n, float one(float),
                      void each(const float *, size_t, simd_level, float *)) {
    float y[BLOCK];
    long differ = 0;
    each(x, n, simd_available(), y);
    for (size_t i = 0; i < n; i++) {
        float expected = one(x[i]);
        differ += memcmp(&expected, &y[i], sizeof expected) != 0;
    }
    return differ;
}

int main(void) {
    long differ[3] = {0, 0, 0}, tried = 0;
    float any[BLOCK], positive[BLOCK];
    size_t n = 0, n_positive = 0;
    for (uint64_t bits = 0; bits <= 0xffffffffu; bits += 733) {
        uint32_t pattern = (uint32_t)bits;
        float x;
        memcpy(&x, &pattern, sizeof x);
        if (!isfinite(x)) continue;
        any[n++] = x;
        if (x >= 1.17549435e-38f) positive[n_positive++] = x;
        tried++;
        if (n == BLOCK) {
            differ[0] += differing(any, n, float_exp, float_exp_each);
            differ[2] += differing(any, n, float_sigmoid, float_sigmoid_each);
            n = 0;
        }
        if (n_positive == BLOCK) {
            differ[1] += differing(positive, n_positive, float_log, float_log_each);
            n_positive = 0;
        }
    }
    const float edges[] = {0.0f,      -0.0f,      1.0f,  -1.0f,  88.7f,  -88.7f,
                           88.70001f, -88.70001f, 3e38f, -3e38f, 1e-45f, -1e-45f};
    const float shares[] = {1.0f, 0.99999994f,     1.0000001f,    1e-16f,
                            0.5f, 1.17549435e-38f, 3.4028235e38f, 0.699f};
    differ[0] += differing(edges, sizeof edges / sizeof *edges, float_exp, float_exp_each);
    differ[2] += differing(edges, sizeof edges / sizeof *edges, float_sigmoid, float_sigmoid_each);
    differ[1] += differing(shares, sizeof shares / sizeof *shares, float_log, float_log_each);
    printf("%ld %ld %ld %ld\n", tried, differ[0], differ[1], differ[2]);
    return 0;
}

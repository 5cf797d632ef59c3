/* Compares the float32 kernels with the C library's: prints how many of the values tried differ. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/numbers/float_math.h"
#include "base/numbers/float_text.h"

static float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Whether the text is what XGBoost reads: a sign, digits with a point after the first, an exponent; and reads
 * back. */
static int is_faithful(float x) {
    char text[ATHLETE_FLOAT_TEXT_SIZE];
    int length = float_text(x, text);
    return length == (int)strlen(text) && length < (int)sizeof text && strchr(text, 'E') &&
           strtof(text, NULL) == x;
}

int main(void) {
    long exp_differs = 0, log_differs = 0, text_differs = 0, tried = 0;
    for (uint64_t bits = 0; bits < 0xff800000u; bits += 1777) {
        float x = from_bits((uint32_t)bits);
        if (!isfinite(x)) continue;
        tried++;
        if (fabsf(x) <= 88.0f) exp_differs += float_exp(x) != expf(x);
        if (x >= 1.17549435e-38f) log_differs += float_log(x) != logf(x);
        text_differs += !is_faithful(x);
    }
    printf("%ld %ld %ld %ld\n", tried, exp_differs, log_differs, text_differs);
    return 0;
}

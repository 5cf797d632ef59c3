/* Decimal text and doubles, the same on every platform and in every locale. */
#ifndef ATHLETE_BASE_NUMBERS_DECIMAL_H
#define ATHLETE_BASE_NUMBERS_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

/* Reads the JSON number at *text into the nearest double (an infinity when it is beyond all of them) and moves *text
** behind it. ATHLETE_INVALID, and nothing moved, if no number is there. The text must be terminated. */
athlete_status decimal_read(const char **text, double *x);

#define ATHLETE_DECIMAL_SIZE 25 /* "-2.2250738585072014e-308" and the terminator */

/* Writes a finite x with 17 significant digits, correctly rounded and without zeros at their end, so that reading gives
** x again; returns the length. */
int decimal_write(double x, char out[ATHLETE_DECIMAL_SIZE]);

/* The same for people: as few digits as give x again, "5023.7", "-0.0" or "1e300", never without a point or an exponent. */
int decimal_write_short(double x, char out[ATHLETE_DECIMAL_SIZE]);

static inline bool is_whole(double x, double min, double max) {
    return x >= min && x <= max && x == (double)(int64_t)x;
}

/* What rounds to a finite float32: "3.4028235E38", the shortest text of the largest, is a little above it. */
static inline bool is_float(double x) {
    return x > -0x1.ffffffp+127 && x < 0x1.ffffffp+127;
}

#endif

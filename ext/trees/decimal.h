/* Decimal text and doubles, the same on every platform and in every locale. */
#ifndef ATHLETE_TREES_DECIMAL_H
#define ATHLETE_TREES_DECIMAL_H

#include "base/status.h"

/* Reads the JSON number at *text into the nearest double (an infinity when it is beyond all of them) and moves *text
** behind it. ATHLETE_INVALID, and nothing moved, if no number is there; ATHLETE_NOMEM. The text must be terminated. */
athlete_status decimal_read(const char **text, double *x);

#define ATHLETE_DECIMAL_SIZE 25 /* "-2.2250738585072014e-308" and the terminator */

/* Writes a finite x with 17 significant digits, correctly rounded and without zeros at their end, so that reading gives
** x again; returns the length. */
int decimal_write(double x, char out[ATHLETE_DECIMAL_SIZE]);

#endif

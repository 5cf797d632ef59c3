/* float32 as decimal text that reads back as the same float32, in XGBoost's own form: "1.25E-1", "-3E0", "0E0".
**
** The text has a decimal point whatever the locale is, and always an exponent: XGBoost's reader takes a number
** without one for an integer and refuses it where it wants a float. */
#ifndef ATHLETE_BASE_NUMBERS_FLOAT_TEXT_H
#define ATHLETE_BASE_NUMBERS_FLOAT_TEXT_H

#define ATHLETE_FLOAT_TEXT_SIZE 17 /* "-1.17549435E-38" and the terminator */

/* Writes a finite x and returns the length. -0 is written as 0. */
int float_text(float x, char out[ATHLETE_FLOAT_TEXT_SIZE]);

#endif

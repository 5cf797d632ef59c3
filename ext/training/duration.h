/* Durations as people write them: 'h:mm:ss', 'm:ss' or plain seconds, each with an optional decimal
** fraction. */
#ifndef ATHLETE_TRAINING_DURATION_H
#define ATHLETE_TRAINING_DURATION_H

#include <stdbool.h>
#include <stddef.h>

#define ATHLETE_DURATION_SIZE  24
#define ATHLETE_DURATION_MAX_S 1e12

/* Writes 'h:mm:ss', or 'm:ss' below one hour, rounded to the second with halves up. 0 <= seconds <= 1e12. */
void duration_format(double seconds, char out[ATHLETE_DURATION_SIZE]);

/* Reads the same, blanks around it allowed. Every field after the first has two digits below 60. Decimals
** after the ninth do not count. False if the text is anything else or beyond 1e12 s. */
bool duration_parse(const char *text, size_t length, double *seconds);

#endif

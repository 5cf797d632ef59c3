/* A number as a horizontal bar of block characters, fine to an eighth of a character; QuestDB's bar(). */
#ifndef ATHLETE_CHARTS_BAR_H
#define ATHLETE_CHARTS_BAR_H

#include <stddef.h>

#define ATHLETE_BAR_WIDTH_MAX 200
#define ATHLETE_BAR_BYTES_MAX (3 * ATHLETE_BAR_WIDTH_MAX)

/* Writes the bar, without a terminator, and answers its bytes: none for `min` and below, `width` blocks
** for `max` and above. min < max, 1 <= width <= ATHLETE_BAR_WIDTH_MAX. */
size_t bar_render(double value, double min, double max, int width, char out[ATHLETE_BAR_BYTES_MAX]);

#endif

/* A series as one line of block characters, lowest value to highest. */
#ifndef ATHLETE_CHARTS_SPARKLINE_H
#define ATHLETE_CHARTS_SPARKLINE_H

#include <stddef.h>
#include "base/memory.h"

/* Far more points than a line can show; small enough that drawing them takes a few milliseconds. */
#define ATHLETE_SPARKLINE_LIMIT ((size_t)8 << 20)

/* A queue of points: a moving window adds at one end and drops at the other. All zeros is an empty one. */
typedef struct sparkline {
    athlete_budget budget;
    double *points; /* NaN for a gap */
    size_t first, end, capacity;
} sparkline;

athlete_status sparkline_add(sparkline *line, double y);
void sparkline_drop_first(sparkline *line);
void sparkline_free(sparkline *line);

/* Points in the queue. */
size_t sparkline_points(const sparkline *line);

/* Writes one character per point, without a terminator, into a buffer of 3 bytes per point; answers the
** bytes written. The lowest point is U+2581, the highest U+2588, in eight even levels of which the
** nearest is drawn. A gap is a blank; a series of one value is drawn half high. */
size_t sparkline_render(const sparkline *line, char *out);

#endif

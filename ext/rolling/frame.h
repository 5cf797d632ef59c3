/* The rows of a moving window frame, oldest first, contiguous: rows enter at one end and leave at the other.
**
** Memory is bounded by the longest frame seen, whatever the number of rows that pass through. */
#ifndef ATHLETE_ROLLING_FRAME_H
#define ATHLETE_ROLLING_FRAME_H

#include <stddef.h>
#include "base/memory.h"

typedef struct frame_row {
    double x;
    double y; /* 0 where a statistic has one variable */
} frame_row;

typedef struct frame {
    frame_row *block;
    size_t capacity; /* rows in `block` */
    size_t first;    /* where the oldest row is */
    size_t count;
} frame;

static inline const frame_row *frame_rows(const frame *f) {
    return f->block + f->first;
}

athlete_status frame_push(athlete_budget *budget, frame *f, frame_row row);

/* Takes out the oldest row; nothing happens when there is none. */
void frame_pop(frame *f);

void frame_free(athlete_budget *budget, frame *f);

#endif

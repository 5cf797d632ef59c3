#include "rolling/frame.h"

#include <string.h>
#include "base/precondition.h"

/* Rows move down only when at least half the block is free, so a row is moved once on average. */
static athlete_status frame_make_room(athlete_budget *budget, frame *f) {
    if (f->first + f->count < f->capacity) return ATHLETE_OK;
    if (f->first > 0 && f->first >= f->count) {
        memmove(f->block, f->block + f->first, f->count * sizeof *f->block);
        f->first = 0;
        return ATHLETE_OK;
    }
    return memory_reserve(budget, &f->block, &f->capacity, f->capacity + 1);
}

athlete_status frame_push(athlete_budget *budget, frame *f, frame_row row) {
    athlete_status status = frame_make_room(budget, f);
    if (status == ATHLETE_OK) f->block[f->first + f->count++] = row;
    return status;
}

void frame_pop(frame *f) {
    assert(f->count > 0);
    if (f->count == 0) return;
    f->count--;
    f->first = f->count ? f->first + 1 : 0;
}

void frame_free(athlete_budget *budget, frame *f) {
    memory_free(budget, f->block);
    *f = (frame){0};
}

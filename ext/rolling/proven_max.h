/* What a runner's runs and races prove together: the greatest that others bear out, and of races what they make credible. */
#ifndef ATHLETE_ROLLING_PROVEN_MAX_H
#define ATHLETE_ROLLING_PROVEN_MAX_H

#include "base/memory.h"
#include "base/poll.h"
#include "rolling/frame.h"

/* What a row may prove, its y. */
enum {
    PROVES_BESIDE = 0, /* together with others only: they say nothing by it of what is usual */
    PROVES_ALIKE = 1,  /* beside another that is near it */
    PROVES_RACED = 2,  /* by itself, if it is credible beside the others */
    PROVES_TOLD = 3    /* by itself */
};

typedef struct proven_rule {
    double tolerance; /* how much greater than another one it may be, as a share */
    double gain;      /* how much greater than what the others show a race may be */
    double best_gain; /* and than the greatest of them that is no race, or that they show */
} proven_rule;

/* The greatest x of n rows, none negative, that is borne out or told, or of a race that is credible beside what is, or else beside the
** middle of those that prove anything (the lesser of two, nothing of one). NAN where nothing is proven. */
athlete_status proven_max(athlete_budget *budget, athlete_poll *poll, const frame_row *rows, size_t n,
                          const proven_rule *rule, double *out);

#endif

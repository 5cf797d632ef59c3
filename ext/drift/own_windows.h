/* Whether the mean of a sample has moved further than it ever did by itself. */
#ifndef ATHLETE_DRIFT_OWN_WINDOWS_H
#define ATHLETE_DRIFT_OWN_WINDOWS_H

#include "drift/two_samples.h"

/* How much further than the furthest of the reference's own windows counts. Measured: with a year before 60 days, at most 4 % of
** false alarms on AR(1) of 0 to 0.95, and two standard deviations are found in 96 % of samples of AR(1) of 0.8. */
#define OWN_WINDOWS_LIMIT 1.1

typedef enum own_windows_reason {
    OWN_WINDOWS_TOLD,
    OWN_WINDOWS_SHORT,    /* the reference has fewer than three windows of the current sample's length */
    OWN_WINDOWS_STILL,    /* 98 % of the reference are one number */
    OWN_WINDOWS_ONE_PIECE /* without one of its windows the reference is one number */
} own_windows_reason;

typedef struct own_windows {
    double shift; /* of the current mean, in standard deviations of the reference; with its sign */
    double
        own; /* the greatest distance of a window's mean from the rest's, in standard deviations of the rest */
    double grain; /* half of the least that the current mean can move by: of yes and no, half a day */
    double limit; /* how far the shift may be */
    own_windows_reason reason; /* unless OWN_WINDOWS_TOLD there is no answer */
} own_windows;

/* Both samples in the order of time, each at least one number, none of them NaN or infinite; `sorted` is the reference upwards. What lies outside of the reference's
** quantiles of 1 and 99 % counts as they do, so that single numbers neither alarm nor excuse. A window is any run of the reference
** as long as the current sample. Days that are alike need no correction: the windows are as alike. Numbers
** on a grid need the one for continuity, half a step beyond the limit, which of all others is nothing. */
athlete_status own_windows_compare(athlete_budget *budget, athlete_poll *poll, sample reference,
                                   sample sorted, sample current, own_windows *out);

/* Why there is no answer, or NULL. */
const char *own_windows_sentence(own_windows_reason reason);

#endif

/* Whether columns still go together as they did: how much of a row its principal components do not tell. */
#ifndef ATHLETE_DRIFT_JOINT_RECONSTRUCTION_H
#define ATHLETE_DRIFT_JOINT_RECONSTRUCTION_H

#include "base/memory.h"
#include "base/poll.h"

/* How much further than the furthest of the reference's own windows counts. Measured: with a year before 30 days, at most 5 % of false
** alarms on five and on twenty columns of AR(1) of 0 to 0.95. */
#define RECONSTRUCTION_LIMIT   1.4
#define RECONSTRUCTION_WIDTH   1000 /* columns at most */
#define RECONSTRUCTION_WINDOWS 24   /* of the reference, at most */

/* Rows of numbers, NAN being one that is missing. */
typedef struct joint_rows {
    double *x; /* row by row */
    size_t n;
} joint_rows;

typedef enum reconstruction_reason {
    RECONSTRUCTION_TOLD,
    RECONSTRUCTION_STILL, /* no column of the reference varies: nothing at all is told */
    RECONSTRUCTION_SHORT, /* the reference has fewer than three windows of the current sample's length */
    RECONSTRUCTION_WHOLE  /* the components tell all of every row of the reference */
} reconstruction_reason;

typedef struct reconstruction {
    double error, reference_error; /* means over the rows */
    double sampling_error;         /* of the first; NAN of a single row */
    double shift; /* of the first from the second, in standard deviations of the reference's rows */
    double own;   /* the furthest that a window lay from the rest of the reference, of which it was no part */
    size_t n_components;
    reconstruction_reason reason; /* unless RECONSTRUCTION_TOLD there are no shift and own */
} reconstruction;

/* Both in the order of time and not empty; `width` from 1 to RECONSTRUCTION_WIDTH columns, each with a number in the reference.
** What is missing is the reference's mean; columns are measured in its standard deviations from there, one that does not vary
** in its own unit; components are its first that together explain more than the share `explained`, between 0 and 1. The
** error of a row is the distance to what they tell of it. Rows of both are standardised in place. */
athlete_status reconstruction_compare(athlete_budget *budget, athlete_poll *poll, joint_rows reference,
                                      joint_rows current, size_t width, double explained,
                                      reconstruction *out);

#endif

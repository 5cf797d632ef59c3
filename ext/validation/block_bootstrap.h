/* Whether a mean of paired differences is above zero when rows of a block, such as one athlete's, are not independent:
** whole blocks are drawn again.
**
** Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 12 and 16; blocks as in Künsch 1989, Ann.
** Stat. 17:1217. */
#ifndef ATHLETE_VALIDATION_BLOCK_BOOTSTRAP_H
#define ATHLETE_VALIDATION_BLOCK_BOOTSTRAP_H

#include <stdbool.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/poll.h"

typedef struct bootstrap_options {
    size_t resamples;
    uint64_t seed;
    double level;     /* of the two-sided interval */
    bool weighs_rows; /* the mean of all rows; else the mean of the blocks' means */
    bool
        studentizes; /* each mean is measured in its own standard error (bootstrap-t); else as it is (percentile) */
} bootstrap_options;

/* All but n, blocks and mean are NAN where there are fewer than two blocks. */
typedef struct bootstrap_result {
    size_t n, blocks;
    double mean, standard_error;
    double
        p; /* one-sided, of a mean that is not above 0; never below 2^-blocks, the least that so many signs can say */
    double lower, upper; /* an end that so few blocks do not bound is NAN, too */
} bootstrap_result;

/* n differences, at least 1, and the keys of their blocks. Neither the order of rows nor that of blocks changes anything.
** O(n log n + resamples * blocks). */
athlete_status block_bootstrap(const double *differences, const uint64_t *keys, size_t n,
                               const bootstrap_options *options, athlete_budget *budget, athlete_poll *poll,
                               bootstrap_result *result);

#endif

/* How far two samples of numbers are apart, by their distribution functions. All samples are sorted upwards and not empty. */
#ifndef ATHLETE_DRIFT_TWO_SAMPLES_H
#define ATHLETE_DRIFT_TWO_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include "base/memory.h"
#include "base/poll.h"

typedef struct sample {
    const double *values;
    size_t n; /* at most 2^31 */
} sample;

/* The integral of |F - G|, in the unit of the values (Ramdas, Garcia & Cuturi 2017, Entropy 19:47, for p = 1). */
athlete_status wasserstein_distance(athlete_poll *poll, sample a, sample b, double *out);

typedef enum ks_method {
    KS_AUTO,  /* exact up to 10,000 values in each sample */
    KS_EXACT, /* also for more, as long as the least common multiple of the sizes is below 2^31 */
    KS_ASYMPTOTIC
} ks_method;

typedef struct ks_result {
    double statistic; /* sup |F - G|, 0 to 1 */
    double p;         /* two-sided; NAN where the asymptotic distribution has none: 1 value against 1 */
    bool is_exact;
} ks_result;

/* Kolmogorov 1933, Smirnov 1939, with the choice of method, the distributions and the rounding of scipy's ks_2samp. Samples that
** do not differ have p = 1 by any method. */
athlete_status ks_compare(athlete_budget *budget, athlete_poll *poll, sample a, sample b, ks_method method,
                          ks_result *out);

/* The statistic alone. */
athlete_status ks_distance(athlete_poll *poll, sample a, sample b, double *out);

#endif

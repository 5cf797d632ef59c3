#include "validation/conformal.h"

#include <math.h>
#include "base/precondition.h"
#include "statistics/select.h"

/* A level that was computed, such as (1 - 0.8) / 2, is off by a rounding, and a rank must not hang on that. */
#define CONFORMAL_SLACK 1e-12

size_t conformal_rank(size_t n, double q) {
    assert(q > 0 && q < 1);
    double all = (double)n + 1, lower = q * (1 - CONFORMAL_SLACK), upper = q * (1 + CONFORMAL_SLACK);
    double rank = floor(all * q); /* off by at most one, by rounding */
    if (q < 0.5) {
        while ((rank + 1) / all <= upper) rank++;
        while (rank / all > upper) rank--;
    } else {
        while (rank / all < lower) rank++;
        while ((rank - 1) / all >= lower) rank--;
    }
    return rank <= (double)n ? (size_t)rank : 0;
}

athlete_status conformal_quantile(athlete_poll *poll, double *scores, size_t n, double q, double *out) {
    size_t rank = conformal_rank(n, q);
    *out = NAN;
    if (rank == 0) return ATHLETE_OK;
    athlete_status status = select_smallest(poll, scores, n, rank - 1);
    if (status == ATHLETE_OK) *out = scores[rank - 1];
    return status;
}

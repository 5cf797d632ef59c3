#include "validation/conformal.h"

#include <math.h>
#include "base/precondition.h"
#include "statistics/select.h"

size_t conformal_rank(size_t n, double q) {
    assert(q > 0 && q < 1);
    double all = (double)n + 1;
    double rank = floor(all * q); /* off by at most one, by rounding */
    if (q < 0.5) {
        while ((rank + 1) / all <= q) rank++;
        while (rank / all > q) rank--;
    } else {
        while (rank / all < q) rank++;
        while ((rank - 1) / all >= q) rank--;
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

#include "statistics/supported_max.h"

#include <math.h>
#include "base/precondition.h"
#include "statistics/select.h"

athlete_status supported_max(athlete_poll *poll, double *x, size_t n, double tolerance, double *out) {
    assert(tolerance >= 0);
    *out = NAN;
    athlete_status status = heap_sort(poll, x, n);
    for (size_t i = n; status == ATHLETE_OK && i-- > 1;) {
        if (x[i] > x[i - 1] * (1 + tolerance)) continue;
        *out = x[i];
        break;
    }
    return status;
}

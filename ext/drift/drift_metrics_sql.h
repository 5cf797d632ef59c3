/* The metrics of one column in two samples, as drift and drift_samples answer them. */
#ifndef ATHLETE_DRIFT_DRIFT_METRICS_SQL_H
#define ATHLETE_DRIFT_DRIFT_METRICS_SQL_H

#include "drift/drift_rows_sql.h"

/* In the order in which drift has them; the first two are of numbers alone. */
typedef enum drift_metric_place {
    DRIFT_KS,
    DRIFT_WASSERSTEIN,
    DRIFT_PSI,
    DRIFT_JS,
    DRIFT_CHI2,
    DRIFT_TOTAL_VARIATION,
    DRIFT_LINF,
    DRIFT_METRICS
} drift_metric_place;

typedef struct drift_metric {
    const char *name; /* NULL: the column has no such metric */
    double value, p;  /* NAN: NULL */
    int64_t n[2];     /* what it rests on, by side */
    const char *reason;
} drift_metric;

/* Whether all values are numbers, and there is one. */
bool drift_rows_are_numbers(const drift_rows *rows);

/* Of so many rows by side; they are sorted afterwards. */
athlete_status drift_measure(athlete_budget *budget, athlete_poll *poll, drift_rows *rows,
                             const int64_t n_rows[2], drift_metric metrics[DRIFT_METRICS]);

#endif

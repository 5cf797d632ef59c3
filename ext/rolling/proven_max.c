#include "rolling/proven_max.h"

#include <math.h>
#include "base/precondition.h"
#include "rolling/window_statistics.h"
#include "statistics/supported_max.h"

/* NAN is less than all. */
static double greater_of(double a, double b) {
    return a >= b || isnan(b) ? a : b;
}

/* The greatest x of those that prove as much by themselves; NAN without any. */
static double best_by_itself(const frame_row *rows, size_t n, int standing) {
    double found = NAN;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].y == standing) found = greater_of(found, rows[i].x);
    }
    return found;
}

static athlete_status borne_out(athlete_budget *budget, athlete_poll *poll, const frame_row *rows, size_t n,
                                double tolerance, double *out) {
    double *x = memory_alloc(budget, n, sizeof *x);
    if (!x) return memory_status(budget);
    for (size_t i = 0; i < n; i++) x[i] = rows[i].x;
    athlete_status status = supported_max(poll, x, n, tolerance, out);
    memory_free(budget, x);
    return status;
}

/* The middle of those that prove anything, one of which is a race. */
static athlete_status middle_of(athlete_budget *budget, athlete_poll *poll, const frame_row *rows, size_t n,
                                double *out) {
    frame_row *proving = memory_alloc(budget, n, sizeof *proving);
    if (!proving) return memory_status(budget);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].y > PROVES_BESIDE) proving[count++] = rows[i];
    }
    athlete_status status = ATHLETE_OK;
    *out = NAN;
    if (count == 2) *out = proving[0].x < proving[1].x ? proving[0].x : proving[1].x;
    else if (count > 2) status = quantile_of(budget, poll, proving, count, 0.5, out);
    memory_free(budget, proving);
    return status;
}

/* The greatest race beside what is usual; NAN where none is credible. */
static double credible_race(const frame_row *rows, size_t n, double usual, const proven_rule *rule) {
    double best = NAN, found = NAN;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].y == PROVES_ALIKE || rows[i].y == PROVES_TOLD || rows[i].x <= usual) {
            best = greater_of(best, rows[i].x);
        }
    }
    double by_usual = usual * (1 + rule->gain), by_best = best * (1 + rule->best_gain);
    double reach = by_usual < by_best ? by_usual : by_best; /* NAN where there is no best */
    for (size_t i = 0; i < n; i++) {
        if (rows[i].y == PROVES_RACED && rows[i].x <= reach) found = greater_of(found, rows[i].x);
    }
    return found;
}

athlete_status proven_max(athlete_budget *budget, athlete_poll *poll, const frame_row *rows, size_t n,
                          const proven_rule *rule, double *out) {
    assert(n > 0);
    double borne = NAN;
    athlete_status status = borne_out(budget, poll, rows, n, rule->tolerance, &borne);
    if (status != ATHLETE_OK) return status;
    double level = greater_of(borne, best_by_itself(rows, n, PROVES_TOLD)), usual = level;
    *out = level;
    double raced = best_by_itself(rows, n, PROVES_RACED);
    if (isnan(raced) || raced <= level) return ATHLETE_OK;
    if (isnan(level)) status = middle_of(budget, poll, rows, n, &usual);
    if (status == ATHLETE_OK && !isnan(usual)) {
        *out = greater_of(level, credible_race(rows, n, usual, rule));
    }
    return status;
}

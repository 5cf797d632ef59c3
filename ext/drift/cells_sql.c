/* psi, js_distance, total_variation and linf: two samples by the shares of their values.
**
** R1  NULL is a value like any other; a row without an is_reference is skipped.
** R2  Where a sample has no rows the answer is NULL. */
#include "drift/drift_callbacks_sql.h"
#include "drift/drift_state_sql.h"

#define PSI_BINS 10
#define EULER    2.71828182845904523536

/* Argument i, or what stands for it when it is left out; NULL is 0. */
static double parameter(int argc, sqlite3_value **argv, int i, double otherwise) {
    return i < argc ? sqlite3_value_double(argv[i]) : otherwise;
}

void cells_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    drift_state_step(context, argv, parameter(argc, argv, 2, 0), 0);
}

void psi_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    drift_state_step(context, argv, parameter(argc, argv, 2, PSI_BINS), 0);
}

void js_distance_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    drift_state_step(context, argv, parameter(argc, argv, 2, 0), parameter(argc, argv, 3, 0));
}

typedef double cells_statistic(const cell *cells, size_t n, double base);

static athlete_status statistic_of_cells(drift_state *state, athlete_poll *poll, cells_statistic *of,
                                         double *out) {
    cell_list list = {0};
    athlete_status status =
        drift_rows_cells(&state->budget, poll, &state->rows, (size_t)state->parameters[0], &list);
    if (status == ATHLETE_OK) *out = of(list.cells, list.n, state->parameters[1]);
    memory_free(&state->budget, list.cells);
    return status;
}

static double js_of(const cell *cells, size_t n, double base) {
    return jensen_shannon_distance(cells, n, base > 0 ? base : EULER);
}
static double psi_of(const cell *cells, size_t n, double base) {
    (void)base;
    return population_stability(cells, n);
}
static double variation_of(const cell *cells, size_t n, double base) {
    (void)base;
    return total_variation(cells, n);
}
static double greatest_of(const cell *cells, size_t n, double base) {
    (void)base;
    return greatest_difference(cells, n);
}

#define CELLS_FINAL(name, statistic)                                                                         \
    static athlete_status name##_of_rows(drift_state *state, athlete_poll *poll, double *out) {              \
        return statistic_of_cells(state, poll, statistic, out);                                              \
    }                                                                                                        \
    void name##_final(sqlite3_context *context) {                                                            \
        drift_state_final(context, name##_of_rows);                                                          \
    }

CELLS_FINAL(psi, psi_of)
CELLS_FINAL(js_distance, js_of)
CELLS_FINAL(total_variation, variation_of)
CELLS_FINAL(linf, greatest_of)

#undef CELLS_FINAL

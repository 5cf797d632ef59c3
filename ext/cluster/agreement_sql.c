/* Bindings of silhouette and adjusted_rand_index.
**
** R1  Rows with a NULL are skipped.
** R2  The order of rows changes nothing. */
#include <math.h>
#include "base/binding/value_key.h"
#include "cluster/agreement.h"
#include "cluster/cluster_callbacks_sql.h"
#include "cluster/cluster_rows_sql.h"

/* --- adjusted_rand_index -------------------------------------------------------------------------------- */

/* SQLite hands it over zeroed. */
typedef struct rand_state {
    athlete_budget budget;
    uint64_t *a, *b;
    size_t n, a_capacity, b_capacity;
} rand_state;

void adjusted_rand_index_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    rand_state *state = sqlite3_aggregate_context(context, sizeof *state);
    if (!state) sqlite3_result_error_nomem(context);
    if (!state || sqlite3_value_type(argv[0]) == SQLITE_NULL || sqlite3_value_type(argv[1]) == SQLITE_NULL)
        return;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    athlete_status status = memory_reserve(&state->budget, &state->a, &state->a_capacity, state->n + 1);
    if (status == ATHLETE_OK)
        status = memory_reserve(&state->budget, &state->b, &state->b_capacity, state->n + 1);
    if (status == ATHLETE_OK) {
        state->a[state->n] = value_key(argv[0]);
        state->b[state->n++] = value_key(argv[1]);
    } else {
        function_fail_status(context, status, NULL);
    }
}

void adjusted_rand_index_final(sqlite3_context *context) {
    rand_state *state = sqlite3_aggregate_context(context, 0);
    if (!state) return;
    if (state->n > 0) {
        athlete_poll poll;
        double index;
        poll_begin(&poll, sqlite3_context_db_handle(context));
        athlete_status status = adjusted_rand(state->a, state->b, state->n, &state->budget, &poll, &index);
        poll_end(&poll);
        if (status == ATHLETE_OK) function_result_number(context, index);
        else function_fail_status(context, status, NULL);
    }
    memory_free(&state->budget, state->a);
    memory_free(&state->budget, state->b);
    *state = (rand_state){.n = 0};
}

/* --- silhouette ----------------------------------------------------------------------------------------- */

/* SQLite hands it over zeroed. */
typedef struct silhouette_state {
    athlete_budget budget;
    cluster_rows rows;
    uint64_t *keys;
    size_t capacity;
} silhouette_state;

/* Takes the row back if a feature is missing. */
static bool has_gap(cluster_rows *rows) {
    bool gap = false;
    for (size_t f = 0; f < rows->width; f++) gap = gap || isnan(rows->x[(rows->n - 1) * rows->width + f]);
    if (gap) rows->n--;
    return gap;
}

void silhouette_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    silhouette_state *state = sqlite3_aggregate_context(context, sizeof *state);
    if (!state) sqlite3_result_error_nomem(context);
    if (!state || sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
    athlete_fault fault = {""};
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    state->rows.width = (size_t)argc - 1;
    athlete_status status = memory_reserve(&state->budget, &state->keys, &state->capacity, state->rows.n + 1);
    if (status == ATHLETE_OK) status = cluster_rows_add(&state->rows, argv + 1, true, &state->budget, &fault);
    if (status != ATHLETE_OK) function_fail_status(context, status, fault.text);
    else if (!has_gap(&state->rows)) state->keys[state->rows.n - 1] = value_key(argv[0]);
}

void silhouette_final(sqlite3_context *context) {
    silhouette_state *state = sqlite3_aggregate_context(context, 0);
    if (!state) return;
    if (state->rows.n > 0) {
        const points of = {state->rows.x, state->rows.n, state->rows.width};
        athlete_poll poll;
        double silhouette = NAN;
        poll_begin(&poll, sqlite3_context_db_handle(context));
        athlete_status status = silhouette_of_keys(&of, state->keys, &state->budget, &poll, &silhouette);
        poll_end(&poll);
        if (status == ATHLETE_OK) function_result_number(context, silhouette);
        else function_fail_status(context, status, NULL);
    }
    memory_free(&state->budget, state->rows.x);
    memory_free(&state->budget, state->keys);
    *state = (silhouette_state){.capacity = 0};
}

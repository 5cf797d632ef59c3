/* Binding of group_split. */
#include "base/binding/query.h"
#include "base/binding/value_key.h"
#include "validation/group_split.h"
#include "validation/validation_callbacks_sql.h"

typedef struct group_split_state {
    athlete_budget budget;
    sqlite3_value **keys;
    uint64_t *groups;
    uint32_t *fold_of;
    size_t n_rows, keys_capacity, groups_capacity;
    size_t n_splits, fold, at; /* where the walk is: behind row at - 1 */
    bool in_test;
} group_split_state;

static athlete_status take_group_row(athlete_call *call, group_split_state *state, sqlite3_stmt *query) {
    size_t n = state->n_rows + 1;
    sqlite3_value *group = sqlite3_column_value(query, 1);
    if (sqlite3_value_type(group) == SQLITE_NULL)
        return fault_refuse(&call->fault, "row %zu of the query: group is NULL", n);
    athlete_status status = memory_reserve(&state->budget, &state->keys, &state->keys_capacity, n);
    if (status == ATHLETE_OK)
        status = memory_reserve(&state->budget, &state->groups, &state->groups_capacity, n);
    if (status != ATHLETE_OK) return status;
    state->groups[n - 1] = value_key(group);
    state->keys[n - 1] = sqlite3_value_dup(sqlite3_column_value(query, 0));
    if (!state->keys[n - 1]) return ATHLETE_NOMEM;
    state->n_rows = n;
    return ATHLETE_OK;
}

static athlete_status read_groups(athlete_call *call, group_split_state *state, const char *sql) {
    sqlite3_stmt *query;
    athlete_status status = query_open(call->db, sql, 2, "key, group", &query, &call->fault);
    if (status != ATHLETE_OK) return status;
    int code = SQLITE_ROW;
    while (status == ATHLETE_OK && (code = sqlite3_step(query)) == SQLITE_ROW)
        status = take_group_row(call, state, query);
    if (status == ATHLETE_OK) status = status_of_code(call->db, code, "the query failed: ", &call->fault);
    sqlite3_finalize(query);
    return status;
}

static athlete_status group_split_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    group_split_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    state->n_splits = (size_t)sqlite3_value_int64(argv[1]);
    uint64_t seed = argc > 2 && argv[2] ? (uint64_t)sqlite3_value_int64(argv[2]) : 0;
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    if (!sql) return ATHLETE_NOMEM;
    athlete_status status = read_groups(call, state, sql);
    if (status != ATHLETE_OK) return status;
    state->fold_of = memory_alloc(&state->budget, state->n_rows ? state->n_rows : 1, sizeof *state->fold_of);
    if (!state->fold_of) return memory_status(&state->budget);
    athlete_poll poll;
    poll_begin(&poll, call->db);
    status = group_split_build(state->groups, state->n_rows, state->n_splits, seed, &state->budget, &poll,
                               state->fold_of, &call->fault);
    poll_end(&poll);
    return status;
}

static int group_split_next(athlete_call *call, void *opaque) {
    (void)call;
    group_split_state *state = opaque;
    while (state->fold < state->n_splits) {
        while (state->at < state->n_rows) {
            if ((state->fold_of[state->at++] == state->fold) == state->in_test) return SQLITE_ROW;
        }
        state->at = 0;
        if (state->in_test) state->fold++;
        state->in_test = !state->in_test;
    }
    return SQLITE_DONE;
}

static void group_split_column(void *opaque, sqlite3_context *context, int column) {
    const group_split_state *state = opaque;
    switch (column) {
    case 0: sqlite3_result_int64(context, (sqlite3_int64)state->fold); break;
    case 1: sqlite3_result_text(context, state->in_test ? "test" : "train", -1, SQLITE_STATIC); break;
    case 2: sqlite3_result_value(context, state->keys[state->at - 1]); break;
    }
}

static void group_split_close(void *opaque) {
    group_split_state *state = opaque;
    for (size_t i = 0; i < state->n_rows; i++) sqlite3_value_free(state->keys[i]);
    memory_free(&state->budget, state->keys);
    memory_free(&state->budget, state->groups);
    memory_free(&state->budget, state->fold_of);
    memory_free(NULL, state);
}

const athlete_table group_split_table = {
    .columns = "fold INTEGER, part TEXT, key",
    .expected_rows = 10000,
    .open = group_split_open,
    .next = group_split_next,
    .column = group_split_column,
    .close = group_split_close,
};

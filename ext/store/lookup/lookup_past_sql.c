#include "store/lookup/lookup_past_sql.h"

#include "store/lookup/lookup_times_sql.h"

enum { END_TIME, END_ROWS, END_VALUES };

#define PAST_FIRST_ASKED 4
#define PAST_GROWTH      4

bool lookup_past_open(lookup_past *past, const lookup_plan *plan) {
    *past = (lookup_past){.plan = plan, .ask_at = PAST_FIRST_ASKED};
    return kept_row_open(&past->end, END_VALUES);
}

void lookup_past_close(lookup_past *past) {
    lookup_statement_close(&past->statement);
    kept_row_close(&past->end);
}

bool lookup_past_was_over(const lookup_past *past, const lookup_request *request) {
    if (!past->is_known) return false;
    return past->end.values[END_TIME].type == SQLITE_NULL ||
           kept_compare(&past->end, END_TIME, request->as_of, AS_OF_SUPERSEDED) <= 0;
}

/* Reads at most so many rows; what these say stands if they were all. */
static int read_end(lookup_past *past, int64_t rows) {
    int rc =
        past->statement.statement ? SQLITE_OK : lookup_prepare_past(past->plan, &past->end, &past->statement);
    if (rc != SQLITE_OK) return rc;
    kept_row_forget(&past->end);
    rc = sqlite3_bind_int64(past->statement.statement, LOOKUP_PAST_ROWS, rows);
    if (rc == SQLITE_OK) rc = sqlite3_step(past->statement.statement);
    int ended = sqlite3_reset(past->statement.statement);
    if (rc != SQLITE_ROW) return rc == SQLITE_DONE ? SQLITE_INTERNAL : rc;
    if (ended != SQLITE_OK) return ended;
    if (past->end.failed) return SQLITE_NOMEM;
    past->is_known = past->end.values[END_ROWS].as.integer < rows;
    return SQLITE_OK;
}

int lookup_past_is_over(lookup_past *past, const lookup_request *request, bool repeats, bool *is_over) {
    const feature_group *group = past->plan->group;
    *is_over = false;
    if (sqlite3_txn_state(group->db, group->schema) == SQLITE_TXN_WRITE) return SQLITE_OK;
    unsigned version = repeats ? past->version : lookup_content_version(group);
    int rc = SQLITE_OK;
    if (past->version != version) {
        past->version = version;
        past->n_asked = 0;
        past->ask_at = PAST_FIRST_ASKED;
        past->is_known = false;
    }
    if (!past->is_known && ++past->n_asked >= past->ask_at) {
        past->ask_at *= PAST_GROWTH;
        rc = read_end(past, past->n_asked);
    }
    *is_over = lookup_past_was_over(past, request);
    return rc;
}

#include "store/lookup/lookup_statement_sql.h"

#include "base/memory.h"
#include "store/lookup/lookup_times_sql.h"
#include "store/statement/own_room_sql.h"

#define OWN_POINTER     "athlete: a statement"
#define REQUEST_POINTER "athlete: a request"

/* Parameters: the statement and the row to keep, the request of a statement that runs on, or else the request's values. */
enum { PARAMETER_OWN = 1, PARAMETER_REQUEST = 2, PARAMETER_KEYS = 2 };

/* What becomes of a row of those that have one timestamp. */
typedef enum tie_verdict { TIE_PASSED, TIE_KEPT, TIE_BEYOND } tie_verdict;

#define LOOKUP_VARIABLES (LOOKUP_WALK_START + GROUP_KEYS_MAX + 2)

int lookup_plan_open(lookup_plan *plan, const feature_group *group, const lookup_rules *rules,
                     bool (*wanted)(const void *opaque, int column), const void *opaque) {
    *plan = (lookup_plan){.group = group, .rules = *rules, .n_values = KEPT_COLUMNS};
    plan->slots = memory_alloc(NULL, (size_t)group->n_columns, sizeof *plan->slots);
    if (!plan->slots) return SQLITE_NOMEM;
    for (int i = 0; i < group->n_columns; i++) plan->slots[i] = wanted(opaque, i) ? plan->n_values++ : -1;
    plan->ties = plan->n_values;
    plan->n_values += group->n_ties;
    return SQLITE_OK;
}

void lookup_plan_close(lookup_plan *plan) {
    memory_free(NULL, plan->slots);
    plan->slots = NULL;
}

/* --- the text ------------------------------------------------------------------------------------------- */

typedef struct lookup_text {
    sqlite3_str *sql;
    const lookup_plan *plan;
    const group_source *source;
    lookup_place place;
    int feature;
    bool runs_on;
} lookup_text;

static bool is_of_current(lookup_place place) {
    return place == PLACE_CURRENT || place == PLACE_ALONE;
}

static const char *column_name(const feature_group *group, int column) {
    return group->columns[column].name;
}

/* The request's value number `i`: the keys, as_of for each column of time, the timestamp to begin with. A column of a virtual table has an
** affinity where a parameter has none; the plus takes it away. */
static void append_value(const lookup_text *text, int i) {
    if (text->runs_on) sqlite3_str_appendf(text->sql, "+q.v%d", i);
    else sqlite3_str_appendf(text->sql, "?%d", PARAMETER_KEYS + i);
}

static void append_condition(const lookup_text *text, int column, const char *operator, int value) {
    sqlite3_str_appendf(text->sql, " AND \"%w\" %s ", column_name(text->plan->group, column), operator);
    append_value(text, value);
}

static void append_conditions(const lookup_text *text) {
    const lookup_plan *plan = text->plan;
    const feature_group *group = plan->group;
    sqlite3_str *sql = text->sql;
    int as_of = group->n_keys;
    sqlite3_str_appendall(sql, " WHERE true");
    if (group->publication) sqlite3_str_appendf(sql, " AND publication_id = %lld", group->publication);
    for (int i = 0; i < group->n_keys; i++) append_condition(text, group->keys[i], "=", i);
    append_condition(text, group->timestamp, plan->rules.strict ? "<" : "<=", as_of + AS_OF_TIMESTAMP);
    if (text->place == PLACE_HISTORY_SINCE)
        append_condition(text, group->timestamp, ">=", as_of + AS_OF_VALUES);
    if (text->source->order == ORDER_SORTED) sqlite3_str_appendall(sql, " AND CASE WHEN true");
    if (group->publication && is_of_current(text->place))
        sqlite3_str_appendall(sql, " AND superseded_at IS NULL");
    if (!plan->rules.backfill) append_condition(text, group->available, "<=", as_of + AS_OF_AVAILABLE);
    if (!is_of_current(text->place)) {
        sqlite3_str_appendall(sql, " AND superseded_at > ");
        append_value(text, as_of + AS_OF_SUPERSEDED);
    }
    if (text->feature >= 0)
        sqlite3_str_appendf(sql, " AND \"%w\" IS NOT NULL", column_name(group, text->feature));
}

/* Where the row to keep has what tells it from another. */
static int place_of_ties(const lookup_text *text) {
    return text->feature >= 0 ? KEPT_COLUMNS + 1 : text->plan->ties;
}

/* Value number `slot` of the row to keep. */
static void append_kept(const lookup_text *text, int slot) {
    const feature_group *group = text->plan->group;
    int tie = slot - place_of_ties(text);
    int column = tie >= 0                 ? group->ties[tie]
                 : slot == KEPT_TIMESTAMP ? group->timestamp
                 : slot == KEPT_AVAILABLE ? group->available
                                          : -1;
    if (text->place == PLACE_ALONE && column >= 0) { /* it is not asked for */
        sqlite3_str_appendall(text->sql, "NULL");
        return;
    }
    for (int i = 0; i < group->n_columns && slot >= KEPT_COLUMNS && column < 0; i++)
        if (text->feature >= 0 ? i == text->feature : text->plan->slots[i] == slot) column = i;
    if (column >= 0) sqlite3_str_appendf(text->sql, "\"%w\"", column_name(group, column));
    else if (slot == KEPT_ROWID && text->source->rowid) sqlite3_str_appendall(text->sql, text->source->rowid);
    else if (slot == KEPT_SUPERSEDED && !is_of_current(text->place))
        sqlite3_str_appendall(text->sql, "superseded_at");
    else sqlite3_str_appendall(text->sql, "NULL");
}

/* Calls of "asof answer", as many as the limit of arguments asks for. */
static void append_answer(const lookup_text *text) {
    int most = sqlite3_limit(text->plan->group->db, SQLITE_LIMIT_FUNCTION_ARG, -1) - 2;
    int n = place_of_ties(text) + text->plan->group->n_ties;
    for (int slot = 0; slot < n; slot++) {
        if (slot % most == 0) {
            sqlite3_str_appendf(text->sql, "%s\"asof answer\"(?%d, %d", slot > 0 ? ") + " : "", PARAMETER_OWN,
                                slot);
        }
        sqlite3_str_appendall(text->sql, ", ");
        append_kept(text, slot);
    }
    sqlite3_str_appendall(text->sql, ")");
}

/* Rows of one timestamp come in any order: "asof tie" says of each whether it is passed over, kept, or beyond them. The CASE
** asks it only of rows for which all else holds. */
static void append_tie(const lookup_text *text) {
    sqlite3_str *sql = text->sql;
    sqlite3_str_appendf(sql, " THEN CASE \"asof tie\"(?%d", PARAMETER_OWN);
    for (int slot = 0; slot <= KEPT_ROWID; slot++) {
        sqlite3_str_appendall(sql, ", ");
        append_kept(text, slot);
    }
    for (int i = 0; i < text->plan->group->n_ties; i++) {
        sqlite3_str_appendall(sql, ", ");
        append_kept(text, place_of_ties(text) + i);
    }
    sqlite3_str_appendf(sql, ") WHEN %d THEN ", TIE_KEPT);
    append_answer(text);
    sqlite3_str_appendf(sql, " IS NOT NULL WHEN %d THEN 1 END END", TIE_BEYOND);
}

static void append_from(const lookup_text *text) {
    const feature_group *group = text->plan->group;
    const group_source *source = text->source;
    sqlite3_str *sql = text->sql;
    sqlite3_str_appendf(sql, " FROM \"%w\".\"%w\" INDEXED BY \"%w\"", group->schema, source->table,
                        source->index);
    append_conditions(text);
    if (source->order == ORDER_SORTED) append_tie(text);
    sqlite3_str_appendf(sql, " ORDER BY \"%w\" DESC", column_name(group, group->timestamp));
    if (source->order == ORDER_COMPLETE) {
        if (group->available >= 0)
            sqlite3_str_appendf(sql, ", \"%w\" DESC", column_name(group, group->available));
        if (source->rowid) sqlite3_str_appendf(sql, ", %s DESC", source->rowid);
    }
    if (!text->runs_on) sqlite3_str_appendall(sql, " LIMIT 1"); /* an expression's value is its first row's */
}

/* Were SQLite to sort, it would call functions before it knows which row comes first: the order asked for is the index's. */
static void append_search(const lookup_text *text) {
    sqlite3_str_appendall(text->sql, "SELECT ");
    if (text->source->order == ORDER_SORTED) sqlite3_str_appendall(text->sql, "1");
    else append_answer(text);
    append_from(text);
}

/* Called when the statement is finalized, by whomever. */
static void forget_statement(void *own) {
    ((lookup_statement *)own)->statement = NULL;
}

void lookup_statement_close(lookup_statement *own) {
    sqlite3_finalize(own->statement);
}

static int prepare_text(const lookup_text *text, kept_row *row, lookup_statement *own) {
    sqlite3 *db = text->plan->group->db;
    char *sql = sqlite3_str_finish(text->sql);
    if (!sql) return SQLITE_NOMEM;
    sqlite3_stmt *statement = NULL;
    own_room were = own_room_begin(db, OWN_DEPTH, LOOKUP_VARIABLES, LOOKUP_VARIABLES);
    int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    own_room_end(db, were);
    sqlite3_free(sql);
    *own = (lookup_statement){statement, row, place_of_ties(text), text->plan->group->n_ties};
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_pointer(statement, PARAMETER_OWN, own, OWN_POINTER, forget_statement);
    if (rc != SQLITE_OK) sqlite3_finalize(statement);
    if (rc != SQLITE_OK) own->statement = NULL;
    return rc;
}

int lookup_prepare(const lookup_plan *plan, lookup_place place, int feature, bool runs_on,
                   const lookup_request *request, kept_row *row, lookup_statement *own) {
    sqlite3 *db = plan->group->db;
    lookup_text text = {.sql = sqlite3_str_new(db),
                        .plan = plan,
                        .source = &plan->group->sources[is_of_current(place) ? GROUP_CURRENT : GROUP_HISTORY],
                        .place = place,
                        .feature = feature,
                        .runs_on = runs_on};
    if (runs_on) sqlite3_str_appendall(text.sql, "SELECT (");
    append_search(&text);
    if (runs_on) sqlite3_str_appendf(text.sql, ") FROM \"asof request\"(?%d) AS q", PARAMETER_REQUEST);
    int rc = prepare_text(&text, row, own);
    if (rc == SQLITE_OK && runs_on) {
        rc = sqlite3_bind_pointer(own->statement, PARAMETER_REQUEST, (void *)(size_t)request, REQUEST_POINTER,
                                  NULL);
    }
    return rc;
}

int lookup_prepare_past(const lookup_plan *plan, kept_row *row, lookup_statement *own) {
    const feature_group *group = plan->group;
    lookup_text text = {.sql = sqlite3_str_new(group->db), .plan = plan, .feature = -1};
    sqlite3_str_appendf(
        text.sql,
        "SELECT \"asof answer\"(?%d, 0, MAX(superseded_at), COUNT(*)) FROM (SELECT superseded_at "
        "FROM \"%w\".\"%w\" LIMIT ?%d)",
        PARAMETER_OWN, group->schema, group->sources[GROUP_HISTORY].table, LOOKUP_PAST_ROWS);
    return prepare_text(&text, row, own);
}

/* "k1", "k2", …, "event_timestamp" in the order of the index */
static void append_place(sqlite3_str *sql, const feature_group *group, const group_source *source) {
    for (int i = 0; i < group->n_keys; i++)
        sqlite3_str_appendf(sql, "\"%w\", ", column_name(group, group->keys[source->key_places[i]]));
    sqlite3_str_appendf(sql, "\"%w\"", column_name(group, group->timestamp));
}

int lookup_prepare_walk(const lookup_plan *plan, lookup_walk walk, void *merge, kept_row *row,
                        lookup_statement *own) {
    const feature_group *group = plan->group;
    const group_source *source = &group->sources[GROUP_CURRENT];
    sqlite3_str *sql = sqlite3_str_new(group->db);
    lookup_text text = {.sql = sql, .plan = plan, .source = source, .place = PLACE_CURRENT, .feature = -1};
    sqlite3_str_appendall(sql, "SELECT ");
    if (walk == WALK_BEHIND) append_answer(&text);
    else sqlite3_str_appendall(sql, "1");
    sqlite3_str_appendf(sql, " FROM \"%w\".\"%w\" INDEXED BY \"%w\" WHERE (", group->schema, source->table,
                        source->index);
    append_place(sql, group, source);
    for (int i = 0; i <= group->n_keys; i++)
        sqlite3_str_appendf(sql, "%s?%d", i ? ", " : ") >= (", LOOKUP_WALK_START + i);
    sqlite3_str_appendf(sql, ") AND \"asof %s\"(?%d", walk == WALK_AHEAD ? "walk" : "skip",
                        PARAMETER_REQUEST);
    if (walk == WALK_AHEAD) {
        sqlite3_str_appendall(sql, ", ");
        append_place(sql, group, source);
        if (!plan->rules.backfill) sqlite3_str_appendf(sql, ", \"%w\"", column_name(group, group->available));
    }
    sqlite3_str_appendall(sql, ") ORDER BY ");
    append_place(sql, group, source);
    if (source->order == ORDER_COMPLETE && group->available >= 0)
        sqlite3_str_appendf(sql, ", \"%w\"", column_name(group, group->available));
    if (source->order == ORDER_COMPLETE && source->rowid) sqlite3_str_appendf(sql, ", %s", source->rowid);
    int rc = prepare_text(&text, row, own);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_pointer(own->statement, PARAMETER_REQUEST, merge, LOOKUP_WALK_POINTER, NULL);
    return rc;
}

/* Text stays where it is: the request is there until the statement is bound anew. */
static int bind_value(sqlite3_stmt *statement, int index, sqlite3_value *value) {
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER: return sqlite3_bind_int64(statement, index, sqlite3_value_int64(value));
    case SQLITE_TEXT:
        return sqlite3_bind_text(statement, index, (const char *)sqlite3_value_text(value),
                                 sqlite3_value_bytes(value), SQLITE_STATIC);
    default: return sqlite3_bind_value(statement, index, value);
    }
}

/* A statement has no parameter for a value beyond the last one that it uses. */
int lookup_bind(sqlite3_stmt *statement, const lookup_request *request, bool same_moment) {
    int rc = SQLITE_OK, last = sqlite3_bind_parameter_count(statement);
    int as_of = PARAMETER_KEYS + request->n_keys, since = as_of + AS_OF_VALUES;
    for (int i = 0; i < request->n_keys && rc == SQLITE_OK; i++)
        rc = bind_value(statement, PARAMETER_KEYS + i, request->keys[i]);
    for (int i = same_moment ? AS_OF_VALUES : 0; i < AS_OF_VALUES && as_of + i <= last && rc == SQLITE_OK;
         i++)
        rc = kept_bind(statement, as_of + i, request->as_of, i);
    if (rc == SQLITE_OK && since <= last && request->since)
        rc = kept_bind(statement, since, request->since, KEPT_TIMESTAMP);
    return rc;
}

/* --- "asof answer"(row, first, value, …) ---------------------------------------------------------------- */

void lookup_answer_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    const lookup_statement *own = argc > 2 ? sqlite3_value_pointer(argv[0], OWN_POINTER) : NULL;
    if (own) kept_row_store(own->row, sqlite3_value_int(argv[1]), argc - 2, argv + 2);
    else sqlite3_result_error(context, "asof answer: a part of asof, not to be called", -1);
}

/* --- "asof tie"(row, timestamp, available_at, rowid, …) -------------------------------------------------- */

static tie_verdict verdict_of(const lookup_statement *own, sqlite3_value **values) {
    const kept_row *row = own->row;
    if (!row->present) return TIE_KEPT;
    if (row->failed || kept_compare_value(row, KEPT_TIMESTAMP, values[KEPT_TIMESTAMP]) != 0)
        return TIE_BEYOND;
    int order = kept_compare_value(row, KEPT_AVAILABLE, values[KEPT_AVAILABLE]);
    for (int i = 0; i < own->n_ties && order == 0; i++)
        order = kept_compare_value(row, own->ties + i, values[KEPT_ROWID + 1 + i]);
    if (order == 0) order = kept_compare_value(row, KEPT_ROWID, values[KEPT_ROWID]);
    return order < 0 ? TIE_KEPT : TIE_PASSED;
}

void lookup_tie_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    const lookup_statement *own = argc >= 2 + KEPT_ROWID ? sqlite3_value_pointer(argv[0], OWN_POINTER) : NULL;
    if (!own || argc != 2 + KEPT_ROWID + own->n_ties) {
        sqlite3_result_error(context, "asof tie: a part of asof, not to be called", -1);
        return;
    }
    tie_verdict verdict = verdict_of(own, argv + 1);
    if (verdict == TIE_KEPT) kept_row_forget(own->row);
    sqlite3_result_int(context, verdict);
}

/* --- "asof request"(request) ---------------------------------------------------------------------------- */

#define N_VALUES (GROUP_KEYS_MAX + AS_OF_VALUES + 1)

typedef struct request_cursor {
    sqlite3_vtab_cursor base; /* must be first */
    const lookup_request *request;
} request_cursor;

static int request_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                           char **message) {
    (void)aux, (void)argc, (void)argv, (void)message;
    int rc = sqlite3_declare_vtab(
        db, "CREATE TABLE x(v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, request HIDDEN)");
    if (rc != SQLITE_OK) return rc;
    sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
    *out = memory_zeroed(NULL, 1, sizeof **out);
    return *out ? SQLITE_OK : SQLITE_NOMEM;
}

static int request_disconnect(sqlite3_vtab *base) {
    memory_free(NULL, base);
    return SQLITE_OK;
}

static int request_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
    (void)base;
    for (int i = 0; i < info->nConstraint; i++) {
        const struct sqlite3_index_constraint *c = &info->aConstraint[i];
        if (c->iColumn != N_VALUES || c->op != SQLITE_INDEX_CONSTRAINT_EQ || !c->usable) continue;
        info->aConstraintUsage[i].argvIndex = 1;
        info->aConstraintUsage[i].omit = 1;
        return SQLITE_OK;
    }
    return SQLITE_CONSTRAINT;
}

static int request_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
    (void)base;
    request_cursor *cursor = memory_zeroed(NULL, 1, sizeof *cursor);
    if (!cursor) return SQLITE_NOMEM;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int request_close(sqlite3_vtab_cursor *base) {
    memory_free(NULL, base);
    return SQLITE_OK;
}

static int request_filter(sqlite3_vtab_cursor *base, int number, const char *name, int argc,
                          sqlite3_value **argv) {
    (void)number, (void)name;
    ((request_cursor *)base)->request = argc > 0 ? sqlite3_value_pointer(argv[0], REQUEST_POINTER) : NULL;
    return SQLITE_OK;
}

/* The next row is what the request has become when the statement is stepped again. */
static int request_next(sqlite3_vtab_cursor *base) {
    (void)base;
    return SQLITE_OK;
}

static int request_eof(sqlite3_vtab_cursor *base) {
    return !((request_cursor *)base)->request;
}

/* Text stays where it is, as when it is bound. */
static void lookup_result_value(sqlite3_context *context, sqlite3_value *value) {
    if (sqlite3_value_type(value) == SQLITE_TEXT) {
        const char *text = (const char *)sqlite3_value_text(value);
        sqlite3_result_text(context, text, sqlite3_value_bytes(value), SQLITE_STATIC);
    } else {
        sqlite3_result_value(context, value);
    }
}

static void result_moment(sqlite3_context *context, const kept_row *moment, int i) {
    const kept_value *value = &moment->values[i];
    if (value->type == SQLITE_TEXT)
        sqlite3_result_text(context, kept_text(moment, value), value->bytes, SQLITE_STATIC);
    else kept_result(context, moment, i);
}

static int request_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
    const lookup_request *request = ((request_cursor *)base)->request;
    if (column < request->n_keys) lookup_result_value(context, request->keys[column]);
    else if (column < request->n_keys + AS_OF_VALUES)
        result_moment(context, request->as_of, column - request->n_keys);
    else if (request->since) kept_result(context, request->since, KEPT_TIMESTAMP);
    return SQLITE_OK;
}

static int request_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
    (void)base;
    *rowid = 0;
    return SQLITE_OK;
}

const sqlite3_module lookup_request_module = {
    .iVersion = 0,
    .xConnect = request_connect,
    .xBestIndex = request_best_index,
    .xDisconnect = request_disconnect,
    .xOpen = request_open,
    .xClose = request_close,
    .xFilter = request_filter,
    .xNext = request_next,
    .xEof = request_eof,
    .xColumn = request_column,
    .xRowid = request_rowid,
};

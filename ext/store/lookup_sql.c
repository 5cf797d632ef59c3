#include "store/lookup_sql.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "store/instant.h"

/* The first columns of every statement; the selected ones follow. */
enum { AT_TIMESTAMP, AT_AVAILABLE, AT_ROWID, AT_SUPERSEDED, AT_SELECTED };

/* What a statement may look for. */
enum {
    SEEK_CURRENT,
    SEEK_HISTORY,       /* all of it: there is no current row */
    SEEK_HISTORY_SINCE, /* from the timestamp of the current row on */
    SEEK_KINDS
};

struct asof_lookup {
    const lookup_plan *plan;
    sqlite3_stmt *rows[SEEK_KINDS];
    sqlite3_stmt **features[SEEK_KINDS]; /* ignore_nulls: per column of the group, its newest value */
    sqlite3_stmt *answer;
    sqlite3_stmt **answers; /* ignore_nulls: per column, the statement that holds its value if the answer does not */
};

/* --- planning ------------------------------------------------------------------------------------------- */

int lookup_plan_open(lookup_plan *plan, const feature_group *group, const lookup_rules *rules, bool has_as_of,
                     bool (*wanted)(const void *opaque, int column), const void *opaque) {
    *plan = (lookup_plan){.group = group, .rules = *rules, .has_as_of = has_as_of};
    plan->slots = memory_alloc(NULL, (size_t)group->n_columns, sizeof *plan->slots);
    if (!plan->slots) return SQLITE_NOMEM;
    for (int i = 0; i < group->n_columns; i++) plan->slots[i] = wanted(opaque, i) ? plan->n_selected++ : -1;
    return SQLITE_OK;
}

void lookup_plan_close(lookup_plan *plan) {
    memory_free(NULL, plan->slots);
    plan->slots = NULL;
}

/* Keys and times have one value in a row and are not features. */
static bool is_feature(const feature_group *group, int column) {
    for (int i = 0; i < group->n_keys; i++)
        if (group->keys[i] == column) return false;
    return column != group->timestamp && column != group->available;
}

/* --- statements ----------------------------------------------------------------------------------------- */

static const char *column_name(const feature_group *group, int column) {
    return group->columns[column].name;
}

static void append_columns(sqlite3_str *sql, const lookup_plan *plan, const group_source *source, int kind,
                           int feature) {
    const feature_group *group = plan->group;
    sqlite3_str_appendf(sql, "SELECT \"%w\"", column_name(group, group->timestamp));
    if (group->available >= 0) sqlite3_str_appendf(sql, ", \"%w\"", column_name(group, group->available));
    else sqlite3_str_appendall(sql, ", NULL");
    sqlite3_str_appendf(sql, ", %s, %s", source->rowid ? source->rowid : "NULL",
                        kind == SEEK_CURRENT ? "NULL" : "superseded_at");
    if (feature >= 0) sqlite3_str_appendf(sql, ", \"%w\"", column_name(group, feature));
    for (int i = 0; i < group->n_columns && feature < 0; i++)
        if (plan->slots[i] >= 0) sqlite3_str_appendf(sql, ", \"%w\"", column_name(group, i));
}

/* Parameters: the keys, then as_of, then the timestamp that the history begins with. */
static void append_conditions(sqlite3_str *sql, const lookup_plan *plan, int kind, int feature) {
    const feature_group *group = plan->group;
    int as_of = group->n_keys + 1;
    for (int i = 0; i < group->n_keys; i++) {
        sqlite3_str_appendf(sql, "%s \"%w\" = ?%d", i ? " AND" : " WHERE", column_name(group, group->keys[i]),
                            i + 1);
    }
    const char *timestamp = column_name(group, group->timestamp);
    const char *available = plan->rules.backfill ? NULL : column_name(group, group->available);
    if (plan->has_as_of) {
        sqlite3_str_appendf(sql, " AND \"%w\" %s ?%d", timestamp, plan->rules.strict ? "<" : "<=", as_of);
        if (available) sqlite3_str_appendf(sql, " AND \"%w\" <= ?%d", available, as_of);
    } else {
        sqlite3_str_appendf(sql, " AND \"%w\" IS NOT NULL", timestamp);
        if (available) sqlite3_str_appendf(sql, " AND \"%w\" IS NOT NULL", available);
    }
    if (kind != SEEK_CURRENT) sqlite3_str_appendf(sql, " AND superseded_at > ?%d", as_of);
    if (kind == SEEK_HISTORY_SINCE) sqlite3_str_appendf(sql, " AND \"%w\" >= ?%d", timestamp, as_of + 1);
    if (feature >= 0) sqlite3_str_appendf(sql, " AND \"%w\" IS NOT NULL", column_name(group, feature));
}

/* The statement that finds the newest row of a kind, or with `feature` >= 0 the newest value of that column. */
static int prepare(const lookup_plan *plan, int kind, int feature, sqlite3_stmt **statement) {
    const feature_group *group = plan->group;
    const group_source *source = &group->sources[kind == SEEK_CURRENT ? GROUP_CURRENT : GROUP_HISTORY];
    sqlite3_str *sql = sqlite3_str_new(group->db);
    append_columns(sql, plan, source, kind, feature);
    sqlite3_str_appendf(sql, " FROM \"%w\".\"%w\" INDEXED BY \"%w\"", group->schema, source->table, source->index);
    append_conditions(sql, plan, kind, feature);
    sqlite3_str_appendf(sql, " ORDER BY \"%w\" DESC", column_name(group, group->timestamp));
    if (group->available >= 0) sqlite3_str_appendf(sql, ", \"%w\" DESC", column_name(group, group->available));
    if (source->rowid) sqlite3_str_appendf(sql, ", %s DESC", source->rowid);
    sqlite3_str_appendall(sql, " LIMIT 1");
    char *text = sqlite3_str_finish(sql);
    if (!text) return SQLITE_NOMEM;
    int rc = sqlite3_prepare_v3(group->db, text, -1, SQLITE_PREPARE_PERSISTENT | SQLITE_PREPARE_NO_VTAB, statement,
                                NULL);
    sqlite3_free(text);
    return rc;
}

/* --- life ----------------------------------------------------------------------------------------------- */

asof_lookup *lookup_open(const lookup_plan *plan) {
    asof_lookup *new = memory_zeroed(NULL, 1, sizeof *new);
    if (!new) return NULL;
    new->plan = plan;
    if (!plan->rules.ignore_nulls) return new;
    size_t n = (size_t)plan->group->n_columns;
    bool complete = (new->answers = memory_zeroed(NULL, n, sizeof(sqlite3_stmt *))) != NULL;
    for (int kind = 0; kind < SEEK_KINDS; kind++)
        complete &= (new->features[kind] = memory_zeroed(NULL, n, sizeof(sqlite3_stmt *))) != NULL;
    if (complete) return new;
    lookup_close(new);
    return NULL;
}

void lookup_close(asof_lookup *lookup) {
    for (int kind = 0; kind < SEEK_KINDS; kind++) {
        sqlite3_finalize(lookup->rows[kind]);
        for (int i = 0; lookup->features[kind] && i < lookup->plan->group->n_columns; i++)
            sqlite3_finalize(lookup->features[kind][i]);
        memory_free(NULL, lookup->features[kind]);
    }
    memory_free(NULL, lookup->answers);
    memory_free(NULL, lookup);
}

void lookup_reset(asof_lookup *lookup) {
    lookup->answer = NULL;
    for (int kind = 0; kind < SEEK_KINDS; kind++) {
        if (lookup->rows[kind]) sqlite3_reset(lookup->rows[kind]);
        for (int i = 0; lookup->features[kind] && i < lookup->plan->group->n_columns; i++)
            if (lookup->features[kind][i]) sqlite3_reset(lookup->features[kind][i]);
    }
}

/* --- comparing ------------------------------------------------------------------------------------------ */

static int class_of(sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    return type == SQLITE_NULL ? 0 : type == SQLITE_TEXT ? 2 : type == SQLITE_BLOB ? 3 : 1;
}

/* SQLite's order of two values in byte order. */
static int compare(sqlite3_value *a, sqlite3_value *b) {
    int class = class_of(a);
    if (class != class_of(b)) return class < class_of(b) ? -1 : 1;
    if (class == 0) return 0;
    if (class == 1) {
        if (sqlite3_value_type(a) == SQLITE_INTEGER && sqlite3_value_type(b) == SQLITE_INTEGER) {
            sqlite3_int64 x = sqlite3_value_int64(a), y = sqlite3_value_int64(b);
            return (x > y) - (x < y);
        }
        double x = sqlite3_value_double(a), y = sqlite3_value_double(b);
        return (x > y) - (x < y);
    }
    const void *x = sqlite3_value_blob(a), *y = sqlite3_value_blob(b);
    int n = sqlite3_value_bytes(a), m = sqlite3_value_bytes(b);
    int order = n && m ? memcmp(x, y, (size_t)(n < m ? n : m)) : 0;
    return order ? order : (n > m) - (n < m);
}

static bool is_newer(sqlite3_stmt *a, sqlite3_stmt *b) {
    int order = compare(sqlite3_column_value(a, AT_TIMESTAMP), sqlite3_column_value(b, AT_TIMESTAMP));
    if (order == 0)
        order = compare(sqlite3_column_value(a, AT_AVAILABLE), sqlite3_column_value(b, AT_AVAILABLE));
    return order > 0;
}

/* A number of seconds, also one that arrives as text. */
static bool number_of(sqlite3_value *value, double *number) {
    int type = sqlite3_value_numeric_type(value);
    *number = sqlite3_value_double(value);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

#define US_MAX 9e18

bool lookup_age_us(sqlite3_value *as_of, sqlite3_value *timestamp, int64_t *age_us) {
    double later, earlier;
    if (sqlite3_value_type(timestamp) == SQLITE_TEXT) {
        const char *a = (const char *)sqlite3_value_text(as_of), *b = (const char *)sqlite3_value_text(timestamp);
        instant at, row;
        if (!a || !b || !instant_parse(a, &at) || !instant_parse(b, &row)) return false;
        *age_us = instant_age_us(&at, &row);
        return true;
    }
    if (!number_of(as_of, &later) || !number_of(timestamp, &earlier)) return false;
    double us = (later - earlier) * 1e6;
    if (!(fabs(us) < US_MAX)) return false;
    *age_us = (int64_t)us;
    return true;
}

static int say(char **message, sqlite3_value *as_of, sqlite3_value *time, const char *why) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendall(out, "as_of is ");
    value_describe(out, as_of);
    sqlite3_str_appendall(out, " and the row's time ");
    value_describe(out, time);
    sqlite3_str_appendf(out, ": %s", why);
    sqlite3_free(*message);
    *message = sentence_finish(out);
    return *message ? SQLITE_ERROR : SQLITE_NOMEM;
}

/* Rule 8 for one time of a row that was found. Asks the type that as_of came with: a number in text is a number. */
static int check_form(sqlite3_value *as_of, sqlite3_value *time, char **message) {
    if (sqlite3_value_type(time) == SQLITE_TEXT) {
        if (sqlite3_value_type(as_of) != SQLITE_TEXT)
            return say(message, as_of, time, "a number has no place in the order of text");
        const char *a = (const char *)sqlite3_value_text(as_of), *b = (const char *)sqlite3_value_text(time);
        if (!a || !b) return SQLITE_NOMEM;
        if (instant_same_form(a, (size_t)sqlite3_value_bytes(as_of), b, (size_t)sqlite3_value_bytes(time)))
            return SQLITE_OK;
        return say(message, as_of, time, "written differently, they have no order in time");
    }
    double number;
    if (sqlite3_value_type(as_of) != SQLITE_TEXT || number_of(as_of, &number)) return SQLITE_OK;
    return say(message, as_of, time, "a text has no place in the order of numbers");
}

/* Declared as text, so that a number would be compared as its digits. */
static bool has_text_times(const feature_group *group) {
    return strcmp(group->columns[group->timestamp].affinity, "TEXT") == 0;
}

/* --- seeking -------------------------------------------------------------------------------------------- */

typedef struct lookup_request {
    asof_lookup *lookup;
    sqlite3_value **keys;
    sqlite3_value *as_of;
    char **message;
} lookup_request;

static int fail(const lookup_request *request, int rc) {
    if (rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT) return rc;
    sqlite3_free(*request->message);
    *request->message = sqlite3_mprintf("%s", sqlite3_errmsg(request->lookup->plan->group->db));
    return *request->message ? rc : SQLITE_NOMEM;
}

static int say_untimely(const lookup_request *request) {
    const feature_group *group = request->lookup->plan->group;
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendall(out, "as_of is ");
    value_describe(out, request->as_of);
    sqlite3_str_appendf(out, ", and %s is text", group->columns[group->timestamp].name);
    sqlite3_free(*request->message);
    *request->message = sentence_finish(out);
    return *request->message ? SQLITE_ERROR : SQLITE_NOMEM;
}

/* Text stays where it is: keys and as_of live until the statement is bound anew. */
static int bind(sqlite3_stmt *statement, int index, sqlite3_value *value) {
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER: return sqlite3_bind_int64(statement, index, sqlite3_value_int64(value));
    case SQLITE_TEXT:
        return sqlite3_bind_text(statement, index, (const char *)sqlite3_value_text(value),
                                 sqlite3_value_bytes(value), SQLITE_STATIC);
    default: return sqlite3_bind_value(statement, index, value);
    }
}

/* Runs one statement; SQLITE_ROW leaves it at the row. `since` is the row that the history begins with, or NULL. */
static int run(const lookup_request *request, int kind, int feature, sqlite3_stmt *since, sqlite3_stmt **found) {
    asof_lookup *lookup = request->lookup;
    const lookup_plan *plan = lookup->plan;
    sqlite3_stmt **cached = feature < 0 ? &lookup->rows[kind] : &lookup->features[kind][feature];
    int rc = SQLITE_OK;
    if (!*cached) rc = prepare(plan, kind, feature, cached);
    int n = plan->group->n_keys;
    for (int i = 0; i < n && rc == SQLITE_OK; i++) rc = bind(*cached, i + 1, request->keys[i]);
    if (rc == SQLITE_OK && plan->has_as_of) rc = bind(*cached, n + 1, request->as_of);
    if (rc == SQLITE_OK && kind == SEEK_HISTORY_SINCE)
        rc = sqlite3_bind_value(*cached, n + 2, sqlite3_column_value(since, AT_TIMESTAMP));
    if (rc == SQLITE_OK) rc = sqlite3_step(*cached);
    *found = rc == SQLITE_ROW ? *cached : NULL;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? rc : fail(request, rc);
}

/* Rules 3 and 8 for a row that was found: SQLITE_ROW, or SQLITE_DONE if it is too old. */
static int accept(const lookup_request *request, sqlite3_stmt *row) {
    const lookup_plan *plan = request->lookup->plan;
    if (!plan->has_as_of) return SQLITE_ROW;
    sqlite3_value *timestamp = sqlite3_column_value(row, AT_TIMESTAMP);
    int rc = check_form(request->as_of, timestamp, request->message);
    if (rc == SQLITE_OK && !plan->rules.backfill)
        rc = check_form(request->as_of, sqlite3_column_value(row, AT_AVAILABLE), request->message);
    if (rc != SQLITE_OK) return rc;
    if (plan->group->lookback_us < 0) return SQLITE_ROW;
    int64_t age_us;
    if (!lookup_age_us(request->as_of, timestamp, &age_us))
        return say(request->message, request->as_of, timestamp, "a lookback needs days, instants or numbers");
    return age_us <= plan->group->lookback_us ? SQLITE_ROW : SQLITE_DONE;
}

/* The newest row, or with `feature` >= 0 the newest row with a value in it, of both tables. */
static int find(const lookup_request *request, int feature, sqlite3_stmt **found) {
    const lookup_plan *plan = request->lookup->plan;
    sqlite3_stmt *current, *past = NULL;
    int rc = run(request, SEEK_CURRENT, feature, NULL, &current);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return rc;
    if (plan->group->sources[GROUP_HISTORY].table && plan->has_as_of && !plan->rules.backfill) {
        rc = run(request, current ? SEEK_HISTORY_SINCE : SEEK_HISTORY, feature, current, &past);
        if (rc != SQLITE_ROW && rc != SQLITE_DONE) return rc;
    }
    *found = past && (!current || is_newer(past, current)) ? past : current;
    return *found ? accept(request, *found) : SQLITE_DONE;
}

static int fill_nulls(const lookup_request *request) {
    asof_lookup *lookup = request->lookup;
    const lookup_plan *plan = lookup->plan;
    for (int i = 0; i < plan->group->n_columns; i++) {
        lookup->answers[i] = NULL;
        if (plan->slots[i] < 0 || !is_feature(plan->group, i)) continue;
        if (sqlite3_column_type(lookup->answer, AT_SELECTED + plan->slots[i]) != SQLITE_NULL) continue;
        sqlite3_stmt *found;
        int rc = find(request, i, &found);
        if (rc == SQLITE_ROW) lookup->answers[i] = found;
        else if (rc != SQLITE_DONE) return rc;
    }
    return SQLITE_ROW;
}

int lookup_seek(asof_lookup *lookup, sqlite3_value **keys, sqlite3_value *as_of, char **message) {
    const lookup_plan *plan = lookup->plan;
    lookup_reset(lookup);
    for (int i = 0; i < plan->group->n_keys; i++)
        if (sqlite3_value_type(keys[i]) == SQLITE_NULL) return SQLITE_DONE;
    if (plan->has_as_of && sqlite3_value_type(as_of) == SQLITE_NULL) return SQLITE_DONE;
    lookup_request request = {lookup, keys, as_of, message};
    if (plan->has_as_of && sqlite3_value_type(as_of) != SQLITE_TEXT && has_text_times(plan->group))
        return say_untimely(&request);
    sqlite3_stmt *found;
    int rc = find(&request, -1, &found);
    if (rc != SQLITE_ROW) return rc;
    lookup->answer = found;
    return plan->rules.ignore_nulls ? fill_nulls(&request) : SQLITE_ROW;
}

/* --- the answer ----------------------------------------------------------------------------------------- */

sqlite3_value *lookup_value(asof_lookup *lookup, int column) {
    int slot = lookup->plan->slots[column];
    if (slot < 0) return NULL;
    if (lookup->answers && lookup->answers[column])
        return sqlite3_column_value(lookup->answers[column], AT_SELECTED);
    return sqlite3_column_value(lookup->answer, AT_SELECTED + slot);
}

sqlite3_value *lookup_timestamp(asof_lookup *lookup) {
    return sqlite3_column_value(lookup->answer, AT_TIMESTAMP);
}

sqlite3_value *lookup_available(asof_lookup *lookup) {
    return sqlite3_column_value(lookup->answer, AT_AVAILABLE);
}

sqlite3_value *lookup_rowid(asof_lookup *lookup) {
    return sqlite3_column_value(lookup->answer, AT_ROWID);
}

sqlite3_value *lookup_superseded(asof_lookup *lookup) {
    return sqlite3_column_value(lookup->answer, AT_SUPERSEDED);
}

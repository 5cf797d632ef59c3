/* broken_rules(query, rules): which rows break which quality rules, where a rule is an expression that a table keeps.
**
** Rules are judged (judge.h) and never compiled on the caller's connection. On one of our own there is a table of one row;
** the rows of the caller's query are put there one after the other, and all rules are asked of each. So a rule sees the
** values of its row and SQLite's own functions, and nothing else, and a value with which it fails is a row that breaks it,
** not the end of all. A rule about dates would ask the clock if a value were 'now', but not in a generated column, where
** SQLite takes that for an error: each of those rules has a table with such a column. */
#include "base/judge/broken_rules.h"

#include <string.h>
#include "base/binding/query.h"
#include "base/judge/judge.h"
#include "base/memory.h"
#include "base/own_statement.h"

#define RULES_MAX 500

typedef struct quality_rule {
    sqlite3_value *name;
    char *predicate;
    char *refusal; /* why it is no rule; NULL if it is one */
    int column;    /* of `ask` */
    bool is_broken;
    char *error; /* what SQLite says when it cannot be evaluated for this row */
    bool calls_dates;
    sqlite3_stmt *dated; /* puts the row where it is a generated column, and asks that; or NULL */
} quality_rule;

typedef struct rules_state {
    private_db own;
    quality_rule *rules;
    size_t n_rules, capacity;
    int n_columns; /* of the row, without the key */
    const char **names, **types;
    bool *is_read;
    sqlite3 *caller;
    sqlite3_stmt *rows;      /* of the caller */
    sqlite3_stmt *put, *ask; /* NULL: no rule reads a value; no rule is left */
    bool has_row;
    size_t next; /* rule, from 1; 0: before the first */
} rules_state;

/* --- the rules ------------------------------------------------------------------------------------------ */

/* A fault as a text to keep; NULL when memory is short. */
static char *kept(athlete_fault *fault, const char *subject, const char *text) {
    fault_refuse(fault, "%s%s", subject, text);
    return sqlite3_mprintf("%s", fault->text);
}

static athlete_status add_rule(rules_state *state, sqlite3_stmt *query) {
    athlete_status status = memory_reserve(NULL, &state->rules, &state->capacity, state->n_rules + 1);
    if (status != ATHLETE_OK) return status;
    quality_rule *rule = &state->rules[state->n_rules++];
    *rule = (quality_rule){.name = sqlite3_value_dup(sqlite3_column_value(query, 0)), .column = -1};
    bool is_text = sqlite3_column_type(query, 1) == SQLITE_TEXT;
    const char *text = (const char *)sqlite3_column_text(query, 1);
    size_t length = (size_t)sqlite3_column_bytes(query, 1);
    if (state->n_rules > RULES_MAX)
        rule->refusal = sqlite3_mprintf("the predicate is one of more than %d rules", RULES_MAX);
    else if (!is_text) rule->refusal = sqlite3_mprintf("the predicate is no text");
    else if (text && strlen(text) < length) rule->refusal = sqlite3_mprintf("the predicate has a zero byte");
    else rule->predicate = text ? sqlite3_mprintf("%s", text) : NULL;
    return rule->name && (rule->refusal || rule->predicate) ? ATHLETE_OK : ATHLETE_NOMEM;
}

static athlete_status rules_read(rules_state *state, sqlite3 *db, const char *sql, athlete_fault *fault) {
    sqlite3_stmt *query = NULL;
    athlete_status status = query_open(db, sql, 2, "name, predicate", &query, fault);
    int rc = status == ATHLETE_OK ? sqlite3_step(query) : SQLITE_DONE;
    for (; rc == SQLITE_ROW && status == ATHLETE_OK; rc = sqlite3_step(query))
        status = add_rule(state, query);
    sqlite3_finalize(query);
    if (status != ATHLETE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW) return status;
    return status_of_code(db, rc, "the query failed: ", fault);
}

/* How SQLite compares what comes from the column: by the affinity of its declared type (datatype3.html, 3.1). */
static const char *rules_affinity_of(const char *declared) {
    static const char *const parts[][2] = {{"INT", "INTEGER"}, {"CHAR", "TEXT"}, {"CLOB", "TEXT"},
                                           {"TEXT", "TEXT"},   {"BLOB", ""},     {"REAL", "REAL"},
                                           {"FLOA", "REAL"},   {"DOUB", "REAL"}};
    if (!declared || !*declared) return "";
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
        for (const char *at = declared; *at; at++)
            if (sqlite3_strnicmp(at, parts[p][0], 4 - (p == 0)) == 0) return parts[p][1];
    return "NUMERIC";
}

static athlete_status rules_read_columns(rules_state *state) {
    int n = state->n_columns = sqlite3_column_count(state->rows) - 1;
    state->names = memory_zeroed(NULL, (size_t)n, sizeof *state->names);
    state->types = memory_zeroed(NULL, (size_t)n, sizeof *state->types);
    state->is_read = memory_zeroed(NULL, (size_t)n, sizeof *state->is_read);
    if (!state->names || !state->types || !state->is_read) return ATHLETE_NOMEM;
    for (int i = 0; i < n; i++) {
        state->names[i] = sqlite3_column_name(state->rows, i + 1);
        state->types[i] = rules_affinity_of(sqlite3_column_decltype(state->rows, i + 1));
        if (!state->names[i]) return ATHLETE_NOMEM;
    }
    return ATHLETE_OK;
}

/* Keeps why it is no rule, if that is what the fault says. */
static athlete_status refuse_rule(quality_rule *rule, athlete_status status, athlete_fault *fault) {
    if (status != ATHLETE_INVALID) return status;
    return (rule->refusal = kept(fault, "the predicate", fault->text)) ? ATHLETE_OK : ATHLETE_NOMEM;
}

static athlete_status judge_alone(rules_state *state, const judge_row *row) {
    athlete_status status = ATHLETE_OK;
    for (size_t i = 0; i < state->n_rules && status == ATHLETE_OK; i++) {
        quality_rule *rule = &state->rules[i];
        athlete_fault fault;
        const char *predicate = rule->predicate;
        if (!rule->refusal)
            status = refuse_rule(rule, judge_generated(&state->own, row, &predicate, 1, &fault), &fault);
    }
    return status;
}

/* Of those that SQLite compiles whether they are rules: all at once, which is nearly always so, or else each alone. */
static athlete_status judge_together(rules_state *state, const judge_row *row) {
    const char **predicates = memory_alloc(NULL, state->n_rules, sizeof *predicates);
    if (!predicates) return ATHLETE_NOMEM;
    size_t n = 0;
    for (size_t i = 0; i < state->n_rules; i++)
        if (!state->rules[i].refusal) predicates[n++] = state->rules[i].predicate;
    athlete_fault fault;
    athlete_status status =
        n > 1 ? judge_generated(&state->own, row, predicates, n, &fault) : ATHLETE_INVALID;
    memory_free(NULL, predicates);
    return status == ATHLETE_INVALID ? judge_alone(state, row) : status;
}

static athlete_status judge_rules(rules_state *state, judge_row *row) {
    athlete_status status = ATHLETE_OK;
    for (size_t i = 0; i < state->n_rules && status == ATHLETE_OK; i++) {
        quality_rule *rule = &state->rules[i];
        athlete_fault fault;
        if (rule->refusal) continue;
        status = refuse_rule(rule, judge_compiled(&state->own, row, rule->predicate, &fault), &fault);
        rule->calls_dates = row->calls_dates;
    }
    return status == ATHLETE_OK ? judge_together(state, row) : status;
}

static athlete_status prepare(rules_state *state, const char *sql, sqlite3_stmt **statement,
                              athlete_fault *fault) {
    int rc = sqlite3_prepare_v3(state->own.db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    return private_db_fail(&state->own, rc, fault);
}

/* SELECT NOT (the first), … */
static char *question_of(rules_state *state) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    int n = 0;
    for (size_t i = 0; i < state->n_rules; i++) {
        if (state->rules[i].refusal) continue;
        sqlite3_str_appendf(out, "%s NOT (%s)", n ? "," : "SELECT", state->rules[i].predicate);
        state->rules[i].column = n++;
    }
    if (n > 0) sqlite3_str_appendall(out, " FROM \"the row\"");
    return sqlite3_str_finish(out); /* NULL if there is none */
}

/* UPDATE "the row" SET "a" = ?1, … : only what a rule reads is copied. */
static char *update_of(const judge_row *row, const char *table, const char *returning) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    const char *between = " SET";
    sqlite3_str_appendf(out, "UPDATE \"%w\"", table);
    for (int i = 0; i < row->n; i++) {
        if (!row->is_read[i]) continue;
        sqlite3_str_appendf(out, "%s \"%w\" = ?%d", between, row->names[i], i + 1);
        between = ",";
    }
    sqlite3_str_appendall(out, returning);
    return sqlite3_str_finish(out);
}

static athlete_status prepare_and_free(rules_state *state, char *sql, sqlite3_stmt **statement,
                                       athlete_fault *fault) {
    athlete_status status = sql ? prepare(state, sql, statement, fault) : ATHLETE_NOMEM;
    sqlite3_free(sql);
    return status;
}

static athlete_status compile_dated(rules_state *state, const judge_row *row, quality_rule *rule,
                                    athlete_fault *fault) {
    char name[40];
    sqlite3_snprintf((int)sizeof name, name, "rule %d", rule->column);
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "CREATE TABLE \"%w\"(", name);
    judge_row_columns(out, row);
    sqlite3_str_appendf(out, ", \"the answer\" AS ((%s))); INSERT INTO \"%w\" DEFAULT VALUES",
                        rule->predicate, name);
    char *table = sqlite3_str_finish(out);
    athlete_status status = table ? private_db_run(&state->own, table, fault) : ATHLETE_NOMEM;
    sqlite3_free(table);
    if (status != ATHLETE_OK) return status;
    return prepare_and_free(state, update_of(row, name, " RETURNING NOT \"the answer\""), &rule->dated,
                            fault);
}

static athlete_status compile_rules(rules_state *state, const judge_row *row, athlete_fault *fault) {
    char *question = question_of(state);
    bool has_rules = false, reads = false;
    for (size_t i = 0; i < state->n_rules; i++) has_rules |= state->rules[i].column >= 0;
    for (int i = 0; i < row->n; i++) reads |= row->is_read[i];
    if (!has_rules) return ATHLETE_OK;
    athlete_status status = private_db_run(&state->own, "INSERT INTO \"the row\" DEFAULT VALUES", fault);
    if (status == ATHLETE_OK) status = prepare_and_free(state, question, &state->ask, fault);
    else sqlite3_free(question);
    if (status == ATHLETE_OK && reads)
        status = prepare_and_free(state, update_of(row, "the row", ""), &state->put, fault);
    for (size_t i = 0; i < state->n_rules && status == ATHLETE_OK; i++)
        if (state->rules[i].column >= 0 && state->rules[i].calls_dates && reads)
            status = compile_dated(state, row, &state->rules[i], fault);
    /* one transaction, which nobody commits, instead of one for each row */
    return status == ATHLETE_OK ? private_db_run(&state->own, "BEGIN", fault) : status;
}

static athlete_status rules_prepare(rules_state *state, sqlite3 *db, sqlite3_value **argv,
                                    athlete_fault *fault) {
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    const char *rules = (const char *)sqlite3_value_text(argv[1]);
    if (!sql || !rules) return ATHLETE_NOMEM;
    athlete_status status = query_open(db, sql, 2, "key, values of the row", &state->rows, fault);
    if (status == ATHLETE_OK) status = rules_read_columns(state);
    if (status == ATHLETE_OK) status = rules_read(state, db, rules, fault);
    if (status == ATHLETE_OK) status = private_db_open(&state->own, db, fault);
    if (status != ATHLETE_OK) return status;
    judge_row row = {state->names, state->types, state->n_columns, state->is_read, false};
    status = judge_row_open(&state->own, &row, fault);
    if (status == ATHLETE_OK) status = judge_rules(state, &row);
    return status == ATHLETE_OK ? compile_rules(state, &row, fault) : status;
}

static athlete_status rules_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    rules_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->caller = call->db;
    return rules_prepare(state, call->db, argv, &call->fault);
}

/* --- the rows ------------------------------------------------------------------------------------------- */

static void forget_errors(rules_state *state) {
    for (size_t i = 0; i < state->n_rules; i++) {
        sqlite3_free(state->rules[i].error);
        state->rules[i].error = NULL;
        state->rules[i].is_broken = false;
    }
}

static int put_row(rules_state *state, sqlite3_stmt *put) {
    int rc = SQLITE_OK;
    for (int i = 0; i < state->n_columns && rc == SQLITE_OK; i++)
        if (state->is_read[i]) rc = sqlite3_bind_value(put, i + 1, sqlite3_column_value(state->rows, i + 1));
    return rc;
}

static bool is_end(int rc) {
    return rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT;
}

static int take_answer(rules_state *state, quality_rule *rule, sqlite3_stmt *asked, int rc) {
    athlete_fault fault;
    rule->is_broken = rc != SQLITE_ROW || sqlite3_column_int(asked, 0) == 1;
    if (rc != SQLITE_ROW && !is_end(rc) && !(rule->error = kept(&fault, "", sqlite3_errmsg(state->own.db))))
        rc = SQLITE_NOMEM;
    return is_end(rc) ? rc : SQLITE_OK;
}

static int ask_dated(rules_state *state, quality_rule *rule) {
    int rc = put_row(state, rule->dated);
    if (rc == SQLITE_OK) rc = sqlite3_step(rule->dated);
    rc = take_answer(state, rule, rule->dated, rc);
    sqlite3_reset(rule->dated);
    return rc;
}

static int ask_one(rules_state *state, quality_rule *rule) {
    char *sql = sqlite3_mprintf("SELECT NOT (%s) FROM \"the row\"", rule->predicate);
    sqlite3_stmt *one = NULL;
    int rc = sql ? sqlite3_prepare_v2(state->own.db, sql, -1, &one, NULL) : SQLITE_NOMEM;
    if (rc == SQLITE_OK) rc = sqlite3_step(one);
    rc = take_answer(state, rule, one, rc);
    sqlite3_finalize(one);
    sqlite3_free(sql);
    return rc;
}

/* One rule after the other, since it is not known which of them fails. */
static int ask_each(rules_state *state) {
    int rc = SQLITE_OK;
    for (size_t i = 0; i < state->n_rules && rc == SQLITE_OK; i++) {
        quality_rule *rule = &state->rules[i];
        if (rule->column >= 0 && !rule->dated) rc = ask_one(state, rule);
    }
    return rc;
}

/* A row that is too long for the connection breaks every rule. */
static int refuse_row(rules_state *state) {
    for (size_t i = 0; i < state->n_rules; i++) {
        quality_rule *rule = &state->rules[i];
        rule->is_broken = rule->column >= 0;
        if (rule->is_broken && !(rule->error = sqlite3_mprintf("%s", sqlite3_errstr(SQLITE_TOOBIG))))
            return SQLITE_NOMEM;
    }
    return SQLITE_OK;
}

static int judge_values(rules_state *state) {
    forget_errors(state);
    int rc = SQLITE_OK;
    if (state->put) {
        rc = put_row(state, state->put);
        if (rc == SQLITE_OK) sqlite3_step(state->put);
        int stepped = sqlite3_reset(state->put);
        if (rc == SQLITE_OK) rc = stepped;
    }
    if (rc == SQLITE_TOOBIG) return refuse_row(state);
    for (size_t i = 0; i < state->n_rules && rc == SQLITE_OK; i++)
        if (state->rules[i].dated) rc = ask_dated(state, &state->rules[i]);
    if (rc != SQLITE_OK) return rc;
    rc = sqlite3_step(state->ask);
    for (size_t i = 0; i < state->n_rules && rc == SQLITE_ROW; i++) {
        quality_rule *rule = &state->rules[i];
        if (rule->column >= 0 && !rule->dated) rule->is_broken = sqlite3_column_int(state->ask, rule->column);
    }
    sqlite3_reset(state->ask);
    return rc == SQLITE_ROW ? SQLITE_OK : is_end(rc) ? rc : ask_each(state);
}

/* First the rules that are none, then for each row those that it breaks. */
static int rules_next(athlete_call *call, void *opaque) {
    rules_state *state = opaque;
    for (;;) {
        while (state->next < state->n_rules) {
            const quality_rule *rule = &state->rules[state->next++];
            if (state->has_row ? rule->is_broken : rule->refusal != NULL) return SQLITE_ROW;
        }
        if (!state->ask) return SQLITE_DONE;
        int rc = sqlite3_step(state->rows);
        if (rc == SQLITE_DONE) return rc;
        if (rc != SQLITE_ROW) return query_fail(call, rc);
        state->has_row = true;
        state->next = 0;
        rc = judge_values(state);
        athlete_status status = status_of_code(state->own.db, rc, "a row cannot be judged: ", &call->fault);
        if (status != ATHLETE_OK) return call_fail_status(call, status);
    }
}

static void rules_column(void *opaque, sqlite3_context *context, int column) {
    const rules_state *state = opaque;
    const quality_rule *rule = &state->rules[state->next - 1];
    const char *text = column == 2 ? rule->error : column == 3 ? rule->refusal : NULL;
    if (column == 1) sqlite3_result_value(context, rule->name);
    else if (text) sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
    else if (column == 0 && state->has_row)
        sqlite3_result_value(context, sqlite3_column_value(state->rows, 0));
}

static void rules_close(void *opaque) {
    rules_state *state = opaque;
    forget_errors(state);
    for (size_t i = 0; i < state->n_rules; i++) {
        sqlite3_value_free(state->rules[i].name);
        sqlite3_free(state->rules[i].predicate);
        sqlite3_free(state->rules[i].refusal);
        sqlite3_finalize(state->rules[i].dated);
    }
    own_finalize(state->caller, &state->rows);
    sqlite3_finalize(state->put);
    sqlite3_finalize(state->ask);
    private_db_close(&state->own);
    memory_free(NULL, state->rules);
    memory_free(NULL, state->names);
    memory_free(NULL, state->types);
    memory_free(NULL, state->is_read);
    memory_free(NULL, state);
}

const athlete_table broken_rules_table = {
    .columns = "key, rule, error TEXT, refusal TEXT",
    .expected_rows = 1000,
    .open = rules_open,
    .next = rules_next,
    .column = rules_column,
    .close = rules_close,
};

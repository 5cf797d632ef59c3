#include "base/judge.h"

#include <string.h>
#include "base/function.h"
#include "base/judge_functions.h"
#include "base/query.h"
#include "base/schema_copy.h"
#include "base/sql_expression.h"

#define ROW_TABLE    "\"the row\""
#define OF_ROW       "may call only deterministic functions of SQLite"
#define OF_ROWS      "may call only deterministic functions of SQLite and of this extension"
#define READS_ROW    "may read only its own row"
#define READS_TABLES "may read only tables and views"

/* --- what the authorizer sees --------------------------------------------------------------------------- */

typedef struct verdict {
    const judge_row *row; /* NULL for a query */
    int n_selects;
    char *refusal;   /* the first thing that is not allowed */
    bool is_short;   /* of memory */
    sqlite3 *caller; /* of a query */
    bool misses_table;
    sqlite3_str *called; /* names of functions, each with a zero byte */
    const char
        *left_out; /* tables that could not be copied, each with the reason, and an empty name; or NULL */
} verdict;

static int refuse(verdict *v, char *sentence) {
    if (v->refusal) sqlite3_free(sentence);
    else v->refusal = sentence;
    v->is_short |= !v->refusal;
    return SQLITE_DENY;
}

static int judge_select(verdict *v) {
    v->n_selects++;
    if (!v->row || v->n_selects == 1) return SQLITE_OK;
    return refuse(v, sqlite3_mprintf(" has a SELECT of its own, and " READS_ROW));
}

static bool begins(const char *text, const char *with) {
    return sqlite3_strnicmp(text, with, (int)strlen(with)) == 0;
}

static int judge_read(verdict *v, const char *table, const char *column) {
    if (!v->row) {
        if (function_is_ours(table, ATHLETE_TABLE, ATHLETE_DIRECT))
            return refuse(v, sqlite3_mprintf(" calls %.60s, which runs text, and " OF_ROWS, table));
        if (begins(table, "sqlite_") || begins(table, "pragma_"))
            return refuse(v, sqlite3_mprintf(" reads %.60s, and " READS_TABLES, table));
        return SQLITE_OK;
    }
    if (strcmp(table, "the row") != 0)
        return refuse(v, sqlite3_mprintf(" reads %.60s, and " READS_ROW, table));
    for (int i = 0; v->row->is_read && i < v->row->n; i++)
        if (sqlite3_stricmp(v->row->names[i], column) == 0) v->row->is_read[i] = true;
    return SQLITE_OK;
}

static int judge_function(verdict *v, const char *name) {
    sqlite3_str_append(v->called, name, (int)strlen(name) + 1);
    if (function_is_of_row(name)) return SQLITE_OK;
    if (v->row) return refuse(v, sqlite3_mprintf(" calls %.60s, and " OF_ROW, name));
    if (function_is_of_rows(name) || function_is_ours(name, ATHLETE_SCALAR, ATHLETE_PURE)) return SQLITE_OK;
    return refuse(v, sqlite3_mprintf(" calls %.60s, and " OF_ROWS, name));
}

static int authorize(void *opaque, int action, const char *a, const char *b, const char *c, const char *d) {
    verdict *v = opaque;
    (void)c, (void)d;
    switch (action) {
    case SQLITE_SELECT: return judge_select(v);
    case SQLITE_READ: return judge_read(v, a ? a : "", b ? b : "");
    case SQLITE_FUNCTION: return judge_function(v, b ? b : "");
    case SQLITE_RECURSIVE: return SQLITE_OK; /* after a SELECT */
    default: return refuse(v, sqlite3_mprintf(" does more than read"));
    }
}

/* --- what SQLite says ----------------------------------------------------------------------------------- */

/* The reason, or NULL. */
static const char *reason_left_out(const verdict *v, const char *table) {
    const char *dot = strrchr(table, '.'), *at = v->left_out;
    for (; at && *at; at += strlen(at) + 1) {
        const char *name = at;
        at += strlen(at) + 1;
        if (sqlite3_stricmp(name, dot ? dot + 1 : table) == 0) return at;
    }
    return NULL;
}

/* Whether the caller's connection has a module of this name: such a table is there without being in any schema. */
static bool is_module(sqlite3 *db, const char *name) {
    sqlite3_stmt *list = NULL;
    bool found = false;
    if (sqlite3_prepare_v2(db, "SELECT name FROM pragma_module_list", -1, &list, NULL) != SQLITE_OK)
        return false;
    while (!found && sqlite3_step(list) == SQLITE_ROW) {
        const char *each = (const char *)sqlite3_column_text(list, 0);
        found = each && sqlite3_stricmp(each, name) == 0;
    }
    sqlite3_finalize(list);
    return found;
}

static char *sentence_of_table(verdict *v, const char *table, const char *said) {
    const char *reason = reason_left_out(v, table);
    if (reason) return sqlite3_mprintf(" reads %.60s, which %s", table, reason);
    if (v->row) return sqlite3_mprintf(" reads %.60s, and " READS_ROW, table);
    if (is_module(v->caller, table)) return sqlite3_mprintf(" reads %.60s, which is a virtual table", table);
    v->misses_table = true;
    return sqlite3_mprintf("%s", said);
}

/* The sentence of a text that could not be compiled: what the authorizer saw, or what SQLite says. On this connection there
** is no function of the host's and no virtual table, so that what is not there is what may not be used. */
static athlete_status sentence_of(verdict *v, const char *said, char **message) {
    static const char no_function[] = "no such function: ", no_table[] = "no such table: ";
    const char *function = strstr(said, no_function), *table = strstr(said, no_table);
    if (v->is_short) return ATHLETE_NOMEM;
    char *sentence = v->refusal;
    v->refusal = NULL;
    if (sentence) return sentence_refuse(message, sentence);
    if (function)
        return sentence_refuse(message,
                               sqlite3_mprintf(" calls %.60s, and %s", function + strlen(no_function),
                                               v->row ? OF_ROW : OF_ROWS));
    if (table) return sentence_refuse(message, sentence_of_table(v, table + strlen(no_table), said));
    return sentence_refuse(message, sqlite3_mprintf("%s", said));
}

/* --- the clock ------------------------------------------------------------------------------------------ */

static bool is_one_of(const char *const *list, const char *text) {
    for (; *list; list++)
        if (sqlite3_stricmp(*list, text) == 0) return true;
    return false;
}

static athlete_status refuse_clock(char **message) {
    return sentence_refuse(message,
                           sqlite3_mprintf(" asks for the time now, or of this machine's zone, and may "
                                           "call only what is deterministic"));
}

/* A function of dates asks the clock when it is given no time or 'now', and the zone of the machine for two modifiers.
** The program of the statement has the number of arguments in the name, and the texts. */
static athlete_status judge_clock(private_db *own, const char *sql, bool *calls_dates, char **message) {
    static const char *const without_time[] = {"date(0)",      "time(0)",     "datetime(0)", "julianday(0)",
                                               "unixepoch(0)", "strftime(1)", NULL};
    static const char *const of_dates[] = {"date(",      "time(",     "datetime(", "julianday(",
                                           "unixepoch(", "strftime(", "timediff(", NULL};
    static const char *const clocks[] = {"now", "localtime", "utc", NULL};
    char *explain = sqlite3_mprintf("EXPLAIN %s", sql);
    sqlite3_stmt *program = NULL;
    bool has_clock = false, has_no_time = false;
    *calls_dates = false;
    if (!explain) return ATHLETE_NOMEM;
    int rc = sqlite3_prepare_v2(own->db, explain, -1, &program, NULL);
    sqlite3_free(explain);
    while (rc == SQLITE_OK && (rc = sqlite3_step(program)) == SQLITE_ROW) {
        const char *opcode = (const char *)sqlite3_column_text(program, 1);
        const char *p4 = (const char *)sqlite3_column_text(program, 5);
        rc = SQLITE_OK;
        if (!opcode || !p4) continue;
        if (begins(opcode, "String")) has_clock |= is_one_of(clocks, p4);
        has_no_time |= is_one_of(without_time, p4);
        for (const char *const *name = of_dates; *name; name++) *calls_dates |= begins(p4, *name);
    }
    sqlite3_finalize(program);
    if (rc != SQLITE_DONE) return private_db_fail(own, rc, message);
    if (!has_no_time && !(*calls_dates && has_clock)) return ATHLETE_OK;
    return refuse_clock(message);
}

/* --- expressions ---------------------------------------------------------------------------------------- */

void judge_row_columns(sqlite3_str *out, const judge_row *row) {
    for (int i = 0; i < row->n; i++)
        sqlite3_str_appendf(out, "%s\"%w\" %s", i > 0 ? ", " : "", row->names[i],
                            row->types && row->types[i] ? row->types[i] : "");
}

/* With an expression, that is a column, too. */
static athlete_status create_row(private_db *own, const judge_row *row, const char *table,
                                 const char *expression, char **message) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "CREATE TABLE %s(", table);
    judge_row_columns(out, row);
    if (expression) sqlite3_str_appendf(out, ", \"the answer\" AS ((%s))", expression);
    sqlite3_str_appendall(out, ")");
    char *sql = sqlite3_str_finish(out);
    athlete_status status = sql ? private_db_run(own, sql, message) : ATHLETE_NOMEM;
    sqlite3_free(sql);
    return status;
}

athlete_status judge_row_open(private_db *own, const judge_row *row, char **message) {
    return create_row(own, row, ROW_TABLE, NULL, message);
}

/* Compiled as what it is. A second pair of parentheses keeps a text from ending the first. */
static athlete_status compile(private_db *own, const judge_row *row, const char *sql, char **message) {
    verdict v = {.row = row, .called = sqlite3_str_new(NULL)};
    sqlite3_stmt *statement = NULL;
    sqlite3_set_authorizer(own->db, authorize, &v);
    int rc = sqlite3_prepare_v2(own->db, sql, -1, &statement, NULL);
    sqlite3_set_authorizer(own->db, NULL, NULL);
    athlete_status status = ATHLETE_OK;
    if (rc == SQLITE_NOMEM || v.is_short) status = ATHLETE_NOMEM;
    else if (rc == SQLITE_INTERRUPT) status = ATHLETE_INTERRUPTED;
    else if (rc != SQLITE_OK) {
        char *said = sqlite3_mprintf(": %s", sqlite3_errmsg(own->db));
        status = said ? sentence_of(&v, said, message) : ATHLETE_NOMEM;
        sqlite3_free(said);
    } else if (sqlite3_bind_parameter_count(statement) > 0)
        status = sentence_refuse(message, sqlite3_mprintf(" has a parameter, which nobody binds"));
    else if (sqlite3_column_count(statement) != 1)
        status = sentence_refuse(message, sqlite3_mprintf(" has more values than one"));
    sqlite3_finalize(statement);
    sqlite3_free(sqlite3_str_finish(v.called));
    sqlite3_free(v.refusal);
    return status;
}

/* SQLite itself takes it for deterministic: it may be a generated column, and asks no clock when it is one. That it has no
** answer for a row of NULLs is no fault. */
static athlete_status judge_generated(private_db *own, const judge_row *row, const char *expression,
                                      char **message) {
    char *said = NULL;
    athlete_status status = create_row(own, row, "judged", expression, &said);
    if (status == ATHLETE_INVALID) status = sentence_refuse(message, sqlite3_mprintf(": %s", said));
    sqlite3_free(said);
    if (status != ATHLETE_OK) return status;
    said = NULL;
    status = private_db_run(own, "INSERT INTO judged DEFAULT VALUES RETURNING \"the answer\"", &said);
    if (status == ATHLETE_INVALID)
        status = begins(said, "non-deterministic") ? refuse_clock(message) : ATHLETE_OK;
    sqlite3_free(said);
    if (status == ATHLETE_OK) status = private_db_run(own, "DROP TABLE judged", message);
    else sqlite3_exec(own->db, "DROP TABLE judged", NULL, NULL, NULL);
    return status;
}

athlete_status judge_expression(private_db *own, judge_row *row, const char *expression, char **message) {
    *message = NULL;
    if (strlen(expression) > JUDGE_EXPRESSION_MAX)
        return sentence_refuse(message, sqlite3_mprintf(" is longer than %d bytes", JUDGE_EXPRESSION_MAX));
    const char *fault = sql_expression_fault(expression);
    if (fault) return sentence_refuse(message, sqlite3_mprintf(" %s", fault));
    char *sql = sqlite3_mprintf("SELECT ((%s)) FROM " ROW_TABLE, expression);
    if (!sql) return ATHLETE_NOMEM;
    athlete_status status = compile(own, row, sql, message);
    if (status == ATHLETE_OK) status = judge_clock(own, sql, &row->calls_dates, message);
    sqlite3_free(sql);
    return status == ATHLETE_OK ? judge_generated(own, row, expression, message) : status;
}

/* --- queries -------------------------------------------------------------------------------------------- */

static bool is_called(const char *called, int length, const char *name) {
    for (const char *at = called; at < called + length; at += strlen(at) + 1)
        if (sqlite3_stricmp(at, name) == 0) return true;
    return false;
}

/* ICU puts functions of its own in the place of these, on every connection. */
static bool is_of_icu(const char *name) {
    static const char *const names[] = {"like", "lower", "upper", NULL};
    return is_one_of(names, name) && sqlite3_compileoption_used("ENABLE_ICU");
}

/* Whether what the query calls is on the caller's connection what it is on our own: a program may have put another
** function in the place of SQLite's, or beside ours. */
static athlete_status judge_same(sqlite3 *db, const char *called, int length, char **message) {
    sqlite3_stmt *added = NULL;
    athlete_status status = ATHLETE_OK;
    int rc = sqlite3_prepare_v2(db, "SELECT name, narg FROM pragma_function_list WHERE NOT builtin", -1,
                                &added, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(added)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(added, 0);
        rc = name ? SQLITE_OK : SQLITE_NOMEM;
        if (!name || !is_called(called, length, name) || is_of_icu(name)) continue;
        if (function_is_ours(name, ATHLETE_SCALAR, ATHLETE_PURE) && sqlite3_column_int(added, 1) < 0)
            continue;
        status = sentence_refuse(
            message,
            sqlite3_mprintf(" calls %.60s, which the program has put in the place of SQLite's", name));
        break;
    }
    sqlite3_finalize(added);
    if (rc == SQLITE_NOMEM) return ATHLETE_NOMEM;
    if (rc == SQLITE_INTERRUPT) return ATHLETE_INTERRUPTED;
    if (rc == SQLITE_OK || rc == SQLITE_DONE) return status;
    return sentence_refuse(message,
                           sqlite3_mprintf("the functions cannot be listed: %s", sqlite3_errmsg(db)));
}

/* Compiles without being asked what is allowed: SQLite meets a table-valued function by defining its table, which for the
** authorizer is what a statement that writes the schema does. A second time it has met them all. */
static void meet_tables(private_db *own, const char *sql) {
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(own->db, sql, -1, &statement, NULL);
    sqlite3_finalize(statement);
}

static athlete_status judge_statement(private_db *own, sqlite3 *db, const char *sql, const char *left_out,
                                      bool *misses_table, char **message) {
    verdict v = {.called = sqlite3_str_new(NULL), .left_out = left_out, .caller = db};
    sqlite3_stmt *statement = NULL;
    char *said = NULL;
    bool calls_dates;
    meet_tables(own, sql);
    sqlite3_set_authorizer(own->db, authorize, &v);
    athlete_status status = query_open(own->db, sql, 1, "c1, …", &statement, &said);
    sqlite3_set_authorizer(own->db, NULL, NULL);
    sqlite3_finalize(statement);
    if (v.is_short) status = ATHLETE_NOMEM;
    if (status == ATHLETE_INVALID) status = sentence_of(&v, said + strlen("the query"), message);
    if (misses_table) *misses_table = v.misses_table;
    sqlite3_free(said);
    if (status == ATHLETE_OK) status = judge_clock(own, sql, &calls_dates, message);
    int length = sqlite3_str_length(v.called);
    char *called = sqlite3_str_finish(v.called);
    if (status == ATHLETE_OK && length > 0)
        status = called ? judge_same(db, called, length, message) : ATHLETE_NOMEM;
    sqlite3_free(called);
    sqlite3_free(v.refusal);
    return status;
}

athlete_status judge_query(sqlite3 *db, const char *sql, bool *misses_table, char **message) {
    private_db own;
    *message = NULL;
    if (misses_table) *misses_table = false;
    char *said = NULL;
    athlete_status status = private_db_open(&own, db, &said);
    if (status == ATHLETE_OK) status = private_db_add_functions(&own, &said);
    if (status == ATHLETE_INVALID)
        status = sentence_refuse(message, sqlite3_mprintf(" cannot be judged: %s", said));
    sqlite3_free(said);
    char *left_out = NULL;
    if (status == ATHLETE_OK) status = schema_copy(&own, db, sql, &left_out, message);
    if (status == ATHLETE_OK) status = judge_statement(&own, db, sql, left_out, misses_table, message);
    sqlite3_free(left_out);
    private_db_close(&own);
    return status;
}

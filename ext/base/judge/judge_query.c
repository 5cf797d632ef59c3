#include <string.h>
#include "base/binding/function.h"
#include "base/binding/query.h"
#include "base/judge/judge_functions.h"
#include "base/judge/schema_copy.h"
#include "base/judge/verdict.h"

static bool query_is_called(const char *called, int length, const char *name) {
    for (const char *at = called; at < called + length; at += strlen(at) + 1)
        if (sqlite3_stricmp(at, name) == 0) return true;
    return false;
}

/* Whether what the query calls is on the caller's connection what it is on our own: a program may have put another
** function in the place of SQLite's, or beside ours. */
static athlete_status judge_same(sqlite3 *db, const char *called, int length, athlete_fault *fault) {
    sqlite3_stmt *added = NULL;
    athlete_status status = ATHLETE_OK;
    int rc = sqlite3_prepare_v2(db, "SELECT name, narg FROM pragma_function_list WHERE NOT builtin", -1,
                                &added, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(added)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(added, 0);
        rc = name ? SQLITE_OK : SQLITE_NOMEM;
        if (!name || !query_is_called(called, length, name) || function_is_of_icu(name)) continue;
        if (function_is_ours(name, ATHLETE_SCALAR, ATHLETE_PURE) && sqlite3_column_int(added, 1) < 0)
            continue;
        status =
            fault_refuse(fault, " calls %.60s, which the program has put in the place of SQLite's", name);
        break;
    }
    sqlite3_finalize(added);
    athlete_status listed =
        status_of_code(db, rc, " cannot be judged: the functions cannot be listed: ", fault);
    return listed == ATHLETE_OK ? status : listed;
}

/* Compiles without being asked what is allowed: SQLite meets a table-valued function by defining its table, which for the
** authorizer is what a statement that writes the schema does. A second time it has met them all: so what was refused is asked again. */
static athlete_status meet_tables(private_db *own, const char *sql) {
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(own->db, sql, -1, &statement, NULL);
    sqlite3_finalize(statement);
    return rc == SQLITE_NOMEM ? ATHLETE_NOMEM : ATHLETE_OK; /* what else it says is said again */
}

static athlete_status judge_compile(private_db *own, const char *sql, verdict *v, athlete_fault *fault) {
    sqlite3_stmt *statement = NULL;
    sqlite3_set_authorizer(own->db, verdict_authorize, v);
    athlete_status status = query_open(own->db, sql, 1, "c1, …", &statement, fault);
    sqlite3_set_authorizer(own->db, NULL, NULL);
    sqlite3_finalize(statement);
    return status;
}

static athlete_status judge_statement(private_db *own, sqlite3 *db, const char *sql, const char *left_out,
                                      bool *misses_table, athlete_fault *fault) {
    verdict v = {.called = sqlite3_str_new(NULL), .left_out = left_out, .caller = db};
    bool calls_dates;
    athlete_status status = judge_compile(own, sql, &v, fault);
    if (status == ATHLETE_INVALID && (status = meet_tables(own, sql)) == ATHLETE_OK) {
        verdict_close(&v);
        v = (verdict){.called = sqlite3_str_new(NULL), .left_out = left_out, .caller = db};
        fault_clear(fault);
        status = judge_compile(own, sql, &v, fault);
    }
    if (sqlite3_str_errcode(v.called) != SQLITE_OK) status = ATHLETE_NOMEM;
    if (status == ATHLETE_INVALID) {
        fault_refuse(fault, "%s", fault->text + strlen("the query"));
        status = verdict_phrase(&v, fault);
    }
    if (misses_table) *misses_table = v.misses_table;
    if (status == ATHLETE_OK) status = verdict_on_clock(own, sql, &calls_dates, fault);
    int length = sqlite3_str_length(v.called);
    char *called = sqlite3_str_finish(v.called);
    if (status == ATHLETE_OK && length > 0)
        status = called ? judge_same(db, called, length, fault) : ATHLETE_NOMEM;
    sqlite3_free(called);
    return status;
}

athlete_status judge_query(sqlite3 *db, const char *sql, bool *misses_table, athlete_fault *fault) {
    private_db own;
    if (misses_table) *misses_table = false;
    athlete_status status = private_db_open(&own, db, fault);
    if (status == ATHLETE_OK) status = private_db_add_functions(&own, fault);
    if (status == ATHLETE_OK) status = verdict_tell_clocks(&own, fault);
    if (status == ATHLETE_INVALID) fault_refuse(fault, " cannot be judged: %s", fault->text);
    char *left_out = NULL;
    if (status == ATHLETE_OK) status = schema_copy(&own, db, sql, &left_out, fault);
    if (status == ATHLETE_OK) status = judge_statement(&own, db, sql, left_out, misses_table, fault);
    sqlite3_free(left_out);
    private_db_close(&own);
    return status;
}

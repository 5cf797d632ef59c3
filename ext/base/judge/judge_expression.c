#include <string.h>
#include "base/binding/function.h"
#include "base/judge/verdict.h"
#include "base/text/sql_expression.h"

#define ROW_TABLE "\"the row\""

void judge_row_columns(sqlite3_str *out, const judge_row *row) {
    for (int i = 0; i < row->n; i++)
        sqlite3_str_appendf(out, "%s\"%w\" %s", i > 0 ? ", " : "", row->names[i],
                            row->types && row->types[i] ? row->types[i] : "");
}

/* Each of n expressions is a column, too. */
static athlete_status create_row(private_db *own, const judge_row *row, const char *table,
                                 const char *const *expressions, size_t n, athlete_fault *fault) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "CREATE TABLE %s(", table);
    judge_row_columns(out, row);
    for (size_t i = 0; i < n; i++)
        sqlite3_str_appendf(out, ", \"the answer %d\" AS ((%s))", (int)i, expressions[i]);
    sqlite3_str_appendall(out, ")");
    char *sql = sqlite3_str_finish(out);
    athlete_status status = sql ? private_db_run(own, sql, fault) : ATHLETE_NOMEM;
    sqlite3_free(sql);
    return status;
}

athlete_status judge_row_open(private_db *own, const judge_row *row, athlete_fault *fault) {
    athlete_status status = verdict_tell_clocks(own, fault);
    return status == ATHLETE_OK ? create_row(own, row, ROW_TABLE, NULL, 0, fault) : status;
}

/* Compiled as what it is. A second pair of parentheses keeps a text from ending the first. */
static athlete_status expression_compile(private_db *own, const judge_row *row, const char *sql,
                                         athlete_fault *fault) {
    verdict v = {.row = row, .called = sqlite3_str_new(NULL)};
    sqlite3_stmt *statement = NULL;
    sqlite3_set_authorizer(own->db, verdict_authorize, &v);
    int rc = sqlite3_prepare_v2(own->db, sql, -1, &statement, NULL);
    sqlite3_set_authorizer(own->db, NULL, NULL);
    athlete_status status = ATHLETE_OK;
    if (rc == SQLITE_NOMEM) status = ATHLETE_NOMEM;
    else if (rc == SQLITE_INTERRUPT) status = ATHLETE_INTERRUPTED;
    else if (rc != SQLITE_OK) {
        fault_refuse(fault, ": %s", sqlite3_errmsg(own->db));
        status = verdict_phrase(&v, fault);
    } else if (sqlite3_bind_parameter_count(statement) > 0)
        status = fault_refuse(fault, " has a parameter, which nobody binds");
    else if (sqlite3_column_count(statement) != 1) status = fault_refuse(fault, " has more values than one");
    sqlite3_finalize(statement);
    verdict_close(&v);
    return status;
}

/* INSERT INTO judged DEFAULT VALUES RETURNING each answer. */
static athlete_status ask_answers(private_db *own, size_t n, athlete_fault *fault) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendall(out, "INSERT INTO judged DEFAULT VALUES RETURNING");
    for (size_t i = 0; i < n; i++) sqlite3_str_appendf(out, "%s \"the answer %d\"", i ? "," : "", (int)i);
    char *sql = sqlite3_str_finish(out);
    athlete_status status = sql ? private_db_run(own, sql, fault) : ATHLETE_NOMEM;
    sqlite3_free(sql);
    return status;
}

athlete_status judge_generated(private_db *own, const judge_row *row, const char *const *expressions,
                               size_t n, athlete_fault *fault) {
    athlete_status status = create_row(own, row, "judged", expressions, n, fault);
    if (status == ATHLETE_INVALID) status = fault_refuse(fault, ": %s", fault->text);
    if (status != ATHLETE_OK) return status;
    status = ask_answers(own, n, fault);
    if (status == ATHLETE_INVALID && n == 1)
        status = text_begins(fault->text, "non-deterministic") ? refuse_clock(fault) : ATHLETE_OK;
    if (status == ATHLETE_OK) status = private_db_run(own, "DROP TABLE judged", fault);
    else sqlite3_exec(own->db, "DROP TABLE judged", NULL, NULL, NULL);
    return status;
}

athlete_status judge_compiled(private_db *own, judge_row *row, const char *expression, athlete_fault *fault) {
    if (strlen(expression) > JUDGE_EXPRESSION_MAX)
        return fault_refuse(fault, " is longer than %d bytes", JUDGE_EXPRESSION_MAX);
    const char *form = sql_expression_fault(expression);
    if (form) return fault_refuse(fault, " %s", form);
    char *sql = sqlite3_mprintf("SELECT ((%s)) FROM " ROW_TABLE, expression);
    if (!sql) return ATHLETE_NOMEM;
    athlete_status status = expression_compile(own, row, sql, fault);
    if (status == ATHLETE_OK) status = verdict_on_clock(own, sql, &row->calls_dates, fault);
    sqlite3_free(sql);
    return status;
}

athlete_status judge_expression(private_db *own, judge_row *row, const char *expression,
                                athlete_fault *fault) {
    athlete_status status = judge_compiled(own, row, expression, fault);
    return status == ATHLETE_OK ? judge_generated(own, row, &expression, 1, fault) : status;
}

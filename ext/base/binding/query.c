#include "base/binding/query.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include "base/own_statement.h"

/* The text after blanks, semicolons (if asked) and comments. */
static const char *skip_noise(const char *sql, bool semicolons) {
    for (;;) {
        while (*sql == ' ' || (*sql >= '\t' && *sql <= '\r') || (semicolons && *sql == ';')) sql++;
        if (sql[0] == '-' && sql[1] == '-') {
            while (*sql && *sql != '\n') sql++;
        } else if (sql[0] == '/' && sql[1] == '*') {
            const char *end = strstr(sql + 2, "*/");
            sql = end ? end + 2 : sql + strlen(sql);
        } else {
            return sql;
        }
    }
}

static bool starts_with_word(const char *sql, const char *word) {
    size_t n = strlen(word);
    return sqlite3_strnicmp(sql, word, (int)n) == 0 && !((sql[n] | 32) >= 'a' && (sql[n] | 32) <= 'z') &&
           sql[n] != '_';
}

static athlete_status query_bind(sqlite3_stmt *statement, int n_values, sqlite3_value **values,
                                 athlete_fault *fault) {
    int n = sqlite3_bind_parameter_count(statement);
    if (n > 0 && n_values == 0)
        return fault_refuse(fault, "the query has parameters, which cannot be bound here");
    if (n > n_values)
        return fault_refuse(fault, "the query has %d parameters, %d values are given", n, n_values);
    for (int i = 0; i < n; i++) {
        int rc = sqlite3_bind_value(statement, i + 1, values[i]);
        if (rc != SQLITE_OK) return status_of_code(sqlite3_db_handle(statement), rc, "", fault);
    }
    return ATHLETE_OK;
}

athlete_status query_open(sqlite3 *db, const char *sql, int columns, const char *form,
                          sqlite3_stmt **statement, athlete_fault *fault) {
    return query_open_values(db, sql, columns, form, 0, NULL, statement, fault);
}

athlete_status query_open_values(sqlite3 *db, const char *sql, int columns, const char *form, int n_values,
                                 sqlite3_value **values, sqlite3_stmt **statement, athlete_fault *fault) {
    *statement = NULL;
    const char *start = skip_noise(sql, false);
    if (!starts_with_word(start, "SELECT") && !starts_with_word(start, "WITH") &&
        !starts_with_word(start, "VALUES")) {
        return fault_refuse(fault, "the query must be one SELECT, it starts with '%.20s'", start);
    }
    const char *tail = NULL;
    athlete_status status =
        status_of_code(db, own_prepare(db, sql, statement, &tail), "the query cannot be run: ", fault);
    if (status != ATHLETE_OK) return status;
    const char *more = skip_noise(tail, true);
    int n = sqlite3_column_count(*statement);
    if (*more) status = fault_refuse(fault, "the query must be one SELECT, more follows it: '%.20s'", more);
    else if (!sqlite3_stmt_readonly(*statement)) status = fault_refuse(fault, "the query must only read");
    else status = query_bind(*statement, n_values, values, fault);
    if (status == ATHLETE_OK && n < columns)
        status =
            fault_refuse(fault, "the query must have at least %d columns (%s), it has %d", columns, form, n);
    if (status == ATHLETE_OK) return status;
    sqlite3_finalize(*statement);
    *statement = NULL;
    return status;
}

/* The caller's query must stand on its own before it is put inside another. */
athlete_status query_open_in_order(sqlite3 *db, const char *sql, int columns, const char *form,
                                   const char *head, const char *order, sqlite3_stmt **statement,
                                   athlete_fault *fault) {
    athlete_status status = query_open(db, sql, columns, form, statement, fault);
    if (status != ATHLETE_OK) return status;
    int n = sqlite3_column_count(*statement);
    const char *text = sqlite3_sql(*statement); /* the one statement, with its semicolon */
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] == ';') length--;
    /* A line of its own for the bracket, since the text may end in a comment. */
    char *ordered =
        n != columns || length > INT_MAX
            ? NULL
            : sqlite3_mprintf(
                  "SELECT * FROM (SELECT %s WHERE 0 UNION ALL SELECT * FROM (%.*s\n)) ORDER BY %s", head,
                  (int)length, text, order);
    sqlite3_finalize(*statement);
    *statement = NULL;
    if (n != columns)
        return fault_refuse(fault, "the query must have %d columns (%s), it has %d", columns, form, n);
    status = ordered ? query_open(db, ordered, columns, form, statement, fault) : ATHLETE_NOMEM;
    sqlite3_free(ordered);
    return status;
}

bool query_again(sqlite3 *db, const char *sql, int n_values, sqlite3_value **values,
                 sqlite3_stmt **statement) {
    const char *own = own_sql(db, statement);
    if (!own || !sql || strcmp(own, sql) != 0) return false;
    sqlite3_reset(*statement);
    athlete_fault fault;
    return query_bind(*statement, n_values, values, &fault) == ATHLETE_OK;
}

typedef int (*comparison)(const char *, const char *);

static int query_column_by(sqlite3_stmt *query, const char *name, comparison compare) {
    int found = 0;
    for (int c = 1; c < sqlite3_column_count(query); c++) {
        const char *other = sqlite3_column_name(query, c);
        if (!other || compare(name, other) != 0) continue;
        if (found) return -1;
        found = c;
    }
    return found;
}

int query_column(sqlite3_stmt *query, const char *name) {
    int exact = query_column_by(query, name, strcmp);
    return exact != 0 ? exact : query_column_by(query, name, sqlite3_stricmp);
}

int query_fail(athlete_call *call, int code) {
    return call_fail_status(call, status_of_code(call->db, code, "the query failed: ", &call->fault));
}

#include "base/binding/query.h"

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

athlete_status query_open(sqlite3 *db, const char *sql, int columns, const char *form,
                          sqlite3_stmt **statement, char **message) {
    *statement = NULL;
    *message = NULL;
    const char *start = skip_noise(sql, false);
    if (!starts_with_word(start, "SELECT") && !starts_with_word(start, "WITH") &&
        !starts_with_word(start, "VALUES")) {
        return sentence_refuse(
            message, sqlite3_mprintf("the query must be one SELECT, it starts with '%.20s'", start));
    }
    const char *tail = NULL;
    int rc = own_prepare(db, sql, statement, &tail);
    if (rc == SQLITE_NOMEM) return ATHLETE_NOMEM;
    if (rc == SQLITE_INTERRUPT) return ATHLETE_INTERRUPTED;
    if (rc != SQLITE_OK)
        return sentence_refuse(message, sqlite3_mprintf("the query cannot be run: %s", sqlite3_errmsg(db)));
    char *sentence = NULL;
    if (*skip_noise(tail, true)) {
        sentence =
            sqlite3_mprintf("the query must be one SELECT, more follows it: '%.20s'", skip_noise(tail, true));
    } else if (!sqlite3_stmt_readonly(*statement)) {
        sentence = sqlite3_mprintf("the query must only read");
    } else if (sqlite3_bind_parameter_count(*statement) > 0) {
        sentence = sqlite3_mprintf("the query has parameters, which cannot be bound here");
    } else if (sqlite3_column_count(*statement) < columns) {
        sentence = sqlite3_mprintf("the query must have at least %d columns (%s), it has %d", columns, form,
                                   sqlite3_column_count(*statement));
    } else {
        return ATHLETE_OK;
    }
    sqlite3_finalize(*statement);
    *statement = NULL;
    return sentence_refuse(message, sentence);
}

int query_fail(athlete_call *call, int code) {
    if (code == SQLITE_NOMEM) return call_fail_status(call, ATHLETE_NOMEM, NULL);
    if (code == SQLITE_INTERRUPT) return call_fail_status(call, ATHLETE_INTERRUPTED, NULL);
    return call_fail(call, "the query failed: %s", sqlite3_errmsg(call->db));
}

#include "base/binding/model_reference.h"

#include <string.h>

static const char by_alias[] =
    "SELECT v.model_json FROM ml_aliases AS a JOIN ml_model_versions AS v USING (model, version) "
    "WHERE a.model = ?1 AND a.alias = ?2";
static const char by_number[] =
    "SELECT model_json FROM ml_model_versions WHERE model = ?1 AND version = CAST(?2 AS INTEGER)";

static bool begins_name(char c) {
    return ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
}

static bool continues_name(char c) {
    return c >= '0' && c <= '9';
}

static size_t name_length(const char *text) {
    size_t n = 0;
    while (begins_name(text[n]) || (n && continues_name(text[n]))) n++;
    return n;
}

static size_t number_length(const char *text) {
    size_t n = 0;
    while (n < 10 && continues_name(text[n])) n++;
    return n;
}

bool model_is_reference(const char *text) {
    size_t n = name_length(text);
    if (!n || (text[n] != '@' && text[n] != '/')) return false;
    const char *which = text + n + 1;
    size_t length = text[n] == '@' ? name_length(which) : number_length(which);
    return length && !which[length];
}

static athlete_status reference_step(sqlite3 *db, sqlite3_stmt *statement, const char *reference, char **text,
                                     athlete_fault *fault) {
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE) return fault_refuse(fault, "the registry has no model %.200s", reference);
    if (rc != SQLITE_ROW) return status_of_code(db, rc, "the registry cannot be read: ", fault);
    const char *found = (const char *)sqlite3_column_text(statement, 0);
    *text = found ? sqlite3_mprintf("%s", found) : NULL;
    return *text ? ATHLETE_OK : ATHLETE_NOMEM;
}

athlete_status model_reference_read(sqlite3 *db, const char *reference, char **text, athlete_fault *fault) {
    *text = NULL;
    int n = (int)name_length(reference);
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, reference[n] == '@' ? by_alias : by_number, -1, &statement, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_bind_text(statement, 1, reference, n, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_bind_text(statement, 2, reference + n + 1, -1, SQLITE_STATIC);
    athlete_status status = rc == SQLITE_OK ? reference_step(db, statement, reference, text, fault)
                                            : status_of_code(db, rc, "the registry cannot be read: ", fault);
    sqlite3_finalize(statement);
    return status;
}

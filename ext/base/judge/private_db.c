#include "base/judge/private_db.h"

#include <string.h>
#include "base/binding/function.h"

#define POLL_STEPS 1000 /* instructions of a statement, some tens of microseconds */

static int private_db_stop(void *poll) {
    return poll_now(poll);
}

void private_db_progress(sqlite3 *db, int steps, int (*stop_now)(void *), void *argument) {
    if (!sqlite3_compileoption_used("OMIT_PROGRESS_CALLBACK"))
        sqlite3_progress_handler(db, steps, stop_now, argument);
}

static void restrict_it(sqlite3 *db) {
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, PRIVATE_LENGTH_MAX);
}

bool function_is_of_icu(const char *name) {
    static const char *const names[] = {"like", "lower", "upper"};
    for (int i = 0; i < 3; i++)
        if (sqlite3_stricmp(name, names[i]) == 0) return sqlite3_compileoption_used("ENABLE_ICU");
    return false;
}

static void forget_function(sqlite3 *db, const char *name, int n_arguments) {
    if (function_is_of_icu(name)) return;
    static const int encodings[] = {SQLITE_UTF8, SQLITE_UTF16LE, SQLITE_UTF16BE};
    for (int i = 0; i < 3; i++)
        sqlite3_create_function_v2(db, name, n_arguments, encodings[i], NULL, NULL, NULL, NULL, NULL);
}

static void forget_collation(sqlite3 *db, const char *name, int unused) {
    (void)unused;
    sqlite3_create_collation_v2(db, name, SQLITE_UTF8, NULL, NULL, NULL);
}

/* Forgets each that `list` names. The names are read first: nothing can be taken away while a statement runs. */
static int forget_all(sqlite3 *db, const char *list, void (*forget)(sqlite3 *, const char *, int)) {
    sqlite3_stmt *query = NULL;
    sqlite3_str *names = sqlite3_str_new(NULL);
    int n = 0, rc = sqlite3_prepare_v2(db, list, -1, &query, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(query)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(query, 0);
        rc = name ? SQLITE_OK : SQLITE_NOMEM;
        sqlite3_str_appendf(names, "%d %s", sqlite3_column_int(query, 1), name);
        sqlite3_str_appendchar(names, 1, '\0');
        n++;
    }
    sqlite3_finalize(query);
    char *text = sqlite3_str_finish(names);
    if (n > 0 && !text) rc = SQLITE_NOMEM;
    const char *at = text;
    for (int i = 0; i < n && rc == SQLITE_DONE; i++, at += strlen(at) + 1) {
        bool any = *at == '-';
        int n_arguments = 0;
        const char *name = at + any;
        for (; *name != ' '; name++) n_arguments = 10 * n_arguments + (*name - '0');
        forget(db, name + 1, any ? -1 : n_arguments);
    }
    sqlite3_free(text);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int strip(sqlite3 *db) {
    static const char *const kept[] = {"json_each", "json_tree", NULL};
    int rc = forget_all(db, "SELECT name, narg FROM pragma_function_list WHERE NOT builtin", forget_function);
    if (rc == SQLITE_OK)
        rc = forget_all(
            db, "SELECT name, 0 FROM pragma_collation_list WHERE name NOT IN ('BINARY', 'NOCASE', 'RTRIM')",
            forget_collation);
    if (rc == SQLITE_OK) rc = sqlite3_collation_needed(db, NULL, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_set_authorizer(db, NULL, NULL);
    return rc == SQLITE_OK ? sqlite3_drop_modules(db, (const char **)(size_t)kept) : rc;
}

athlete_status private_db_fail(private_db *own, int rc, athlete_fault *fault) {
    return status_of_code(own->db, rc, "", fault);
}

athlete_status private_db_open(private_db *own, sqlite3 *caller, athlete_fault *fault) {
    *own = (private_db){.db = NULL};
    poll_begin(&own->poll, caller);
    int rc = sqlite3_open_v2(":memory:", &own->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, NULL);
    if (rc == SQLITE_OK) {
        restrict_it(own->db);
        rc = sqlite3_exec(own->db, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
    }
    if (rc == SQLITE_OK) rc = strip(own->db);
    if (rc == SQLITE_OK) private_db_progress(own->db, POLL_STEPS, private_db_stop, &own->poll);
    return private_db_fail(own, own->db ? rc : SQLITE_NOMEM, fault);
}

athlete_status private_db_add_functions(private_db *own, athlete_fault *fault) {
    for (int i = 0; athlete_domains[i]; i++) {
        int rc = domain_register(own->db, athlete_domains[i], fault);
        if (rc != SQLITE_OK) return rc == SQLITE_NOMEM ? ATHLETE_NOMEM : ATHLETE_INVALID;
    }
    return ATHLETE_OK;
}

athlete_status private_db_run(private_db *own, const char *sql, athlete_fault *fault) {
    return private_db_fail(own, sqlite3_exec(own->db, sql, NULL, NULL, NULL), fault);
}

void private_db_close(private_db *own) {
    sqlite3_close(own->db);
    own->db = NULL;
    poll_end(&own->poll);
}

#include "base/binding/private_db.h"

#include "base/binding/function.h"

#define POLL_STEPS 1000 /* instructions of a statement, some tens of microseconds */

static int private_db_stop(void *poll) {
    return poll_now(poll);
}

static void restrict_it(sqlite3 *db) {
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, PRIVATE_LENGTH_MAX);
}

athlete_status private_db_fail(private_db *own, int rc, char **message) {
    if (rc == SQLITE_OK) return ATHLETE_OK;
    if (rc == SQLITE_NOMEM) return ATHLETE_NOMEM;
    if (rc == SQLITE_INTERRUPT) return ATHLETE_INTERRUPTED;
    return sentence_refuse(message, sqlite3_mprintf("%s", sqlite3_errmsg(own->db)));
}

athlete_status private_db_open(private_db *own, sqlite3 *caller, char **message) {
    *own = (private_db){.db = NULL};
    poll_begin(&own->poll, caller);
    int rc = sqlite3_open_v2(":memory:", &own->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, NULL);
    if (rc == SQLITE_OK) {
        restrict_it(own->db);
        rc = sqlite3_exec(own->db, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
    }
    if (rc == SQLITE_OK) sqlite3_progress_handler(own->db, POLL_STEPS, private_db_stop, &own->poll);
    return private_db_fail(own, own->db ? rc : SQLITE_NOMEM, message);
}

athlete_status private_db_add_functions(private_db *own, char **message) {
    for (int i = 0; athlete_domains[i]; i++) {
        char *sentence = NULL;
        int rc = domain_register(own->db, athlete_domains[i], &sentence);
        if (rc == SQLITE_NOMEM) sqlite3_free(sentence);
        if (rc == SQLITE_NOMEM) return ATHLETE_NOMEM;
        if (rc != SQLITE_OK) return sentence_refuse(message, sentence);
    }
    return ATHLETE_OK;
}

athlete_status private_db_run(private_db *own, const char *sql, char **message) {
    return private_db_fail(own, sqlite3_exec(own->db, sql, NULL, NULL, NULL), message);
}

void private_db_close(private_db *own) {
    sqlite3_close(own->db);
    own->db = NULL;
    poll_end(&own->poll);
}

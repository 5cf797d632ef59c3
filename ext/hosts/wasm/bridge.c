/* What JavaScript cannot say to SQLite by itself: 64-bit arguments, lists of varying length, and how a file of anyone's is opened. */
#include <string.h>
#include "athlete.h"

/* The bytes of a file as a database in memory with athlete's functions: whatever is asked of it changes this copy alone. On failure
** *message says why (sqlite3_free it), and there is no database. Beyond sqlite3_malloc64's bytes nothing of the caller's is kept. */
sqlite3 *bridge_open(const unsigned char *bytes, int n, char **message) {
    sqlite3 *db = NULL;
    *message = NULL;
    unsigned char *copy = sqlite3_malloc64((sqlite3_uint64)n + 1);
    int rc = copy ? sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL)
                  : SQLITE_NOMEM;
    if (rc == SQLITE_OK) {
        memcpy(copy, bytes, (size_t)n);
        if (n >= 20 && copy[18] == 2)
            copy[18] = copy[19] = 1; /* a file in WAL mode: its log, a file of its own, did not come */
        rc = sqlite3_deserialize(db, "main", copy, n, n,
                                 SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
        copy = NULL;
    }
    sqlite3_free(copy);
    if (rc == SQLITE_OK) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
        rc = sqlite3_athlete_init(db, message, NULL);
    }
    if (rc == SQLITE_OK) rc = sqlite3_exec(db, "SELECT 1 FROM sqlite_schema", NULL, NULL, message);
    if (rc == SQLITE_OK) return db;
    if (!*message) *message = sqlite3_mprintf("%s", db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
    sqlite3_close(db);
    return NULL;
}

/* A whole number that fits into a double, which is all that JavaScript has. */
int bridge_bind_integer(sqlite3_stmt *statement, int i, double value) {
    return sqlite3_bind_int64(statement, i, (sqlite3_int64)value);
}

/* The database as the bytes of a file, *n of them; sqlite3_free them. */
unsigned char *bridge_bytes(sqlite3 *db, int *n) {
    sqlite3_int64 size = 0;
    unsigned char *bytes = sqlite3_serialize(db, "main", &size, 0);
    *n = (int)size;
    return bytes;
}

/* Loads the extension that it is given, as a file, and prints its version. */
#include <stdio.h>
#include "sqlite3.h"

static int print_row(void *unused, int n, char **values, char **names) {
    (void)unused, (void)n, (void)names;
    printf("athlete %s\n", values[0]);
    return 0;
}

int main(int argc, char **argv) {
    sqlite3 *db;
    char *message = NULL;
    int rc = argc == 2 ? sqlite3_open(":memory:", &db) : SQLITE_MISUSE;
    if (rc == SQLITE_OK) rc = sqlite3_enable_load_extension(db, 1);
    if (rc == SQLITE_OK) rc = sqlite3_load_extension(db, argv[1], NULL, &message);
    if (rc == SQLITE_OK) rc = sqlite3_exec(db, "SELECT athlete_version()", print_row, NULL, &message);
    if (rc != SQLITE_OK) printf("%d: %s\n", rc, message ? message : "");
    return rc;
}

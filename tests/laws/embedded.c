/* A program that embeds athlete (ext/athlete.h): registers it twice on one connection and runs the queries that it is
** given. Prints the first column of every row. */
#include <stdio.h>
#include "athlete.h"

static int print_row(void *unused, int n, char **values, char **names) {
    (void)unused, (void)names;
    if (n > 0) puts(values[0] ? values[0] : "NULL");
    return 0;
}

int main(int argc, char **argv) {
    sqlite3 *db;
    char *message = NULL;
    int rc = sqlite3_open(":memory:", &db);
    for (int times = 0; times < 2 && rc == SQLITE_OK; times++) rc = sqlite3_athlete_init(db, &message, NULL);
    for (int i = 1; i < argc && rc == SQLITE_OK; i++)
        rc = sqlite3_exec(db, argv[i], print_row, NULL, &message);
    if (rc != SQLITE_OK) fprintf(stderr, "%s\n", message ? message : sqlite3_errmsg(db));
    sqlite3_free(message);
    sqlite3_close(db);
    return rc;
}

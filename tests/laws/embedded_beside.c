/* A program that has a memory_alloc and a date_parse of its own, and links athlete beside them. */
#include <stdio.h>
#include "athlete.h"

const char *memory_alloc(void);
int date_parse(int day);

const char *memory_alloc(void) {
    return "ours";
}

int date_parse(int day) {
    return day + 1;
}

int main(void) {
    sqlite3 *db;
    sqlite3_stmt *query = NULL;
    sqlite3_open(":memory:", &db);
    int rc = sqlite3_athlete_init(db, NULL, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_prepare_v2(db, "SELECT week_start('2024-02-29')", -1, &query, NULL);
    if (rc == SQLITE_OK && sqlite3_step(query) == SQLITE_ROW)
        printf("%s %d %s\n", memory_alloc(), date_parse(29), (const char *)sqlite3_column_text(query, 0));
    sqlite3_finalize(query);
    return sqlite3_close(db);
}

/* Times lookups in one SQLite file, each mode printing seconds and lookups: "1.234 1000000 <checksum>".
**
**     asof_seeks <library> <database> <mode> <labels: a table or a SELECT in brackets; or the number of entities>
**
** raw      a prepared SELECT … ORDER BY event_timestamp DESC LIMIT 1, bound, stepped and reset for each label
** join     the labels joined with asof in one statement
** online   one entity's newest row by asof, a prepared statement in one read transaction; prints also p50 and p99 in µs
** plain    the same as a plain SELECT on the table
** scan     the sum of the six features over all rows */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static sqlite3 *db;

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void check(int rc) {
    if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE) return;
    fprintf(stderr, "%s\n", sqlite3_errmsg(db));
    exit(1);
}

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement;
    check(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
    return statement;
}

static double sum_of(sqlite3_stmt *statement, int first) {
    double sum = 0;
    for (int i = 0; i < 6; i++) sum += sqlite3_column_double(statement, first + i);
    return sum;
}

#define FEATURES "f.ctl, f.atl, f.tsb, f.acwr, f.monotony, f.runs"

static void raw(const char *labels) {
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT athlete_id, at FROM %s", labels);
    sqlite3_stmt *label = prepare(sql);
    sqlite3_stmt *seek =
        prepare("SELECT " FEATURES " FROM features AS f WHERE athlete_id = ?1 AND event_timestamp <= ?2"
                " AND available_at <= ?2 ORDER BY event_timestamp DESC LIMIT 1");
    double sum = 0, started = now_s();
    long n = 0;
    while (sqlite3_step(label) == SQLITE_ROW) {
        sqlite3_bind_int64(seek, 1, sqlite3_column_int64(label, 0));
        sqlite3_bind_text(seek, 2, (const char *)sqlite3_column_text(label, 1), sqlite3_column_bytes(label, 1),
                          SQLITE_STATIC);
        if (sqlite3_step(seek) == SQLITE_ROW) sum += sum_of(seek, 0);
        sqlite3_reset(seek);
        n++;
    }
    printf("%.4f %ld %.6f\n", now_s() - started, n, sum);
    sqlite3_finalize(seek);
    sqlite3_finalize(label);
}

static void join(const char *labels) {
    char sql[300];
    snprintf(sql, sizeof sql,
             "SELECT " FEATURES " FROM %s AS r LEFT JOIN f ON f.athlete_id = r.athlete_id AND f.as_of = r.at", labels);
    sqlite3_stmt *joined = prepare(sql);
    double sum = 0, started = now_s();
    long n = 0;
    for (; sqlite3_step(joined) == SQLITE_ROW; n++) sum += sum_of(joined, 0);
    printf("%.4f %ld %.6f\n", now_s() - started, n, sum);
    sqlite3_finalize(joined);
}

static void scan(void) {
    sqlite3_stmt *all = prepare("SELECT sum(ctl + atl + tsb + acwr + monotony + runs), count(*) FROM features");
    double started = now_s();
    check(sqlite3_step(all));
    printf("%.4f %lld %.6f\n", now_s() - started, sqlite3_column_int64(all, 1), sqlite3_column_double(all, 0));
    sqlite3_finalize(all);
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

enum { READS = 1000000 };
static float us[READS];

static void online(const char *sql, int entities) {
    sqlite3_stmt *read = prepare(sql);
    unsigned long long state = 12345;
    double sum = 0;
    for (int timed = 0; timed < 3; timed++) { /* a first round warms up, the last takes the time of each */
        double started = now_s(), before = started;
        for (int i = 0; i < READS; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            sqlite3_bind_int64(read, 1, (sqlite3_int64)(state >> 33) % entities + 1);
            if (sqlite3_step(read) == SQLITE_ROW) sum += sum_of(read, 0);
            sqlite3_reset(read);
            if (timed < 2) continue;
            double after = now_s();
            us[i] = (float)((after - before) * 1e6);
            before = after;
        }
        if (timed == 1) printf("%.4f %d %.6f", now_s() - started, READS, sum);
    }
    qsort(us, READS, sizeof *us, ascending);
    printf(" %.2f %.2f\n", (double)us[READS / 2], (double)us[READS / 100 * 99]);
    sqlite3_finalize(read);
}

int main(int argc, char **argv) {
    if (argc < 5) return 2;
    check(sqlite3_open_v2(argv[2], &db, SQLITE_OPEN_READONLY, NULL));
    sqlite3_enable_load_extension(db, 1);
    char *message = NULL;
    if (sqlite3_load_extension(db, argv[1], NULL, &message)) return fprintf(stderr, "%s\n", message), 1;
    check(sqlite3_exec(db, "CREATE VIRTUAL TABLE temp.f USING asof(features, entity=athlete_id);"
                           "CREATE VIRTUAL TABLE temp.p USING asof(people, entity=athlete_id)", NULL, NULL, NULL));
    check(sqlite3_exec(db, "PRAGMA mmap_size = 4000000000; BEGIN", NULL, NULL, NULL));
    if (strcmp(argv[3], "raw") == 0) raw(argv[4]);
    else if (strcmp(argv[3], "join") == 0) join(argv[4]);
    else if (strcmp(argv[3], "scan") == 0) scan();
    else if (strcmp(argv[3], "online") == 0)
        online("SELECT " FEATURES " FROM p AS f WHERE athlete_id = ?1", atoi(argv[4]));
    else if (strcmp(argv[3], "plain") == 0)
        online("SELECT " FEATURES " FROM people AS f WHERE athlete_id = ?1 ORDER BY event_timestamp DESC LIMIT 1",
               atoi(argv[4]));
    else return 2;
    check(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    return sqlite3_close(db) != SQLITE_OK;
}

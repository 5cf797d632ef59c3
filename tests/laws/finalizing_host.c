/* A host that finalizes whatever statement it finds on its connection, also those of virtual tables:
**
**     finalizing_host DATABASE STATEMENTS RUNS SEED
**
** STATEMENTS has one on each line; those that begin with CREATE are run on every connection first. A run opens the
** database, prepares, steps and resets statements at random, now and then finalizes all that it finds and goes on, and
** closes in one of several ways. What a statement returns must not depend on any of it. Prints how many statements were
** read to their end, how many times all were finalized, and of the statements found then how many were not its own. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "athlete.h"

#define MAX_LINES   500
#define MAX_OPEN    8
#define ACTIONS     24
#define MOST_STEPS  12
#define LINE_LENGTH 100000

static char *lines[MAX_LINES];
static uint64_t answers[MAX_LINES];
static int n_lines, n_first; /* those from n_first on are chosen from */
static uint64_t seed;
static long n_read, n_times, n_foreign;

typedef struct open_statement {
    sqlite3_stmt *statement;
    int line;
    uint64_t digest; /* of the rows so far */
} open_statement;

static unsigned dice(unsigned sides) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % sides;
}

static void fail(sqlite3 *db, const char *what, const char *sql) {
    fprintf(stderr, "%s: %s\n%s\n", what, sqlite3_errmsg(db), sql);
    exit(1);
}

static uint64_t mix(uint64_t digest, const void *bytes, int n) {
    for (int i = 0; i < n; i++) digest = (digest ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
    return (digest ^ 0xff) * 1099511628211u;
}

static void read_lines(const char *path) {
    static char line[LINE_LENGTH];
    FILE *in = fopen(path, "r");
    if (!in) exit(2);
    while (n_lines < MAX_LINES && fgets(line, sizeof line, in)) {
        if (strncmp(line, "CREATE", 6) == 0) n_first = n_lines + 1;
        lines[n_lines] = malloc(strlen(line) + 1);
        strcpy(lines[n_lines++], line);
    }
    fclose(in);
}

static sqlite3 *open_database(const char *path) {
    sqlite3 *db;
    char *message = NULL;
    if (sqlite3_open(path, &db) != SQLITE_OK) fail(db, "open", path);
    if (sqlite3_athlete_init(db, &message, NULL) != SQLITE_OK) fail(db, "load", message);
    for (int i = 0; i < n_first; i++)
        if (sqlite3_exec(db, lines[i], NULL, NULL, NULL) != SQLITE_OK) fail(db, "create", lines[i]);
    return db;
}

static void prepare(sqlite3 *db, open_statement *own, int line) {
    *own = (open_statement){.line = line};
    if (sqlite3_prepare_v2(db, lines[line], -1, &own->statement, NULL) != SQLITE_OK) fail(db, "prepare", lines[line]);
}

/* True while there are rows. At the end the digest is compared with `expected`, unless that is NULL. */
static int step(sqlite3 *db, open_statement *own, const uint64_t *expected) {
    int rc = sqlite3_step(own->statement);
    if (rc == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(own->statement); i++) {
            const void *bytes = sqlite3_column_blob(own->statement, i);
            own->digest = mix(own->digest, bytes, sqlite3_column_bytes(own->statement, i));
        }
        return 1;
    }
    if (rc != SQLITE_DONE) fail(db, "step", lines[own->line]);
    if (expected && own->digest != *expected) fail(db, "another answer than before", lines[own->line]);
    n_read += expected != NULL;
    return 0;
}

static void finalize_all(sqlite3 *db, open_statement *own) {
    sqlite3_stmt *each;
    n_times++;
    while ((each = sqlite3_next_stmt(db, NULL)) != NULL) {
        int is_own = 0;
        for (int i = 0; i < MAX_OPEN; i++) is_own |= own[i].statement == each;
        n_foreign += !is_own;
        sqlite3_finalize(each);
    }
    for (int i = 0; i < MAX_OPEN; i++) own[i].statement = NULL;
}

static void act(sqlite3 *db, open_statement *own) {
    open_statement *one = &own[dice(MAX_OPEN)];
    if (dice(15) == 0) {
        finalize_all(db, own);
    } else if (!one->statement) {
        prepare(db, one, n_first + (int)dice((unsigned)(n_lines - n_first)));
    } else if (dice(4) == 0) {
        sqlite3_reset(one->statement);
        one->digest = 0;
    } else {
        unsigned n = dice(3) == 0 ? 1000000 : dice(MOST_STEPS);
        while (n > 0 && step(db, one, &answers[one->line])) n--;
        if (n > 0) one->digest = 0;
    }
}

static void close_database(sqlite3 *db, open_statement *own) {
    switch (dice(4)) {
    case 0: finalize_all(db, own); break;
    case 1: /* asks first, and finalizes when told that statements are left */
        if (sqlite3_close(db) == SQLITE_OK) return;
        finalize_all(db, own);
        break;
    case 2: /* a connection that ends with its last statement */
        for (int i = 0; i < MAX_OPEN; i++)
            if (!own[i].statement) prepare(db, &own[i], n_first);
        sqlite3_close_v2(db);
        for (int i = MAX_OPEN; i > 0; i--) sqlite3_finalize(own[(i + 2) % MAX_OPEN].statement);
        return;
    case 3:
        for (int i = 0; i < MAX_OPEN; i++) sqlite3_finalize(own[i].statement);
        break;
    }
    if (sqlite3_close(db) != SQLITE_OK) fail(db, "close", "");
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    read_lines(argv[2]);
    sqlite3 *db = open_database(argv[1]);
    for (int line = n_first; line < n_lines; line++) {
        open_statement own;
        prepare(db, &own, line);
        while (step(db, &own, NULL)) continue;
        answers[line] = own.digest;
        sqlite3_finalize(own.statement);
    }
    sqlite3_close(db);
    for (long run = 0; run < atol(argv[3]); run++) {
        open_statement own[MAX_OPEN] = {{.statement = NULL}};
        seed = strtoull(argv[4], NULL, 10) + (uint64_t)run * 1000003;
        db = open_database(argv[1]);
        for (int i = 0; i < ACTIONS; i++) act(db, own);
        close_database(db, own);
    }
    for (int i = 0; i < n_lines; i++) free(lines[i]);
    printf("%ld %ld %ld\n", n_read, n_times, n_foreign);
    return 0;
}

/* Fails every allocation of every statement of a file, once (that one only) and for good (that one and all after it).
**
**     oom <file of SQL statements> [most]
**
** Of a statement with more than `most` allocations as many fail, evenly spread; fewer of one so long that these runs would make more
** than MOST_WORK allocations for each of `most`.
** Each statement runs on a fresh in-memory database with athlete registered. Whatever fails, the answer must be the one
** of the undisturbed run (the same rows, or the same error) or SQLITE_NOMEM; all memory must be given back.
**
** What is covered: everything taken through SQLite, thus all of athlete's own memory and SQLite's during our calls, by
** SQLITE_CONFIG_MALLOC; and all of cJSON's, which calls malloc() on its own, by cJSON_InitHooks (a host may call it, an
** extension never). Not covered: malloc() called by the C library inside a call of ours; there is no such call, which
** test_library.py checks by the imports.
**
** Prints one line for each statement and its violations; the exit code is their number, at most 100. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cJSON.h>
#include "athlete.h"

/* --- an allocator that fails on demand ------------------------------------------------------------------- */

static sqlite3_mem_methods real;
static long countdown; /* allocations until the failure; 0 means none is due */
static bool sticky;    /* go on failing */
static long failures;
static long allocations;
static long cjson_blocks; /* taken and not given back */

static bool fails(void) {
    allocations++;
    if (countdown == 0) return false;
    if (countdown > 1) {
        countdown--;
        return false;
    }
    if (!sticky) countdown = 0;
    failures++;
    return true;
}

static void *failing_malloc(int bytes) {
    return fails() ? NULL : real.xMalloc(bytes);
}

static void *failing_realloc(void *block, int bytes) {
    return fails() ? NULL : real.xRealloc(block, bytes);
}

static void *cjson_malloc(size_t bytes) {
    void *block = fails() ? NULL : malloc(bytes);
    cjson_blocks += block != NULL;
    return block;
}

static void cjson_free(void *block) {
    cjson_blocks -= block != NULL;
    free(block);
}

/* --- one run --------------------------------------------------------------------------------------------- */

typedef struct outcome {
    int code;
    char error[300];
    unsigned long long rows, digest;
} outcome;

static void digest_bytes(outcome *o, const void *data, int n) {
    const unsigned char *bytes = data;
    for (int i = 0; i < n; i++) o->digest = (o->digest ^ bytes[i]) * 1099511628211ull; /* FNV-1a */
}

/* Values are read as SQLite holds them: no conversion that could need memory outside of the statement. */
static void digest_row(outcome *o, sqlite3_stmt *statement) {
    o->rows++;
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        int type = sqlite3_column_type(statement, i);
        digest_bytes(o, &type, (int)sizeof type);
        if (type == SQLITE_INTEGER) {
            sqlite3_int64 x = sqlite3_column_int64(statement, i);
            digest_bytes(o, &x, (int)sizeof x);
        } else if (type == SQLITE_FLOAT) {
            double x = sqlite3_column_double(statement, i);
            digest_bytes(o, &x, (int)sizeof x);
        } else if (type != SQLITE_NULL) {
            const void *data = sqlite3_column_blob(statement, i);
            int bytes = sqlite3_column_bytes(statement, i);
            if (!data && bytes > 0) o->code = SQLITE_NOMEM;
            else digest_bytes(o, data, bytes);
        }
    }
}

/* Opens, registers, prepares and runs; allocation number `nth` fails (0 for none). `nth` counts from the registration
** if `sql` is NULL, else from the preparation of the statement. */
static outcome run(const char *sql, long nth, bool for_good) {
    outcome o = {.code = SQLITE_OK, .digest = 14695981039346656037ull};
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    char *message = NULL;
    countdown = 0;
    sqlite3_open(":memory:", &db);
    failures = allocations = 0;
    if (!sql) countdown = nth, sticky = for_good;
    o.code = sqlite3_athlete_init(db, &message, NULL);
    sqlite3_free(message);
    if (sql && o.code == SQLITE_OK) {
        allocations = 0;
        countdown = nth, sticky = for_good;
        o.code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
        while (o.code == SQLITE_OK) {
            int rc = sqlite3_step(statement);
            if (rc == SQLITE_ROW) digest_row(&o, statement);
            else if (rc != SQLITE_DONE) o.code = rc;
            if (rc != SQLITE_ROW) break;
        }
        if (o.code != SQLITE_OK) sqlite3_snprintf((int)sizeof o.error, o.error, "%s", sqlite3_errmsg(db));
        sqlite3_finalize(statement);
    }
    countdown = 0;
    sqlite3_close(db);
    return o;
}

/* SQLite itself drops the sentence of an error, never its code, when it has no memory to keep it. */
static bool same(const outcome *got, const outcome *expected) {
    bool said =
        strcmp(got->error, expected->error) == 0 || strcmp(got->error, sqlite3_errstr(got->code)) == 0;
    return got->code == expected->code && got->rows == expected->rows && got->digest == expected->digest &&
           said;
}

/* --- all failures of one statement ----------------------------------------------------------------------- */

#define MOST_WORK 2000

/* From one failing allocation to the next. */
static long stride_of(long total, long most) {
    if (most <= 0) return 1;
    long spread = 1 + total / most,
         affordable = 1 + (long)((double)total * total / ((double)most * MOST_WORK));
    long at_most = 1 + total / (1 + most / 10); /* at least a tenth of `most` fail, however long it is */
    long wanted = affordable < at_most ? affordable : at_most;
    return spread > wanted ? spread : wanted;
}

static int sweep(const char *sql, const char *title, long most) {
    outcome expected = run(sql, 0, false);
    sqlite3_int64 memory = sqlite3_memory_used();
    long total = allocations, injected = 0, out_of_memory = 0, stride = stride_of(total, most);
    int violations = 0;
    for (int for_good = 0; for_good < 2; for_good++) {
        for (long nth = 1; nth <= total + 8; nth += stride) {
            outcome got = run(sql, nth, for_good);
            if (failures == 0) break;
            injected++;
            bool nomem = (got.code & 0xff) == SQLITE_NOMEM || got.code == SQLITE_IOERR_NOMEM;
            out_of_memory += nomem;
            const char *wrong = NULL;
            if (!nomem && !same(&got, &expected)) wrong = "another answer";
            if (sqlite3_memory_used() != memory) wrong = "a leak of SQLite's memory";
            if (cjson_blocks != 0) wrong = "a leak of cJSON's memory";
            if (!wrong) continue;
            violations++;
            printf("VIOLATION at allocation %ld%s: %s: code %d, %llu rows, %s\n", nth,
                   for_good ? " and all after" : "", wrong, got.code, got.rows, got.error);
            memory = sqlite3_memory_used();
            cjson_blocks = 0;
        }
    }
    printf("%5ld failures, %5ld times SQLITE_NOMEM, %d violations of %ld allocations: %.90s\n", injected,
           out_of_memory, violations, total, title);
    return violations;
}

/* --- the file -------------------------------------------------------------------------------------------- */

static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    size_t capacity = 1 << 22;
    char *text = calloc(1, capacity);
    if (text && fread(text, 1, capacity - 1, file) == 0) text[0] = '\0';
    fclose(file);
    return text;
}

/* Cuts the first statement off, or NULL at the end. */
static char *next_statement(char **rest) {
    char *start = *rest;
    start += strspn(start, " \t\r\n;");
    for (char *end = strchr(start, ';'); end; end = strchr(end + 1, ';')) {
        char after = end[1];
        end[1] = '\0';
        if (sqlite3_complete(start)) {
            *end = '\0';
            *rest = after ? end + 2 : end + 1;
            return start;
        }
        end[1] = after;
    }
    return NULL;
}

int main(int argc, char **argv) {
    char *text = argc > 1 ? read_file(argv[1]) : NULL;
    if (!text) {
        fprintf(stderr, "usage: oom FILE [MOST]\n");
        return 101;
    }
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
    sqlite3_mem_methods failing = real;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = cjson_malloc, .free_fn = cjson_free});
    sqlite3_initialize();

    long most = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    int violations = sweep(NULL, "registration", 0);
    char *rest = text;
    for (char *sql = next_statement(&rest); sql; sql = next_statement(&rest))
        violations += sweep(sql, sql, most);
    free(text);
    sqlite3_shutdown();
    if (sqlite3_memory_used() != 0) {
        printf("VIOLATION: %lld bytes are left at the end\n", sqlite3_memory_used());
        violations++;
    }
    return violations < 100 ? violations : 100;
}

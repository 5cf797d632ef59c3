/* Opens damaged copies of database files with the extension and runs statements over them.
**
**     mutated_database [--planted | --undamaged] first n every reads.sql stages.sql seed.db …
**
** Files first … first+n-1 are made, each from the seed of its turn. Every one is read by the statements of reads.sql,
** of which a damaged file takes one SELECT in SHARE, the next file the next; one file in `every` after the statements
** of stages.sql. Statements may fail; a file must not end the process. Batches run in children, so that one that dies
** names its file: run that number alone to see it again. --planted registers planted_element(i), which believes that i
** is from 0 to 14; --undamaged opens plain copies. Exit code 1 if a file was found. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "athlete.h"
#include "mutate.h"

#define BATCH           200
#define ATTEMPTS        8
#define SHARE           6
#define MAX_FINDINGS    20
#define STATEMENT_STEPS 4000 /* of a thousand instructions of SQLite's machine */
#define FILE_STEPS      20000
#define FILE_SECONDS    120 /* of a loaded machine: what takes longer hangs */
#define HEAP_LIMIT      ((sqlite3_int64)512 << 20)

typedef struct script {
    char *text;
    const char **statements;
    size_t n;
} script;

/* What children tell their parent, in memory that they share. */
typedef struct progress {
    size_t number, files, done, failed, stopped, rows;
} progress;

typedef struct steps {
    int statement, file;
} steps;

static void fail(const char *what, const char *name) {
    fprintf(stderr, "mutated_database: %s %s\n", what, name);
    exit(2);
}

static unsigned char *read_file(const char *name, size_t *size) {
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) fail("cannot read", name);
    long length = ftell(file);
    rewind(file);
    unsigned char *bytes = length < 0 ? NULL : malloc((size_t)length + 1);
    if (!bytes || fread(bytes, 1, (size_t)length, file) != (size_t)length) fail("cannot read", name);
    fclose(file);
    bytes[length] = 0;
    *size = (size_t)length;
    return bytes;
}

/* Cuts a file where SQLite's shell would. */
static script read_script(const char *name) {
    size_t size, capacity = 0;
    script s = {(char *)read_file(name, &size), NULL, 0};
    char *start = s.text;
    for (char *at = strchr(start, ';'); at; at = strchr(at + 1, ';')) {
        char after = at[1];
        at[1] = 0;
        int complete = sqlite3_complete(start);
        char *copy = complete ? sqlite3_mprintf("%s", start) : NULL;
        at[1] = after;
        if (!complete) continue;
        if (s.n == capacity) {
            capacity = capacity ? 2 * capacity : 64;
            s.statements = realloc(s.statements, capacity * sizeof *s.statements);
        }
        if (!s.statements || !copy) fail("no memory for", name);
        s.statements[s.n++] = copy;
        start = at + 1;
    }
    return s;
}

static int count_step(void *data) {
    steps *s = data;
    return ++s->statement > STATEMENT_STEPS || ++s->file > FILE_STEPS;
}

/* Takes every value of every row, as a program would. */
static int run_statement(sqlite3 *db, const char *sql, steps *s, progress *p) {
    sqlite3_stmt *statement = NULL;
    s->statement = 0;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    while (rc == SQLITE_OK && statement && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) (void)sqlite3_column_text(statement, i);
        p->rows++;
        rc = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    if (rc == SQLITE_OK || rc == SQLITE_DONE) return p->done++, 1;
    if (rc == SQLITE_INTERRUPT) p->stopped++;
    p->failed++;
    return 0;
}

/* What others stand on. */
static int creates(const char *sql) {
    while (*sql == ' ' || *sql == '\n' || strncmp(sql, "--", 2) == 0)
        sql += *sql == '-' ? strcspn(sql, "\n") : 1;
    return strncmp(sql, "CREATE", 6) == 0;
}

/* A stage that fails is rolled back, and what is left of it passed over. */
static void run_stages(sqlite3 *db, const script *stages, steps *s, progress *p) {
    for (size_t i = 0; i < stages->n && s->file <= FILE_STEPS; i++) {
        if (run_statement(db, stages->statements[i], s, p) || sqlite3_get_autocommit(db)) continue;
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        while (i + 1 < stages->n && !strstr(stages->statements[i], "COMMIT")) i++;
    }
}

static void planted_element(sqlite3_context *context, int n, sqlite3_value **values) {
    int *elements = calloc(15, sizeof *elements), i = sqlite3_value_int(values[n - 1]);
    if (elements) sqlite3_result_int(context, elements[i]);
    free(elements);
}

typedef struct work {
    script reads, stages;
    int planted, undamaged;
} work;

/* Into memory that the connection owns. A schema that cannot be read hides all other damage: one file in seven may
** have such a schema, another one is damaged again. */
static void open_damaged(sqlite3 *db, const seed_file *seed, size_t number, int undamaged) {
    size_t capacity = seed->size + seed->page_size, size = seed->size;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        unsigned char *bytes = sqlite3_malloc64(capacity);
        if (!bytes) fail("no memory for", "a file");
        memset(bytes, 0, capacity);
        if (undamaged) memcpy(bytes, seed->bytes, size);
        else size = mutate(seed, number, attempt, bytes);
        unsigned flags = SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE;
        sqlite3_deserialize(db, "main", bytes, (sqlite3_int64)size, (sqlite3_int64)capacity, flags);
        if (number % 7 == 0 || sqlite3_exec(db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL) == SQLITE_OK)
            return;
    }
}

static void run_file(const seed_file *seed, size_t number, const work *w, int writes, progress *p) {
    sqlite3 *db = NULL;
    int takes_all = w->undamaged || w->planted;
    steps s = {0, 0};
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) fail("no memory for", "a database");
    if (sqlite3_athlete_init(db, NULL, NULL) != SQLITE_OK) fail("cannot register", sqlite3_errmsg(db));
    if (w->planted)
        sqlite3_create_function(db, "planted_element", 1, SQLITE_UTF8, NULL, planted_element, NULL, NULL);
    open_damaged(db, seed, number, w->undamaged);
    sqlite3_progress_handler(db, 1000, count_step, &s);
    if (writes) run_stages(db, &w->stages, &s, p); /* first: the page's tables have names of stages' */
    s.file = 0;
    for (size_t i = 0; i < w->reads.n && s.file <= FILE_STEPS; i++)
        if (takes_all || (i + number) % SHARE == 0 || creates(w->reads.statements[i]))
            run_statement(db, w->reads.statements[i], &s, p);
    if (sqlite3_close(db) != SQLITE_OK) fail("left a statement open:", sqlite3_errmsg(db));
    p->files++;
}

int main(int n_arguments, char **arguments) {
    int has_option = n_arguments > 1 && arguments[1][0] == '-', findings = 0,
        n_seeds = n_arguments - has_option - 6;
    char **given = arguments + 1 + has_option;
    if (n_seeds < 1) fail("takes", "first n every reads.sql stages.sql seed.db …");
    size_t first = strtoull(given[0], NULL, 10), end = first + strtoull(given[1], NULL, 10),
           every = strtoull(given[2], NULL, 10);
    static work w; /* static, as the seeds: no leak when main ends */
    w.reads = read_script(given[3]), w.stages = read_script(given[4]);
    w.planted = has_option && strcmp(arguments[1], "--planted") == 0;
    w.undamaged = has_option && strcmp(arguments[1], "--undamaged") == 0;
    static seed_file *seeds;
    seeds = calloc((size_t)n_seeds, sizeof *seeds);
    progress *p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!seeds || p == MAP_FAILED) fail("no memory for", "the seeds");
    for (int i = 0; i < n_seeds; i++) {
        seeds[i].bytes = read_file(given[5 + i], &seeds[i].size);
        if (!seed_file_prepare(&seeds[i])) fail("cannot use", given[5 + i]);
    }
    sqlite3_hard_heap_limit64(HEAP_LIMIT);
    while (first < end && findings < MAX_FINDINGS) {
        size_t batch_end = end - first < BATCH ? end : first + BATCH;
        fflush(stdout); /* or the child prints it again */
        pid_t child = fork();
        if (child < 0) fail("cannot start", "a child");
        for (p->number = first; child == 0 && p->number < batch_end; p->number++) {
            size_t turn = p->number / (size_t)n_seeds;
            alarm(FILE_SECONDS); /* its signal ends the child */
            run_file(&seeds[p->number % (size_t)n_seeds], p->number, &w, every && turn % every == 0, p);
        }
        if (child == 0) exit(0); /* after a look for leaks */
        int status = 0;
        waitpid(child, &status, 0);
        first = status ? p->number + 1 : batch_end;
        if (!status) continue;
        if (WIFSIGNALED(status))
            printf("file %zu: signal %d, %s\n", p->number, WTERMSIG(status), strsignal(WTERMSIG(status)));
        else if (p->number < batch_end) printf("file %zu: exit code %d\n", p->number, WEXITSTATUS(status));
        else
            printf("files %zu to %zu: exit code %d after the last\n", batch_end - BATCH, batch_end - 1,
                   WEXITSTATUS(status));
        findings++;
    }
    printf("%zu files, %zu statements done, %zu failed, %zu of them stopped, %zu rows, %d findings\n",
           p->files, p->done, p->failed, p->stopped, p->rows, findings);
    return findings > 0;
}

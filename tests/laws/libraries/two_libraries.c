/* Two SQLite libraries in one process, and one extension:
**
**     two_libraries LIBRARY OTHER EXTENSION
**
** The first library loads the extension on a connection and keeps it. Then THREADS threads open connections of either
** library by turns and try to load it, too: the first library's must load and answer, the other's must be refused with a
** sentence. When the first library has closed its connections the other may have it. Prints what the refusal says. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sqlite3.h"

#define THREADS 8
#define TURNS   50

typedef struct library {
    int (*open)(const char *, sqlite3 **);
    int (*close)(sqlite3 *);
    int (*allow)(sqlite3 *, int);
    int (*load)(sqlite3 *, const char *, const char *, char **);
    int (*exec)(sqlite3 *, const char *, sqlite3_callback, void *, char **);
    void (*free)(void *);
} library;

static library libraries[2];
static const char *extension;
static char sentence[500];

static library open_library(const char *path) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (!handle) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    library found;
    const char *names[] = {"sqlite3_open",           "sqlite3_close", "sqlite3_enable_load_extension",
                           "sqlite3_load_extension", "sqlite3_exec",  "sqlite3_free"};
    for (int i = 0; i < 6; i++) {
        void *routine = dlsym(handle, names[i]);
        memcpy((char *)&found + (size_t)i * sizeof routine, &routine, sizeof routine);
    }
    return found;
}

static void check(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "not true: %s\n", what);
    exit(1);
}

static sqlite3 *open_connection(const library *of) {
    sqlite3 *db;
    check(of->open(":memory:", &db) == SQLITE_OK && of->allow(db, 1) == SQLITE_OK, "a connection opens");
    return db;
}

static void use(const library *of, sqlite3 *db) {
    const char *sql = "SELECT athlete_version(); SELECT count(*) FROM athlete_functions; "
                      "SELECT * FROM select_rows('SELECT 1');";
    check(of->exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "functions of a loaded extension work");
}

static void *take_turns(void *number) {
    for (int turn = 0; turn < TURNS; turn++) {
        int which = ((int)(size_t)number + turn) % 2;
        const library *of = &libraries[which];
        sqlite3 *db = open_connection(of);
        char *message = NULL;
        int rc = of->load(db, extension, NULL, &message);
        check((rc == SQLITE_OK) == (which == 0), "the library that was first has it, the other has not");
        if (rc == SQLITE_OK) use(of, db);
        else check(message && strcmp(message, sentence) == 0, "it is refused with the same sentence each time");
        of->free(message);
        check(of->close(db) == SQLITE_OK, "a connection closes");
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    for (int i = 0; i < 2; i++) libraries[i] = open_library(argv[i + 1]);
    extension = argv[3];
    const library *first = &libraries[0], *other = &libraries[1];
    sqlite3 *db = open_connection(first), *second = open_connection(other);
    char *message = NULL;
    check(first->load(db, extension, NULL, NULL) == SQLITE_OK, "the first library loads it");
    check(other->load(second, extension, NULL, &message) == SQLITE_ERROR && message, "the other is refused");
    snprintf(sentence, sizeof sentence, "%s", message);
    other->free(message);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, take_turns, (void *)i);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    use(first, db);
    first->close(db);
    check(other->load(second, extension, NULL, NULL) == SQLITE_OK, "the other loads it when the first has closed");
    use(other, second);
    other->close(second);
    puts(sentence);
    return 0;
}

/* Planted errors, by which a test proves that the sanitizer run would find one in the extension. Built like the
** extension, and loaded by Python the same way. */
#include <cJSON.h>
#include <stddef.h>
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1

/* A block taken through SQLite and forgotten. */
static void planted_leak(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    char *volatile block = sqlite3_malloc(sqlite3_value_int(argv[0]));
    sqlite3_result_int(context, block != NULL);
    block = NULL;
}

/* A text that SQLite prints into a block of its own, deep below our frame, and that is forgotten. */
static void planted_text_leak(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    char *volatile text = sqlite3_mprintf("%Q and %Q", sqlite3_value_text(argv[0]), sqlite3_value_text(argv[0]));
    sqlite3_result_int(context, text != NULL);
    text = NULL;
}

/* A tree that cJSON reads and nobody gives back. */
static void planted_json_leak(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    cJSON *volatile tree = cJSON_Parse((const char *)sqlite3_value_text(argv[0]));
    sqlite3_result_int(context, tree != NULL);
    tree = NULL;
}

/* A read behind the end of a block. */
static void planted_overflow(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    char *block = sqlite3_malloc(16);
    if (block) sqlite3_result_int(context, block[16 + sqlite3_value_int(argv[0])]);
    sqlite3_free(block);
}

/* A sum that does not fit. */
static void planted_undefined(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    sqlite3_result_int(context, sqlite3_value_int(argv[0]) + 2147483647);
}

__attribute__((visibility("default"))) int sqlite3_planted_init(sqlite3 *db, char **message,
                                                                const sqlite3_api_routines *api);

int sqlite3_planted_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
    (void)message;
    SQLITE_EXTENSION_INIT2(api)
    sqlite3_create_function(db, "planted_leak", 1, SQLITE_UTF8, NULL, planted_leak, NULL, NULL);
    sqlite3_create_function(db, "planted_text_leak", 1, SQLITE_UTF8, NULL, planted_text_leak, NULL, NULL);
    sqlite3_create_function(db, "planted_json_leak", 1, SQLITE_UTF8, NULL, planted_json_leak, NULL, NULL);
    sqlite3_create_function(db, "planted_overflow", 1, SQLITE_UTF8, NULL, planted_overflow, NULL, NULL);
    return sqlite3_create_function(db, "planted_undefined", 1, SQLITE_UTF8, NULL, planted_undefined, NULL,
                                   NULL);
}

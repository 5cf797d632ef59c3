#include "base/judge/schema_copy.h"

#include <string.h>
#include "base/binding/function.h"
#include "base/judge/judge_functions.h"
#include "base/memory.h"

typedef struct object {
    char *schema, *name, *sql;
    bool is_view, is_wanted;
} object;

typedef struct catalog {
    object *objects;
    size_t n, capacity;
} catalog;

static void catalog_close(catalog *all) {
    for (size_t i = 0; i < all->n; i++) {
        sqlite3_free(all->objects[i].schema);
        sqlite3_free(all->objects[i].name);
        sqlite3_free(all->objects[i].sql);
    }
    memory_free(NULL, all->objects);
}

static char *copy_text(sqlite3_stmt *row, int column) {
    const char *text = (const char *)sqlite3_column_text(row, column);
    return sqlite3_mprintf("%s", text ? text : "");
}

/* --- what there is -------------------------------------------------------------------------------------- */

static int list_schema(catalog *all, sqlite3 *from, const char *schema) {
    sqlite3_stmt *list = NULL;
    char *sql = sqlite3_mprintf(
        "SELECT name, sql, type = 'view' FROM \"%w\".sqlite_schema WHERE type IN ('table', 'view')", schema);
    int rc = sql ? sqlite3_prepare_v2(from, sql, -1, &list, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    while (rc == SQLITE_OK && (rc = sqlite3_step(list)) == SQLITE_ROW) {
        if (memory_reserve(NULL, &all->objects, &all->capacity, all->n + 1) != ATHLETE_OK) rc = SQLITE_NOMEM;
        if (rc == SQLITE_NOMEM) break;
        object *added = &all->objects[all->n++];
        *added = (object){sqlite3_mprintf("%s", schema), copy_text(list, 0), copy_text(list, 1),
                          sqlite3_column_int(list, 2) != 0, false};
        rc = added->schema && added->name && added->sql ? SQLITE_OK : SQLITE_NOMEM;
    }
    sqlite3_finalize(list);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int attach(private_db *own, const char *schema) {
    if (sqlite3_stricmp(schema, "main") == 0 || sqlite3_stricmp(schema, "temp") == 0) return SQLITE_OK;
    char *sql = sqlite3_mprintf("ATTACH ':memory:' AS \"%w\"", schema);
    int rc = sql ? sqlite3_exec(own->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    return rc;
}

static int list_all(catalog *all, private_db *own, sqlite3 *from) {
    sqlite3_stmt *schemas = NULL;
    int rc = sqlite3_prepare_v2(from, "SELECT name FROM pragma_database_list", -1, &schemas, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(schemas)) == SQLITE_ROW) {
        char *schema = copy_text(schemas, 0);
        rc = schema ? attach(own, schema) : SQLITE_NOMEM;
        if (rc == SQLITE_OK) rc = list_schema(all, from, schema);
        sqlite3_free(schema);
    }
    sqlite3_finalize(schemas);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* --- what is named -------------------------------------------------------------------------------------- */

/* Which two bytes follow one another in a text, letters of either case alike. */
typedef struct pair_set {
    unsigned char bits[(1 << 16) / 8];
} pair_set;

static unsigned copy_pair(const char *text) {
    return (unsigned)((unsigned char)text[0] & ~0x20u) << 8 | ((unsigned char)text[1] & ~0x20u);
}

static void copy_pairs(pair_set *pairs, const char *text) {
    memset(pairs, 0, sizeof *pairs);
    for (; *text && text[1]; text++)
        pairs->bits[copy_pair(text) / 8] |= (unsigned char)(1 << copy_pair(text) % 8);
}

static bool has_pairs(const pair_set *pairs, const char *name) {
    for (; *name && name[1]; name++)
        if (!(pairs->bits[copy_pair(name) / 8] >> copy_pair(name) % 8 & 1)) return false;
    return true;
}

/* A file has hundreds of names; most have two letters that do not follow one another in a text. */
static bool mentions(const pair_set *pairs, const char *text, const char *name) {
    int length = (int)strlen(name);
    if (!has_pairs(pairs, name)) return false;
    const char first = (char)(*name & ~0x20);
    for (; length > 0 && *text; text++)
        if ((*text & ~0x20) == first && sqlite3_strnicmp(text, name, length) == 0) return true;
    return false;
}

static void want(catalog *all, const char *text) {
    pair_set pairs;
    copy_pairs(&pairs, text);
    for (size_t i = 0; i < all->n; i++) {
        object *each = &all->objects[i];
        if (each->is_wanted || !mentions(&pairs, text, each->name)) continue;
        each->is_wanted = true;
    }
}

static void want_all(catalog *all, const char *text) {
    size_t before, after = 0;
    want(all, text);
    do {
        before = after;
        after = 0;
        for (size_t i = 0; i < all->n; i++) {
            const object *each = &all->objects[i];
            if (each->is_wanted && each->is_view) want(all, each->sql);
        }
        for (size_t i = 0; i < all->n; i++) after += all->objects[i].is_wanted;
    } while (after != before);
}

/* --- copies --------------------------------------------------------------------------------------------- */

/* What the authorizer refused, for the reason. */
typedef struct refused {
    char function[64];
} refused;

static int only_defines(void *opaque, int action, const char *a, const char *b, const char *c,
                        const char *d) {
    (void)a, (void)c, (void)d;
    if (action == SQLITE_SELECT || action == SQLITE_ATTACH || action == SQLITE_PRAGMA) return SQLITE_DENY;
    if (action != SQLITE_FUNCTION || function_is_of_row(b)) return SQLITE_OK;
    sqlite3_snprintf((int)sizeof((refused *)opaque)->function, ((refused *)opaque)->function, "%s", b);
    return SQLITE_DENY;
}

static void copy_leave_out(sqlite3_str *left_out, const char *name, const char *reason, const char *detail) {
    sqlite3_str_appendall(left_out, name);
    sqlite3_str_appendchar(left_out, 1, '\0');
    sqlite3_str_appendf(left_out, "%s%.200s", reason, detail);
    sqlite3_str_appendchar(left_out, 1, '\0');
}

/* `create` is how SQLite begins the text that it keeps. */
static int copy_from_text(private_db *own, const object *each, const char *create, sqlite3_str *left_out) {
    size_t length = strlen(create);
    if (sqlite3_strnicmp(each->sql, create, (int)length) != 0) return SQLITE_OK;
    char *sql = sqlite3_mprintf("%s\"%w\".%s", create, each->schema, each->sql + length);
    sqlite3_stmt *statement = NULL;
    refused seen = {""};
    if (!sql) return SQLITE_NOMEM;
    sqlite3_set_authorizer(own->db, only_defines, &seen);
    int rc = sqlite3_prepare_v2(own->db, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(statement);
    bool is_short = rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT;
    if (*seen.function) copy_leave_out(left_out, each->name, "calls ", seen.function);
    else if (rc != SQLITE_DONE && !is_short)
        copy_leave_out(left_out, each->name, "cannot be read: ", sqlite3_errmsg(own->db));
    sqlite3_finalize(statement);
    sqlite3_set_authorizer(own->db, NULL, NULL);
    sqlite3_free(sql);
    return is_short ? rc : SQLITE_OK;
}

static int copy_write_column(sqlite3_str *out, sqlite3 *from, const object *table, const char *column) {
    const char *collation = NULL;
    int rc = sqlite3_table_column_metadata(from, table->schema, table->name, column, NULL, &collation, NULL,
                                           NULL, NULL);
    if (rc != SQLITE_OK) return rc;
    sqlite3_str_appendf(out, "%s\"%w\" COLLATE \"%w\"", sqlite3_str_length(out) ? ", " : "", column,
                        collation);
    return SQLITE_OK;
}

static int copy_table(private_db *own, sqlite3 *from, const object *table, sqlite3_str *left_out) {
    sqlite3_stmt *columns = NULL;
    sqlite3_str *out = sqlite3_str_new(NULL);
    bool is_generated = false;
    char *sql = sqlite3_mprintf("PRAGMA \"%w\".table_xinfo(\"%w\")", table->schema, table->name);
    int rc = sql ? sqlite3_prepare_v2(from, sql, -1, &columns, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    while (rc == SQLITE_OK && (rc = sqlite3_step(columns)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(columns, 1);
        is_generated |= sqlite3_column_int(columns, 6) != 0;
        rc = name ? copy_write_column(out, from, table, name) : SQLITE_NOMEM;
    }
    sqlite3_finalize(columns);
    char *list = sqlite3_str_finish(out);
    if (rc == SQLITE_DONE && is_generated) {
        rc = copy_from_text(own, table, "CREATE TABLE ", left_out);
    } else if (rc == SQLITE_DONE && list) {
        sql = sqlite3_mprintf("CREATE TABLE \"%w\".\"%w\"(%s)", table->schema, table->name, list);
        rc = sql ? sqlite3_exec(own->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
        sqlite3_free(sql);
    }
    sqlite3_free(list);
    return rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT ? rc : SQLITE_OK;
}

static bool is_virtual(const object *table) {
    return sqlite3_strnicmp(table->sql, "CREATE VIRTUAL", 14) == 0;
}

static int copy_object(private_db *own, sqlite3 *from, const object *each, sqlite3_str *left_out) {
    if (each->is_view) return copy_from_text(own, each, "CREATE VIEW ", left_out);
    if (!is_virtual(each)) return copy_table(own, from, each, left_out);
    copy_leave_out(left_out, each->name, "is a virtual table", "");
    return SQLITE_OK;
}

athlete_status schema_copy(private_db *own, sqlite3 *from, const char *text, char **left_out,
                           athlete_fault *fault) {
    catalog all = {NULL, 0, 0};
    sqlite3_str *names = sqlite3_str_new(NULL);
    int rc = list_all(&all, own, from);
    if (rc == SQLITE_OK) want_all(&all, text);
    for (size_t i = 0; i < all.n && rc == SQLITE_OK; i++)
        if (all.objects[i].is_wanted) rc = copy_object(own, from, &all.objects[i], names);
    catalog_close(&all);
    sqlite3_str_appendchar(names, 1, '\0');
    *left_out = sqlite3_str_finish(names);
    if (rc == SQLITE_OK) return *left_out ? ATHLETE_OK : ATHLETE_NOMEM;
    return status_of_code(from, rc, ": the schema cannot be read: ", fault);
}

#include "store/lookup/group_index_sql.h"

#include <string.h>
#include "base/binding/catalog.h"
#include "base/binding/function.h"

/* How well an index serves. */
enum { SERVES_NOT, SERVES, SERVES_WITH_AVAILABLE, SERVES_AS_TABLE };

typedef struct index_found {
    int rating;
    group_order order;
    bool ascending, binary; /* the keys and times */
    int key_places[GROUP_KEYS_MAX];
} index_found;

/* The key columns of an index, one after another. */
typedef struct index_walk {
    const feature_group *group;
    bool has_rowid, is_unique;
    unsigned seen;   /* keys */
    int place;       /* of the next column */
    bool descending; /* the timestamp */
    index_found found;
} index_walk;

static bool walk_key(index_walk *walk, int column) {
    const feature_group *group = walk->group;
    for (int key = 0; key < group->n_keys; key++) {
        if (group->keys[key] != column || walk->seen & 1u << key) continue;
        walk->seen |= 1u << key;
        walk->found.key_places[walk->place - 1] = key;
        return true;
    }
    return false;
}

/* Takes the next column; false when the rest of the index does not matter. */
static bool walk_column(index_walk *walk, int column, bool descending, const char *collation) {
    const feature_group *group = walk->group;
    const char *own = column < 0 ? NULL : group->columns[column].collation;
    bool fits = own && sqlite3_stricmp(own, collation) == 0;
    int place = walk->place++;
    if (place <= group->n_keys) {
        walk->found.ascending &= !descending;
        walk->found.binary &= sqlite3_stricmp(collation, "BINARY") == 0;
    }
    if (place < group->n_keys) return fits && walk_key(walk, column);
    if (place == group->n_keys) {
        if (!fits || column != group->timestamp) return false;
        walk->found.rating = SERVES;
        walk->descending = descending;
        /* If it ends here, rows of one timestamp come by row id. */
        walk->found.order = walk->is_unique                                            ? ORDER_BY_TIMESTAMP
                            : group->available < 0 && !(walk->has_rowid && descending) ? ORDER_COMPLETE
                                                                                       : ORDER_SORTED;
        return true;
    }
    bool is_available = fits && column == group->available && place == group->n_keys + 1;
    if (is_available) walk->found.rating = SERVES_WITH_AVAILABLE;
    bool in_order = is_available && descending == walk->descending && !(walk->has_rowid && descending);
    walk->found.order = in_order ? ORDER_COMPLETE : ORDER_SORTED;
    /* A column between available_at and the row id would come before it. */
    return is_available && walk->has_rowid;
}

static int rate_index(index_walk *walk, const char *index, athlete_fault *fault) {
    sqlite3_stmt *list;
    const feature_group *group = walk->group;
    int rc = catalog_ask(group->db, &list, fault, "PRAGMA \"%w\".index_xinfo(%Q)", group->schema, index);
    if (rc != SQLITE_OK) return rc;
    bool names_publication = group->publication != 0; /* first of all, by = */
    while ((rc = sqlite3_step(list)) == SQLITE_ROW) {
        if (!sqlite3_column_int(list, 5)) continue; /* what the index carries besides its columns */
        if (names_publication && strcmp(catalog_text(list, 2), "publication_id") != 0) break;
        if (names_publication) {
            names_publication = false;
            continue;
        }
        int column = group_column_named(group, catalog_text(list, 2));
        if (!walk_column(walk, column, sqlite3_column_int(list, 3) != 0, catalog_text(list, 4))) break;
    }
    return catalog_ended(group->db, list, rc, fault);
}

static int say_index(const feature_group *group, const char *table, athlete_fault *fault) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(
        out,
        "without an index on the keys and the timestamp every request would scan %s; make it with: "
        "CREATE INDEX \"%w\".\"%w_asof\" ON \"%w\"(",
        table, group->schema, table, table);
    for (int i = 0; i < group->n_keys; i++)
        sqlite3_str_appendf(out, "\"%w\", ", group->columns[group->keys[i]].name);
    sqlite3_str_appendf(out, "\"%w\"", group->columns[group->timestamp].name);
    if (group->available >= 0) sqlite3_str_appendf(out, ", \"%w\"", group->columns[group->available].name);
    sqlite3_str_appendall(out, ")");
    return status_code(fault_refuse_str(fault, out));
}

/* Whether an index has texts in the order of their bytes in UTF-8, in which a merge compares them. */
static int ask_encoding(sqlite3 *db, bool *is_utf8, athlete_fault *fault) {
    sqlite3_stmt *encoding;
    int rc = catalog_ask(db, &encoding, fault, "PRAGMA encoding");
    if (rc != SQLITE_OK) return rc;
    rc = sqlite3_step(encoding);
    *is_utf8 = rc == SQLITE_ROW && strcmp(catalog_text(encoding, 0), "UTF-8") == 0;
    return catalog_ended(db, encoding, rc, fault);
}

int group_index_find(const feature_group *group, group_source *source, athlete_fault *fault) {
    sqlite3_stmt *list;
    bool is_utf8;
    int rc = ask_encoding(group->db, &is_utf8, fault);
    if (rc != SQLITE_OK) return rc;
    rc = catalog_ask(group->db, &list, fault, "PRAGMA \"%w\".index_list(%Q)", group->schema, source->table);
    if (rc != SQLITE_OK) return rc;
    int best = SERVES_NOT;
    while ((rc = sqlite3_step(list)) == SQLITE_ROW) {
        if (sqlite3_column_int(list, 4)) continue; /* partial */
        index_walk walk = {.group = group,
                           .has_rowid = source->has_rowid,
                           .is_unique = sqlite3_column_int(list, 2) != 0,
                           .found = {.ascending = true, .binary = true}};
        if ((rc = rate_index(&walk, catalog_text(list, 1), fault)) != SQLITE_OK) break;
        if (walk.found.rating && !source->has_rowid && strcmp(catalog_text(list, 3), "pk") == 0)
            walk.found.rating = SERVES_AS_TABLE;
        if (walk.found.rating <= best) continue;
        best = walk.found.rating;
        source->order = walk.found.order;
        source->can_merge = walk.found.rating > SERVES && walk.found.order != ORDER_SORTED &&
                            walk.found.ascending && walk.found.binary && is_utf8 && !group->publication;
        memcpy(source->key_places, walk.found.key_places, sizeof source->key_places);
        sqlite3_free(source->index);
        if (!(source->index = catalog_copy(catalog_text(list, 1)))) {
            rc = SQLITE_NOMEM;
            break;
        }
    }
    rc = catalog_ended(group->db, list, rc, fault);
    return rc == SQLITE_OK && !source->index ? say_index(group, source->table, fault) : rc;
}

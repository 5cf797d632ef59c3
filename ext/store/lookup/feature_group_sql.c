#include "store/lookup/feature_group_sql.h"

#include <stddef.h>
#include "base/memory.h"

int group_column_named(const feature_group *group, const char *name) {
    for (int i = 0; i < group->n_columns; i++)
        if (sqlite3_stricmp(group->columns[i].name, name) == 0) return i;
    return -1;
}

void group_close(feature_group *group) {
    for (int i = 0; i < group->n_columns; i++) sqlite3_free(group->columns[i].name);
    memory_free(NULL, group->columns);
    for (int i = 0; i < GROUP_SOURCES; i++) {
        sqlite3_free(group->sources[i].table);
        sqlite3_free(group->sources[i].index);
    }
    sqlite3_free(group->schema);
    sqlite3_free(group->version);
    *group = (feature_group){.db = NULL};
}

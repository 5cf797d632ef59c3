#include "trees/score_columns_sql.h"

#include <string.h>
#include "base/binding/function.h"

typedef int (*comparison)(const char *, const char *);

/* The column of that name after the key; 0 if there is none, -1 if there are several. */
static int score_find_column(sqlite3_stmt *query, const char *name, comparison compare) {
    int found = 0;
    for (int c = 1; c < sqlite3_column_count(query); c++) {
        const char *other = sqlite3_column_name(query, c);
        if (!other || compare(name, other) != 0) continue;
        if (found) return -1;
        found = c;
    }
    return found;
}

static athlete_status match_names(const forest *model, sqlite3_stmt *query, int *columns,
                                  athlete_fault *fault) {
    for (int f = 0; f < model->n_features; f++) {
        const char *name = model->feature_names[f];
        int c = score_find_column(query, name, strcmp);
        if (c == 0) c = score_find_column(query, name, sqlite3_stricmp);
        if (c == 0)
            return fault_refuse(fault, "feature %d of the model (%s) is not a column of the query", f + 1,
                                name);
        if (c < 0)
            return fault_refuse(fault,
                                "feature %d of the model (%s) is more than one column of "
                                "the query",
                                f + 1, name);
        columns[f + 1] = c;
    }
    return ATHLETE_OK;
}

athlete_status score_columns(const forest *model, sqlite3_stmt *query, column_match match, int **columns,
                             athlete_fault *fault) {
    *columns = memory_zeroed(NULL, (size_t)model->n_features + 1, sizeof **columns);
    if (!*columns) return ATHLETE_NOMEM;
    if (match == MATCH_NAME && !model->feature_names)
        return fault_refuse(fault, "option \"match\" is name, and the model has no feature names");
    if (match != MATCH_POSITION && model->feature_names) return match_names(model, query, *columns, fault);
    int given = sqlite3_column_count(query) - 1;
    if (given != model->n_features) {
        return fault_refuse(fault, "the model has %d features, the query has %d columns after the key",
                            model->n_features, given);
    }
    for (int f = 0; f < model->n_features; f++) (*columns)[f + 1] = f + 1;
    return ATHLETE_OK;
}

#include "trees/score_columns_sql.h"

#include "base/binding/query.h"

static athlete_status match_names(const forest *model, sqlite3_stmt *query, int *columns,
                                  athlete_fault *fault) {
    for (int f = 0; f < model->n_features; f++) {
        const char *name = model->feature_names[f];
        int c = query_column(query, name);
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

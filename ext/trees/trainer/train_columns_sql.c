#include "trees/trainer/train_columns_sql.h"

#include <math.h>
#include <string.h>
#include "base/binding/function.h"
#include "base/text/json_text.h"

/* The texts of options were printed from parsed trees: only memory can be short. NULL for no text. */
static athlete_status train_columns_parse(const char *text, cJSON **tree) {
    athlete_fault ignored;
    *tree = NULL;
    return !text || json_parse(text, strlen(text), tree, &ignored) == ATHLETE_OK ? ATHLETE_OK : ATHLETE_NOMEM;
}

/* --- names ---------------------------------------------------------------------------------------------- */

/* The rules are XGBoost's: not empty, unlike the others, without '[', ']' and '<'. */
static bool is_name(const char *name, const char *const *others, int n) {
    if (!*name || strpbrk(name, "[]<")) return false;
    for (int i = 0; i < n; i++) {
        if (strcmp(others[i], name) == 0) return false;
    }
    return true;
}

static athlete_status copy_names(train_columns *c, const char *const *names, const char *where,
                                 athlete_fault *fault) {
    size_t length = 0, at = 0;
    for (int i = 0; i < c->n_columns; i++) length += strlen(names[i]) + 1;
    c->strings = memory_alloc(c->budget, length, 1);
    c->names = memory_alloc(c->budget, (size_t)c->n_columns, sizeof *c->names);
    if (!c->strings || !c->names) return memory_status(c->budget);
    for (int i = 0; i < c->n_columns; i++) {
        size_t bytes = strlen(names[i]) + 1;
        memcpy(c->strings + at, names[i], bytes);
        c->names[i] = c->strings + at;
        at += bytes;
        if (!is_name(c->names[i], c->names, i)) {
            return fault_refuse(fault,
                                "%s: name %d must be text without [, ] or < and unlike the others, got '%s'",
                                where, i + 1, c->names[i]);
        }
    }
    return ATHLETE_OK;
}

static athlete_status read_list_of_names(train_columns *c, const cJSON *list, athlete_fault *fault) {
    const char *where = "option \"feature_names\"";
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) != c->n_columns) {
        return fault_refuse(fault, "%s must be a list of %d names, one per column after the label", where,
                            c->n_columns);
    }
    const char **names = memory_alloc(c->budget, (size_t)c->n_columns, sizeof *names);
    if (!names) return memory_status(c->budget);
    int n = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, list) names[n++] = cJSON_IsString(item) ? item->valuestring : "";
    athlete_status status = copy_names(c, names, where, fault);
    memory_free(c->budget, names);
    return status;
}

static athlete_status train_read_names(train_columns *c, const train_options *options,
                                       const char *const *names, athlete_fault *fault) {
    if (!options->feature_names) return names ? copy_names(c, names, "the query", fault) : ATHLETE_OK;
    cJSON *list;
    athlete_status status = train_columns_parse(options->feature_names, &list);
    if (status == ATHLETE_OK) status = read_list_of_names(c, list, fault);
    cJSON_Delete(list);
    return status;
}

/* --- columns that options point at ---------------------------------------------------------------------- */

/* How an option of this name counts: from 1, as SQL does, or from 0 where the name is one that counts so elsewhere. */
static int first_position(const char *option) {
    static const char *const theirs[] = {"weight_column", "categorical_feature", "interaction_constraints"};
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        if (strcmp(option, theirs[i]) == 0) return 0;
    }
    return 1;
}

/* The column that a name or a position after the label stands for. */
static athlete_status train_find_column(const train_columns *c, const cJSON *item, const char *option,
                                        int *column, athlete_fault *fault) {
    int first = first_position(option);
    for (int i = 0; cJSON_IsString(item) && c->names && i < c->n_columns; i++) {
        if (strcmp(c->names[i], item->valuestring) != 0) continue;
        *column = i;
        return ATHLETE_OK;
    }
    double position = cJSON_IsNumber(item) ? item->valuedouble - first : -1;
    if (position >= 0 && position < c->n_columns && position == floor(position)) {
        *column = (int)position;
        return ATHLETE_OK;
    }
    char *found = cJSON_PrintUnformatted(item);
    athlete_status status =
        found ? fault_refuse(fault,
                             "option \"%s\" must name a column after the label by its name%s or its "
                             "position from %d to %d, got %.40s",
                             option, c->names ? "" : " (option \"feature_names\" gives them)", first,
                             c->n_columns - 1 + first, found)
              : ATHLETE_NOMEM;
    cJSON_free(found);
    return status;
}

static athlete_status read_role(train_columns *c, const char *text, const char *option, int *column,
                                athlete_fault *fault) {
    cJSON *item;
    athlete_status status = train_columns_parse(text, &item);
    if (status == ATHLETE_OK && item) status = train_find_column(c, item, option, column, fault);
    cJSON_Delete(item);
    if (status != ATHLETE_OK) return status;
    for (int role = 0; *column >= 0 && role < N_ROLES; role++) {
        if (column != &c->of_role[role] && c->of_role[role] == *column)
            return fault_refuse(fault, "option \"%s\" names a column that has another role", option);
    }
    return ATHLETE_OK;
}

static athlete_status read_roles(train_columns *c, const train_options *options, athlete_fault *fault) {
    for (int role = 0; role < N_ROLES; role++) c->of_role[role] = -1;
    const char *weight = train_options_given(options, "weight") > 1 ? "weight_column" : "weight";
    athlete_status status = read_role(c, options->weight, weight, &c->of_role[ROLE_WEIGHT], fault);
    if (status == ATHLETE_OK)
        status = read_role(c, options->validation, "validation", &c->of_role[ROLE_VALIDATION], fault);
    if (status != ATHLETE_OK) return status;
    c->n_features = c->n_columns;
    for (int role = 0; role < N_ROLES; role++) c->n_features -= c->of_role[role] >= 0;
    if (c->n_features < 1) return fault_refuse(fault, "no column is left to be a feature");
    if (options->early_stopping_rounds > 0 && c->of_role[ROLE_VALIDATION] < 0)
        return fault_refuse(fault, "option \"early_stopping_rounds\" needs option \"validation\"");
    return ATHLETE_OK;
}

static bool has_role(const train_columns *c, int column) {
    for (int role = 0; role < N_ROLES; role++) {
        if (c->of_role[role] == column) return true;
    }
    return false;
}

static athlete_status list_features(train_columns *c) {
    size_t n = (size_t)c->n_features;
    c->of_feature = memory_alloc(c->budget, n, sizeof *c->of_feature);
    c->categorical = memory_zeroed(c->budget, n, sizeof *c->categorical);
    if (!c->of_feature || !c->categorical) return memory_status(c->budget);
    if (c->names) {
        c->feature_names = memory_alloc(c->budget, n, sizeof *c->feature_names);
        if (!c->feature_names) return memory_status(c->budget);
    }
    for (int column = 0, f = 0; column < c->n_columns; column++) {
        if (has_role(c, column)) continue;
        c->of_feature[f] = column;
        if (c->names) c->feature_names[f] = c->names[column];
        f++;
    }
    return ATHLETE_OK;
}

static athlete_status find_feature(const train_columns *c, const cJSON *item, const char *option,
                                   int *feature, athlete_fault *fault) {
    int column = -1;
    athlete_status status = train_find_column(c, item, option, &column, fault);
    if (status != ATHLETE_OK) return status;
    for (*feature = 0; *feature < c->n_features; ++*feature) {
        if (c->of_feature[*feature] == column) return ATHLETE_OK;
    }
    return fault_refuse(fault, "option \"%s\" names column %d, which is no feature", option,
                        column + first_position(option));
}

/* --- categories and constraints ------------------------------------------------------------------------- */

static athlete_status train_read_categorical(train_columns *c, const cJSON *list, athlete_fault *fault) {
    if (!cJSON_IsArray(list))
        return fault_refuse(fault, "option \"%s\" must be a list of names or positions",
                            c->categorical_option);
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        int feature;
        athlete_status status = find_feature(c, item, c->categorical_option, &feature, fault);
        if (status != ATHLETE_OK) return status;
        c->categorical[feature] = 1;
    }
    return ATHLETE_OK;
}

static athlete_status set_monotone(train_columns *c, int feature, const cJSON *item, athlete_fault *fault) {
    double sign = cJSON_IsNumber(item) ? item->valuedouble : 2;
    if (sign != -1 && sign != 0 && sign != 1)
        return fault_refuse(fault, "option \"monotone_constraints\" must give 1, 0 or -1 for feature %d",
                            feature + 1);
    if (sign != 0 && c->categorical[feature])
        return fault_refuse(fault,
                            "option \"monotone_constraints\": feature %d is categorical, which "
                            "has no order",
                            feature + 1);
    c->monotone[feature] = (int8_t)sign;
    return ATHLETE_OK;
}

/* A list with a sign for each feature, or an object with signs by name. */
static athlete_status read_monotone(train_columns *c, const cJSON *tree, athlete_fault *fault) {
    const char *option = "monotone_constraints";
    if (cJSON_IsArray(tree) && cJSON_GetArraySize(tree) != c->n_features)
        return fault_refuse(fault,
                            "option \"%s\" must have %d signs, one per feature, or be an object "
                            "of names and signs",
                            option, c->n_features);
    c->monotone = memory_zeroed(c->budget, (size_t)c->n_features, sizeof *c->monotone);
    if (!c->monotone) return memory_status(c->budget);
    int position = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, tree) {
        int feature = position++;
        athlete_status status = ATHLETE_OK;
        if (cJSON_IsObject(tree)) {
            cJSON name = {.type = cJSON_String, .valuestring = item->string};
            status = find_feature(c, &name, option, &feature, fault);
        }
        if (status == ATHLETE_OK) status = set_monotone(c, feature, item, fault);
        if (status != ATHLETE_OK) return status;
    }
    return ATHLETE_OK;
}

/* Positions are those of the features alone, as XGBoost and LightGBM number them. */
static athlete_status find_interacting(const train_columns *c, const cJSON *item, const char *option,
                                       int *feature, athlete_fault *fault) {
    if (!cJSON_IsNumber(item) || c->n_features == c->n_columns)
        return find_feature(c, item, option, feature, fault);
    double position = item->valuedouble;
    if (!(position >= 0 && position < c->n_features && position == floor(position))) {
        sqlite3_str *out = sqlite3_str_new(NULL);
        sqlite3_str_appendf(out, "option \"%s\" must give features by position from 0 to %d, got %!.15g",
                            option, c->n_features - 1, position);
        return fault_refuse_str(fault, out);
    }
    *feature = (int)position;
    return ATHLETE_OK;
}

static athlete_status read_interactions(train_columns *c, const cJSON *lists, athlete_fault *fault) {
    const char *option = "interaction_constraints";
    c->n_interactions = (size_t)cJSON_GetArraySize(lists);
    if (c->n_interactions == 0) return ATHLETE_OK;
    c->interaction_words = ((size_t)c->n_features + 63) / 64;
    c->interactions =
        memory_zeroed(c->budget, c->n_interactions, c->interaction_words * sizeof *c->interactions);
    if (!c->interactions) return memory_status(c->budget);
    uint64_t *set = c->interactions;
    const cJSON *list, *item;
    cJSON_ArrayForEach(list, lists) {
        if (!cJSON_IsArray(lists) || !cJSON_IsArray(list))
            return fault_refuse(fault, "option \"%s\" must be a list of lists of names or positions", option);
        cJSON_ArrayForEach(item, list) {
            int feature;
            athlete_status status = find_interacting(c, item, option, &feature, fault);
            if (status != ATHLETE_OK) return status;
            set[feature / 64] |= (uint64_t)1 << feature % 64;
        }
        set += c->interaction_words;
    }
    return ATHLETE_OK;
}

typedef athlete_status column_option(train_columns *c, const cJSON *tree, athlete_fault *fault);

static athlete_status read_json(train_columns *c, const char *text, column_option *read,
                                athlete_fault *fault) {
    cJSON *tree;
    athlete_status status = train_columns_parse(text, &tree);
    if (status == ATHLETE_OK && tree) status = read(c, tree, fault);
    cJSON_Delete(tree);
    return status;
}

athlete_status train_columns_read(const train_options *options, int n_columns, const char *const *names,
                                  athlete_budget *budget, train_columns *columns, athlete_fault *fault) {
    *columns = (train_columns){.budget = budget, .n_columns = n_columns};
    athlete_status status = train_read_names(columns, options, names, fault);
    if (status == ATHLETE_OK) status = read_roles(columns, options, fault);
    if (status == ATHLETE_OK) status = list_features(columns);
    columns->categorical_option = train_options_given(options, "categorical_features") > 1
                                      ? "categorical_feature"
                                      : "categorical_features";
    if (status == ATHLETE_OK)
        status = read_json(columns, options->categorical_features, train_read_categorical, fault);
    if (status == ATHLETE_OK)
        status = read_json(columns, options->monotone_constraints, read_monotone, fault);
    if (status == ATHLETE_OK)
        status = read_json(columns, options->interaction_constraints, read_interactions, fault);
    return status;
}

void train_columns_free(train_columns *c) {
    void *const blocks[] = {c->of_feature, c->names,        c->feature_names, c->categorical,
                            c->monotone,   c->interactions, c->strings};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) memory_free(c->budget, blocks[i]);
    *c = (train_columns){.budget = NULL};
}

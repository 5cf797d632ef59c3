/* Rows of SQL's values as float32, each value looked at once. */
#include <float.h>
#include <math.h>
#include "base/binding/function.h"
#include "trees/trainer/train_labels_sql.h"
#include "trees/trainer/train_value_sql.h"
#include "trees/trainer/trainer_sql.h"

#define MAX_CATEGORY_CODE 16777216 /* 2^24, XGBoost's limit: float32 counts on to there */

/* --- sentences ------------------------------------------------------------------------------------------ */

static athlete_status refuse_feature(trainer *t, int feature, const char *expected, sqlite3_value *value) {
    return train_row_refuse(t, "feature", feature, expected, value);
}

/* --- the columns beside the features -------------------------------------------------------------------- */

static athlete_status read_weight(trainer *t, sqlite3_value *value, float *weight) {
    double x = train_is_number(value) ? sqlite3_value_double(value) : -1;
    if (!(x >= 0 && x <= 1e15 && (x == 0 || x >= 1e-15)))
        return train_row_refuse(t, "the weight", -1, "0 or from 1e-15 to 1e15", value);
    *weight = (float)x;
    return ATHLETE_OK;
}

static athlete_status read_flag(trainer *t, sqlite3_value *value, bool *flag) {
    double x = train_is_number(value) ? sqlite3_value_double(value) : -1;
    if (x != 0 && x != 1) return train_row_refuse(t, "the validation flag", -1, "0 or 1", value);
    *flag = x == 1;
    return ATHLETE_OK;
}

/* --- features ------------------------------------------------------------------------------------------- */

static athlete_status add_name(trainer *t, int feature, sqlite3_value *value, float *out) {
    const char *text = (const char *)sqlite3_value_text(value);
    if (!text) return ATHLETE_NOMEM;
    if (!train_is_name(value)) return refuse_feature(t, feature, "UTF-8 text without zero bytes", value);
    uint32_t number = 0;
    athlete_status status = category_find(&t->categories[feature], text, &t->budget, &number);
    if (status == ATHLETE_INVALID)
        return fault_refuse(&t->fault, "feature %d has more than %d different texts", feature + 1,
                            (int)ATHLETE_MAX_CATEGORIES);
    *out = (float)number;
    return status;
}

static athlete_status add_number(trainer *t, int feature, sqlite3_value *value, float *out) {
    double x = sqlite3_value_double(value);
    if (!isfinite(x)) return refuse_feature(t, feature, "a finite number or NULL", value);
    if (fabs(x) >= FLT_MAX) return refuse_feature(t, feature, "within the range of float32", value);
    *out = (float)x + 0.0f;
    return ATHLETE_OK;
}

static athlete_status add_code(trainer *t, int feature, sqlite3_value *value, float *out) {
    double x = sqlite3_value_double(value);
    if (!(x >= 0 && x < MAX_CATEGORY_CODE && x == floor(x)))
        return refuse_feature(t, feature,
                              "text, a whole number from 0 to 16777215 or NULL, being categorical", value);
    *out = (float)x;
    return ATHLETE_OK;
}

/* What a value is as part of its column: in a column declared categorical every text is a name; in another one text that
** is a number is one, as for all functions. */
static column_content content_of(const trainer *t, int feature, sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    bool declared = t->columns.categorical[feature];
    if (type == SQLITE_TEXT && !declared) type = sqlite3_value_numeric_type(value);
    switch (type) {
    case SQLITE_TEXT: return CONTENT_NAMES;
    case SQLITE_INTEGER:
    case SQLITE_FLOAT: return declared ? CONTENT_CODES : CONTENT_NUMBERS;
    default: return CONTENT_NONE;
    }
}

/* Any value but a REAL in a column of numbers. */
static athlete_status train_add_value(trainer *t, int feature, sqlite3_value *value, float *out) {
    if (sqlite3_value_type(value) == SQLITE_NULL) {
        *out = NAN;
        return ATHLETE_OK;
    }
    column_content content = content_of(t, feature, value), before = t->content[feature];
    if (content == CONTENT_NONE) return refuse_feature(t, feature, "a finite number, text or NULL", value);
    if (before != CONTENT_NONE && before != content) {
        return refuse_feature(t, feature,
                              content == CONTENT_NAMES ? "a finite number or NULL, as in the rows before"
                                                       : "text or NULL, as in the rows before",
                              value);
    }
    t->content[feature] = content;
    switch (content) {
    case CONTENT_NAMES: return add_name(t, feature, value, out);
    case CONTENT_CODES: return add_code(t, feature, value, out);
    case CONTENT_NUMBERS:
    case CONTENT_NONE: break;
    }
    return add_number(t, feature, value, out);
}

/* The features from `first` on. */
static athlete_status train_add_features(trainer *t, int first, int n, sqlite3_value **values, float *row) {
    const column_content *content = t->content;
    for (int i = 0, f = first; i < n; i++, f++) {
        if (content[f] == CONTENT_NUMBERS && sqlite3_value_type(values[i]) == SQLITE_FLOAT) {
            double x = sqlite3_value_double(values[i]);
            if (fabs(x) < FLT_MAX) {
                row[f] = (float)x + 0.0f; /* -0 becomes 0, which it is equal to */
                continue;
            }
        }
        athlete_status status = train_add_value(t, f, values[i], &row[f]);
        if (status != ATHLETE_OK) return status;
    }
    return ATHLETE_OK;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static athlete_status grow_block(trainer *t, row_block *block) {
    size_t had = block->capacity, wanted = had ? 2 * had : 64, n_features = (size_t)t->columns.n_features;
    size_t cells = had * n_features, labels = had, weights = had;
    athlete_status status = memory_reserve(&t->budget, &block->values, &cells, wanted * n_features);
    if (status == ATHLETE_OK) status = memory_reserve(&t->budget, &block->labels, &labels, wanted);
    if (status == ATHLETE_OK && t->columns.of_role[ROLE_WEIGHT] >= 0)
        status = memory_reserve(&t->budget, &block->weights, &weights, wanted);
    if (status == ATHLETE_OK) block->capacity = wanted;
    return status;
}

int trainer_order(const trainer *t, int *column) {
    int n = 0;
    for (int role = 0; role < N_ROLES; role++) {
        if (t->columns.of_role[role] >= 0) column[n++] = t->columns.of_role[role] + 1;
    }
    column[n++] = 0;
    for (int f = 0; f < t->columns.n_features; f++) column[n++] = t->columns.of_feature[f] + 1;
    return n;
}

/* What comes before the features: `at` is its place in that order. */
static athlete_status read_lead(trainer *t, int at, sqlite3_value *value) {
    pending_row *row = &t->row;
    if (row->weight == 0) return ATHLETE_OK;
    for (int role = 0; role < N_ROLES; role++) {
        if (t->columns.of_role[role] < 0 || at-- > 0) continue;
        return role == ROLE_WEIGHT ? read_weight(t, value, &row->weight)
                                   : read_flag(t, value, &row->validates);
    }
    return train_label_read(t, value, &row->label);
}

static athlete_status open_row(trainer *t) {
    pending_row *row = &t->row;
    if (row->weight == 0) return ATHLETE_OK; /* as if it were not there */
    row_block *block = row->validates ? &t->validation : &t->train;
    if (block->n == ATHLETE_MAX_ROWS)
        return fault_refuse(&t->fault, "more than %lld rows", (long long)ATHLETE_MAX_ROWS);
    athlete_status status = block->n == block->capacity ? grow_block(t, block) : ATHLETE_OK;
    if (status == ATHLETE_OK) row->block = block;
    return status;
}

static void close_row(trainer *t) {
    row_block *block = t->row.block;
    t->n_read++;
    if (!block) return;
    block->labels[block->n] = t->row.label;
    if (block->weights) block->weights[block->n] = t->row.weight;
    block->n++;
}

athlete_status trainer_take(trainer *t, int first, int n, sqlite3_value **values) {
    int n_features = t->columns.n_features, n_leads = t->columns.n_columns - n_features + 1;
    int at = first, end = first + n;
    athlete_status status = ATHLETE_OK;
    if (first == 0) t->row = (pending_row){.weight = 1};
    for (; status == ATHLETE_OK && at < end && at < n_leads; at++)
        status = read_lead(t, at, values[at - first]);
    if (status == ATHLETE_OK && at == n_leads && at < end) status = open_row(t);
    row_block *block = t->row.block;
    if (status == ATHLETE_OK && block && at < end) {
        status = train_add_features(t, at - n_leads, end - at, values + (at - first),
                                    block->values + block->n * (size_t)n_features);
    }
    if (status == ATHLETE_OK && end == n_leads + n_features) close_row(t);
    return status;
}

#include "trees/feature_sql.h"

#include "base/binding/function.h"

bool feature_from_text(const forest *model, int feature, sqlite3_value *value, float *x) {
    if (sqlite3_value_type(value) == SQLITE_BLOB) return false;
    if (model->categories && model->categories[feature].n > 0) {
        const char *text = (const char *)sqlite3_value_text(value);
        if (!text) return false;
        *x = category_number(&model->categories[feature], text, (size_t)sqlite3_value_bytes(value));
        return true;
    }
    int type = sqlite3_value_numeric_type(value);
    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) return false;
    double number = sqlite3_value_double(value);
    *x = (float)number;
    return fabs(number) <= (double)FLT_MAX;
}

athlete_status feature_refuse(const forest *model, int feature, sqlite3_value *value, athlete_fault *fault) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "feature %d", feature + 1);
    if (model->feature_names) sqlite3_str_appendf(out, " (%s)", model->feature_names[feature]);
    int type = sqlite3_value_type(value);
    bool named = model->categories && model->categories[feature].n > 0;
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
        sqlite3_str_appendf(out, " is %!.15g, beyond the range of float32", sqlite3_value_double(value));
    } else {
        sqlite3_str_appendf(out, " must be %s or NULL, got ", named ? "the name of a category" : "a number");
        value_describe(out, value);
    }
    return fault_refuse_str(fault, out);
}

/* Values of SQL as the float32 features of a model. */
#ifndef ATHLETE_TREES_FEATURE_SQL_H
#define ATHLETE_TREES_FEATURE_SQL_H

#include <float.h>
#include <math.h>
#include "base/fault.h"
#include "base/sqlite.h"
#include "trees/model/model.h"

/* What is neither a number nor NULL, and any value of a feature whose categories have names; false if the model cannot
** take it. */
bool feature_from_text(const forest *model, int feature, sqlite3_value *value, float *x);

/* Says why a value was refused: "feature 2 (pace) must be a number or NULL, got text 'abc'". */
athlete_status feature_refuse(const forest *model, int feature, sqlite3_value *value, athlete_fault *fault);

/* The value of a feature: NULL is missing (NaN), a number itself, text the category of that name or, where the
** feature is numeric, the number that it wholly is. A category that the model does not know is missing. */
static inline bool feature_read(const forest *model, int feature, sqlite3_value *value, float *x) {
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL) {
        *x = NAN;
        return true;
    }
    if (type == SQLITE_TEXT || type == SQLITE_BLOB || (model->categories && model->categories[feature].n > 0))
        return feature_from_text(model, feature, value, x);
    double number = sqlite3_value_double(value);
    *x = (float)number;
    return fabs(number) <= (double)FLT_MAX;
}

#endif

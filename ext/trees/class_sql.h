/* A class as an answer: its name, or its number where classes have none. */
#ifndef ATHLETE_TREES_CLASS_SQL_H
#define ATHLETE_TREES_CLASS_SQL_H

#include "base/sqlite.h"
#include "trees/model/model.h"

static inline void class_answer(sqlite3_context *context, const forest *model, int k) {
    if (model->classes.n == 0) sqlite3_result_int(context, k);
    else sqlite3_result_text(context, model->classes.name[k], -1, SQLITE_TRANSIENT);
}

#endif

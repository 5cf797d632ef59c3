/* The model that an argument is the text of, out of the connection's cache (model_cache.h). A table-valued function also
** takes a model's name in the registry, unless it may stand in a view: such a one, and a scalar, reads no table. */
#ifndef ATHLETE_TREES_MODEL_ARGUMENT_SQL_H
#define ATHLETE_TREES_MODEL_ARGUMENT_SQL_H

#include "base/binding/function.h"
#include "trees/scorer/model_cache.h"

/* Of a scalar function, and of a table-valued one; to be given back with cached_text_release. NULL with the error set. */
cached_model *model_of_context(sqlite3_context *context, sqlite3_value *argument);
cached_model *model_of_call(athlete_call *call, sqlite3_value *argument);

/* Ends a call with a text, which is given away, or with what went wrong. */
void text_answer(sqlite3_context *context, athlete_status status, text_buffer *out,
                 const athlete_fault *fault);

/* Ends a column with a feature's name: the model's own, or f0, f1, … as XGBoost calls them. */
void model_result_name(sqlite3_context *context, const forest *model, size_t feature);

#endif

/* A model that the registry has: time_estimator@champion by its alias, time_estimator/3 by its number. */
#ifndef ATHLETE_BASE_BINDING_MODEL_REFERENCE_H
#define ATHLETE_BASE_BINDING_MODEL_REFERENCE_H

#include <stdbool.h>
#include "base/binding/function.h"

bool model_is_reference(const char *text);

/* The model's text, to be freed with sqlite3_free. ATHLETE_INVALID says why there is none. */
athlete_status model_reference_read(sqlite3 *db, const char *reference, char **text, athlete_fault *fault);

#endif

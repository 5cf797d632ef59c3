/* The functions that SQL which is data may call. */
#ifndef ATHLETE_BASE_JUDGE_JUDGE_FUNCTIONS_H
#define ATHLETE_BASE_JUDGE_JUDGE_FUNCTIONS_H

#include "base/binding/function.h"

/* Deterministic scalar functions of SQLite, of any version: what is not there yet cannot be called. */
bool function_is_of_row(const char *name);

/* Its aggregates and windows. */
bool function_is_of_rows(const char *name);

/* Of this extension, as a function of tables or as any other, and not a part of one. */
bool function_is_ours(const char *name, athlete_kind kind, athlete_trust trust);

#endif

/* The names that the store needs for itself: the one list. */
#ifndef ATHLETE_STORE_DEFINITION_RESERVED_NAMES_H
#define ATHLETE_STORE_DEFINITION_RESERVED_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include "store/definition/definition.h"

/* ATHLETE_INVALID with a sentence if a name of the definition is reserved. What the group has had since `before` (may be
** NULL) it keeps: a file may be older than the list. */
athlete_status reserved_names_check(const feature_definition *definition, const feature_definition *before,
                                    athlete_fault *fault);

#endif

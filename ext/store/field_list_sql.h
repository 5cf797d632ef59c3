/* feature_definition_fields: the fields of a definition's objects, as they are read and judged. */
#ifndef ATHLETE_STORE_FIELD_LIST_SQL_H
#define ATHLETE_STORE_FIELD_LIST_SQL_H

#include "base/binding/function.h"

extern const athlete_table feature_definition_fields_table;

#endif

/* The order of two values that index columns of the same type have, wherever the values are. */
#ifndef ATHLETE_STORE_LOOKUP_LOOKUP_VALUE_SQL_H
#define ATHLETE_STORE_LOOKUP_LOOKUP_VALUE_SQL_H

#include "store/lookup/kept_row_sql.h"

/* A value, wherever it is. */
typedef struct value_view {
    int type, bytes;
    sqlite3_int64 integer;
    double number;
    const char *text;
} value_view;

value_view view_value(sqlite3_value *value);
value_view view_kept(const kept_row *row, int i);

/* The order of two numbers or two texts; false for any other pair, whose order is left to SQLite. */
bool value_compare(const value_view *a, const value_view *b, int *order);

#endif

#include "store/statement/own_room_sql.h"

own_room own_room_begin(sqlite3 *db, int depth, int variables, int arguments) {
    own_room were = {sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, -1),
                     sqlite3_limit(db, SQLITE_LIMIT_VARIABLE_NUMBER, -1),
                     sqlite3_limit(db, SQLITE_LIMIT_FUNCTION_ARG, -1)};
    sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, were.depth + depth);
    if (variables > were.variables) sqlite3_limit(db, SQLITE_LIMIT_VARIABLE_NUMBER, variables);
    if (arguments > were.arguments) sqlite3_limit(db, SQLITE_LIMIT_FUNCTION_ARG, arguments);
    return were;
}

void own_room_end(sqlite3 *db, own_room were) {
    sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, were.depth);
    sqlite3_limit(db, SQLITE_LIMIT_VARIABLE_NUMBER, were.variables);
    sqlite3_limit(db, SQLITE_LIMIT_FUNCTION_ARG, were.arguments);
}

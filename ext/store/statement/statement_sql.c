#include "store/statement/statement_sql.h"

#include <string.h>
#include "base/numbers/instant.h"
#include "base/precondition.h"
#include "store/statement/statement_names_sql.h"

void statement_write(sqlite3_str *out, const char *name, const statement_scope *scope) {
    sql_template_write(out, &statement_group_names, name, scope);
}

const char *statement_text(const char *name) {
    const sql_template *each = store_templates;
    while (each->name && strcmp(each->name, name) != 0) each++;
    assert(each->name && !strchr(each->text, '{'));
    return each->text;
}

void feature_time_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    if (argc != 2) {
        sqlite3_result_error(context, "feature time: a part of feature_group_ingest, not to be called", -1);
        return;
    }
    if (sqlite3_value_type(argv[0]) != SQLITE_TEXT) return;
    const char *text = (const char *)sqlite3_value_text(argv[0]);
    size_t length = (size_t)sqlite3_value_bytes(argv[0]);
    if (text && instant_is_canonical(text, length, sqlite3_value_int(argv[1])))
        sqlite3_result_int(context, 1);
}

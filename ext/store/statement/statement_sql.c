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

/* The text of a value that is in form, or NULL. */
static const char *text_in_form(sqlite3_value *value, int digits) {
    if (sqlite3_value_type(value) != SQLITE_TEXT) return NULL;
    const char *text = (const char *)sqlite3_value_text(value);
    return text && instant_is_canonical(text, (size_t)sqlite3_value_bytes(value), digits) ? text : NULL;
}

void feature_time_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    if (argc != 2)
        sqlite3_result_error(context, "feature time: a part of feature_group_ingest, not to be called", -1);
    else if (text_in_form(argv[0], sqlite3_value_int(argv[1]))) sqlite3_result_int(context, 1);
}

/* sqlite3_result_value would take new memory for every row. */
void feature_form_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    if (argc != 2) {
        sqlite3_result_error(context, "feature form: a part of feature_group_ingest, not to be called", -1);
        return;
    }
    const char *text = text_in_form(argv[0], sqlite3_value_int(argv[1]));
    if (text) sqlite3_result_text(context, text, sqlite3_value_bytes(argv[0]), SQLITE_TRANSIENT);
}

void feature_odd_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    if (argc < 1) {
        sqlite3_result_error(context, "feature odd: a part of feature_group_ingest, not to be called", -1);
        return;
    }
    int digits = sqlite3_value_int(argv[0]), is_odd = 0;
    for (int i = 1; i < argc && !is_odd; i++) is_odd = !text_in_form(argv[i], digits);
    sqlite3_result_int(context, is_odd);
}

#include "store/training_reader_sql.h"

#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/numbers/decimal.h"
#include "base/own_statement.h"
#include "store/statement/json_row_sql.h"

bool training_reader_open(training_reader *reader, training_set *set) {
    *reader = (training_reader){.set = set, .labels = reader->labels};
    reader->lookups = memory_zeroed(NULL, (size_t)set->spec.n_lookups, sizeof(asof_lookup *));
    return reader->lookups != NULL;
}

/* Finalizes what the last reading has left. */
static void reader_end(training_reader *reader) {
    const training_set *set = reader->set;
    own_finalize(set->db, &reader->labels);
    own_finalize(set->db, &reader->expressions);
    for (int i = 0; reader->lookups && i < set->spec.n_lookups; i++) {
        if (reader->lookups[i]) lookup_close(reader->lookups[i]);
        reader->lookups[i] = NULL;
    }
}

void training_reader_close(training_reader *reader) {
    if (!reader->set) return;
    reader_end(reader);
    memory_free(NULL, reader->lookups);
    reader->lookups = NULL;
}

int training_reader_begin(training_reader *reader, athlete_fault *fault) {
    training_set *set = reader->set;
    bool is_open = reader->labels && !reader->is_begun;
    int rc = SQLITE_OK;
    if (!is_open) {
        reader_end(reader);
        rc = training_labels(set, &reader->labels, fault);
    }
    reader->is_begun = true;
    reader->row = 0;
    if (rc == SQLITE_OK) rc = training_expressions(set, &reader->expressions, fault);
    for (int i = 0; i < set->spec.n_lookups && rc == SQLITE_OK; i++) {
        reader->lookups[i] = lookup_open(&set->lookups[i].plan);
        if (!reader->lookups[i]) rc = SQLITE_NOMEM;
    }
    return rc;
}

/* --- a row ---------------------------------------------------------------------------------------------- */

static int reader_look_up(training_reader *reader, int number, athlete_fault *fault) {
    const training_set *set = reader->set;
    const set_lookup *lookup = &set->lookups[number];
    sqlite3_value *keys[GROUP_KEYS_MAX];
    for (int k = 0; k < lookup->group.n_keys; k++)
        keys[k] = sqlite3_column_value(reader->labels, lookup->keys[k]);
    fault_clear(fault);
    int rc = lookup_seek(reader->lookups[number], keys, sqlite3_column_value(reader->labels, lookup->as_of),
                         fault);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE) return SQLITE_OK;
    if (*fault->text) fault_refuse(fault, "lookup %.60s: %s", set->spec.lookups[number].group, fault->text);
    return rc;
}

/* The value of a feature at the reader's row: a kept one, or NULL where the label has none. */
static const kept_row *reader_feature(const training_reader *reader, const set_column *column, int *slot) {
    const kept_row *row = lookup_answer_row(reader->lookups[column->lookup]);
    *slot = reader->set->lookups[column->lookup].plan.slots[column->index];
    return row && row->values[*slot].type != SQLITE_NULL ? row : NULL;
}

/* A default without a fraction is an INTEGER, as far as doubles tell all of those apart. */
static bool reader_is_integer(double x) {
    return is_whole(x, -9007199254740991.0, 9007199254740991.0);
}

static double absent_number(const cJSON *value) {
    return cJSON_IsBool(value) ? cJSON_IsTrue(value) : value->valuedouble;
}

static int bind_absent(sqlite3_stmt *statement, int index, const cJSON *value) {
    if (!value) return sqlite3_bind_null(statement, index);
    if (cJSON_IsString(value))
        return sqlite3_bind_text(statement, index, value->valuestring, -1, SQLITE_STATIC);
    double x = absent_number(value);
    return reader_is_integer(x) ? sqlite3_bind_int64(statement, index, (sqlite3_int64)x)
                                : sqlite3_bind_double(statement, index, x);
}

static void result_absent(sqlite3_context *context, const cJSON *value) {
    if (!value) return;
    if (cJSON_IsString(value)) {
        sqlite3_result_text(context, value->valuestring, -1, SQLITE_TRANSIENT);
        return;
    }
    double x = absent_number(value);
    if (reader_is_integer(x)) sqlite3_result_int64(context, (sqlite3_int64)x);
    else sqlite3_result_double(context, x);
}

static int reader_compute(training_reader *reader) {
    const training_set *set = reader->set;
    int rc = sqlite3_reset(reader->expressions);
    for (int i = 0; i < set->n_inputs && rc == SQLITE_OK; i++) {
        const set_column *column = &set->columns[i];
        int slot;
        if (column->origin == FROM_LABELS) {
            rc = sqlite3_bind_value(reader->expressions, i + 1,
                                    sqlite3_column_value(reader->labels, column->index));
            continue;
        }
        const kept_row *row = reader_feature(reader, column, &slot);
        rc = row ? kept_bind(reader->expressions, i + 1, row, slot)
                 : bind_absent(reader->expressions, i + 1, column->absent);
    }
    if (rc == SQLITE_OK) rc = sqlite3_step(reader->expressions);
    return rc == SQLITE_ROW ? SQLITE_OK : rc == SQLITE_DONE ? SQLITE_INTERNAL : rc;
}

int training_reader_next(training_reader *reader, athlete_fault *fault) {
    const training_set *set = reader->set;
    int rc = sqlite3_step(reader->labels);
    if (rc == SQLITE_DONE) return rc;
    if (rc != SQLITE_ROW) {
        status_of_code(set->db, rc, "labels: ", fault);
        return rc;
    }
    reader->row++;
    rc = SQLITE_OK;
    for (int i = 0; i < set->spec.n_lookups && rc == SQLITE_OK; i++) rc = reader_look_up(reader, i, fault);
    if (rc != SQLITE_OK) return rc;
    if (reader->expressions) rc = reader_compute(reader);
    if (rc == SQLITE_OK) return SQLITE_ROW;
    status_of_code(set->db, rc, "computed: ", fault);
    return rc;
}

static sqlite3_value *reader_statement_value(const training_reader *reader, const set_column *column) {
    sqlite3_stmt *from = column->origin == FROM_LABELS ? reader->labels : reader->expressions;
    return sqlite3_column_value(from, column->index);
}

void training_reader_result(const training_reader *reader, int number, sqlite3_context *context) {
    const set_column *column = &reader->set->columns[number];
    if (column->origin != FROM_LOOKUP) {
        sqlite3_result_value(context, reader_statement_value(reader, column));
        return;
    }
    int slot;
    const kept_row *row = reader_feature(reader, column, &slot);
    if (row) kept_result(context, row, slot);
    else result_absent(context, column->absent);
}

/* --- as JSON -------------------------------------------------------------------------------------------- */

static void write_json_number(sqlite3_str *out, double x) {
    char number[ATHLETE_DECIMAL_SIZE];
    if (isinf(x)) sqlite3_str_appendall(out, x > 0 ? "\"Inf\"" : "\"-Inf\"");
    else sqlite3_str_append(out, number, decimal_write_short(x, number));
}

/* A text with a zero byte is written as a blob is. */
static void write_json_bytes(sqlite3_str *out, int type, const void *bytes, int n) {
    if (type == SQLITE_TEXT && bytes && !memchr(bytes, 0, (size_t)n)) write_json_text(out, bytes);
    else write_json_hex(out, bytes, bytes ? n : 0);
}

static void write_json_value(sqlite3_str *out, sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL) sqlite3_str_appendall(out, "null");
    else if (type == SQLITE_INTEGER) sqlite3_str_appendf(out, "%lld", sqlite3_value_int64(value));
    else if (type == SQLITE_FLOAT) write_json_number(out, sqlite3_value_double(value));
    else {
        const void *bytes =
            type == SQLITE_TEXT ? (const void *)sqlite3_value_text(value) : sqlite3_value_blob(value);
        write_json_bytes(out, type, bytes, sqlite3_value_bytes(value));
    }
}

static void write_json_kept(sqlite3_str *out, const kept_row *row, int slot) {
    const kept_value *value = &row->values[slot];
    if (value->type == SQLITE_NULL) sqlite3_str_appendall(out, "null");
    else if (value->type == SQLITE_INTEGER) sqlite3_str_appendf(out, "%lld", value->as.integer);
    else if (value->type == SQLITE_FLOAT) write_json_number(out, value->as.number);
    else write_json_bytes(out, value->type, kept_text(row, value), value->bytes);
}

static void write_json_absent(sqlite3_str *out, const cJSON *value) {
    if (!value) sqlite3_str_appendall(out, "null");
    else if (cJSON_IsString(value)) write_json_text(out, value->valuestring);
    else if (reader_is_integer(absent_number(value)))
        sqlite3_str_appendf(out, "%lld", (sqlite3_int64)absent_number(value));
    else write_json_number(out, absent_number(value));
}

void training_reader_write_row(const training_reader *reader, sqlite3_str *out) {
    const char *before = "{";
    for (size_t i = 0; i < reader->set->n_columns; i++) {
        const set_column *column = &reader->set->columns[i];
        if (column->excluded) continue;
        sqlite3_str_appendall(out, before);
        write_json_text(out, column->name);
        sqlite3_str_appendchar(out, 1, ':');
        before = ",";
        if (column->origin != FROM_LOOKUP) {
            write_json_value(out, reader_statement_value(reader, column));
            continue;
        }
        int slot;
        const kept_row *row = reader_feature(reader, column, &slot);
        if (row) write_json_kept(out, row, slot);
        else write_json_absent(out, column->absent);
    }
    sqlite3_str_appendall(out, *before == '{' ? "{}" : "}");
}

void training_reader_write_sources(const training_reader *reader, sqlite3_str *out) {
    static const struct {
        const char *name;
        int slot;
    } members[] = {{"timestamp", KEPT_TIMESTAMP},
                   {"available", KEPT_AVAILABLE},
                   {"row_id", KEPT_ROWID},
                   {"superseded", KEPT_SUPERSEDED}};
    const training_set *set = reader->set;
    sqlite3_str_appendchar(out, 1, '[');
    for (int i = 0; i < set->spec.n_lookups; i++) {
        const kept_row *row = lookup_answer_row(reader->lookups[i]);
        if (i) sqlite3_str_appendchar(out, 1, ',');
        if (!row) {
            sqlite3_str_appendall(out, "null");
            continue;
        }
        sqlite3_str_appendall(out, "{\"group\":");
        write_json_text(out, set->spec.lookups[i].group);
        const char *version = set->lookups[i].group.version;
        if (version) sqlite3_str_appendf(out, ",\"version\":\"%s\"", version);
        for (size_t m = 0; m < sizeof members / sizeof *members; m++) {
            sqlite3_str_appendf(out, ",\"%s\":", members[m].name);
            if (row->values[members[m].slot].type == SQLITE_BLOB) sqlite3_str_appendall(out, "null");
            else write_json_kept(out, row, members[m].slot);
        }
        sqlite3_str_appendchar(out, 1, '}');
    }
    sqlite3_str_appendchar(out, 1, ']');
}

/* Binding of the functions about definitions of feature groups. They return SQL for the caller to run; none writes. */
#include "store/definition_sql.h"

#include <stdlib.h>
#include <string.h>
#include "base/binding/options.h"
#include "base/functions/instants_sql.h"
#include "base/numbers/instant.h"
#include "base/binding/query.h"
#include "base/memory.h"
#include "base/own_statement.h"
#include "store/definition/definition.h"
#include "store/definition/definition_judge_sql.h"
#include "store/definition/registration_sql.h"
#include "store/definition/reserved_names.h"
#include "store/ingest/definition_ddl_sql.h"
#include "store/ingest/definition_ingest_sql.h"
#include "store/ingest/definition_trial_sql.h"
#include "store/statement/json_row_sql.h"
#include "store/statement/own_room_sql.h"

/* --- arguments ------------------------------------------------------------------------------------------ */

static bool is_given(int argc, sqlite3_value **argv, int index) {
    return argc > index && argv[index] && sqlite3_value_type(argv[index]) != SQLITE_NULL;
}

/* Reads a definition with the caller's types, or with those that the registry knows. */
static athlete_status read_definition(sqlite3 *db, feature_definition *definition, const char *json,
                                      const char *types, athlete_fault *fault) {
    *definition = (feature_definition){.tree = NULL};
    char *known = NULL;
    athlete_status status = types ? ATHLETE_OK : status_of(registration_types(&known, db, fault));
    if (status == ATHLETE_INVALID) fault_refuse(fault, "feature_types: %s", fault->text);
    if (known) types = known;
    if (status == ATHLETE_OK)
        status = definition_open(definition, json, strlen(json), types, types ? strlen(types) : 0, fault);
    sqlite3_free(known);
    return status;
}

/* What a definition says in SQL is judged whenever it is about to be registered or run. */
static athlete_status judge_definition(sqlite3 *db, const feature_definition *definition,
                                       athlete_fault *fault) {
    athlete_status status = definition_judge_rules(db, definition, fault);
    return status == ATHLETE_OK ? definition_judge_source(db, definition, true, fault) : status;
}

static athlete_status open_definition(sqlite3 *db, feature_definition *definition, sqlite3_value *json,
                                      sqlite3_value *types, athlete_fault *fault) {
    const char *text = (const char *)sqlite3_value_text(json);
    const char *types_text = types ? (const char *)sqlite3_value_text(types) : NULL;
    *definition = (feature_definition){.tree = NULL};
    if (!text || (types && !types_text)) return ATHLETE_NOMEM;
    return read_definition(db, definition, text, types_text, fault);
}

/* --- feature_group_fault -------------------------------------------------------------------------------- */

/* A definition and the one that it would follow, if that is given: whether it is right, and may follow. */
static athlete_status open_successor(sqlite3 *db, int argc, sqlite3_value **argv,
                                     feature_definition *definition, feature_definition *before,
                                     athlete_fault *fault) {
    sqlite3_value *types = is_given(argc, argv, 2) ? argv[2] : NULL;
    *before = (feature_definition){.tree = NULL};
    athlete_status status = open_definition(db, definition, argv[0], types, fault);
    bool follows = status == ATHLETE_OK && is_given(argc, argv, 1);
    if (follows) status = open_definition(db, before, argv[1], types, fault);
    if (status == ATHLETE_OK) status = reserved_names_check(definition, follows ? before : NULL, fault);
    if (status == ATHLETE_OK) status = judge_definition(db, definition, fault);
    if (status == ATHLETE_OK && follows) status = definition_change_check(before, definition, fault);
    return status;
}

static void result_fault(sqlite3_context *context, athlete_status status, const athlete_fault *fault) {
    if (status == ATHLETE_INVALID) sqlite3_result_text(context, fault->text, -1, SQLITE_TRANSIENT);
    else if (status != ATHLETE_OK) function_fail_status(context, status, NULL);
}

void feature_group_fault_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    feature_definition definition, before;
    athlete_fault fault = {""};
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
    athlete_status status =
        open_successor(sqlite3_context_db_handle(context), argc, argv, &definition, &before, &fault);
    result_fault(context, status, &fault);
    definition_close(&before);
    definition_close(&definition);
}

/* --- feature_group_trial -------------------------------------------------------------------------------- */

void feature_group_trial_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    sqlite3 *db = sqlite3_context_db_handle(context);
    feature_definition definition, before;
    athlete_fault fault = {""};
    private_db own = {.db = NULL};
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
    athlete_status status = open_successor(db, argc, argv, &definition, &before, &fault);
    if (status == ATHLETE_OK) {
        status = private_db_open(&own, db, &fault);
        if (status == ATHLETE_OK) status = private_db_add_functions(&own, &fault);
        if (status == ATHLETE_OK)
            status = definition_try(&own, &definition, before.tree ? &before : NULL, &fault);
        if (status == ATHLETE_OK) status = definition_find_room(&own, db, &definition, &fault);
        private_db_close(&own);
    }
    result_fault(context, status, &fault);
    definition_close(&before);
    definition_close(&definition);
}

/* --- feature_group_ddl ---------------------------------------------------------------------------------- */

void feature_group_ddl_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    feature_definition definition, before = {.tree = NULL};
    athlete_fault fault = {""};
    sqlite3_value *types = is_given(argc, argv, 1) ? argv[1] : NULL;
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
    athlete_status status =
        open_definition(sqlite3_context_db_handle(context), &definition, argv[0], types, &fault);
    if (status == ATHLETE_OK)
        status = judge_definition(sqlite3_context_db_handle(context), &definition, &fault);
    bool grows = status == ATHLETE_OK && is_given(argc, argv, 2);
    if (grows) {
        status = open_definition(sqlite3_context_db_handle(context), &before, argv[2], types, &fault);
        if (status == ATHLETE_OK) status = definition_change_check(&before, &definition, &fault);
    } else if (status == ATHLETE_OK) {
        status = reserved_names_check(&definition, NULL, &fault);
    }
    if (status == ATHLETE_OK) {
        sqlite3_str *out = sqlite3_str_new(NULL);
        write_group_ddl(out, &definition, grows ? &before : NULL);
        function_result_str(context, out);
    } else {
        function_fail_status(context, status, fault.text);
    }
    definition_close(&before);
    definition_close(&definition);
}

/* --- feature_group_times -------------------------------------------------------------------------------- */

void feature_group_times_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    feature_definition definition;
    athlete_fault fault = {""};
    (void)argc;
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
    athlete_status status =
        open_definition(sqlite3_context_db_handle(context), &definition, argv[0], NULL, &fault);
    if (status == ATHLETE_OK) {
        sqlite3_str *out = sqlite3_str_new(NULL);
        write_times_rewritten(out, &definition);
        function_result_str(context, out);
    } else {
        function_fail_status(context, status, fault.text);
    }
    definition_close(&definition);
}

/* --- the rows of a batch -------------------------------------------------------------------------------- */

/* Whether the text is the name of a table with row ids, which can be read where it is. */
static athlete_status find_rowid_table(sqlite3 *db, const char *text, bool *found) {
    sqlite3_stmt *list = NULL;
    char *sql = sqlite3_mprintf("SELECT 1 FROM pragma_table_list(%Q) WHERE type = 'table' AND NOT wr", text);
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &list, NULL) : SQLITE_NOMEM;
    if (rc == SQLITE_OK) rc = sqlite3_step(list);
    *found = rc == SQLITE_ROW;
    sqlite3_finalize(list);
    sqlite3_free(sql);
    return rc == SQLITE_NOMEM ? ATHLETE_NOMEM : ATHLETE_OK;
}

static void source_close(batch_source *source) {
    sqlite3_free(source->query);
    memory_free(NULL, source->has_column);
}

static athlete_status find_columns(const feature_definition *definition, sqlite3_stmt *query,
                                   batch_source *source, athlete_fault *fault) {
    source->has_column = memory_zeroed(NULL, (size_t)definition->n_columns, sizeof *source->has_column);
    if (!source->has_column) return ATHLETE_NOMEM;
    for (int i = 0; i < sqlite3_column_count(query); i++) {
        const char *name = sqlite3_column_name(query, i);
        if (!name) return ATHLETE_NOMEM;
        int column = definition_column_named(definition, name);
        if (column >= 0) source->has_column[column] = true;
    }
    for (int i = 0; i < definition->n_columns; i++) {
        const definition_column *column = &definition->columns[i];
        bool is_filled_in = i == definition->available ||
                            (column->feature && cJSON_GetObjectItemCaseSensitive(column->feature, "default"));
        if (source->has_column[i] || is_filled_in || !column->not_null) continue;
        return fault_refuse(fault, "the source has no column %s, which %s requires", column->name,
                            definition->name);
    }
    return ATHLETE_OK;
}

/* `text` NULL: the definition's own source. With `as_query` a table, too, becomes a query. */
static athlete_status source_open(batch_source *source, sqlite3 *db, const feature_definition *definition,
                                  const char *text, bool as_query, athlete_fault *fault) {
    *source = (batch_source){.table = NULL};
    source->has_offsets = sqlite3_table_column_metadata(db, NULL, "athlete_utc_offsets", NULL, NULL, NULL,
                                                        NULL, NULL, NULL) == SQLITE_OK;
    if (!text && !definition->source) {
        return fault_refuse(fault, "%s has no source of its own: say where its rows are", definition->name);
    }
    bool is_table = false;
    athlete_status status = text ? find_rowid_table(db, text, &is_table) : ATHLETE_OK;
    if (status != ATHLETE_OK) return status;
    if (is_table) {
        source->table = as_query ? NULL : text;
        source->query = sqlite3_mprintf("SELECT * FROM \"%w\"", text);
    } else {
        source->query = text ? sqlite3_mprintf("%s", text) : definition_source_query(definition);
    }
    if (!source->query) return ATHLETE_NOMEM;
    if (!text) {
        status = definition_judge_source(db, definition, false, fault);
        if (status != ATHLETE_OK) return status;
    }
    sqlite3_stmt *query;
    status = query_open(db, source->query, 1, "columns of the group", &query, fault);
    if (status != ATHLETE_OK) return status;
    status = find_columns(definition, query, source, fault);
    sqlite3_finalize(query);
    return status;
}

/* --- feature_group_ingest ------------------------------------------------------------------------------- */

typedef struct ingest_options {
    double reject_limit; /* below 0: the definition's */
    char *known_at;
    int arrivals; /* of arrivals_choices; below 0: as the file says */
    char *types;
} ingest_options;

static const char *const arrivals_choices[] = {"history", "live"};

const athlete_option ingest_options_table[] = {
    {"reject_limit", NULL, OPTION_NUMBER, offsetof(ingest_options, reject_limit), 0, 1, NULL,
     "(the definition's)", "share of rows that may break a rule"},
    {"known_at", NULL, OPTION_TEXT, offsetof(ingest_options, known_at), 0, 0, NULL, "(now)",
     "moment from which rows that replace others are believed"},
    {"arrivals", NULL, OPTION_CHOICE, offsetof(ingest_options, arrivals), 0, 0, "history|live",
     "(arrivals of ops_config)",
     "new rows that do not say it were known when they happened, or are from now on"},
    {"types", NULL, OPTION_OBJECT, offsetof(ingest_options, types), 0, 0, NULL,
     "(those of the table feature_types)", "types beyond the seven"},
    {.name = NULL},
};

/* The moment in the form of the group's times, rounded up: a day is its end. */
static athlete_status read_known_at(const feature_definition *definition, const char *text,
                                    char known_at[INSTANT_SIZE], athlete_fault *fault) {
    bool is_text = strcmp(definition->columns[definition->available].type.storage, "TEXT") == 0;
    size_t digits = text ? strspn(text, "0123456789") : 0;
    instant when;
    if (!text) return ATHLETE_OK;
    bool is_seconds = !is_text && digits > 0 && digits <= 12 && text[digits] == '\0';
    if (is_seconds && strtoll(text, NULL, 10) <= INSTANT_LAST_US / 1000000) {
        sqlite3_snprintf(INSTANT_SIZE, known_at, "%s", text);
        return ATHLETE_OK;
    }
    if (instant_parse(text, &when)) {
        const instant_form *form = definition->is_millisecond ? &instant_milliseconds : &instant_seconds;
        int64_t us = when.us + when.is_more + (when.is_day ? INSTANT_US_PER_DAY : 0);
        if (!is_text)
            sqlite3_snprintf(INSTANT_SIZE, known_at, "%lld", (sqlite3_int64)((us + 999999) / 1000000));
        if (!is_text || instant_form_write(form, us, true, known_at)) return ATHLETE_OK;
    }
    return fault_refuse(fault, "option \"known_at\" must be %s, got '%.60s'", INSTANT_EXPECTED, text);
}

static athlete_status write_ingest(sqlite3_str *out, sqlite3 *db, const feature_definition *definition,
                                   const char *text, const ingest_options *options, athlete_fault *fault) {
    batch_source source = {.table = NULL};
    char known_at[INSTANT_SIZE];
    athlete_status status = read_known_at(definition, options->known_at, known_at, fault);
    if (status == ATHLETE_OK) status = source_open(&source, db, definition, text, false, fault);
    if (status == ATHLETE_OK) {
        write_batch_ingest(out, definition, &source, options->known_at ? known_at : NULL,
                           options->arrivals < 0 ? NULL : arrivals_choices[options->arrivals],
                           options->reject_limit < 0 ? definition->reject_limit : options->reject_limit);
    }
    source_close(&source);
    return status;
}

void feature_group_ingest_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    ingest_options options = {-1, NULL, -1, NULL};
    feature_definition definition = {.tree = NULL};
    athlete_fault fault = {""};
    sqlite3_str *out = sqlite3_str_new(NULL);
    const char *given = is_given(argc, argv, 2) ? (const char *)sqlite3_value_text(argv[2]) : NULL;
    const char *source = is_given(argc, argv, 1) ? (const char *)sqlite3_value_text(argv[1]) : NULL;
    const char *json = (const char *)sqlite3_value_text(argv[0]);
    athlete_status status = options_read(ingest_options_table, given, &options, &fault);
    if (status == ATHLETE_OK && json)
        status =
            read_definition(sqlite3_context_db_handle(context), &definition, json, options.types, &fault);
    if (status == ATHLETE_OK && json)
        status = definition_judge_rules(sqlite3_context_db_handle(context), &definition, &fault);
    if (status == ATHLETE_OK && json)
        status = write_ingest(out, sqlite3_context_db_handle(context), &definition, source, &options, &fault);
    if (status != ATHLETE_OK) {
        function_fail_status(context, status, fault.text);
        sqlite3_free(sqlite3_str_finish(out));
    } else if (json) {
        function_result_str(context, out);
    } else {
        sqlite3_free(sqlite3_str_finish(out)); /* NULL in, NULL out */
    }
    definition_close(&definition);
    sqlite3_free(options.known_at);
    sqlite3_free(options.types);
}

/* --- feature_validate ----------------------------------------------------------------------------------- */

/* The definition that is registered under a name, the version that lookups use; the caller frees it. */
static athlete_status registered_definition(sqlite3 *db, const char *name, char **definition,
                                            athlete_fault *fault) {
    sqlite3_stmt *query = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT definition FROM feature_groups_current WHERE name = ?1", -1,
                                &query, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_bind_text(query, 1, name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_step(query);
    if (rc == SQLITE_ROW) *definition = sqlite3_mprintf("%s", (const char *)sqlite3_column_text(query, 0));
    bool is_out_of_memory = rc == SQLITE_NOMEM || (rc == SQLITE_ROW && !*definition);
    sqlite3_finalize(query);
    if (is_out_of_memory) return ATHLETE_NOMEM;
    if (*definition) return ATHLETE_OK;
    return fault_refuse(fault, "there is no registered feature group '%.60s'", name);
}

#define VALIDATE_ROW 6 /* the first column of the row */

static athlete_status validation_query(sqlite3 *db, const char *group, const char *source_text,
                                       sqlite3_stmt **query, athlete_fault *fault) {
    feature_definition definition = {.tree = NULL};
    batch_source source = {.table = NULL};
    char *found = NULL;
    athlete_status status = ATHLETE_OK;
    if (group[strspn(group, " \t\r\n")] != '{') status = registered_definition(db, group, &found, fault);
    const char *json = found ? found : group;
    if (status == ATHLETE_OK) status = read_definition(db, &definition, json, NULL, fault);
    if (status == ATHLETE_OK) status = definition_judge_rules(db, &definition, fault);
    if (status == ATHLETE_OK) status = source_open(&source, db, &definition, source_text, true, fault);
    if (status == ATHLETE_OK) {
        bool has_table = sqlite3_table_column_metadata(db, NULL, definition.table, NULL, NULL, NULL, NULL,
                                                       NULL, NULL) == SQLITE_OK;
        sqlite3_str *out = sqlite3_str_new(db);
        write_batch_validation(out, &definition, &source, has_table);
        char *sql = sqlite3_str_finish(out);
        own_room were = own_room_begin(db, OWN_DEPTH, 0, 0);
        status = sql ? query_open(db, sql, VALIDATE_ROW + 1, "a validation", query, fault) : ATHLETE_NOMEM;
        own_room_end(db, were);
        sqlite3_free(sql);
    }
    source_close(&source);
    definition_close(&definition);
    sqlite3_free(found);
    return status;
}

typedef struct validate_state {
    sqlite3 *db;
    sqlite3_stmt *query;
} validate_state;

static athlete_status validate_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    const char *group = (const char *)sqlite3_value_text(argv[0]);
    const char *source = is_given(argc, argv, 1) ? (const char *)sqlite3_value_text(argv[1]) : NULL;
    validate_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->db = call->db;
    if (!group) return ATHLETE_NOMEM;
    return validation_query(call->db, group, source, &state->query, &call->fault);
}

static int validate_next(athlete_call *call, void *state) {
    int rc = sqlite3_step(((validate_state *)state)->query);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? rc : query_fail(call, rc);
}

/* The row comes as its columns: an expression that makes JSON of them would be too deep for strict limits. */
static void validate_column(void *state, sqlite3_context *context, int column) {
    sqlite3_stmt *query = ((validate_state *)state)->query;
    if (column < VALIDATE_ROW) {
        sqlite3_result_value(context, sqlite3_column_value(query, column));
        return;
    }
    sqlite3_str *row = sqlite3_str_new(NULL);
    write_json_row(row, query, VALIDATE_ROW);
    function_result_str(context, row);
}

static void validate_close(void *opaque) {
    validate_state *state = opaque;
    own_finalize(state->db, &state->query);
    memory_free(NULL, state);
}

const athlete_table feature_validate_table = {
    .columns = "seq INTEGER, verdict TEXT, feature TEXT, rule TEXT, value, reason TEXT, row TEXT",
    .expected_rows = 10000,
    .open = validate_open,
    .next = validate_next,
    .column = validate_column,
    .close = validate_close,
};

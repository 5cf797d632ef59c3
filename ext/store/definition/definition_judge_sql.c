#include "store/definition/definition_judge_sql.h"

#include <string.h>
#include "base/binding/function.h"
#include "base/judge/judge.h"
#include "base/memory.h"

/* Puts the place before the phrase that a judgement has left. */
static athlete_status place_fault(athlete_status status, const char *place, athlete_fault *fault) {
    return status == ATHLETE_INVALID ? fault_refuse(fault, "%s%s", place, fault->text) : status;
}

/* --- expressions over a row ----------------------------------------------------------------------------- */

static athlete_status judge_predicates(private_db *own, judge_row *row, const feature_definition *definition,
                                       athlete_fault *fault) {
    athlete_status status = ATHLETE_OK;
    int position = 0;
    const cJSON *rule = definition->rules ? definition->rules->child : NULL;
    for (; rule && status == ATHLETE_OK; rule = rule->next, position++) {
        char place[40];
        const char *predicate = cJSON_GetObjectItemCaseSensitive(rule, "predicate")->valuestring;
        sqlite3_snprintf((int)sizeof place, place, "rules[%d].predicate", position);
        status = place_fault(judge_expression(own, row, predicate, fault), place, fault);
    }
    return status;
}

/* A check with the column in the place of $, as it will be run. */
static char *check_of(const definition_column *column) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    for (const char *at = column->type.check; *at; at++) {
        if (*at == '$') sqlite3_str_appendf(out, "\"%w\"", column->name);
        else sqlite3_str_appendchar(out, 1, *at);
    }
    return sqlite3_str_finish(out);
}

/* Only a type that the registry tells can have a check of somebody's. */
static athlete_status judge_checks(private_db *own, judge_row *row, const feature_definition *definition,
                                   athlete_fault *fault) {
    athlete_status status = ATHLETE_OK;
    for (int i = 0; i < definition->n_columns && status == ATHLETE_OK; i++) {
        const definition_column *column = &definition->columns[i];
        if (column->type.quick) continue;
        char *check = check_of(column);
        char *place = sqlite3_mprintf("types: %.60s.check", column->type.name);
        status = check && place ? judge_expression(own, row, check, fault) : ATHLETE_NOMEM;
        status = place_fault(status, place, fault);
        sqlite3_free(check);
        sqlite3_free(place);
    }
    return status;
}

static athlete_status judge_open_row(private_db *own, sqlite3 *db, const judge_row *row,
                                     athlete_fault *fault) {
    athlete_status status = private_db_open(own, db, fault);
    if (status == ATHLETE_OK) status = judge_row_open(own, row, fault);
    return place_fault(status, "rules cannot be judged: ", fault);
}

static bool has_expressions(const feature_definition *definition) {
    for (int i = 0; i < definition->n_columns; i++)
        if (!definition->columns[i].type.quick) return true;
    return definition->rules != NULL;
}

athlete_status definition_judge_rules(sqlite3 *db, const feature_definition *definition,
                                      athlete_fault *fault) {
    if (!has_expressions(definition)) return ATHLETE_OK;
    size_t n = (size_t)definition->n_columns;
    const char **names = memory_zeroed(NULL, n, sizeof *names),
               **types = memory_zeroed(NULL, n, sizeof *types);
    athlete_status status = names && types ? ATHLETE_OK : ATHLETE_NOMEM;
    for (size_t i = 0; i < n && status == ATHLETE_OK; i++) {
        names[i] = definition->columns[i].name;
        types[i] = definition->columns[i].type.storage;
    }
    judge_row row = {names, types, definition->n_columns, NULL, false};
    private_db own = {.db = NULL};
    if (status == ATHLETE_OK) status = judge_open_row(&own, db, &row, fault);
    if (status == ATHLETE_OK) status = judge_predicates(&own, &row, definition, fault);
    if (status == ATHLETE_OK) status = judge_checks(&own, &row, definition, fault);
    private_db_close(&own);
    memory_free(NULL, names);
    memory_free(NULL, types);
    return status;
}

/* --- the source ----------------------------------------------------------------------------------------- */

char *definition_source_query(const feature_definition *definition) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendall(out, "SELECT ");
    for (int i = 0; i < definition->n_columns;
         i++) { /* first, since of two columns of one name the first counts */
        const char *expression = definition_text(&definition->columns[i], "transformation");
        if (expression) sqlite3_str_appendf(out, "(%s) AS \"%w\", ", expression, definition->columns[i].name);
    }
    sqlite3_str_appendf(out, "* FROM (%s)", definition->source);
    return sqlite3_str_finish(out);
}

athlete_status definition_judge_source(sqlite3 *db, const feature_definition *definition, bool may_miss_table,
                                       athlete_fault *fault) {
    if (!definition->source) return ATHLETE_OK;
    char *sql = definition_source_query(definition);
    bool misses_table = false;
    athlete_status status = sql ? judge_query(db, sql, &misses_table, fault) : ATHLETE_NOMEM;
    if (status == ATHLETE_INVALID && misses_table && may_miss_table) status = ATHLETE_OK;
    sqlite3_free(sql);
    return place_fault(status, "source", fault);
}

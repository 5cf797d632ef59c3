#include "store/ingest/definition_trial_sql.h"

#include <string.h>
#include "base/binding/function.h"
#include "base/memory.h"
#include "store/ingest/definition_ddl_sql.h"
#include "store/ingest/definition_ingest_sql.h"

/* A row's rules may hold a query without end. */
#define TRIAL_STEPS_MAX 20000
#define STEP            1000 /* instructions of a statement */

typedef struct trial {
    private_db *own;
    int steps;
} trial;

static int count_steps(void *state) {
    trial *running = state;
    return ++running->steps > TRIAL_STEPS_MAX || poll_now(&running->own->poll);
}

static void trial_write_tables(sqlite3_str *out, const statement_scope *scope) {
    if (scope->before) {
        const statement_scope old = {.definition = scope->before, .trial = 1};
        write_group_ddl(out, scope->before, NULL);
        statement_write(out, "trial_row", &old);
    }
    write_group_ddl(out, scope->definition, scope->before);
}

static void trial_write_rows(sqlite3_str *out, const statement_scope *scope) {
    statement_write(out, "trial_batch", scope);
    write_batch_ingest(out, scope->definition, scope->source, NULL, NULL, 1);
    statement_write(out, "trial_single", scope);
}

static athlete_status run(trial *running, sqlite3_str *out, const char *what, athlete_fault *fault) {
    char *sql = sqlite3_str_finish(out);
    if (!sql) return ATHLETE_NOMEM;
    athlete_status status = private_db_run(running->own, sql, fault);
    sqlite3_free(sql);
    if (running->steps > TRIAL_STEPS_MAX) status = fault_refuse(fault, "%s takes too long", what);
    else if (status == ATHLETE_INVALID) status = fault_refuse(fault, "%s fails: %s", what, fault->text);
    return status;
}

athlete_status definition_try(private_db *own, const feature_definition *definition,
                              const feature_definition *before, athlete_fault *fault) {
    static const char *const steps[] = {"the making of its tables", "the ingest of a row",
                                        "the correction of a row", "the lookup of a row",
                                        "the deletion of a row"};
    static const char *const templates[] = {
        [2] = "trial_correction", [3] = "trial_lookup", [4] = "trial_deletion"};
    bool *all = memory_zeroed(NULL, (size_t)definition->n_columns, sizeof *all);
    if (!all) return ATHLETE_NOMEM;
    for (int i = 0; i < definition->n_columns; i++) all[i] = true;
    trial running = {own, 0};
    const batch_source source = {.table = "feature_trial", .has_column = all, .has_offsets = true};
    const statement_scope scope = {.definition = definition, .before = before, .source = &source};
    sqlite3_db_config(own->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1,
                      NULL); /* it is the group's, as in its database */
    private_db_progress(own->db, STEP, count_steps, &running);
    athlete_status status = private_db_run(own, statement_text("trial_registry"), fault);
    for (int i = 0; i < 5 && status == ATHLETE_OK; i++) {
        sqlite3_str *out = sqlite3_str_new(own->db);
        if (i == 0) trial_write_tables(out, &scope);
        else if (i == 1) trial_write_rows(out, &scope);
        else statement_write(out, templates[i], &scope);
        status = run(&running, out, steps[i], fault);
    }
    private_db_progress(own->db, 0, NULL, NULL);
    memory_free(NULL, all);
    return status;
}

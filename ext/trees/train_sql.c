/* Binding of gbdt_train: collects the rows of a group, trains on them when the group ends. */
#include "base/binding/function.h"
#include "base/binding/constant_text.h"
#include "trees/trainer/trainer_sql.h"
#include "trees/trees_callbacks_sql.h"

typedef struct train_group {
    bool begun, failed; /* after a failure nothing more is read and nothing is trained */
    constant_text options;
    trainer trainer;
    int n_values;
    int *order;              /* in which the training takes them */
    sqlite3_value **ordered; /* a row in that order */
} train_group;

static void report(sqlite3_context *context, train_group *group, athlete_status status) {
    group->failed = true;
    function_fail_status(context, status, trainer_sentence(&group->trainer, status));
}

static athlete_status train_begin(train_group *group, int argc) {
    group->begun = true;
    athlete_status status = trainer_begin(&group->trainer, group->options.text, argc - 2, NULL);
    if (status != ATHLETE_OK) return status;
    athlete_budget *budget = &group->trainer.budget;
    size_t n = (size_t)argc - 1;
    group->order = memory_alloc(budget, n, sizeof *group->order);
    group->ordered = memory_alloc(budget, n, sizeof(sqlite3_value *));
    if (!group->order || !group->ordered) return memory_status(budget);
    group->n_values = trainer_order(&group->trainer, group->order);
    return ATHLETE_OK;
}

static athlete_status add_row(train_group *group, sqlite3_value **values) {
    for (int i = 0; i < group->n_values; i++) group->ordered[i] = values[group->order[i]];
    return trainer_take(&group->trainer, 0, group->n_values, group->ordered);
}

void gbdt_train_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    train_group *group = sqlite3_aggregate_context(context, sizeof *group);
    if (!group) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (group->failed) return;
    athlete_status status = constant_text_take(&group->options, argv[0]);
    if (status == ATHLETE_INVALID) {
        group->failed = true;
        function_fail(context, "row %lld: the options differ from those of the first row",
                      (sqlite3_int64)group->trainer.n_read + 1);
        return;
    }
    if (status == ATHLETE_OK && !group->begun) status = train_begin(group, argc);
    if (status == ATHLETE_OK) status = add_row(group, argv + 1);
    if (status != ATHLETE_OK) report(context, group, status);
}

static void train_answer(sqlite3_context *context, train_group *group) {
    athlete_poll poll;
    poll_begin(&poll, sqlite3_context_db_handle(context));
    trainer_result result;
    athlete_status status = trainer_finish(&group->trainer, &poll, &result);
    poll_end(&poll);
    if (status == ATHLETE_OK) {
        sqlite3_result_text64(context, result.model.bytes, result.model.length, sqlite3_free,
                              SQLITE_UTF8); /* memory.h's blocks are SQLite's */
    } else {
        memory_free(&group->trainer.budget, result.model.bytes);
        report(context, group, status);
    }
}

void gbdt_train_final(sqlite3_context *context) {
    train_group *group = sqlite3_aggregate_context(context, 0);
    if (!group || !group->begun) return; /* no rows: NULL */
    if (!group->failed) train_answer(context, group);
    memory_free(&group->trainer.budget, group->order);
    memory_free(&group->trainer.budget, group->ordered);
    trainer_free(&group->trainer);
    constant_text_free(&group->options);
}

/* gbdt_options_fault(options, n): what gbdt_train would refuse before the first row, as an answer and not an error, for
** options that came as data. */
#include "base/binding/function.h"
#include "trees/trainer/trainer_sql.h"
#include "trees/trees_callbacks_sql.h"

void gbdt_options_fault_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    trainer t;
    const char *options = (const char *)sqlite3_value_text(argv[0]);
    athlete_status status = trainer_begin(&t, options, sqlite3_value_int(argv[1]), NULL);
    const char *sentence = trainer_sentence(&t, status);
    if (status == ATHLETE_INVALID) sqlite3_result_text(context, sentence, -1, SQLITE_TRANSIENT);
    else if (status != ATHLETE_OK) function_fail_status(context, status, sentence);
    trainer_free(&t);
}

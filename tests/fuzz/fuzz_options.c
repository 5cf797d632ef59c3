/* The options of gbdt_train, and training with whatever they allow.
**
** A text that is accepted is given to the SQL function over a few rows with ties and missing values, and the model that
** comes out is scored. Trainings of many rounds are left out, and long ones stopped by a progress handler, since they
** would say nothing new. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "athlete.h"
#include "numbers_mutator.h"
#include "trees/trainer/train_options_sql.h"

#define MAX_ROUNDS 8

static const char *const setting_up =
    "CREATE TABLE t(y, a, b, c);"
    "INSERT INTO t VALUES (0, 1, NULL, 3), (1, 2, 5, 3), (1, 2, 6, NULL), (0, -1, 7, 4), (1, 8, 7, 4), (0, "
    "3, 2.5, 0),"
    " (1, 1e6, 9, 1), (0, 5, -9, 2), (1, 2, NULL, 1), (0, 1, 1, 1), (1, 4, 4, 4), (0, 0, 0, 0);";

static sqlite3 *db;
static sqlite3_stmt *statement;
static int left; /* calls of the handler until it says stop */

static bool worth_training(const char *text) {
    train_options options;
    athlete_fault fault = {.text = ""};
    athlete_status status = train_options_read(text, &options, &fault);
    if (status == ATHLETE_INVALID && fault.text[0] == '\0') abort(); /* refused without a word */
    bool worth = status == ATHLETE_OK && options.rounds <= MAX_ROUNDS;
    train_options_free(&options);
    return worth;
}

static int handler(void *unused) {
    (void)unused;
    return left-- <= 0;
}

static void must(int code) {
    if (code != SQLITE_OK) abort();
}

static void set_up(void) {
    must(sqlite3_open(":memory:", &db));
    must(sqlite3_athlete_init(db, NULL, NULL));
    must(sqlite3_exec(db, setting_up, NULL, NULL, NULL));
    must(sqlite3_prepare_v2(db, "SELECT gbdt_predict((SELECT gbdt_train(?1, y, a, b, c) FROM t), 1, NULL, 3)",
                            -1, &statement, NULL));
    sqlite3_progress_handler(db, 100, handler, NULL);
}

static void train_and_score(const char *text) {
    left = 20;
    must(sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC));
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_ERROR && code != SQLITE_INTERRUPT && code != SQLITE_NOMEM)
        abort();
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!db) set_up();
    char *text = malloc(size + 1);
    if (!text) return 0;
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    if (worth_training(text)) train_and_score(text);
    free(text);
    return 0;
}

/* Binding of the functions with an optional word: the sex of trimp and hr_tss, the model of grade_factor. */
#include "training/grade.h"
#include "training/load.h"
#include "training/training_callbacks_sql.h"

typedef struct word {
    const char *name;
    int meaning;
} word;

/* What the word in argument `index` means, or the first word if it is left out or NULL; -1 after an
** error. */
static int read_word(sqlite3_context *context, int argc, sqlite3_value **argv, int index, const word *words,
                     const char *expected) {
    if (index >= argc || sqlite3_value_type(argv[index]) == SQLITE_NULL) return words[0].meaning;
    const char *text = (const char *)sqlite3_value_text(argv[index]);
    if (!text) {
        sqlite3_result_error_nomem(context);
        return -1;
    }
    for (; words->name; words++) {
        if (sqlite3_stricmp(text, words->name) == 0) return words->meaning;
    }
    function_fail_argument(context, index, expected, argv[index]);
    return -1;
}

static int read_sex(sqlite3_context *context, int argc, sqlite3_value **argv, int index) {
    static const word sexes[] = {{"m", ATHLETE_MALE},
                                 {"f", ATHLETE_FEMALE},
                                 {"male", ATHLETE_MALE},
                                 {"female", ATHLETE_FEMALE},
                                 {NULL, 0}};
    return read_word(context, argc, argv, index, sexes, "'m' or 'f'");
}

void trimp_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    int sex = read_sex(context, argc, argv, 4);
    if (sex < 0) return;
    function_result_number(context,
                           training_impulse(sqlite3_value_double(argv[0]), sqlite3_value_double(argv[1]),
                                            sqlite3_value_double(argv[2]), sqlite3_value_double(argv[3]),
                                            (athlete_sex)sex));
}

void hr_tss_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    int sex = read_sex(context, argc, argv, 5);
    if (sex < 0) return;
    function_result_number(context,
                           heart_rate_stress(sqlite3_value_double(argv[0]), sqlite3_value_double(argv[1]),
                                             sqlite3_value_double(argv[2]), sqlite3_value_double(argv[3]),
                                             sqlite3_value_double(argv[4]), (athlete_sex)sex));
}

void grade_factor_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    static const word models[] = {{"strava", GRADE_STRAVA}, {"minetti", GRADE_MINETTI}, {NULL, 0}};
    int model = read_word(context, argc, argv, 1, models, "'strava' or 'minetti'");
    if (model < 0) return;
    sqlite3_result_double(context, grade_factor(sqlite3_value_double(argv[0]), (grade_model)model));
}

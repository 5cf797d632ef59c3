/* What the columns after the label are for: features, of numbers or of categories, or one of the roles beside them. */
#ifndef ATHLETE_TREES_TRAINER_TRAIN_COLUMNS_SQL_H
#define ATHLETE_TREES_TRAINER_TRAIN_COLUMNS_SQL_H

#include "trees/trainer/train_options_sql.h"

typedef enum column_role { ROLE_WEIGHT, ROLE_VALIDATION, N_ROLES } column_role;

typedef struct train_columns {
    athlete_budget *budget;
    int n_columns, n_features;
    int of_role[N_ROLES];       /* the column, from 0, or -1 */
    int *of_feature;            /* per feature, its column */
    const char **names;         /* per column, or NULL */
    const char **feature_names; /* per feature, or NULL */
    uint8_t *categorical;       /* per feature: declared so */
    int8_t *monotone;           /* per feature, as grow_rules has it; or NULL */
    uint64_t *interactions;     /* as grow_rules has them; or NULL */
    size_t n_interactions, interaction_words;
    const char *categorical_option; /* the name that categorical_features was given under */
    char *strings;                  /* what the names point into */
} train_columns;

/* `names` are those of the columns in the statement, or NULL; the option feature_names comes before them.
** What is wrong is said in `fault`. Free also after a failure. */
athlete_status train_columns_read(const train_options *options, int n_columns, const char *const *names,
                                  athlete_budget *budget, train_columns *columns, athlete_fault *fault);
void train_columns_free(train_columns *columns);

#endif

/* The columns of a training set: where each comes from, and the statements and lookups that give them. */
#ifndef ATHLETE_STORE_TRAINING_COLUMNS_SQL_H
#define ATHLETE_STORE_TRAINING_COLUMNS_SQL_H

#include "base/binding/function.h"
#include "store/lookup/lookup_sql.h"
#include "store/training_spec_sql.h"

typedef enum set_origin { FROM_LABELS, FROM_LOOKUP, FROM_EXPRESSION } set_origin;

typedef struct set_column {
    char *name;
    set_origin origin;
    int lookup;          /* of the specification */
    int index;           /* column of the labels or of the group, or number of the expression */
    const cJSON *absent; /* value where a feature has none, or NULL */
    bool excluded;
} set_column;

/* One lookup of the specification. */
typedef struct set_lookup {
    feature_group group;
    lookup_plan plan;
    bool has_plan;
    bool *wanted;             /* per column of the group */
    int keys[GROUP_KEYS_MAX]; /* columns of the labels */
    int as_of;
} set_lookup;

typedef struct training_set {
    sqlite3 *db;
    const athlete_function *function;
    training_spec spec;
    set_lookup *lookups;
    set_column *columns;
    size_t n_columns, columns_capacity;
    int n_label_columns, n_inputs; /* columns that expressions see: those of labels and lookups */
    int n_expressions;
    char *expressions; /* SQL of the computed columns; NULL if there is none */
} training_set;

/* SQLITE_OK, or an error, said. Whatever came, training_set_close frees it. Who reads at once says where it will keep the labels'
** query: then it is there, as training_labels gives it. */
int training_set_open(training_set *set, sqlite3 *db, const athlete_function *function, const char *json,
                      sqlite3_stmt **labels, athlete_fault *fault);
void training_set_close(training_set *set);

/* The labels' query, ready to be stepped; the statement of the computed columns (NULL if there are none), whose parameters
** are the other columns in their order. The caller finalizes them. */
int training_labels(training_set *set, sqlite3_stmt **labels, athlete_fault *fault);
int training_expressions(training_set *set, sqlite3_stmt **statement, athlete_fault *fault);

#endif

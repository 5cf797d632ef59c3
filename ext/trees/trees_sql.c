#include "trees/trees_sql.h"

static const athlete_function functions[] = {
    {.name = NULL},
};

const athlete_domain athlete_trees = {.name = "trees", .functions = functions};

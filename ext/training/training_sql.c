#include "training/training_sql.h"

static const athlete_function functions[] = {
    {.name = NULL},
};

const athlete_domain athlete_training = {.name = "training", .functions = functions};

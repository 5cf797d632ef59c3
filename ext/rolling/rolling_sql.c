#include "rolling/rolling_sql.h"

static const athlete_function functions[] = {
    {.name = NULL},
};

const athlete_domain athlete_rolling = {.name = "rolling", .functions = functions};

#include "charts/charts_sql.h"

static const athlete_function functions[] = {
    {.name = NULL},
};

const athlete_domain athlete_charts = {.name = "charts", .functions = functions};

#ifndef ATHLETE_STORE_LEAKAGE_SQL_H
#define ATHLETE_STORE_LEAKAGE_SQL_H

#include "base/function.h"
#include "base/options.h"

extern const athlete_table leakage_report_table;
extern const athlete_option leakage_options[];

#endif

#ifndef ATHLETE_VALIDATION_LEAKAGE_SQL_H
#define ATHLETE_VALIDATION_LEAKAGE_SQL_H

#include "base/binding/function.h"
#include "base/binding/options.h"

extern const athlete_table leakage_report_table;
extern const athlete_option leakage_options[];

#endif

#ifndef ATHLETE_STREAMS_STREAMS_SQL_H
#define ATHLETE_STREAMS_STREAMS_SQL_H

#include "base/binding/function.h"

extern const athlete_domain athlete_streams;

#endif

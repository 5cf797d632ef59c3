#ifndef ATHLETE_CLUSTER_CLUSTER_SQL_H
#define ATHLETE_CLUSTER_CLUSTER_SQL_H

#include "base/binding/function.h"

extern const athlete_domain athlete_cluster;

#endif

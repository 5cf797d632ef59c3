/* The rows that a training is given. */
#ifndef ATHLETE_TREES_BOOSTING_TRAIN_DATA_H
#define ATHLETE_TREES_BOOSTING_TRAIN_DATA_H

#include <stddef.h>
#include <stdint.h>

typedef struct row_set {
    const float *values; /* n x n_features, NaN where missing, below FLT_MAX in size */
    const float *labels;
    const float *weights; /* above 0; NULL for 1 each */
    size_t n;
} row_set;

typedef struct train_data {
    row_set train; /* 1 to ATHLETE_MAX_ROWS */
    row_set validation;
    int n_features;
    const uint8_t *
        categorical; /* per feature, not 0 where values are whole numbers from 0 that name categories; or NULL */
} train_data;

#endif

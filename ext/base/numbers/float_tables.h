/* The tables of float_math.c, for its vector code (float_each.c). */
#ifndef ATHLETE_BASE_NUMBERS_FLOAT_TABLES_H
#define ATHLETE_BASE_NUMBERS_FLOAT_TABLES_H

/* 2^(i/32), rounded to double. */
extern const double float_power_of_two[32];

/* 1 / c and log c for a number c in the middle of each of 16 intervals. */
typedef struct float_log_centre {
    double inverse_c, log_c;
} float_log_centre;

extern const float_log_centre float_log_centres[16];

#endif

/* Calendar days as integers: day 0 is 1970-01-01, in the proleptic Gregorian calendar, years 0000 to 9999.
** Arithmetic on days never meets a time zone or a daylight-saving change. */
#ifndef ATHLETE_BASE_NUMBERS_DATE_H
#define ATHLETE_BASE_NUMBERS_DATE_H

#include <stdbool.h>

#define ATHLETE_DATE_SIZE 11 /* "YYYY-MM-DD" and the terminator */

/* Reads 'YYYY-MM-DD', alone or followed by 'T', 't' or a blank and anything. False if it is no real day. */
bool date_parse(const char *text, int *day);

/* Writes 'YYYY-MM-DD'. */
void date_format(int day, char out[ATHLETE_DATE_SIZE]);

/* 0 is Monday. */
int date_weekday(int day);

#endif

/* Points in time as feature tables write them: what may be compared as text, and how old one is for another.
**
** A day 'YYYY-MM-DD' describes the whole day, an instant 'YYYY-MM-DDTHH:MM[:SS[.fraction]][Z]' (or with a blank for the T,
** or an offset +HH:MM) one moment. SQLite compares both as text, which is their order in time within one form: a day
** comes before every instant of it. */
#ifndef ATHLETE_BASE_NUMBERS_INSTANT_H
#define ATHLETE_BASE_NUMBERS_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSTANT_US_PER_DAY INT64_C(86400000000)

typedef struct instant {
    int64_t us;  /* microseconds since 1970-01-01T00:00:00Z; of a day its beginning */
    bool is_day; /* no time of day was given */
} instant;

/* `text` ends with a zero byte. False if it is neither a day nor an instant. */
bool instant_parse(const char *text, instant *out);

/* How old `row` is at `as_of`, in microseconds. Where either is a day, whole days are counted. */
int64_t instant_age_us(const instant *as_of, const instant *row);

/* Whether the text has the form that most tables have, 'YYYY-MM-DDTHH:MM:SSZ'. */
bool instant_is_utc_second(const char *text, size_t length);

/* Whether it has that form or is a day, with each number in its range; of a day of the month that is 1 to 31, as SQLite's
** date functions have it. */
bool instant_is_usual(const char *text, size_t length);

/* Whether text order is time order for these two: both have the same separators, number of digits and zone, or one
** is a day and so the beginning of the other's form. */
bool instant_same_form(const char *a, size_t a_length, const char *b, size_t b_length);

/* "90 days", "36 hours", "1.5 weeks" (also minutes, seconds; a bare number is days). False if it is none, is negative,
** or is longer than 10,000 years. */
bool lookback_parse(const char *text, int64_t *us);

#endif

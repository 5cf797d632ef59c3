/* Points in time as texts: read strictly, written in one form, and how old one is for another.
**
** A day 'YYYY-MM-DD' names the whole day, an instant 'YYYY-MM-DDTHH:MM[:SS[.fraction]]' one moment, in UTC or with an offset
** (Z, +HH:MM, +HHMM, +HH; a small t or z or a blank for the T are read, too). What is no moment of the years 1 to 9999 is not
** read: the 30th of February, 24:00, second 60.
**
** SQLite compares texts byte by byte, which is their order in time only where all have one form. The forms that the store
** keeps are 'YYYY-MM-DDTHH:MM:SSZ' and 'YYYY-MM-DDTHH:MM:SS.mmmZ', of which a group has one; a moment that is asked for is
** written in the form of the rows before it is compared. */
#ifndef ATHLETE_BASE_NUMBERS_INSTANT_H
#define ATHLETE_BASE_NUMBERS_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSTANT_US_PER_DAY INT64_C(86400000000)

#define INSTANT_FIRST_US   (INT64_C(-719162) * INSTANT_US_PER_DAY)     /* 0001-01-01T00:00:00Z */
#define INSTANT_LAST_US    (INT64_C(2932897) * INSTANT_US_PER_DAY - 1) /* 9999-12-31T23:59:59.999999Z */
#define INSTANT_DIGITS_MAX 9
#define INSTANT_SIZE       40

typedef struct instant {
    int64_t us;   /* microseconds since 1970-01-01T00:00:00Z; of a day its beginning */
    bool is_day;  /* no time of day was given */
    bool is_more; /* the fraction had digits beyond microseconds: the moment is less than one after `us` */
} instant;

/* How an instant is written; two texts of one form compare as the instants do. */
typedef struct instant_form {
    char separator; /* 'T', 't' or a blank; 0: a day */
    bool has_seconds;
    int digits;        /* of the fraction */
    char zone[7];      /* "", "Z", "+05:30", … */
    int64_t offset_us; /* of the zone */
} instant_form;

/* The two forms that the store keeps. */
extern const instant_form instant_seconds, instant_milliseconds;

/* `text` ends with a zero byte. False if it is neither a day nor an instant. */
bool instant_parse(const char *text, instant *out);
bool instant_form_read(const char *text, instant_form *form, instant *out);
bool instant_form_same(const instant_form *a, const instant_form *b);

/* Writes the last moment of the form that is not after `us`, or with `up` the first that is not before it. Of days: the
** last one that is over then, since a row that names a day is known at its end. False outside the years 1 to 9999. */
bool instant_form_write(const instant_form *form, int64_t us, bool up, char out[INSTANT_SIZE]);

/* How old `row` is at `as_of`, in microseconds. Where the row names a day, whole days are counted; a day as `as_of` is its
** beginning. */
int64_t instant_age_us(const instant *as_of, const instant *row);

/* Whether the text has the form that most tables have, 'YYYY-MM-DDTHH:MM:SSZ'. */
bool instant_is_utc_second(const char *text, size_t length);

/* Whether the text is a moment in the form of the store, with `digits` 0 or 3. In a few instructions. */
bool instant_is_canonical(const char *text, size_t length, int digits);

/* "90 days", "36 hours", "1.5 weeks" (also minutes, seconds; a bare number is days). False if it is none, is negative,
** or is longer than 10,000 years. */
bool lookback_parse(const char *text, int64_t *us);

#endif

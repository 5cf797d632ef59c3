/* How the times of a group are written, and the moment of a request in the same form.
**
** Texts compare in the order of time within one form only. Of a registered group the rules and triggers keep one; any other
** table is read through before it answers, and again when it may have changed: of each time column all rows have one form,
** or the table is refused. A moment is then written in the form of each column, rounded so that no row after it is found. */
#ifndef ATHLETE_STORE_LOOKUP_LOOKUP_TIMES_SQL_H
#define ATHLETE_STORE_LOOKUP_LOOKUP_TIMES_SQL_H

#include "base/fault.h"
#include "base/numbers/instant.h"
#include "store/lookup/feature_group_sql.h"
#include "store/lookup/kept_row_sql.h"

/* The columns, and the values of a moment. */
enum { AS_OF_TIMESTAMP, AS_OF_AVAILABLE, AS_OF_SUPERSEDED, AS_OF_VALUES };

typedef struct column_times {
    bool has_text, has_number; /* neither: no row was seen */
    bool is_usual;             /* texts of the form 2025-10-20T06:00:00Z */
    instant_form form;         /* of the texts */
    char sample[INSTANT_SIZE];
} column_times;

typedef struct lookup_times {
    const feature_group *group;
    column_times columns[AS_OF_VALUES];
    bool is_read;
    bool are_usual;   /* whatever was seen is written as 2025-10-20T06:00:00Z */
    unsigned version; /* of the file's content when it was read */
    int changes;
    char *wrong; /* what a reading has found */
} lookup_times;

/* The moment of a request. */
typedef struct lookup_moment {
    instant at;
    bool is_usual;  /* told as all columns write theirs */
    bool is_unread; /* `at` is still to be read out of `values` */
    double seconds;
    bool is_number;
    bool is_now;      /* `values` are those of the clock's reading `at` */
    uint64_t number;  /* another whenever `values` were written anew */
    kept_row *values; /* AS_OF_VALUES, each as its column writes it */
} lookup_moment;

void lookup_times_open(lookup_times *times, const feature_group *group);
void lookup_times_close(lookup_times *times);

/* Reads the table if that has not been done. SQLITE_OK, or an error with a sentence. */
int lookup_times_read(lookup_times *times, athlete_fault *fault);

/* Of the file's content, as the statements that run read it: a number that is another after every commit. */
unsigned lookup_content_version(const feature_group *group);

/* Whether it may have changed since; to be asked while a statement reads the table. */
bool lookup_times_are_old(const lookup_times *times);

/* `as_of` NULL: now, by SQLite's clock. With `strict` the timestamp's value is rounded up, for a comparison by <. */
int lookup_moment_set(lookup_moment *moment, const lookup_times *times, sqlite3_value *as_of, bool strict,
                      athlete_fault *fault);

/* What most requests do not need. */
const instant *lookup_moment_instant(lookup_moment *moment);

/* "asof form"(times, timestamp, available, superseded): true where the table is to be refused; callable by nobody else. */
void lookup_form_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

#endif

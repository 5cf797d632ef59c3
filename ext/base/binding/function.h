/* How a function of the extension is declared, and what every binding uses to talk to SQLite.
**
** Each domain folder has one binding file with one static table of `athlete_function` rows. A row is the whole
** truth about a function: its name, its arguments with type, unit and range, what it returns, when it fails and
** where its formula comes from, beside the callbacks. Registration, argument checks, the wording of errors,
** the table-valued function `athlete_functions` and the README's reference are all made from that row.
**
** What the checks give every function without code of its own:
**   - the wrong number of arguments is an error naming the expected ones;
**   - a number may arrive as INTEGER, REAL or wholly numeric TEXT (Datasette binds text); anything else is an
**     error naming function, argument, what was expected and what came; so is a number outside its range;
**   - NULL in gives NULL out for scalars, unless the argument says otherwise.
*/
#ifndef ATHLETE_BASE_BINDING_FUNCTION_H
#define ATHLETE_BASE_BINDING_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include "base/fault.h"
#include "base/sqlite.h"
#include "base/status.h"

typedef enum athlete_type {
    ATHLETE_ANY,
    ATHLETE_NUMBER,
    ATHLETE_INTEGER, /* also a REAL or TEXT without a fraction */
    ATHLETE_TEXT,
    ATHLETE_DATE,    /* 'YYYY-MM-DD', or a longer ISO text of which the day counts */
    ATHLETE_OPTIONS, /* a JSON object */
    ATHLETE_QUERY,   /* the text of one read-only SELECT */
    ATHLETE_MODEL    /* a model's JSON text */
} athlete_type;

/* What an argument may be besides its type. */
enum {
    ATHLETE_OPTIONAL = 1, /* may be left out; so may all that follow */
    ATHLETE_NULLABLE = 2, /* a scalar sees NULL instead of answering NULL */
    ATHLETE_REPEATED =
        4, /* the last one: may come again, any number of times; if it may be ANY and NULL, too,
                              nothing is checked */
    ATHLETE_ABOVE_MIN = 8, /* `min` itself is outside the range */
    ATHLETE_BELOW_MAX = 16 /* `max` itself is outside the range */
};

typedef struct athlete_argument {
    const char *name;
    athlete_type type;
    unsigned flags;
    double min, max;     /* range of a number; both 0 means any finite number */
    const char *meaning; /* unit first: "min/km, the pace run" */
} athlete_argument;

/* What stands in for an argument that is left out. */
typedef struct athlete_default {
    const char *argument;
    const char *value; /* as it would be written: "10", "uniform", "NULL"; in parentheses what is done then */
} athlete_default;

typedef enum athlete_kind {
    ATHLETE_SCALAR,
    ATHLETE_AGGREGATE,
    ATHLETE_WINDOW,
    ATHLETE_TABLE,  /* table-valued function */
    ATHLETE_VIRTUAL /* CREATE VIRTUAL TABLE temp.x USING name(arguments) */
} athlete_kind;

/* What SQL may do with a function. */
typedef enum athlete_trust {
    ATHLETE_PURE,   /* the same arguments always give the same answer and nothing else is read: may be used in
                       views, triggers and indexes (SQLITE_DETERMINISTIC, SQLITE_INNOCUOUS) */
    ATHLETE_DIRECT, /* runs a caller's query or stops a script: top-level SQL only (SQLITE_DIRECTONLY) */
} athlete_trust;

typedef struct athlete_function athlete_function;
typedef struct athlete_call athlete_call;

/* Columns of numbers that a wide table keeps as an array of doubles in its state, from which they are returned
** without a call of its own; NAN is NULL. */
typedef struct athlete_numbers {
    int first_column;       /* these are the last columns */
    size_t offset;          /* of the array in the state */
    const bool *is_integer; /* per number: a whole number, returned as INTEGER */
} athlete_numbers;

/* A table-valued function. One `state` lives from open to close; open leaves it before the first row. */
typedef struct athlete_table {
    const char *columns; /* result columns as in CREATE TABLE: "day TEXT, load REAL" */
    double expected_rows;
    athlete_status (*open)(athlete_call *call, int argc, sqlite3_value **argv, void **state);
    int (*next)(athlete_call *call, void *state); /* SQLITE_ROW, SQLITE_DONE, or what call_fail returned */
    void (*column)(void *state, sqlite3_context *context, int column);
    const athlete_numbers *numbers; /* columns that `column` is not asked for; or NULL */
    void (*close)(void *state);     /* also after a failed open, if that set *state */
    /* For one that a join asks again and again: true when the state of the call before now serves these arguments, as open
    ** would have left it; false closes it. Or NULL. */
    bool (*again)(void *state, int argc, sqlite3_value **argv);
} athlete_table;

struct athlete_function {
    const char *name;
    athlete_kind kind;
    athlete_trust trust;
    bool is_internal; /* a part of another one: not in athlete_functions, called without any check */
    const athlete_argument *arguments; /* ends with a row without a name: use ATHLETE_ARGUMENTS */
    const athlete_default *defaults;   /* of optional ones: use ATHLETE_DEFAULTS; or NULL */
    const char *summary;               /* one sentence */
    const char *returns;               /* unit, range, and when NULL */
    const char *errors;                /* beyond the checks above; NULL if none */
    const char *source;                /* paper, table, page of the formula; NULL if there is none */
    const char *example; /* SQL that shows it in an empty database; its last statement has rows */

    double (*number)(const double *arguments); /* scalar of numbers; NaN means NULL */
    void (*scalar)(sqlite3_context *, int, sqlite3_value **);
    void (*step)(sqlite3_context *, int, sqlite3_value **);
    void (*final)(sqlite3_context *);
    void (*value)(sqlite3_context *);
    void (*inverse)(sqlite3_context *, int, sqlite3_value **);
    const athlete_table *table;
    const sqlite3_module *module; /* of ATHLETE_VIRTUAL; its client data is this row */

    const struct athlete_option *options;       /* the members of its options argument (options.h); or NULL */
    const char *inner_name;                     /* of these one that is a list of objects, or NULL */
    const struct athlete_option *inner_options; /* and the members of those */
};

#define ATHLETE_ARGUMENTS(...)                                                                               \
    (const athlete_argument[]) {                                                                             \
        __VA_ARGS__, {                                                                                       \
            .name = NULL                                                                                     \
        }                                                                                                    \
    }
#define ATHLETE_DEFAULTS(...)                                                                                \
    (const athlete_default[]) {                                                                              \
        __VA_ARGS__, {                                                                                       \
            NULL, NULL                                                                                       \
        }                                                                                                    \
    }
#define ATHLETE_NO_ARGUMENTS                                                                                 \
    (const athlete_argument[]) {                                                                             \
        { .name = NULL }                                                                                     \
    }

typedef struct athlete_domain {
    const char *name;
    const athlete_function *functions; /* ends with a row without a name */

    /* What the domain's functions share on one connection, such as a cache: made when they are registered, closed
    ** when the connection forgets them. It must not own a prepared statement, which would keep the connection from
    ** closing. NULL if there is nothing to share. */
    void *(*state_open)(void); /* NULL answers out of memory */
    void (*state_close)(void *state);
} athlete_domain;

#define ATHLETE_DOMAINS 10
extern const athlete_domain *const athlete_domains[ATHLETE_DOMAINS + 1]; /* ends with NULL; in athlete.c */

/* Registers every function of the domain; the first failing code, said in `fault`, or SQLITE_OK. */
int domain_register(sqlite3 *db, const athlete_domain *domain, athlete_fault *fault);

/* What SQLite keeps of a registered function. */
typedef struct athlete_registration {
    const athlete_function *function;
    void *domain_state;
    struct shared_state *shared; /* function.c's own */
} athlete_registration;

/* Used by domain_register for kind ATHLETE_TABLE; in table_function.c. `drop` is called when the connection forgets
** the function, also when it refuses it. */
int table_function_register(sqlite3 *db, athlete_registration *row, void (*drop)(void *row));

/* "moving_min, pace[, options]" into `out`, for messages and documentation. */
void function_signature(const athlete_function *function, sqlite3_str *out);

/* --- arguments ------------------------------------------------------------------------------------------ */

int function_required(const athlete_function *function);
const athlete_argument *function_argument(const athlete_function *function, int index); /* honours REPEATED */

/* The first argument that is no NULL and no number as it should be: argument_check is asked of
** it, and not of every number of every row. */
int argument_in_doubt(const athlete_function *function, int argc, sqlite3_value **argv);

/* ATHLETE_OK if `value` is what the argument asks for; SQL NULL always is. ATHLETE_INVALID says
** why not, without the function's name. */
athlete_status argument_check(const athlete_function *function, int index, sqlite3_value *value,
                              athlete_fault *fault);

/* What `value` is, short enough for a sentence: "text 'abc'", "NULL", "12.5". */
void value_describe(sqlite3_str *out, sqlite3_value *value);

/* fault_refuse (base/fault.h) with a sentence that is made of parts, or needs a format of SQLite's own; ATHLETE_NOMEM when
** there was none for it. Ends `sentence`. */
athlete_status fault_refuse_str(athlete_fault *fault, sqlite3_str *sentence);

/* SQLite's code for a status. */
int status_code(athlete_status status);

/* The status for a code of SQLite's whose sentence has been said. */
athlete_status status_of(int code);

/* The same where it has not: what is neither lack of memory nor an interruption is refused with what SQLite says,
** behind `what` ("the query failed: "). */
athlete_status status_of_code(sqlite3 *db, int code, const char *what, athlete_fault *fault);

/* --- scalars and aggregates ----------------------------------------------------------------------------- */

const athlete_function *function_of(sqlite3_context *context);
/* What the domain's state_open returned on this connection. */
void *domain_state_of(sqlite3_context *context);

/* Ends the call with "<function>: <sentence>". */
ATHLETE_FORMATS void function_fail(sqlite3_context *context, const char *format, ...);

/* Ends the call with a text, which it takes over; one of no length is empty. */
void function_result_str(sqlite3_context *context, sqlite3_str *text);

/* Ends the call with a number: NaN is NULL, an infinity an error. */
void function_result_number(sqlite3_context *context, double answer);

/* Ends the call with "<function>: argument <n> (<name>) must be <expected>, got <value>", for what the declared type
** and range cannot say. */
void function_fail_argument(sqlite3_context *context, int index, const char *expected, sqlite3_value *value);

/* Ends the call the way a kernel's status asks for; `detail` (may be NULL) is used for ATHLETE_INVALID. */
void function_fail_status(sqlite3_context *context, athlete_status status, const char *detail);

/* --- table-valued functions ----------------------------------------------------------------------------- */

struct athlete_call {
    sqlite3 *db;
    const athlete_function *function;
    void *domain_state;  /* what the domain's state_open returned on this connection */
    athlete_fault fault; /* what is wrong, without the function's name */
    int code;            /* SQLite result code of the failure */
};

/* Record a failure of `next`, or of `open` as its status alone cannot: call_fail returns SQLITE_ERROR, call_fail_status the
** code of the status, whose sentence is in call->fault. An `open` that is refused needs neither: it puts the sentence there
** (fault_refuse) and returns the status. */
ATHLETE_FORMATS int call_fail(athlete_call *call, const char *format, ...);
int call_fail_status(athlete_call *call, athlete_status status);

#endif

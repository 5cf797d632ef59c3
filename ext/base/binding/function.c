/* Between SQLite and the bindings: registration, callbacks, failures. */
#include "base/binding/function.h"

#include <math.h>
#include <stdarg.h>

/* --- failures ------------------------------------------------------------------------------------------- */

/* A function's user data. The registrations of a domain live in one block with what they share, until SQLite has
** dropped the last of them. */
typedef struct shared_state {
    const athlete_domain *domain;
    void *state;
    size_t references;
} shared_state;

const athlete_function *function_of(sqlite3_context *context) {
    return ((const athlete_registration *)sqlite3_user_data(context))->function;
}

void *domain_state_of(sqlite3_context *context) {
    return ((const athlete_registration *)sqlite3_user_data(context))->domain_state;
}

static void fail_with(sqlite3_context *context, const athlete_fault *fault) {
    char *message = sqlite3_mprintf("%s: %s", function_of(context)->name, fault->text);
    if (message) sqlite3_result_error(context, message, -1);
    else sqlite3_result_error_nomem(context);
    sqlite3_free(message);
}

void function_fail(sqlite3_context *context, const char *format, ...) {
    athlete_fault fault;
    va_list arguments;
    va_start(arguments, format);
    fault_refuse_at(&fault, NULL, format, arguments);
    va_end(arguments);
    fail_with(context, &fault);
}

void function_fail_argument(sqlite3_context *context, int index, const char *expected, sqlite3_value *value) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    value_describe(out, value);
    char *found = sqlite3_str_finish(out);
    const char *name = function_argument(function_of(context), index)->name;
    if (found)
        function_fail(context, "argument %d (%s) must be %s, got %s", index + 1, name, expected, found);
    else sqlite3_result_error_nomem(context);
    sqlite3_free(found);
}

void function_fail_status(sqlite3_context *context, athlete_status status, const char *detail) {
    switch (status) {
    case ATHLETE_OK: break;
    case ATHLETE_NOMEM: sqlite3_result_error_nomem(context); break;
    case ATHLETE_INTERRUPTED: sqlite3_result_error_code(context, SQLITE_INTERRUPT); break;
    case ATHLETE_OVER_LIMIT:
        function_fail(context, "needs more memory than its limit%s%s", detail && *detail ? ": " : "",
                      detail ? detail : "");
        break;
    case ATHLETE_INVALID: function_fail(context, "%s", detail && *detail ? detail : "invalid input"); break;
    }
}

void function_result_str(sqlite3_context *context, sqlite3_str *text) {
    int bytes = sqlite3_str_length(text);
    bool failed = sqlite3_str_errcode(text) != SQLITE_OK;
    char *string = sqlite3_str_finish(text);
    if (failed) sqlite3_result_error_nomem(context);
    else sqlite3_result_text(context, string ? string : "", bytes, string ? sqlite3_free : SQLITE_STATIC);
}

void function_result_number(sqlite3_context *context, double answer) {
    if (isinf(answer)) function_fail(context, "the result is too large for a number");
    else sqlite3_result_double(context, answer); /* NaN becomes NULL */
}

/* --- SQLite's callbacks --------------------------------------------------------------------------------- */

/* Whether nothing is asked of argument i and those after it: a function of many features looks at them itself. */
static bool rest_is_free(const athlete_function *function, int i) {
    const unsigned free = ATHLETE_REPEATED | ATHLETE_NULLABLE;
    const athlete_argument *a = function_argument(function, i);
    return a->type == ATHLETE_ANY && (a->flags & free) == free;
}

/* False after a wrong call, whose error is then set. */
static bool arguments_pass(sqlite3_context *context, int argc, sqlite3_value **argv) {
    const athlete_function *function = function_of(context);
    if (argc < function_required(function) || (argc > 0 && !function_argument(function, argc - 1))) {
        sqlite3_str *form = sqlite3_str_new(NULL);
        sqlite3_str_appendf(form, "%s(", function->name);
        function_signature(function, form);
        sqlite3_str_appendall(form, ")");
        char *signature = sqlite3_str_finish(form);
        if (signature) {
            function_fail(context, "called with %d argument%s, the form is %s", argc, argc == 1 ? "" : "s",
                          signature);
        } else {
            sqlite3_result_error_nomem(context);
        }
        sqlite3_free(signature);
        return false;
    }
    int i = argument_in_doubt(function, argc, argv);
    for (; i < argc && !rest_is_free(function, i); i++) {
        athlete_fault fault;
        athlete_status status = argument_check(function, i, argv[i], &fault);
        if (status == ATHLETE_OK) continue;
        function_fail_status(context, status, fault.text);
        return false;
    }
    return true;
}

static bool answers_null(const athlete_function *function, int argc, sqlite3_value **argv) {
    for (int i = 0; i < argc; i++) {
        if (sqlite3_value_type(argv[i]) == SQLITE_NULL && !rest_is_free(function, i) &&
            !(function_argument(function, i)->flags & ATHLETE_NULLABLE)) {
            return true;
        }
    }
    return false;
}

#define MAX_NUMBERS 8

static void scalar_callback(sqlite3_context *context, int argc, sqlite3_value **argv) {
    const athlete_function *function = function_of(context);
    if (!arguments_pass(context, argc, argv)) return;
    if (answers_null(function, argc, argv)) {
        sqlite3_result_null(context);
        return;
    }
    if (function->scalar) {
        function->scalar(context, argc, argv);
        return;
    }
    double numbers[MAX_NUMBERS];
    for (int i = 0; i < MAX_NUMBERS; i++) numbers[i] = i < argc ? sqlite3_value_double(argv[i]) : NAN;
    function_result_number(context, function->number(numbers));
}

static void step_callback(sqlite3_context *context, int argc, sqlite3_value **argv) {
    if (arguments_pass(context, argc, argv)) function_of(context)->step(context, argc, argv);
}

static void inverse_callback(sqlite3_context *context, int argc, sqlite3_value **argv) {
    function_of(context)->inverse(context, argc, argv); /* these rows passed the checks when they came in */
}

static void final_callback(sqlite3_context *context) {
    function_of(context)->final(context);
}

static void value_callback(sqlite3_context *context) {
    function_of(context)->value(context);
}

/* --- registration --------------------------------------------------------------------------------------- */

static void shared_release(shared_state *shared) {
    if (--shared->references > 0) return;
    if (shared->state) shared->domain->state_close(shared->state);
    sqlite3_free(shared);
}

static void registration_free(void *opaque) {
    shared_release(((athlete_registration *)opaque)->shared);
}

/* SQLite calls registration_free also when it refuses the function. */
static int function_register(sqlite3 *db, athlete_registration *row) {
    const athlete_function *function = row->function;
    int flags = SQLITE_UTF8;
    flags |= function->trust == ATHLETE_PURE ? SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS : SQLITE_DIRECTONLY;
    row->shared->references++;
    switch (function->kind) {
    case ATHLETE_SCALAR:
        return sqlite3_create_function_v2(db, function->name, -1, flags, row,
                                          function->is_internal ? function->scalar : scalar_callback, NULL,
                                          NULL, registration_free);
    case ATHLETE_AGGREGATE:
        return sqlite3_create_function_v2(db, function->name, -1, flags, row, NULL, step_callback,
                                          final_callback, registration_free);
    case ATHLETE_WINDOW:
        return sqlite3_create_window_function(db, function->name, -1, flags, row, step_callback,
                                              final_callback, value_callback, inverse_callback,
                                              registration_free);
    case ATHLETE_TABLE: return table_function_register(db, row, registration_free);
    case ATHLETE_VIRTUAL: break;
    }
    shared_release(row->shared);
    return sqlite3_create_module_v2(db, function->name, function->module, (void *)(size_t)function, NULL);
}

int domain_register(sqlite3 *db, const athlete_domain *domain, athlete_fault *fault) {
    size_t n = 0;
    while (domain->functions[n].name) n++;
    shared_state *shared = sqlite3_malloc64(sizeof *shared + n * sizeof(athlete_registration));
    if (!shared) return SQLITE_NOMEM;
    *shared = (shared_state){.domain = domain, .references = 1};
    athlete_registration *rows = (athlete_registration *)(shared + 1);
    int rc = SQLITE_OK;
    if (domain->state_open) {
        shared->state = domain->state_open();
        if (!shared->state) rc = SQLITE_NOMEM;
    }
    for (size_t i = 0; i < n && rc == SQLITE_OK; i++) {
        rows[i] = (athlete_registration){&domain->functions[i], shared->state, shared};
        rc = function_register(db, &rows[i]);
        if (rc != SQLITE_OK)
            fault_refuse(fault, "athlete: cannot register %s: %s", domain->functions[i].name,
                         sqlite3_errmsg(db));
    }
    shared_release(shared);
    return rc;
}

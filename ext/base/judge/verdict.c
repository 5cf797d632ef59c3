#include "base/judge/verdict.h"

#include <stdarg.h>
#include <string.h>
#include "base/binding/function.h"
#include "base/judge/judge_functions.h"

#define OF_ROW       "may call only deterministic functions of SQLite"
#define OF_ROWS      "may call only deterministic functions of SQLite and of this extension"
#define READS_ROW    "may read only its own row"
#define READS_TABLES "may read only tables and views"

/* --- what the authorizer sees --------------------------------------------------------------------------- */

/* What was refused first is what is said. */
ATHLETE_FORMATS static int deny(verdict *v, const char *format, ...) {
    if (*v->refusal.text) return SQLITE_DENY;
    va_list arguments;
    va_start(arguments, format);
    fault_refuse_at(&v->refusal, NULL, format, arguments);
    va_end(arguments);
    return SQLITE_DENY;
}

static int judge_select(verdict *v) {
    v->n_selects++;
    if (!v->row || v->n_selects == 1) return SQLITE_OK;
    return deny(v, " has a SELECT of its own, and " READS_ROW);
}

bool text_begins(const char *text, const char *with) {
    return sqlite3_strnicmp(text, with, (int)strlen(with)) == 0;
}

static int judge_read(verdict *v, const char *table, const char *column) {
    if (!v->row) {
        if (function_is_ours(table, ATHLETE_TABLE, ATHLETE_DIRECT))
            return deny(v, " calls %.60s, which runs text, and " OF_ROWS, table);
        if (text_begins(table, "sqlite_") || text_begins(table, "pragma_"))
            return deny(v, " reads %.60s, and " READS_TABLES, table);
        return SQLITE_OK;
    }
    if (strcmp(table, "the row") != 0) return deny(v, " reads %.60s, and " READS_ROW, table);
    for (int i = 0; v->row->is_read && i < v->row->n; i++)
        if (sqlite3_stricmp(v->row->names[i], column) == 0) v->row->is_read[i] = true;
    return SQLITE_OK;
}

static int judge_function(verdict *v, const char *name) {
    sqlite3_str_append(v->called, name, (int)strlen(name) + 1);
    if (function_is_of_row(name)) return SQLITE_OK;
    if (v->row) return deny(v, " calls %.60s, and " OF_ROW, name);
    if (function_is_of_rows(name) || function_is_ours(name, ATHLETE_SCALAR, ATHLETE_PURE)) return SQLITE_OK;
    return deny(v, " calls %.60s, and " OF_ROWS, name);
}

int verdict_authorize(void *opaque, int action, const char *a, const char *b, const char *c, const char *d) {
    verdict *v = opaque;
    (void)c, (void)d;
    switch (action) {
    case SQLITE_SELECT: return judge_select(v);
    case SQLITE_READ: return judge_read(v, a ? a : "", b ? b : "");
    case SQLITE_FUNCTION: return judge_function(v, b ? b : "");
    case SQLITE_RECURSIVE: return SQLITE_OK; /* after a SELECT */
    default: return deny(v, " does more than read");
    }
}

/* --- what SQLite says ----------------------------------------------------------------------------------- */

/* The reason, or NULL. */
static const char *reason_left_out(const verdict *v, const char *table) {
    const char *dot = strrchr(table, '.'), *at = v->left_out;
    for (; at && *at; at += strlen(at) + 1) {
        const char *name = at;
        at += strlen(at) + 1;
        if (sqlite3_stricmp(name, dot ? dot + 1 : table) == 0) return at;
    }
    return NULL;
}

/* Whether the caller's connection has a module of this name: such a table is there without being in any schema. */
static bool is_module(sqlite3 *db, const char *name) {
    sqlite3_stmt *list = NULL;
    bool found = false;
    if (sqlite3_prepare_v2(db, "SELECT name FROM pragma_module_list", -1, &list, NULL) != SQLITE_OK)
        return false;
    while (!found && sqlite3_step(list) == SQLITE_ROW) {
        const char *each = (const char *)sqlite3_column_text(list, 0);
        found = each && sqlite3_stricmp(each, name) == 0;
    }
    sqlite3_finalize(list);
    return found;
}

static athlete_status refuse_table(verdict *v, const char *table, athlete_fault *fault) {
    const char *reason = reason_left_out(v, table);
    if (reason) return fault_refuse(fault, " reads %.60s, which %s", table, reason);
    if (v->row) return fault_refuse(fault, " reads %.60s, and " READS_ROW, table);
    if (is_module(v->caller, table))
        return fault_refuse(fault, " reads %.60s, which is a virtual table", table);
    v->misses_table = true;
    return ATHLETE_INVALID;
}

/* The sentence of a text that could not be compiled: what the authorizer saw, or what SQLite says. On this connection there
** is no function of the host's and no virtual table, so that what is not there is what may not be used. */
athlete_status verdict_phrase(verdict *v, athlete_fault *fault) {
    static const char no_function[] = "no such function: ", no_table[] = "no such table: ";
    const char *function = strstr(fault->text, no_function), *table = strstr(fault->text, no_table);
    if (*v->refusal.text) *fault = v->refusal;
    else if (function)
        fault_refuse(fault, " calls %.60s, and %s", function + strlen(no_function),
                     v->row ? OF_ROW : OF_ROWS);
    else if (table) refuse_table(v, table + strlen(no_table), fault);
    return ATHLETE_INVALID;
}

/* --- the clock ------------------------------------------------------------------------------------------ */

static bool is_one_of(const char *const *list, const char *text) {
    for (; *list; list++)
        if (sqlite3_stricmp(*list, text) == 0) return true;
    return false;
}

athlete_status refuse_clock(athlete_fault *fault) {
    return fault_refuse(fault, " asks for the time now, or of this machine's zone, and may "
                               "call only what is deterministic");
}

static void clock_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc, (void)argv;
    sqlite3_result_error(context, "non-deterministic use of a date function", -1);
}

athlete_status verdict_tell_clocks(private_db *own, athlete_fault *fault) {
    static const char *const names[] = {"date", "time", "datetime", "julianday", "unixepoch", "strftime"};
    int rc = SQLITE_OK;
    for (int i = 0; i < 6 && rc == SQLITE_OK; i++)
        rc = sqlite3_create_function_v2(own->db, names[i], i == 5, SQLITE_UTF8, NULL, clock_function, NULL,
                                        NULL, NULL);
    return private_db_fail(own, rc, fault);
}

/* A function of dates asks the clock when it is given no time or 'now', and the zone of the machine for two modifiers.
** The program of the statement has the number of arguments in the name, and the texts. */
athlete_status verdict_on_clock(private_db *own, const char *sql, bool *calls_dates, athlete_fault *fault) {
    static const char *const without_time[] = {"date(0)",      "time(0)",     "datetime(0)", "julianday(0)",
                                               "unixepoch(0)", "strftime(1)", NULL};
    static const char *const of_dates[] = {"date(",      "time(",     "datetime(", "julianday(",
                                           "unixepoch(", "strftime(", "timediff(", NULL};
    static const char *const clocks[] = {"now", "localtime", "utc", NULL};
    char *explain = sqlite3_mprintf("EXPLAIN %s", sql);
    sqlite3_stmt *program = NULL;
    bool has_clock = false, has_no_time = false;
    *calls_dates = false;
    if (!explain) return ATHLETE_NOMEM;
    int rc = sqlite3_prepare_v2(own->db, explain, -1, &program, NULL);
    sqlite3_free(explain);
    while (rc == SQLITE_OK && (rc = sqlite3_step(program)) == SQLITE_ROW) {
        const char *opcode = (const char *)sqlite3_column_text(program, 1);
        const char *p4 = (const char *)sqlite3_column_text(program, 5);
        rc = SQLITE_OK;
        if (!opcode || !p4) continue;
        if (text_begins(opcode, "String")) has_clock |= is_one_of(clocks, p4);
        has_no_time |= is_one_of(without_time, p4);
        for (const char *const *name = of_dates; *name; name++) *calls_dates |= text_begins(p4, *name);
    }
    sqlite3_finalize(program);
    if (rc != SQLITE_DONE) return private_db_fail(own, rc, fault);
    if (!has_no_time && !(*calls_dates && has_clock)) return ATHLETE_OK;
    return refuse_clock(fault);
}

void verdict_close(verdict *v) {
    sqlite3_free(sqlite3_str_finish(v->called));
}

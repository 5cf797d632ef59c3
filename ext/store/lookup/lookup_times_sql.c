#include "store/lookup/lookup_times_sql.h"

#include <string.h>
#include "base/binding/catalog.h"
#include "base/binding/function.h"
#include "base/functions/instants_sql.h"

#define TIMES_POINTER "athlete: times"

/* 1970-01-01T00:00:00Z as SQLite's clock counts: milliseconds since noon in Greenwich on November 24, 4714 B.C. */
#define JULIAN_1970_MS INT64_C(210866760000000)

void lookup_times_open(lookup_times *times, const feature_group *group) {
    *times = (lookup_times){.group = group};
}

void lookup_times_close(lookup_times *times) {
    sqlite3_free(times->wrong);
}

static const char *times_name(const lookup_times *times, int column) {
    const feature_group *group = times->group;
    return column == AS_OF_TIMESTAMP   ? group->columns[group->timestamp].name
           : column == AS_OF_AVAILABLE ? group->columns[group->available].name
                                       : "superseded_at";
}

/* --- reading -------------------------------------------------------------------------------------------- */

static bool times_refuse(lookup_times *times, int column, const char *first, sqlite3_value *value) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "%.60s of %.60s has ", times_name(times, column),
                        times->group->sources[GROUP_CURRENT].table);
    if (first) sqlite3_str_appendf(out, "%s and ", first);
    value_describe(out, value);
    if (first) {
        sqlite3_str_appendf(
            out,
            ": written differently they have no order in time; row_instant(%.60s) writes all in one form",
            times_name(times, column));
    } else {
        sqlite3_str_appendall(out, " where a number or " INSTANT_EXPECTED " belongs");
    }
    sqlite3_free(times->wrong);
    times->wrong = sqlite3_str_finish(out);
    return true;
}

static bool is_text_instant(sqlite3_value *value, instant_form *form, instant *when) {
    const char *text = (const char *)sqlite3_value_text(value);
    return text && strlen(text) == (size_t)sqlite3_value_bytes(value) && instant_form_read(text, form, when);
}

/* Takes account of one time of a row; true if it is not as those before it. */
static bool see_text(lookup_times *times, int column, sqlite3_value *value) {
    column_times *seen = &times->columns[column];
    const char *text = (const char *)sqlite3_value_text(value);
    size_t length = (size_t)sqlite3_value_bytes(value);
    instant_form form;
    instant when;
    if (text && seen->is_usual && instant_is_canonical(text, length, 0)) return false;
    if (seen->has_number) return times_refuse(times, column, seen->sample, value);
    if (!is_text_instant(value, &form, &when)) return times_refuse(times, column, NULL, value);
    if (!seen->has_text) {
        seen->has_text = true;
        seen->form = form;
        seen->is_usual = instant_form_same(&form, &instant_seconds);
        sqlite3_snprintf((int)sizeof seen->sample, seen->sample, "'%s'", text);
    }
    return instant_form_same(&form, &seen->form) ? false : times_refuse(times, column, seen->sample, value);
}

static bool see(lookup_times *times, int column, sqlite3_value *value) {
    column_times *seen = &times->columns[column];
    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL: return false;
    case SQLITE_TEXT: return see_text(times, column, value);
    case SQLITE_BLOB: return times_refuse(times, column, NULL, value);
    }
    if (seen->has_text) return times_refuse(times, column, seen->sample, value);
    if (!seen->has_number)
        sqlite3_snprintf((int)sizeof seen->sample, seen->sample, "%.20s",
                         (const char *)sqlite3_value_text(value));
    seen->has_number = true;
    return false;
}

void lookup_form_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    lookup_times *times = argc == 1 + AS_OF_VALUES ? sqlite3_value_pointer(argv[0], TIMES_POINTER) : NULL;
    bool is_wrong = false;
    if (!times) {
        sqlite3_result_error(context, "asof form: a part of asof, not to be called", -1);
        return;
    }
    for (int i = 0; i < AS_OF_VALUES && !is_wrong; i++) is_wrong = see(times, i, argv[i + 1]);
    sqlite3_result_int(context, is_wrong);
}

/* A group that keeps its form needs one row to show it. */
static char *form_query(const lookup_times *times, const group_source *source, bool is_history) {
    const feature_group *group = times->group;
    sqlite3_str *sql = sqlite3_str_new(group->db);
    sqlite3_str_appendf(sql, "SELECT 1 FROM (SELECT \"%w\" AS c0, ", times_name(times, AS_OF_TIMESTAMP));
    if (group->available >= 0) sqlite3_str_appendf(sql, "\"%w\"", times_name(times, AS_OF_AVAILABLE));
    else sqlite3_str_appendall(sql, "NULL");
    sqlite3_str_appendf(sql,
                        " AS c1, %s AS c2 FROM \"%w\".\"%w\"%s) WHERE \"asof form\"(?1, c0, c1, c2) LIMIT 1",
                        is_history ? "superseded_at" : "NULL", group->schema, source->table,
                        group->keeps_times ? " LIMIT 1" : "");
    return sqlite3_str_finish(sql);
}

static int read_source(lookup_times *times, int place, athlete_fault *fault) {
    const group_source *source = &times->group->sources[place];
    if (!source->table) return SQLITE_OK;
    char *sql = form_query(times, source, place == GROUP_HISTORY);
    sqlite3_stmt *query = NULL;
    int rc = sql ? sqlite3_prepare_v2(times->group->db, sql, -1, &query, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    if (rc == SQLITE_OK) rc = sqlite3_bind_pointer(query, 1, times, TIMES_POINTER, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(query);
    bool is_wrong = rc == SQLITE_ROW;
    rc = catalog_ended(times->group->db, query, rc, fault);
    if (!is_wrong || rc != SQLITE_OK) return rc;
    return times->wrong ? status_code(fault_refuse(fault, "%s", times->wrong)) : SQLITE_NOMEM;
}

unsigned lookup_content_version(const feature_group *group) {
    unsigned version = 0;
    sqlite3_file_control(group->db, group->schema, SQLITE_FCNTL_DATA_VERSION, &version);
    return version;
}

bool lookup_times_are_old(const lookup_times *times) {
    const feature_group *group = times->group;
    const column_times *seen = &times->columns[AS_OF_TIMESTAMP];
    if (group->keeps_times) return !seen->has_text && !seen->has_number;
    return times->version != lookup_content_version(group) ||
           times->changes != sqlite3_total_changes(group->db);
}

int lookup_times_read(lookup_times *times, athlete_fault *fault) {
    memset(times->columns, 0, sizeof times->columns);
    times->is_read = false;
    int rc = SQLITE_OK;
    for (int place = 0; place < GROUP_SOURCES && rc == SQLITE_OK; place++)
        rc = read_source(times, place, fault);
    times->version = lookup_content_version(times->group);
    times->changes = sqlite3_total_changes(times->group->db);
    times->is_read = rc == SQLITE_OK;
    if (times->group->keeps_times)
        for (int i = 1; i < AS_OF_VALUES; i++) times->columns[i] = times->columns[AS_OF_TIMESTAMP];
    times->are_usual = true;
    for (int i = 0; i < AS_OF_VALUES; i++) {
        const column_times *seen = &times->columns[i];
        times->are_usual &= !seen->has_number && (!seen->has_text || seen->is_usual);
    }
    return rc;
}

/* --- a moment ------------------------------------------------------------------------------------------- */

/* The clock of the file's own VFS, which 'now' reads, too. */
static bool now_of(sqlite3 *db, instant *now) {
    sqlite3_vfs *vfs = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs) != SQLITE_OK || !vfs)
        vfs = sqlite3_vfs_find(NULL);
    sqlite3_int64 julian_ms = 0;
    double julian_days = 0;
    if (!vfs) return false;
    if (vfs->iVersion >= 2 && vfs->xCurrentTimeInt64) {
        if (vfs->xCurrentTimeInt64(vfs, &julian_ms) != SQLITE_OK) return false;
    } else {
        if (vfs->xCurrentTime(vfs, &julian_days) != SQLITE_OK) return false;
        julian_ms = (sqlite3_int64)(julian_days * 86400000);
    }
    *now = (instant){.us = (julian_ms - JULIAN_1970_MS) * 1000};
    return true;
}

static int refuse_as_of(sqlite3_value *as_of, const char *why, athlete_fault *fault) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendall(out, "as_of is ");
    value_describe(out, as_of);
    sqlite3_str_appendall(out, why);
    return status_code(fault_refuse_str(fault, out));
}

static bool is_numeric(sqlite3_value *value, double *seconds) {
    int type = sqlite3_value_numeric_type(value);
    *seconds = sqlite3_value_double(value);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

static bool is_declared_text(const feature_group *group) {
    return strcmp(group->columns[group->timestamp].affinity, "TEXT") == 0;
}

/* Reads a moment that is told; *form stays empty unless it is a text. */
static int read_as_of(lookup_moment *moment, const lookup_times *times, sqlite3_value *as_of,
                      instant_form *form, athlete_fault *fault) {
    const column_times *seen = &times->columns[AS_OF_TIMESTAMP];
    bool wants_text = seen->has_text || (!seen->has_number && is_declared_text(times->group));
    bool is_told_text = sqlite3_value_type(as_of) == SQLITE_TEXT;
    moment->is_number = moment->is_unread = false;
    if (is_told_text && is_text_instant(as_of, form, &moment->at)) {
        if (!seen->has_number) return SQLITE_OK;
        return refuse_as_of(as_of, " and the rows' times are numbers: a text has no place in their order",
                            fault);
    }
    bool may_be_number = sqlite3_value_type(as_of) != SQLITE_BLOB && !(is_told_text && wants_text);
    moment->is_number = may_be_number && is_numeric(as_of, &moment->seconds);
    bool is_of_years =
        moment->seconds * 1e6 >= (double)INSTANT_FIRST_US && moment->seconds * 1e6 <= (double)INSTANT_LAST_US;
    if (moment->is_number && !wants_text && times->group->keeps_times && !is_of_years)
        return refuse_as_of(as_of, " where seconds since 1970 belong, of the years 1 to 9999", fault);
    if (moment->is_number && !wants_text) return SQLITE_OK;
    if (!moment->is_number) return refuse_as_of(as_of, " where " INSTANT_EXPECTED " belongs", fault);
    char *why = sqlite3_mprintf(", and %s is text", times_name(times, AS_OF_TIMESTAMP));
    int rc = why ? refuse_as_of(as_of, why, fault) : SQLITE_NOMEM;
    sqlite3_free(why);
    return rc;
}

static bool keep_number(kept_row *row, int i, const lookup_moment *moment, sqlite3_value *as_of) {
    kept_value *value = &row->values[i];
    *value = (kept_value){.type = SQLITE_INTEGER};
    if (!as_of) value->as.integer = moment->at.us / 1000000;
    else if (sqlite3_value_numeric_type(as_of) == SQLITE_INTEGER)
        value->as.integer = sqlite3_value_int64(as_of);
    else *value = (kept_value){.type = SQLITE_FLOAT, .as.number = moment->seconds};
    return true;
}

/* An instant that is told as the column writes it is written already; a day is a row's end and a request's beginning. */
static bool is_written(const instant_form *told, const instant_form *form) {
    return told->separator != '\0' && told->digits <= 6 && instant_form_same(told, form);
}

/* Most moments are told as all columns write theirs, and many as the one before. */
static bool set_usual(lookup_moment *moment, const lookup_times *times, sqlite3_value *as_of) {
    if (!times->are_usual || sqlite3_value_type(as_of) != SQLITE_TEXT) return false;
    const char *text = (const char *)sqlite3_value_text(as_of);
    int bytes = sqlite3_value_bytes(as_of);
    const kept_value *first = &moment->values->values[0];
    if (!text) return false;
    if (moment->is_usual && first->bytes == bytes &&
        memcmp(kept_text(moment->values, first), text, (size_t)bytes) == 0)
        return true;
    if (!instant_is_canonical(text, (size_t)bytes, 0)) return false;
    moment->is_unread = true;
    moment->is_number = moment->is_now = moment->is_usual = false;
    moment->number++;
    kept_row_forget(moment->values);
    if (!kept_row_text(moment->values, 0, text, bytes)) return false;
    for (int i = 1; i < AS_OF_VALUES; i++) moment->values->values[i] = moment->values->values[0];
    moment->is_usual = true;
    return true;
}

const instant *lookup_moment_instant(lookup_moment *moment) {
    if (moment->is_unread) {
        bool is_read = instant_parse(kept_text(moment->values, &moment->values->values[0]), &moment->at);
        (void)is_read; /* a text in the canonical form always is */
        moment->is_unread = false;
    }
    return &moment->at;
}

/* What no form can write is before or after all that it can. */
static bool keep_text(kept_row *row, int i, const instant_form *form, const instant *at, bool up) {
    char text[INSTANT_SIZE];
    if (!instant_form_write(form, at->us + (up && at->is_more), up, text))
        sqlite3_snprintf((int)sizeof text, text, at->us < 0 ? "" : ":");
    return kept_row_text(row, i, text, (int)strlen(text));
}

/* *is_same: the clock has not ticked since the moment was set, which stands. Whole seconds stand for a second, unless what is
** more than that is rounded up. */
static int read_clock(lookup_moment *moment, const lookup_times *times, bool strict, bool *is_same,
                      athlete_fault *fault) {
    int64_t unit_us = times->are_usual && !strict ? 1000000 : 1;
    int64_t before_us = moment->at.us;
    moment->is_number = moment->is_unread = false;
    if (!now_of(times->group->db, &moment->at)) return status_code(fault_refuse(fault, "there is no clock"));
    *is_same = moment->is_now && moment->at.us / unit_us == before_us / unit_us;
    return SQLITE_OK;
}

int lookup_moment_set(lookup_moment *moment, const lookup_times *times, sqlite3_value *as_of, bool strict,
                      athlete_fault *fault) {
    instant_form told = {.separator = '\0'};
    bool is_same = false;
    if (as_of && set_usual(moment, times, as_of)) return SQLITE_OK;
    moment->is_usual = false;
    int rc = as_of ? read_as_of(moment, times, as_of, &told, fault)
                   : read_clock(moment, times, strict, &is_same, fault);
    if (rc != SQLITE_OK || is_same) return rc;
    moment->is_now = false;
    moment->number++;
    kept_row_forget(moment->values);
    for (int i = 0; i < AS_OF_VALUES; i++) {
        const column_times *seen = &times->columns[i];
        const instant_form *form = seen->has_text ? &seen->form : &instant_seconds;
        bool as_number = moment->is_number || (!as_of && seen->has_number);
        if (as_number && seen->has_text)
            return refuse_as_of(as_of, " and other times of the rows are text", fault);
        bool kept = as_number ? keep_number(moment->values, i, moment, as_of)
                    : is_written(&told, form)
                        ? kept_row_text(moment->values, i, (const char *)sqlite3_value_text(as_of),
                                        sqlite3_value_bytes(as_of))
                        : keep_text(moment->values, i, form, &moment->at, strict && i == AS_OF_TIMESTAMP);
        if (!kept) return SQLITE_NOMEM;
    }
    moment->is_now = !as_of;
    return SQLITE_OK;
}

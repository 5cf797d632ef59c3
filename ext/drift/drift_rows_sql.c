#include "drift/drift_rows_sql.h"

#include <math.h>

#include "statistics/number_sort.h"

static cell one_row(drift_side side) {
    return side == DRIFT_REFERENCE ? (cell){1, 0} : (cell){0, 1};
}

/* Adding 0 turns -0 into 0, so that equal numbers are equal bits. */
static athlete_status drift_rows_add_number(athlete_budget *budget, drift_rows *rows, drift_side side,
                                            double x) {
    size_t n = rows->n_numbers[side];
    athlete_status status = n < (size_t)1 << 31
                                ? memory_reserve(budget, &rows->numbers[side], &rows->capacity[side], n + 1)
                                : ATHLETE_OVER_LIMIT;
    if (status == ATHLETE_OK) rows->numbers[side][rows->n_numbers[side]++] = x + 0.0;
    return status;
}

athlete_status drift_rows_add(athlete_budget *budget, drift_rows *rows, drift_side side,
                              sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    cell row = one_row(side);
    if (type == SQLITE_NULL) {
        rows->missing.reference += row.reference;
        rows->missing.current += row.current;
        return ATHLETE_OK;
    }
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
        return drift_rows_add_number(budget, rows, side, sqlite3_value_double(value));
    const void *bytes = type == SQLITE_BLOB ? sqlite3_value_blob(value) : sqlite3_value_text(value);
    size_t n = (size_t)sqlite3_value_bytes(value);
    if (!bytes && n > 0) return ATHLETE_NOMEM;
    return categories_add(budget, type == SQLITE_BLOB ? &rows->blobs : &rows->texts, bytes, n, row);
}

athlete_status drift_number(athlete_call *call, sqlite3_value *value, sqlite3_int64 row, drift_side side,
                            double *out) {
    int type = sqlite3_value_numeric_type(value);
    *out = sqlite3_value_double(value);
    if ((type == SQLITE_INTEGER || type == SQLITE_FLOAT) && !isinf(*out)) return ATHLETE_OK;
    sqlite3_str *sentence = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sentence, "row %lld of the %s query: expected a number or NULL, got ", row,
                        side == DRIFT_REFERENCE ? "reference" : "current");
    value_describe(sentence, value);
    return fault_refuse_str(&call->fault, sentence);
}

athlete_status drift_refuse_columns(athlete_call *call, int reference, int current) {
    return fault_refuse(&call->fault,
                        "the queries must have as many columns: the reference has %d, the current one %d",
                        reference, current);
}

athlete_status drift_rows_take(athlete_call *call, athlete_budget *budget, drift_rows *rows,
                               sqlite3_int64 n[2], drift_side side, sqlite3_value *value, bool numbers) {
    if (numbers && sqlite3_value_type(value) == SQLITE_NULL) return ATHLETE_OK;
    double x;
    athlete_status status = numbers ? drift_number(call, value, n[side] + 1, side, &x) : ATHLETE_OK;
    if (status != ATHLETE_OK) return status;
    n[side]++;
    return drift_rows_add(budget, rows, side, value);
}

const char *drift_rows_reason(const sqlite3_int64 n[2]) {
    bool reference = n[DRIFT_REFERENCE] > 0, current = n[DRIFT_CURRENT] > 0;
    if (reference && current) return NULL;
    return reference ? "the current query has no values"
           : current ? "the reference query has no values"
                     : "neither query has values";
}

void drift_rows_free(athlete_budget *budget, drift_rows *rows) {
    for (int side = 0; side < 2; side++) memory_free(budget, rows->numbers[side]);
    categories_free(budget, &rows->texts);
    categories_free(budget, &rows->blobs);
    *rows = (drift_rows){0};
}

void drift_rows_clear(athlete_budget *budget, drift_rows *rows) {
    categories_free(budget, &rows->texts);
    categories_free(budget, &rows->blobs);
    rows->n_numbers[DRIFT_CURRENT] = rows->n_numbers[DRIFT_REFERENCE] = 0;
    rows->missing = (cell){0};
}

athlete_status drift_rows_sort(athlete_budget *budget, athlete_poll *poll, drift_rows *rows) {
    athlete_status status = ATHLETE_OK;
    for (int side = 0; side < 2 && status == ATHLETE_OK; side++)
        status = number_sort(budget, poll, rows->numbers[side], rows->n_numbers[side]);
    return status;
}

sample drift_rows_numbers(const drift_rows *rows, drift_side side) {
    return (sample){rows->numbers[side], rows->n_numbers[side]};
}

athlete_status drift_rows_cells(athlete_budget *budget, athlete_poll *poll, const drift_rows *rows,
                                size_t bins, cell_list *list) {
    athlete_status status = cells_of_numbers(budget, poll, drift_rows_numbers(rows, DRIFT_REFERENCE),
                                             drift_rows_numbers(rows, DRIFT_CURRENT), bins, list);
    if (status == ATHLETE_OK && rows->missing.reference + rows->missing.current > 0)
        status = cells_add(budget, list, rows->missing);
    const cell_list *named[] = {&rows->texts.counts, &rows->blobs.counts};
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < named[k]->n && status == ATHLETE_OK; i++)
            status = cells_add(budget, list, named[k]->cells[i]);
    }
    return status;
}

#include "validation/feature_strength.h"

#include <math.h>
#include "base/text/text_hash.h"
#include "statistics/category.h"

uint64_t strength_key(const void *bytes, size_t length) {
    uint64_t key = text_hash(bytes, length);
    return key ? key : 1;
}

static const strength_cell *strength_cell_at(const strength_table *table, size_t row, size_t column) {
    return &table->cells[row * table->width + column];
}

/* The codes of a column; NULL when *status says why not. */
static uint32_t *strength_codes(const strength_table *table, size_t column, athlete_budget *budget,
                                athlete_poll *poll, size_t *n_codes, athlete_status *status) {
    size_t n = table->n_rows;
    uint64_t *keys = memory_alloc(budget, n ? n : 1, sizeof *keys);
    uint32_t *codes = memory_alloc(budget, n ? n : 1, sizeof *codes);
    *status = keys && codes ? ATHLETE_OK : memory_status(budget);
    for (size_t r = 0; r < n && *status == ATHLETE_OK; r++) keys[r] = strength_cell_at(table, r, column)->key;
    if (*status == ATHLETE_OK) *status = category_codes(keys, n, budget, poll, codes, n_codes);
    memory_free(budget, keys);
    if (*status == ATHLETE_OK) return codes;
    memory_free(budget, codes);
    return NULL;
}

static athlete_status class_labels(const uint32_t *codes, size_t n_codes, size_t n, athlete_budget *budget,
                                   strength_labels *labels) {
    labels->too_many_classes = n_codes > STRENGTH_CLASSES_MAX;
    if (labels->too_many_classes || n_codes < 2) return ATHLETE_OK;
    size_t rows_of[STRENGTH_CLASSES_MAX] = {0};
    for (size_t r = 0; r < n; r++)
        if (codes[r] != CATEGORY_MISSING) rows_of[codes[r]]++;
    size_t n_labels = n_codes == 2 ? 1 : n_codes; /* of two classes the one is the other's contrary */
    labels->values = memory_alloc(budget, n_labels * n, sizeof *labels->values);
    if (!labels->values) return memory_status(budget);
    for (size_t k = 0; k < n_labels; k++) {
        if (n_codes > 2 && rows_of[k] < STRENGTH_CLASS_ROWS) continue;
        double *values = labels->values + labels->n_labels++ * n;
        for (size_t r = 0; r < n; r++) values[r] = codes[r] == CATEGORY_MISSING ? NAN : codes[r] == k;
    }
    labels->too_few_of_a_class = labels->n_labels == 0;
    return ATHLETE_OK;
}

athlete_status strength_labels_of(const strength_table *table, size_t column, bool is_text,
                                  athlete_budget *budget, athlete_poll *poll, strength_labels *labels) {
    *labels = (strength_labels){.values = NULL};
    size_t n = table->n_rows, n_codes = 0;
    if (n == 0) return ATHLETE_OK;
    if (is_text) {
        athlete_status status;
        uint32_t *codes = strength_codes(table, column, budget, poll, &n_codes, &status);
        if (codes) status = class_labels(codes, n_codes, n, budget, labels);
        memory_free(budget, codes);
        return status;
    }
    labels->values = memory_alloc(budget, n, sizeof *labels->values);
    if (!labels->values) return memory_status(budget);
    labels->n_labels = 1;
    for (size_t r = 0; r < n; r++) labels->values[r] = strength_cell_at(table, r, column)->number;
    return ATHLETE_OK;
}

static void take_stronger(association *best, association found) {
    if (best->n == 0 || isnan(best->strength) || found.strength > best->strength) *best = found;
}

/* What the column's numbers or categories, and then its gaps, tell of one label; `values` is room for a column. */
static athlete_status strength_of_label(const strength_table *table, size_t column, const uint32_t *codes,
                                        size_t n_codes, const double *label, double *values,
                                        athlete_budget *budget, athlete_poll *poll, feature_strength *best) {
    size_t n = table->n_rows;
    association found;
    athlete_status status = ATHLETE_OK;
    if (codes) status = category_encode(codes, n_codes, label, n, budget, poll, values);
    else
        for (size_t r = 0; r < n; r++) values[r] = strength_cell_at(table, r, column)->number;
    if (status == ATHLETE_OK) status = associate(values, label, n, budget, poll, &found);
    if (status == ATHLETE_OK) take_stronger(&best->value, found);
    for (size_t r = 0; r < n; r++) values[r] = strength_cell_at(table, r, column)->key == 0;
    if (status == ATHLETE_OK) status = associate(values, label, n, budget, poll, &found);
    if (status == ATHLETE_OK) take_stronger(&best->missing, found);
    return status;
}

athlete_status feature_strength_of(const strength_table *table, size_t column, bool is_text,
                                   const strength_labels *labels, athlete_budget *budget, athlete_poll *poll,
                                   feature_strength *strength) {
    *strength = (feature_strength){{.strength = NAN}, {.strength = NAN}};
    size_t n = table->n_rows, n_codes = 0;
    if (labels->n_labels == 0) return ATHLETE_OK;
    athlete_status status = ATHLETE_OK;
    uint32_t *codes = is_text ? strength_codes(table, column, budget, poll, &n_codes, &status) : NULL;
    double *values = memory_alloc(budget, n, sizeof *values);
    if (status == ATHLETE_OK && !values) status = memory_status(budget);
    for (size_t k = 0; k < labels->n_labels && status == ATHLETE_OK; k++)
        status = strength_of_label(table, column, codes, n_codes, labels->values + k * n, values, budget,
                                   poll, strength);
    memory_free(budget, codes);
    memory_free(budget, values);
    return status;
}

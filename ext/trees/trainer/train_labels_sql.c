#include "trees/trainer/train_labels_sql.h"

#include <math.h>
#include <string.h>
#include "trees/trainer/train_value_sql.h"

/* --- reading -------------------------------------------------------------------------------------------- */

static bool takes_names(const trainer *t) {
    objective_kind kind = t->options.objective.kind;
    return kind == OBJECTIVE_LOGISTIC || kind == OBJECTIVE_SOFTMAX;
}

static athlete_status read_class(trainer *t, sqlite3_value *value, float *label) {
    uint32_t number = 0;
    if (t->label_content == CONTENT_NUMBERS)
        return train_row_refuse(t, "the label", -1, "a finite number, as in the rows before", value);
    t->label_content = CONTENT_NAMES;
    if (!train_is_name(value))
        return train_row_refuse(t, "the label", -1, "UTF-8 text without zero bytes", value);
    const char *text = (const char *)sqlite3_value_text(value);
    if (!text) return ATHLETE_NOMEM;
    athlete_status status = category_find(&t->classes, text, &t->budget, &number);
    if (status == ATHLETE_OK && t->classes.n > TRAIN_MAX_CLASSES)
        return fault_refuse(&t->fault, "the labels are more than %d different texts", TRAIN_MAX_CLASSES);
    *label = (float)number;
    return status;
}

athlete_status train_label_read(trainer *t, sqlite3_value *value, float *label) {
    const objective *o = &t->options.objective;
    if (sqlite3_value_type(value) == SQLITE_NULL)
        return fault_refuse(&t->fault, "row %lld: the label is NULL; leave such rows out with WHERE",
                            (long long)t->n_read + 1);
    bool is_number = train_is_number(value);
    if (!is_number && takes_names(t) && sqlite3_value_type(value) == SQLITE_TEXT)
        return read_class(t, value, label);
    if (t->label_content == CONTENT_NAMES)
        return train_row_refuse(t, "the label", -1, "text that is no number, as in the rows before", value);
    if (!is_number) return train_row_refuse(t, "the label", -1, "a finite number", value);
    if (o->kind == OBJECTIVE_SOFTMAX && o->n_classes == 0)
        return fault_refuse(&t->fault, "multi:softprob needs option \"num_class\" where classes are numbers");
    t->label_content = CONTENT_NUMBERS;
    double x = sqlite3_value_double(value);
    if (!objective_takes_label(o, x))
        return train_row_refuse(t, "the label", -1, objective_label_form(o), value);
    if (fabs(x) > 1e30) return train_row_refuse(t, "the label", -1, "at most 1e30 in size", value);
    *label = (float)x + 0.0f;
    return ATHLETE_OK;
}

/* --- coding --------------------------------------------------------------------------------------------- */

/* Codes of the texts that training rows have: 0 for each. The others stay missing. */
static void mark_trained_on(const trainer *t, float *code) {
    for (uint32_t i = 0; i < t->classes.n; i++) code[i] = NAN;
    for (size_t row = 0; row < t->train.n; row++) code[(uint32_t)t->train.labels[row]] = 0;
}

static void name_classes(const trainer *t, float *code, uint32_t *order, category_names *classes) {
    const category_names *known = &t->previous.classes;
    category_sort(&t->classes, order);
    for (uint32_t place = 0; place < t->classes.n; place++) {
        const char *text = category_text(&t->classes, order[place]);
        if (t->rounds_before > 0) {
            code[order[place]] = category_number(known, text, strlen(text));
        } else if (!isnan(code[order[place]])) {
            code[order[place]] = (float)classes->n;
            classes->name[classes->n++] = text;
        }
    }
    if (t->rounds_before > 0 && known->n > 0) {
        memcpy(classes->name, known->name, known->n * sizeof *classes->name);
        classes->n = known->n;
    }
}

static athlete_status check_classes(trainer *t, const float *code, const category_names *classes) {
    const objective *o = &t->options.objective;
    for (uint32_t i = 0; i < t->classes.n; i++) {
        if (!isnan(code[i])) continue;
        return fault_refuse(&t->fault, "the label '%.60s' is %s", category_text(&t->classes, i),
                            t->rounds_before > 0 ? "none that the previous model knows"
                                                 : "of validation rows only: no row teaches it");
    }
    if (classes->n < 2)
        return fault_refuse(&t->fault, "all labels are '%.60s': there is nothing to tell apart",
                            classes->name[0]);
    if (o->kind == OBJECTIVE_LOGISTIC && classes->n > 2)
        return fault_refuse(&t->fault,
                            "the labels are %zu different texts, binary:logistic is for two: "
                            "multi:softprob is for more",
                            classes->n);
    if (o->kind == OBJECTIVE_SOFTMAX && o->n_classes > 0 && (size_t)o->n_classes != classes->n)
        return fault_refuse(&t->fault, "option \"num_class\" is %d, the labels are %zu different texts",
                            o->n_classes, classes->n);
    return ATHLETE_OK;
}

static void recode(row_block *block, const float *code) {
    for (size_t row = 0; row < block->n; row++) block->labels[row] = code[(uint32_t)block->labels[row]];
}

/* What was trained on by name is gone on with by name. */
static athlete_status check_previous_classes(trainer *t) {
    bool named = t->label_content == CONTENT_NAMES, named_before = t->previous.classes.n > 0;
    if (t->rounds_before == 0 || t->label_content == CONTENT_NONE || named == named_before) return ATHLETE_OK;
    return fault_refuse(&t->fault, "the classes are %s, in the previous model %s",
                        named ? "texts" : "numbers", named ? "numbers" : "texts");
}

athlete_status train_labels_code(trainer *t, category_names *classes) {
    *classes = (category_names){.n = 0};
    athlete_status status = check_previous_classes(t);
    if (status != ATHLETE_OK || t->label_content != CONTENT_NAMES || t->train.n == 0) return status;
    size_t n = t->classes.n > t->previous.classes.n ? t->classes.n : t->previous.classes.n;
    float *code = memory_alloc(&t->budget, n, sizeof *code);
    uint32_t *order = memory_alloc(&t->budget, n, sizeof *order);
    classes->name = memory_alloc(&t->budget, n, sizeof *classes->name);
    if (!code || !order || !classes->name) status = memory_status(&t->budget);
    if (status == ATHLETE_OK) {
        mark_trained_on(t, code);
        name_classes(t, code, order, classes);
        status = check_classes(t, code, classes);
    }
    if (status == ATHLETE_OK) {
        recode(&t->train, code);
        recode(&t->validation, code);
        if (t->options.objective.kind == OBJECTIVE_SOFTMAX)
            t->options.n_classes = t->options.objective.n_classes = (int)classes->n;
    }
    memory_free(&t->budget, code);
    memory_free(&t->budget, order);
    return status;
}

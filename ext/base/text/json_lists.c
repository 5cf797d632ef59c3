#include "base/text/json_lists.h"

#include <math.h>
#include <string.h>
#include "base/numbers/decimal.h"
#include "base/text/text_buffer.h"

struct list_place {
    size_t start, n; /* in `values` */
    bool has_flags;
    size_t end, end_in_rest; /* of the list in the text, and of what stands for it in the rest */
};

typedef struct cutter {
    const char *text;
    size_t length, at;
    size_t polled; /* the poll knows of the work before this offset */
    athlete_budget *budget;
    athlete_poll *poll;
    json_lists *parsed;
    text_buffer rest; /* the text with "[17]" in the place of list 17 */
    size_t n_items;   /* no fewer than cJSON will make of `rest` */
} cutter;

static athlete_status lists_go_on(cutter *c) {
    if (c->at - c->polled < 4096 || !c->poll) return ATHLETE_OK;
    size_t work = (c->at - c->polled) * 4;
    c->polled = c->at;
    return poll_due(c->poll, work) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

static athlete_status lists_add_value(cutter *c, double x) {
    json_lists *p = c->parsed;
    if (p->n_values == p->values_capacity) {
        athlete_status status = memory_reserve(c->budget, &p->values, &p->values_capacity, p->n_values + 1);
        if (status != ATHLETE_OK) return status;
    }
    p->values[p->n_values++] = x;
    return ATHLETE_OK;
}

static void lists_skip_blanks(cutter *c) {
    if (c->text[c->at] > ' ') return;
    c->at += json_blanks(c->text + c->at, c->length - c->at);
}

/* A word at `p`, which is no number of JSON's; false if it is no such word. */
static bool lists_read_word(const char *p, size_t *length, double *x) {
    static const struct {
        const char *word;
        double value;
    } words[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *length = strlen(words[i].word);
        *x = words[i].value;
        if (strncmp(p, words[i].word, *length) == 0) return true;
    }
    return false;
}

/* Reads a number, true or false and adds it; ATHLETE_INVALID if anything else stands there. Half of a model's numbers
** have one digit. */
static athlete_status read_scalar(cutter *c, bool *has_flags) {
    const char *p = c->text + c->at;
    double x;
    if (*p >= '0' && *p <= '9' && (p[1] == ',' || p[1] == ']')) {
        c->at++;
        return lists_add_value(c, *p - '0');
    }
    if (*p == 't' || *p == 'f') {
        const char *word = *p == 't' ? "true" : "false";
        if (strncmp(p, word, strlen(word)) != 0) return ATHLETE_INVALID;
        c->at += strlen(word);
        *has_flags = true;
        return lists_add_value(c, *p == 't');
    }
    size_t length;
    if ((*p == 'N' || *p == 'I' || (*p == '-' && p[1] == 'I')) && lists_read_word(p, &length, &x)) {
        c->at += length;
        return lists_add_value(c, x);
    }
    athlete_status status = decimal_read(&p, &x);
    if (status != ATHLETE_OK) return status;
    c->at = (size_t)(p - c->text);
    return lists_add_value(c, x);
}

/* The values of the list that starts here; ATHLETE_INVALID if it is empty, of other things or broken. */
static athlete_status lists_read_values(cutter *c, bool *has_flags) {
    do {
        c->at++;
        lists_skip_blanks(c);
        athlete_status status = read_scalar(c, has_flags);
        if (status == ATHLETE_OK) status = lists_go_on(c);
        if (status != ATHLETE_OK) return status;
        lists_skip_blanks(c);
    } while (c->text[c->at] == ',');
    return c->text[c->at] == ']' ? ATHLETE_OK : ATHLETE_INVALID;
}

static athlete_status cut_list(cutter *c) {
    json_lists *p = c->parsed;
    size_t start = p->n_values, at = c->at;
    bool has_flags = false;
    athlete_status status = lists_read_values(c, &has_flags);
    if (status == ATHLETE_INVALID) { /* the bracket goes to cJSON, and so does what follows */
        p->n_values = start;
        c->at = at + 1;
        text_add(&c->rest, "[");
        return ATHLETE_OK;
    }
    if (status != ATHLETE_OK) return status;
    c->at++;
    status = memory_reserve(c->budget, &p->lists, &p->lists_capacity, p->n_lists + 1);
    if (status != ATHLETE_OK) return status;
    text_add(&c->rest, "[");
    text_add_integer(&c->rest, (int64_t)p->n_lists);
    text_add(&c->rest, "]");
    c->n_items++;
    p->lists[p->n_lists++] =
        (struct list_place){start, p->n_values - start, has_flags, c->at, c->rest.length};
    return ATHLETE_OK;
}

static void copy_string(cutter *c) {
    size_t start = c->at++;
    while (c->at < c->length && c->text[c->at] != '"') c->at += c->text[c->at] == '\\' ? 2 : 1;
    c->at = c->at < c->length ? c->at + 1 : c->length;
    text_add_bytes(&c->rest, c->text + start, c->at - start);
}

static void copy_others(cutter *c) {
    size_t start = c->at;
    for (; c->at < c->length && c->text[c->at] != '"' && c->text[c->at] != '['; c->at++) {
        c->n_items += c->text[c->at] == ',' || c->text[c->at] == '{';
    }
    text_add_bytes(&c->rest, c->text + start, c->at - start);
}

static athlete_status cut(cutter *c) {
    while (c->at < c->length && c->rest.status == ATHLETE_OK) {
        athlete_status status = lists_go_on(c);
        if (status != ATHLETE_OK) return status;
        if (c->text[c->at] == '[') {
            c->n_items++;
            status = cut_list(c);
            if (status != ATHLETE_OK) return status;
        } else if (c->text[c->at] == '"') {
            copy_string(c);
        } else {
            copy_others(c);
        }
    }
    return c->rest.status;
}

/* Where in the whole text is what is at `offset` of the rest; what was cut out has no fault. */
static size_t place_in_text(const json_lists *parsed, size_t offset) {
    size_t i = parsed->n_lists;
    while (i > 0 && parsed->lists[i - 1].end_in_rest > offset) i--;
    return i > 0 ? parsed->lists[i - 1].end + (offset - parsed->lists[i - 1].end_in_rest) : offset;
}

athlete_status json_lists_parse(const char *text, size_t length, athlete_budget *budget, athlete_poll *poll,
                                json_lists *parsed, athlete_fault *fault) {
    *parsed = (json_lists){.root = NULL};
    cutter c = {.text = text, .length = length, .budget = budget, .poll = poll, .parsed = parsed};
    c.rest = (text_buffer){.budget = budget};
    /* A number and its comma take six bytes or so; what is not touched costs nothing. */
    athlete_status status = memory_reserve(budget, &parsed->values, &parsed->values_capacity, length / 6 + 8);
    if (status == ATHLETE_OK) status = cut(&c);
    if (status == ATHLETE_OK && c.n_items > ATHLETE_JSON_MAX_ITEMS) {
        status = fault_refuse(fault, "more than %zu values besides lists of numbers at byte %zu",
                              ATHLETE_JSON_MAX_ITEMS, length);
    } else if (status == ATHLETE_OK) {
        json_stop stop;
        status = json_parse_stop(length > 0 ? c.rest.bytes : text, c.rest.length, &parsed->root, &stop);
        if (status == ATHLETE_INVALID)
            json_refuse(fault, (json_stop){place_in_text(parsed, stop.offset), stop.reason});
    }
    memory_free(budget, c.rest.bytes);
    return status;
}

void json_lists_free(athlete_budget *budget, json_lists *parsed) {
    cJSON_Delete(parsed->root);
    memory_free(budget, parsed->lists);
    memory_free(budget, parsed->values);
}

bool number_list_of(const json_lists *parsed, const cJSON *item, number_list *list) {
    *list = (number_list){.values = parsed->values};
    if (!cJSON_IsArray(item)) return false;
    if (!item->child) return true;
    if (!cJSON_IsNumber(item->child) || item->child->next) return false;
    const struct list_place *place = &parsed->lists[(size_t)item->child->valuedouble];
    *list = (number_list){parsed->values + place->start, place->n, place->has_flags};
    return true;
}

#include "base/utf8.h"
#include "trees/format/lightgbm.h"

#include <stdio.h>
#include <string.h>
#include "base/numbers/decimal.h"
#include "base/text/json_lists.h"
#include "base/text/name_sort.h"
#include "trees/format/lightgbm_read_tree.h"
#include "trees/model/model_objective.h"

#define PANDAS "pandas_categorical:"

bool lightgbm_is(const char *text, size_t length) {
    return length >= 5 && memcmp(text, "tree", 4) == 0 && (text[4] == '\n' || text[4] == '\r');
}

/* --- objective ------------------------------------------------------------------------------------------ */

typedef struct header {
    int32_t n_outputs;
    bool average;     /* of the trees' values and not their sum: a random forest */
    double steepness; /* of the sigmoid */
} header;

/* The first word of a line's value is `name`. */
static bool first_word_is(const lightgbm_line *line, const char *name) {
    size_t n = strlen(name);
    return line->length >= n && memcmp(line->value, name, n) == 0 &&
           (line->length == n || line->value[n] == ' ');
}

/* "binary sigmoid:1": what follows `name` and the colon; false if that is no number. */
static bool read_parameter(lightgbm_reader *r, const lightgbm_line *line, const char *name, double *x) {
    size_t n = strlen(name);
    for (const char *p = line->value, *end = p + line->length; p + n < end; p++) {
        if (memcmp(p, name, n) != 0 || p[n] != ':') continue;
        p += n + 1;
        return decimal_read(&p, x) == ATHLETE_OK && p <= end;
    }
    return lines_fail(r, "objective has no %s", name);
}

static bool lightgbm_read_objective(lightgbm_reader *r, header *h) {
    static const struct {
        const char *theirs, *ours;
    } known[] = {
        {"regression", "reg:squarederror"}, {"regression_l1", "reg:absoluteerror"},
        {"huber", "reg:squarederror"},      {"fair", "reg:squarederror"},
        {"quantile", "reg:squarederror"},   {"mape", "reg:squarederror"},
        {"poisson", "count:poisson"},       {"gamma", "reg:gamma"},
        {"tweedie", "reg:tweedie"},         {"binary", "binary:logistic"},
        {"cross_entropy", "reg:logistic"},  {"multiclass", "multi:softprob"},
        {"lambdarank", "rank:ndcg"},        {"rank_xendcg", "rank:ndcg"},
        {"custom", "reg:squarederror"},
    };
    const lightgbm_line *line = lines_find(r, "objective");
    const char *ours = "reg:squarederror"; /* a custom one is not written */
    if (line) {
        size_t i = 0, n = sizeof known / sizeof *known;
        while (i < n && !first_word_is(line, known[i].theirs)) i++;
        if (i == n || (i == 0 && line->length > strlen("regression"))) { /* "regression sqrt" */
            return lines_fail(r, "objective \"%.*s\" is not supported",
                              line->length < 40 ? (int)line->length : 40, line->value);
        }
        ours = known[i].ours;
    }
    const model_objective *found = model_objective_find(ours);
    if (first_word_is(line ? line : &(lightgbm_line){.value = ""}, "binary") &&
        (!read_parameter(r, line, "sigmoid", &h->steepness) || !(h->steepness > 0))) {
        return lines_fail(r, "sigmoid is not above 0");
    }
    if ((found->link == MODEL_SOFTMAX) != (h->n_outputs > 1)) {
        return lines_fail(r, "num_tree_per_iteration is %d, which does not go with the objective",
                          (int)h->n_outputs);
    }
    r->model->link = found->link;
    r->model->objective = found->name;
    float zero = model_objective_zero(found);
    for (int k = 0; k < h->n_outputs; k++) r->model->base_scores[k] = zero; /* of margin 0 */
    return true;
}

/* --- names ---------------------------------------------------------------------------------------------- */

static bool is_utf8(const char *text, size_t length) {
    for (size_t at = 0, n; at < length; at += n) {
        n = utf8_length(text + at, length - at);
        if (n == 0 || (unsigned char)text[at] < ' ') return false;
    }
    return true;
}

static bool is_automatic(const char *name, size_t length, int feature) {
    char automatic[24];
    snprintf(automatic, sizeof automatic, "Column_%d", feature);
    return length == strlen(automatic) && memcmp(name, automatic, length) == 0;
}

static bool lightgbm_check_unique(lightgbm_reader *r) {
    size_t n = (size_t)r->model->n_features;
    uint32_t *order = memory_alloc(r->budget, 2 * n, sizeof *order);
    if (!order) {
        r->status = memory_status(r->budget);
        return false;
    }
    size_t twice = name_sort(r->model->feature_names, n, order);
    memory_free(r->budget, order);
    return twice == n || lines_fail(r, "feature_names[%zu] is there twice", twice);
}

/* One word per feature, kept in the forest's strings unless all are the ones that LightGBM makes up. */
static bool lightgbm_read_feature_names(lightgbm_reader *r, size_t *used) {
    const lightgbm_line *line = lines_find(r, "feature_names");
    int n = r->model->n_features, f = 0;
    if (!line) return lines_fail(r, "feature_names is missing");
    const char **names = r->model->feature_names = memory_alloc(r->budget, (size_t)n, sizeof *names);
    if (!names) {
        r->status = memory_status(r->budget);
        return false;
    }
    bool automatic = true;
    const char *p = line->value, *end = p + line->length;
    for (; p < end && f < n; f++) {
        const char *blank = memchr(p, ' ', (size_t)(end - p));
        size_t length = (size_t)((blank ? blank : end) - p);
        if (length == 0 || !is_utf8(p, length)) {
            return lines_fail(r, "feature_names[%d] is not a name in UTF-8", f);
        }
        automatic &= is_automatic(p, length, f);
        names[f] = memcpy(r->model->strings + *used, p, length);
        *used += length;
        r->model->strings[(*used)++] = '\0';
        p = blank ? blank + 1 : end;
    }
    if (f != n || p < end) return lines_fail(r, "feature_names has not %d names", n);
    if (!automatic) return lightgbm_check_unique(r);
    memory_free(r->budget, names);
    r->model->feature_names = NULL;
    return true;
}

/* --- categories ----------------------------------------------------------------------------------------- */

/* The list of lists at the end of the text, or NULL if there is none or it says null. */
static const char *find_pandas(const lightgbm_reader *r, size_t *length) {
    size_t end = r->length, n = strlen(PANDAS);
    while (end > 0 && (r->text[end - 1] == '\n' || r->text[end - 1] == '\r')) end--;
    size_t start = end;
    while (start > 0 && r->text[start - 1] != '\n') start--;
    const char *line = r->text + start;
    *length = 0;
    if (end - start < n || memcmp(line, PANDAS, n) != 0 || strncmp(line + n, "null", 4) == 0) return NULL;
    *length = r->length - start - n;
    return line + n;
}

static bool read_category_names(lightgbm_reader *r, const cJSON *list, int feature, renumbering *order,
                                size_t *used) {
    category_names *names = &r->model->categories[feature];
    names->n = order->n = (size_t)cJSON_GetArraySize(list);
    names->name = memory_alloc(r->budget, names->n, sizeof *names->name);
    if (!names->name) {
        r->status = memory_status(r->budget);
        return false;
    }
    size_t i = 0, twice;
    for (const cJSON *item = list->child; item; item = item->next, i++) {
        if (!cJSON_IsString(item)) return lines_fail(r, PANDAS " a list is neither names nor numbers");
        size_t length = strlen(item->valuestring) + 1;
        names->name[i] = memcpy(r->model->strings + *used, item->valuestring, length);
        *used += length;
    }
    r->status = categories_sort(r->budget, names, order, &twice);
    if (r->status != ATHLETE_INVALID) return r->status == ATHLETE_OK;
    r->status = ATHLETE_OK;
    return lines_fail(r, PANDAS " the name \"%.40s\" is there twice", names->name[twice]);
}

static bool read_category_numbers(lightgbm_reader *r, const number_list *list, renumbering *order) {
    order->to = memory_alloc(r->budget, list->n, sizeof *order->to);
    if (!order->to) {
        r->status = memory_status(r->budget);
        return false;
    }
    order->n = list->n;
    for (size_t i = 0; i < list->n; i++) {
        if (list->has_flags || !is_whole(list->values[i], 0, ATHLETE_MODEL_MAX_CATEGORIES - 1)) {
            return lines_fail(r, PANDAS " a category is neither a name nor a whole number below 2^24");
        }
        order->to[i] = (uint32_t)list->values[i];
    }
    return true;
}

/* Whether feature_infos, one word per feature, says that the feature has categories: "0:1:2" and not "[0:2]". */
static bool next_is_categorical(const char **p, const char *end) {
    const char *blank = memchr(*p, ' ', (size_t)(end - *p)), *word = *p;
    *p = blank ? blank + 1 : end;
    return word < end && *word != '[' && *word != 'n';
}

static bool read_categories(lightgbm_reader *r, const json_lists *lists, renumbering *all, size_t *used) {
    const lightgbm_line *infos = lines_find(r, "feature_infos");
    if (!infos) return lines_fail(r, "feature_infos is missing");
    const char *p = infos->value, *end = p + infos->length;
    const cJSON *list = lists->root->child;
    for (int f = 0; f < r->model->n_features; f++) {
        if (!next_is_categorical(&p, end)) continue;
        number_list numbers;
        if (!cJSON_IsArray(list)) return lines_fail(r, PANDAS " fewer lists than features with categories");
        bool good = !number_list_of(lists, list, &numbers) ? read_category_names(r, list, f, &all[f], used)
                    : numbers.n > 0                        ? read_category_numbers(r, &numbers, &all[f])
                                                           : true;
        if (!good) return false;
        list = list->next;
    }
    return !list || lines_fail(r, PANDAS " more lists than features with categories");
}

/* The lists are in the order of the data frame's categorical columns and do not say which those are. */
static bool read_pandas(lightgbm_reader *r, const char *pandas, size_t length, renumbering **order,
                        size_t *used) {
    json_lists lists;
    athlete_fault fault;
    number_list numbers;
    r->status = json_lists_parse(pandas, length, r->budget, NULL, &lists, &fault);
    if (r->status == ATHLETE_INVALID) {
        r->status = ATHLETE_OK;
        lines_fail(r, PANDAS " %s of it", fault.text);
    } else if (r->status == ATHLETE_OK) {
        if (!cJSON_IsArray(lists.root) ||
            (number_list_of(&lists, lists.root, &numbers) && lists.root->child)) {
            lines_fail(r, PANDAS " is not a list of lists");
        } else if (lists.root->child) {
            *order = renumberings_begin(r->budget, r->model);
            if (*order) read_categories(r, &lists, *order, used);
            else r->status = memory_status(r->budget);
        }
    }
    json_lists_free(r->budget, &lists);
    return r->status == ATHLETE_OK;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static bool read_header(lightgbm_reader *r, header *h, renumbering **order) {
    int32_t last_feature = 0, n_classes = 0;
    *h = (header){.steepness = 1};
    if (!lines_section(r, "tree")) return lines_fail(r, "the text does not start with \"tree\"");
    snprintf(r->section, sizeof r->section, "header");
    if (!lines_whole(r, "max_feature_idx", 0, ATHLETE_MODEL_MAX_FEATURES - 1, &last_feature) ||
        !lines_whole(r, "num_class", 1, ATHLETE_MODEL_MAX_OUTPUTS, &n_classes) ||
        !lines_whole(r, "num_tree_per_iteration", 1, ATHLETE_MODEL_MAX_OUTPUTS, &h->n_outputs)) {
        return false;
    }
    if (n_classes != h->n_outputs) return lines_fail(r, "num_class is not num_tree_per_iteration");
    h->average = lines_find(r, "average_output") != NULL;
    r->status = forest_begin(r->budget, r->model, last_feature + 1, h->n_outputs);
    if (r->status != ATHLETE_OK || !lightgbm_read_objective(r, h)) return false;
    size_t pandas_length;
    const char *pandas = find_pandas(r, &pandas_length);
    const lightgbm_line *names = lines_find(r, "feature_names");
    size_t used = 0, room = (names ? names->length + 1 : 0) + pandas_length + 1;
    r->model->strings = memory_alloc(r->budget, room, 1);
    if (!r->model->strings) r->status = memory_status(r->budget);
    if (r->status != ATHLETE_OK || !lightgbm_read_feature_names(r, &used)) return false;
    return !pandas || read_pandas(r, pandas, pandas_length, order, &used);
}

/* How many sections of trees there are, none of them looked at yet. */
static size_t count_trees(const lightgbm_reader *r) {
    size_t n = 0;
    for (size_t at = r->at; at < r->length;) {
        const char *line = r->text + at, *newline = memchr(line, '\n', r->length - at);
        n += strncmp(line, "Tree=", 5) == 0;
        at = newline ? (size_t)(newline - r->text) + 1 : r->length;
    }
    return n;
}

static bool lightgbm_read_trees(lightgbm_reader *r, const header *h, const renumbering *order,
                                athlete_poll *poll) {
    size_t n = count_trees(r), t = 0;
    double scale = h->steepness;
    if (h->average && n >= (size_t)h->n_outputs) scale /= (double)(n / (size_t)h->n_outputs);
    for (; lines_section(r, "Tree"); t++) {
        size_t before = r->model->n_nodes;
        if (!lightgbm_read_tree(r, (int)(t % (size_t)h->n_outputs), scale, order)) return false;
        if (poll_due(poll, 200 * (r->model->n_nodes - before))) r->status = ATHLETE_INTERRUPTED;
        if (r->status != ATHLETE_OK) return false;
    }
    snprintf(r->section, sizeof r->section, "end");
    if (r->status == ATHLETE_OK && t % (size_t)h->n_outputs != 0) {
        return lines_fail(r, "%zu trees cannot be shared by %d classes", t, (int)h->n_outputs);
    }
    return r->status == ATHLETE_OK &&
           (lines_section(r, "end of trees") || lines_fail(r, "\"end of trees\" is missing"));
}

/* Of Tweedie's objective, from what the text repeats of the parameters after the trees: "[tweedie_variance_power: 1.3]". 0 where
** it is not said: nothing is predicted by it. */
static double read_power(const lightgbm_reader *r) {
    static const char name[] = "[tweedie_variance_power: ";
    for (size_t at = r->at; at < r->length;) {
        const char *line = r->text + at, *newline = memchr(line, '\n', r->length - at);
        const char *digits = line + sizeof name - 1;
        double x;
        if (strncmp(line, name, sizeof name - 1) == 0)
            return decimal_read(&digits, &x) == ATHLETE_OK && x >= 1 && x < 2 ? x : 0;
        at = newline ? (size_t)(newline - r->text) + 1 : r->length;
    }
    return 0;
}

athlete_status lightgbm_read(const char *text, size_t length, athlete_budget *budget, athlete_poll *poll,
                             forest *model, athlete_fault *fault) {
    *model = (forest){.n_features = 0};
    lightgbm_reader r = {.budget = budget, .model = model, .fault = fault, .section = "header"};
    if (length > ATHLETE_MODEL_MAX_BYTES) {
        lines_fail(&r, "the text has %zu bytes, at most %zu are accepted", length, ATHLETE_MODEL_MAX_BYTES);
        return r.status;
    }
    r.text = text;
    r.length = length;
    header h;
    renumbering *order = NULL;
    if (read_header(&r, &h, &order) && lightgbm_read_trees(&r, &h, order, poll) &&
        strcmp(model->objective, "reg:tweedie") == 0)
        model->variance_power = read_power(&r);
    renumberings_free(budget, model, order);
    memory_free(budget, r.values);
    thresholds_free(&r.thresholds, budget);
    return r.status;
}

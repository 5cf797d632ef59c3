#include "trees/format/lightgbm_read_tree.h"

#include <float.h>
#include <math.h>
#include "base/numbers/decimal.h"
#include "trees/format/lightgbm.h"

#define ZERO_THRESHOLD 1.0000000180025095e-35 /* float32 1e-35: what LightGBM takes for zero */

enum { MISSING_NONE, MISSING_ZERO, MISSING_NAN };

/* The lists of a tree, as places in the reader's values; SIZE_MAX for one that is not there. */
typedef struct source {
    int32_t n_leaves, n_splits, n_sets;
    size_t feature, threshold, decision, left, right, leaf_value;
    size_t gain, internal_value, internal_cover, leaf_cover;
    size_t boundaries, words;
} source;

static double lightgbm_number(const lightgbm_reader *r, size_t list, int32_t i, double otherwise) {
    return list == SIZE_MAX ? otherwise : r->values[list + (size_t)i];
}

/* The nearest float32, an infinity for one that is too large. */
static float lightgbm_rounded(double x) {
    if (is_float(x)) return (float)x;
    return x < 0 ? -INFINITY : INFINITY;
}

static float bounded_float(double x) {
    float value = lightgbm_rounded(x);
    return isfinite(value) ? value : value < 0 ? -FLT_MAX : FLT_MAX;
}

/* --- lists ---------------------------------------------------------------------------------------------- */

static bool lightgbm_read_sets(lightgbm_reader *r, source *s) {
    size_t n_sets = (size_t)s->n_sets;
    if (n_sets == 0) return true;
    if (!lines_numbers(r, "cat_boundaries", false, n_sets + 1, &s->boundaries)) return false;
    double end = 0;
    for (size_t i = 0; i <= n_sets; i++) {
        double boundary = r->values[s->boundaries + i];
        if (i == 0 ? boundary != 0 : !is_whole(boundary, end + 1, (double)ATHLETE_MODEL_MAX_SET_WORDS)) {
            return lines_fail(r, "cat_boundaries[%zu] is not above the one before", i);
        }
        end = boundary;
    }
    if (!lines_numbers(r, "cat_threshold", false, (size_t)end, &s->words)) return false;
    for (size_t i = 0; i < (size_t)end; i++) {
        if (!is_whole(r->values[s->words + i], 0, UINT32_MAX)) {
            return lines_fail(r, "cat_threshold[%zu] is not a whole number below 2^32", i);
        }
    }
    return true;
}

static bool read_lists(lightgbm_reader *r, source *s) {
    *s = (source){0};
    if (!lines_whole(r, "num_leaves", 1, INT32_MAX / 2, &s->n_leaves)) return false;
    s->n_splits = s->n_leaves - 1;
    if (!lines_whole(r, "num_cat", 0, s->n_splits, &s->n_sets)) return false;
    const lightgbm_line *linear = lines_find(r, "is_linear");
    if (linear && !lines_value_is(linear, "0")) {
        return lines_fail(r, "is_linear is not 0: linear trees are not supported");
    }
    size_t splits = (size_t)s->n_splits, leaves = (size_t)s->n_leaves;
    if (!lines_numbers(r, "leaf_value", false, leaves, &s->leaf_value)) return false;
    if (splits == 0) {
        return lines_numbers(r, "leaf_count", true, leaves, &s->leaf_cover);
    }
    if (!lines_numbers(r, "split_feature", false, splits, &s->feature) ||
        !lines_numbers(r, "threshold", false, splits, &s->threshold) ||
        !lines_numbers(r, "decision_type", false, splits, &s->decision) ||
        !lines_numbers(r, "left_child", false, splits, &s->left) ||
        !lines_numbers(r, "right_child", false, splits, &s->right) ||
        !lines_numbers(r, "split_gain", true, splits, &s->gain) ||
        !lines_numbers(r, "internal_value", true, splits, &s->internal_value) ||
        !lines_numbers(r, "internal_count", true, splits, &s->internal_cover) ||
        !lines_numbers(r, "leaf_count", true, leaves, &s->leaf_cover)) {
        return false;
    }
    return lightgbm_read_sets(r, s);
}

/* --- nodes ---------------------------------------------------------------------------------------------- */

/* Where what is missing goes, if that can be said without the value; LightGBM's NumericalDecision. */
static bool read_missing(lightgbm_reader *r, int32_t split, int decision, double threshold, bool *left) {
    bool zero_left = 0 <= threshold, default_left = decision & LIGHTGBM_DEFAULT_LEFT;
    int missing = decision >> 2;
    *left = missing == MISSING_NONE ? zero_left : default_left;
    if (missing != MISSING_ZERO) return true;
    bool all_alike = threshold >= ZERO_THRESHOLD || threshold < -ZERO_THRESHOLD;
    return (all_alike && zero_left == default_left) ||
           lines_fail(r,
                      "decision_type[%d]: zero counts as missing and goes the other way than its "
                      "neighbours, which is not supported",
                      (int)split);
}

/* The smallest float32 above the threshold: x <= threshold is x < that, for every float32 x. */
static float threshold_above(double threshold) {
    float t = lightgbm_rounded(threshold);
    return (double)t > threshold ? t : nextafterf(t, INFINITY);
}

/* Another threshold may not have become the same float32: rows between the two would go one way here. */
static bool check_threshold(lightgbm_reader *r, int32_t split, double threshold, const tree_node *node) {
    double other = 0;
    athlete_status status =
        thresholds_add(&r->thresholds, node->feature, threshold, node->value, r->budget, &other);
    if (status != ATHLETE_INVALID) {
        r->status = status;
        return status == ATHLETE_OK;
    }
    char digits[2][ATHLETE_DECIMAL_SIZE];
    decimal_write_short(other, digits[0]);
    decimal_write_short(threshold, digits[1]);
    return lines_fail(
        r,
        "threshold[%d] of feature %u is %s, the same float32 as its threshold %s: LightGBM tells "
        "values between them apart and float32 cannot; take a constant from the feature",
        (int)split, (unsigned)node->feature, digits[1], digits[0]);
}

/* Returns with *swapped whether our left child is LightGBM's right one. */
static bool read_numeric(lightgbm_reader *r, int32_t split, int decision, double threshold, tree_node *node,
                         bool *swapped) {
    if (!read_missing(r, split, decision, threshold, &node->missing_left)) return false;
    if (threshold < -FLT_MAX) {
        node->value = -FLT_MAX; /* no value is below it */
    } else if (threshold < FLT_MAX) {
        node->value = threshold_above(threshold);
        return check_threshold(r, split, threshold, node);
    } else { /* every value goes left there: here all go right, and right is left */
        *swapped = true;
        node->value = -FLT_MAX;
        node->missing_left = !node->missing_left;
    }
    return true;
}

/* The members of a set go left there and right here, everything else, missing values too, the other way. */
static bool lightgbm_read_categorical(lightgbm_reader *r, const source *s, int32_t split, double set,
                                      const renumbering *order, tree_node *node) {
    if (!is_whole(set, 0, (double)s->n_sets - 1)) {
        return lines_fail(r, "threshold[%d] is not the number of a set", (int)split);
    }
    size_t first = (size_t)r->values[s->boundaries + (size_t)set];
    size_t last = (size_t)r->values[s->boundaries + (size_t)set + 1], start = r->n_values, at = 0;
    for (size_t w = first; w < last; w++) {
        uint32_t word = (uint32_t)r->values[s->words + w];
        for (uint32_t bit = 0; bit < 32; bit++) {
            size_t category = (w - first) * 32 + bit;
            if (!(word >> bit & 1)) continue;
            if (category >= ATHLETE_MODEL_MAX_CATEGORIES) {
                return lines_fail(r, "cat_threshold has category %zu, above 16777215", category);
            }
            if (!lines_add(r, (double)category)) return false;
        }
    }
    size_t n = r->n_values - start;
    r->n_values = start;
    if (n == 0) return lines_fail(r, "the set of threshold[%d] is empty", (int)split);
    node->categorical = true;
    node->missing_left = true;
    athlete_status status = categories_add_set(r->budget, r->model, order ? &order[node->feature] : NULL,
                                               r->values + start, n, &node->set, &at);
    if (status == ATHLETE_INVALID && at < n) {
        return lines_fail(r, "the set of threshold[%d] has category %.0f, the feature has %zu", (int)split,
                          r->values[start + at], order[node->feature].n);
    }
    if (status == ATHLETE_INVALID) return lines_fail(r, "the sets of categories are too large");
    r->status = status;
    return status == ATHLETE_OK;
}

static bool read_split(lightgbm_reader *r, const source *s, int32_t split, const renumbering *order,
                       tree_node *node, bool *swapped) {
    double feature = lightgbm_number(r, s->feature, split, 0),
           decision = lightgbm_number(r, s->decision, split, 0);
    double threshold = lightgbm_number(r, s->threshold, split, 0);
    if (!is_whole(feature, 0, r->model->n_features - 1)) {
        return lines_fail(r, "split_feature[%d] is not a feature of the model", (int)split);
    }
    if (!is_whole(decision, 0, 11) || ((int)decision & LIGHTGBM_CATEGORICAL && s->n_sets == 0)) {
        return lines_fail(r, "decision_type[%d] is not a known one", (int)split);
    }
    node->feature = (uint32_t)feature;
    node->gain = bounded_float(lightgbm_number(r, s->gain, split, 0));
    node->cover = bounded_float(lightgbm_number(r, s->internal_cover, split, 0));
    node->weight = bounded_float(lightgbm_number(r, s->internal_value, split, 0));
    *swapped = (int)decision & LIGHTGBM_CATEGORICAL;
    return *swapped ? lightgbm_read_categorical(r, s, split, threshold, order, node)
                    : read_numeric(r, split, (int)decision, threshold, node, swapped);
}

static bool read_leaf(lightgbm_reader *r, const source *s, int32_t leaf, double scale, tree_node *node) {
    double value = lightgbm_number(r, s->leaf_value, leaf, 0) * scale;
    node->value = node->weight = lightgbm_rounded(value);
    node->cover = bounded_float(lightgbm_number(r, s->leaf_cover, leaf, 0));
    return isfinite(node->value) || lines_fail(r, "leaf_value[%d] is not a finite float32", (int)leaf);
}

/* --- the tree ------------------------------------------------------------------------------------------- */

/* What the walk from the root is made in: for each of our nodes LightGBM's number of it, and its depth. */
typedef struct lightgbm_walk {
    int32_t *reference;
    uint16_t *depth;
    bool *met; /* per split, and then per leaf */
} lightgbm_walk;

static bool lightgbm_meet(lightgbm_reader *r, const source *s, double reference, lightgbm_walk *w,
                          int32_t node, int32_t parent) {
    if (!is_whole(reference, -(double)s->n_leaves, s->n_splits - 1)) {
        return lines_fail(r, "child %.17g is neither a split nor a leaf of the tree", reference);
    }
    int32_t id = (int32_t)reference, at = id >= 0 ? id : s->n_splits + ~id;
    if (w->met[at]) return lines_fail(r, "child %d is reached twice", (int)id);
    w->met[at] = true;
    w->reference[node] = id;
    w->depth[node] = (uint16_t)(w->depth[parent] + 1);
    return w->depth[node] <= ATHLETE_MODEL_MAX_DEPTH ||
           lines_fail(r, "the tree is deeper than %d", ATHLETE_MODEL_MAX_DEPTH);
}

/* Level by level, so that children lie side by side. Each split and each leaf is met at most once, and as there are as
** many nodes as both together, each is met. */
static bool lightgbm_walk_tree(lightgbm_reader *r, const source *s, double scale, const renumbering *order,
                               lightgbm_walk *w, tree_node *nodes) {
    int32_t n = 1;
    nodes[0].parent = -1;
    w->reference[0] = s->n_splits > 0 ? 0 : -1;
    w->depth[0] = 0;
    w->met[0] = true;
    for (int32_t i = 0; i < n; i++) {
        int32_t id = w->reference[i];
        tree_node *node = &nodes[i];
        *node = (tree_node){.left = -1, .parent = node->parent};
        if (id < 0) {
            if (!read_leaf(r, s, ~id, scale, node)) return false;
            continue;
        }
        bool swapped = false;
        if (!read_split(r, s, id, order, node, &swapped)) return false;
        node->left = n;
        double left = lightgbm_number(r, s->left, id, 0), right = lightgbm_number(r, s->right, id, 0);
        if (!lightgbm_meet(r, s, swapped ? right : left, w, n, i) ||
            !lightgbm_meet(r, s, swapped ? left : right, w, n + 1, i)) {
            return false;
        }
        nodes[n].parent = nodes[n + 1].parent = i;
        n += 2;
    }
    int32_t expected = s->n_leaves + s->n_splits;
    return n == expected || lines_fail(r, "%d of its splits and leaves are not reached", (int)(expected - n));
}

bool lightgbm_read_tree(lightgbm_reader *r, int output, double scale, const renumbering *order) {
    source s;
    if (!read_lists(r, &s)) return false;
    size_t n = (size_t)s.n_leaves + (size_t)s.n_splits;
    tree_node *nodes;
    r->status = forest_add_tree(r->budget, r->model, n, output, &nodes);
    if (r->status != ATHLETE_OK) return false;
    lightgbm_walk w = {memory_alloc(r->budget, n, sizeof *w.reference),
                       memory_alloc(r->budget, n, sizeof *w.depth),
                       memory_zeroed(r->budget, n, sizeof *w.met)};
    if (w.reference && w.depth && w.met) lightgbm_walk_tree(r, &s, scale, order, &w, nodes);
    else r->status = memory_status(r->budget);
    memory_free(r->budget, w.reference);
    memory_free(r->budget, w.depth);
    memory_free(r->budget, w.met);
    return r->status == ATHLETE_OK;
}

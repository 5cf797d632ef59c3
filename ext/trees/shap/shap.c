/* What of a forest's SHAP values does not depend on the row (shap.h). */
#include "trees/shap/shap.h"

#include "trees/shap/quadrature.h"

/* What the depth-first walk over one tree keeps. Arrays are per split unless said otherwise. */
typedef struct shap_visit {
    const tree_node *source;
    shap_tree *tree;
    shap_split *splits;
    double *leaves;
    int32_t *last;      /* per feature: the split on the path that asked for it last, -1 for none */
    int32_t *node;      /* its node */
    int32_t *path;      /* the splits from the root down to where the walk is */
    int32_t *different; /* features asked for on the path to it, itself included */
    double *mean;       /* of the leaves below */
    int32_t depth, most_different;
} shap_visit;

/* The share of the training data that goes left; where there was none, half. */
static double left_share(const tree_node *children) {
    double left = children[0].cover > 0 ? children[0].cover : 0;
    double right = children[1].cover > 0 ? children[1].cover : 0;
    return left + right > 0 ? left / (left + right) : 0.5;
}

static void enter_split(shap_visit *w, int32_t id, int32_t parent) {
    const tree_node *node = &w->source[id];
    int32_t at = w->tree->n_splits++, seen = w->last[node->feature];
    w->splits[at] = (shap_split){
        .feature = node->feature,
        .categorical = node->categorical,
        .missing_left = node->missing_left,
        .parent = parent,
        .seen = seen,
        .left_share = left_share(w->source + node->left),
        .earlier_share = 1,
    };
    if (node->categorical) w->splits[at].set = node->set;
    else w->splits[at].threshold = node->value;
    if (seen >= 0) {
        const shap_split *before = &w->splits[seen];
        bool went_left = before->right == 0; /* see number_nodes */
        w->splits[at].seen_left = went_left;
        w->splits[at].earlier_share =
            before->earlier_share * (went_left ? before->left_share : 1 - before->left_share);
    }
    w->different[at] = (parent < 0 ? 0 : w->different[parent]) + (seen < 0 ? 1 : 0);
    if (w->different[at] > w->most_different) w->most_different = w->different[at];
    w->last[node->feature] = at;
    w->node[at] = id;
    w->path[w->depth++] = at;
}

/* Numbers what is under one side of a split, or the root: a split by the order of arrival, a leaf from -1 downwards,
** because its number depends on how many splits there will be. */
static int32_t next_number(shap_visit *w, int32_t id) {
    if (w->source[id].left >= 0) return w->tree->n_splits;
    w->leaves[w->tree->n_leaves++] = w->source[id].value;
    return -w->tree->n_leaves;
}

/* Depth first, without recursion. A side of a split on the path is 0 until the walk turns to it: 0 is the root's
** number, and the root is nobody's child. */
static athlete_status number_nodes(shap_visit *w, athlete_poll *poll) {
    if (next_number(w, 0) >= 0) enter_split(w, 0, -1);
    while (w->depth > 0) {
        if (poll_due(poll, 20)) return ATHLETE_INTERRUPTED;
        int32_t at = w->path[w->depth - 1];
        shap_split *split = &w->splits[at];
        if (split->right != 0) {
            w->last[split->feature] = split->seen;
            w->depth--;
            continue;
        }
        bool to_right = split->left != 0;
        int32_t child = w->source[w->node[at]].left + (to_right ? 1 : 0);
        int32_t number = next_number(w, child);
        if (to_right) split->right = number;
        else split->left = number;
        if (number > 0) enter_split(w, child, at);
    }
    return ATHLETE_OK;
}

/* Leaves get their final numbers; the mean of the leaves under every split, upwards. */
static void finish_numbers(shap_visit *w) {
    int32_t n = w->tree->n_splits;
    for (int32_t at = n - 1; at >= 0; at--) {
        shap_split *split = &w->splits[at];
        int32_t *sides[] = {&split->left, &split->right};
        double mean[2];
        for (int side = 0; side < 2; side++) {
            int32_t number = *sides[side];
            mean[side] = number < 0 ? w->leaves[-number - 1] : w->mean[number];
            if (number < 0) *sides[side] = n - number - 1;
        }
        w->mean[at] = mean[1] + split->left_share * (mean[0] - mean[1]);
    }
}

static athlete_status number_tree(shap_forest *explainer, size_t t, shap_visit *w, athlete_poll *poll) {
    const forest *model = explainer->model;
    w->source = model->nodes + forest_tree_start(model, t);
    w->tree = &explainer->trees[t];
    *w->tree = (shap_tree){.first_split = explainer->n_splits,
                           .first_leaf = explainer->n_leaves,
                           .output = model->tree_output[t]};
    w->splits = explainer->splits + explainer->n_splits;
    w->leaves = explainer->leaves + explainer->n_leaves;
    w->depth = w->most_different = 0;
    athlete_status status = number_nodes(w, poll);
    if (status != ATHLETE_OK) return status;
    finish_numbers(w);
    w->tree->n_points = (w->most_different + 1) / 2;
    if (w->tree->n_points > SHAP_MAX_POINTS) return ATHLETE_INVALID;
    explainer->n_splits += (size_t)w->tree->n_splits;
    explainer->n_leaves += (size_t)w->tree->n_leaves;
    if (w->tree->n_splits > explainer->most_splits) explainer->most_splits = w->tree->n_splits;
    explainer->base[w->tree->output] += w->tree->n_splits > 0 ? w->mean[0] : w->leaves[0];
    return ATHLETE_OK;
}

static athlete_status number_trees(shap_forest *explainer, athlete_poll *poll) {
    const forest *model = explainer->model;
    athlete_budget *budget = explainer->budget;
    size_t most = 1;
    for (size_t t = explainer->span.first; t < explainer->span.end; t++) {
        size_t n = model->tree_end[t] - forest_tree_start(model, t);
        if (n > most) most = n;
    }
    shap_visit w = {
        .last = memory_alloc(budget, (size_t)model->n_features, sizeof *w.last),
        .node = memory_alloc(budget, most, sizeof *w.node),
        .path = memory_alloc(budget, most, sizeof *w.path),
        .different = memory_alloc(budget, most, sizeof *w.different),
        .mean = memory_alloc(budget, most, sizeof *w.mean),
    };
    athlete_status status = ATHLETE_OK;
    if (!w.last || !w.node || !w.path || !w.different || !w.mean) status = memory_status(budget);
    else
        for (int f = 0; f < model->n_features; f++) w.last[f] = -1;
    for (size_t t = explainer->span.first; status == ATHLETE_OK && t < explainer->span.end; t++)
        status = number_tree(explainer, t, &w, poll);
    void *const blocks[] = {w.last, w.node, w.path, w.different, w.mean};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) memory_free(budget, blocks[i]);
    return status;
}

/* --- tables --------------------------------------------------------------------------------------------- */

static void fill_table(const shap_forest *explainer, const shap_split *split, int n, const double *points) {
    double z = split->earlier_share;
    double *known = explainer->known + split->table, *slope = explainer->slope + split->table;
    for (int p = 0; p < n; p++) {
        double q = z * (1 - points[p]) + points[p];
        known[p] = points[p] / q;
        slope[p] = z / (q * q);
    }
}

static athlete_status fill_tables(shap_forest *explainer, athlete_poll *poll) {
    size_t first[SHAP_MAX_POINTS + 1] = {0}, n_rules = 0, n_table = 0;
    bool used[SHAP_MAX_POINTS + 1] = {false};
    for (size_t t = explainer->span.first; t < explainer->span.end; t++)
        used[explainer->trees[t].n_points] = true;
    for (int n = 1; n <= SHAP_MAX_POINTS; n++) {
        first[n] = n_rules;
        if (used[n]) n_rules += (size_t)n;
    }
    n_table = n_rules;
    for (size_t t = explainer->span.first; t < explainer->span.end; t++) {
        shap_tree *tree = &explainer->trees[t];
        tree->rule = first[tree->n_points];
        for (shap_split *s = explainer->splits + tree->first_split, *end = s + tree->n_splits; s < end; s++) {
            s->table = s->seen < 0 ? tree->rule : n_table;
            if (s->seen >= 0) n_table += (size_t)tree->n_points;
        }
    }
    explainer->weights = memory_alloc(explainer->budget, n_rules + 1, sizeof *explainer->weights);
    explainer->known = memory_alloc(explainer->budget, n_table + 1, sizeof *explainer->known);
    explainer->slope = memory_alloc(explainer->budget, n_table + 1, sizeof *explainer->slope);
    if (!explainer->weights || !explainer->known || !explainer->slope)
        return memory_status(explainer->budget);
    for (int n = 1; n <= SHAP_MAX_POINTS; n++) {
        if (!used[n]) continue;
        gauss_legendre(n, explainer->known + first[n], explainer->weights + first[n]);
        for (int p = 0; p < n; p++) explainer->slope[first[n] + (size_t)p] = 1;
    }
    for (size_t t = explainer->span.first; t < explainer->span.end; t++) {
        const shap_tree *tree = &explainer->trees[t];
        const double *points = explainer->known + tree->rule; /* a first question's k is t */
        for (int32_t i = 0; i < tree->n_splits; i++) {
            const shap_split *split = &explainer->splits[tree->first_split + (size_t)i];
            if (split->seen < 0) continue;
            fill_table(explainer, split, tree->n_points, points);
            if (poll_due(poll, 10 * (size_t)tree->n_points)) return ATHLETE_INTERRUPTED;
        }
    }
    return ATHLETE_OK;
}

athlete_status shap_prepare(const forest *model, tree_span span, athlete_budget *budget, athlete_poll *poll,
                            shap_forest *explainer) {
    *explainer = (shap_forest){
        .model = model,
        .span = span,
        .level = simd_available(),
        .budget = budget,
        .trees = memory_alloc(budget, model->n_trees + 1, sizeof *explainer->trees),
        .splits = memory_alloc(budget, model->n_nodes / 2 + 1, sizeof *explainer->splits),
        .leaves = memory_alloc(budget, model->n_nodes + 1, sizeof *explainer->leaves),
        .base = memory_alloc(budget, (size_t)model->n_outputs, sizeof *explainer->base),
    };
    if (!explainer->trees || !explainer->splits || !explainer->leaves || !explainer->base)
        return memory_status(budget);
    for (int o = 0; o < model->n_outputs; o++) explainer->base[o] = model->base_margins[o];
    athlete_status status = number_trees(explainer, poll);
    return status == ATHLETE_OK ? fill_tables(explainer, poll) : status;
}

void shap_forest_free(shap_forest *explainer) {
    void *const blocks[] = {explainer->trees, explainer->splits,  explainer->leaves, explainer->known,
                            explainer->slope, explainer->weights, explainer->base};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) memory_free(explainer->budget, blocks[i]);
    *explainer = (shap_forest){.budget = NULL};
}

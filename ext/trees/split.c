#include "trees/split.h"

#include <math.h>
#include <string.h>
#include "trees/scan.h"

/* Less gain than this is rounding (kRtEps in XGBoost). */
#define MIN_GAIN 1e-6

typedef struct feature_split {
    double score; /* -infinity if the feature has no cut that is allowed */
    int bin;      /* the last one that goes left */
    bool missing_left;
    bool certain; /* that both children have rows enough */
    bool categorical;
    bin_set right;
} feature_split;

size_t split_found_bytes(void) {
    return sizeof(feature_split);
}

static double soft_threshold(double gradient, double alpha) {
    if (gradient > alpha) return gradient - alpha;
    if (gradient < -alpha) return gradient + alpha;
    return 0;
}

double node_weight(gradient_sum sum, const gradient_scale *scale, const split_rules *rules) {
    double gradient = soft_threshold(sum_gradient(sum, scale), rules->alpha);
    double hessian = sum_hessian(sum, scale);
    return hessian > 0 ? -gradient / (hessian + rules->lambda) : 0;
}

static scan_node scan_of(const split_finder *finder, const split_node *node) {
    const row_gradients *g = finder->gradients;
    const split_rules *rules = finder->rules;
    scan_node scan = {
        .gradient = (double)node->sum.gradient,
        .hessian = (double)node->sum.hessian,
        .lambda = rules->lambda * g->scale.hessian,
        .alpha = rules->alpha * g->scale.gradient,
        .least_hessian = rules->min_child_weight * g->scale.hessian,
        .rows = (double)node->weight,
        .least_rows = ldexp((double)rules->min_child_rows, g->weight_bits),
    };
    double weight_unit = g->scale.gradient / g->scale.hessian;
    scan.lower = node->lower * weight_unit;
    scan.upper = node->upper * weight_unit;
    if (rules->min_child_rows <= 1) scan.least_rows = 0; /* no weight is too small for one row */
    if (g->counts_rows && scan.least_rows > scan.least_hessian) scan.least_hessian = scan.least_rows;
    if (scan.least_hessian < 1) scan.least_hessian = 1;
    return scan;
}

/* --- one categorical feature ---------------------------------------------------------------------------- */

/* Rows per bin. */
static void count_rows(const split_finder *finder, const split_node *node, int feature, int64_t *rows) {
    const uint8_t *column = bins_column(finder->bins, feature);
    const uint32_t *weights = finder->gradients->weights;
    memset(rows, 0, (ATHLETE_MAX_BIN + 1) * sizeof *rows);
    for (size_t i = 0; i < node->n_rows; i++)
        rows[column[node->rows[i]]] += weights ? weights[node->rows[i]] : 1;
}

static feature_split try_categories(const split_finder *finder, const split_node *node, const scan_node *scan,
                                    int feature, const int64_t *rows) {
    const split_rules *rules = finder->rules;
    double unit = finder->gradients->scale.hessian;
    const category_rules category = {rules->cat_smooth * unit, rules->cat_l2 * unit, rules->max_cat_to_onehot,
                                     rules->max_cat_threshold};
    int n_bins = finder->bins->n_bins[feature];
    const category_bins bins = {.histogram = node->histogram,
                                .slot = finder->bins->offset[feature],
                                .n_bins = n_bins,
                                .n_choices = n_bins - (finder->bins->categorical[feature] == 2),
                                .shift = finder->gradients->shift,
                                .rows = rows};
    category_best best = category_split(&bins, scan, &category);
    double least = scan->least_rows * (double)finder->gradients->largest_hessian;
    return (feature_split){
        .score = best.score,
        .missing_left = best.missing_left,
        .certain = rows || finder->gradients->counts_rows ||
                   (best.left_hessian >= least && scan->hessian - best.left_hessian >= least),
        .categorical = true,
        .right = best.right,
    };
}

/* --- one numeric feature ---------------------------------------------------------------------------------------- */

/* The last cut parts what is present from what is missing, if anything is. */
static scan_feature read_feature(const split_finder *finder, const split_node *node, int feature) {
    size_t offset = finder->bins->offset[feature];
    int shift = finder->gradients->shift, n_bins = finder->bins->n_bins[feature];
    gradient_sum missing = histogram_slot(node->histogram, offset + (size_t)n_bins, shift);
    return (scan_feature){.histogram = node->histogram,
                          .slot = offset,
                          .n_bins = missing.hessian > 0 ? n_bins : n_bins - 1,
                          .shift = shift,
                          .missing = missing};
}

static feature_split scan_numeric(const split_finder *finder, const scan_feature *f, const scan_node *scan,
                                  int feature) {
    int direction = finder->monotone ? finder->monotone[feature] : 0;
    bool bounded = direction != 0 || isfinite(scan->lower) || isfinite(scan->upper);
    scan_result found = bounded ? scan_cuts_bounded(f, scan, direction) : scan_cuts(f, scan, finder->level);
    const scan_best *right = &found.right, *left = &found.left;
    bool missing_left = left->score > right->score || (left->score == right->score && left->bin < right->bin);
    const scan_best *best = missing_left ? left : right;
    double least = scan->least_rows * (double)finder->gradients->largest_hessian;
    return (feature_split){.score = best->score,
                           .bin = best->bin,
                           .missing_left = missing_left,
                           .certain = f->rows || finder->gradients->counts_rows ||
                                      (best->hessian >= least && scan->hessian - best->hessian >= least)};
}

static feature_split try_feature(const split_finder *finder, const split_node *node, const scan_node *scan,
                                 int feature) {
    if (finder->bins->categorical && finder->bins->categorical[feature])
        return try_categories(finder, node, scan, feature, NULL);
    scan_feature f = read_feature(finder, node, feature);
    return scan_numeric(finder, &f, scan, feature);
}

static feature_split try_feature_counted(const split_finder *finder, const split_node *node,
                                         const scan_node *scan, int feature) {
    int64_t rows[ATHLETE_MAX_BIN + 1];
    count_rows(finder, node, feature, rows);
    if (finder->bins->categorical && finder->bins->categorical[feature])
        return try_categories(finder, node, scan, feature, rows);
    scan_feature f = read_feature(finder, node, feature);
    f.rows = rows;
    f.rows_missing = rows[finder->bins->n_bins[feature]];
    return scan_numeric(finder, &f, scan, feature);
}

/* --- all features --------------------------------------------------------------------------------------- */

/* Place in the list of the feature whose cut is the best, or -1. */
static int best_place(const split_finder *finder) {
    int best = -1;
    for (int i = 0; i < finder->n_features; i++) {
        if (finder->found[i].score > -INFINITY &&
            (best < 0 || finder->found[i].score > finder->found[best].score))
            best = i;
    }
    return best;
}

static gradient_sum left_sum(const split_finder *finder, const split_node *node, const node_split *split) {
    size_t offset = finder->bins->offset[split->feature];
    int shift = finder->gradients->shift, n_bins = finder->bins->n_bins[split->feature];
    gradient_sum sum = {0, 0};
    if (split->missing_left) sum = histogram_slot(node->histogram, offset + (size_t)n_bins, shift);
    for (int bin = 0; bin < n_bins; bin++) {
        if (!split_bin_left(split, bin)) continue;
        gradient_sum slot = histogram_slot(node->histogram, offset + (size_t)bin, shift);
        sum.gradient += slot.gradient;
        sum.hessian += slot.hessian;
    }
    return sum;
}

node_split split_find(const split_finder *finder, const split_node *node) {
    const gradient_scale *scale = &finder->gradients->scale;
    scan_node scan = scan_of(finder, node);
    for (int i = 0; i < finder->n_features; i++)
        finder->found[i] = try_feature(finder, node, &scan, finder->features[i]);
    int best = best_place(finder);
    while (best >= 0 && !finder->found[best].certain) {
        finder->found[best] = try_feature_counted(finder, node, &scan, finder->features[best]);
        best = best_place(finder);
    }
    if (best < 0) return (node_split){.gain = 0};
    const feature_split *found = &finder->found[best];
    node_split split = {
        .gain = (found->score - scan_score(&scan, scan.gradient, scan.hessian)) *
                (scale->hessian / scale->gradient / scale->gradient),
        .feature = finder->features[best],
        .bin = found->bin,
        .categorical = found->categorical,
        .right = found->right,
        .missing_left = found->missing_left,
    };
    if (!(split.gain > MIN_GAIN) || split.gain < finder->rules->min_gain) return (node_split){.gain = 0};
    split.left = left_sum(finder, node, &split);
    size_t last = finder->bins->offset[split.feature] + (size_t)finder->bins->n_bins[split.feature];
    split.none_missing = histogram_slot(node->histogram, last, finder->gradients->shift).hessian == 0;
    return split;
}

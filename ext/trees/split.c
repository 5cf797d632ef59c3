#include "trees/split.h"

#include <math.h>

/* Less gain than this is rounding (kRtEps in XGBoost). */
#define MIN_GAIN 1e-6

static double soft_threshold(double gradient, double alpha) {
    if (gradient > alpha) return gradient - alpha;
    if (gradient < -alpha) return gradient + alpha;
    return 0;
}

/* T(G)^2 / (H + lambda); 0 where H is 0. */
static double node_score(gradient_sum sum, const gradient_scale *scale, const split_rules *rules) {
    double gradient = soft_threshold(sum_gradient(sum, scale), rules->alpha);
    double hessian = sum_hessian(sum, scale);
    return hessian > 0 ? gradient * gradient / (hessian + rules->lambda) : 0;
}

double node_weight(gradient_sum sum, const gradient_scale *scale, const split_rules *rules) {
    double gradient = soft_threshold(sum_gradient(sum, scale), rules->alpha);
    double hessian = sum_hessian(sum, scale);
    return hessian > 0 ? -gradient / (hessian + rules->lambda) : 0;
}

/* A node while its cuts are tried. Sums are exact in a double (histogram.h), so adding and subtracting them here is
** as good as doing it in integers. */
typedef struct scan {
    double gradient, hessian; /* of the node */
    int64_t rows;
    double lambda, alpha, min_child_weight;
    int64_t min_rows;
    node_split
        best; /* while searching, `gain` holds the sum of the children's scores, and `left` nothing yet */
} scan;

typedef struct side {
    double gradient, hessian;
    int64_t rows;
} side;

static side read_slot(gradient_sum sum, double gradient_unit, double hessian_unit, int row_bits) {
    return (side){
        .gradient = (double)sum.gradient * gradient_unit,
        .hessian = (double)(sum.hessian_and_rows >> row_bits) * hessian_unit,
        .rows = sum.hessian_and_rows & (((int64_t)1 << row_bits) - 1),
    };
}

static side add_sides(side a, side b) {
    return (side){a.gradient + b.gradient, a.hessian + b.hessian, a.rows + b.rows};
}

/* Compares fractions by multiplication and divides for a new best one alone. */
static inline bool is_better(scan *s, side left) {
    double right_gradient = s->gradient - left.gradient, right_hessian = s->hessian - left.hessian;
    if (left.rows < s->min_rows || s->rows - left.rows < s->min_rows) return false;
    if (left.hessian < s->min_child_weight || right_hessian < s->min_child_weight) return false;
    double left_excess = fabs(left.gradient) - s->alpha, right_excess = fabs(right_gradient) - s->alpha;
    left_excess = left_excess > 0 ? left_excess : 0;
    right_excess = right_excess > 0 ? right_excess : 0;
    double left_bottom = left.hessian + s->lambda, right_bottom = right_hessian + s->lambda;
    double top = left_excess * left_excess * right_bottom + right_excess * right_excess * left_bottom;
    double bottom = left_bottom * right_bottom;
    if (!(top > s->best.gain * bottom) || left.hessian <= 0 || right_hessian <= 0) return false;
    double score = top / bottom;
    if (!(score > s->best.gain)) return false;
    s->best.gain = score;
    return true;
}

/* Tries every cut of a feature, with its missing values on either side. */
static void scan_feature(scan *s, const gradient_sum *slots, int n_bins, int feature,
                         const gradient_scale *scale) {
    double gradient_unit = 1 / scale->gradient, hessian_unit = 1 / scale->hessian; /* powers of two: exact */
    side missing = read_slot(slots[n_bins], gradient_unit, hessian_unit, scale->row_bits);
    side left = {0, 0, 0};
    int n_cuts =
        missing.rows > 0 ? n_bins : n_bins - 1; /* the last one parts what is present from what is not */
    for (int bin = 0; bin < n_cuts; bin++) {
        if (slots[bin].hessian_and_rows == 0) continue; /* empty: the same split as the one before */
        left = add_sides(left, read_slot(slots[bin], gradient_unit, hessian_unit, scale->row_bits));
        bool better = is_better(s, left);
        bool missing_left = missing.rows > 0 && is_better(s, add_sides(left, missing));
        if (better || missing_left) {
            s->best.feature = feature;
            s->best.bin = bin;
            s->best.missing_left = missing_left;
        }
    }
}

/* What the left side of a split adds up to. */
static gradient_sum left_sum(const gradient_sum *slots, int n_bins, const node_split *split) {
    gradient_sum sum = split->missing_left ? slots[n_bins] : (gradient_sum){0, 0};
    for (int bin = 0; bin <= split->bin; bin++) {
        sum.gradient += slots[bin].gradient;
        sum.hessian_and_rows += slots[bin].hessian_and_rows;
    }
    return sum;
}

node_split split_find(const bin_matrix *bins, const gradient_sum *histogram, gradient_sum node,
                      const int *features, int n_features, const gradient_scale *scale,
                      const split_rules *rules) {
    double own_score = node_score(node, scale, rules);
    scan s = {
        .gradient = sum_gradient(node, scale),
        .hessian = sum_hessian(node, scale),
        .rows = sum_rows(node, scale),
        .lambda = rules->lambda,
        .alpha = rules->alpha,
        .min_child_weight = rules->min_child_weight,
        .min_rows = rules->min_child_rows > 1 ? rules->min_child_rows : 1,
        .best = {.gain = own_score},
    };
    for (int i = 0; i < n_features; i++) {
        int f = features[i];
        scan_feature(&s, histogram + bins->offset[f], bins->n_bins[f], f, scale);
    }
    node_split best = s.best;
    best.gain -= own_score;
    if (!(best.gain > MIN_GAIN) || best.gain < rules->min_gain) return (node_split){.gain = 0};
    const gradient_sum *slots = histogram + bins->offset[best.feature];
    int n_bins = bins->n_bins[best.feature];
    best.left = left_sum(slots, n_bins, &best);
    if (slots[n_bins].hessian_and_rows == 0) best.missing_left = 2 * sum_rows(best.left, scale) >= s.rows;
    return best;
}

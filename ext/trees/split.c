#include "trees/split.h"

#include <math.h>

/* Less gain than this is rounding (kRtEps in XGBoost). */
#define MIN_GAIN 1e-6

static double soft_threshold(double gradient, double alpha) {
    if (gradient > alpha) return gradient - alpha;
    if (gradient < -alpha) return gradient + alpha;
    return 0;
}

double node_score(gradient_sum sum, const gradient_scale *scale, const split_rules *rules) {
    double gradient = soft_threshold(sum_gradient(sum, scale), rules->alpha);
    double hessian = sum_hessian(sum, scale);
    return hessian > 0 ? gradient * gradient / (hessian + rules->lambda) : 0;
}

double node_weight(gradient_sum sum, const gradient_scale *scale, const split_rules *rules) {
    double gradient = soft_threshold(sum_gradient(sum, scale), rules->alpha);
    double hessian = sum_hessian(sum, scale);
    return hessian > 0 ? -gradient / (hessian + rules->lambda) : 0;
}

typedef struct scan {
    const gradient_sum *slots; /* of the feature: bins from low to high, then the missing values */
    int n_bins;
    gradient_sum node;
    const gradient_scale *scale;
    const split_rules *rules;
} scan;

/* Tries every cut, the left side starting with `left`; keeps in *best what has more score than it. */
static void scan_cuts(const scan *s, gradient_sum left, int n_cuts, int feature, bool missing_left, node_split *best) {
    const split_rules *rules = s->rules;
    double gradient_unit = 1 / s->scale->gradient, hessian_unit = 1 / s->scale->hessian; /* powers of two: exact */
    double min_child_weight = rules->min_child_weight, lambda = rules->lambda, alpha = rules->alpha;
    int row_bits = s->scale->row_bits;
    int64_t min_rows = rules->min_child_rows > 1 ? rules->min_child_rows : 1;
    for (int bin = 0; bin < n_cuts; bin++) {
        gradient_sum slot = s->slots[bin];
        if (slot.hessian_and_rows == 0) continue; /* empty: the same split as the one before */
        left.gradient += slot.gradient;
        left.hessian_and_rows += slot.hessian_and_rows;
        gradient_sum right = sum_difference(s->node, left);
        if (sum_rows(right, s->scale) < min_rows) break;
        if (sum_rows(left, s->scale) < min_rows) continue;
        double left_hessian = (double)(left.hessian_and_rows >> row_bits) * hessian_unit;
        double right_hessian = (double)(right.hessian_and_rows >> row_bits) * hessian_unit;
        if (right_hessian < min_child_weight || right_hessian <= 0) break;
        if (left_hessian < min_child_weight || left_hessian <= 0) continue;
        double left_gradient = soft_threshold((double)left.gradient * gradient_unit, alpha);
        double right_gradient = soft_threshold((double)right.gradient * gradient_unit, alpha);
        double score = left_gradient * left_gradient / (left_hessian + lambda) +
                       right_gradient * right_gradient / (right_hessian + lambda);
        if (score > best->gain) {
            *best = (node_split){.gain = score, .feature = feature, .bin = bin, .missing_left = missing_left, .left = left};
        }
    }
}

node_split split_find(const bin_matrix *bins, const gradient_sum *histogram, gradient_sum node, const int *features,
                      int n_features, const gradient_scale *scale, const split_rules *rules) {
    double own_score = node_score(node, scale, rules);
    node_split best = {.gain = own_score}; /* scores while searching, the gain at the end */
    bool found_missing = false;
    for (int i = 0; i < n_features; i++) {
        int f = features[i];
        scan s = {histogram + bins->offset[f], bins->n_bins[f], node, scale, rules};
        gradient_sum missing = s.slots[s.n_bins];
        bool has_missing = missing.hessian_and_rows != 0;
        double before = best.gain;
        scan_cuts(&s, (gradient_sum){0, 0}, has_missing ? s.n_bins : s.n_bins - 1, f, false, &best);
        if (has_missing) scan_cuts(&s, missing, s.n_bins - 1, f, true, &best);
        if (best.gain > before) found_missing = has_missing;
    }
    best.gain -= own_score;
    if (!(best.gain > MIN_GAIN) || best.gain < rules->min_gain) {
        best.gain = 0;
    } else if (!found_missing) {
        best.missing_left = 2 * sum_rows(best.left, scale) >= sum_rows(node, scale);
    }
    return best;
}

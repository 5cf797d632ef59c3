#include "trees/learner/scan.h"

static double scan_excess(double gradient, double alpha) {
    double size = fabs(gradient) - alpha;
    return size > 0 ? size : 0;
}

/* --- one part ------------------------------------------------------------------------------------------- */

static double bounded_weight(const scan_node *node, double gradient, double hessian) {
    double size = scan_excess(gradient, node->alpha) / (hessian + node->lambda);
    double weight = gradient > 0 ? -size : size;
    return weight < node->lower ? node->lower : weight > node->upper ? node->upper : weight;
}

static double score_of_weight(const scan_node *node, double gradient, double hessian, double weight) {
    return -(2 * gradient * weight + (hessian + node->lambda) * (weight * weight)) -
           2 * node->alpha * fabs(weight);
}

double scan_part_score(const scan_node *node, double gradient, double hessian) {
    if (!(hessian > 0)) return 0;
    if (scan_is_bounded(node))
        return score_of_weight(node, gradient, hessian, bounded_weight(node, gradient, hessian));
    double top = scan_excess(gradient, node->alpha);
    return top * top / (hessian + node->lambda);
}

/* --- one cut -------------------------------------------------------------------------------------------- */

static double cut_score(const scan_node *node, double gradient, double hessian) {
    double top = scan_excess(gradient, node->alpha),
           other_top = scan_excess(node->gradient - gradient, node->alpha);
    double bottom = hessian + node->lambda, other_bottom = node->hessian - hessian + node->lambda;
    return (top * top * other_bottom + other_top * other_top * bottom) / (bottom * other_bottom);
}

static double cut_score_bounded(const scan_node *node, int direction, double gradient, double hessian) {
    double other = node->gradient - gradient, other_hessian = node->hessian - hessian;
    double weight = bounded_weight(node, gradient, hessian);
    double other_weight = bounded_weight(node, other, other_hessian);
    if ((direction > 0 && weight > other_weight) || (direction < 0 && weight < other_weight))
        return -INFINITY;
    return score_of_weight(node, gradient, hessian, weight) +
           score_of_weight(node, other, other_hessian, other_weight);
}

static void try_cut(const scan_feature *f, const scan_node *node, double gradient, double hessian,
                    int64_t rows, scan_cut cut, scan_cut *best) {
    if (!(hessian >= node->least_hessian && node->hessian - hessian >= node->least_hessian)) return;
    if (f->rows && !scan_allows_rows(node, rows)) return;
    cut.score = f->direction != 0 || scan_is_bounded(node)
                    ? cut_score_bounded(node, f->direction, gradient, hessian)
                    : cut_score(node, gradient, hessian);
    if (cut.score > best->score) *best = cut;
}

/* --- all cuts ------------------------------------------------------------------------------------------- */

scan_cut scan_best_cut(const scan_feature *f, const scan_node *node) {
    scan_cut best = {.score = -INFINITY};
    double missing_gradient = (double)f->missing.gradient, missing_hessian = (double)f->missing.hessian;
    gradient_sum sum = {0, 0};
    int64_t rows = 0;
    for (int bin = 0; bin < f->n_bins; bin++) {
        gradient_sum here = histogram_slot(f->histogram, f->slot + (size_t)bin, f->shift);
        sum.gradient += here.gradient;
        sum.hessian += here.hessian;
        rows += f->rows ? f->rows[bin] : 0;
        double gradient = (double)sum.gradient, hessian = (double)sum.hessian;
        if (node->hessian - hessian < node->least_hessian) break;
        try_cut(f, node, gradient, hessian, rows, (scan_cut){.bin = bin}, &best);
        if (f->missing.hessian == 0 || sum.hessian == 0) continue;
        try_cut(f, node, gradient + missing_gradient, hessian + missing_hessian, rows + f->rows_missing,
                (scan_cut){.bin = bin, .missing_left = true}, &best);
    }
    return best;
}

#include "trees/split.h"

#include <math.h>
#include <string.h>
#include "trees/scan_four.h"

/* Less gain than this is rounding (kRtEps in XGBoost). */
#define MIN_GAIN 1e-6

typedef struct feature_split {
    double score; /* -infinity if the feature has no cut that is allowed */
    int bin;      /* the last one that goes left */
    bool missing_left;
    bool counted; /* with the rows of both children looked at */
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

/* --- one feature ---------------------------------------------------------------------------------------- */

typedef struct node_search {
    const split_finder *finder;
    const split_node *node;
    scan_node scan;
} node_search;

static bool is_categorical(const split_finder *finder, int feature) {
    return finder->bins->categorical && finder->bins->categorical[feature];
}

/* `rows` per bin, if they were counted; else NULL. */
static feature_split try_categories(const node_search *search, int feature, const int64_t *rows) {
    const split_finder *finder = search->finder;
    const split_rules *rules = finder->rules;
    double unit = finder->gradients->scale.hessian;
    const category_rules category = {rules->cat_smooth * unit, rules->cat_l2 * unit, rules->max_cat_to_onehot,
                                     rules->max_cat_threshold};
    int n_bins = finder->bins->n_bins[feature];
    const category_bins bins = {.histogram = search->node->histogram,
                                .slot = finder->bins->offset[feature],
                                .n_bins = n_bins,
                                .n_choices = n_bins - (finder->bins->categorical[feature] == 2),
                                .shift = finder->gradients->shift,
                                .rows = rows};
    category_best best = category_split(&bins, &search->scan, &category);
    return (feature_split){.score = best.score,
                           .missing_left = best.missing_left,
                           .counted = rows,
                           .categorical = true,
                           .right = best.right};
}

/* The last cut parts what is present from what is missing, if anything is. */
static scan_feature read_feature(const node_search *search, int feature, const int64_t *rows) {
    const split_finder *finder = search->finder;
    size_t offset = finder->bins->offset[feature];
    int shift = finder->gradients->shift, n_bins = finder->bins->n_bins[feature];
    gradient_sum missing = histogram_slot(search->node->histogram, offset + (size_t)n_bins, shift);
    return (scan_feature){.histogram = search->node->histogram,
                          .slot = offset,
                          .n_bins = missing.hessian > 0 ? n_bins : n_bins - 1,
                          .shift = shift,
                          .direction = finder->monotone ? finder->monotone[feature] : 0,
                          .missing = missing,
                          .rows = rows,
                          .rows_missing = rows ? rows[n_bins] : 0};
}

static feature_split numeric_split(scan_cut cut, const int64_t *rows) {
    return (feature_split){
        .score = cut.score, .bin = cut.bin, .missing_left = cut.missing_left, .counted = rows};
}

static feature_split try_feature(const node_search *search, int feature, const int64_t *rows) {
    if (is_categorical(search->finder, feature)) return try_categories(search, feature, rows);
    scan_feature f = read_feature(search, feature, rows);
    return numeric_split(scan_best_cut(&f, &search->scan), rows);
}

static feature_split try_feature_counted(const node_search *search, int feature) {
    const uint8_t *column = bins_column(search->finder->bins, feature);
    const uint32_t *weights = search->finder->gradients->weights;
    const split_node *node = search->node;
    int64_t rows[ATHLETE_MAX_BIN + 1] = {0};
    for (size_t i = 0; i < node->n_rows; i++)
        rows[column[node->rows[i]]] += weights ? weights[node->rows[i]] : 1;
    return try_feature(search, feature, rows);
}

/* --- all features --------------------------------------------------------------------------------------- */

#ifdef ATHLETE_X86
/* Features that are searched together, and their places in the list. */
typedef struct feature_group {
    scan_feature features[4];
    int places[4], n;
} feature_group;

static void search_group(const node_search *search, feature_group *group) {
    if (group->n == 0) return;
    scan_cut cuts[4];
    for (int i = group->n; i < 4; i++) group->features[i] = group->features[0];
    scan_four(group->features, &search->scan, cuts);
    for (int i = 0; i < group->n; i++) search->finder->found[group->places[i]] = numeric_split(cuts[i], NULL);
    group->n = 0;
}

/* Those of which something is missing have twice as many cuts, and are kept together. */
static void try_in_groups(const node_search *search) {
    const split_finder *finder = search->finder;
    feature_group groups[2] = {{.n = 0}, {.n = 0}};
    for (int place = 0; place < finder->n_features; place++) {
        int feature = finder->features[place];
        scan_feature f = read_feature(search, feature, NULL);
        if (f.direction != 0 || is_categorical(finder, feature)) {
            finder->found[place] = try_feature(search, feature, NULL);
            continue;
        }
        feature_group *group = &groups[f.missing.hessian > 0];
        group->features[group->n] = f;
        group->places[group->n++] = place;
        if (group->n == 4) search_group(search, group);
    }
    for (int i = 0; i < 2; i++) search_group(search, &groups[i]);
}
#endif

static void try_features(const node_search *search) {
    const split_finder *finder = search->finder;
#ifdef ATHLETE_X86
    if (finder->level >= SIMD_256 && !scan_is_bounded(&search->scan)) {
        try_in_groups(search);
        return;
    }
#endif
    for (int place = 0; place < finder->n_features; place++)
        finder->found[place] = try_feature(search, finder->features[place], NULL);
}

/* Place in the list of the feature whose split is the best, or -1. */
static int best_place(const split_finder *finder) {
    int best = -1;
    for (int i = 0; i < finder->n_features; i++) {
        if (finder->found[i].score > (best < 0 ? -INFINITY : finder->found[best].score)) best = i;
    }
    return best;
}

static gradient_sum sum_total(gradient_sum a, gradient_sum b) {
    return (gradient_sum){a.gradient + b.gradient, a.hessian + b.hessian};
}

/* Of the slots first, first + 1, … */
static gradient_sum sum_slots(const histogram *h, size_t first, size_t n, int shift) {
    gradient_sum sum = {0, 0};
    int64_t word = 0;
    for (size_t i = first; h->wide && i < first + n; i++) sum = sum_total(sum, histogram_slot(h, i, shift));
    if (h->wide) return sum;
    for (size_t i = first; i < first + n; i++) word += h->words[i];
    return slot_sum(word, shift);
}

static gradient_sum left_sum(const node_search *search, const node_split *split) {
    const bin_matrix *bins = search->finder->bins;
    const histogram *h = search->node->histogram;
    size_t first = bins->offset[split->feature], n_bins = (size_t)bins->n_bins[split->feature];
    int shift = search->finder->gradients->shift;
    if (!split->categorical) {
        gradient_sum sum = sum_slots(h, first, (size_t)split->bin + 1, shift);
        return split->missing_left ? sum_total(sum, histogram_slot(h, first + n_bins, shift)) : sum;
    }
    gradient_sum sum = {0, 0};
    for (size_t bin = 0; bin <= n_bins; bin++) {
        bool left = bin == n_bins ? split->missing_left : split_bin_left(split, (int)bin);
        if (left) sum = sum_total(sum, histogram_slot(h, first + bin, shift));
    }
    return sum;
}

static node_split split_of(const node_search *search, int place) {
    const feature_split *found = &search->finder->found[place];
    node_split split = {
        .feature = search->finder->features[place],
        .bin = found->bin,
        .categorical = found->categorical,
        .right = found->right,
        .missing_left = found->missing_left,
    };
    split.left = left_sum(search, &split);
    return split;
}

/* Whether both children have rows enough, told by their hessians. */
static bool has_rows(const node_search *search, gradient_sum left) {
    const row_gradients *g = search->finder->gradients;
    double least = search->scan.least_rows * (double)g->largest_hessian, hessian = (double)left.hessian;
    return g->counts_rows || (hessian >= least && search->scan.hessian - hessian >= least);
}

node_split split_find(const split_finder *finder, const split_node *node) {
    const gradient_scale *scale = &finder->gradients->scale;
    const node_search search = {finder, node, scan_of(finder, node)};
    try_features(&search);
    int best = best_place(finder);
    node_split split = {.gain = 0};
    for (; best >= 0; best = best_place(finder)) {
        split = split_of(&search, best);
        if (finder->found[best].counted || has_rows(&search, split.left)) break;
        finder->found[best] = try_feature_counted(&search, split.feature);
    }
    if (best < 0) return (node_split){.gain = 0};
    double whole = scan_part_score(&search.scan, search.scan.gradient, search.scan.hessian);
    split.gain = (finder->found[best].score - whole) * (scale->hessian / scale->gradient / scale->gradient);
    if (!(split.gain > MIN_GAIN) || split.gain < finder->rules->min_gain) return (node_split){.gain = 0};
    size_t last = finder->bins->offset[split.feature] + (size_t)finder->bins->n_bins[split.feature];
    split.none_missing = histogram_slot(node->histogram, last, finder->gradients->shift).hessian == 0;
    return split;
}

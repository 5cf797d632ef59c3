#include "trees/learner/split.h"

#include <math.h>
#include <string.h>
#include "trees/learner/scan_avx2.h"

/* Less gain than this is rounding (kRtEps in XGBoost). */
#define MIN_GAIN 1e-6

#define MANY_NAMES 64

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
    double of_row = g->counts_rows ? 1 : (double)g->smallest_hessian * (1 - 0x1p-50), /* not too much */
        of_least_rows = scan.least_rows * of_row;
    if (of_least_rows > scan.least_hessian) scan.least_hessian = of_least_rows;
    if (scan.least_hessian < 1) scan.least_hessian = 1;
    return scan;
}

/* --- one feature ---------------------------------------------------------------------------------------- */

typedef struct node_search {
    const split_finder *finder;
    const split_node *node;
    scan_node scan;
    double noise; /* of gradients, see category_split.h */
} node_search;

static bool is_categorical(const split_finder *finder, int feature) {
    return finder->bins->categorical && finder->bins->categorical[feature];
}

static category_bins categories_of(const node_search *search, int feature, const int64_t *rows) {
    const split_finder *finder = search->finder;
    int n_bins = finder->bins->n_bins[feature];
    return (category_bins){.histogram = search->node->histogram,
                           .slot = finder->bins->offset[feature],
                           .n_bins = n_bins,
                           .n_choices = n_bins - (finder->bins->categorical[feature] == 2),
                           .shift = finder->gradients->shift,
                           .one_row = ldexp(1, finder->gradients->weight_bits),
                           .one_hessian = finder->gradients->scale.hessian,
                           .noise = search->noise,
                           .rows = rows};
}

/* Of a smoothing or penalty that is meant for many names: with fewer there are fewer sets for chance to choose the best of. */
static double share_of_many(int n_names) {
    return n_names <= MANY_NAMES ? (n_names - 1.0) / MANY_NAMES : 1;
}

static category_rules category_rules_of(const split_finder *finder, const category_bins *bins) {
    const split_rules *rules = finder->rules;
    double unit = finder->gradients->scale.hessian, share = share_of_many(bins->n_choices),
           smooth = rules->cat_smooth * (rules->cat_smooth_adapts ? share : 1);
    return (category_rules){.smooth = smooth * unit,
                            .extra_lambda = rules->cat_l2 * (rules->cat_l2_adapts ? share : 1) * unit,
                            .max_to_onehot = rules->max_cat_to_onehot,
                            .max_threshold = rules->max_cat_threshold,
                            .least_rows = ldexp(smooth, finder->gradients->weight_bits),
                            .judges_rows = rules->cat_smooth_adapts};
}

/* `rows` per bin, if they were counted; else NULL. */
static void try_categories(const node_search *search, int feature, const int64_t *rows,
                           feature_split *found) {
    const split_finder *finder = search->finder;
    const category_bins bins = categories_of(search, feature, rows);
    const category_rules category = category_rules_of(finder, &bins);
    category_best best = category_split(&bins, &search->scan, &category, &finder->evidence[feature]);
    *found = (feature_split){.score = best.score,
                             .missing_left = best.missing_left,
                             .counted = rows,
                             .categorical = true,
                             .right = best.right};
}

static gradient_sum missing_of(const node_search *search, int feature) {
    const split_finder *finder = search->finder;
    size_t slot = finder->bins->offset[feature] + (size_t)finder->bins->n_bins[feature];
    return histogram_slot(search->node->histogram, slot, finder->gradients->shift);
}

/* The last cut parts what is present from what is missing, if anything is. Here and below, members are set where they are to be,
** since a copy would wait until the members that it takes together have been written one by one. */
static void read_feature(const node_search *search, int feature, gradient_sum missing, const int64_t *rows,
                         scan_feature *f) {
    const split_finder *finder = search->finder;
    int n_bins = finder->bins->n_bins[feature];
    f->histogram = search->node->histogram;
    f->slot = finder->bins->offset[feature];
    f->n_bins = missing.hessian > 0 ? n_bins : n_bins - 1;
    f->shift = finder->gradients->shift;
    f->direction = split_direction(finder->bins, finder->monotone, feature);
    f->missing.gradient = missing.gradient;
    f->missing.hessian = missing.hessian;
    f->rows = rows;
    f->rows_missing = rows ? rows[n_bins] : 0;
}

static void keep_cut(const scan_cut *cut, bool counted, feature_split *found) {
    found->score = cut->score;
    found->bin = cut->bin;
    found->missing_left = cut->missing_left;
    found->counted = counted;
    found->categorical = false;
}

static void try_feature(const node_search *search, int feature, const int64_t *rows, feature_split *found) {
    if (is_categorical(search->finder, feature)) {
        try_categories(search, feature, rows, found);
        return;
    }
    scan_feature f;
    read_feature(search, feature, missing_of(search, feature), rows, &f);
    scan_cut cut = scan_best_cut(&f, &search->scan);
    keep_cut(&cut, rows, found);
}

/* Whether a cut leaves rows enough on both sides. */
static bool cut_has_rows(const node_search *search, const feature_split *cut, const int64_t *rows,
                         int n_bins) {
    int64_t left = cut->missing_left ? rows[n_bins] : 0;
    for (int bin = 0; bin <= cut->bin && bin < n_bins; bin++) left += rows[bin];
    return scan_allows_rows(&search->scan, left);
}

/* Searches a feature again with rows counted, if its best split has not enough of them. */
static void try_feature_counted(const node_search *search, int feature, feature_split *found) {
    const bin_matrix *bins = search->finder->bins;
    const uint8_t *column = bins_column(bins, feature);
    const uint32_t *weights = search->finder->gradients->weights;
    const split_node *node = search->node;
    int n_bins = bins->n_bins[feature];
    int64_t rows[ATHLETE_MAX_BIN + 1];
    memset(rows, 0, ((size_t)n_bins + 1) * sizeof *rows);
    for (size_t i = 0; i < node->n_rows; i++)
        rows[column[node->rows[i]]] += weights ? weights[node->rows[i]] : 1;
    found->counted = !found->categorical && cut_has_rows(search, found, rows, n_bins);
    if (!found->counted) try_feature(search, feature, rows, found);
}

/* --- a feature's split --------------------------------------------------------------------------------- */

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

static gradient_sum left_sum(const node_search *search, int feature, const feature_split *split) {
    const bin_matrix *bins = search->finder->bins;
    const histogram *h = search->node->histogram;
    size_t first = bins->offset[feature], n_bins = (size_t)bins->n_bins[feature];
    int shift = search->finder->gradients->shift;
    if (!split->categorical) {
        gradient_sum sum = sum_slots(h, first, (size_t)split->bin + 1, shift);
        return split->missing_left ? sum_total(sum, histogram_slot(h, first + n_bins, shift)) : sum;
    }
    gradient_sum sum = {0, 0};
    for (size_t bin = 0; bin <= n_bins; bin++) {
        bool left = bin == n_bins ? split->missing_left : !bin_set_has(&split->right, (int)bin);
        if (left) sum = sum_total(sum, histogram_slot(h, first + bin, shift));
    }
    return sum;
}

/* Whether both children have rows enough, told by their hessians. */
static bool hessians_tell_rows(const node_search *search, int feature, const feature_split *split) {
    double least = search->scan.least_rows * (double)search->finder->gradients->largest_hessian;
    double hessian = (double)left_sum(search, feature, split).hessian;
    return hessian >= least && search->scan.hessian - hessian >= least;
}

/* Whether the best split of a feature surely keeps the least number of rows in a child. */
static bool has_rows(const node_search *search, int place) {
    const feature_split *split = &search->finder->found[place];
    return split->counted || search->finder->gradients->counts_rows ||
           hessians_tell_rows(search, search->finder->features[place], split);
}

/* --- all features --------------------------------------------------------------------------------------- */

#ifdef ATHLETE_X86
/* Features that are searched together, and their places in the list. */
typedef struct split_feature_group {
    scan_feature features[4];
    int places[4], n;
} split_feature_group;

/* `reached` is the best score so far of a split that will not be refused for the rows of its children: what is worse cannot be
** the node's. */
static void search_group(const node_search *search, split_feature_group *group, double *reached) {
    feature_split *found = search->finder->found;
    scan_cut cuts[4];
    for (int i = group->n; i < 4; i++) group->features[i] = group->features[0];
    scan_avx2(group->features, &search->scan, *reached, cuts);
    int best = 0;
    for (int i = 0; i < group->n; i++) {
        keep_cut(&cuts[i], false, &found[group->places[i]]);
        if (cuts[i].score > cuts[best].score) best = i;
    }
    if (cuts[best].score > *reached && has_rows(search, group->places[best])) *reached = cuts[best].score;
    group->n = 0;
}

/* Those of which something is missing have twice as many cuts, and are kept together. */
static void try_in_groups(const node_search *search) {
    const split_finder *finder = search->finder;
    split_feature_group groups[2] = {{.n = 0}, {.n = 0}};
    double reached = -INFINITY;
    for (int place = 0; place < finder->n_features; place++) {
        int feature = finder->features[place];
        if (is_categorical(finder, feature) ||
            split_direction(finder->bins, finder->monotone, feature) != 0) {
            try_feature(search, feature, NULL, &finder->found[place]);
            continue;
        }
        gradient_sum missing = missing_of(search, feature);
        split_feature_group *group = &groups[missing.hessian > 0];
        read_feature(search, feature, missing, NULL, &group->features[group->n]);
        group->places[group->n++] = place;
        if (group->n == 4) search_group(search, group, &reached);
    }
    split_feature_group *rest = &groups[1];
    while (groups[0].n > 0 && rest->n < 4) {
        split_feature_group *some = &groups[0];
        rest->features[rest->n] = some->features[--some->n];
        rest->places[rest->n++] = some->places[some->n];
    }
    for (int i = 0; i < 2; i++) {
        if (groups[i].n > 0) search_group(search, &groups[i], &reached);
    }
}
#endif

static void try_features(const node_search *search) {
    const split_finder *finder = search->finder;
#ifdef ATHLETE_X86
    if (finder->bins->level >= SIMD_256 && !scan_is_bounded(&search->scan)) {
        try_in_groups(search);
        return;
    }
#endif
    for (int place = 0; place < finder->n_features; place++)
        try_feature(search, finder->features[place], NULL, &finder->found[place]);
}

/* Place in the list of the feature whose split is the best, or -1. */
static int best_place(const split_finder *finder) {
    int best = -1;
    for (int i = 0; i < finder->n_features; i++) {
        if (finder->found[i].score > (best < 0 ? -INFINITY : finder->found[best].score)) best = i;
    }
    return best;
}

/* What a first tree's root shows of every feature that it may use. */
static void learn_categories(const node_search *search) {
    const split_finder *finder = search->finder;
    for (int i = 0; i < finder->n_features; i++) {
        int feature = finder->features[i];
        if (!is_categorical(finder, feature)) continue;
        category_evidence *evidence = &finder->evidence[feature];
        const category_bins bins = categories_of(search, feature, NULL);
        const category_rules rules = category_rules_of(finder, &bins);
        if (finder->is_first || evidence->mean_rows == 0)
            category_learn(&bins, &search->scan, &rules, evidence);
    }
}

/* The variance of a sum of gradients for each unit of its hessian, where some feature's categories are judged by it. */
static double noise_of(const split_finder *finder, const split_node *node) {
    int i = 0;
    while (i < finder->n_features && !is_categorical(finder, finder->features[i])) i++;
    if (i == finder->n_features) return 0;
    double squares = gradients_squares(finder->gradients, finder->bins, node->rows, node->n_rows,
                                       node->sum.gradient / node->weight);
    return squares / (double)node->sum.hessian;
}

node_split split_find(const split_finder *finder, const split_node *node) {
    const gradient_scale *scale = &finder->gradients->scale;
    const node_search search = {finder, node, scan_of(finder, node), noise_of(finder, node)};
    if (node->is_root) learn_categories(&search);
    try_features(&search);
    int best = best_place(finder);
    for (; best >= 0 && !has_rows(&search, best); best = best_place(finder))
        try_feature_counted(&search, finder->features[best], &finder->found[best]);
    if (best < 0) return (node_split){.gain = 0};
    const feature_split *found = &finder->found[best];
    double whole = scan_part_score(&search.scan, search.scan.gradient, search.scan.hessian);
    double gain = (found->score - whole) * (scale->hessian / scale->gradient / scale->gradient);
    if (!(gain > MIN_GAIN) || gain < finder->rules->min_gain) return (node_split){.gain = 0};
    int feature = finder->features[best];
    return (node_split){
        .gain = gain,
        .feature = feature,
        .bin = found->bin,
        .categorical = found->categorical,
        .right = found->categorical ? found->right : (bin_set){{0}},
        .missing_left = found->missing_left,
        .none_missing = missing_of(&search, feature).hessian == 0,
        .left = left_sum(&search, feature, found),
    };
}

#include "trees/learner/category_split.h"

#include <math.h>

typedef struct category {
    int bin;
    double gradient, hessian, rows, key;
} category;

typedef struct category_search {
    const scan_node *node;
    category missing;
    bool counted;
    double lambda;
    category_best best;
} category_search;

static double part_score(double gradient, double hessian, double alpha, double lambda) {
    double excess = fabs(gradient) - alpha;
    return excess > 0 ? excess * excess / (hessian + lambda) : 0;
}

/* Whether this side and the other one are both large enough. */
static bool is_allowed(const category_search *s, category right) {
    const scan_node *node = s->node;
    if (s->counted && !(right.rows >= node->least_rows && node->rows - right.rows >= node->least_rows))
        return false;
    return right.hessian >= node->least_hessian && node->hessian - right.hessian >= node->least_hessian;
}

/* Tries a set as the right side, without what is missing and with it. True if it is the best so far. */
static bool try_right(category_search *s, category right) {
    bool better = false;
    for (int with_missing = 0; with_missing <= (s->missing.hessian > 0); with_missing++) {
        if (with_missing) {
            right.gradient += s->missing.gradient;
            right.hessian += s->missing.hessian;
            right.rows += s->missing.rows;
        }
        if (!is_allowed(s, right)) continue;
        double score = part_score(right.gradient, right.hessian, s->node->alpha, s->lambda) +
                       part_score(s->node->gradient - right.gradient, s->node->hessian - right.hessian,
                                  s->node->alpha, s->lambda);
        if (!(score > s->best.score)) continue;
        s->best.score = score;
        s->best.missing_left = !with_missing;
        better = true;
    }
    return better;
}

/* Ascending by key; of equal keys the lower bin first. */
static void sort_by_key(category *categories, int n) {
    for (int i = 1; i < n; i++) {
        category moved = categories[i];
        int j = i;
        for (; j > 0 && categories[j - 1].key > moved.key; j--) categories[j] = categories[j - 1];
        categories[j] = moved;
    }
}

static void category_split_keep_set(category_search *s, const category *categories, int from, int to) {
    s->best.right = (bin_set){{0}};
    for (int i = from; i < to; i++)
        s->best.right.word[categories[i].bin / 64] |= (uint64_t)1 << categories[i].bin % 64;
}

static void try_each_alone(category_search *s, const category *categories, int n) {
    for (int i = 0; i < n; i++) {
        if (try_right(s, categories[i])) category_split_keep_set(s, categories, i, i + 1);
    }
}

static void try_sorted(category_search *s, category *categories, int n, int most) {
    sort_by_key(categories, n);
    category front = {0}, back = {0};
    for (int size = 1; size <= most; size++) {
        const category *next = &categories[size - 1], *last = &categories[n - size];
        front.gradient += next->gradient, front.hessian += next->hessian, front.rows += next->rows;
        back.gradient += last->gradient, back.hessian += last->hessian, back.rows += last->rows;
        if (try_right(s, front)) category_split_keep_set(s, categories, 0, size);
        if (try_right(s, back)) category_split_keep_set(s, categories, n - size, n);
    }
}

static category read_bin(const category_bins *bins, int bin) {
    gradient_sum sum = histogram_slot(bins->histogram, bins->slot + (size_t)bin, bins->shift);
    return (category){.bin = bin,
                      .gradient = (double)sum.gradient,
                      .hessian = (double)sum.hessian,
                      .rows = bins->rows ? (double)bins->rows[bin] : 0};
}

/* Those of the node, without what is missing. */
static int gather_categories(const category_bins *bins, double smooth, category *categories) {
    int n = 0;
    for (int bin = 0; bin < bins->n_choices; bin++) {
        category c = read_bin(bins, bin);
        c.key = c.gradient / (c.hessian + smooth);
        if (c.hessian > 0) categories[n++] = c;
    }
    return n;
}

/* The squares of n categories' sums over their hessians, about those of all together. */
typedef struct category_squares {
    double all, hessian;
    double
        between; /* hessian that an effect's variance is counted by: all of it, but for each category's share in the mean */
} category_squares;

static category_squares sum_squares(const category *categories, int n) {
    double gradient = 0, hessian = 0, squares = 0, own = 0;
    for (int i = 0; i < n; i++) {
        const category *c = &categories[i];
        gradient += c->gradient;
        hessian += c->hessian;
        squares += c->gradient * c->gradient / c->hessian;
        own += c->hessian * c->hessian;
    }
    return (category_squares){squares - gradient * gradient / hessian, hessian, hessian - own / hessian};
}

/* How many times the noise chance explains of them. */
static double chance_of(int n) {
    return n - 1 + sqrt(2.0 * (n - 1));
}

/* The share that is left of the squares when what chance explains is taken off, but for what is known to be signal. */
static double signal_share(double squares, int n, double noise, double known) {
    double chance = noise * (1 - known / 2) * chance_of(n);
    return squares > chance ? 1 - chance / squares : 0;
}

/* The hessian that a category needs for its mean to tell as much of its effect as of chance: the variance within categories over
** that of their effects, by the analysis of variance. Infinite where no effect is seen. */
static double telling_hessian(const category_squares *squares, int n, double noise, double rows) {
    double within = rows > n ? (noise * rows - squares->all) / (rows - n) : noise;
    if (!(within > 0)) within = noise;
    double effects = squares->all - within * chance_of(n);
    return effects > 0 ? within * squares->between / effects : INFINITY;
}

void category_learn(const category_bins *bins, const scan_node *node, const category_rules *rules,
                    category_evidence *evidence) {
    category categories[ATHLETE_MAX_BIN];
    int n = gather_categories(bins, 0, categories);
    if (n < 2) return;
    category_squares squares = sum_squares(categories, n);
    double signal = signal_share(squares.all, n, bins->noise, 0),
           rows = squares.hessian * (node->rows / node->hessian),
           telling = telling_hessian(&squares, n, bins->noise, rows / bins->one_row) / bins->one_hessian;
    if (evidence->mean_rows == 0 || telling < evidence->telling_hessian) evidence->telling_hessian = telling;
    if (signal > evidence->signal) evidence->signal = signal;
    evidence->mean_rows = rows / n;
    evidence->rare = (bin_set){{0}};
    for (int i = 0; i < n; i++) {
        bool rare = categories[i].hessian * (node->rows / node->hessian) < rules->least_rows;
        if (rare) evidence->rare.word[categories[i].bin / 64] |= (uint64_t)1 << categories[i].bin % 64;
    }
}

/* What a category's hessian must be for it to be in a set. */
typedef struct category_least {
    double hessian, of_rare; /* of those that are rare in all rows */
} category_least;

static category_least least_of(const category_bins *bins, const scan_node *node, const category_rules *rules,
                               const category_evidence *evidence) {
    double few = evidence->mean_rows * 2 / 3, rows = rules->least_rows < few ? rules->least_rows : few,
           hessian = rows * node->hessian / node->rows,
           telling = evidence->telling_hessian * bins->one_hessian;
    return (category_least){hessian, rules->judges_rows && telling < hessian ? telling : hessian};
}

/* Those that have rows enough, told by their hessians. */
static int keep_frequent(category *categories, int n, const category_least *least, const bin_set *rare) {
    int kept = 0;
    for (int i = 0; i < n; i++) {
        double enough = bin_set_has(rare, categories[i].bin) ? least->of_rare : least->hessian;
        if (categories[i].hessian >= enough) categories[kept++] = categories[i];
    }
    return kept;
}

static void try_sets(category_search *s, category *categories, int n, const category_bins *bins,
                     const category_rules *rules, const category_evidence *evidence) {
    const scan_node *node = s->node;
    double signal = signal_share(sum_squares(categories, n).all, n, bins->noise, evidence->signal);
    if (!(signal > 0)) return;
    category_least least = least_of(bins, node, rules, evidence);
    n = keep_frequent(categories, n, &least, &evidence->rare);
    s->lambda += rules->extra_lambda;
    int half = (n + 1) / 2;
    try_sorted(s, categories, n, half < rules->max_threshold ? half : rules->max_threshold);
    double whole = part_score(node->gradient, node->hessian, node->alpha, node->lambda);
    if (s->best.score > whole) s->best.score = whole + signal * (s->best.score - whole);
}

category_best category_split(const category_bins *bins, const scan_node *node, const category_rules *rules,
                             const category_evidence *evidence) {
    category categories[ATHLETE_MAX_BIN];
    int n = gather_categories(bins, rules->smooth, categories);
    category_search s = {.node = node, .missing = read_bin(bins, bins->n_bins), .counted = bins->rows};
    s.best.score = -INFINITY;
    s.lambda = node->lambda;
    if (n <= rules->max_to_onehot) try_each_alone(&s, categories, n);
    else try_sets(&s, categories, n, bins, rules, evidence);
    return s.best;
}

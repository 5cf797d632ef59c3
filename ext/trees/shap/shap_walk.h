/* The walk down a tree that SHAP values and interactions share (shap.h), for SHAP_LANES rows at once. */
#ifndef ATHLETE_TREES_SHAP_SHAP_WALK_H
#define ATHLETE_TREES_SHAP_SHAP_WALK_H

#include <math.h>
#include "trees/shap/shap.h"

/* One double per row. With GNU vectors the compiler has a register for it, or several small ones, on every processor. */
#if defined(__GNUC__) && (!defined(ATHLETE_SIMD_LIMIT) || ATHLETE_SIMD_LIMIT > 0)
#define SHAP_LANES 4
typedef double shap_lanes __attribute__((vector_size(32)));
#define SHAP_INLINE static inline __attribute__((always_inline))
#else
#define SHAP_LANES  1
typedef double shap_lanes;
#define SHAP_INLINE static inline
#endif

#define SHAP_WIDTH                                                                                           \
    8 /* points that one walk works on: a tree's scratch for as many stays in the first cache */

/* Of one tree and one group of rows. `n` stands for the splits of the tree, `width` for the points of the walk. */
typedef struct shap_scratch {
    shap_lanes *went_left; /* n: 1 where the rows' own values lead to the split and left, else 0 */
    shap_lanes
        *came; /* n: 1 where the rows' own values of its feature do not lead away from the split, else 0 */
    shap_lanes *step;  /* n: s where they came, else 0 */
    shap_lanes *share; /* n x width: f */
    shap_lanes *reach; /* (n + 1) x width: D; the last is for the leaves, which do not need it */
    shap_lanes *worth; /* (2 n + 1) x width: P, the leaves' own set beforehand */
    shap_lanes *edge;  /* n x width: for interactions (shap_interactions.c) */
} shap_scratch;

/* x in every lane. A macro, because a function must not return a vector that its processor may lack. */
#define SHAP_BROADCAST(x) ((x) - (shap_lanes){0})

/* 1 in the lanes where x < limit, or `missing` where x is NaN; 0 in the others. */
SHAP_INLINE void shap_less(const shap_lanes *x, double limit, bool missing, shap_lanes *less) {
#if SHAP_LANES > 1
    typedef int64_t lane_mask __attribute__((vector_size(32)));
    shap_lanes limits = SHAP_BROADCAST(limit);
    lane_mask mask = missing ? ~(lane_mask)(*x >= limits) : (lane_mask)(*x < limits);
    *less = (shap_lanes)(mask & (lane_mask)SHAP_BROADCAST(1));
#else
    *less = (missing ? !(*x >= limit) : *x < limit) ? 1 : 0;
#endif
}

/* 1 in the lanes whose row goes left by its own value. */
SHAP_INLINE void shap_sides(const forest *model, const shap_split *split, const shap_lanes *values,
                            shap_lanes *left) {
    if (!split->categorical) {
        shap_less(values, split->threshold, split->missing_left, left);
        return;
    }
    const double *x = (const double *)values;
    for (int r = 0; r < SHAP_LANES; r++) {
        bool goes_left =
            isnan(x[r]) ? split->missing_left : forest_category_left(model, split->set, (float)x[r]);
        ((double *)left)[r] = goes_left ? 1 : 0;
    }
}

/* Downwards: s, f and D of every split, at the points from `point` on. */
SHAP_INLINE void shap_descend(const shap_forest *explainer, const shap_tree *tree, int point, int width,
                              const shap_lanes *values, const shap_scratch *at) {
    const shap_split *splits = explainer->splits + tree->first_split;
    const size_t w = (size_t)width, n = (size_t)tree->n_splits;
    for (size_t p = 0; p < w; p++)
        at->reach[p] = SHAP_BROADCAST(explainer->weights[tree->rule + (size_t)point + p]);
    for (size_t v = 0; v < n; v++) {
        const shap_split *split = &splits[v];
        shap_lanes left, came = SHAP_BROADCAST(1);
        shap_sides(explainer->model, split, &values[split->feature], &left);
        if (split->seen >= 0) {
            came = at->went_left[split->seen];
            if (!split->seen_left) came = at->came[split->seen] - came;
            left *= came;
        }
        shap_lanes step = left - split->left_share * came;
        at->came[v] = came;
        at->went_left[v] = left;
        at->step[v] = step;
        const double *known = explainer->known + split->table + point;
        shap_lanes *to_left = at->reach + w * ((size_t)split->left < n ? (size_t)split->left : n);
        shap_lanes *to_right = at->reach + w * ((size_t)split->right < n ? (size_t)split->right : n);
        for (size_t p = 0; p < w; p++) {
            shap_lanes share = split->left_share + known[p] * step, reach = at->reach[v * w + p];
            at->share[v * w + p] = share;
            to_left[p] = reach * share;
            to_right[p] = reach - reach * share;
        }
    }
}

/* One tree, one group of rows, `width` points from `point` on: adds to `sums`, those of the group and of the tree's
** output. True when the poll says stop. */
#define SHAP_WALK_PARAMETERS                                                                                 \
    const shap_forest *explainer, const shap_tree *tree, int point, int width, const shap_lanes *values,     \
        const shap_scratch *at, shap_lanes *sums, athlete_poll *poll
typedef bool shap_walk(SHAP_WALK_PARAMETERS);

/* Calls WALK with a width that the compiler knows, so that it unrolls the loops over points. */
#define SHAP_WALK_BODY(WALK)                                                                                 \
    (void)poll;                                                                                              \
    switch (width) {                                                                                         \
    case 1: return WALK(1);                                                                                  \
    case 2: return WALK(2);                                                                                  \
    case 3: return WALK(3);                                                                                  \
    case 4: return WALK(4);                                                                                  \
    case 5: return WALK(5);                                                                                  \
    case 6: return WALK(6);                                                                                  \
    case 7: return WALK(7);                                                                                  \
    default: return WALK(SHAP_WIDTH);                                                                        \
    }

/* Defines NAME_of(level): the walk whose steps WALK(width) are, compiled for the instructions of the level. */
#ifdef ATHLETE_X86
#define SHAP_WALK_OF(NAME, WALK)                                                                             \
    static bool NAME##_plain(SHAP_WALK_PARAMETERS){                                                          \
        SHAP_WALK_BODY(WALK)} ATHLETE_AVX2 static bool NAME##_avx2(SHAP_WALK_PARAMETERS) {                   \
        SHAP_WALK_BODY(WALK)                                                                                 \
    }                                                                                                        \
    static shap_walk *NAME##_of(simd_level level) {                                                          \
        return level >= SIMD_256 ? NAME##_avx2 : NAME##_plain;                                               \
    }
#else
#define SHAP_WALK_OF(NAME, WALK)                                                                             \
    static bool NAME##_plain(SHAP_WALK_PARAMETERS) {                                                         \
        SHAP_WALK_BODY(WALK)                                                                                 \
    }                                                                                                        \
    static shap_walk *NAME##_of(simd_level level) {                                                          \
        (void)level;                                                                                         \
        return NAME##_plain;                                                                                 \
    }
#endif

/* Walks every tree with every row. On success *sums, to be given back with shap_sums_free, has n_sums numbers for
** each output of each row; shap_sum finds them. */
typedef struct shap_sums {
    athlete_budget *budget;
    void *block;
    size_t per_row; /* n_outputs x n_sums */
    shap_lanes *lanes;
} shap_sums;

athlete_status shap_walk_rows(const shap_forest *explainer, const float *rows, size_t n, size_t n_sums,
                              shap_walk *walk, shap_sums *sums, athlete_poll *poll);

static inline double shap_sum(const shap_sums *sums, size_t row, size_t i) {
    const shap_lanes *group = sums->lanes + row / SHAP_LANES * sums->per_row;
    return ((const double *)(group + i))[row % SHAP_LANES];
}

void shap_sums_free(shap_sums *sums);

#endif

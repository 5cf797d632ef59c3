/* The compiled forest, and what one level of vector instructions does with it. */
#ifndef ATHLETE_TREES_SCORER_SCORER_KERNEL_H
#define ATHLETE_TREES_SCORER_SCORER_KERNEL_H

#include "base/simd.h"
#include "trees/model/model.h"
#include "trees/model/walk.h"

typedef struct scorer scorer;

#define GROUP          128 /* rows that a tree is evaluated for at a time */
#define MAX_LEAVES     256 /* their numbers are bytes */
#define BUCKET         8   /* thresholds that the second step of ranking compares */
#define MAX_BYTE_SCALE 255
#define MAX_WORD_SCALE 65535
#define OTHER_CATEGORY 254 /* in no set */
#define NO_CATEGORY    255 /* missing */
#define PLANES_LEAVES  64  /* the largest tree whose leaf values are looked up by bytes */
#define CATEGORY_SET   32  /* bytes of a set: bit c % 8 of byte c / 8 is 1 if category c goes right */

/* How the values of one feature are ranked.
**
** The scale of a numeric feature is -infinity and the distinct thresholds, in ascending order, and a value's rank the
** number of entries that are not above it: 0 if it is missing, else 1 + the thresholds t with t <= x. So x < t(k)
** exactly when the rank is at most k + 1. For splits that send missing values right, 1 is taken off, and 0 wraps round
** to the greatest rank there is. Bytes and words are stored with their top bit turned round because SSE2 and
** AVX2 compare signed integers alone. */
typedef enum column_kind { COLUMN_BYTES, COLUMN_WORDS, COLUMN_CATEGORIES } column_kind;

#define NO_RANKS SIZE_MAX

typedef struct scorer_column {
    column_kind kind;
    uint32_t feature;
    size_t first, n; /* its scale in `scale`, padded with NaN to whole buckets */
    size_t left,
        right; /* where in a block its ranks begin for splits whose missing values go there, or NO_RANKS */
} scorer_column;

/* One split of a tree: to = rank < bound ? left : right, for the rows of a group. Operands are places in the block's
** `leaves`: GROUP times each leaf's own number, then the results of other splits. */
typedef struct scorer_node {
    uint32_t ranks; /* where the group's ranks begin, for the first group */
    int32_t bound;  /* of COLUMN_CATEGORIES where its set begins */
    uint16_t left, right, to;
    uint16_t kind;
} scorer_node;

#define LEAVES_BYTES ((2 * MAX_LEAVES) * GROUP)

typedef enum tree_way { WAY_BLEND, WAY_WALK, WAY_REFERENCE } tree_way;

typedef struct scorer_tree {
    tree_way way;
    bool bytes_only; /* all splits are of COLUMN_BYTES */
    uint16_t root;   /* where the row's leaf is found */
    uint32_t output, n_leaves;
    size_t first_node, n_nodes;
    size_t first_value; /* of its leaves */
    size_t first_plane; /* the same as 4 planes of bytes, each for whole 16 leaves, lowest byte first */
    size_t walk, n_walk;
} scorer_tree;

typedef struct scorer_kernel {
    /* Ranks of the rows of `n_groups` groups; either output may be NULL. */
    void (*rank)(const float *values, size_t n_groups, const float *scale, size_t n_buckets, uint8_t *left,
                 uint8_t *right);
    /* Adds the tree's leaves to the sums of a group. */
    void (*add_tree)(const scorer *compiled, const scorer_tree *tree, size_t group, const uint8_t *ranks,
                     uint8_t *leaves, float *sums);
    /* Where each of 32 rows stands among the bytes, and among the words, of their ranks. */
    uint8_t byte_of_row[32], word_of_row[32];
} scorer_kernel;

#define ROWS_IN_ORDER                                                                                        \
    {                                                                                                        \
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,    \
            27, 28, 29, 30, 31                                                                               \
    }

static inline size_t place_of_row(const uint8_t place_of[32], size_t row) {
    return (row & ~(size_t)31) + place_of[row & 31];
}

struct scorer {
    const forest *model;
    const scorer_kernel *kernel; /* NULL: all trees are walked */
    size_t n_columns, rank_bytes;
    scorer_column *columns;
    float *scale;
    scorer_tree *trees;
    scorer_node *nodes;
    uint8_t *sets;
    float *values;
    uint8_t *planes;
    walk_node *walks;
};

#ifdef ATHLETE_X86
extern const scorer_kernel scorer_kernel_avx2, scorer_kernel_sse2;
#endif
#ifdef ATHLETE_NEON
extern const scorer_kernel scorer_kernel_neon;
#endif

#endif

/* Scoring many rows: a forest compiled into a form in which 16 or 32 rows take a split at once.
**
** A row's features are first turned into ranks, small whole numbers that say where a value stands among the thresholds
** that the model has for the feature; comparing a rank is comparing the value. A tree is then evaluated from its
** leaves to its root, for all rows alike: a split chooses, per row, between the leaf that its left side has found and the
** leaf that its right side has found, so the root is left with the number of the row's leaf. That is one comparison
** and one choice of bytes per split, without any branch on the data, and 32 rows fit a register of AVX2. It takes a
** step for every split of the tree and not only for those on a row's way, and is still the fastest by far.
** (CatBoost compares bytes in the same way, for its symmetric trees alone.)
**
** A tree of more than 256 leaves or with a split that no rank expresses is walked (walk.h, or predict.c). Whatever the
** way, leaves are added in float32 in the order of the trees, so margins have the bits of that sum. */
#ifndef ATHLETE_TREES_SCORER_SCORER_H
#define ATHLETE_TREES_SCORER_SCORER_H

#include "base/simd.h"
#include "trees/model/rounds.h"
#include "trees/model/walk.h"

#define SCORER_ROWS 256 /* most rows of a block */
#define SCORER_STRIDE                                                                                        \
    272 /* floats from one feature to the next: a power of two would crowd them in one cache set */

typedef struct scorer scorer;

/* Compiles the forest, which must outlive the scorer. `level` is simd_available(), or less to compare. */
athlete_status scorer_open(const forest *model, simd_level level, athlete_budget *budget, scorer **out);
void scorer_close(athlete_budget *budget, scorer *compiled);

/* What a call needs besides the scorer; several may use one scorer at the same time. */
typedef struct scorer_block {
    float *
        columns; /* to be filled in: the value of feature f in row r at f * SCORER_STRIDE + r; NaN is missing */
    float *margins;  /* per output o and row r at o * SCORER_ROWS + r */
    tree_span trees; /* that are added up: all of them unless narrowed after opening */
    uint8_t *ranks, *leaves;
    void *memory;
} scorer_block;

athlete_status scorer_block_open(const scorer *compiled, athlete_budget *budget, scorer_block *block);
void scorer_block_close(athlete_budget *budget, scorer_block *block);

/* The margins of the block's first `n_rows` rows. ATHLETE_INTERRUPTED when the poll asks to stop. */
athlete_status scorer_margins(const scorer *compiled, scorer_block *block, size_t n_rows, athlete_poll *poll);

/* The margins of one row; `inputs` has room for 2 n_features + 2 numbers. */
void scorer_row(const scorer *compiled, const float *row, float *inputs, float *margins);

#endif

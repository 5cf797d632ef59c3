/* The rows of each leaf of a tree, block by block of the training set.
**
** A pass over all rows that went leaf by leaf would fetch every line of memory once for each leaf that has a row in it. A block is
** small enough for the second-level cache, and within it each leaf's rows, which ascend, are a run to be searched for. Blocks
** are parts for threads that never write to the same line. */
#ifndef ATHLETE_TREES_LEARNER_LEAF_ROWS_H
#define ATHLETE_TREES_LEARNER_LEAF_ROWS_H

#include <stddef.h>
#include <stdint.h>

#define LEAF_BLOCK_ROWS 4096

/* A block has enough rows for finding each leaf's first one to cost little. */
static inline size_t leaf_block_rows(size_t n_leaves) {
    return n_leaves < LEAF_BLOCK_ROWS / 16 ? LEAF_BLOCK_ROWS : 16 * n_leaves;
}

/* How many of n ascending rows are below `row`, without a branch that could be guessed wrong. */
static inline size_t rows_before_by_halves(const uint32_t *rows, size_t n, size_t row) {
    const uint32_t *first = rows;
    for (; n > 1; n -= n / 2) first = first[n / 2 - 1] < row ? first + n / 2 : first;
    return (size_t)(first - rows) + (n > 0 && *first < row);
}

/* The same of a leaf's n rows out of n_all, looked for by ever larger steps from where it is if they are evenly spread: in memory
** that is about to be read, where halves of the whole leaf would fetch a line for each of the first ten or so. */
static inline size_t rows_before(const uint32_t *rows, size_t n, size_t row, size_t n_all) {
    if (n == 0) return 0;
    size_t at = (size_t)((uint64_t)row * n / n_all), step = 16;
    if (rows[at] < row) {
        for (at++; n - at >= step && rows[at + step - 1] < row; step *= 2) at += step;
        return at + rows_before_by_halves(rows + at, n - at < step ? n - at : step, row);
    }
    for (; at >= step && rows[at - step] >= row; step *= 2) at -= step;
    size_t first = at < step ? 0 : at - step;
    return first + rows_before_by_halves(rows + first, at - first, row);
}

#endif

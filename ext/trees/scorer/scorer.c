/* Scoring a block of rows with a compiled forest (scorer_compile.c). */
#include "trees/scorer/scorer.h"

#include <math.h>
#include <string.h>
#include "base/precondition.h"
#include "trees/model/predict.h"
#include "trees/scorer/scorer_kernel.h"

/* --- a block -------------------------------------------------------------------------------------------- */

#define ALIGNMENT 64 /* a cache line */

static size_t whole_lines(size_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

athlete_status scorer_block_open(const scorer *compiled, athlete_budget *budget, scorer_block *block) {
    *block = (scorer_block){.trees = forest_all(compiled->model)};
    size_t columns = whole_lines(((size_t)compiled->model->n_features + 1) * SCORER_STRIDE * sizeof(float));
    size_t margins = whole_lines((size_t)compiled->model->n_outputs * SCORER_ROWS * sizeof(float));
    size_t leaves = compiled->kernel ? LEAVES_BYTES : 0;
    block->memory = memory_zeroed(budget, 1, columns + margins + compiled->rank_bytes + leaves + ALIGNMENT);
    if (!block->memory) return memory_status(budget);
    uint8_t *at = (uint8_t *)block->memory + (ALIGNMENT - (uintptr_t)block->memory % ALIGNMENT);
    block->columns = (void *)at;
    float *never = block->columns + (size_t)compiled->model->n_features * SCORER_STRIDE; /* for walk_rows */
    for (size_t r = 0; r < SCORER_ROWS; r++) never[r] = NAN;
    block->margins = (void *)(at + columns);
    block->ranks = at + columns + margins;
    block->leaves = block->ranks + compiled->rank_bytes;
    for (size_t id = 0; id < MAX_LEAVES && leaves > 0; id++) {
        memset(block->leaves + id * GROUP, (int)id, GROUP);
    }
    return ATHLETE_OK;
}

void scorer_block_close(athlete_budget *budget, scorer_block *block) {
    memory_free(budget, block->memory);
    *block = (scorer_block){.memory = NULL};
}

/* --- ranks ---------------------------------------------------------------------------------------------- */

static uint16_t scorer_rank_of(float x, const float *scale, size_t n) {
    size_t low = 0, high = n; /* entries below low are reached, those from high are not */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (x >= scale[middle]) low = middle + 1;
        else high = middle;
    }
    return (uint16_t)low;
}

static void store_word(uint8_t *to, uint16_t word) {
    word ^= 0x8000;
    memcpy(to, &word, sizeof word);
}

static void rank_words(const scorer *compiled, const scorer_column *column, const float *values,
                       size_t n_rows, uint8_t *ranks) {
    for (size_t r = 0; r < n_rows; r++) {
        uint16_t rank = scorer_rank_of(values[r], compiled->scale + column->first, column->n);
        size_t at = 2 * place_of_row(compiled->kernel->word_of_row, r);
        if (column->left != NO_RANKS) store_word(ranks + column->left + at, rank);
        if (column->right != NO_RANKS) store_word(ranks + column->right + at, (uint16_t)(rank - 1));
    }
}

static void code_categories(const scorer *compiled, const scorer_column *column, const float *values,
                            size_t n_rows, uint8_t *ranks) {
    if (column->left == NO_RANKS) return; /* only trees that are walked look at it */
    for (size_t r = 0; r < n_rows; r++) {
        float x = values[r];
        uint8_t code = isnan(x) ? NO_CATEGORY : x >= 0 && x < (float)column->n ? (uint8_t)x : OTHER_CATEGORY;
        ranks[column->left + place_of_row(compiled->kernel->byte_of_row, r)] = code;
    }
}

static void rank_column(const scorer *compiled, const scorer_column *column, scorer_block *block,
                        size_t n_groups) {
    const float *values = block->columns + column->feature * (size_t)SCORER_STRIDE;
    size_t n_rows = n_groups * GROUP;
    switch (column->kind) {
    case COLUMN_BYTES:
        compiled->kernel->rank(values, n_groups, compiled->scale + column->first,
                               (column->n + BUCKET - 1) / BUCKET,
                               column->left == NO_RANKS ? NULL : block->ranks + column->left,
                               column->right == NO_RANKS ? NULL : block->ranks + column->right);
        break;
    case COLUMN_WORDS: rank_words(compiled, column, values, n_rows, block->ranks); break;
    case COLUMN_CATEGORIES: code_categories(compiled, column, values, n_rows, block->ranks); break;
    }
}

/* --- margins -------------------------------------------------------------------------------------------- */

/* Adds one tree to the sums of all rows; false when the poll asks to stop. */
static bool scorer_add_tree(const scorer *compiled, size_t t, scorer_block *block, size_t n_rows,
                            athlete_poll *poll) {
    const scorer_tree *tree = &compiled->trees[t];
    float *sums = block->margins + tree->output * (size_t)SCORER_ROWS;
    switch (tree->way) {
    case WAY_BLEND:
        for (size_t group = 0; group * GROUP < n_rows; group++) {
            compiled->kernel->add_tree(compiled, tree, group, block->ranks, block->leaves,
                                       sums + group * GROUP);
        }
        return !poll_due(poll, (tree->n_nodes + GROUP) * (n_rows / GROUP + 1));
    case WAY_WALK:
        for (size_t r = 0; r < n_rows; r += WALK_LANES) {
            size_t steps =
                walk_rows(compiled->walks + tree->walk, block->columns + r, SCORER_STRIDE, sums + r);
            if (poll_due(poll, steps)) return false;
        }
        return true;
    case WAY_REFERENCE: break;
    }
    for (size_t r = 0; r < n_rows; r++) {
        sums[r] += forest_leaf(compiled->model, t, block->columns + r, SCORER_STRIDE)->value;
        size_t most_steps = compiled->model->tree_end[t] - forest_tree_start(compiled->model, t);
        if (poll_due(poll, most_steps)) return false;
    }
    return true;
}

athlete_status scorer_margins(const scorer *compiled, scorer_block *block, size_t n_rows,
                              athlete_poll *poll) {
    assert(n_rows > 0 && n_rows <= SCORER_ROWS);
    const forest *model = compiled->model;
    for (int o = 0; o < model->n_outputs; o++) {
        float *sums = block->margins + (size_t)o * SCORER_ROWS;
        for (size_t r = 0; r < SCORER_ROWS; r++) sums[r] = model->base_margins[o];
    }
    for (size_t c = 0; c < compiled->n_columns; c++) {
        rank_column(compiled, &compiled->columns[c], block, (n_rows + GROUP - 1) / GROUP);
        if (poll_due(poll, n_rows)) return ATHLETE_INTERRUPTED;
    }
    for (size_t t = block->trees.first; t < block->trees.end; t++) {
        if (!scorer_add_tree(compiled, t, block, n_rows, poll)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

void scorer_row(const scorer *compiled, const float *row, float *inputs, float *margins) {
    const forest *model = compiled->model;
    memcpy(margins, model->base_margins, (size_t)model->n_outputs * sizeof *margins);
    walk_inputs(row, model->n_features, inputs);
    for (size_t t = 0; t < model->n_trees;) {
        const walk_node *roots[WALK_LANES];
        float values[WALK_LANES];
        const scorer_tree *tree = &compiled->trees[t];
        size_t n = 0;
        while (n < WALK_LANES && t + n < model->n_trees && tree[n].n_walk > 0) {
            roots[n] = compiled->walks + tree[n].walk;
            n++;
        }
        if (n == 0) {
            n = 1;
            values[0] = forest_leaf(model, t, row, 1)->value;
        } else {
            walk_trees(roots, n, inputs, values);
        }
        for (size_t k = 0; k < n; k++) margins[tree[k].output] += values[k];
        t += n;
    }
}

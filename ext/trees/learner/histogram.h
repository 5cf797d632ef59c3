/* Sums of gradients and hessians per bin, the only thing that a split is chosen from.
**
** Rows are added in blocks. Of each row of a block the record, half a cache line for up to 28 features, is fetched while the block
** before is added, and copied to the first-level cache; then the block is added to the bins of eight features at a time, whose
** slots are in that cache too. The slots of all features are not, so a block has so many rows that fetching eight features' slots
** anew costs little for each. Threads add different rows to histograms of their own, which are added up at the end. */
#ifndef ATHLETE_TREES_LEARNER_HISTOGRAM_H
#define ATHLETE_TREES_LEARNER_HISTOGRAM_H

#include "trees/learner/gradients.h"

/* offset[n_features] slots: of one word in the form of the row_gradients, or of two, gradient and hessian, if `wide`. */
typedef struct histogram {
    int64_t *words;
    bool wide;
} histogram;

/* Memory for adding rows up, used over and over. */
typedef struct histogram_builder {
    const bin_matrix *bins;
    const row_gradients *gradients;
    athlete_pool *pool;
    int n_hands;
    struct histogram_scratch *scratch; /* per hand */
} histogram_builder;

athlete_status histogram_begin(histogram_builder *builder, const bin_matrix *bins,
                               const row_gradients *gradients, athlete_budget *budget, athlete_pool *pool);
void histogram_end(histogram_builder *builder, athlete_budget *budget);

/* Words that any histogram of these bins may need. */
size_t histogram_words(const bin_matrix *bins);

/* The histogram of the n given rows, in the narrowest form that holds it. */
athlete_status histogram_build(histogram_builder *builder, const uint32_t *rows, size_t n, histogram *out);

/* Adds `value` to the bins of each of the n rows: what the histogram of one-word slots changes by when every row's word does. */
void histogram_add(const histogram_builder *builder, const uint32_t *rows, size_t n, int64_t value,
                   int64_t *words);

/* whole -= part: what is left is the histogram of the sibling, of n rows. */
void histogram_subtract(const histogram_builder *builder, histogram *whole, const histogram *part, size_t n);

/* The same for a part of which no histogram is wanted otherwise, if its rows are so few that it is quicker to take them away one by
** one; else nothing is done and the answer is false. */
bool histogram_remove(const histogram_builder *builder, const uint32_t *rows, size_t n, histogram *whole);

static inline gradient_sum histogram_slot(const histogram *h, size_t slot, int shift) {
    if (h->wide) return (gradient_sum){h->words[2 * slot], h->words[2 * slot + 1]};
    return slot_sum(h->words[slot], shift);
}

#endif

/* scan.h's search in four features at once, a feature in each lane of a vector: then running sums are one addition for four
** cuts. */
#ifndef ATHLETE_TREES_LEARNER_SCAN_AVX2_H
#define ATHLETE_TREES_LEARNER_SCAN_AVX2_H

#include "trees/learner/scan.h"

#ifdef ATHLETE_X86
/* At level SIMD_256, of features of one histogram whose rows are not counted, without directions, at a node without bounds. Cuts
** of a score below `reached`, which another feature has, may be left out.
** Behind a feature's bins come what is missing and empty slots, so that its sums may be followed to the largest n_bins of the four: nothing
** is left on the right there. */
void scan_avx2(const scan_feature features[4], const scan_node *node, double reached, scan_cut best[4]);
#endif

#endif

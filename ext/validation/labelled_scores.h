/* Scores of cases that turned out to be one thing (label 1) or not (label 0), and what they are worth. */
#ifndef ATHLETE_VALIDATION_LABELLED_SCORES_H
#define ATHLETE_VALIDATION_LABELLED_SCORES_H

#include <stdbool.h>
#include <stddef.h>
#include "base/memory.h"
#include "base/poll.h"

#define CALIBRATION_MOST_BINS 1000

/* By label; all zeros when empty. Sorted upwards by labelled_sort, which is to come before anything else. */
typedef struct labelled_scores {
    double *scores[2];
    size_t n[2], capacity[2];
} labelled_scores;

athlete_status labelled_add(labelled_scores *all, double score, bool is_positive, athlete_budget *budget);
athlete_status labelled_sort(labelled_scores *all, athlete_budget *budget, athlete_poll *poll);
void labelled_free(labelled_scores *all, athlete_budget *budget);

/* Walks over the different scores upwards, with how many of each label have it. */
typedef struct labelled_walk {
    const labelled_scores *all;
    size_t at[2]; /* of each label, how many are done */
    double score;
    size_t n[2]; /* of this score */
} labelled_walk;
bool labelled_next(labelled_walk *walk);

/* The chance that a positive case has the higher score of two, ties counting half: the area under the receiver operating
** characteristic. The pairs are whole numbers. NAN without cases of both labels. */
double roc_area(const labelled_scores *all);

/* How far probabilities are from how often it came true: the mean over cases of the distance between the mean score and the share of
** positives in the case's bin. Bins are equally wide from 0 to 1, or have equally many cases: they end at the quantiles (type 7)
** of the scores. A score on an edge belongs below it. NAN without cases. Naeini, Cooper & Hauskrecht 2015, AAAI, 2901. */
athlete_status calibration_error(const labelled_scores *all, size_t bins, bool equal_counts,
                                 athlete_budget *budget, athlete_poll *poll, double *error);

#endif

/* From a score to a probability that keeps its word: isotonic regression and Platt's sigmoid.
**
** Sources: Zadrozny & Elkan 2002, KDD, 694; pool adjacent violators, Ayer et al. 1955, Ann. Math. Stat. 26:641. Platt 1999, Advances in
** Large Margin Classifiers, 61, by the steps of Lin, Lin & Weng 2007, Mach. Learn. 68:267. */
#ifndef ATHLETE_VALIDATION_CALIBRATION_H
#define ATHLETE_VALIDATION_CALIBRATION_H

#include "base/fault.h"
#include "base/text/text_buffer.h"
#include "validation/labelled_scores.h"

typedef enum calibration_method {
    CALIBRATION_ISOTONIC,
    CALIBRATION_PLATT,
    CALIBRATION_LOGIT
} calibration_method;

#define CALIBRATION_METHODS                                                                                  \
    { "isotonic", "platt", "logit", NULL }

typedef struct calibration {
    calibration_method method;
    double a, b; /* a sigmoid: 1 / (1 + exp(a score + b)), of the score's log odds for logit */
    double *x,
        *y; /* isotonic: n knots, x ascending, y not descending; between them a line, outside the end's value */
    size_t n_knots;
    double rows, positives; /* of the training */
} calibration;

/* Fits to sorted scores, of which there are some of both labels; for logit each is above 0 and below 1. Free it also after a failure. */
athlete_status calibration_fit(const labelled_scores *all, calibration_method method, athlete_budget *budget,
                               athlete_poll *poll, calibration *fitted);
void calibration_free(calibration *fitted, athlete_budget *budget);

/* The probability for a score; NAN for logit where the score is no probability. */
double calibration_apply(const calibration *fitted, double score);

/* Adds the text: {"model": "calibration", "method": …, "rows": …, "positives": …, "a": …, "b": …} or with "x": […], "y": […]. */
void calibration_write(const calibration *fitted, text_buffer *text);
athlete_status calibration_read(const char *text, size_t length, athlete_budget *budget, athlete_poll *poll,
                                calibration *fitted, athlete_fault *fault);

#endif

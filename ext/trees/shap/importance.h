/* Which features a forest uses, and how much: XGBoost's five measures (Booster.get_score), and mean |SHAP|. */
#ifndef ATHLETE_TREES_SHAP_IMPORTANCE_H
#define ATHLETE_TREES_SHAP_IMPORTANCE_H

#include "base/numbers/sum.h"
#include "trees/shap/shap.h"

typedef struct feature_importance {
    int64_t weight;                 /* splits that ask for the feature */
    double total_gain, total_cover; /* sums over them; the means are these by weight */
    athlete_sum shap;               /* sum over rows and outputs of the size of its SHAP values */
} feature_importance;

/* Fills n_features items from the given trees, the SHAP sums with 0. */
void importance_of_splits(const forest *model, tree_span trees, feature_importance *features);

/* Adds the SHAP values of n rows (at most SHAP_BLOCK_ROWS) of n_features. `contributions` has room for those of n. */
athlete_status importance_add_rows(const shap_forest *explainer, const float *rows, size_t n,
                                   double *contributions, feature_importance *features, athlete_poll *poll);

#endif

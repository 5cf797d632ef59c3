/* LightGBM's text models, both ways.
**
** LightGBM compares doubles, `x <= threshold` goes left; XGBoost, and so everything here, compares float32,
** `x < threshold`. Between two float32 there is a double that separates what rounds to the one from what rounds to the
** other, so a model can be written such that LightGBM sends every double where it goes here. A model that is read goes
** the same way for every value that is a float32; a double that is none can lie between LightGBM's threshold and the
** float32 it rounds to, and then goes the way of that float32. And LightGBM takes every number of a size up to 1e-35
** for zero before it looks at a tree. */
#ifndef ATHLETE_TREES_FORMAT_LIGHTGBM_H
#define ATHLETE_TREES_FORMAT_LIGHTGBM_H

#include "trees/model/model.h"

/* Bits of a split's decision_type (LightGBM's include/LightGBM/tree.h). */
enum { LIGHTGBM_CATEGORICAL = 1, LIGHTGBM_DEFAULT_LEFT = 2, LIGHTGBM_MISSING_NAN = 8 };

/* Whether the text starts like one of LightGBM's. */
bool lightgbm_is(const char *text, size_t length);

/* Appends the model as LightGBM reads it. Leaves are float32 values written as doubles, and what every prediction
** starts from is in the first tree of each class: margins are the same sums, in double.
**
** LightGBM sends missing values past a split's categories. Where they go with them here, a split in front finds them,
** and the branch that the categories lead to is there twice; ATHLETE_INVALID, with the fault, if that multiplies a
** tree beyond measure. Values of categories that are negative fractions above -1 are category 0 in LightGBM and no
** category here. */
athlete_status lightgbm_write(const forest *model, text_buffer *out, athlete_poll *poll,
                              athlete_fault *fault);

/* Reads LightGBM's text, which may come from anyone and must be terminated by a zero byte; the forest's objective becomes the
** name that XGBoost has for its own. Leaves are rounded to float32; covers are LightGBM's counts of rows, from which it
** explains predictions too. Linear trees, zeros that are missing values and objectives with an output of their own are
** refused. Free the forest also after a failure. */
athlete_status lightgbm_read(const char *text, size_t length, athlete_budget *budget, athlete_poll *poll,
                             forest *model, athlete_fault *fault);

#endif

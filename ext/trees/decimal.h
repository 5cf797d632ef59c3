/* Decimal text and doubles, the same on every platform and in every locale. */
#ifndef ATHLETE_TREES_DECIMAL_H
#define ATHLETE_TREES_DECIMAL_H

#include "base/status.h"

/* Reads the JSON number at *text into the nearest double (an infinity when it is beyond all of them) and moves *text
** behind it. ATHLETE_INVALID, and nothing moved, if no number is there; ATHLETE_NOMEM. The text must be terminated. */
athlete_status decimal_read(const char **text, double *x);

#endif

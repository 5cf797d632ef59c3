/* What a function takes for granted of its caller, checked where ATHLETE_DEBUG is defined: in debug, sanitized and fuzzed builds.
**
** assert(condition) is never about data, which comes from anyone and is answered with a sentence. */
#ifndef ATHLETE_BASE_PRECONDITION_H
#define ATHLETE_BASE_PRECONDITION_H

#if !defined(ATHLETE_DEBUG) && !defined(NDEBUG)
#define NDEBUG
#endif
#include <assert.h>

#endif

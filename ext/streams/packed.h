/* One channel of a recording, such as its heart rate, as bytes: a number for each sample, in about a byte.
**
**     1                      the version of this form
**     decimals               0 to 6: numbers are whole multiples of 10^-decimals
**     order                  1: each is told by its difference from the one before; 2: by how far that difference differs from the one before
**     n                      samples, a varint: seven bits in each byte, the lowest first, the eighth set where more follow
**     tokens                 varints: 2 x code, or 2 x code + 1 and then r for the same code r + 2 times
**
** A code of 0 is a sample without a value, any other 1 + the zigzag of the difference: 0, -1, 1, -2 … are 0, 1, 2, 3 … What
** stands before the first value is 0. A sample without a value changes nothing for those after it. */
#ifndef ATHLETE_STREAMS_PACKED_H
#define ATHLETE_STREAMS_PACKED_H

#include <stddef.h>
#include "base/fault.h"
#include "base/memory.h"
#include "base/poll.h"

#define STREAM_MOST_SAMPLES 1000000 /* ten days of one a second are 864,000 */

typedef struct stream {
    double *x; /* NaN: no value */
    size_t n;
} stream;

/* ATHLETE_INVALID with a sentence for what is no channel. Free with stream_free also after a failure. */
athlete_status stream_unpack(athlete_poll *poll, const unsigned char *bytes, size_t n_bytes,
                             athlete_budget *budget, stream *out, athlete_fault *fault);
void stream_free(athlete_budget *budget, stream *s);

#endif

#include "streams/packed.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define MOST_DECIMALS 6
#define LARGEST       ((int64_t)1 << 53) /* beyond it a double skips whole numbers */

typedef struct packed_bytes {
    const unsigned char *at, *end;
} packed_bytes;

static bool take_varint(packed_bytes *bytes, uint64_t *out) {
    *out = 0;
    for (int shift = 0; shift < 63 && bytes->at < bytes->end; shift += 7) {
        unsigned char byte = *bytes->at++;
        *out |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) return true;
    }
    return false;
}

typedef struct packed_value {
    int64_t value, step;
    int order;
} packed_value;

/* False when the number leaves the range. */
static bool value_advance(packed_value *v, uint64_t zigzag) {
    if (zigzag > (uint64_t)LARGEST * 4) return false;
    int64_t difference = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
    v->step = v->order == 2 ? v->step + difference : difference;
    if (v->step > 2 * LARGEST || v->step < -2 * LARGEST) return false;
    v->value += v->step;
    return v->value <= LARGEST && v->value >= -LARGEST;
}

static athlete_status damaged(athlete_fault *fault, const char *what) {
    return fault_refuse(fault, "is no channel of a recording, or a damaged one: %s", what);
}

static athlete_status take_samples(athlete_poll *poll, packed_bytes *bytes, int order, double unit,
                                   stream *out, athlete_fault *fault) {
    packed_value v = {0, 0, order};
    for (size_t filled = 0; filled < out->n;) {
        uint64_t token, repeats = 0;
        if (!take_varint(bytes, &token)) return damaged(fault, "its samples end early");
        if (token & 1) {
            if (!take_varint(bytes, &repeats)) return damaged(fault, "its samples end early");
            if (repeats > STREAM_MOST_SAMPLES) return damaged(fault, "it has more samples than it says");
            repeats++;
        }
        if (repeats >= out->n - filled) return damaged(fault, "it has more samples than it says");
        if (poll_due(poll, 8 * (size_t)(repeats + 1))) return ATHLETE_INTERRUPTED;
        for (uint64_t code = token >> 1, i = 0; i <= repeats; i++) {
            if (code && !value_advance(&v, code - 1)) return damaged(fault, "a number is out of range");
            out->x[filled++] = code ? (double)v.value / unit : NAN;
        }
    }
    return bytes->at == bytes->end ? ATHLETE_OK : damaged(fault, "bytes follow its last sample");
}

athlete_status stream_unpack(athlete_poll *poll, const unsigned char *bytes, size_t n_bytes,
                             athlete_budget *budget, stream *out, athlete_fault *fault) {
    *out = (stream){NULL, 0};
    if (n_bytes < 4 || bytes[0] != 1) return damaged(fault, "it does not begin as one");
    if (bytes[1] > MOST_DECIMALS || bytes[2] < 1 || bytes[2] > 2)
        return damaged(fault, "its decimals or its order are none");
    packed_bytes rest = {bytes + 3, bytes + n_bytes};
    uint64_t n;
    if (!take_varint(&rest, &n) || n > STREAM_MOST_SAMPLES)
        return damaged(fault, "it has more than 1,000,000 samples");
    double unit = 1;
    for (int i = 0; i < bytes[1]; i++) unit *= 10;
    out->x = memory_alloc(budget, n ? n : 1, sizeof *out->x);
    if (!out->x) return memory_status(budget);
    out->n = (size_t)n;
    return take_samples(poll, &rest, bytes[2], unit, out, fault);
}

void stream_free(athlete_budget *budget, stream *s) {
    memory_free(budget, s->x);
    *s = (stream){NULL, 0};
}

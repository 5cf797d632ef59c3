#include "base/numbers/exact_sum.h"

#include <string.h>

#define LIMB_BITS      32
#define LIMB_MASK      0xffffffffu
#define UNIT_BIT       1074 /* the bit that is worth 1 */
#define FRACTION       52   /* bits of a double's fraction */
#define EXACT_INFINITE ((uint64_t)0x7ff << FRACTION)
#define SETTLE_AFTER   ((uint32_t)1 << 30) /* terms of less than 2^32 in a limb of 2^63 */

static double double_of(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Passes the carries on: every limb that was touched but the last of them then holds 32 bits, and the last has the sign. */
static void settle(exact_sum *sum) {
    int64_t carry = 0;
    for (int i = sum->first; i < sum->end; i++) {
        carry += sum->limb[i];
        bool is_last = i == EXACT_SUM_LIMBS - 1 ||
                       (i == sum->end - 1 && carry >= -(int64_t)LIMB_MASK && carry <= (int64_t)LIMB_MASK);
        sum->limb[i] = is_last ? carry : (int64_t)((uint64_t)carry & LIMB_MASK);
        carry = is_last ? 0 : (carry - sum->limb[i]) / ((int64_t)1 << LIMB_BITS);
        if (i == sum->end - 1 && !is_last) sum->end++;
    }
    sum->n_unsettled = 0;
}

/* Adds size 2^(bit - 1074). */
static void add_at(exact_sum *sum, uint64_t size, int bit, bool negative) {
    int shift = bit % LIMB_BITS;
    int first = bit / LIMB_BITS;
    int64_t *limb = sum->limb + first;
    if (sum->end == 0 || first < sum->first) sum->first = (uint16_t)first;
    if (first + 3 > sum->end) sum->end = (uint16_t)(first + 3);
    int64_t sign = negative ? -1 : 1; /* times which is no branch */
    limb[0] += sign * (int64_t)(size << shift & LIMB_MASK);
    limb[1] += sign * (int64_t)(size >> (LIMB_BITS - shift) & LIMB_MASK);
    limb[2] += sign * (int64_t)(size >> LIMB_BITS >> (LIMB_BITS - shift));
    if (++sum->n_unsettled == SETTLE_AFTER) settle(sum);
}

void exact_sum_add(exact_sum *sum, double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint64_t fraction = bits & (((uint64_t)1 << FRACTION) - 1);
    int exponent = (int)(bits >> FRACTION & 0x7ff);
    if (exponent > 0) fraction |= (uint64_t)1 << FRACTION;
    add_at(sum, fraction, exponent > 0 ? exponent - 1 : 0, bits >> 63);
}

void exact_sum_add_integer(exact_sum *sum, int64_t x, bool negated) {
    add_at(sum, x < 0 ? -(uint64_t)x : (uint64_t)x, UNIT_BIT, (x < 0) != negated);
}

/* --- reading -------------------------------------------------------------------------------------------- */

/* The sum's size, settled; true when it is below 0. */
static bool magnitude(exact_sum *sum, exact_sum *size) {
    settle(sum);
    *size = *sum;
    bool negative = sum->end > 0 && sum->limb[sum->end - 1] < 0;
    for (int i = size->first; negative && i < size->end; i++) size->limb[i] = -size->limb[i];
    if (negative) settle(size);
    return negative;
}

/* The number of the highest bit that is set, or -1. */
static int top_bit(const exact_sum *size) {
    int i = size->end - 1;
    while (i >= 0 && size->limb[i] == 0) i--;
    if (i < 0) return -1;
    int bit = LIMB_BITS - 1;
    while (!(size->limb[i] >> bit & 1)) bit--;
    return LIMB_BITS * i + bit;
}

/* 64 bits from the given one on. */
static uint64_t bits_from(const exact_sum *size, int bit) {
    const int64_t *limb = size->limb + bit / LIMB_BITS;
    int shift = bit % LIMB_BITS, left = EXACT_SUM_LIMBS - bit / LIMB_BITS;
    uint64_t low = (uint64_t)limb[0], middle = left > 1 ? (uint64_t)limb[1] : 0,
             high = left > 2 ? (uint64_t)limb[2] : 0;
    return (low | middle << LIMB_BITS) >> shift | high << LIMB_BITS << (LIMB_BITS - shift);
}

static bool any_below(const exact_sum *size, int bit) {
    for (int i = size->first; i < bit / LIMB_BITS; i++)
        if (size->limb[i] != 0) return true;
    return (uint64_t)size->limb[bit / LIMB_BITS] & (((uint64_t)1 << bit % LIMB_BITS) - 1);
}

/* The nearest double to size + rest / parts, where rest < parts counts in the lowest bit. A double's bits, read as a whole
** number, count the doubles: what is rounded up is one more. */
static double exact_rounded(const exact_sum *size, bool negative, uint64_t rest, uint64_t parts) {
    int top = top_bit(size);
    int dropped = top > FRACTION ? top - FRACTION : 0;
    uint64_t bits = dropped > 2046 ? EXACT_INFINITE : ((uint64_t)dropped << FRACTION);
    if (bits < EXACT_INFINITE) {
        bits += bits_from(size, dropped) & (((uint64_t)1 << (FRACTION + 1)) - 1);
        bool half, more;
        if (dropped > 0) {
            half = bits_from(size, dropped - 1) & 1;
            more = rest > 0 || any_below(size, dropped - 1);
        } else {
            half = 2 * rest >= parts;
            more = 2 * rest > parts;
        }
        bits += half && (more || bits % 2 == 1);
    }
    if (bits > EXACT_INFINITE) bits = EXACT_INFINITE;
    return negative ? -double_of(bits) : double_of(bits);
}

double exact_sum_value(exact_sum *sum) {
    exact_sum size;
    bool negative = magnitude(sum, &size);
    return exact_rounded(&size, negative, 0, 1);
}

double exact_sum_mean(exact_sum *sum, uint32_t n) {
    exact_sum size;
    bool negative = magnitude(sum, &size);
    uint64_t rest = 0;
    for (int i = size.end - 1; i >= 0; i--) {
        uint64_t part = rest << LIMB_BITS | (uint64_t)size.limb[i];
        size.limb[i] = (int64_t)(part / n);
        rest = part % n;
    }
    size.first = 0; /* the quotient has digits below those of the sum */
    return exact_rounded(&size, negative, rest, n);
}

bool exact_sum_integer(exact_sum *sum, int64_t *x) {
    exact_sum size;
    bool negative = magnitude(sum, &size);
    int top = top_bit(&size);
    uint64_t whole = bits_from(&size, UNIT_BIT);
    if (top > UNIT_BIT + 63 || whole > (uint64_t)INT64_MAX + negative) return false;
    *x = negative ? (int64_t)-whole : (int64_t)whole;
    return true;
}

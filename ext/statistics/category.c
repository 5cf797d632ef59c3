#include "statistics/category.h"

#include <math.h>

#define CATEGORY_STRIDE 4096 /* rows between two reports of work */
#define CATEGORY_ROW_NS 10

static bool category_stop(athlete_poll *poll, size_t row) {
    return row % CATEGORY_STRIDE == 0 && poll_due(poll, CATEGORY_STRIDE * CATEGORY_ROW_NS);
}

/* The finalizer of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA, 453): a bijection that leaves no pattern of its input. */
static uint64_t category_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

typedef struct category_slot {
    uint64_t key; /* 0: free */
    uint32_t code;
} category_slot;

athlete_status category_codes(const uint64_t *keys, size_t n, athlete_budget *budget, athlete_poll *poll,
                              uint32_t *codes, size_t *n_codes) {
    *n_codes = 0;
    if (n >= CATEGORY_MISSING) return ATHLETE_OVER_LIMIT;
    size_t room = 16;
    while (room < 2 * n) room *= 2;
    category_slot *slots = memory_zeroed(budget, room, sizeof *slots);
    if (!slots) return memory_status(budget);
    athlete_status status = ATHLETE_OK;
    for (size_t i = 0; i < n; i++) {
        if (category_stop(poll, i)) {
            status = ATHLETE_INTERRUPTED;
            break;
        }
        codes[i] = CATEGORY_MISSING;
        if (keys[i] == 0) continue;
        size_t at = category_mix(keys[i]) & (room - 1);
        while (slots[at].key != 0 && slots[at].key != keys[i]) at = (at + 1) & (room - 1);
        if (slots[at].key == 0) slots[at] = (category_slot){keys[i], (uint32_t)(*n_codes)++};
        codes[i] = slots[at].code;
    }
    memory_free(budget, slots);
    return status;
}

typedef struct category_half {
    double sum;
    double n;
} category_half;

static double category_mean(category_half half) {
    return half.sum / half.n;
}

static unsigned category_side(size_t row) {
    return (unsigned)(category_mix(row + 1) & 1);
}

athlete_status category_encode(const uint32_t *codes, size_t n_codes, const double *label, size_t n,
                               athlete_budget *budget, athlete_poll *poll, double *encoded) {
    category_half all[2] = {{0, 0}, {0, 0}};
    category_half(*of)[2] = memory_zeroed(budget, n_codes ? n_codes : 1, sizeof *of);
    if (!of) return memory_status(budget);
    athlete_status status = ATHLETE_OK;
    for (size_t i = 0; i < n && status == ATHLETE_OK; i++) {
        if (category_stop(poll, i)) status = ATHLETE_INTERRUPTED;
        if (codes[i] == CATEGORY_MISSING || isnan(label[i])) continue;
        category_half *halves[] = {&all[category_side(i)], &of[codes[i]][category_side(i)]};
        for (int k = 0; k < 2; k++) {
            halves[k]->sum += label[i];
            halves[k]->n++;
        }
    }
    for (size_t i = 0; i < n && status == ATHLETE_OK; i++) {
        if (category_stop(poll, i)) status = ATHLETE_INTERRUPTED;
        encoded[i] = NAN;
        if (codes[i] == CATEGORY_MISSING || isnan(label[i])) continue;
        unsigned other = !category_side(i);
        category_half there = of[codes[i]][other];
        encoded[i] = there.n > 0 ? category_mean(there) - category_mean(all[other]) : 0;
    }
    memory_free(budget, of);
    return status;
}

#include "statistics/category.h"

#include <math.h>
#include "base/numbers/random.h"
#include "statistics/number_sort.h"

#define CATEGORY_STRIDE 4096 /* rows between two reports of work */
#define CATEGORY_ROW_NS 10

static bool category_stop(athlete_poll *poll, size_t row) {
    return row % CATEGORY_STRIDE == 0 && poll_due(poll, CATEGORY_STRIDE * CATEGORY_ROW_NS);
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
        size_t at = random_mix(keys[i]) & (room - 1);
        while (slots[at].key != 0 && slots[at].key != keys[i]) at = (at + 1) & (room - 1);
        if (slots[at].key == 0) slots[at] = (category_slot){keys[i], (uint32_t)(*n_codes)++};
        codes[i] = slots[at].code;
    }
    memory_free(budget, slots);
    return status;
}

athlete_status category_ranks(const uint64_t *keys, size_t n, athlete_budget *budget, athlete_poll *poll,
                              uint32_t *codes, size_t *n_codes) {
    *n_codes = 0;
    if (n >= CATEGORY_MISSING) return ATHLETE_OVER_LIMIT;
    double *places =
        memory_alloc(budget, n ? n : 1, sizeof *places); /* of the keys, on a line from 0 to 2^53 */
    if (!places) return memory_status(budget);
    for (size_t i = 0; i < n; i++) places[i] = (double)(random_mix(keys[i]) >> 11);
    athlete_status status = number_sort(budget, poll, places, n);
    for (size_t i = 0; i < n && status == ATHLETE_OK; i++) {
        if (*n_codes == 0 || places[i] != places[*n_codes - 1]) places[(*n_codes)++] = places[i];
    }
    for (size_t i = 0; i < n && status == ATHLETE_OK; i++) {
        if (category_stop(poll, i)) status = ATHLETE_INTERRUPTED;
        double place = (double)(random_mix(keys[i]) >> 11);
        size_t low = 0, high = *n_codes - 1;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (places[middle] < place) low = middle + 1;
            else high = middle;
        }
        codes[i] = (uint32_t)low;
    }
    memory_free(budget, places);
    return status;
}

void category_rows(const uint32_t *codes, size_t n, size_t n_codes, size_t *end, uint32_t *order) {
    for (size_t c = 0; c < n_codes; c++) end[c] = 0;
    for (size_t i = 0; i < n; i++) end[codes[i]]++;
    for (size_t c = 0, total = 0; c < n_codes; c++) {
        size_t size = end[c];
        end[c] = total;
        total += size;
    }
    for (size_t i = 0; i < n; i++) order[end[codes[i]]++] = (uint32_t)i;
}

typedef struct category_half {
    double sum;
    double n;
} category_half;

static double category_mean(category_half half) {
    return half.sum / half.n;
}

static unsigned category_side(size_t row) {
    return (unsigned)(random_mix(row + 1) & 1);
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

/* Scoring with SSE2, which every x86-64 has: 16 rows in a register. */
#include "trees/scorer/scorer_kernel.h"

#ifdef ATHLETE_X86
#include <emmintrin.h>

#define KERNEL
#define LANES 16

typedef __m128i lanes;

static inline lanes lanes_load(const void *from) {
    return _mm_loadu_si128(from);
}

static inline void lanes_store(void *to, lanes x) {
    _mm_storeu_si128(to, x);
}

static inline lanes lanes_all(int8_t byte) {
    return _mm_set1_epi8(byte);
}

static inline lanes lanes_less(lanes ranks, lanes bound) {
    return _mm_cmplt_epi8(ranks, bound);
}

static inline lanes lanes_less_words(const uint8_t *ranks, int16_t bound) {
    lanes bounds = _mm_set1_epi16(bound);
    return _mm_packs_epi16(_mm_cmplt_epi16(lanes_load(ranks), bounds),
                           _mm_cmplt_epi16(lanes_load(ranks + sizeof(lanes)), bounds));
}

static inline lanes lanes_choose(lanes mask, lanes yes, lanes no) {
    return _mm_or_si128(_mm_and_si128(mask, yes), _mm_andnot_si128(mask, no));
}

static inline lanes lanes_in_set(lanes codes, const uint8_t *set) {
    uint8_t code[LANES], inside[LANES];
    lanes_store(code, codes);
    for (size_t i = 0; i < LANES; i++) inside[i] = set[code[i] / 8] >> code[i] % 8 & 1 ? 255 : 0;
    return lanes_load(inside);
}

static inline void lanes_add_leaves(const scorer *compiled, const scorer_tree *tree, const uint8_t *leaves,
                                    float *sums) {
    const float *values = compiled->values + tree->first_value;
    for (size_t r = 0; r < GROUP; r++) sums[r] += values[leaves[r]];
}

#include "trees/scorer/scorer_lanes.h"

static inline lanes count_reached(lanes counts, __m128 values, __m128 entry) {
    return _mm_sub_epi32(counts, _mm_castps_si128(_mm_cmpge_ps(values, entry)));
}

/* As with AVX2, 16 values at a time. */
static void rank(const float *values, size_t n_groups, const float *scale, size_t n_buckets, uint8_t *left,
                 uint8_t *right) {
    static const uint8_t bits_set[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};
    for (size_t i = 0; i < n_groups * GROUP; i += LANES, values += LANES) {
        __m128 x[4];
        lanes bucket[4];
        for (size_t j = 0; j < 4; j++) {
            x[j] = _mm_loadu_ps(values + 4 * j);
            bucket[j] = _mm_setzero_si128();
        }
        for (size_t b = 1; b < n_buckets; b++) {
            __m128 first = _mm_set1_ps(scale[b * BUCKET]);
            for (size_t j = 0; j < 4; j++) bucket[j] = count_reached(bucket[j], x[j], first);
        }
        uint32_t start[LANES];
        for (size_t j = 0; j < 4; j++) lanes_store(start + 4 * j, _mm_slli_epi32(bucket[j], 3));
        uint8_t ranks[LANES];
        for (size_t r = 0; r < LANES; r++) {
            __m128 value = _mm_set1_ps(values[r]);
            const float *entry = scale + start[r];
            int low = _mm_movemask_ps(_mm_cmpge_ps(value, _mm_loadu_ps(entry)));
            int high = _mm_movemask_ps(_mm_cmpge_ps(value, _mm_loadu_ps(entry + 4)));
            ranks[r] = (uint8_t)(start[r] + bits_set[low] + bits_set[high]);
        }
        lanes all = lanes_load(ranks), top = lanes_all(-128);
        if (left) lanes_store(left + i, _mm_xor_si128(all, top));
        if (right) lanes_store(right + i, _mm_xor_si128(_mm_add_epi8(all, lanes_all(-1)), top));
    }
}

const scorer_kernel scorer_kernel_sse2 = {
    .rank = rank,
    .add_tree = add_tree,
    .byte_of_row = ROWS_IN_ORDER,
    .word_of_row = ROWS_IN_ORDER,
};

#endif

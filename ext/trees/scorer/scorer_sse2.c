/* Scoring with SSE2, which every x86-64 has: 16 rows in a register. */
#include "trees/scorer/scorer_kernel.h"

#ifdef ATHLETE_X86
#include <emmintrin.h>

#define LEVEL(name) sse2_##name
#define KERNEL
#define LANES 16

typedef __m128i sse2_lanes;

static inline sse2_lanes sse2_load(const void *from) {
    return _mm_loadu_si128(from);
}

static inline void sse2_store(void *to, sse2_lanes x) {
    _mm_storeu_si128(to, x);
}

static inline sse2_lanes sse2_all(int8_t byte) {
    return _mm_set1_epi8(byte);
}

static inline sse2_lanes sse2_less(sse2_lanes ranks, sse2_lanes bound) {
    return _mm_cmplt_epi8(ranks, bound);
}

static inline sse2_lanes sse2_less_words(const uint8_t *ranks, int16_t bound) {
    sse2_lanes bounds = _mm_set1_epi16(bound);
    return _mm_packs_epi16(_mm_cmplt_epi16(sse2_load(ranks), bounds),
                           _mm_cmplt_epi16(sse2_load(ranks + sizeof(sse2_lanes)), bounds));
}

static inline sse2_lanes sse2_choose(sse2_lanes mask, sse2_lanes yes, sse2_lanes no) {
    return _mm_or_si128(_mm_and_si128(mask, yes), _mm_andnot_si128(mask, no));
}

static inline sse2_lanes sse2_in_set(sse2_lanes codes, const uint8_t *set) {
    uint8_t code[LANES], inside[LANES];
    sse2_store(code, codes);
    for (size_t i = 0; i < LANES; i++) inside[i] = set[code[i] / 8] >> code[i] % 8 & 1 ? 255 : 0;
    return sse2_load(inside);
}

static inline void sse2_add_leaves(const scorer *compiled, const scorer_tree *tree, const uint8_t *leaves,
                                   float *sums) {
    const float *values = compiled->values + tree->first_value;
    for (size_t r = 0; r < GROUP; r++) sums[r] += values[leaves[r]];
}

#include "trees/scorer/scorer_lanes.h"

static inline sse2_lanes sse2_count_reached(sse2_lanes counts, __m128 values, __m128 entry) {
    return _mm_sub_epi32(counts, _mm_castps_si128(_mm_cmpge_ps(values, entry)));
}

/* As with AVX2, 16 values at a time. */
static void sse2_rank(const float *values, size_t n_groups, const float *scale, size_t n_buckets,
                      uint8_t *left, uint8_t *right) {
    static const uint8_t bits_set[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};
    for (size_t i = 0; i < n_groups * GROUP; i += LANES, values += LANES) {
        __m128 x[4];
        sse2_lanes bucket[4];
        for (size_t j = 0; j < 4; j++) {
            x[j] = _mm_loadu_ps(values + 4 * j);
            bucket[j] = _mm_setzero_si128();
        }
        for (size_t b = 1; b < n_buckets; b++) {
            __m128 first = _mm_set1_ps(scale[b * BUCKET]);
            for (size_t j = 0; j < 4; j++) bucket[j] = sse2_count_reached(bucket[j], x[j], first);
        }
        uint32_t start[LANES];
        for (size_t j = 0; j < 4; j++) sse2_store(start + 4 * j, _mm_slli_epi32(bucket[j], 3));
        uint8_t ranks[LANES];
        for (size_t r = 0; r < LANES; r++) {
            __m128 value = _mm_set1_ps(values[r]);
            const float *entry = scale + start[r];
            int low = _mm_movemask_ps(_mm_cmpge_ps(value, _mm_loadu_ps(entry)));
            int high = _mm_movemask_ps(_mm_cmpge_ps(value, _mm_loadu_ps(entry + 4)));
            ranks[r] = (uint8_t)(start[r] + bits_set[low] + bits_set[high]);
        }
        sse2_lanes all = sse2_load(ranks), top = sse2_all(-128);
        if (left) sse2_store(left + i, _mm_xor_si128(all, top));
        if (right) sse2_store(right + i, _mm_xor_si128(_mm_add_epi8(all, sse2_all(-1)), top));
    }
}

const scorer_kernel scorer_kernel_sse2 = {
    .rank = sse2_rank,
    .add_tree = sse2_add_tree,
    .byte_of_row = ROWS_IN_ORDER,
    .word_of_row = ROWS_IN_ORDER,
};

#undef LEVEL
#undef KERNEL
#undef LANES

#endif

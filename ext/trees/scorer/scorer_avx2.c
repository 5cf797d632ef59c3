/* Scoring with AVX2: 32 rows in a register. */
#include "trees/scorer/scorer_kernel.h"

#ifdef ATHLETE_X86
#include <immintrin.h>

#define LEVEL(name) avx2_##name
#define KERNEL      ATHLETE_AVX2
#define LANES       32

typedef __m256i avx2_lanes;

/* Eight rows, four in each half of a register. */
#define AVX2_ROWS(start, gap)                                                                                \
    (start), (start) + 1, (start) + 2, (start) + 3, (start) + (gap), (start) + (gap) + 1,                    \
        (start) + (gap) + 2, (start) + (gap) + 3
#define AVX2_BYTE_OF_ROW                                                                                     \
    { AVX2_ROWS(0, 16), AVX2_ROWS(4, 16), AVX2_ROWS(8, 16), AVX2_ROWS(12, 16) }
#define AVX2_WORD_OF_ROW                                                                                     \
    { AVX2_ROWS(0, 8), AVX2_ROWS(4, 8), AVX2_ROWS(16, 8), AVX2_ROWS(20, 8) }

static inline KERNEL avx2_lanes avx2_load(const void *from) {
    return _mm256_loadu_si256(from);
}

static inline KERNEL void avx2_store(void *to, avx2_lanes x) {
    _mm256_storeu_si256(to, x);
}

static inline KERNEL avx2_lanes avx2_all(int8_t byte) {
    return _mm256_set1_epi8(byte);
}

static inline KERNEL avx2_lanes avx2_less(avx2_lanes ranks, avx2_lanes bound) {
    return _mm256_cmpgt_epi8(bound, ranks);
}

static inline KERNEL avx2_lanes avx2_less_words(const uint8_t *ranks, int16_t bound) {
    avx2_lanes bounds = _mm256_set1_epi16(bound);
    return _mm256_packs_epi16(_mm256_cmpgt_epi16(bounds, avx2_load(ranks)),
                              _mm256_cmpgt_epi16(bounds, avx2_load(ranks + sizeof(avx2_lanes))));
}

static inline KERNEL avx2_lanes avx2_choose(avx2_lanes mask, avx2_lanes yes, avx2_lanes no) {
    return _mm256_blendv_epi8(no, yes, mask);
}

/* The same 16 bytes in both halves. */
static inline KERNEL avx2_lanes avx2_load_twice(const uint8_t *from) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)from));
}

static inline KERNEL avx2_lanes avx2_in_set(avx2_lanes codes, const uint8_t *set) {
    avx2_lanes place = _mm256_and_si256(_mm256_srli_epi16(codes, 3), avx2_all(15));
    avx2_lanes eight = _mm256_blendv_epi8(_mm256_shuffle_epi8(avx2_load_twice(set), place),
                                          _mm256_shuffle_epi8(avx2_load_twice(set + 16), place), codes);
    static const uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128};
    avx2_lanes bit = _mm256_shuffle_epi8(avx2_load_twice(bits), _mm256_and_si256(codes, avx2_all(7)));
    return _mm256_cmpeq_epi8(_mm256_and_si256(eight, bit), bit);
}

/* One byte of each leaf's value, for the leaves of 32 rows. */
static inline KERNEL avx2_lanes avx2_look_up(const uint8_t *plane, size_t n_sixteens, avx2_lanes leaves) {
    avx2_lanes found = _mm256_shuffle_epi8(avx2_load_twice(plane), leaves);
    if (n_sixteens == 1) return found;
    avx2_lanes fourth_bit = _mm256_slli_epi16(leaves, 3);
    found = _mm256_blendv_epi8(found, _mm256_shuffle_epi8(avx2_load_twice(plane + 16), leaves), fourth_bit);
    if (n_sixteens == 2) return found;
    avx2_lanes upper = _mm256_shuffle_epi8(avx2_load_twice(plane + 32), leaves);
    if (n_sixteens == 4)
        upper =
            _mm256_blendv_epi8(upper, _mm256_shuffle_epi8(avx2_load_twice(plane + 48), leaves), fourth_bit);
    return _mm256_blendv_epi8(found, upper, _mm256_slli_epi16(leaves, 2));
}

static inline KERNEL void avx2_add_eight(float *sums, avx2_lanes values) {
    _mm256_storeu_ps(sums, _mm256_add_ps(_mm256_loadu_ps(sums), _mm256_castsi256_ps(values)));
}

/* The four bytes of a value are brought together within halves of a register, which puts rows in the order of
** byte_of_row. */
static inline KERNEL void avx2_add_by_planes(const uint8_t *planes, size_t n_sixteens, const uint8_t *leaves,
                                             float *sums) {
    for (size_t i = 0; i < GROUP; i += LANES) {
        avx2_lanes leaf = avx2_load(leaves + i);
        avx2_lanes byte0 = avx2_look_up(planes, n_sixteens, leaf);
        avx2_lanes byte1 = avx2_look_up(planes + 16 * n_sixteens, n_sixteens, leaf);
        avx2_lanes byte2 = avx2_look_up(planes + 32 * n_sixteens, n_sixteens, leaf);
        avx2_lanes byte3 = avx2_look_up(planes + 48 * n_sixteens, n_sixteens, leaf);
        avx2_lanes low = _mm256_unpacklo_epi8(byte0, byte1), high = _mm256_unpacklo_epi8(byte2, byte3);
        avx2_add_eight(sums + i, _mm256_unpacklo_epi16(low, high));
        avx2_add_eight(sums + i + 8, _mm256_unpackhi_epi16(low, high));
        low = _mm256_unpackhi_epi8(byte0, byte1), high = _mm256_unpackhi_epi8(byte2, byte3);
        avx2_add_eight(sums + i + 16, _mm256_unpacklo_epi16(low, high));
        avx2_add_eight(sums + i + 24, _mm256_unpackhi_epi16(low, high));
    }
}

static KERNEL void avx2_add_leaves(const scorer *compiled, const scorer_tree *tree, const uint8_t *leaves,
                                   float *sums) {
    const uint8_t *planes = compiled->planes + tree->first_plane;
    const float *values = compiled->values + tree->first_value;
    if (tree->n_leaves <= 16) avx2_add_by_planes(planes, 1, leaves, sums);
    else if (tree->n_leaves <= 32) avx2_add_by_planes(planes, 2, leaves, sums);
    else if (tree->n_leaves <= 48) avx2_add_by_planes(planes, 3, leaves, sums);
    else if (tree->n_leaves <= PLANES_LEAVES) avx2_add_by_planes(planes, 4, leaves, sums);
    else {
        static const uint8_t byte_of_row[32] = AVX2_BYTE_OF_ROW;
        for (size_t r = 0; r < GROUP; r++) sums[r] += values[leaves[place_of_row(byte_of_row, r)]];
    }
}

#include "trees/scorer/scorer_lanes.h"

/* Adds to each count whether the value is at or above the entry: a comparison that holds is -1. */
static inline KERNEL __m256i avx2_count_reached(__m256i counts, __m256 values, __m256 entry) {
    return _mm256_sub_epi32(counts, _mm256_castps_si256(_mm256_cmp_ps(values, entry, _CMP_GE_OQ)));
}

/* The bucket of 32 values is found by comparing them with each bucket's first entry, 8 at a time, and the place in the
** bucket by comparing one value with its 8 entries. */
static KERNEL void avx2_rank(const float *values, size_t n_groups, const float *scale, size_t n_buckets,
                             uint8_t *left, uint8_t *right) {
    for (size_t i = 0; i < n_groups * GROUP; i += LANES, values += LANES) {
        __m256 x[4];
        __m256i bucket[4];
        for (size_t j = 0; j < 4; j++) {
            x[j] = _mm256_loadu_ps(values + 8 * j);
            bucket[j] = _mm256_setzero_si256();
        }
        for (size_t b = 1; b < n_buckets; b++) {
            __m256 first = _mm256_broadcast_ss(scale + b * BUCKET);
            for (size_t j = 0; j < 4; j++) bucket[j] = avx2_count_reached(bucket[j], x[j], first);
        }
        uint32_t start[LANES];
        for (size_t j = 0; j < 4; j++) avx2_store(start + 8 * j, _mm256_slli_epi32(bucket[j], 3));
        uint8_t ranks[LANES];
        for (size_t r = 0; r < LANES; r++) {
            __m256 reached =
                _mm256_cmp_ps(_mm256_broadcast_ss(values + r), _mm256_loadu_ps(scale + start[r]), _CMP_GE_OQ);
            ranks[r / 8 * 4 + r % 8 / 4 * 16 + r % 4] =
                (uint8_t)(start[r] + (unsigned)__builtin_popcount((unsigned)_mm256_movemask_ps(reached)));
        }
        avx2_lanes all = avx2_load(ranks), top = avx2_all(-128);
        if (left) avx2_store(left + i, _mm256_xor_si256(all, top));
        if (right) avx2_store(right + i, _mm256_xor_si256(_mm256_add_epi8(all, avx2_all(-1)), top));
    }
}

const scorer_kernel scorer_kernel_avx2 = {
    .rank = avx2_rank,
    .add_tree = avx2_add_tree,
    .byte_of_row = AVX2_BYTE_OF_ROW,
    .word_of_row = AVX2_WORD_OF_ROW,
};

#undef LEVEL
#undef KERNEL
#undef LANES

#endif

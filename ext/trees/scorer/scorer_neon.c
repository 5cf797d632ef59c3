/* Scoring with NEON, which every arm64 has: 16 rows in a register. */
#include "trees/scorer/scorer_kernel.h"

#ifdef ATHLETE_NEON
#include <arm_neon.h>

#define LEVEL(name) neon_##name
#define KERNEL
#define LANES 16

typedef uint8x16_t neon_lanes;

static inline neon_lanes neon_load(const void *from) {
    return vld1q_u8(from);
}

static inline void neon_store(void *to, neon_lanes x) {
    vst1q_u8(to, x);
}

static inline neon_lanes neon_all(int8_t byte) {
    return vdupq_n_u8((uint8_t)byte);
}

static inline neon_lanes neon_less(neon_lanes ranks, neon_lanes bound) {
    return vcltq_s8(vreinterpretq_s8_u8(ranks), vreinterpretq_s8_u8(bound));
}

static inline neon_lanes neon_less_words(const uint8_t *ranks, int16_t bound) {
    const int16_t *words = (const void *)ranks;
    int16x8_t bounds = vdupq_n_s16(bound);
    return vcombine_u8(vmovn_u16(vcltq_s16(vld1q_s16(words), bounds)),
                       vmovn_u16(vcltq_s16(vld1q_s16(words + 8), bounds)));
}

static inline neon_lanes neon_choose(neon_lanes mask, neon_lanes yes, neon_lanes no) {
    return vbslq_u8(mask, yes, no);
}

static inline neon_lanes neon_in_set(neon_lanes codes, const uint8_t *set) {
    uint8x16x2_t table = {{vld1q_u8(set), vld1q_u8(set + 16)}};
    neon_lanes eight = vqtbl2q_u8(table, vshrq_n_u8(codes, 3));
    neon_lanes bit = vshlq_u8(vdupq_n_u8(1), vreinterpretq_s8_u8(vandq_u8(codes, vdupq_n_u8(7))));
    return vtstq_u8(eight, bit);
}

static inline void neon_add_leaves(const scorer *compiled, const scorer_tree *tree, const uint8_t *leaves,
                                   float *sums) {
    const float *values = compiled->values + tree->first_value;
    for (size_t r = 0; r < GROUP; r++) sums[r] += values[leaves[r]];
}

#include "trees/scorer/scorer_lanes.h"

/* As with AVX2, 16 values at a time. */
static void neon_rank(const float *values, size_t n_groups, const float *scale, size_t n_buckets,
                      uint8_t *left, uint8_t *right) {
    for (size_t i = 0; i < n_groups * GROUP; i += LANES, values += LANES) {
        float32x4_t x[4];
        uint32x4_t bucket[4];
        for (size_t j = 0; j < 4; j++) {
            x[j] = vld1q_f32(values + 4 * j);
            bucket[j] = vdupq_n_u32(0);
        }
        for (size_t b = 1; b < n_buckets; b++) {
            float32x4_t first = vdupq_n_f32(scale[b * BUCKET]);
            for (size_t j = 0; j < 4; j++) bucket[j] = vsubq_u32(bucket[j], vcgeq_f32(x[j], first));
        }
        uint32_t start[LANES];
        for (size_t j = 0; j < 4; j++) vst1q_u32(start + 4 * j, vshlq_n_u32(bucket[j], 3));
        uint8_t ranks[LANES];
        for (size_t r = 0; r < LANES; r++) {
            float32x4_t value = vdupq_n_f32(values[r]);
            const float *entry = scale + start[r];
            uint32x4_t reached =
                vaddq_u32(vcgeq_f32(value, vld1q_f32(entry)), vcgeq_f32(value, vld1q_f32(entry + 4)));
            ranks[r] = (uint8_t)(start[r] - vaddvq_u32(reached));
        }
        neon_lanes all = neon_load(ranks), top = neon_all(-128);
        if (left) neon_store(left + i, veorq_u8(all, top));
        if (right) neon_store(right + i, veorq_u8(vaddq_u8(all, neon_all(-1)), top));
    }
}

const scorer_kernel scorer_kernel_neon = {
    .rank = neon_rank,
    .add_tree = neon_add_tree,
    .byte_of_row = ROWS_IN_ORDER,
    .word_of_row = ROWS_IN_ORDER,
};

#undef LEVEL
#undef KERNEL
#undef LANES

#endif

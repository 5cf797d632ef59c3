#include "trees/bins/value_to_bin.h"

#include <math.h>
#include "base/precondition.h"
#ifdef ATHLETE_X86
#include <immintrin.h>
#endif

/* The last cut is above everything and not looked at; padding is above everything too. */
void bin_table_prepare(bin_table *table, const float *cuts, int n_bins) {
    assert(n_bins >= 0 && n_bins <= 256);
    table->n_bins = n_bins;
    for (int i = 0; i < 256; i++) table->cut[i] = i < n_bins - 1 ? cuts[i] : INFINITY;
    for (int block = 0; block < 16; block++) table->last[block] = table->cut[16 * block + 15];
}

/* A binary search whose only branch is its own length. */
static uint8_t value_to_bin(const bin_table *table, float x) {
    int first = 0;
    for (int half = 128; half > 0; half /= 2) first += x < table->cut[first + half - 1] ? 0 : half;
    return (uint8_t)first;
}

static void rank_plain(const bin_table *table, const float *values, size_t value_step, size_t n,
                       uint8_t *codes) {
    for (size_t i = 0; i < n; i++) {
        float x = values[i * value_step];
        codes[i] = isnan(x) ? (uint8_t)table->n_bins : value_to_bin(table, x);
    }
}

#ifdef ATHLETE_X86
ATHLETE_AVX2 static int count_not_above(const float *sixteen, __m256 x) {
    __m256 low = _mm256_cmp_ps(x, _mm256_loadu_ps(sixteen), _CMP_GE_OQ);
    __m256 high = _mm256_cmp_ps(x, _mm256_loadu_ps(sixteen + 8), _CMP_GE_OQ);
    return __builtin_popcount((unsigned)_mm256_movemask_ps(low) | (unsigned)_mm256_movemask_ps(high) << 8);
}

ATHLETE_AVX2 static void rank_avx2(const bin_table *table, const float *values, size_t value_step, size_t n,
                                   uint8_t *codes) {
    for (size_t i = 0; i < n; i++) {
        float x = values[i * value_step];
        __m256 all = _mm256_set1_ps(x);
        int block = count_not_above(table->last, all);
        int code = 16 * block + count_not_above(table->cut + 16 * block, all);
        codes[i] = (uint8_t)(x == x ? code : table->n_bins);
    }
}
#endif

void values_to_bins(const bin_table *table, const float *values, size_t value_step, size_t n, uint8_t *codes,
                    simd_level level) {
    assert(value_step > 0);
#ifdef ATHLETE_X86
    if (level >= SIMD_256) {
        rank_avx2(table, values, value_step, n, codes);
        return;
    }
#endif
    (void)level;
    rank_plain(table, values, value_step, n, codes);
}

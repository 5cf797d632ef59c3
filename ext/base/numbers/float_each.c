#include "base/numbers/float_each.h"

#include "base/numbers/float_math.h"
#include "base/numbers/float_tables.h"
#ifdef ATHLETE_X86
#include <immintrin.h>

/* The lines of float_exp. 2^(i/32) * 2^k is put together from the bits of both instead of multiplied: it is exact. */
ATHLETE_AVX2 static __m128 exp_avx2(__m128 x) {
    x = _mm_max_ps(_mm_min_ps(x, _mm_set1_ps(88.7f)), _mm_set1_ps(-88.7f));
    __m256d z = _mm256_mul_pd(_mm256_set1_pd(0x1.71547652b82fep+0 * 32), _mm256_cvtps_pd(x));
    __m256d nearest = _mm256_floor_pd(_mm256_add_pd(z, _mm256_set1_pd(0.5)));
    __m256d r = _mm256_sub_pd(z, nearest);
    __m128i whole = _mm256_cvttpd_epi32(nearest), k = _mm_srai_epi32(whole, 5);
    __m256d fraction = _mm256_i32gather_pd(float_power_of_two, _mm_and_si128(whole, _mm_set1_epi32(31)), 8);
    __m256d power = _mm256_castsi256_pd(
        _mm256_add_epi64(_mm256_castpd_si256(fraction), _mm256_slli_epi64(_mm256_cvtepi32_epi64(k), 52)));
    __m256d high = _mm256_add_pd(_mm256_mul_pd(_mm256_set1_pd(0x1.c6af84b912394p-5 / 32 / 32 / 32), r),
                                 _mm256_set1_pd(0x1.ebfce50fac4f3p-3 / 32 / 32));
    __m256d low =
        _mm256_add_pd(_mm256_mul_pd(_mm256_set1_pd(0x1.62e42ff0c52d6p-1 / 32), r), _mm256_set1_pd(1));
    __m256d sum = _mm256_add_pd(_mm256_mul_pd(high, _mm256_mul_pd(r, r)), low);
    return _mm256_cvtpd_ps(_mm256_mul_pd(sum, power));
}

/* The lines of float_log. Those for x = 1 give 0 too. */
ATHLETE_AVX2 static __m128 log_avx2(__m128 x) {
    __m128i bits = _mm_castps_si128(x), from_middle = _mm_sub_epi32(bits, _mm_set1_epi32(0x3f330000));
    __m128i i = _mm_and_si128(_mm_srli_epi32(from_middle, 18), _mm_set1_epi32(30)); /* two doubles each */
    __m128i above = _mm_srai_epi32(from_middle, 23);
    __m256d z = _mm256_cvtps_pd(_mm_castsi128_ps(_mm_sub_epi32(bits, _mm_slli_epi32(above, 23))));
    __m256d inverse_c = _mm256_i32gather_pd(&float_log_centres[0].inverse_c, i, 8);
    __m256d log_c = _mm256_i32gather_pd(&float_log_centres[0].log_c, i, 8);
    __m256d r = _mm256_sub_pd(_mm256_mul_pd(z, inverse_c), _mm256_set1_pd(1));
    __m256d base =
        _mm256_add_pd(log_c, _mm256_mul_pd(_mm256_cvtepi32_pd(above), _mm256_set1_pd(0x1.62e42fefa39efp-1)));
    __m256d square = _mm256_mul_pd(r, r);
    __m256d y = _mm256_add_pd(_mm256_mul_pd(_mm256_set1_pd(0x1.5575b0be00b6ap-2), r),
                              _mm256_set1_pd(-0x1.ffffef20a4123p-2));
    y = _mm256_add_pd(_mm256_mul_pd(_mm256_set1_pd(-0x1.00ea348b88334p-2), square), y);
    return _mm256_cvtpd_ps(_mm256_add_pd(_mm256_mul_pd(y, square), _mm256_add_pd(base, r)));
}

ATHLETE_AVX2 static __m128 sigmoid_avx2(__m128 x) {
    __m128 negated = _mm_xor_ps(x, _mm_set1_ps(-0.0f)), one = _mm_set1_ps(1);
    __m128 sum = _mm_add_ps(_mm_add_ps(exp_avx2(negated), one), _mm_set1_ps(1e-16f));
    return _mm_div_ps(one, sum);
}

/* Of whole vectors; returns how many numbers those are. */
ATHLETE_AVX2 static size_t exp_vectors(const float *x, size_t n, float *y) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4) _mm_storeu_ps(y + i, exp_avx2(_mm_loadu_ps(x + i)));
    return i;
}

ATHLETE_AVX2 static size_t log_vectors(const float *x, size_t n, float *y) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4) _mm_storeu_ps(y + i, log_avx2(_mm_loadu_ps(x + i)));
    return i;
}

ATHLETE_AVX2 static size_t sigmoid_vectors(const float *x, size_t n, float *y) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4) _mm_storeu_ps(y + i, sigmoid_avx2(_mm_loadu_ps(x + i)));
    return i;
}

#define WITH_VECTORS(vectors) (level >= SIMD_256 ? vectors(x, n, y) : 0)
#else
#define WITH_VECTORS(vectors) ((void)level, (size_t)0)
#endif

void float_exp_each(const float *x, size_t n, simd_level level, float *y) {
    for (size_t i = WITH_VECTORS(exp_vectors); i < n; i++) y[i] = float_exp(x[i]);
}

void float_log_each(const float *x, size_t n, simd_level level, float *y) {
    for (size_t i = WITH_VECTORS(log_vectors); i < n; i++) y[i] = float_log(x[i]);
}

void float_sigmoid_each(const float *x, size_t n, simd_level level, float *y) {
    for (size_t i = WITH_VECTORS(sigmoid_vectors); i < n; i++) y[i] = float_sigmoid(x[i]);
}

#include "trees/scan.h"

#include <math.h>
#include <string.h>
#ifdef ATHLETE_X86
#include <immintrin.h>
#endif

/* --- sums ----------------------------------------------------------------------------------------------- */

static void sums_of_wide(const int64_t *words, int n_bins, cut_sums *left) {
    int64_t gradient = 0, hessian = 0;
    int n = 0;
    for (int b = 0; b < n_bins; b++) {
        gradient += words[2 * b];
        hessian += words[2 * b + 1];
        left->gradient[n] = (double)gradient;
        left->hessian[n] = (double)hessian;
        left->bin[n] = (uint8_t)b;
        n += words[2 * b + 1] != 0;
    }
    left->n = n;
}

/* Sums of both parts at once, of bins that are not empty. */
static inline int add_slots(const int64_t *slots, int n_bins, int64_t *sums, uint8_t *bin) {
    int64_t sum = 0;
    int n = 0;
    for (int b = 0; b < n_bins; b++) {
        sum += slots[b];
        sums[n] = sum;
        bin[n] = (uint8_t)b;
        n += slots[b] != 0;
    }
    return n;
}

static void sums_of_slots(const int64_t *slots, int n_bins, int shift, cut_sums *left) {
    int64_t sums[ATHLETE_SCAN_LENGTH];
    left->n = add_slots(slots, n_bins, sums, left->bin);
    for (int i = 0; i < left->n; i++) {
        gradient_sum sum = slot_sum(sums[i], shift);
        left->gradient[i] = (double)sum.gradient;
        left->hessian[i] = (double)sum.hessian;
    }
}

#ifdef ATHLETE_X86
/* Four 64-bit numbers from 0 to 2^52 - 1 as doubles: the bits of 2^52 + x less 2^52. */
ATHLETE_AVX2 static __m256d doubles_of(__m256i x, __m256d two_to_52_and_offset) {
    __m256i bits = _mm256_or_si256(x, _mm256_set1_epi64x(0x4330000000000000));
    return _mm256_sub_pd(_mm256_castsi256_pd(bits), two_to_52_and_offset);
}

/* The gradient is made positive for the shift, which knows no sign, by adding a power of two that is taken off again as a
** double. A slot is below 2^62 in size, and its gradient below 2^51 (gradients.h). */
ATHLETE_AVX2 static void sums_of_slots_avx2(const int64_t *slots, int n_bins, int shift, cut_sums *left) {
    int64_t sums[ATHLETE_SCAN_LENGTH + 4];
    int n = left->n = add_slots(slots, n_bins, sums, left->bin);
    int lift = 51 + shift < 62 ? 51 + shift : 62;
    __m256i lift_by = _mm256_set1_epi64x((int64_t)1 << lift),
            mask = _mm256_set1_epi64x(((int64_t)1 << shift) - 1);
    __m256d offset = _mm256_set1_pd(0x1p52 + (double)((int64_t)1 << (lift - shift)));
    __m256d two_to_52 = _mm256_set1_pd(0x1p52);
    __m128i count = _mm_cvtsi32_si128(shift);
    memset(sums + n, 0, 4 * sizeof *sums); /* the rest of a vector */
    for (int b = 0; b < n; b += 4) {
        __m256i four = _mm256_loadu_si256((const void *)(sums + b));
        __m256i high = _mm256_srl_epi64(_mm256_add_epi64(four, lift_by), count);
        _mm256_storeu_pd(left->gradient + b, doubles_of(high, offset));
        _mm256_storeu_pd(left->hessian + b, doubles_of(_mm256_and_si256(four, mask), two_to_52));
    }
}
#endif

void scan_sums(const histogram *h, size_t slot, int n_bins, int shift, simd_level level, cut_sums *left) {
    if (h->wide) {
        sums_of_wide(h->words + 2 * slot, n_bins, left);
        return;
    }
#ifdef ATHLETE_X86
    if (level >= SIMD_256) {
        sums_of_slots_avx2(h->words + slot, n_bins, shift, left);
        return;
    }
#endif
    (void)level;
    sums_of_slots(h->words + slot, n_bins, shift, left);
}

/* --- cuts ----------------------------------------------------------------------------------------------- */

static double excess(double gradient, double alpha) {
    double size = fabs(gradient) - alpha;
    return size > 0 ? size : 0;
}

static scan_best cuts_plain(const cut_sums *left, gradient_sum extra, const scan_node *node) {
    scan_best best = {.score = -INFINITY};
    for (int b = 0; b < left->n; b++) {
        double gradient = left->gradient[b] + (double)extra.gradient;
        double hessian = left->hessian[b] + (double)extra.hessian;
        double other_hessian = node->hessian - hessian;
        if (!(hessian >= node->least_hessian && other_hessian >= node->least_hessian)) continue;
        double top = excess(gradient, node->alpha),
               other_top = excess(node->gradient - gradient, node->alpha);
        double bottom = hessian + node->lambda, other_bottom = other_hessian + node->lambda;
        double score = (top * top * other_bottom + other_top * other_top * bottom) / (bottom * other_bottom);
        if (score > best.score) best = (scan_best){score, b};
    }
    return best;
}

#ifdef ATHLETE_X86
ATHLETE_AVX2 static scan_best cuts_avx2(const cut_sums *left, gradient_sum extra, const scan_node *node) {
    __m256d extra_gradient = _mm256_set1_pd((double)extra.gradient),
            extra_hessian = _mm256_set1_pd((double)extra.hessian);
    __m256d all_gradient = _mm256_set1_pd(node->gradient), all_hessian = _mm256_set1_pd(node->hessian);
    __m256d lambda = _mm256_set1_pd(node->lambda), alpha = _mm256_set1_pd(node->alpha);
    __m256d least = _mm256_set1_pd(node->least_hessian), sign = _mm256_set1_pd(-0.0),
            zero = _mm256_setzero_pd();
    __m256d best = _mm256_set1_pd(-INFINITY), best_bin = zero;
    __m256d bin = _mm256_set_pd(3, 2, 1, 0), four = _mm256_set1_pd(4), end = _mm256_set1_pd(left->n);
    for (int b = 0; b < left->n; b += 4) {
        __m256d gradient = _mm256_add_pd(_mm256_loadu_pd(left->gradient + b), extra_gradient);
        __m256d hessian = _mm256_add_pd(_mm256_loadu_pd(left->hessian + b), extra_hessian);
        __m256d other_hessian = _mm256_sub_pd(all_hessian, hessian);
        __m256d top = _mm256_andnot_pd(sign, gradient);
        __m256d other_top = _mm256_andnot_pd(sign, _mm256_sub_pd(all_gradient, gradient));
        top = _mm256_max_pd(_mm256_sub_pd(top, alpha), zero);
        other_top = _mm256_max_pd(_mm256_sub_pd(other_top, alpha), zero);
        __m256d bottom = _mm256_add_pd(hessian, lambda), other_bottom = _mm256_add_pd(other_hessian, lambda);
        __m256d score =
            _mm256_div_pd(_mm256_add_pd(_mm256_mul_pd(_mm256_mul_pd(top, top), other_bottom),
                                        _mm256_mul_pd(_mm256_mul_pd(other_top, other_top), bottom)),
                          _mm256_mul_pd(bottom, other_bottom));
        __m256d allowed = _mm256_and_pd(_mm256_cmp_pd(hessian, least, _CMP_GE_OQ),
                                        _mm256_cmp_pd(other_hessian, least, _CMP_GE_OQ));
        allowed = _mm256_and_pd(allowed, _mm256_cmp_pd(bin, end, _CMP_LT_OQ));
        __m256d better = _mm256_and_pd(allowed, _mm256_cmp_pd(score, best, _CMP_GT_OQ));
        best = _mm256_blendv_pd(best, score, better);
        best_bin = _mm256_blendv_pd(best_bin, bin, better);
        bin = _mm256_add_pd(bin, four);
    }
    double scores[4], bins[4];
    _mm256_storeu_pd(scores, best);
    _mm256_storeu_pd(bins, best_bin);
    scan_best found = {.score = -INFINITY};
    for (int lane = 0; lane < 4; lane++) {
        if (scores[lane] > found.score || (scores[lane] == found.score && bins[lane] < found.cut))
            found = (scan_best){scores[lane], (int)bins[lane]};
    }
    return found;
}
#endif

scan_best scan_cuts(const cut_sums *left, gradient_sum extra, const scan_node *node, simd_level level) {
#ifdef ATHLETE_X86
    if (level >= SIMD_256) return cuts_avx2(left, extra, node);
#endif
    (void)level;
    return cuts_plain(left, extra, node);
}

/* --- with bounds ---------------------------------------------------------------------------------------- */

static double bounded_weight(const scan_node *node, double gradient, double hessian) {
    double size = excess(gradient, node->alpha) / (hessian + node->lambda);
    double weight = gradient > 0 ? -size : size;
    return weight < node->lower ? node->lower : weight > node->upper ? node->upper : weight;
}

static double score_of_weight(const scan_node *node, double gradient, double hessian, double weight) {
    return -(2 * gradient * weight + (hessian + node->lambda) * (weight * weight)) -
           2 * node->alpha * fabs(weight);
}

double scan_score(const scan_node *node, double gradient, double hessian) {
    if (!(hessian > 0)) return 0;
    if (isfinite(node->lower) || isfinite(node->upper))
        return score_of_weight(node, gradient, hessian, bounded_weight(node, gradient, hessian));
    double top = excess(gradient, node->alpha);
    return top * top / (hessian + node->lambda);
}

scan_best scan_cuts_bounded(const cut_sums *left, const int64_t *rows_left, gradient_sum extra,
                            const scan_node *node, int direction) {
    scan_best best = {.score = -INFINITY};
    for (int b = 0; b < left->n; b++) {
        double rows = rows_left ? (double)rows_left[left->bin[b]] : 0;
        if (rows_left && !(rows >= node->least_rows && node->rows - rows >= node->least_rows)) continue;
        double gradient = left->gradient[b] + (double)extra.gradient, other = node->gradient - gradient;
        double hessian = left->hessian[b] + (double)extra.hessian, other_hessian = node->hessian - hessian;
        if (!(hessian >= node->least_hessian && other_hessian >= node->least_hessian)) continue;
        double weight = bounded_weight(node, gradient, hessian);
        double other_weight = bounded_weight(node, other, other_hessian);
        if ((direction > 0 && weight > other_weight) || (direction < 0 && weight < other_weight)) continue;
        double score = score_of_weight(node, gradient, hessian, weight) +
                       score_of_weight(node, other, other_hessian, other_weight);
        if (score > best.score) best = (scan_best){score, b};
    }
    return best;
}

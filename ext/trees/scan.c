#include "trees/scan.h"

#include <math.h>
#ifdef ATHLETE_X86
#include <immintrin.h>
#endif

static double excess(double gradient, double alpha) {
    double size = fabs(gradient) - alpha;
    return size > 0 ? size : 0;
}

static bool has_rows(const scan_feature *f, const scan_node *node, int64_t rows) {
    return !f->rows || ((double)rows >= node->least_rows && node->rows - (double)rows >= node->least_rows);
}

/* --- one after the other ---------------------------------------------------------------------------------- */

static void try_cut(const scan_node *node, double gradient, double hessian, int bin, scan_best *best) {
    double other_hessian = node->hessian - hessian;
    if (!(hessian >= node->least_hessian && other_hessian >= node->least_hessian)) return;
    double top = excess(gradient, node->alpha), other_top = excess(node->gradient - gradient, node->alpha);
    double bottom = hessian + node->lambda, other_bottom = other_hessian + node->lambda;
    double score = (top * top * other_bottom + other_top * other_top * bottom) / (bottom * other_bottom);
    if (score > best->score) *best = (scan_best){score, hessian, bin};
}

static scan_result cuts_plain(const scan_feature *f, const scan_node *node) {
    scan_result best = {{.score = -INFINITY}, {.score = -INFINITY}};
    double missing_gradient = (double)f->missing.gradient, missing_hessian = (double)f->missing.hessian;
    gradient_sum sum = {0, 0};
    int64_t rows = 0;
    for (int b = 0; b < f->n_bins; b++) {
        gradient_sum bin = histogram_slot(f->histogram, f->slot + (size_t)b, f->shift);
        if (bin.hessian == 0) continue;
        sum.gradient += bin.gradient;
        sum.hessian += bin.hessian;
        rows += f->rows ? f->rows[b] : 0;
        double gradient = (double)sum.gradient, hessian = (double)sum.hessian;
        if (has_rows(f, node, rows)) try_cut(node, gradient, hessian, b, &best.right);
        if (f->missing.hessian > 0 && has_rows(f, node, rows + f->rows_missing))
            try_cut(node, gradient + missing_gradient, hessian + missing_hessian, b, &best.left);
    }
    if (f->missing.hessian == 0) best.left = best.right;
    return best;
}

/* --- four at once ------------------------------------------------------------------------------------------- */

#ifdef ATHLETE_X86
/* The best cut of every fourth bin, beginning with bins 0 to 3. */
typedef struct best_lanes {
    __m256d score, hessian;
    __m256i bin;
} best_lanes;

/* What a scan has to look at; where it is known when the code is compiled the rest costs nothing. */
typedef struct scan_kind {
    bool penalised, missing, counted;
} scan_kind;

typedef struct node_lanes {
    __m256d gradient, hessian, lambda, alpha, least;
} node_lanes;

ATHLETE_AVX2 static node_lanes lanes_of(const scan_node *node) {
    return (node_lanes){_mm256_set1_pd(node->gradient), _mm256_set1_pd(node->hessian),
                        _mm256_set1_pd(node->lambda), _mm256_set1_pd(node->alpha),
                        _mm256_set1_pd(node->least_hessian)};
}

/* try_cut of four bins, of which those in `filled` are not empty. */
ATHLETE_AVX2 static inline void try_four(const node_lanes *node, __m256d gradient, __m256d hessian,
                                         __m256d filled, __m256i bin, bool penalised, best_lanes *best) {
    const __m256d sign = _mm256_set1_pd(-0.0);
    __m256d other_hessian = _mm256_sub_pd(node->hessian, hessian);
    __m256d top = _mm256_andnot_pd(sign, gradient);
    __m256d other_top = _mm256_andnot_pd(sign, _mm256_sub_pd(node->gradient, gradient));
    if (penalised) {
        top = _mm256_max_pd(_mm256_sub_pd(top, node->alpha), _mm256_setzero_pd());
        other_top = _mm256_max_pd(_mm256_sub_pd(other_top, node->alpha), _mm256_setzero_pd());
    }
    __m256d bottom = _mm256_add_pd(hessian, node->lambda);
    __m256d other_bottom = _mm256_add_pd(other_hessian, node->lambda);
    __m256d numerator = _mm256_add_pd(_mm256_mul_pd(_mm256_mul_pd(top, top), other_bottom),
                                      _mm256_mul_pd(_mm256_mul_pd(other_top, other_top), bottom));
    __m256d score = _mm256_div_pd(numerator, _mm256_mul_pd(bottom, other_bottom));
    __m256d least = _mm256_min_pd(hessian, other_hessian);
    __m256d allowed = _mm256_and_pd(filled, _mm256_cmp_pd(least, node->least, _CMP_GE_OQ));
    __m256d better = _mm256_and_pd(allowed, _mm256_cmp_pd(score, best->score, _CMP_GT_OQ));
    best->score = _mm256_blendv_pd(best->score, score, better);
    best->hessian = _mm256_blendv_pd(best->hessian, hessian, better);
    best->bin = _mm256_blendv_epi8(best->bin, bin, _mm256_castpd_si256(better));
}

ATHLETE_AVX2 static scan_best best_of(const best_lanes *best) {
    double scores[4], hessians[4];
    int64_t bins[4];
    _mm256_storeu_pd(scores, best->score);
    _mm256_storeu_pd(hessians, best->hessian);
    _mm256_storeu_si256((void *)bins, best->bin);
    scan_best found = {.score = -INFINITY};
    for (int lane = 0; lane < 4; lane++) {
        if (scores[lane] > found.score || (scores[lane] == found.score && bins[lane] < found.bin))
            found = (scan_best){scores[lane], hessians[lane], (int)bins[lane]};
    }
    return found;
}

/* Each number plus all that are before it. */
ATHLETE_AVX2 static inline __m256i running_sums(__m256i x) {
    x = _mm256_add_epi64(x, _mm256_slli_si256(x, 8));
    __m256i second = _mm256_permute4x64_epi64(x, 0x50); /* 0, 0, 1, 1 */
    return _mm256_add_epi64(x, _mm256_blend_epi32(_mm256_setzero_si256(), second, 0xf0));
}

ATHLETE_AVX2 static inline __m256i last_of(__m256i x) {
    return _mm256_permute4x64_epi64(x, 0xff);
}

/* The first `n` of four words, and 0 for the others. */
ATHLETE_AVX2 static inline __m256i some_words(const int64_t *words, int n) {
    __m256i wanted = _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_set_epi64x(3, 2, 1, 0));
    return _mm256_maskload_epi64((const void *)words, wanted);
}

ATHLETE_AVX2 static inline __m256d is_filled(__m256i hessian) {
    __m256i empty = _mm256_cmpeq_epi64(hessian, _mm256_setzero_si256());
    return _mm256_castsi256_pd(_mm256_xor_si256(empty, _mm256_set1_epi64x(-1)));
}

/* Numbers from 0 to 2^52 - 1 as doubles: the bits of 2^52 + x less 2^52. */
ATHLETE_AVX2 static inline __m256d doubles_of(__m256i x, __m256d two_to_52_and_offset) {
    __m256i bits = _mm256_or_si256(x, _mm256_set1_epi64x(0x4330000000000000));
    return _mm256_sub_pd(_mm256_castsi256_pd(bits), two_to_52_and_offset);
}

/* Any numbers as doubles, rounded once: the high halves, exact, and the low halves are added. */
ATHLETE_AVX2 static inline __m256d doubles_of_wide(__m256i x) {
    __m256i low = _mm256_blend_epi32(x, _mm256_set1_epi64x(0x4330000000000000), 0xaa);
    __m256i high = _mm256_xor_si256(_mm256_srli_epi64(x, 32), _mm256_set1_epi64x(0x4530000080000000));
    __m256d high_less_2_to_52 =
        _mm256_sub_pd(_mm256_castsi256_pd(high), _mm256_set1_pd(0x1p84 + 0x1p63 + 0x1p52));
    return _mm256_add_pd(high_less_2_to_52, _mm256_castsi256_pd(low));
}

/* has_rows of four cuts. */
ATHLETE_AVX2 static inline __m256d have_rows(__m256i rows, const scan_node *node) {
    __m256d left = doubles_of_wide(rows), right = _mm256_sub_pd(_mm256_set1_pd(node->rows), left);
    return _mm256_cmp_pd(_mm256_min_pd(left, right), _mm256_set1_pd(node->least_rows), _CMP_GE_OQ);
}

/* try_four with what is missing on the right, and on the left if anything is. *rows is what the bins before have. */
ATHLETE_AVX2 static inline void try_sides(const scan_feature *f, const scan_node *scan,
                                          const node_lanes *node, __m256d gradient, __m256d hessian,
                                          __m256d filled, int first, scan_kind kind, __m256i *rows,
                                          best_lanes *best) {
    __m256i bin = _mm256_add_epi64(_mm256_set1_epi64x(first), _mm256_set_epi64x(3, 2, 1, 0));
    __m256d right = filled, left = filled;
    if (kind.counted) {
        __m256i sums = _mm256_add_epi64(running_sums(some_words(f->rows + first, f->n_bins - first)), *rows);
        *rows = last_of(sums);
        right = _mm256_and_pd(right, have_rows(sums, scan));
        sums = _mm256_add_epi64(sums, _mm256_set1_epi64x(f->rows_missing));
        left = _mm256_and_pd(left, have_rows(sums, scan));
    }
    try_four(node, gradient, hessian, right, bin, kind.penalised, &best[0]);
    if (!kind.missing) return;
    gradient = _mm256_add_pd(gradient, _mm256_set1_pd((double)f->missing.gradient));
    hessian = _mm256_add_pd(hessian, _mm256_set1_pd((double)f->missing.hessian));
    try_four(node, gradient, hessian, left, bin, kind.penalised, &best[1]);
}

/* The gradient is made positive for the shift, which knows no sign, by adding a power of two that is taken off again as a
** double. A slot is below 2^62 in size, and its gradient below 2^51 (gradients.h). */
ATHLETE_AVX2 static inline void scan_slots(const scan_feature *f, const scan_node *scan, scan_kind kind,
                                           best_lanes *best) {
    const int64_t *slots = f->histogram->words + f->slot;
    int lift = 51 + f->shift < 62 ? 51 + f->shift : 62;
    __m256i lift_by = _mm256_set1_epi64x((int64_t)1 << lift),
            mask = _mm256_set1_epi64x(((int64_t)1 << f->shift) - 1);
    __m256d offset = _mm256_set1_pd(0x1p52 + (double)((int64_t)1 << (lift - f->shift)));
    __m128i shift = _mm_cvtsi32_si128(f->shift);
    __m256i sum = lift_by, rows = _mm256_setzero_si256();
    const node_lanes node = lanes_of(scan);
    for (int b = 0; b < f->n_bins; b += 4) {
        int left_over = f->n_bins - b;
        __m256i four =
            left_over >= 4 ? _mm256_loadu_si256((const void *)(slots + b)) : some_words(slots + b, left_over);
        __m256i sums = _mm256_add_epi64(running_sums(four), sum);
        sum = last_of(sums);
        __m256d gradient = doubles_of(_mm256_srl_epi64(sums, shift), offset);
        __m256d hessian = doubles_of(_mm256_and_si256(sums, mask), _mm256_set1_pd(0x1p52));
        try_sides(f, scan, &node, gradient, hessian, is_filled(four), b, kind, &rows, best);
    }
}

/* The same of a WIDE histogram. */
ATHLETE_AVX2 static void scan_wide(const scan_feature *f, const scan_node *scan, scan_kind kind,
                                   best_lanes *best) {
    const int64_t *words = f->histogram->words + 2 * f->slot;
    __m256i gradient_so_far = _mm256_setzero_si256(), hessian_so_far = gradient_so_far,
            rows = gradient_so_far;
    const node_lanes node = lanes_of(scan);
    for (int b = 0; b < f->n_bins; b += 4) {
        int left_over = 2 * (f->n_bins - b);
        __m256i first = some_words(words + 2 * b, left_over);
        __m256i second =
            left_over > 4 ? some_words(words + 2 * b + 4, left_over - 4) : _mm256_setzero_si256();
        __m256i gradients = _mm256_permute4x64_epi64(_mm256_unpacklo_epi64(first, second), 0xd8);
        __m256i hessians = _mm256_permute4x64_epi64(_mm256_unpackhi_epi64(first, second), 0xd8);
        __m256i gradient_sums = _mm256_add_epi64(running_sums(gradients), gradient_so_far);
        __m256i hessian_sums = _mm256_add_epi64(running_sums(hessians), hessian_so_far);
        gradient_so_far = last_of(gradient_sums);
        hessian_so_far = last_of(hessian_sums);
        try_sides(f, scan, &node, doubles_of_wide(gradient_sums), doubles_of_wide(hessian_sums),
                  is_filled(hessians), b, kind, &rows, best);
    }
}

ATHLETE_AVX2 static scan_result cuts_avx2(const scan_feature *f, const scan_node *node) {
    best_lanes none = {_mm256_set1_pd(-INFINITY), _mm256_setzero_pd(), _mm256_setzero_si256()};
    best_lanes best[2] = {none, none}; /* what is missing right, left */
    scan_kind kind = {node->alpha > 0, f->missing.hessian > 0, f->rows};
    if (f->histogram->wide) scan_wide(f, node, kind, best);
    else if (kind.penalised || kind.counted) scan_slots(f, node, kind, best);
    else if (kind.missing) scan_slots(f, node, (scan_kind){.missing = true}, best);
    else scan_slots(f, node, (scan_kind){.missing = false}, best);
    scan_result found = {.right = best_of(&best[0])};
    found.left = kind.missing ? best_of(&best[1]) : found.right;
    return found;
}
#endif

scan_result scan_cuts(const scan_feature *feature, const scan_node *node, simd_level level) {
#ifdef ATHLETE_X86
    if (level >= SIMD_256) return cuts_avx2(feature, node);
#endif
    (void)level;
    return cuts_plain(feature, node);
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

static void try_cut_bounded(const scan_node *node, double gradient, double hessian, int bin, int direction,
                            scan_best *best) {
    double other = node->gradient - gradient, other_hessian = node->hessian - hessian;
    if (!(hessian >= node->least_hessian && other_hessian >= node->least_hessian)) return;
    double weight = bounded_weight(node, gradient, hessian);
    double other_weight = bounded_weight(node, other, other_hessian);
    if ((direction > 0 && weight > other_weight) || (direction < 0 && weight < other_weight)) return;
    double score = score_of_weight(node, gradient, hessian, weight) +
                   score_of_weight(node, other, other_hessian, other_weight);
    if (score > best->score) *best = (scan_best){score, hessian, bin};
}

scan_result scan_cuts_bounded(const scan_feature *f, const scan_node *node, int direction) {
    scan_result best = {{.score = -INFINITY}, {.score = -INFINITY}};
    double missing_gradient = (double)f->missing.gradient, missing_hessian = (double)f->missing.hessian;
    gradient_sum sum = {0, 0};
    int64_t rows = 0;
    for (int b = 0; b < f->n_bins; b++) {
        gradient_sum bin = histogram_slot(f->histogram, f->slot + (size_t)b, f->shift);
        if (bin.hessian == 0) continue;
        sum.gradient += bin.gradient;
        sum.hessian += bin.hessian;
        rows += f->rows ? f->rows[b] : 0;
        double gradient = (double)sum.gradient, hessian = (double)sum.hessian;
        if (has_rows(f, node, rows)) try_cut_bounded(node, gradient, hessian, b, direction, &best.right);
        if (f->missing.hessian > 0 && has_rows(f, node, rows + f->rows_missing))
            try_cut_bounded(node, gradient + missing_gradient, hessian + missing_hessian, b, direction,
                            &best.left);
    }
    if (f->missing.hessian == 0) best.left = best.right;
    return best;
}

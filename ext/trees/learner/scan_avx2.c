#include "trees/learner/scan_avx2.h"

#ifdef ATHLETE_X86
#include <immintrin.h>
#include <math.h>

#define FOUR_INLINE ATHLETE_AVX2 static inline __attribute__((always_inline))

/* What a scan has to look at: known when the code is compiled, so that the rest costs nothing. */
typedef struct scan_kind {
    bool wide, penalised, missing;
} scan_kind;

/* --- sums ----------------------------------------------------------------------------------------------- */

/* words[i] becomes the words i of all four features. */
FOUR_INLINE void avx2_transpose(__m256i words[4]) {
    __m256i even_01 = _mm256_unpacklo_epi64(words[0], words[1]),
            odd_01 = _mm256_unpackhi_epi64(words[0], words[1]);
    __m256i even_23 = _mm256_unpacklo_epi64(words[2], words[3]),
            odd_23 = _mm256_unpackhi_epi64(words[2], words[3]);
    words[0] = _mm256_permute2x128_si256(even_01, even_23, 0x20);
    words[1] = _mm256_permute2x128_si256(odd_01, odd_23, 0x20);
    words[2] = _mm256_permute2x128_si256(even_01, even_23, 0x31);
    words[3] = _mm256_permute2x128_si256(odd_01, odd_23, 0x31);
}

/* Numbers from 0 to 2^52 - 1 as doubles: the bits of 2^52 + x less 2^52. */
FOUR_INLINE __m256d doubles_of(__m256i x, __m256d two_to_52_and_offset) {
    __m256i bits = _mm256_or_si256(x, _mm256_set1_epi64x(0x4330000000000000));
    return _mm256_sub_pd(_mm256_castsi256_pd(bits), two_to_52_and_offset);
}

/* Any numbers as doubles, rounded once: the high halves, exact, and the low halves are added. */
FOUR_INLINE __m256d doubles_of_wide(__m256i x) {
    __m256i low = _mm256_blend_epi32(x, _mm256_set1_epi64x(0x4330000000000000), 0xaa);
    __m256i high = _mm256_xor_si256(_mm256_srli_epi64(x, 32), _mm256_set1_epi64x(0x4530000080000000));
    __m256d high_less_2_to_52 =
        _mm256_sub_pd(_mm256_castsi256_pd(high), _mm256_set1_pd(0x1p84 + 0x1p63 + 0x1p52));
    return _mm256_add_pd(high_less_2_to_52, _mm256_castsi256_pd(low));
}

/* How the sums of slots are read. Those of one word hold both sums, and the gradient is made positive for the shift, which knows
** no sign, by a power of two that is taken off again as a double: a slot is below 2^62 in size, and its gradient below 2^51
** (gradients.h). */
typedef struct slot_reader {
    __m256i lift, mask;
    __m128i shift;
    __m256d offset;
} slot_reader;

FOUR_INLINE slot_reader reader_of(int shift, scan_kind kind) {
    if (kind.wide) return (slot_reader){.lift = _mm256_setzero_si256()};
    int lift = 51 + shift < 62 ? 51 + shift : 62;
    return (slot_reader){.lift = _mm256_set1_epi64x((int64_t)1 << lift),
                         .mask = _mm256_set1_epi64x(((int64_t)1 << shift) - 1),
                         .shift = _mm_cvtsi32_si128(shift),
                         .offset = _mm256_set1_pd(0x1p52 + (double)((int64_t)1 << (lift - shift)))};
}

/* --- one cut of each feature ------------------------------------------------------------------------------ */

typedef struct node_lanes {
    __m256d gradient, hessian, lambda, alpha, least_hessian;
} node_lanes;

/* The best cuts so far when what is missing goes to one side. */
typedef struct best_cuts {
    __m256d score, bin;
} best_cuts;

FOUR_INLINE __m256d avx2_excess(__m256d gradient, __m256d alpha) {
    __m256d size = _mm256_andnot_pd(_mm256_set1_pd(-0.0), gradient);
    return _mm256_max_pd(_mm256_sub_pd(size, alpha), _mm256_setzero_pd());
}

/* The same products in the same order as in scan.c. */
FOUR_INLINE void try_cuts(const node_lanes *node, __m256d gradient, __m256d hessian, __m256d bin,
                          bool penalised, best_cuts *best) {
    __m256d other = _mm256_sub_pd(node->gradient, gradient);
    __m256d other_hessian = _mm256_sub_pd(node->hessian, hessian);
    if (penalised) {
        gradient = avx2_excess(gradient, node->alpha);
        other = avx2_excess(other, node->alpha);
    }
    __m256d bottom = _mm256_add_pd(hessian, node->lambda);
    __m256d other_bottom = _mm256_add_pd(other_hessian, node->lambda);
    __m256d part = _mm256_mul_pd(_mm256_mul_pd(gradient, gradient), other_bottom);
    __m256d other_part = _mm256_mul_pd(_mm256_mul_pd(other, other), bottom);
    __m256d score = _mm256_div_pd(_mm256_add_pd(part, other_part), _mm256_mul_pd(bottom, other_bottom));
    __m256d least = _mm256_min_pd(hessian, other_hessian);
    __m256d allowed = _mm256_cmp_pd(least, node->least_hessian, _CMP_GE_OQ);
    __m256d better = _mm256_and_pd(allowed, _mm256_cmp_pd(score, best->score, _CMP_GT_OQ));
    best->score = _mm256_blendv_pd(best->score, score, better);
    best->bin = _mm256_blendv_pd(best->bin, bin, better);
}

/* --- cuts that cannot win -------------------------------------------------------------------------------- */

/* Tells, without a division, most cuts that cannot be better from those that may. With b = HL + lambda, S = H + 2 lambda and
** d = GL - b G / S, the score of a cut is
**     S d^2 / (b (S - b)) + G^2 / S
** and `least` is what d^2 / (b (S - b)) must come to for the score to be above the best one. All this is rounded, so `least`
** is for a score that is lower by a margin. The rounding of the scores themselves and of d moves a score by less than
** sqrt(S / L) 2^-48 of it, that of S - b by S / L 2^-52 of it, L being the least b or S - b there may be: the margin is S / L 2^-44.
** For a node without a penalty alpha. */
typedef struct cut_screen {
    __m256d all, mean, lambda, least_side;
    __m256d per_score, offset; /* least = score * per_score - offset */
    __m256d least;
} cut_screen;

FOUR_INLINE cut_screen screen_of(const scan_node *node) {
    double all = node->hessian + 2 * node->lambda, side = node->least_hessian + node->lambda;
    double margin = all / side * 0x1p-44, mean = node->gradient / all;
    return (cut_screen){
        .all = _mm256_set1_pd(all),
        .mean = _mm256_set1_pd(mean),
        .lambda = _mm256_set1_pd(node->lambda),
        .least_side = _mm256_set1_pd(side - all * 0x1p-50),
        .per_score = _mm256_set1_pd(margin < 0.5 ? (1 - margin) / all : NAN), /* else all cuts may win */
        .offset = _mm256_set1_pd(mean * mean),
    };
}

FOUR_INLINE void raise_screen(cut_screen *screen, __m256d score) {
    screen->least = _mm256_sub_pd(_mm256_mul_pd(score, screen->per_score), screen->offset);
}

FOUR_INLINE __m256d may_win(const cut_screen *screen, __m256d gradient, __m256d hessian) {
    __m256d side = _mm256_add_pd(hessian, screen->lambda), other_side = _mm256_sub_pd(screen->all, side);
    __m256d apart = _mm256_sub_pd(gradient, _mm256_mul_pd(screen->mean, side));
    __m256d least = _mm256_mul_pd(screen->least, _mm256_mul_pd(side, other_side));
    __m256d worth = _mm256_cmp_pd(_mm256_mul_pd(apart, apart), least, _CMP_NLT_UQ);
    __m256d allowed = _mm256_cmp_pd(_mm256_min_pd(side, other_side), screen->least_side, _CMP_GE_OQ);
    return _mm256_and_pd(worth, allowed);
}

/* --- all cuts of four features -------------------------------------------------------------------------- */

/* What is left of a cut of each feature; `hessian` of WIDE slots only. */
typedef struct left_sums {
    __m256i gradient, hessian;
} left_sums;

FOUR_INLINE __m256d hessians_of(left_sums sums, const slot_reader *reader, scan_kind kind) {
    if (kind.wide) return doubles_of_wide(sums.hessian);
    return doubles_of(_mm256_and_si256(sums.gradient, reader->mask), _mm256_set1_pd(0x1p52));
}

FOUR_INLINE __m256d gradients_of(left_sums sums, const slot_reader *reader, scan_kind kind) {
    if (kind.wide) return doubles_of_wide(sums.gradient);
    return doubles_of(_mm256_srl_epi64(sums.gradient, reader->shift), reader->offset);
}

/* Four words of each feature are four cuts or two; `sums` continues from the last of those before. */
FOUR_INLINE void next_cuts(const scan_feature features[4], int first, scan_kind kind, left_sums *last,
                           left_sums sums[4]) {
    __m256i words[4];
    for (int i = 0; i < 4; i++) {
        size_t slot = features[i].slot + (size_t)first;
        words[i] =
            _mm256_loadu_si256((const void *)(features[i].histogram->words + (kind.wide ? 2 * slot : slot)));
    }
    avx2_transpose(words);
    for (int i = 0; i < (kind.wide ? 2 : 4); i++) {
        last->gradient = _mm256_add_epi64(last->gradient, words[kind.wide ? 2 * i : i]);
        if (kind.wide) last->hessian = _mm256_add_epi64(last->hessian, words[2 * i + 1]);
        sums[i] = *last;
    }
}

FOUR_INLINE bool none_can_win(const cut_screen *screen, const left_sums *sums, int n, scan_kind kind,
                              const slot_reader *reader, __m256d missing_gradient, __m256d missing_hessian) {
    __m256d any = _mm256_setzero_pd();
    for (int i = 0; i < n; i++) {
        __m256d hessian = hessians_of(sums[i], reader, kind), gradient = gradients_of(sums[i], reader, kind);
        any = _mm256_or_pd(any, may_win(screen, gradient, hessian));
        if (!kind.missing) continue;
        gradient = _mm256_add_pd(gradient, missing_gradient);
        hessian = _mm256_add_pd(hessian, missing_hessian);
        any = _mm256_or_pd(any, may_win(screen, gradient, hessian));
    }
    return _mm256_movemask_pd(any) == 0;
}

FOUR_INLINE void scan(const scan_feature features[4], int n_bins, const scan_node *scanned, double reached,
                      scan_kind kind, best_cuts *best_right, best_cuts *best_left) {
    const node_lanes node = {_mm256_set1_pd(scanned->gradient), _mm256_set1_pd(scanned->hessian),
                             _mm256_set1_pd(scanned->lambda), _mm256_set1_pd(scanned->alpha),
                             _mm256_set1_pd(scanned->least_hessian)};
    __m256d missing_gradient =
        _mm256_set_pd((double)features[3].missing.gradient, (double)features[2].missing.gradient,
                      (double)features[1].missing.gradient, (double)features[0].missing.gradient);
    __m256d missing_hessian =
        _mm256_set_pd((double)features[3].missing.hessian, (double)features[2].missing.hessian,
                      (double)features[1].missing.hessian, (double)features[0].missing.hessian);
    const slot_reader reader = reader_of(features[0].shift, kind);
    const int n_cuts = kind.wide ? 2 : 4;
    best_cuts right = *best_right, left = *best_left;
    const __m256d reached_lanes = _mm256_set1_pd(reached);
    cut_screen screen = screen_of(scanned);
    raise_screen(&screen, reached_lanes);
    left_sums last = {reader.lift, _mm256_setzero_si256()}, sums[4];
    for (int first = 0; first < n_bins; first += n_cuts) {
        next_cuts(features, first, kind, &last, sums);
        /* Hessians only rise, so these two tell whether any of the cuts may be allowed. */
        __m256d lowest = hessians_of(sums[0], &reader, kind), highest = hessians_of(last, &reader, kind);
        if (kind.missing) highest = _mm256_add_pd(highest, missing_hessian);
        __m256d right_large =
            _mm256_cmp_pd(_mm256_sub_pd(node.hessian, lowest), node.least_hessian, _CMP_GE_OQ);
        __m256d left_large = _mm256_cmp_pd(highest, node.least_hessian, _CMP_GE_OQ);
        if (_mm256_movemask_pd(right_large) == 0) break;
        if (_mm256_movemask_pd(_mm256_and_pd(right_large, left_large)) == 0) continue;
        if (!kind.penalised &&
            none_can_win(&screen, sums, n_cuts, kind, &reader, missing_gradient, missing_hessian))
            continue;
        for (int i = 0; i < n_cuts; i++) {
            __m256d hessian = hessians_of(sums[i], &reader, kind),
                    gradient = gradients_of(sums[i], &reader, kind);
            __m256d bin = _mm256_set1_pd((double)(first + i));
            try_cuts(&node, gradient, hessian, bin, kind.penalised, &right);
            if (!kind.missing) continue;
            /* What is missing alone is on the right of a cut already. */
            __m256d present = _mm256_cmp_pd(hessian, _mm256_setzero_pd(), _CMP_GT_OQ);
            gradient = _mm256_add_pd(gradient, missing_gradient);
            hessian = _mm256_and_pd(present, _mm256_add_pd(hessian, missing_hessian));
            try_cuts(&node, gradient, hessian, bin, kind.penalised, &left);
        }
        raise_screen(&screen, _mm256_max_pd(reached_lanes, _mm256_max_pd(right.score, left.score)));
    }
    *best_right = right;
    *best_left = left;
}

ATHLETE_AVX2 static void avx2_store_cuts(const best_cuts *best, scan_cut cuts[4]) {
    double scores[4], bins[4];
    _mm256_storeu_pd(scores, best->score);
    _mm256_storeu_pd(bins, best->bin);
    for (int i = 0; i < 4; i++) cuts[i] = (scan_cut){scores[i], (int)bins[i], false};
}

ATHLETE_AVX2 void scan_avx2(const scan_feature features[4], const scan_node *node, double reached,
                            scan_cut best[4]) {
    int n_bins = 0;
    bool missing = false, penalised = node->alpha > 0;
    for (int i = 0; i < 4; i++) {
        n_bins = features[i].n_bins > n_bins ? features[i].n_bins : n_bins;
        missing = missing || features[i].missing.hessian > 0;
    }
    best_cuts right = {_mm256_set1_pd(-INFINITY), _mm256_setzero_pd()}, left = right;
    if (features[0].histogram->wide) {
        if (penalised) scan(features, n_bins, node, reached, (scan_kind){true, true, true}, &right, &left);
        else scan(features, n_bins, node, reached, (scan_kind){true, false, true}, &right, &left);
    } else if (penalised) {
        scan(features, n_bins, node, reached, (scan_kind){false, true, true}, &right, &left);
    } else if (missing) {
        scan(features, n_bins, node, reached, (scan_kind){false, false, true}, &right, &left);
    } else {
        scan(features, n_bins, node, reached, (scan_kind){false, false, false}, &right, &left);
    }
    scan_cut with_left[4];
    avx2_store_cuts(&right, best);
    avx2_store_cuts(&left, with_left);
    for (int i = 0; i < 4; i++) {
        if (scan_is_better(&with_left[i], &best[i]))
            best[i] = (scan_cut){with_left[i].score, with_left[i].bin, true};
    }
}
#endif

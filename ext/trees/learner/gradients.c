#include "trees/learner/gradients.h"

#include <math.h>
#include <string.h>
#include "base/numbers/fixed_point.h"

#define GRADIENTS_PART_ROWS 16384
#define MAX_PACKED_ROWS                                                                                      \
    16384 /* a 64-bit form of its own for each row costs nothing while all fit the caches */
#define GRADIENTS_MIN_MEAN_UNITS 64
#define ROUNDED_AT_ONCE          512

typedef struct fix_job {
    row_gradients *g;
    const double *gradient, *hessian;
    bin_matrix *bins;
    struct {
        gradient_measures measures;
        char apart[24]; /* hands write on cache lines of their own */
    } of[ATHLETE_MAX_THREADS];
} fix_job;

static double larger(double a, double b) {
    return a > b ? a : b;
}

void gradient_measures_add(gradient_measures *all, const gradient_measures *some) {
    all->largest = larger(all->largest, some->largest);
    all->largest_hessian = larger(all->largest_hessian, some->largest_hessian);
    all->smallest_hessian = -larger(-all->smallest_hessian, -some->smallest_hessian);
    all->gradient_units += some->gradient_units;
    all->hessian_units += some->hessian_units;
}

static size_t rows_of(size_t part, size_t n) {
    return n - part * GRADIENTS_PART_ROWS < GRADIENTS_PART_ROWS ? n - part * GRADIENTS_PART_ROWS
                                                                : GRADIENTS_PART_ROWS;
}

/* --- rounding ------------------------------------------------------------------------------------------- */

static void measure(const double *gradient, const double *hessian, size_t n, gradient_measures *measures) {
    gradient_measures m = *measures;
    for (size_t i = 0; i < n; i++) {
        m.largest = larger(fabs(gradient[i]), m.largest);
        m.largest_hessian = larger(hessian[i], m.largest_hessian);
        m.smallest_hessian = hessian[i] < m.smallest_hessian ? hessian[i] : m.smallest_hessian;
    }
    *measures = m;
}

static int64_t limited(int64_t x, int bits) {
    int64_t limit = ((int64_t)1 << bits) - 1;
    return x > limit ? limit : x < -limit ? -limit : x;
}

static int64_t hessian_in_units(const row_gradients *g, double hessian, double scale) {
    int64_t units = limited(fixed_point(hessian, scale), g->hessian_bits);
    return units < 1 ? 1 : units;
}

/* Units per 1 of a row's gradient and hessian, before its weight. */
static gradient_scale gradients_row_scale(const row_gradients *g) {
    return (gradient_scale){ldexp(g->scale.gradient, -g->weight_bits),
                            ldexp(g->scale.hessian, -g->weight_bits)};
}

/* What fixed_point and `limited` make of a gradient or hessian, of at most 30 bits: limited before it is a whole number, which vector
** instructions of every processor can do. */
static inline int32_t gradients_rounded(double x, double scale, double limit) {
    double units = x * scale + (x < 0 ? -0.5 : 0.5);
    units = units < limit ? units : limit;
    return (int32_t)(units > -limit ? units : -limit);
}

static double limit_of(int bits) {
    return (double)(((int64_t)1 << bits) - 1);
}

/* The headers of at most ROUNDED_AT_ONCE records, and the sums of sizes. */
static void round_some(const row_gradients *g, size_t n, const double *restrict gradient,
                       const double *restrict hessian, int32_t *restrict headers,
                       gradient_measures *measures) {
    const gradient_scale scale = gradients_row_scale(g);
    const double limit = limit_of(g->bits), hessian_limit = limit_of(g->hessian_bits);
    int64_t gradient_units = 0, hessian_units = 0;
    for (size_t i = 0; i < n; i++) {
        headers[i] = gradients_rounded(gradient[i], scale.gradient, limit);
        gradient_units += headers[i] < 0 ? -headers[i] : headers[i];
    }
    for (size_t i = 0; !g->counts_rows && i < n; i++) {
        int32_t units = gradients_rounded(hessian[i], scale.hessian, hessian_limit);
        units = units > 1 ? units : 1;
        headers[i] = headers[i] * 0x8000 + units;
        hessian_units += units;
    }
    measures->gradient_units += gradient_units;
    measures->hessian_units += g->counts_rows ? (int64_t)n : hessian_units;
}

/* Rows as most of them are: without weights, and with their gradients in their records. */
static void round_records(const row_gradients *g, uint8_t *records, size_t record_bytes, size_t n,
                          const double *gradient, const double *hessian, gradient_measures *measures) {
    int32_t headers[ROUNDED_AT_ONCE];
    for (size_t start = 0; start < n; start += ROUNDED_AT_ONCE) {
        size_t some = n - start < ROUNDED_AT_ONCE ? n - start : ROUNDED_AT_ONCE;
        round_some(g, some, gradient + start, hessian + start, headers, measures);
        for (size_t i = 0; i < some; i++, records += record_bytes)
            memcpy(records, &headers[i], sizeof headers[i]);
    }
}

static void round_others(row_gradients *g, size_t begin, size_t n, const double *gradient,
                         const double *hessian, gradient_measures *measures) {
    const gradient_scale scale = gradients_row_scale(g);
    for (size_t i = 0; i < n; i++) {
        int64_t units = limited(fixed_point(gradient[i], scale.gradient), g->bits);
        int64_t low = g->counts_rows ? 1 : hessian_in_units(g, hessian[i], scale.hessian);
        int64_t weight = g->weights ? g->weights[begin + i] : 1;
        measures->gradient_units += (units < 0 ? -units : units) * weight;
        measures->hessian_units += low * weight;
        if (g->form == GRADIENTS_WIDE) g->wide[begin + i] = (gradient_sum){units * weight, low * weight};
        else g->packed[begin + i] = units * ((int64_t)1 << g->shift) + low;
    }
}

static void round_rows(row_gradients *g, bin_matrix *bins, size_t begin, size_t n, const double *gradient,
                       const double *hessian, gradient_measures *measures) {
    if (g->in_records)
        round_records(g, bins->records + begin * bins->record_bytes, bins->record_bytes, n, gradient, hessian,
                      measures);
    else round_others(g, begin, n, gradient, hessian, measures);
}

void gradients_round(row_gradients *g, bin_matrix *bins, size_t begin, size_t n, const double *gradient,
                     const double *hessian, gradient_measures *measures) {
    const gradient_scale scale = gradients_row_scale(g);
    measure(gradient, hessian, n, measures);
    bool near =
        measures->largest * scale.gradient < 0x1p40 && measures->largest_hessian * scale.hessian < 0x1p40;
    if (near)
        round_rows(g, bins, begin, n, gradient, hessian, measures); /* else they are not rounded for long */
}

static void measure_part(void *argument, size_t part, pool_hand *hand) {
    fix_job *job = argument;
    size_t begin = part * GRADIENTS_PART_ROWS, n = rows_of(part, job->bins->n_rows);
    gradient_measures m = job->of[hand->number].measures;
    measure(job->gradient + begin, job->hessian + begin, n, &m);
    job->of[hand->number].measures = m;
    pool_due(hand, n);
}

static void round_part(void *argument, size_t part, pool_hand *hand) {
    fix_job *job = argument;
    size_t begin = part * GRADIENTS_PART_ROWS, n = rows_of(part, job->bins->n_rows);
    gradient_measures m = job->of[hand->number].measures;
    round_rows(job->g, job->bins, begin, n, job->gradient + begin, job->hessian + begin, &m);
    job->of[hand->number].measures = m;
    pool_due(hand, 2 * n);
}

/* Calls `work` for all rows and returns the measures of all hands, which begin anew with none. */
static athlete_status measure_all(fix_job *job, pool_work *work, athlete_pool *pool, gradient_measures *all) {
    *all = (gradient_measures){.smallest_hessian = INFINITY};
    for (int hand = 0; hand < ATHLETE_MAX_THREADS; hand++) job->of[hand].measures = *all;
    size_t n = job->bins->n_rows;
    athlete_status status = pool_run_if(n > 4 * GRADIENTS_PART_ROWS, pool,
                                        (n + GRADIENTS_PART_ROWS - 1) / GRADIENTS_PART_ROWS, work, job);
    for (int hand = 0; hand < ATHLETE_MAX_THREADS; hand++)
        gradient_measures_add(all, &job->of[hand].measures);
    return status;
}

/* --- form ----------------------------------------------------------------------------------------------- */

static int smaller_of(int a, int b) {
    return a < b ? a : b;
}

/* Bits, shift and place of the form that this many rows, or this total weight, are best added in. */
static void choose_form(row_gradients *g, bool counted, bool fine) {
    int b = count_bits(g->total), wide_bits = smaller_of(31, 61 - b);
    bool few = g->total <= MAX_PACKED_ROWS;
    g->form = counted ? GRADIENTS_COUNTED : GRADIENTS_PAIRED;
    g->shift = counted ? b : 32;
    g->in_records = !few;
    g->counts_rows = counted;
    g->hessian_bits = few ? 32 - b : 15;
    if (counted) {
        g->bits = few ? smaller_of(62 - 2 * b, 51 - b) : smaller_of(30, 62 - 2 * b);
        fine = fine || g->bits < 20;
    } else {
        g->bits = few ? 31 - b : 16;
    }
    if (fine) g->bits = g->hessian_bits = wide_bits;
    g->fine = fine;
    if (fine || g->weights) {
        g->form = GRADIENTS_WIDE;
        g->shift = 0;
        g->in_records = false;
    }
}

static athlete_status gradients_make_room(row_gradients *g, size_t n_rows, athlete_budget *budget) {
    if (g->form == GRADIENTS_WIDE && !g->wide) g->wide = memory_alloc(budget, n_rows, sizeof *g->wide);
    bool packed = g->form != GRADIENTS_WIDE && !g->in_records;
    if (packed && !g->packed) g->packed = memory_alloc(budget, n_rows, sizeof *g->packed);
    return (g->form != GRADIENTS_WIDE || g->wide) && (!packed || g->packed) ? ATHLETE_OK
                                                                            : memory_status(budget);
}

static bool all_are_counted(const gradient_measures *m) {
    return m->largest_hessian == 1 && m->smallest_hessian == 1;
}

/* The units that take the largest gradient and hessian to the bits that there are. */
static void choose_units(row_gradients *g, const gradient_measures *m) {
    g->scale.gradient = ldexp(fixed_point_scale(m->largest, g->bits), g->weight_bits);
    double hessian = g->counts_rows ? 1 : fixed_point_scale(m->largest_hessian, g->hessian_bits);
    g->scale.hessian = ldexp(hessian, g->weight_bits);
    g->smallest_hessian = g->counts_rows ? 1 : hessian_in_units(g, m->smallest_hessian, hessian);
    g->largest_hessian = g->counts_rows ? 1 : hessian_in_units(g, m->largest_hessian, hessian);
}

static bool is_too_coarse(const row_gradients *g, const gradient_measures *m) {
    int64_t least = (int64_t)g->total * GRADIENTS_MIN_MEAN_UNITS;
    return (m->largest > 0 && m->gradient_units < least) || (!g->counts_rows && m->hessian_units < least);
}

athlete_status gradients_fix(row_gradients *g, const double *gradient, const double *hessian,
                             bin_matrix *bins, athlete_budget *budget, athlete_pool *pool) {
    fix_job job = {.g = g, .gradient = gradient, .hessian = hessian, .bins = bins};
    gradient_measures m;
    athlete_status status = measure_all(&job, measure_part, pool, &m);
    bool counted = all_are_counted(&m), coarse = true;
    for (int fine = 0; status == ATHLETE_OK && coarse && fine < 2; fine++) {
        choose_form(g, counted, fine);
        choose_units(g, &m);
        status = gradients_make_room(g, bins->n_rows, budget);
        gradient_measures gradients_rounded;
        if (status == ATHLETE_OK) status = measure_all(&job, round_part, pool, &gradients_rounded);
        if (status != ATHLETE_OK) break;
        gradients_rounded.largest = m.largest;
        coarse = is_too_coarse(g, &gradients_rounded);
    }
    return status;
}

bool gradients_settle(row_gradients *g, const gradient_measures *m) {
    if (g->fine || all_are_counted(m) != g->counts_rows || is_too_coarse(g, m)) return false;
    row_gradients other = *g;
    choose_units(&other, m);
    if (other.scale.gradient != g->scale.gradient || other.scale.hessian != g->scale.hessian) return false;
    g->smallest_hessian = other.smallest_hessian;
    g->largest_hessian = other.largest_hessian;
    return true;
}

void gradients_begin(row_gradients *g, const bin_matrix *bins, const row_weights *weights) {
    *g = (row_gradients){.total = bins->n_rows};
    if (weights) {
        g->total = weights->total;
        g->weights = weights->units;
        g->weight_bits = weights->fraction_bits;
    }
}

void gradients_end(row_gradients *g, athlete_budget *budget) {
    memory_free(budget, g->packed);
    memory_free(budget, g->wide);
    *g = (row_gradients){.total = 0};
}

/* --- squares -------------------------------------------------------------------------------------------- */

/* A row's gradient in units, before its weight. */
static int64_t gradient_of_row(const row_gradients *g, const bin_matrix *bins, uint32_t row) {
    if (g->form == GRADIENTS_WIDE) return g->wide[row].gradient / (g->weights ? g->weights[row] : 1);
    if (!g->in_records) return slot_sum(g->packed[row], g->shift).gradient;
    uint32_t header;
    memcpy(&header, bins->records + row * bins->record_bytes, sizeof header);
    return slot_sum(slot_of_header(header, g->form, g->shift), g->shift).gradient;
}

double gradients_squares(const row_gradients *g, const bin_matrix *bins, const uint32_t *rows, size_t n,
                         int64_t mean) {
    bool counts = g->weight_bits == 0; /* of rows, the weights are */
    uint64_t terms = counts ? g->total : bins->n_rows;
    int bits = (62 - count_bits(terms)) / 2, most = g->bits + 1 + (counts ? 0 : ATHLETE_WEIGHT_BITS);
    int coarser = most > bits ? most - bits : 0;
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t weight = g->weights ? g->weights[rows[i]] : 1;
        int64_t distance = (gradient_of_row(g, bins, rows[i]) - mean) * (counts ? 1 : weight);
        int64_t size = (distance < 0 ? -distance : distance) >> coarser;
        sum += size * size * (counts ? weight : 1);
    }
    return ldexp((double)sum, 2 * coarser);
}

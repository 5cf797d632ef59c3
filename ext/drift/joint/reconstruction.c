#include "drift/joint/reconstruction.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include "cluster/points.h"
#include "drift/joint/principal_axes.h"

#define FURTHEST 1e150 /* standard deviations: no square of it overflows */

/* Of the rows that components are made of: their sums, one column after the other and pair by pair. */
typedef struct joint_moments {
    double n, *sums, *products; /* width, and width * width */
} joint_moments;

typedef struct joint_components {
    double *centre, *axes, *values; /* axes: rows, the first first */
    double *beyond;                 /* the axes after those that are kept, one column after the other */
} joint_components;

/* All that a comparison needs beside the rows. */
typedef struct joint_workshop {
    athlete_budget *budget;
    athlete_poll *poll;
    size_t width;
    double *block; /* of everything below */
    joint_moments all, some;
    joint_components of;
    double *row, *errors; /* of as many rows as the reference has */
} joint_workshop;

static void joint_moments_clear(joint_moments *m, size_t width) {
    m->n = 0;
    memset(m->sums, 0, width * sizeof *m->sums);
    memset(m->products, 0, width * width * sizeof *m->products);
}

static athlete_status joint_moments_add(joint_workshop *shop, joint_moments *m, const double *x, size_t n) {
    size_t width = shop->width;
    for (size_t r = 0; r < n; r++, x += width) {
        m->n++;
        for (size_t i = 0; i < width; i++) {
            m->sums[i] += x[i];
            for (size_t j = 0; j <= i; j++) m->products[i * width + j] += x[i] * x[j];
        }
        if (poll_due(shop->poll, width * width / 2 + 1)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

/* Of all rows but some. */
static void joint_moments_less(const joint_moments *all, const joint_moments *some, size_t width,
                               joint_moments *out) {
    out->n = all->n - some->n;
    for (size_t i = 0; i < width; i++) out->sums[i] = all->sums[i] - some->sums[i];
    for (size_t i = 0; i < width * width; i++) out->products[i] = all->products[i] - some->products[i];
}

static athlete_status joint_find_components(joint_workshop *shop, const joint_moments *m) {
    size_t width = shop->width;
    for (size_t i = 0; i < width; i++) shop->of.centre[i] = m->sums[i] / m->n;
    for (size_t i = 0; i < width; i++) {
        for (size_t j = 0; j <= i; j++) {
            double covariance = m->products[i * width + j] / m->n - shop->of.centre[i] * shop->of.centre[j];
            shop->of.axes[i * width + j] = shop->of.axes[j * width + i] = covariance;
        }
    }
    return principal_axes(shop->budget, shop->poll, shop->of.axes, width, shop->of.values);
}

/* The least number of components that explain more than the share. */
static size_t count_components(const joint_components *of, size_t width, double explained) {
    double total = 0, sum = 0;
    for (size_t i = 0; i < width; i++) total += of->values[i] > 0 ? of->values[i] : 0;
    for (size_t i = 0; i < width; i++) {
        sum += of->values[i] > 0 ? of->values[i] : 0;
        if (sum / total > explained) return i + 1;
    }
    return width;
}

/* The axes from the k-th on, so that what a row is held against at once lies side by side. */
static void joint_turn_axes(joint_workshop *shop, size_t k) {
    size_t width = shop->width, n = width - k;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < width; j++) shop->of.beyond[j * n + i] = shop->of.axes[(k + i) * width + j];
    }
}

/* How far a row reaches along each of n axes, of each in the order of its columns. */
static void joint_row_along(const double *restrict row, const double *restrict axes, size_t width, size_t n,
                            double *restrict along) {
    memset(along, 0, n * sizeof *along);
    for (size_t j = 0; j < width; j++, axes += n) {
        for (size_t i = 0; i < n; i++) along[i] += row[j] * axes[i];
    }
}

/* What the other components tell of a row: no difference of two nearly equal numbers. */
static double joint_row_error(joint_workshop *shop, const double *x, size_t k) {
    size_t width = shop->width, n = width - k;
    double sum = 0, *along = shop->of.beyond + width * width;
    for (size_t j = 0; j < width; j++) shop->row[j] = x[j] - shop->of.centre[j];
    joint_row_along(shop->row, shop->of.beyond, width, n, along);
    for (size_t i = 0; i < n; i++) sum += along[i] * along[i];
    return sqrt(sum);
}

typedef struct joint_summary {
    double mean, deviation; /* of a population */
} joint_summary;

static joint_summary joint_summarise(const double *errors, size_t n) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += errors[i];
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) squares += (errors[i] - mean) * (errors[i] - mean);
    return (joint_summary){mean, sqrt(squares / (double)n)};
}

static athlete_status joint_row_errors(joint_workshop *shop, const double *x, size_t n, size_t k,
                                       double *errors) {
    for (size_t r = 0; r < n; r++) {
        errors[r] = joint_row_error(shop, x + r * shop->width, k);
        if (poll_due(shop->poll, (shop->width - k) * shop->width + 1)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

/* How far a window of the reference lies from the rest of it, in standard deviations of the rest's rows, by components of the rest;
** NAN where those do not vary. */
static athlete_status joint_window_distance(joint_workshop *shop, joint_rows reference, size_t first,
                                            size_t length, size_t k, double *out) {
    const double *window = reference.x + first * shop->width;
    joint_moments_clear(&shop->some, shop->width);
    athlete_status status = joint_moments_add(shop, &shop->some, window, length);
    joint_moments_less(&shop->all, &shop->some, shop->width, &shop->some);
    if (status == ATHLETE_OK) status = joint_find_components(shop, &shop->some);
    joint_turn_axes(shop, k);
    if (status == ATHLETE_OK) status = joint_row_errors(shop, window, length, k, shop->errors);
    double mean = joint_summarise(shop->errors, length).mean;
    if (status == ATHLETE_OK) status = joint_row_errors(shop, reference.x, first, k, shop->errors);
    size_t after = first + length;
    if (status == ATHLETE_OK)
        status = joint_row_errors(shop, reference.x + after * shop->width, reference.n - after, k,
                                  shop->errors + first);
    joint_summary rest = joint_summarise(shop->errors, reference.n - length);
    *out = rest.deviation > 0 ? (mean - rest.mean) / rest.deviation : NAN;
    return status;
}

/* Windows side by side, or so many of them that overlap less as there are more. */
static athlete_status joint_walk_windows(joint_workshop *shop, joint_rows reference, size_t length,
                                         reconstruction *out) {
    size_t least = (reference.n - length + RECONSTRUCTION_WINDOWS - 1) / RECONSTRUCTION_WINDOWS;
    size_t stride = length > least ? length : least;
    for (size_t first = (reference.n - length) % stride; first + length <= reference.n; first += stride) {
        double away;
        athlete_status status =
            joint_window_distance(shop, reference, first, length, out->n_components, &away);
        if (status != ATHLETE_OK) return status;
        if (fabs(away) > out->own) out->own = fabs(away);
    }
    return ATHLETE_OK;
}

static athlete_status compare_errors(joint_workshop *shop, joint_rows reference, joint_rows current,
                                     double explained, reconstruction *out) {
    athlete_status status = joint_moments_add(shop, &shop->all, reference.x, reference.n);
    if (status == ATHLETE_OK) status = joint_find_components(shop, &shop->all);
    if (status != ATHLETE_OK) return status;
    if (shop->of.values[0] <= 0) {
        out->reason = RECONSTRUCTION_STILL;
        return ATHLETE_OK;
    }
    size_t k = out->n_components = count_components(&shop->of, shop->width, explained);
    joint_turn_axes(shop, k);
    double *errors = memory_alloc(shop->budget, current.n, sizeof *errors);
    if (!errors) return memory_status(shop->budget);
    status = joint_row_errors(shop, current.x, current.n, k, errors);
    joint_summary now = joint_summarise(errors, current.n);
    memory_free(shop->budget, errors);
    if (status == ATHLETE_OK) status = joint_row_errors(shop, reference.x, reference.n, k, shop->errors);
    if (status != ATHLETE_OK) return status;
    joint_summary before = joint_summarise(shop->errors, reference.n);
    out->error = now.mean;
    out->reference_error = before.mean;
    out->sampling_error = current.n > 1 ? now.deviation / sqrt((double)current.n - 1) : NAN;
    out->reason = reference.n / 3 < current.n                      ? RECONSTRUCTION_SHORT
                  : k == shop->width || !(before.deviation > 1e-9) ? RECONSTRUCTION_WHOLE
                                                                   : RECONSTRUCTION_TOLD;
    if (out->reason != RECONSTRUCTION_TOLD) return ATHLETE_OK;
    out->shift = (now.mean - before.mean) / before.deviation;
    return joint_walk_windows(shop, reference, current.n, out);
}

/* The largest power of 2 that is no larger than any number of the column: measured in it, nothing overflows or is lost. */
static double unit_of_column(joint_rows reference, size_t width, size_t j) {
    double most = 0;
    int exponent;
    for (size_t i = 0; i < reference.n; i++) {
        double x = fabs(reference.x[i * width + j]);
        if (x > most) most = x;
    }
    frexp(most, &exponent);
    return ldexp(1, exponent > 1023 ? 1023 : exponent < -1000 ? -1000 : exponent);
}

static void measure_in(joint_rows rows, size_t width, size_t j, double unit) {
    for (size_t i = 0; i < rows.n; i++) rows.x[i * width + j] /= unit;
}

/* What is missing becomes the number; true when something was. */
static bool fill_column(joint_rows rows, size_t width, size_t j, double number) {
    bool any = false;
    for (size_t i = 0; i < rows.n; i++) {
        double *cell = &rows.x[i * width + j];
        if (!isnan(*cell)) continue;
        *cell = number;
        any = true;
    }
    return any;
}

static void hold_within(joint_rows rows, size_t width) {
    for (size_t i = 0; i < rows.n * width; i++) {
        if (rows.x[i] > FURTHEST) rows.x[i] = FURTHEST;
        if (rows.x[i] < -FURTHEST) rows.x[i] = -FURTHEST;
    }
}

/* In standard deviations of the reference in which what is missing is the mean; what varies by rounding alone does not vary, and keeps
** its unit. */
static athlete_status standardise_both(joint_workshop *shop, joint_rows reference, joint_rows current,
                                       double *scales) {
    size_t width = shop->width;
    double *means = shop->of.centre, *units = shop->row;
    for (size_t j = 0; j < width; j++) {
        units[j] = unit_of_column(reference, width, j);
        measure_in(reference, width, j, units[j]);
        measure_in(current, width, j, units[j]);
    }
    athlete_status status = points_scales(reference.x, reference.n, width, shop->poll, means, scales);
    if (status != ATHLETE_OK) return status;
    for (size_t j = 0; j < width && status == ATHLETE_OK; j++) {
        if (fill_column(reference, width, j, means[j]))
            status =
                points_scale(reference.x, reference.n, width, j, shop->poll, &shop->all.sums[j], &scales[j]);
        double n = (double)reference.n, variance = scales[j] * scales[j],
               rounding = n * means[j] * DBL_EPSILON;
        bool varies = scales[j] < 1 && variance > n * DBL_EPSILON * variance + rounding * rounding;
        if (!varies) scales[j] = 1 / units[j];
    }
    points_standardise(reference.x, reference.n, width, means, scales);
    points_standardise(current.x, current.n, width, means, scales);
    hold_within(reference, width);
    hold_within(current, width);
    return status;
}

static athlete_status joint_workshop_open(joint_workshop *shop, size_t n_reference) {
    size_t width = shop->width, square = width * width;
    shop->block = memory_zeroed(shop->budget, 4 * square + 7 * width + n_reference, sizeof *shop->block);
    if (!shop->block) return memory_status(shop->budget);
    double *at = shop->block;
    double **const parts[] = {&shop->all.products, &shop->some.products, &shop->of.axes,   &shop->all.sums,
                              &shop->some.sums,    &shop->of.centre,     &shop->of.values, &shop->row};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        *parts[i] = at;
        at += i < 3 ? square : width;
    }
    shop->errors = at + width; /* after the scales */
    shop->of.beyond = shop->errors + n_reference;
    return ATHLETE_OK;
}

athlete_status reconstruction_compare(athlete_budget *budget, athlete_poll *poll, joint_rows reference,
                                      joint_rows current, size_t width, double explained,
                                      reconstruction *out) {
    *out = (reconstruction){.sampling_error = NAN};
    joint_workshop shop = {.budget = budget, .poll = poll, .width = width};
    athlete_status status = joint_workshop_open(&shop, reference.n);
    if (status == ATHLETE_OK) status = standardise_both(&shop, reference, current, shop.errors - width);
    if (status == ATHLETE_OK) {
        joint_moments_clear(&shop.all, width);
        status = compare_errors(&shop, reference, current, explained, out);
    }
    memory_free(budget, shop.block);
    return status;
}

#include "drift/joint/principal_axes.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MOST_STEPS 100 /* of QL for one value; two or three are usual */

static double axes_dot(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* The vector that mirrors x onto its first axis goes to v; false where x lies there already. *along is what becomes of x[0]. */
static bool axes_mirror_of(const double *x, size_t n, double *v, double *along) {
    double rest = axes_dot(x + 1, x + 1, n - 1);
    *along = x[0];
    if (rest == 0) return false;
    *along = x[0] > 0 ? -sqrt(x[0] * x[0] + rest) : sqrt(x[0] * x[0] + rest);
    memcpy(v, x, n * sizeof *v);
    v[0] -= *along;
    double length = sqrt(axes_dot(v, v, n));
    for (size_t i = 0; i < n; i++) v[i] /= length;
    return true;
}

/* The lower right block of n rows becomes its image in the mirror on both sides: A - v w' - w v', w being 2 (A v - (v'A v) v). It is
** symmetric to the bit, so that its columns are its rows. */
static void axes_mirror_block(double *block, size_t width, size_t n, const double *v, double *w) {
    memset(w, 0, n * sizeof *w);
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < n; i++) w[i] += block[j * width + i] * v[j];
    }
    for (size_t i = 0; i < n; i++) w[i] *= 2;
    double middle = axes_dot(w, v, n) / 2;
    for (size_t i = 0; i < n; i++) w[i] -= 2 * middle * v[i];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) block[i * width + j] -= v[i] * w[j] + w[i] * v[j];
    }
}

/* The block's columns from `first` on in the mirror: B - 2 v (v'B); `block` has n rows. */
static void axes_mirror_columns(double *block, size_t width, size_t n, const double *v, double *w) {
    memset(w, 0, n * sizeof *w);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) w[j] += 2 * v[i] * block[i * width + j];
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) block[i * width + j] -= v[i] * w[j];
    }
}

/* T = Q'AQ with the diagonal d and, beside it, e; matrix becomes Q. `mirrors` has room for as much as the matrix. */
static athlete_status axes_tridiagonal(athlete_poll *poll, double *matrix, size_t width, double *mirrors,
                                       double *d, double *e, double *w) {
    for (size_t k = 0; k + 2 < width; k++) {
        size_t n = width - k - 1;
        double *x = w + width;
        for (size_t i = 0; i < n; i++) x[i] = matrix[(k + 1 + i) * width + k];
        double *v = mirrors + k * width;
        v[width - 1] = axes_mirror_of(x, n, v, &e[k]) ? 1 : 0; /* n < width: room to note it */
        if (v[width - 1] > 0) axes_mirror_block(matrix + (k + 1) * (width + 1), width, n, v, w);
        if (poll_due(poll, 4 * n * n)) return ATHLETE_INTERRUPTED;
    }
    if (width > 1) e[width - 2] = matrix[width * width - 2];
    for (size_t i = 0; i < width; i++) d[i] = matrix[i * (width + 1)];
    memset(matrix, 0, width * width * sizeof *matrix);
    for (size_t i = 0; i < width; i++) matrix[i * (width + 1)] = 1;
    for (size_t k = width; k-- > 0;) {
        size_t n = width - k - 1;
        const double *v = mirrors + k * width;
        if (k + 2 < width && v[width - 1] > 0)
            axes_mirror_columns(matrix + (k + 1) * (width + 1), width, n, v, w);
        if (poll_due(poll, 3 * n * n)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

static void axes_transpose(double *matrix, size_t width) {
    for (size_t i = 0; i < width; i++) {
        for (size_t j = 0; j < i; j++) {
            double x = matrix[i * width + j];
            matrix[i * width + j] = matrix[j * width + i];
            matrix[j * width + i] = x;
        }
    }
}

static void axes_rotate(double *a, double *b, size_t n, double c, double s) {
    for (size_t i = 0; i < n; i++) {
        double x = b[i];
        b[i] = s * a[i] + c * x;
        a[i] = c * a[i] - s * x;
    }
}

/* One step of QL on rows l to m of the tridiagonal form, chased upwards; the rows of `vectors` turn with it. */
static void axes_ql_step(double *d, double *e, size_t l, size_t m, double *vectors, size_t width) {
    double g = (d[l + 1] - d[l]) / (2 * e[l]), r = sqrt(g * g + 1);
    double s = 1, c = 1, p = 0;
    g = d[m] - d[l] + e[l] / (g + (g < 0 ? -r : r));
    for (size_t i = m; i-- > l;) {
        double f = s * e[i], b = c * e[i];
        r = sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r == 0) { /* it fell apart here */
            d[i + 1] -= p;
            e[m] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        axes_rotate(vectors + i * width, vectors + (i + 1) * width, width, c, s);
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0;
}

static athlete_status axes_ql(athlete_poll *poll, double *d, double *e, double *vectors, size_t width) {
    for (size_t l = 0; l < width; l++) {
        for (int step = 0; step < MOST_STEPS; step++) {
            size_t m = l;
            while (m + 1 < width && fabs(e[m]) > DBL_EPSILON * (fabs(d[m]) + fabs(d[m + 1]))) m++;
            if (m == l) break;
            axes_ql_step(d, e, l, m, vectors, width);
            if (poll_due(poll, 4 * (m - l) * width)) return ATHLETE_INTERRUPTED;
        }
    }
    return ATHLETE_OK;
}

/* The largest value first; of equal ones as they came. */
static void largest_first(double *values, double *vectors, size_t width, double *room) {
    for (size_t i = 1; i < width; i++) {
        double value = values[i];
        size_t to = i;
        while (to > 0 && values[to - 1] < value) to--;
        memcpy(room, vectors + i * width, width * sizeof *room);
        memmove(vectors + (to + 1) * width, vectors + to * width, (i - to) * width * sizeof *vectors);
        memcpy(vectors + to * width, room, width * sizeof *room);
        memmove(values + to + 1, values + to, (i - to) * sizeof *values);
        values[to] = value;
    }
}

athlete_status principal_axes(athlete_budget *budget, athlete_poll *poll, double *matrix, size_t width,
                              double *values) {
    double *mirrors = memory_zeroed(budget, width + 3, width * sizeof *mirrors);
    if (!mirrors) return memory_status(budget);
    double *e = mirrors + width * width, *room = e + width;
    athlete_status status = axes_tridiagonal(poll, matrix, width, mirrors, values, e, room);
    if (status == ATHLETE_OK) {
        axes_transpose(matrix, width);
        status = axes_ql(poll, values, e, matrix, width);
    }
    if (status == ATHLETE_OK) largest_first(values, matrix, width, room);
    memory_free(budget, mirrors);
    return status;
}

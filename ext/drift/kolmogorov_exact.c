/* The two exact methods. What would underflow is multiplied by 2^128 and counted. */
#include <math.h>
#include "drift/kolmogorov.h"

#define SCALE_EXPONENT 128
#define SCALE_UP       0x1p128
#define SCALE_DOWN     0x1p-128

/* --- powers of a matrix --------------------------------------------------------------------------------- */

/* to = a b, of m rows; `to` is neither. */
static athlete_status matrix_multiply(athlete_poll *poll, const double *a, const double *b, size_t m,
                                      double *to) {
    for (size_t i = 0; i < m; i++) {
        double *row = to + i * m;
        for (size_t j = 0; j < m; j++) row[j] = 0;
        for (size_t k = 0; k < m; k++) {
            double factor = a[i * m + k];
            for (size_t j = 0; j < m; j++) row[j] += factor * b[k * m + j];
        }
        if (poll_due(poll, m * m)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

/* Row r, column c: 1 / (r - c + 1)! on and below the diagonal's neighbour, less what the first column and the last row lose. */
static void durbin_matrix(double *matrix, double *edge, double *inverse, size_t m, double h) {
    double factor = 1, power = 1;
    for (size_t j = 0; j < m; j++) {
        inverse[j] = factor; /* 1 / j! */
        factor /= (double)(j + 1);
        power *= h;
        edge[j] = (1 - power) * factor;
    }
    double corner = 0;
    if (2 * h > 1) {
        corner = 1;
        for (size_t j = 0; j < m; j++) corner *= 2 * h - 1;
    }
    edge[m - 1] = (1 + (corner - 2 * power)) * factor;
    for (size_t r = 0; r < m; r++) {
        for (size_t c = 1; c < m; c++) matrix[r * m + c] = c > r + 1 ? 0 : inverse[r + 1 - c];
        matrix[r * m] = edge[r];
    }
    for (size_t c = 0; c < m; c++) matrix[(m - 1) * m + c] = edge[m - 1 - c];
}

typedef struct matrix_power {
    double *square, *result, *spare;
    size_t m, middle;
    int square_exponent, result_exponent;
} matrix_power;

/* result = square^n, for as many digits as n has. */
static athlete_status matrix_raise(athlete_poll *poll, matrix_power *w, int64_t n) {
    for (; n > 0; n /= 2) {
        if (n % 2) {
            if (matrix_multiply(poll, w->result, w->square, w->m, w->spare) != ATHLETE_OK)
                return ATHLETE_INTERRUPTED;
            double *done = w->spare;
            w->spare = w->result;
            w->result = done;
            w->result_exponent += w->square_exponent;
        }
        if (matrix_multiply(poll, w->square, w->square, w->m, w->spare) != ATHLETE_OK)
            return ATHLETE_INTERRUPTED;
        double *done = w->spare;
        w->spare = w->square;
        w->square = done;
        w->square_exponent *= 2;
        if (fabs(w->square[w->middle]) > SCALE_UP) {
            for (size_t i = 0; i < w->m * w->m; i++) w->square[i] /= SCALE_UP;
            w->square_exponent += SCALE_EXPONENT;
        }
    }
    return ATHLETE_OK;
}

athlete_status kolmogorov_by_matrix(athlete_budget *budget, athlete_poll *poll, int64_t n, double d,
                                    double *p) {
    double nd = (double)n * d;
    size_t k = (size_t)ceil(nd), m = 2 * k - 1;
    double *memory = memory_zeroed(budget, 3 * m * m + 2 * m, sizeof *memory);
    if (!memory) return memory_status(budget);
    matrix_power w = {memory, memory + m * m, memory + 2 * m * m, m, (k - 1) * m + k - 1, 0, 0};
    double *edge = memory + 3 * m * m;
    durbin_matrix(w.square, edge, edge + m, m, (double)k - nd);
    for (size_t i = 0; i < m; i++) w.result[i * m + i] = 1;
    athlete_status status = matrix_raise(poll, &w, n);
    double chance = w.result[w.middle];
    for (int64_t i = 1; i <= n && status == ATHLETE_OK; i++) { /* n! / n^n */
        chance = (double)i * chance / (double)n;
        if (fabs(chance) >= SCALE_DOWN) continue;
        chance *= SCALE_UP;
        w.result_exponent -= SCALE_EXPONENT;
    }
    *p = ldexp(chance, w.result_exponent);
    memory_free(budget, memory);
    return status;
}

/* --- convolutions --------------------------------------------------------------------------------------- */

/* Where n d lies between whole numbers. */
typedef struct pomeranz {
    int64_t n, whole;
    int above, above_half; /* 1 where the fraction is above 0, above 1/2 */
} pomeranz;

/* The first and last entries of row i, from 0 to 2 n + 1, that are not 0. */
static void row_ends(const pomeranz *g, int64_t i, int64_t *first, int64_t *last) {
    int64_t half = (i + 1) / 2, from, to;
    if (i == 0) {
        from = -g->whole - g->above - 1;
        to = g->whole + g->above - 1;
    } else if (i % 2 == 0) {
        from = half - 1 - g->whole - 1;
        to = half + g->whole + g->above_half - 1;
    } else if (half == g->n + 1) {
        from = g->n - g->whole - g->above - 1;
        to = g->n + g->whole + g->above - 1;
    } else {
        from = half - 1 - g->whole - g->above_half - 1;
        to = half + g->whole - 1 + g->above - 1;
    }
    *first = from + 2 > 0 ? from + 2 : 0;
    *last = to < g->n ? to : g->n;
}

/* x^j / j! */
static void poisson_powers(double *powers, size_t n, double x) {
    powers[0] = 1;
    for (size_t j = 1; j < n; j++) powers[j] = powers[j - 1] * x / (double)j;
}

/* row[j - first] = the sum over i, from begin to end, of before[i - begin] powers[j - i]; returns the greatest. */
static double convolve(const double *before, int64_t begin, int64_t end, const double *powers, double *row,
                       int64_t first, int64_t last) {
    double greatest = 0;
    for (int64_t j = first; j <= last; j++) {
        double sum = 0;
        for (int64_t i = begin; i <= j && i <= end; i++) sum += before[i - begin] * powers[j - i];
        row[j - first] = sum;
        if (sum > greatest) greatest = sum;
    }
    return greatest;
}

/* `at_end`, `odd` and `even` are the powers for the first and last row and for those between, `before` and `row` room for rows. */
static athlete_status pomeranz_rows(athlete_poll *poll, const pomeranz *g, const double *at_end,
                                    const double *odd, const double *even, double *before, double *row,
                                    double *p) {
    int64_t begin, end, first, last;
    int exponent = 0;
    row_ends(g, 0, &first, &last);
    for (int64_t j = first; j <= last; j++) row[j - first] = j == first;
    for (int64_t i = 1; i <= 2 * g->n + 1; i++) {
        double *done = before;
        before = row;
        row = done;
        begin = first;
        end = last;
        row_ends(g, i, &first, &last);
        const double *powers = i == 1 || i == 2 * g->n + 1 ? at_end : i % 2 ? odd : even;
        double greatest = convolve(before, begin, end, powers, row, first, last);
        if (greatest > 0 && greatest < SCALE_DOWN) {
            for (int64_t j = first; j <= last; j++) row[j - first] *= SCALE_UP;
            exponent -= SCALE_EXPONENT;
        }
        if (poll_due(poll, (size_t)(g->whole * g->whole))) return ATHLETE_INTERRUPTED;
    }
    double chance = row[g->n - first];
    for (int64_t j = 1; j <= g->n; j++) { /* n! */
        if (fabs(chance) > SCALE_UP) {
            chance *= SCALE_DOWN;
            exponent += SCALE_EXPONENT;
        }
        chance *= (double)j;
    }
    *p = ldexp(chance, exponent);
    return ATHLETE_OK;
}

athlete_status kolmogorov_by_convolution(athlete_budget *budget, athlete_poll *poll, int64_t n, double d,
                                         double *p) {
    double nd = (double)n * d, fraction = nd - floor(nd), near = fraction < 0.5 ? fraction : 1 - fraction;
    pomeranz g = {n, (int64_t)floor(nd), fraction > 0, fraction > 0.5};
    size_t room = 2 * (size_t)g.whole + 8;
    double *memory = memory_zeroed(budget, 5 * room, sizeof *memory);
    if (!memory) return memory_status(budget);
    poisson_powers(memory, room, near / (double)n);
    poisson_powers(memory + room, room, 2 * near / (double)n);
    poisson_powers(memory + 2 * room, room, (1 - 2 * near) / (double)n);
    athlete_status status = pomeranz_rows(poll, &g, memory, memory + room, memory + 2 * room,
                                          memory + 3 * room, memory + 4 * room, p);
    memory_free(budget, memory);
    return status;
}

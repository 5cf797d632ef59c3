#include "drift/kolmogorov.h"

#include <math.h>
#include "base/numbers/elementary.h"
#include "base/numbers/sum.h"
#include "statistics/saddle_point.h"

#define PI_SQUARED    9.86960440108935861883
#define PI_FOURTH     (PI_SQUARED * PI_SQUARED)
#define PI_SIXTH      (PI_SQUARED * PI_SQUARED * PI_SQUARED)
#define SQRT_TWO_PI   2.50662827463100050242
#define PI            3.14159265358979323846
#define SUM_UP_TO     1000000 /* beyond, scipy's smirnov is a formula */
#define SMALL_SAMPLE  140
#define LEAST_LOG     (-708)
#define LEAST_LOG_SUM (-745)

static double clipped(double p) {
    return p < 0 ? 0 : p > 1 ? 1 : p;
}

/* --- one side ------------------------------------------------------------------------------------------- */

/* C(n, j) (d + j/n)^(j-1) d (1 - d - j/n)^(n-j), for 0 < j < n: a binomial probability times n d / (n d + j). */
static double one_side_term(double n, double j, double nd, double error_n) {
    double rest = n - j;
    if (rest <= nd) return 0;
    double exponent =
        error_n - stirling_error(j) - stirling_error(rest) - deviance(j, nd) - deviance(rest, -nd);
    if (exponent < LEAST_LOG_SUM) return 0;
    return elementary_exp(exponent) * sqrt(n / (2 * PI * j * rest)) * nd / (nd + j);
}

/* The chance that F rises above the sample's by d or more (Smirnov 1944; Birnbaum & Tingey 1951, Ann. Math. Stat. 22:592). All terms
** are positive. */
static athlete_status one_side(athlete_poll *poll, int64_t n, double d, double *p) {
    double count = (double)n, nd = count * d;
    if (n > SUM_UP_TO) {
        double root = 6 * nd + 1, exponent = -root * root / (18 * count);
        *p = exponent < LEAST_LOG_SUM ? 0 : elementary_exp(exponent);
        return ATHLETE_OK;
    }
    athlete_sum sum = {elementary_pow(1 - d, count), 0};
    double error_n = stirling_error(count);
    for (double j = 1; j < count - nd; j++) {
        sum_add(&sum, one_side_term(count, j, nd, error_n));
        if (poll_due(poll, 100)) return ATHLETE_INTERRUPTED;
    }
    *p = sum_value(&sum);
    return ATHLETE_OK;
}

/* --- Pelz and Good -------------------------------------------------------------------------------------- */

/* K0 + K1/sqrt n + K2/n + K3/n^1.5 (Pelz & Good 1976, J. R. Stat. Soc. B 38:152), each a sum over the powers q^(m^2) of odd m, with
** q = exp(-pi^2 / (8 z^2)), and for K2 and K3 one over the powers of q^4. */
static double pelz_good(double n, double d) {
    double z = sqrt(n) * d, z2 = z * z, z3 = z2 * z, z4 = z2 * z2, z6 = z4 * z2;
    double log_q = -PI_SQUARED / 8 / z2;
    if (log_q < LEAST_LOG) return 0;
    double k[4] = {0, 0, 0, 0}, k2_more = 0, k3_more = 0;
    for (double i = ceil(16 * z / PI); i > 0; i--) {
        double m2 = (2 * i - 1) * (2 * i - 1), m4 = m2 * m2, m6 = m4 * m2;
        double coefficients[4] = {
            1, -z2 + PI_SQUARED / 4 * m2,
            6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * PI_SQUARED / 4 * m2 + PI_FOURTH * (1 - 2 * z2) / 16 * m4,
            -30 * z6 - 90 * z4 * z4 + PI_SQUARED * (135 * z4 - 96 * z6) / 4 * m2 +
                PI_FOURTH * (-60 * z2 + 212 * z4) / 16 * m4 + PI_SIXTH * (5 - 30 * z2) / 64 * m6};
        double power = elementary_exp(log_q * 8 * i), own = elementary_exp(4 * log_q * i * i);
        for (int c = 0; c < 4; c++) k[c] = k[c] * power + coefficients[c];
        k2_more += i * i * own;
        k3_more += (3 * z2 - PI_SQUARED * i * i) * i * i * own;
    }
    double front = elementary_exp(log_q) * SQRT_TWO_PI, root = sqrt(n);
    k[0] *= front / z;
    k[1] *= front / (6 * z4);
    k[2] = k[2] * front / (72 * z6 * z) - k2_more * PI_SQUARED * SQRT_TWO_PI / (36 * z3);
    k[3] = k[3] * front / (6480 * z6 * z4) + k3_more * PI_SQUARED * SQRT_TWO_PI / (216 * z6);
    return k[0] + k[1] / root + k[2] / n + k[3] / (n * root);
}

/* --- which method --------------------------------------------------------------------------------------- */

/* d at most 1/n: n! (2 d - 1/n)^n (Ruben & Gambino 1982, Ann. Inst. Stat. Math. 34:167). */
static double least_gap(double n, double nd) {
    double log_factorial = stirling_error(n) + elementary_log(2 * PI * n) / 2 - n; /* of n! / n^n */
    return elementary_exp(log_factorial + n * elementary_log(2 * nd - 1));
}

typedef athlete_status below_method(athlete_budget *, athlete_poll *, int64_t, double, double *);

static athlete_status tail_of(below_method *below, athlete_budget *budget, athlete_poll *poll, int64_t n,
                              double d, double *p) {
    athlete_status status = below(budget, poll, n, d, p);
    *p = clipped(1 - *p);
    return status;
}

static athlete_status two_sides(athlete_poll *poll, int64_t n, double d, double *p) {
    athlete_status status = one_side(poll, n, d, p);
    *p = clipped(2 * *p);
    return status;
}

athlete_status kolmogorov_tail(athlete_budget *budget, athlete_poll *poll, int64_t n, double d, double *p) {
    double count = (double)n, nd = count * d, nd2 = nd * d;
    *p = d >= 1 ? 0 : 1;
    if (d >= 1 || nd <= 0.5) return ATHLETE_OK;
    if (nd <= 1) {
        *p = clipped(1 - least_gap(count, nd));
        return ATHLETE_OK;
    }
    if (nd >= count - 1) {
        *p = clipped(2 * elementary_pow(1 - d, count));
        return ATHLETE_OK;
    }
    if (d >= 0.5) return two_sides(poll, n, d, p);
    if (n <= SMALL_SAMPLE) {
        if (nd2 <= 0.754693) return tail_of(kolmogorov_by_matrix, budget, poll, n, d, p);
        if (nd2 <= 4) return tail_of(kolmogorov_by_convolution, budget, poll, n, d, p);
        return two_sides(poll, n, d, p);
    }
    if (nd2 >= 370) {
        *p = 0;
        return ATHLETE_OK;
    }
    if (nd2 >= 2.2) return two_sides(poll, n, d, p);
    if (n <= 100000 && nd * sqrt(d) <= 1.4) return tail_of(kolmogorov_by_matrix, budget, poll, n, d, p);
    *p = clipped(1 - pelz_good(count, d));
    return ATHLETE_OK;
}

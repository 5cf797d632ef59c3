#include "statistics/saddle_point.h"

#include <math.h>
#include "base/numbers/elementary.h"

#define HALF_LOG_TWO_PI 0.91893853320467274178
#define TWO_PI          6.28318530717958647693
#define SQRT_PI         1.77245385090551602730

/* Gamma(n + 1) by its product. */
static double factorial(double n) {
    double product = n == floor(n) ? 1 : SQRT_PI;
    for (; n > 0; n--) product *= n;
    return product;
}

double stirling_error(double n) {
    if (n < 16) return elementary_log(factorial(n)) - (n + 0.5) * elementary_log(n) + n - HALF_LOG_TWO_PI;
    double s = 1 / (n * n); /* Bernoulli's numbers B(2j) / (2j (2j - 1)) */
    static const double terms[] = {1.0 / 12,   -1.0 / 360,        1.0 / 1260, -1.0 / 1680,
                                   1.0 / 1188, -691.0 / 360360.0, 1.0 / 156};
    double sum = 0;
    for (int j = 6; j >= 0; j--) sum = sum * s + terms[j];
    return sum / n;
}

/* With v = excess / (2 x + excess), the difference to excess * v is 2 x (v^3/3 + v^5/5 + …). */
double deviance(double x, double excess) {
    double v = excess / (2 * x + excess);
    if (fabs(v) > 0.5) return x * elementary_log(x / (x + excess)) + excess;
    double sum = 0, square = v * v, power = v * square;
    for (int k = 3; fabs(power) > 1e-18 * fabs(v); k += 2, power *= square) sum += power / k;
    return excess * v - 2 * x * sum;
}

double poisson_density(double x, double m) {
    return elementary_exp(-stirling_error(x) - deviance(x, m - x)) / sqrt(TWO_PI * x);
}

#include "statistics/chi_square.h"

#include <math.h>
#include "statistics/saddle_point.h"

/* P = density (1 + y/(a+1) + y^2/((a+1)(a+2)) + …) */
static double series(double a, double y) {
    double sum = 1, term = 1;
    for (double i = 1; term > 1e-17 * sum; i++) {
        term *= y / (a + i);
        sum += term;
    }
    return sum;
}

/* Q = a density / (y + 1 - a - 1 (1 - a) / (y + 3 - a - …)), from its front by the method of Lentz 1976, Appl. Opt. 15:668. */
static double fraction(double a, double y) {
    double b = y + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (double i = 1; i < 100000; i++) {
        double an = i * (a - i);
        b += 2;
        d = 1 / (an * d + b);
        c = b + an / c;
        h *= d * c;
        if (fabs(d * c - 1) < 1e-16) break;
    }
    return h;
}

double chi_square_tail(double degrees, double x) {
    double a = degrees / 2, y = x / 2;
    if (!(y > 0)) return 1;
    if (isinf(y)) return 0;
    double density = poisson_density(a, y);
    if (y < a + 1) return 1 - density * series(a, y);
    return a * density * fraction(a, y);
}

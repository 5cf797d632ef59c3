#include "trees/shap/quadrature.h"

#define HALF_PI 1.5707963267948966

/* sin(x) on [0, pi/2] within 6e-8: its Taylor polynomial, which is enough to start Newton's method with. */
static double sine(double x) {
    double square = x * x;
    return x *
           (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72 * (1 - square / 110)))));
}

/* The Legendre polynomial P_n at x by its recurrence (DLMF 18.9.1), and its derivative (DLMF 18.9.17). */
static double legendre(int n, double x, double *derivative) {
    double before = 1, value = x;
    for (int k = 2; k <= n; k++) {
        double next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
        before = value;
        value = next;
    }
    *derivative = n * (before - x * value) / (1 - x * x);
    return value;
}

/* Roots come in pairs -x and x. The start is Tricomi's asymptotic form, whose error of O(n^-4) each step of Newton's
** method squares; the weight is 2 / ((1 - x^2) P_n'(x)^2) (DLMF 3.5.20), halved with the interval. */
void gauss_legendre(int n, double *points, double *weights) {
    for (int i = 0; i < (n + 1) / 2; i++) {
        double x = (1 - (n - 1) / (8.0 * n * n * n)) * sine(HALF_PI - HALF_PI * (4 * i + 3) / (2 * n + 1));
        double slope;
        for (int step = 0; step < 4; step++) x -= legendre(n, x, &slope) / slope;
        legendre(n, x, &slope);
        double weight = 1 / ((1 - x * x) * slope * slope);
        points[i] = (1 - x) / 2;
        points[n - 1 - i] = (1 + x) / 2;
        weights[i] = weights[n - 1 - i] = weight;
    }
}

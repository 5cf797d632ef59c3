/* Gauss-Legendre quadrature on [0, 1]: n points integrate every polynomial of degree 2 n - 1 exactly. */
#ifndef ATHLETE_TREES_SHAP_QUADRATURE_H
#define ATHLETE_TREES_SHAP_QUADRATURE_H

/* Writes n points in ascending order, none of them 0 or 1, and their weights, whose sum is 1. O(n^2). The same bits on
** every platform; both within a few units of 2^-52. */
void gauss_legendre(int n, double *points, double *weights);

#endif

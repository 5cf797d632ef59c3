/* The axes along which rows vary: eigenvalues and eigenvectors of a symmetric matrix. */
#ifndef ATHLETE_DRIFT_JOINT_PRINCIPAL_AXES_H
#define ATHLETE_DRIFT_JOINT_PRINCIPAL_AXES_H

#include <stddef.h>
#include "base/memory.h"
#include "base/poll.h"

/* `matrix`, row by row, is symmetric and finite. Afterwards its row i is the unit vector of values[i], the largest value first.
** Householder's tridiagonal form, then the QL algorithm with implicit shifts (Golub & Van Loan, Matrix Computations, 8.3).
** O(width^3); no rounding but that of + - * / and the square root. */
athlete_status principal_axes(athlete_budget *budget, athlete_poll *poll, double *matrix, size_t width,
                              double *values);

#endif

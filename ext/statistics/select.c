#include "statistics/select.h"

static void swap(double *a, double *b) {
    double t = *a;
    *a = *b;
    *b = t;
}

static void sift_down(double *v, size_t root, size_t n) {
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && v[child] < v[child + 1]) child++;
        if (v[root] >= v[child]) return;
        swap(&v[root], &v[child]);
    }
}

athlete_status heap_sort(athlete_poll *poll, double *v, size_t n) {
    for (size_t i = n / 2; i-- > 0;) sift_down(v, i, n);
    for (size_t end = n; end-- > 1;) {
        swap(&v[0], &v[end]);
        sift_down(v, 0, end);
        if (poll_due(poll, 100)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

/* Moves the median of the first, middle and last value to the middle. */
static double median_of_three(double *v, size_t n) {
    double *low = &v[0], *middle = &v[(n - 1) / 2], *high = &v[n - 1];
    if (*middle < *low) swap(middle, low);
    if (*high < *middle) swap(high, middle);
    if (*middle < *low) swap(middle, low);
    return *middle;
}

/* Hoare's FIND. An input made to defeat the pivots is sorted instead, so the time stays n log n at worst. */
athlete_status select_smallest(athlete_poll *poll, double *v, size_t n, size_t k) {
    int rounds = 0;
    for (size_t i = n; i > 0; i /= 2) rounds += 2;
    while (n > 1) {
        if (poll_due(poll, n)) return ATHLETE_INTERRUPTED;
        if (rounds-- == 0) return heap_sort(poll, v, n);
        double pivot = median_of_three(v, n);
        size_t i = 0, j = n - 1;
        for (;;) {
            while (v[i] < pivot) i++;
            while (pivot < v[j]) j--;
            if (i >= j) break;
            swap(&v[i++], &v[j--]);
        }
        size_t left = j + 1; /* v[0..j] <= pivot <= v[j+1..n-1], neither of them empty */
        if (k < left) {
            n = left;
        } else {
            v += left;
            n -= left;
            k -= left;
        }
    }
    return ATHLETE_OK;
}

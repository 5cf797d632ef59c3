#include "base/text/name_sort.h"

#include <stdbool.h>
#include <string.h>

static void name_merge(const char *const *names, const uint32_t *from, size_t start, size_t middle,
                       size_t end, uint32_t *to) {
    size_t a = start, b = middle;
    for (size_t i = start; i < end; i++) {
        bool first = a < middle && (b == end || strcmp(names[from[a]], names[from[b]]) <= 0);
        to[i] = first ? from[a++] : from[b++];
    }
}

size_t name_sort(const char *const *names, size_t n, uint32_t *order) {
    uint32_t *scratch = order + n;
    for (size_t i = 0; i < n; i++) order[i] = (uint32_t)i;
    for (size_t run = 1; run < n; run *= 2) {
        memcpy(scratch, order, n * sizeof *order);
        for (size_t start = 0; start < n; start += 2 * run) {
            size_t middle = run < n - start ? start + run : n, end = run < n - middle ? middle + run : n;
            name_merge(names, scratch, start, middle, end, order);
        }
    }
    for (size_t i = 1; i < n; i++) {
        if (strcmp(names[order[i]], names[order[i - 1]]) == 0) return order[i];
    }
    return n;
}

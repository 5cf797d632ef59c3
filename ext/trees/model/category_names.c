#include "trees/model/category_names.h"

#include <math.h>
#include <string.h>

/* The order of memcmp, the shorter first: the order that the names are sorted in. */
static int compare(const char *text, size_t length, const char *name) {
    size_t name_length = strlen(name);
    int order = memcmp(text, name, length < name_length ? length : name_length);
    return order != 0 ? order : (length > name_length) - (length < name_length);
}

float category_number(const category_names *names, const char *text, size_t length) {
    size_t low = 0, high = names->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(text, length, names->name[middle]);
        if (order == 0) return (float)middle;
        if (order > 0) low = middle + 1;
        else high = middle;
    }
    return NAN;
}

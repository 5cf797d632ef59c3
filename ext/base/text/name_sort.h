#ifndef ATHLETE_BASE_TEXT_NAME_SORT_H
#define ATHLETE_BASE_TEXT_NAME_SORT_H

#include <stddef.h>
#include <stdint.h>

/* order[0] to order[n - 1] become the numbers of the names in the order of their bytes (strcmp), equal names in the
** order of their numbers; `order` has room for 2 n. Returns the number of a name that another one equals, or n.
** O(n log n), whatever the names are. */
size_t name_sort(const char *const *names, size_t n, uint32_t *order);

#endif

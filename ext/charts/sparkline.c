#include "charts/sparkline.h"

#include <math.h>
#include <string.h>
#include "charts/scale.h"

#define LEVELS 8

athlete_status sparkline_add(sparkline *line, double y) {
    if (line->end == line->capacity && line->first > line->capacity / 2) {
        memmove(line->points, line->points + line->first, sparkline_points(line) * sizeof *line->points);
        line->end -= line->first;
        line->first = 0;
    }
    athlete_status status = memory_reserve(&line->budget, &line->points, &line->capacity, line->end + 1);
    if (status != ATHLETE_OK) return status;
    line->points[line->end++] = y;
    return ATHLETE_OK;
}

void sparkline_drop_first(sparkline *line) {
    if (line->first < line->end) line->first++;
}

void sparkline_free(sparkline *line) {
    memory_free(&line->budget, line->points);
    line->points = NULL;
    line->first = line->end = line->capacity = 0;
}

size_t sparkline_points(const sparkline *line) {
    return line->end - line->first;
}

size_t sparkline_render(const sparkline *line, char *out) {
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (size_t i = line->first; i < line->end; i++) { /* comparisons with NaN are false: gaps do not count */
        if (line->points[i] < low) low = line->points[i];
        if (line->points[i] > high) high = line->points[i];
    }
    char *end = out;
    for (size_t i = line->first; i < line->end; i++) {
        if (isnan(line->points[i])) {
            *end++ = ' ';
            continue;
        }
        int level = low == high ? LEVELS / 2
                                : 1 + (int)(scale_position(line->points[i], low, high) * (LEVELS - 1) + 0.5);
        *end++ = '\xe2'; /* U+2580 + level in UTF-8 */
        *end++ = '\x96';
        *end++ = (char)(0x80 + level);
    }
    return (size_t)(end - out);
}

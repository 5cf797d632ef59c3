#include "charts/bar.h"

#include "base/precondition.h"
#include "charts/scale.h"

/* U+258F (one eighth) down to U+2588 (the full block), in UTF-8 */
static char *put_block(char *out, int eighths) {
    *out++ = '\xe2';
    *out++ = '\x96';
    *out++ = (char)(0x90 - eighths);
    return out;
}

size_t bar_render(double value, double min, double max, int width, char out[ATHLETE_BAR_BYTES_MAX]) {
    assert(width > 0);
    /* An eighth is drawn when it is full; the addend keeps 0.29 of 100 from losing its last to rounding. */
    int eighths = (int)(scale_position(value, min, max) * (8 * width) + 1e-9);
    char *end = out;
    for (; eighths >= 8; eighths -= 8) end = put_block(end, 8);
    if (eighths > 0) end = put_block(end, eighths);
    return (size_t)(end - out);
}

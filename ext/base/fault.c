#include "base/fault.h"

#include <stdio.h>
#include <string.h>
#include "base/utf8.h"

#define CUT "..."

/* No answer tells a full sentence from one that fits to the last byte, so that one is cut, too. */
static void mark_cut(athlete_fault *written) {
    size_t room = sizeof written->text, length = strlen(written->text);
    if (length == room - 1) memcpy(written->text + room - sizeof CUT, CUT, sizeof CUT);
}

athlete_status fault_refuse_at(athlete_fault *fault, const char *place, const char *format,
                               va_list arguments) {
    athlete_fault written = {""};
    size_t room = sizeof written.text;
    int n = place ? snprintf(written.text, room, "%s: ", place) : 0;
    if (n >= 0 && (size_t)n < room) vsnprintf(written.text + n, room - (size_t)n, format, arguments);
    mark_cut(&written);
    utf8_mend(written.text);
    *fault = written;
    return ATHLETE_INVALID;
}

athlete_status fault_refuse(athlete_fault *fault, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fault_refuse_at(fault, NULL, format, arguments);
    va_end(arguments);
    return ATHLETE_INVALID;
}

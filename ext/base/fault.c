#include "base/fault.h"

#include <stdio.h>

athlete_status fault_refuse_at(athlete_fault *fault, const char *place, const char *format,
                               va_list arguments) {
    size_t room = sizeof fault->text;
    int n = place ? snprintf(fault->text, room, "%s: ", place) : 0;
    if (n >= 0 && (size_t)n < room) vsnprintf(fault->text + n, room - (size_t)n, format, arguments);
    return ATHLETE_INVALID;
}

athlete_status fault_refuse(athlete_fault *fault, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fault_refuse_at(fault, NULL, format, arguments);
    va_end(arguments);
    return ATHLETE_INVALID;
}

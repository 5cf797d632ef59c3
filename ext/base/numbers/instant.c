#include "base/numbers/instant.h"

#include <string.h>
#include "base/numbers/date.h"

#define DAY_LENGTH (ATHLETE_DATE_SIZE - 1)

static bool instant_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Two digits up to `max`. */
static bool read_two(const char *text, int max, int *out) {
    if (!instant_is_digit(text[0]) || !instant_is_digit(text[1])) return false;
    *out = (text[0] - '0') * 10 + text[1] - '0';
    return *out <= max;
}

/* What follows the seconds' point: digits beyond the sixth are dropped. */
static const char *read_fraction(const char *text, int64_t *us) {
    *us = 0;
    int64_t unit = 100000;
    while (instant_is_digit(*text)) {
        *us += (*text++ - '0') * unit;
        unit /= 10;
    }
    return text;
}

/* "Z", "+HH:MM", "-HH:MM" or nothing, up to the end of the text. */
static bool read_zone(const char *text, int64_t *offset_us) {
    *offset_us = 0;
    if (*text == '\0') return true;
    if (*text == 'Z' || *text == 'z') return text[1] == '\0';
    if (*text != '+' && *text != '-') return false;
    int hours, minutes;
    if (!read_two(text + 1, 23, &hours) || text[3] != ':' || !read_two(text + 4, 59, &minutes) || text[6])
        return false;
    *offset_us = (*text == '+' ? 1 : -1) * (hours * INT64_C(3600) + minutes * INT64_C(60)) * 1000000;
    return true;
}

bool instant_parse(const char *text, instant *out) {
    int day, hours, minutes, seconds = 0;
    if (!date_parse(text, &day)) return false;
    *out = (instant){.us = day * INSTANT_US_PER_DAY, .is_day = text[DAY_LENGTH] == '\0'};
    if (out->is_day) return true;
    const char *at = text + DAY_LENGTH + 1;
    if (!read_two(at, 23, &hours) || at[2] != ':' || !read_two(at + 3, 59, &minutes)) return false;
    at += 5;
    int64_t fraction_us = 0, offset_us;
    if (*at == ':') {
        if (!read_two(at + 1, 60, &seconds)) return false; /* 60: a leap second */
        at += 3;
        if (*at == '.') at = read_fraction(at + 1, &fraction_us);
    }
    if (!read_zone(at, &offset_us)) return false;
    out->us += (hours * INT64_C(3600) + minutes * 60 + seconds) * 1000000 + fraction_us - offset_us;
    return true;
}

static int64_t instant_day_of(int64_t us) {
    int64_t day = us / INSTANT_US_PER_DAY;
    return us % INSTANT_US_PER_DAY < 0 ? day - 1 : day;
}

int64_t instant_age_us(const instant *as_of, const instant *row) {
    if (as_of->is_day || row->is_day)
        return (instant_day_of(as_of->us) - instant_day_of(row->us)) * INSTANT_US_PER_DAY;
    return as_of->us - row->us;
}

/* Whether eight bytes are those of the pattern, with any digits for its zeros: a byte less its zero is at most 9, so that
** adding 0x76 leaves the top bit clear. */
static bool is_like(const char *text, const char *pattern, const char *digits) {
    uint64_t value, expected, free;
    memcpy(&value, text, 8);
    memcpy(&expected, pattern, 8);
    memcpy(&free, digits, 8);
    value ^= expected;
    return ((value & ~free) | ((value + UINT64_C(0x7676767676767676)) & UINT64_C(0x8080808080808080))) == 0;
}

/* Whether the text, of at least ten bytes, begins with 'YYYY-MM-DD'. */
static bool begins_with_day(const char *text) {
    return is_like(text, "0000-00-", "\x0f\x0f\x0f\x0f\0\x0f\x0f\0") && instant_is_digit(text[8]) &&
           instant_is_digit(text[9]);
}

/* In a few instructions. */
bool instant_is_utc_second(const char *text, size_t length) {
    return length == 20 && begins_with_day(text) && text[10] == 'T' &&
           is_like(text + 11, "00:00:00", "\x0f\x0f\0\x0f\x0f\0\x0f\x0f") && text[19] == 'Z';
}

/* Two digits from `min` to `max`. */
static bool is_within(const char *text, int min, int max) {
    int number = (text[0] - '0') * 10 + text[1] - '0';
    return number >= min && number <= max;
}

bool instant_is_usual(const char *text, size_t length) {
    bool is_day = length == DAY_LENGTH && begins_with_day(text);
    if (!is_day && !instant_is_utc_second(text, length)) return false;
    if (!is_within(text + 5, 1, 12) || !is_within(text + 8, 1, 31)) return false;
    return is_day ||
           (is_within(text + 11, 0, 23) && is_within(text + 14, 0, 59) && is_within(text + 17, 0, 59));
}

bool instant_same_form(const char *a, size_t a_length, const char *b, size_t b_length) {
    if (instant_is_utc_second(a, a_length) && instant_is_utc_second(b, b_length)) return true;
    size_t shared = a_length < b_length ? a_length : b_length;
    if (a_length != b_length && shared != DAY_LENGTH) return false;
    for (size_t i = 0; i < shared; i++) {
        if (a[i] == b[i]) {
            /* From here on stands an offset from UTC, which must be one and the same. */
            if ((a[i] == '+' || a[i] == '-') && i > DAY_LENGTH) return memcmp(a + i, b + i, shared - i) == 0;
        } else if (!instant_is_digit(a[i]) || !instant_is_digit(b[i])) {
            return false;
        }
    }
    return true;
}

typedef struct duration_unit {
    const char *name;
    int64_t us;
} duration_unit;

static const duration_unit duration_units[] = {
    {"second", 1000000},         {"minute", 60 * INT64_C(1000000)}, {"hour", 3600 * INT64_C(1000000)},
    {"day", INSTANT_US_PER_DAY}, {"week", 7 * INSTANT_US_PER_DAY},
};

/* "", "day" or "days". */
static bool read_unit(const char *text, int64_t *us) {
    *us = INSTANT_US_PER_DAY;
    if (*text == '\0') return true;
    for (size_t i = 0; i < sizeof duration_units / sizeof *duration_units; i++) {
        size_t length = strlen(duration_units[i].name);
        if (strncmp(text, duration_units[i].name, length) != 0) continue;
        *us = duration_units[i].us;
        text += length;
        return *text == '\0' || (text[0] == 's' && text[1] == '\0');
    }
    return false;
}

bool lookback_parse(const char *text, int64_t *us) {
    int64_t whole = 0, millionths = 0, unit_us;
    if (!instant_is_digit(*text)) return false;
    while (instant_is_digit(*text)) {
        whole = whole * 10 + (*text++ - '0');
        if (whole > INT64_C(400000000000)) return false;
    }
    if (*text == '.') text = read_fraction(text + 1, &millionths);
    while (*text == ' ') text++;
    if (!read_unit(text, &unit_us)) return false;
    const int64_t longest_us = 3660000 * INSTANT_US_PER_DAY;
    if (whole > longest_us / unit_us) return false;
    *us = whole * unit_us + millionths * (unit_us / 1000000);
    return true;
}

#include "base/numbers/instant.h"

#include <string.h>
#include "base/numbers/date.h"

#define DAY_LENGTH (ATHLETE_DATE_SIZE - 1)

const instant_form instant_seconds = {.separator = 'T', .has_seconds = true, .zone = "Z"};
const instant_form instant_milliseconds = {.separator = 'T', .has_seconds = true, .digits = 3, .zone = "Z"};

static bool instant_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Two digits up to `max`. */
static bool read_two(const char *text, int max, int *out) {
    if (!instant_is_digit(text[0]) || !instant_is_digit(text[1])) return false;
    *out = (text[0] - '0') * 10 + text[1] - '0';
    return *out <= max;
}

/* What follows the seconds' point: digits beyond the sixth are counted, and round up what they are dropped from. */
static const char *read_fraction(const char *text, int64_t *us, bool *is_more) {
    *us = 0;
    *is_more = false;
    int64_t unit = 100000;
    while (instant_is_digit(*text)) {
        *us += (*text - '0') * unit;
        *is_more |= unit == 0 && *text != '0';
        unit /= 10;
        text++;
    }
    return text;
}

/* "Z", "+HH:MM", "+HHMM", "+HH" (or with a minus) or nothing, up to the end of the text. */
static bool read_zone(const char *text, int64_t *offset_us) {
    *offset_us = 0;
    if (*text == '\0') return true;
    if (*text == 'Z' || *text == 'z') return text[1] == '\0';
    if (*text != '+' && *text != '-') return false;
    int hours, minutes = 0;
    if (!read_two(text + 1, 23, &hours)) return false;
    const char *at = text + 3;
    if (*at == ':' && at[1] == '\0') return false;
    if (*at == ':') at++;
    if (*at != '\0' && (!read_two(at, 59, &minutes) || at[2] != '\0')) return false;
    *offset_us = (*text == '+' ? 1 : -1) * (hours * INT64_C(3600) + minutes * INT64_C(60)) * 1000000;
    return true;
}

/* Of the years 1 to 9999, which every form of ours can write. */
static bool is_in_range(int64_t us) {
    return us >= INSTANT_FIRST_US && us <= INSTANT_LAST_US;
}

bool instant_form_read(const char *text, instant_form *form, instant *out) {
    int day, hours, minutes, seconds = 0;
    *form = (instant_form){.separator = '\0'};
    if (!date_parse(text, &day)) return false;
    *out = (instant){.us = day * INSTANT_US_PER_DAY, .is_day = text[DAY_LENGTH] == '\0'};
    if (out->is_day) return is_in_range(out->us);
    form->separator = text[DAY_LENGTH];
    const char *at = text + DAY_LENGTH + 1;
    if (!read_two(at, 23, &hours) || at[2] != ':' || !read_two(at + 3, 59, &minutes)) return false;
    at += 5;
    int64_t fraction_us = 0;
    if (*at == ':') {
        if (!read_two(at + 1, 59, &seconds)) return false;
        at += 3;
        form->has_seconds = true;
        if (*at == '.') {
            const char *fraction = at + 1;
            at = read_fraction(fraction, &fraction_us, &out->is_more);
            form->digits = (int)(at - fraction);
            if (form->digits == 0 || form->digits > INSTANT_DIGITS_MAX) return false;
        }
    }
    if (!read_zone(at, &form->offset_us)) return false;
    memcpy(form->zone, at, strlen(at));
    out->us += (hours * INT64_C(3600) + minutes * 60 + seconds) * 1000000 + fraction_us - form->offset_us;
    return is_in_range(out->us);
}

bool instant_parse(const char *text, instant *out) {
    instant_form form;
    return instant_form_read(text, &form, out);
}

static int64_t instant_day_of(int64_t us) {
    int64_t day = us / INSTANT_US_PER_DAY;
    return us % INSTANT_US_PER_DAY < 0 ? day - 1 : day;
}

int64_t instant_age_us(const instant *as_of, const instant *row) {
    if (row->is_day) return (instant_day_of(as_of->us) - instant_day_of(row->us)) * INSTANT_US_PER_DAY;
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

/* Whether a text that has the form is a moment: 2026-02-30 and 24:00 are none. */
static bool is_moment(const char *text) {
    int number, month = (text[5] - '0') * 10 + text[6] - '0', dom = (text[8] - '0') * 10 + text[9] - '0';
    if (memcmp(text, "0000", 4) == 0 || text[11] > '2' || (text[11] == '2' && text[12] > '3') ||
        text[14] > '5' || text[17] > '5' || month < 1 || month > 12 || dom < 1)
        return false;
    if (dom <= 28 || (dom <= 30 && month != 2)) return true; /* every month has them, or every other */
    return date_parse(text, &number);
}

bool instant_is_canonical(const char *text, size_t length, int digits) {
    if (digits == 0) return instant_is_utc_second(text, length) && is_moment(text);
    if (length != 24 || text[19] != '.' || text[23] != 'Z' || !begins_with_day(text) || text[10] != 'T')
        return false;
    return is_like(text + 11, "00:00:00", "\x0f\x0f\0\x0f\x0f\0\x0f\x0f") && instant_is_digit(text[20]) &&
           instant_is_digit(text[21]) && instant_is_digit(text[22]) && is_moment(text);
}

bool instant_form_same(const instant_form *a, const instant_form *b) {
    return a->separator == b->separator && a->has_seconds == b->has_seconds && a->digits == b->digits &&
           strcmp(a->zone, b->zone) == 0;
}

/* The quotient, rounded down or up. */
static int64_t divided(int64_t a, int64_t b, bool up) {
    int64_t quotient = a / b - (a % b < 0);
    return quotient + (up && a % b != 0);
}

static void instant_write_number(char *out, int count, int64_t value) {
    while (count--) {
        out[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

bool instant_form_write(const instant_form *form, int64_t us, bool up, char out[INSTANT_SIZE]) {
    if (form->separator == '\0') {
        /* A row's day stands at its end. */
        int64_t day = divided(us, INSTANT_US_PER_DAY, up) - 1;
        if (!is_in_range(day * INSTANT_US_PER_DAY)) return false;
        date_format((int)day, out);
        return true;
    }
    int64_t unit = form->has_seconds ? 1000000 : 60000000;
    for (int i = 0; i < form->digits && i < 6; i++) unit /= 10;
    us = divided(us + form->offset_us, unit, up) * unit;
    if (!is_in_range(us)) return false;
    int64_t day = divided(us, INSTANT_US_PER_DAY, false), rest = us - day * INSTANT_US_PER_DAY;
    date_format((int)day, out);
    char *at = out + DAY_LENGTH;
    *at++ = form->separator;
    memcpy(at, "00:00:00.", 9);
    instant_write_number(at, 2, rest / 3600000000);
    instant_write_number(at + 3, 2, rest / 60000000 % 60);
    instant_write_number(at + 6, 2, rest / 1000000 % 60);
    at += form->has_seconds ? 8 : 5;
    if (form->digits) {
        char digits[INSTANT_DIGITS_MAX] = "000000000";
        instant_write_number(digits, 6, rest % 1000000);
        *at++ = '.';
        memcpy(at, digits, (size_t)form->digits);
        at += form->digits;
    }
    memcpy(at, form->zone, strlen(form->zone) + 1);
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
    bool is_more;
    if (*text == '.') text = read_fraction(text + 1, &millionths, &is_more);
    while (*text == ' ') text++;
    if (!read_unit(text, &unit_us)) return false;
    const int64_t longest_us = 3660000 * INSTANT_US_PER_DAY;
    if (whole > longest_us / unit_us) return false;
    *us = whole * unit_us + millionths * (unit_us / 1000000);
    return true;
}

#include "base/numbers/date.h"

static const int days_before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

static bool is_leap(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 0000-01-01 to the first of January of `year`. */
static int days_before_year(int year) {
    if (year == 0) return 0;
    int y = year - 1; /* leap years in 0..y: year 0 is one */
    return year * 365 + y / 4 - y / 100 + y / 400 + 1;
}

#define DAYS_BEFORE_1970 719528

static bool date_read_digits(const char *text, int count, int *out) {
    *out = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

bool date_parse(const char *text, int *day) {
    int year, month, dom;
    if (!text || !date_read_digits(text, 4, &year) || text[4] != '-' ||
        !date_read_digits(text + 5, 2, &month) || text[7] != '-' || !date_read_digits(text + 8, 2, &dom)) {
        return false;
    }
    if (text[10] != '\0' && text[10] != 'T' && text[10] != 't' && text[10] != ' ') return false;
    if (month < 1 || month > 12 || dom < 1) return false;
    int leap = is_leap(year);
    int length =
        month == 12 ? 31 : days_before_month[month] - days_before_month[month - 1] + (month == 2 && leap);
    if (dom > length) return false;
    *day = days_before_year(year) + days_before_month[month - 1] + (month > 2 && leap) + dom - 1 -
           DAYS_BEFORE_1970;
    return true;
}

static void write_digits(char *out, int count, int value) {
    while (count--) {
        out[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

void date_format(int day, char out[ATHLETE_DATE_SIZE]) {
    int since_year_0 = day + DAYS_BEFORE_1970;
    int year = (int)(since_year_0 / 365.2425);
    while (days_before_year(year + 1) <= since_year_0) year++;
    while (days_before_year(year) > since_year_0) year--;
    int rest = since_year_0 - days_before_year(year);
    int leap = is_leap(year);
    int month = 12;
    while (rest < days_before_month[month - 1] + (month > 2 && leap)) month--;
    int dom = rest - days_before_month[month - 1] - (month > 2 && leap) + 1;
    write_digits(out, 4, year);
    out[4] = '-';
    write_digits(out + 5, 2, month);
    out[7] = '-';
    write_digits(out + 8, 2, dom);
    out[10] = '\0';
}

int date_weekday(int day) {
    int weekday = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    return weekday < 0 ? weekday + 7 : weekday;
}

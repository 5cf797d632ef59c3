#include "rolling/active_days.h"

#include <math.h>
#include "rolling/window_statistics.h"

#define FADING_14D 20.19773057244549 /* days / ln 2 */
#define FADING_28D 40.39546114489098
#define BREAK_DAYS 7

void active_begin(active_history *history) {
    *history = (active_history){.newest = ACTIVE_DAYS_KEPT - 1,
                                .alpha_14d = ewma_alpha(FADING_14D),
                                .alpha_28d = ewma_alpha(FADING_28D)};
}

/* The day that was `ago` days before the last one. */
static const active_day *day_before(const active_history *history, int ago) {
    int place = history->newest - ago;
    return &history->last[place < 0 ? place + ACTIVE_DAYS_KEPT : place];
}

/* The day takes the place of the one that is a year older. */
static void keep_day(active_history *history, active_day today) {
    if (++history->newest == ACTIVE_DAYS_KEPT) history->newest = 0;
    history->breaks += today.ends_break - history->last[history->newest].ends_break;
    history->last[history->newest] = today;
}

static void fade(double *faded, double *weight, double alpha, bool is_active) {
    *faded += alpha * (is_active - *faded);
    *weight += alpha * (1.0 - *weight);
}

static void tell_gaps(const active_history *history, double since, double *answers) {
    double longest = 0, n = 0, sum = 0, squares = 0;
    answers[ACTIVE_longest_gap_28d] = answers[ACTIVE_longest_gap_90d] = since;
    for (int ago = 0; ago < 90; ago++) {
        double gap = day_before(history, ago)->gap;
        if (gap > longest) longest = gap;
        if (ago < 56 && gap > 0) {
            n++;
            sum += gap;
            squares += gap * gap;
        }
        if (longest > since && ago < 28) answers[ACTIVE_longest_gap_28d] = longest;
    }
    if (longest > since) answers[ACTIVE_longest_gap_90d] = longest;
    double variance = (squares - sum * sum / n) / (n - 1);
    if (n >= 3) answers[ACTIVE_gap_spread_56d] = deviation_of(variance);
}

static void count_days(const active_history *history, double *answers) {
    static const struct {
        int days, place;
    } counts[] = {{7, ACTIVE_active_days_7d}, {28, ACTIVE_active_days_28d}, {90, ACTIVE_active_days_90d}};
    double n = 0;
    for (int ago = 0, k = 0; k < 3; k++) {
        for (; ago < counts[k].days; ago++) n += day_before(history, ago)->is_active;
        answers[counts[k].place] = n;
    }
}

/* A break is one a week after it begins. */
static void count_breaks(const active_history *history, double *answers) {
    answers[ACTIVE_breaks_365d] = history->breaks;
    if (history->n <= 350) return;
    bool last_year = false;
    for (int ago = 350 - BREAK_DAYS; ago <= 364 - BREAK_DAYS; ago++)
        last_year |= day_before(history, ago)->ends_break;
    answers[ACTIVE_break_last_year] = last_year;
}

void active_add(active_history *history, bool is_active) {
    history->n++;
    active_day today = {.is_active = is_active};
    if (is_active) {
        if (history->last_active > 0) today.gap = history->n - history->last_active;
        history->last_active = history->n;
    }
    today.ends_break = history->n - history->last_active == BREAK_DAYS && history->last_active > 0;
    if (today.ends_break) history->last_break = history->n;
    keep_day(history, today);
    fade(&history->faded_14d, &history->weight_14d, history->alpha_14d, is_active);
    fade(&history->faded_28d, &history->weight_28d, history->alpha_28d, is_active);
}

void active_tell(const active_history *history, double answers[ACTIVE_ANSWER_COUNT]) {
    for (int k = 0; k < ACTIVE_ANSWER_COUNT; k++) answers[k] = NAN;
    double since = history->n - history->last_active;
    answers[ACTIVE_active_share_14d] = history->faded_14d / history->weight_14d;
    answers[ACTIVE_active_share_28d] = history->faded_28d / history->weight_28d;
    answers[ACTIVE_days_since_activity] = since;
    answers[ACTIVE_days_since_break] = history->n - history->last_break;
    count_days(history, answers);
    tell_gaps(history, since, answers);
    count_breaks(history, answers);
}

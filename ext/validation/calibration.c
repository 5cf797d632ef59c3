#include "validation/calibration.h"

#include <math.h>
#include <stdint.h>
#include <string.h>
#include "base/numbers/elementary.h"
#include "base/text/json_members.h"

#define CALIBRATION_MOST_KNOTS ((size_t)1 << 24)
#define CALIBRATION_MOST_ROWS  9007199254740992.0

/* --- isotonic ------------------------------------------------------------------------------------------- */

/* Neighbours of one probability: positives among n cases, with scores from first to last. */
typedef struct isotonic_pool {
    uint64_t positives, n;
    double first, last;
} isotonic_pool;

/* Whether the earlier of two has the higher share; in whole numbers below 2^62. */
static bool violates(const isotonic_pool *earlier, const isotonic_pool *later) {
    return earlier->positives * later->n >= later->positives * earlier->n;
}

/* The pools upwards; returns how many there are. */
static size_t pool_violators(const labelled_scores *all, isotonic_pool *pools) {
    labelled_walk walk = {.all = all};
    size_t n = 0;
    while (labelled_next(&walk)) {
        isotonic_pool next = {walk.n[1], walk.n[0] + walk.n[1], walk.score, walk.score};
        for (; n > 0 && violates(&pools[n - 1], &next); n--) {
            next.positives += pools[n - 1].positives;
            next.n += pools[n - 1].n;
            next.first = pools[n - 1].first;
        }
        pools[n++] = next;
    }
    return n;
}

static athlete_status fit_isotonic(const labelled_scores *all, athlete_budget *budget, calibration *fitted) {
    size_t n_rows = all->n[0] + all->n[1];
    isotonic_pool *pools = memory_alloc(budget, n_rows, sizeof *pools);
    if (!pools) return memory_status(budget);
    size_t n = pool_violators(all, pools);
    fitted->x = memory_alloc(budget, 4 * n, sizeof *fitted->x);
    if (fitted->x) {
        fitted->y = fitted->x + 2 * n;
        for (size_t i = 0; i < n; i++) {
            double share = (double)pools[i].positives / (double)pools[i].n;
            fitted->x[fitted->n_knots] = pools[i].first;
            fitted->y[fitted->n_knots++] = share;
            if (pools[i].last == pools[i].first) continue;
            fitted->x[fitted->n_knots] = pools[i].last;
            fitted->y[fitted->n_knots++] = share;
        }
    }
    memory_free(budget, pools);
    return fitted->x ? ATHLETE_OK : memory_status(budget);
}

static double apply_isotonic(const calibration *fitted, double score) {
    const double *x = fitted->x, *y = fitted->y;
    size_t low = 0, high = fitted->n_knots - 1;
    if (score <= x[low]) return y[low];
    if (score >= x[high]) return y[high];
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (x[middle] <= score) low = middle;
        else high = middle;
    }
    return y[low] + (y[high] - y[low]) * ((score - x[low]) / (x[high] - x[low]));
}

/* --- sigmoid -------------------------------------------------------------------------------------------- */

static double log_odds(double p) {
    return elementary_log(p / (1 - p));
}

/* 1 / (1 + exp(z)) without overflow. */
static double falling_sigmoid(double z) {
    double e = elementary_exp(-fabs(z));
    return z >= 0 ? e / (1 + e) : 1 / (1 + e);
}

/* Newton's steps for two parameters on scores that were centred and scaled, so that the system is well posed. */
typedef struct sigmoid_fit {
    const labelled_scores *all;
    bool is_logit;
    double center, scale;
    double targets[2];
    double a, b;
} sigmoid_fit;

typedef struct sigmoid_slope {
    double loss, gradient_a, gradient_b, aa, ab, bb;
} sigmoid_slope;

static double sigmoid_input(const sigmoid_fit *f, double score) {
    return ((f->is_logit ? log_odds(score) : score) - f->center) / f->scale;
}

/* Cross entropy with the targets and its derivatives at a, b. */
static athlete_status sigmoid_slopes(const sigmoid_fit *f, double a, double b, athlete_poll *poll,
                                     sigmoid_slope *s) {
    *s = (sigmoid_slope){.loss = 0};
    for (int label = 0; label < 2; label++) {
        double target = f->targets[label];
        for (size_t i = 0; i < f->all->n[label]; i++) {
            double x = sigmoid_input(f, f->all->scores[label][i]), z = a * x + b, p = falling_sigmoid(z);
            double error = target - p, weight = p * (1 - p);
            s->loss +=
                (z >= 0 ? target * z : (target - 1) * z) + elementary_log(1 + elementary_exp(-fabs(z)));
            s->gradient_a += error * x;
            s->gradient_b += error;
            s->aa += weight * x * x;
            s->ab += weight * x;
            s->bb += weight;
            if (poll_due(poll, 150)) return ATHLETE_INTERRUPTED;
        }
    }
    return ATHLETE_OK;
}

static athlete_status descend_sigmoid(sigmoid_fit *f, athlete_poll *poll) {
    const double ridge = 1e-12, enough = 1e-4;
    sigmoid_slope at, there;
    athlete_status status = sigmoid_slopes(f, f->a, f->b, poll, &at);
    for (int iteration = 0; iteration < 100 && status == ATHLETE_OK; iteration++) {
        double aa = at.aa + ridge, bb = at.bb + ridge, determinant = aa * bb - at.ab * at.ab;
        double step_a = -(bb * at.gradient_a - at.ab * at.gradient_b) / determinant;
        double step_b = -(aa * at.gradient_b - at.ab * at.gradient_a) / determinant;
        double slope = at.gradient_a * step_a + at.gradient_b * step_b, size = 1;
        for (; size >= 1e-10; size /= 2) {
            status = sigmoid_slopes(f, f->a + size * step_a, f->b + size * step_b, poll, &there);
            if (status != ATHLETE_OK || there.loss < at.loss + enough * size * slope) break;
        }
        if (status != ATHLETE_OK || size < 1e-10) break; /* as near as rounding lets it come */
        f->a += size * step_a;
        f->b += size * step_b;
        at = there;
    }
    return status;
}

/* Center and scale of the inputs, from their ends and thus from any order. */
static void scale_inputs(sigmoid_fit *f) {
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int label = 0; label < 2; label++) {
        double first = sigmoid_input(f, f->all->scores[label][0]);
        double last = sigmoid_input(f, f->all->scores[label][f->all->n[label] - 1]);
        low = first < low ? first : low;
        high = last > high ? last : high;
    }
    f->center = low / 2 + high / 2;
    f->scale = high > low ? high / 2 - low / 2 : 1;
}

static athlete_status fit_sigmoid(const labelled_scores *all, athlete_poll *poll, calibration *fitted) {
    double n0 = (double)all->n[0], n1 = (double)all->n[1];
    sigmoid_fit f = {.all = all, .is_logit = fitted->method == CALIBRATION_LOGIT, .scale = 1};
    f.targets[1] = (n1 + 1) / (n1 + 2);
    f.targets[0] = 1 / (n0 + 2);
    f.b = elementary_log((n0 + 1) / (n1 + 1));
    scale_inputs(&f);
    athlete_status status = descend_sigmoid(&f, poll);
    fitted->a = f.a / f.scale;
    fitted->b = f.b - f.a * f.center / f.scale;
    return status;
}

/* --- either --------------------------------------------------------------------------------------------- */

athlete_status calibration_fit(const labelled_scores *all, calibration_method method, athlete_budget *budget,
                               athlete_poll *poll, calibration *fitted) {
    *fitted = (calibration){
        .method = method, .rows = (double)(all->n[0] + all->n[1]), .positives = (double)all->n[1]};
    return method == CALIBRATION_ISOTONIC ? fit_isotonic(all, budget, fitted)
                                          : fit_sigmoid(all, poll, fitted);
}

void calibration_free(calibration *fitted, athlete_budget *budget) {
    memory_free(budget, fitted->x);
    *fitted = (calibration){.n_knots = 0};
}

double calibration_apply(const calibration *fitted, double score) {
    if (fitted->method == CALIBRATION_ISOTONIC) return apply_isotonic(fitted, score);
    if (fitted->method == CALIBRATION_LOGIT) {
        if (!(score >= 0 && score <= 1)) return NAN;
        if (score == 0 || score == 1) { /* the limit: log odds without end */
            bool above = (score == 1) == (fitted->a < 0);
            return fitted->a == 0 ? falling_sigmoid(fitted->b) : above ? 1 : 0;
        }
        score = log_odds(score);
    }
    return falling_sigmoid(fitted->a * score + fitted->b);
}

/* --- text ----------------------------------------------------------------------------------------------- */

void calibration_write(const calibration *fitted, text_buffer *text) {
    static const char *const methods[] = CALIBRATION_METHODS;
    text_add_name(text, "model");
    text_add_quoted(text, "calibration");
    text_add_name(text, "method");
    text_add_quoted(text, methods[fitted->method]);
    text_add_name(text, "rows");
    text_add_integer(text, (int64_t)fitted->rows);
    text_add_name(text, "positives");
    text_add_integer(text, (int64_t)fitted->positives);
    if (fitted->method == CALIBRATION_ISOTONIC) {
        text_add_numbers(text, "x", fitted->x, fitted->n_knots);
        text_add_numbers(text, "y", fitted->y, fitted->n_knots);
    } else {
        text_add_name(text, "a");
        text_add_number(text, fitted->a);
        text_add_name(text, "b");
        text_add_number(text, fitted->b);
    }
    text_add(text, "}");
}

static athlete_status read_knots(json_members *members, athlete_budget *budget, calibration *fitted) {
    number_list x = json_member_numbers(members, "x", 1, CALIBRATION_MOST_KNOTS, -1e300, 1e300);
    number_list y = json_member_numbers(members, "y", x.n, x.n, 0, 1);
    for (size_t i = 1; i < x.n && members->status == ATHLETE_OK; i++) {
        if (x.values[i] <= x.values[i - 1] || y.values[i] < y.values[i - 1])
            json_members_refuse(members, "\"x\" must ascend and \"y\" not descend");
    }
    if (members->status != ATHLETE_OK) return members->status;
    fitted->x = memory_alloc(budget, 2 * x.n, sizeof *fitted->x);
    if (!fitted->x) return memory_status(budget);
    fitted->y = fitted->x + x.n;
    fitted->n_knots = x.n;
    memcpy(fitted->x, x.values, x.n * sizeof *fitted->x);
    memcpy(fitted->y, y.values, x.n * sizeof *fitted->y);
    return ATHLETE_OK;
}

athlete_status calibration_read(const char *text, size_t length, athlete_budget *budget, athlete_poll *poll,
                                calibration *fitted, athlete_fault *fault) {
    static const char *const kinds[] = {"calibration", NULL}, *const methods[] = CALIBRATION_METHODS;
    json_members members;
    *fitted = (calibration){.n_knots = 0};
    athlete_status status = json_members_open(&members, text, length, budget, poll, fault);
    json_member_choice(&members, "model", kinds);
    int method = json_member_choice(&members, "method", methods);
    fitted->rows = json_member_number(&members, "rows", 0, CALIBRATION_MOST_ROWS);
    fitted->positives = json_member_number(&members, "positives", 0, CALIBRATION_MOST_ROWS);
    if (members.status == ATHLETE_OK && method != CALIBRATION_ISOTONIC) {
        fitted->a = json_member_number(&members, "a", -1e300, 1e300);
        fitted->b = json_member_number(&members, "b", -1e300, 1e300);
    }
    status = members.status;
    if (status == ATHLETE_OK) fitted->method = (calibration_method)method;
    if (status == ATHLETE_OK && method == CALIBRATION_ISOTONIC) status = read_knots(&members, budget, fitted);
    json_members_close(&members);
    return status;
}

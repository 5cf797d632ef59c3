#include "statistics/association.h"

#include <math.h>
#include <stdint.h>
#include "base/numbers/sum.h"

/* Merges order[begin..middle) and [middle..end) into `out`, by value; what is equal keeps its place. */
static void association_merge(const double *values, const uint32_t *order, size_t begin, size_t middle,
                              size_t end, uint32_t *out) {
    size_t left = begin, right = middle;
    for (size_t at = begin; at < end; at++) {
        bool from_left = left < middle && (right >= end || values[order[left]] <= values[order[right]]);
        out[at] = from_left ? order[left++] : order[right++];
    }
}

/* The positions of the values in ascending order; the answer is in one of the two buffers. */
static uint32_t *sort(const double *values, size_t n, uint32_t *order, uint32_t *other, athlete_poll *poll) {
    for (size_t i = 0; i < n; i++) order[i] = (uint32_t)i;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * width) {
            size_t middle = begin + width < n ? begin + width : n;
            size_t end = begin + 2 * width < n ? begin + 2 * width : n;
            association_merge(values, order, begin, middle, end, other);
            if (poll_due(poll, 4 * (end - begin))) return NULL;
        }
        uint32_t *sorted = other;
        other = order;
        order = sorted;
    }
    return order;
}

/* Twice the mean rank of each value, from 2 on, so that ranks of ties are whole; returns how many values there are. */
static size_t association_rank(const double *values, size_t n, const uint32_t *order, int64_t *ranks) {
    size_t distinct = 0;
    for (size_t begin = 0, end; begin < n; begin = end) {
        for (end = begin + 1; end < n && values[order[end]] == values[order[begin]];) end++;
        for (size_t i = begin; i < end; i++) ranks[order[i]] = (int64_t)(begin + end + 1);
        distinct++;
    }
    return distinct;
}

typedef struct workspace {
    double *feature, *label;
    uint32_t *order, *other;
    int64_t *feature_ranks, *label_ranks;
} workspace;

static double auc(const workspace *w, size_t n, double larger) {
    int64_t twice_sum = 0;
    double positives = 0;
    for (size_t i = 0; i < n; i++) {
        if (w->label[i] != larger) continue;
        twice_sum += w->feature_ranks[i];
        positives++;
    }
    double area =
        ((double)twice_sum / 2 - positives * (positives + 1) / 2) / (positives * ((double)n - positives));
    return area < 0.5 ? 1 - area : area;
}

static double squared_correlation(const workspace *w, size_t n) {
    athlete_sum xy = {0, 0}, xx = {0, 0}, yy = {0, 0};
    double mean = (double)n + 1; /* of twice the ranks */
    for (size_t i = 0; i < n; i++) {
        double x = (double)w->feature_ranks[i] - mean, y = (double)w->label_ranks[i] - mean;
        sum_add(&xy, x * y);
        sum_add(&xx, x * x);
        sum_add(&yy, y * y);
    }
    double r = sum_value(&xy);
    return r * r / (sum_value(&xx) * sum_value(&yy));
}

static athlete_status associate_pairs(const workspace *w, athlete_poll *poll, association *out) {
    const uint32_t *order = sort(w->feature, out->n, w->order, w->other, poll);
    if (!order) return ATHLETE_INTERRUPTED;
    size_t features = association_rank(w->feature, out->n, order, w->feature_ranks);
    order = sort(w->label, out->n, w->order, w->other, poll);
    if (!order) return ATHLETE_INTERRUPTED;
    double largest = w->label[order[out->n - 1]];
    size_t labels = association_rank(w->label, out->n, order, w->label_ranks);
    out->is_binary = labels == 2;
    if (features < 2 || labels < 2) return ATHLETE_OK;
    out->strength = out->is_binary ? auc(w, out->n, largest) : squared_correlation(w, out->n);
    return ATHLETE_OK;
}

athlete_status associate(const double *feature, const double *label, size_t n, athlete_budget *budget,
                         athlete_poll *poll, association *out) {
    *out = (association){.strength = NAN};
    if (n == 0) return ATHLETE_OK;
    if (n > UINT32_MAX) return ATHLETE_OVER_LIMIT;
    workspace w = {memory_alloc(budget, n, sizeof(double)),   memory_alloc(budget, n, sizeof(double)),
                   memory_alloc(budget, n, sizeof(uint32_t)), memory_alloc(budget, n, sizeof(uint32_t)),
                   memory_alloc(budget, n, sizeof(int64_t)),  memory_alloc(budget, n, sizeof(int64_t))};
    athlete_status status = ATHLETE_OK;
    if (!w.feature || !w.label || !w.order || !w.other || !w.feature_ranks || !w.label_ranks) {
        status = memory_status(budget);
    } else {
        for (size_t i = 0; i < n; i++) {
            if (isnan(feature[i]) || isnan(label[i])) continue;
            w.feature[out->n] = feature[i];
            w.label[out->n++] = label[i];
        }
        if (out->n >= 2) status = associate_pairs(&w, poll, out);
    }
    memory_free(budget, w.feature);
    memory_free(budget, w.label);
    memory_free(budget, w.order);
    memory_free(budget, w.other);
    memory_free(budget, w.feature_ranks);
    memory_free(budget, w.label_ranks);
    return status;
}

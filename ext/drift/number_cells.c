/* Cells of numbers. */
#include "drift/cells.h"

#include "base/precondition.h"

static size_t count_distinct(sample s) {
    size_t distinct = s.n > 0;
    for (size_t i = 1; i < s.n; i++) distinct += s.values[i] != s.values[i - 1];
    return distinct;
}

/* The rank is a whole number and a fraction, so that rounding does not move it past a value. */
double sample_quantile(sample s, size_t k, size_t parts) {
    size_t whole = (s.n - 1) / parts * k + (s.n - 1) % parts * k / parts;
    size_t rest = (s.n - 1) % parts * k % parts;
    double low = s.values[whole];
    if (rest == 0 || s.values[whole + 1] == low) return low;
    double share = (double)rest / (double)parts;
    return low * (1 - share) + s.values[whole + 1] * share;
}

/* Moves past the numbers up to the edge; returns how many. */
static int64_t take_up_to(sample *s, double edge) {
    size_t n = 0;
    while (n < s->n && s->values[n] <= edge) n++;
    if (n == 0) return 0; /* a sample without numbers has no array to move in */
    s->values += n;
    s->n -= n;
    return (int64_t)n;
}

static athlete_status add_up_to(athlete_budget *budget, sample *reference, sample *current, double edge,
                                cell_list *list) {
    cell one = {take_up_to(reference, edge), take_up_to(current, edge)};
    return one.reference + one.current > 0 ? cells_add(budget, list, one) : ATHLETE_OK;
}

static athlete_status add_bins(athlete_budget *budget, sample reference, sample current, size_t bins,
                               cell_list *list) {
    sample all = reference;
    athlete_status status = ATHLETE_OK;
    for (size_t k = 1; k < bins && status == ATHLETE_OK; k++)
        status = add_up_to(budget, &reference, &current, sample_quantile(all, k, bins), list);
    cell last = {(int64_t)reference.n, (int64_t)current.n};
    if (status == ATHLETE_OK && last.reference + last.current > 0) status = cells_add(budget, list, last);
    return status;
}

athlete_status cells_of_numbers(athlete_budget *budget, athlete_poll *poll, sample reference, sample current,
                                size_t bins, cell_list *list) {
    assert(bins != 1);
    if (bins && count_distinct(reference) > bins) return add_bins(budget, reference, current, bins, list);
    while (reference.n > 0 || current.n > 0) {
        bool from_current = reference.n == 0 || (current.n > 0 && current.values[0] < reference.values[0]);
        double value = from_current ? current.values[0] : reference.values[0];
        athlete_status status = add_up_to(budget, &reference, &current, value, list);
        if (status != ATHLETE_OK) return status;
        if (poll_due(poll, 20)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

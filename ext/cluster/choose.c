#include "cluster/choose.h"

#include <string.h>
#include "base/numbers/random.h"

typedef struct resampling {
    const points *of;
    double *x; /* the points drawn */
    uint32_t *order;
    uint64_t *all, *drawn; /* keys of labels: by all points, and by those drawn */
    kmeans_result run;
} resampling;

/* The agreement of one sample's clusters with those of all points. */
static athlete_status judge_sample(resampling *r, const kmeans_options *options, uint64_t *random,
                                   athlete_budget *budget, athlete_poll *poll, double *agreement) {
    const points *of = r->of;
    const points sample = {r->x, of->n, of->width};
    size_t n_different;
    for (size_t i = 0; i < of->n; i++)
        memcpy(r->x + i * of->width, point(of, random_below(random, (uint32_t)of->n)),
               of->width * sizeof *r->x);
    *agreement = 0;
    athlete_status status = points_order(&sample, budget, poll, r->order, &n_different);
    if (status != ATHLETE_OK || n_different < options->k) return status;
    status = kmeans(&sample, options, budget, poll, &r->run);
    if (status != ATHLETE_OK) return status;
    for (size_t i = 0; i < of->n; i++) {
        double squared;
        r->drawn[i] = 1 + nearest_centre(point(of, i), r->run.centres, options->k, of->width, &squared);
    }
    return adjusted_rand(r->all, r->drawn, of->n, budget, poll, agreement);
}

static athlete_status judge(resampling *r, const choose_options *options, const kmeans_options *fit,
                            athlete_budget *budget, athlete_poll *poll, choose_result *result) {
    const points *of = r->of;
    athlete_status status = kmeans(of, fit, budget, poll, &r->run);
    if (status != ATHLETE_OK) return status;
    result->inertia = r->run.inertia;
    status = mean_silhouette(of, r->run.labels, fit->k, budget, poll, &result->silhouette);
    for (size_t i = 0; i < of->n; i++) r->all[i] = 1 + (uint64_t)r->run.labels[i];
    uint64_t random = random_mix(fit->seed + fit->k);
    double total = 0;
    for (size_t s = 0; s < options->resamples && status == ATHLETE_OK; s++) {
        double agreement = 0;
        status = judge_sample(r, fit, &random, budget, poll, &agreement);
        total += agreement;
    }
    result->stability = total / (double)options->resamples;
    return status;
}

athlete_status choose_judge(const points *of, size_t k, const choose_options *options, athlete_budget *budget,
                            athlete_poll *poll, choose_result *result) {
    kmeans_options fit = options->kmeans;
    fit.k = k;
    resampling r = {.of = of};
    r.x = memory_alloc(budget, of->n * of->width, sizeof *r.x);
    r.order = memory_alloc(budget, of->n, sizeof *r.order);
    r.all = memory_alloc(budget, of->n, sizeof *r.all);
    r.drawn = memory_alloc(budget, of->n, sizeof *r.drawn);
    r.run.centres = memory_alloc(budget, k * of->width, sizeof *r.run.centres);
    r.run.labels = memory_alloc(budget, of->n, sizeof *r.run.labels);
    athlete_status status = r.x && r.order && r.all && r.drawn && r.run.centres && r.run.labels
                                ? judge(&r, options, &fit, budget, poll, result)
                                : memory_status(budget);
    memory_free(budget, r.x);
    memory_free(budget, r.order);
    memory_free(budget, r.all);
    memory_free(budget, r.drawn);
    memory_free(budget, r.run.centres);
    memory_free(budget, r.run.labels);
    return status;
}

size_t choose_best(const choose_result *results, size_t n, choose_limits least) {
    size_t best = n;
    for (size_t i = 0; i < n; i++) {
        if (!choose_is_stable(&results[i], least) || !choose_is_apart(&results[i], least)) continue;
        if (best == n || results[i].silhouette.mean > results[best].silhouette.mean) best = i;
    }
    for (size_t i = 0; i < best && best < n; i++) {
        double enough = results[best].silhouette.mean - results[best].silhouette.standard_error;
        if (choose_is_stable(&results[i], least) && choose_is_apart(&results[i], least) &&
            results[i].silhouette.mean >= enough)
            return i;
    }
    return best;
}

#include "trees/learner/node_queue.h"

#include "base/precondition.h"

static bool comes_before(const grower *g, int32_t a, int32_t b) {
    if (g->rules->best_gain_first && g->grown[a].split.gain != g->grown[b].split.gain)
        return g->grown[a].split.gain > g->grown[b].split.gain;
    return a < b;
}

athlete_status node_queue_add(grower *g, size_t id) {
    assert(id < g->n_nodes);
    athlete_status status = memory_reserve(g->budget, &g->queue, &g->queue_capacity, g->n_queued + 1);
    if (status != ATHLETE_OK) return status;
    size_t at = g->n_queued++;
    for (; at > 0 && comes_before(g, (int32_t)id, g->queue[(at - 1) / 2]); at = (at - 1) / 2)
        g->queue[at] = g->queue[(at - 1) / 2];
    g->queue[at] = (int32_t)id;
    return ATHLETE_OK;
}

size_t node_queue_take(grower *g) {
    assert(g->n_queued > 0);
    int32_t first = g->queue[0], last = g->queue[--g->n_queued];
    size_t at = 0;
    for (size_t child = 1; child < g->n_queued; child = 2 * at + 1) {
        if (child + 1 < g->n_queued && comes_before(g, g->queue[child + 1], g->queue[child])) child++;
        if (!comes_before(g, g->queue[child], last)) break;
        g->queue[at] = g->queue[child];
        at = child;
    }
    g->queue[at] = last;
    return (size_t)first;
}

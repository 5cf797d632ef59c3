/* Runs a pool as its arguments say and prints what happened: parts done, parts done twice, polls, hands that worked.
** pool_check THREADS JOBS PARTS SPIN STOP_AFTER
** Every part spins SPIN times through pool_due; the poll asks to stop at the STOP_AFTER-th time (0: never). */
#include <stdio.h>
#include <stdlib.h>
#include "base/pool.h"

typedef struct check_job {
    size_t spin;
    _Atomic int *times; /* per part */
    _Atomic int worked[ATHLETE_MAX_THREADS];
} check_job;

static int polls, stop_after;

/* What base/poll.c does with SQLite. */
bool poll_now(athlete_poll *poll) {
    poll->left = ATHLETE_POLL_UNITS;
    poll->stopped = poll->stopped || ++polls == stop_after;
    return poll->stopped;
}

static void work(void *argument, size_t part, pool_hand *hand) {
    check_job *job = argument;
    job->worked[hand->number] = 1;
    for (size_t i = 0; i < job->spin; i++) {
        if (pool_due(hand, 1000)) return;
    }
    job->times[part]++;
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    int threads = atoi(argv[1]), jobs = atoi(argv[2]);
    size_t parts = (size_t)atoi(argv[3]);
    stop_after = atoi(argv[5]);
    check_job job = {.spin = (size_t)atoi(argv[4]), .times = calloc(parts, sizeof *job.times)};
    athlete_poll poll = {.left = ATHLETE_POLL_UNITS};
    athlete_pool pool;
    pool_begin(&pool, threads, &poll);
    athlete_status status = ATHLETE_OK;
    for (int i = 0; i < jobs; i++) status = pool_run(&pool, parts, work, &job);
    int hands = pool_hands(&pool), done = 0, wrong = 0, worked = 0;
    pool_end(&pool);
    for (size_t part = 0; part < parts; part++) {
        done += job.times[part];
        wrong += job.times[part] != jobs;
    }
    for (int i = 0; i < ATHLETE_MAX_THREADS; i++) worked += job.worked[i];
    free(job.times);
    printf("{\"status\": %d, \"hands\": %d, \"done\": %d, \"wrong\": %d, \"polls\": %d, \"worked\": %d}\n", (int)status,
           hands, done, wrong, polls, worked);
    return 0;
}

/* Threads for the length of one call, none of which is ever waited for before it has begun to work.
**
** A job is cut into parts that belong to nobody. The caller works on them itself, from the first; a worker
** that happens to be awake claims what is left, from the last, one part at a time. So a worker that a busy neighbour keeps from its
** processor costs nothing but its help, where a barrier (OpenMP's, for one) would make everybody wait for it. Workers
** look for new parts for some 100 microseconds, offering their processor to others between two looks, and then sleep.
**
** Workers touch neither SQLite nor memory.h: a part computes in memory that the job brings along. Results must not
** depend on who did which part, nor on how many threads there are; integer sums do not. Threads begin with the first
** job that has several parts, a thread that cannot be created is done without, and a build with -DATHLETE_NO_THREADS
** has none, nor has one for a system without POSIX threads. */
#ifndef ATHLETE_BASE_POOL_H
#define ATHLETE_BASE_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/poll.h"
#include "base/status.h"
/* Threads are POSIX's. Windows has others, and WebAssembly has them only where it is compiled for them. */
#if defined(_WIN32) || (defined(__wasm__) && !defined(_REENTRANT))
#undef ATHLETE_NO_THREADS
#define ATHLETE_NO_THREADS
#endif
#ifndef ATHLETE_NO_THREADS
#include <pthread.h>
#endif

#define ATHLETE_MAX_THREADS 64

/* Who works on a part: hand 0 is the caller. What a part needs for itself, a sum or a buffer, the job keeps per hand. */
typedef struct pool_hand {
    struct athlete_pool *pool;
    int number;   /* below pool_hands() */
    size_t units; /* of work since the caller was last reminded to poll */
} pool_hand;

typedef void pool_work(void *job, size_t part, pool_hand *hand);

typedef struct athlete_pool {
    athlete_poll *poll;
    int n_hands;
    pool_hand hands[ATHLETE_MAX_THREADS];
    _Atomic bool stopped;
#ifndef ATHLETE_NO_THREADS
    int n_threads; /* created and not joined */
    pthread_t threads[ATHLETE_MAX_THREADS - 1];
    pthread_mutex_t mutex;
    pthread_cond_t published, finished;
    _Atomic uint64_t
        unclaimed; /* the job's number << 32 | how many of its parts nobody works on: n_first to n_last - 1 */
    _Atomic uint32_t n_first, n_last;
    _Atomic uint32_t unfinished; /* parts */
    _Atomic int n_asleep;        /* workers */
    _Atomic bool caller_waits, poll_wanted, ending;
    pool_work *work;
    void *job;
#endif
} athlete_pool;

/* Prepares a pool of up to n_threads threads, the caller's included; 0 stands for one per processor. Creates none yet. The
** pool must stay where it is until pool_end, which joins all threads. */
void pool_begin(athlete_pool *pool, int n_threads, athlete_poll *poll);
void pool_end(athlete_pool *pool);

/* How many hands there are at most: 1 or more. */
static inline int pool_hands(const athlete_pool *pool) {
    return pool->n_hands;
}

/* Calls work(job, part, hand) once for each part below n_parts (at most 2^32 - 1), and returns when all are done. Parts of less
** than some 10 microseconds are not worth a thread: give them to one hand as a single part. ATHLETE_INTERRUPTED when the
** poll asked to stop, now or before: then some parts were begun and left, and some not begun. */
athlete_status pool_run(athlete_pool *pool, size_t n_parts, pool_work *work, void *job);
athlete_status pool_run_alone(athlete_pool *pool, size_t n_parts, pool_work *work, void *job);

/* The same on one hand, the caller's, unless `shared`: small work is done before a thread has woken. */
static inline athlete_status pool_run_if(bool shared, athlete_pool *pool, size_t n_parts, pool_work *work,
                                         void *job) {
    return shared ? pool_run(pool, n_parts, work, job) : pool_run_alone(pool, n_parts, work, job);
}

/* For long parts: true when the part must be given up. `units` is the work since the last call (base/poll.h). */
bool pool_due(pool_hand *hand, size_t units);

#endif

#if !defined(_POSIX_C_SOURCE) && !defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L /* pthread_sigmask, sched_yield, sysconf */
#endif
#include "base/pool.h"

#include "base/precondition.h"

#ifndef ATHLETE_NO_THREADS
#include <sched.h>
#include <signal.h>
#include <unistd.h>
#endif

/* A thread looks for what it waits for some 100 microseconds before it sleeps: while jobs follow each other that closely,
** nobody has to be woken. */
#define MAX_LOOKS       128
#define PAUSES_PER_LOOK 32
#define PATIENT_AFTER   16

static bool pool_is_stopped(athlete_pool *pool) {
    return atomic_load_explicit(&pool->stopped, memory_order_relaxed);
}

/* The caller's own poll. */
static bool poll_caller(athlete_pool *pool, size_t units) {
    if (!pool_is_stopped(pool) && poll_due(pool->poll, units)) atomic_store(&pool->stopped, true);
    return pool_is_stopped(pool);
}

athlete_status pool_run_alone(athlete_pool *pool, size_t n_parts, pool_work *work, void *job) {
    for (size_t part = n_parts; part > 0 && !pool_is_stopped(pool); part--)
        work(job, part - 1, &pool->hands[0]);
    return pool_is_stopped(pool) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

#ifdef ATHLETE_NO_THREADS

static int processors(void) {
    return 1;
}

void pool_end(athlete_pool *pool) {
    (void)pool;
}

athlete_status pool_run(athlete_pool *pool, size_t n_parts, pool_work *work, void *job) {
    return pool_run_alone(pool, n_parts, work, job);
}

bool pool_due(pool_hand *hand, size_t units) {
    return poll_caller(hand->pool, units);
}

#else

static int processors(void) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > ATHLETE_MAX_THREADS ? ATHLETE_MAX_THREADS : (int)n;
}

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* --- parts ---------------------------------------------------------------------------------------------- */

/* Takes the right to one part, then the part: the caller the first that is left and workers the last, so that each walks through
** memory in one direction. There are no more rights than parts, so the two ends never meet in the same one. The job's number in the
** same word keeps a worker that was held up between its look and its claim from claiming a part of the next job. */
static bool claim(pool_hand *hand, size_t *part) {
    athlete_pool *pool = hand->pool;
    uint64_t seen = atomic_load(&pool->unclaimed);
    while ((uint32_t)seen > 0) {
        if (atomic_compare_exchange_weak(&pool->unclaimed, &seen, seen - 1)) {
            *part = hand->number == 0 ? atomic_fetch_add(&pool->n_first, 1)
                                      : atomic_fetch_sub(&pool->n_last, 1) - 1;
            return true;
        }
    }
    return false;
}

/* The job cannot change or end between the claim and this: its caller waits for every claimed part. */
static void work_on(pool_hand *hand, size_t part) {
    athlete_pool *pool = hand->pool;
    if (!pool_is_stopped(pool)) pool->work(pool->job, part, hand);
    if (atomic_fetch_sub(&pool->unfinished, 1) == 1 && atomic_load(&pool->caller_waits)) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_signal(&pool->finished);
        pthread_mutex_unlock(&pool->mutex);
    }
}

typedef bool pool_answer(athlete_pool *pool);

/* Waits a while for `true`; false if it did not come. Who is `patient` soon offers its processor to whoever else wants it, the
** caller perhaps, between two looks. */
static bool look_for(pool_answer *answer, athlete_pool *pool, bool patient) {
    for (int look = 0; look < MAX_LOOKS; look++) {
        for (int i = 0; i < PAUSES_PER_LOOK; i++) {
            if (answer(pool)) return true;
            pause_briefly();
        }
        if (patient && look >= PATIENT_AFTER) sched_yield();
    }
    return answer(pool);
}

/* --- workers -------------------------------------------------------------------------------------------- */

static bool has_news(athlete_pool *pool) {
    return (uint32_t)atomic_load(&pool->unclaimed) > 0 || atomic_load(&pool->ending);
}

/* Either the sleeper sees what was published, or who publishes sees the sleeper: both write before they look. */
static void sleep_until_news(athlete_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->n_asleep, 1);
    while (!has_news(pool)) pthread_cond_wait(&pool->published, &pool->mutex);
    atomic_fetch_sub(&pool->n_asleep, 1);
    pthread_mutex_unlock(&pool->mutex);
}

static void *run_worker(void *argument) {
    pool_hand *hand = argument;
    athlete_pool *pool = hand->pool;
    while (!atomic_load(&pool->ending)) {
        size_t part;
        while (claim(hand, &part)) work_on(hand, part);
        if (!look_for(has_news, pool, true)) sleep_until_news(pool);
    }
    return NULL;
}

/* Signals are for the host's own threads: workers take none. */
static void create_threads(athlete_pool *pool) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_mutex_init(&pool->mutex, NULL) == 0) {
        if (pthread_cond_init(&pool->published, NULL) == 0) {
            if (pthread_cond_init(&pool->finished, NULL) == 0) {
                while (pool->n_threads < pool->n_hands - 1 &&
                       pthread_create(&pool->threads[pool->n_threads], NULL, run_worker,
                                      &pool->hands[pool->n_threads + 1]) == 0)
                    pool->n_threads++;
                if (pool->n_threads == 0) pthread_cond_destroy(&pool->finished);
            }
            if (pool->n_threads == 0) pthread_cond_destroy(&pool->published);
        }
        if (pool->n_threads == 0) pthread_mutex_destroy(&pool->mutex);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pool->n_hands = pool->n_threads + 1;
}

static void wake(athlete_pool *pool, size_t n_wanted) {
    if (atomic_load(&pool->n_asleep) == 0) return;
    pthread_mutex_lock(&pool->mutex);
    for (size_t i = 0; i < n_wanted && i < (size_t)pool->n_threads; i++)
        pthread_cond_signal(&pool->published);
    pthread_mutex_unlock(&pool->mutex);
}

void pool_end(athlete_pool *pool) {
    if (pool->n_threads == 0) return;
    atomic_store(&pool->ending, true);
    wake(pool, (size_t)pool->n_threads);
    for (int i = 0; i < pool->n_threads; i++) pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->published);
    pthread_mutex_destroy(&pool->mutex);
    pool->n_threads = 0;
    pool->n_hands = 1;
}

/* --- the caller ----------------------------------------------------------------------------------------- */

static bool is_finished(athlete_pool *pool) {
    return atomic_load(&pool->unfinished) == 0;
}

/* Sleeps after a while, but not through a poll that a worker finds due. */
static void wait_for_workers(athlete_pool *pool) {
    if (look_for(is_finished, pool, false)) return;
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->caller_waits, true);
    while (atomic_load(&pool->unfinished) > 0) {
        if (atomic_exchange(&pool->poll_wanted, false)) {
            pthread_mutex_unlock(&pool->mutex);
            poll_caller(pool, ATHLETE_POLL_UNITS);
            pthread_mutex_lock(&pool->mutex);
        } else {
            pthread_cond_wait(&pool->finished, &pool->mutex);
        }
    }
    atomic_store(&pool->caller_waits, false);
    pthread_mutex_unlock(&pool->mutex);
}

athlete_status pool_run(athlete_pool *pool, size_t n_parts, pool_work *work, void *job) {
    if (n_parts > 1 && pool->n_hands > 1 && pool->n_threads == 0) create_threads(pool);
    if (n_parts <= 1 || pool->n_threads == 0) return pool_run_alone(pool, n_parts, work, job);
    pool->work = work;
    pool->job = job;
    atomic_store(&pool->unfinished, (uint32_t)n_parts);
    atomic_store(&pool->n_first, 0);
    atomic_store(&pool->n_last, (uint32_t)n_parts);
    uint64_t number = (atomic_load(&pool->unclaimed) >> 32) + 1;
    atomic_store(&pool->unclaimed, number << 32 | n_parts);
    wake(pool, n_parts - 1);
    size_t part;
    while (claim(&pool->hands[0], &part)) work_on(&pool->hands[0], part);
    wait_for_workers(pool);
    return pool_is_stopped(pool) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

bool pool_due(pool_hand *hand, size_t units) {
    athlete_pool *pool = hand->pool;
    if (hand->number == 0) return poll_caller(pool, units);
    hand->units += units;
    if (hand->units > ATHLETE_POLL_UNITS) {
        hand->units = 0;
        atomic_store(&pool->poll_wanted, true);
        if (atomic_load(&pool->caller_waits)) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_signal(&pool->finished);
            pthread_mutex_unlock(&pool->mutex);
        }
    }
    return pool_is_stopped(pool);
}

#endif

void pool_begin(athlete_pool *pool, int n_threads, athlete_poll *poll) {
    assert(n_threads >= 0);
    *pool = (athlete_pool){.poll = poll};
    int wanted = n_threads > 0 ? n_threads : processors();
    pool->n_hands = wanted < ATHLETE_MAX_THREADS ? wanted : ATHLETE_MAX_THREADS;
#ifdef ATHLETE_NO_THREADS
    pool->n_hands = 1;
#endif
    for (int i = 0; i < pool->n_hands; i++) pool->hands[i] = (pool_hand){.pool = pool, .number = i};
}

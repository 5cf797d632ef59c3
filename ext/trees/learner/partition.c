#include "trees/learner/partition.h"

#include <string.h>
#include "base/precondition.h"

#define MAX_PARTS                 256
#define PARTITION_MIN_PART_ROWS   2048
#define PARTITION_MIN_SHARED_ROWS (4 * PARTITION_MIN_PART_ROWS) /* from here on threads take parts */

/* Every row is written to both sides, of which one counts: no branch that could be guessed wrong. The left side may be where
** the rows are. */
static size_t divide(const uint8_t *column, const side_table *side, const uint32_t *rows, size_t n,
                     uint32_t *left, uint32_t *right) {
    size_t n_left = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t row = rows[i];
        left[n_left] = row;
        right[i - n_left] = row;
        n_left += side->left[column[row]];
    }
    return n_left;
}

/* --- in parts ------------------------------------------------------------------------------------------- */

typedef struct partition_job {
    const uint8_t *column;
    const side_table *side;
    uint32_t *rows, *scratch;
    size_t n, part_rows;
    size_t n_left[MAX_PARTS], left_before[MAX_PARTS], n_all_left;
} partition_job;

static size_t rows_of_part(const partition_job *job, size_t part) {
    size_t start = part * job->part_rows;
    return job->n - start < job->part_rows ? job->n - start : job->part_rows;
}

/* The left side from the start of the part's scratch, the right side backwards from its end. */
static void divide_part(void *argument, size_t part, pool_hand *hand) {
    partition_job *job = argument;
    const uint32_t *rows = job->rows + part * job->part_rows;
    uint32_t *scratch = job->scratch + part * job->part_rows;
    size_t n = rows_of_part(job, part), n_left = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t row = rows[i];
        scratch[n_left] = row;
        scratch[n - 1 - (i - n_left)] = row;
        n_left += job->side->left[job->column[row]];
    }
    job->n_left[part] = n_left;
    pool_due(hand, 2 * n);
}

static void gather_part(void *argument, size_t part, pool_hand *hand) {
    partition_job *job = argument;
    const uint32_t *scratch = job->scratch + part * job->part_rows;
    size_t n = rows_of_part(job, part), n_left = job->n_left[part];
    memcpy(job->rows + job->left_before[part], scratch, n_left * sizeof *scratch);
    uint32_t *right = job->rows + job->n_all_left + (part * job->part_rows - job->left_before[part]);
    for (size_t i = 0; i < n - n_left; i++) right[i] = scratch[n - 1 - i];
    pool_due(hand, n);
}

athlete_status partition_rows(const uint8_t *column, const side_table *side, uint32_t *rows,
                              uint32_t *scratch, size_t n, athlete_pool *pool, size_t *n_left) {
    assert(n > 0);
    if (n < PARTITION_MIN_SHARED_ROWS || pool_hands(pool) == 1) {
        *n_left = divide(column, side, rows, n, rows, scratch);
        memcpy(rows + *n_left, scratch, (n - *n_left) * sizeof *rows);
        return pool_due(&pool->hands[0], 2 * n) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
    }
    partition_job job = {.column = column, .side = side, .rows = rows, .scratch = scratch, .n = n};
    job.part_rows = (n + MAX_PARTS - 1) / MAX_PARTS;
    if (job.part_rows < PARTITION_MIN_PART_ROWS) job.part_rows = PARTITION_MIN_PART_ROWS;
    size_t n_parts = (n + job.part_rows - 1) / job.part_rows;
    athlete_status status = pool_run(pool, n_parts, divide_part, &job);
    if (status != ATHLETE_OK) return status;
    for (size_t part = 0; part < n_parts; part++) {
        job.left_before[part] = job.n_all_left;
        job.n_all_left += job.n_left[part];
    }
    *n_left = job.n_all_left;
    return pool_run(pool, n_parts, gather_part, &job);
}

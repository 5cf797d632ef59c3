/* What a kernel can answer. Kernels know no SQLite; the binding turns an answer into an SQL error. */
#ifndef ATHLETE_BASE_STATUS_H
#define ATHLETE_BASE_STATUS_H

typedef enum athlete_status {
    ATHLETE_OK = 0,
    ATHLETE_NOMEM,       /* the allocator refused */
    ATHLETE_OVER_LIMIT,  /* the caller's own memory limit would be passed */
    ATHLETE_INTERRUPTED, /* a poll asked to stop */
    ATHLETE_INVALID      /* the input is not what the kernel accepts; the kernel says why elsewhere */
} athlete_status;

#endif

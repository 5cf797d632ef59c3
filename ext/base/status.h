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

/* A function that writes a sentence by a C99 format, which is its second argument; of the second macro the third, before a
** va_list. MinGW's "printf" is that of old Windows, to which %zu means nothing. */
#if defined(__MINGW32__)
#define ATHLETE_FORMATS      __attribute__((format(gnu_printf, 2, 3)))
#define ATHLETE_FORMATS_LIST __attribute__((format(gnu_printf, 3, 0)))
#elif defined(__GNUC__)
#define ATHLETE_FORMATS      __attribute__((format(printf, 2, 3)))
#define ATHLETE_FORMATS_LIST __attribute__((format(printf, 3, 0)))
#else
#define ATHLETE_FORMATS
#define ATHLETE_FORMATS_LIST
#endif

#endif

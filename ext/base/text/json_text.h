/* JSON text from strangers, checked before cJSON sees it.
**
** The scan accepts exactly RFC 8259: cJSON on its own also takes `007`, `1e`, broken UTF-8, a string cut by
** \u0000, and answers NULL for bad text and for lack of memory alike. After a text has passed the scan, NULL
** from cJSON can only mean lack of memory, or a number too long for it, which is then given shorter (json_numbers.h). */
#ifndef ATHLETE_BASE_TEXT_JSON_TEXT_H
#define ATHLETE_BASE_TEXT_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <cJSON.h>
#include "base/fault.h"
#include "base/poll.h"
#include "base/status.h"

#define ATHLETE_JSON_DEPTH 64
#define JSON_POLL_STRIDE   4096 /* bytes between two reports of work */

/* Where a text stops being JSON. */
typedef struct json_stop {
    size_t offset;      /* bytes from the start of the text */
    const char *reason; /* a static phrase: "a number may not start with 0" */
} json_stop;

/* Bytes of blanks (space, tab, CR, LF) at the start of the text. */
size_t json_blanks(const char *text, size_t length);

/* The length of the one value that starts at text[0], or 0 and where it stops. One nanosecond or two per byte; `poll`
** (may be NULL) is asked along the way, and when it says stop the answer is 0 with poll->stopped set. */
size_t json_scan(const char *text, size_t length, athlete_poll *poll, json_stop *stop);

/* The whole text as one value with nothing but blanks around it. `text` must be terminated by a zero byte.
** ATHLETE_INVALID says in `fault` why not, and at which byte; the tree is the caller's to cJSON_Delete. */
athlete_status json_parse(const char *text, size_t length, cJSON **tree, athlete_fault *fault);

/* The same, with the place instead of a sentence, for a text that stands in another; and the sentence about a place. */
athlete_status json_parse_stop(const char *text, size_t length, cJSON **tree, json_stop *stop);
athlete_status json_refuse(athlete_fault *fault, json_stop stop);

#endif

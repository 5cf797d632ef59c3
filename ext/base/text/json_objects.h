/* Cuts a text into the JSON objects it holds: an array of objects or several in a row, one object per line, or a single
** object.
**
** What is malformed is not lost and does not stop the rest: it comes out as a piece with a fault, and reading
** goes on at the next place where an object can start. */
#ifndef ATHLETE_BASE_TEXT_JSON_OBJECTS_H
#define ATHLETE_BASE_TEXT_JSON_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/poll.h"

typedef struct json_piece {
    size_t offset, length; /* of the piece in the text */
    size_t line;           /* in which it starts, from 1 */
    const char *fault;     /* a static phrase, or NULL for a well-formed object */
    size_t fault_offset;   /* in the text */
} json_piece;

typedef struct json_cutter {
    const char *text;
    size_t length;
    size_t at;      /* what comes before is done */
    size_t line;    /* of `counted` */
    size_t counted; /* newlines before this offset are in `line` */
    athlete_poll *poll;
    bool in_array; /* between the brackets of one outer array */
    bool between;  /* in_array: a comma or the end must come next */
} json_cutter;

/* `text` must outlive the cutter; `poll` may be NULL. */
void json_cut_begin(json_cutter *cutter, const char *text, size_t length, athlete_poll *poll);

/* The next piece, or false: at the end, or with poll->stopped set when the poll says stop.
**
** Linear in the text over all calls, also when it is hostile: no byte is read more than a few hundred times
** (see balanced_end for the bound). */
bool json_cut_next(json_cutter *cutter, json_piece *piece);

#endif

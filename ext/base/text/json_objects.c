#include "base/text/json_objects.h"

#include <string.h>
#include "base/text/json_text.h"

void json_cut_begin(json_cutter *cutter, const char *text, size_t length, athlete_poll *poll) {
    *cutter = (json_cutter){.text = text, .length = length, .line = 1, .poll = poll};
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) cutter->at = 3; /* byte order mark */
    cutter->at += json_blanks(text + cutter->at, length - cutter->at);
    if (cutter->at < length && text[cutter->at] == '[') {
        cutter->in_array = true;
        cutter->at++;
    }
}

/* Called with every offset of a loop over the text: reports the work, false when the poll says stop. */
static bool objects_go_on(const json_cutter *cutter, size_t offset) {
    return offset % JSON_POLL_STRIDE || !cutter->poll || !poll_due(cutter->poll, JSON_POLL_STRIDE);
}

/* Pages of an API come as one array after another: enters those whose first piece is an object, and leaves empty ones. */
static void enter_arrays(json_cutter *cutter) {
    const char *text = cutter->text;
    while (!cutter->in_array && cutter->at < cutter->length && text[cutter->at] == '[') {
        size_t first = cutter->at + 1;
        first += json_blanks(text + first, cutter->length - first);
        if (first >= cutter->length || (text[first] != '{' && text[first] != ']')) return;
        cutter->in_array = text[first] == '{';
        cutter->at = cutter->in_array ? first : first + 1;
        cutter->at += json_blanks(text + cutter->at, cutter->length - cutter->at);
        cutter->between = false;
    }
}

static size_t line_of(json_cutter *cutter, size_t offset) {
    size_t newlines = 0;
    for (size_t i = cutter->counted; i < offset; i++) newlines += cutter->text[i] == '\n';
    if (cutter->counted < offset) cutter->counted = offset;
    return cutter->line += newlines;
}

static void objects_skip_blanks(json_cutter *cutter) {
    cutter->at += json_blanks(cutter->text + cutter->at, cutter->length - cutter->at);
}

#define LOOKAHEAD_DEPTH 256

/* Where the bracket at `start` is closed, counting brackets outside strings only; 0 if nowhere.
**
** Why this cannot be made quadratic by a text of broken pieces: two lookaheads that read the same byte are either
** both inside a string there or both outside (a backslash outside strings ends the lookahead, so that they cannot
** drift together), or exactly opposite. Among those that agree, an earlier one has counted the later one's bracket,
** and it gives up LOOKAHEAD_DEPTH brackets down. A byte is thus read by at most 2 * LOOKAHEAD_DEPTH lookaheads. The
** same holds for json_scan, which next_object starts at many places, with ATHLETE_JSON_DEPTH. */
static size_t balanced_end(const json_cutter *cutter, size_t start) {
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = start; i < cutter->length && objects_go_on(cutter, i); i++) {
        char c = cutter->text[i];
        if (in_string) {
            if (c == '\\') i++;
            else if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > LOOKAHEAD_DEPTH) return 0;
        } else if (c == '}' || c == ']') {
            if (--depth == 0) return i + 1;
        } else if (c == '\\') {
            return 0;
        }
    }
    return 0;
}

/* Whether a piece may end at `end`: a separator, a new line or the end of the text follows. */
static bool can_end(const json_cutter *cutter, size_t end) {
    size_t blanks = json_blanks(cutter->text + end, cutter->length - end);
    if (end + blanks >= cutter->length) return true;
    char c = cutter->text[end + blanks];
    if (cutter->in_array) return c == ',' || c == ']';
    return memchr(cutter->text + end, '\n', blanks) != NULL;
}

/* Whether nothing but blanks stands between `offset` and the comma or the line's beginning before it. */
static bool may_start(const json_cutter *cutter, size_t offset) {
    const char *text = cutter->text;
    while (offset > 0 && (text[offset - 1] == ' ' || text[offset - 1] == '\t' || text[offset - 1] == '\r'))
        offset--;
    return offset == 0 || text[offset - 1] == ',' || text[offset - 1] == '\n';
}

/* The next offset from `from` on at which an object may start and can be read. */
static size_t next_object(const json_cutter *cutter, size_t from) {
    const char *text = cutter->text;
    for (size_t i = from; i < cutter->length && objects_go_on(cutter, i); i++) {
        if (text[i] != '{' || !may_start(cutter, i)) continue;
        json_stop ignored;
        if (json_scan(text + i, cutter->length - i, cutter->poll, &ignored)) return i;
        if (cutter->poll && cutter->poll->stopped) break;
    }
    return cutter->length;
}

/* Gives up on what starts at `start` and stands where reading can go on. */
static void resynchronise(json_cutter *cutter, size_t start, size_t fault_offset) {
    char c = cutter->text[start];
    size_t end = c == '{' || c == '[' ? balanced_end(cutter, start) : 0;
    if (end && can_end(cutter, end)) {
        cutter->at = end;
        cutter->between = true;
        return;
    }
    cutter->at = next_object(cutter, fault_offset > start ? fault_offset : start + 1);
    cutter->between = false;
}

/* Takes the comma, or the closing bracket with all that follows; false when something else stands there. */
static bool separator(json_cutter *cutter) {
    char c = cutter->text[cutter->at];
    if (c == ',') {
        cutter->at++;
    } else if (c == ']') {
        cutter->at++;
        cutter->in_array = false;
    } else {
        return false;
    }
    cutter->between = false;
    objects_skip_blanks(cutter);
    return true;
}

bool json_cut_next(json_cutter *cutter, json_piece *piece) {
    objects_skip_blanks(cutter);
    const char *fault = NULL;
    if (cutter->at < cutter->length && cutter->in_array) {
        bool separated = separator(cutter);
        if (cutter->between && !separated) fault = "a comma or the end was expected";
    }
    enter_arrays(cutter);
    size_t start = cutter->at;
    if (start >= cutter->length) {
        if (!cutter->in_array) return false;
        cutter->in_array = false;
        *piece = (json_piece){.offset = start,
                              .line = line_of(cutter, start),
                              .fault = "the array is not closed",
                              .fault_offset = start};
        return true;
    }
    json_stop found = {.offset = 0, .reason = fault};
    size_t length = fault ? 0 : json_scan(cutter->text + start, cutter->length - start, cutter->poll, &found);
    if (length) {
        cutter->at = start + length;
        cutter->between = true;
        if (cutter->text[start] != '{') found.reason = "not an object";
    } else {
        resynchronise(cutter, start, start + found.offset);
        length = cutter->at - start;
    }
    if (cutter->poll && cutter->poll->stopped) return false;
    *piece = (json_piece){.offset = start,
                          .length = length,
                          .line = line_of(cutter, start),
                          .fault = found.reason,
                          .fault_offset = start + found.offset};
    return true;
}

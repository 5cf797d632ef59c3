#include "base/json_objects.h"

#include <string.h>
#include "base/json_text.h"

void json_cut_begin(json_cutter *cutter, const char *text, size_t length) {
    *cutter = (json_cutter){.text = text, .length = length, .line = 1};
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) cutter->at = 3; /* byte order mark */
    cutter->at += json_blanks(text + cutter->at, length - cutter->at);
    if (cutter->at < length && text[cutter->at] == '[') {
        cutter->in_array = true;
        cutter->at++;
    }
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
    for (; cutter->counted < offset; cutter->counted++) cutter->line += cutter->text[cutter->counted] == '\n';
    return cutter->line;
}

static void skip_blanks(json_cutter *cutter) {
    cutter->at += json_blanks(cutter->text + cutter->at, cutter->length - cutter->at);
}

/* Where the bracket at `start` is closed, counting brackets outside strings only; 0 if nowhere. */
static size_t balanced_end(const json_cutter *cutter, size_t start) {
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = start; i < cutter->length; i++) {
        char c = cutter->text[i];
        if (in_string) {
            if (c == '\\') i++;
            else if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* Whether a piece may end at `end`: a separator, a new line or the end of the text follows. */
static bool can_end(const json_cutter *cutter, size_t end) {
    size_t blanks = json_blanks(cutter->text + end, cutter->length - end);
    if (end + blanks >= cutter->length) return true;
    if (cutter->in_array) return strchr(",]", cutter->text[end + blanks]) != NULL;
    return memchr(cutter->text + end, '\n', blanks) != NULL;
}

/* The next offset after `from` at which an object stands at the start of a line or after a comma and can be read. */
static size_t next_object(const json_cutter *cutter, size_t from) {
    const char *text = cutter->text;
    for (size_t i = from; i < cutter->length; i++) {
        if (text[i] != '{') continue;
        size_t before = i;
        while (before > 0 && (text[before - 1] == ' ' || text[before - 1] == '\t' || text[before - 1] == '\r')) before--;
        if (before > 0 && text[before - 1] != ',' && text[before - 1] != '\n') continue;
        json_fault ignored;
        if (json_scan(text + i, cutter->length - i, &ignored)) return i;
    }
    return cutter->length;
}

/* Gives up on what starts at `start` and stands where reading can go on. */
static void resynchronise(json_cutter *cutter, size_t start, size_t fault_offset) {
    size_t end = strchr("{[", cutter->text[start]) ? balanced_end(cutter, start) : 0;
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
    skip_blanks(cutter);
    return true;
}

bool json_cut_next(json_cutter *cutter, json_piece *piece) {
    skip_blanks(cutter);
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
        *piece = (json_piece){.offset = start, .line = line_of(cutter, start), .fault = "the array is not closed", .fault_offset = start};
        return true;
    }
    json_fault found = {.offset = 0, .reason = fault};
    size_t length = fault ? 0 : json_scan(cutter->text + start, cutter->length - start, &found);
    if (length) {
        cutter->at = start + length;
        cutter->between = true;
        if (cutter->text[start] != '{') found.reason = "not an object";
    } else {
        resynchronise(cutter, start, start + found.offset);
        length = cutter->at - start;
    }
    *piece = (json_piece){.offset = start,
                          .length = length,
                          .line = line_of(cutter, start),
                          .fault = found.reason,
                          .fault_offset = start + found.offset};
    return true;
}

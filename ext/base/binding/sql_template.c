#include "base/binding/sql_template.h"

#include <string.h>
#include "base/precondition.h"

#define DEPTH_MAX 40 /* lists and templates inside each other */

/* Where a text stands. */
typedef enum template_place { PLACE_SQL, PLACE_LITERAL, PLACE_NAME, PLACE_COMMENT } template_place;

typedef struct template_run {
    sqlite3_str *out;
    const sql_vocabulary *vocabulary;
    template_place place;
    int depth;
} template_run;

typedef struct template_name {
    const char *bytes;
    size_t length;
} template_name;

/* What SQLite accepts nowhere outside of quotes; inside, the name in braces is a table or a column that is nowhere. */
static void template_fault(template_run *run, template_name name) {
    assert(!"a template asks for what is not there");
    sqlite3_str_appendf(run->out, "{%.*s}", (int)name.length, name.bytes);
}

static bool template_is_named(template_name name, const char *known) {
    return *known == *name.bytes && strncmp(known, name.bytes, name.length) == 0 &&
           known[name.length] == '\0';
}

/* --- what stands outside of braces ---------------------------------------------------------------------- */

/* The place after a byte that stands at `at`. A doubled quote leaves its text and is back in it. */
static template_place template_place_after(template_place place, const char *at) {
    switch (place) {
    case PLACE_SQL:
        return *at == '\''                  ? PLACE_LITERAL
               : *at == '"'                 ? PLACE_NAME
               : *at == '-' && at[1] == '-' ? PLACE_COMMENT
                                            : PLACE_SQL;
    case PLACE_LITERAL: return *at == '\'' ? PLACE_SQL : place;
    case PLACE_NAME: return *at == '"' ? PLACE_SQL : place;
    case PLACE_COMMENT: return *at == '\n' ? PLACE_SQL : place;
    }
    return place;
}

static void template_text(template_run *run, const char *text, const char *end) {
    for (const char *at = text; at < end; at++) run->place = template_place_after(run->place, at);
    sqlite3_str_append(run->out, text, (int)(end - text));
}

/* --- values --------------------------------------------------------------------------------------------- */

static void template_quoted(template_run *run, const char *text) {
    if (run->place == PLACE_LITERAL) sqlite3_str_appendf(run->out, "%q", text);
    else if (run->place == PLACE_NAME) sqlite3_str_appendf(run->out, "%w", text);
    else
        for (; *text; text++) /* a comment ends with its line */
            sqlite3_str_appendchar(run->out, 1, (unsigned char)*text < ' ' ? ' ' : *text);
}

static void template_value(template_run *run, template_name name, const void *scope) {
    for (const sql_vocabulary *part = run->vocabulary; part; part = part->more) {
        for (const sql_piece *piece = part->pieces; piece && piece->name; piece++) {
            if (!template_is_named(name, piece->name) || (run->place != PLACE_SQL && !piece->is_number))
                continue;
            piece->write(run->out, scope);
            return;
        }
        for (const sql_text *text = part->texts; text && text->name; text++) {
            if (!template_is_named(name, text->name) || run->place == PLACE_SQL) continue;
            template_quoted(run, text->text(scope));
            return;
        }
    }
    template_fault(run, name);
}

/* --- lists and templates -------------------------------------------------------------------------------- */

static void template_body(template_run *run, const char *text, const char *end, const void *scope);

static const sql_list *template_find_list(const template_run *run, template_name name) {
    for (const sql_vocabulary *part = run->vocabulary; part; part = part->more)
        for (const sql_list *list = part->lists; list && list->name; list++)
            if (template_is_named(name, list->name)) return list;
    return NULL;
}

static void template_list(template_run *run, template_name name, const char *body, const char *end,
                          const char *between, const void *scope) {
    const sql_list *list = template_find_list(run, name);
    union {
        max_align_t aligned;
        char bytes[SQL_SCOPE_MAX];
    } member;
    if (!list || run->depth == DEPTH_MAX) {
        template_fault(run, name);
        return;
    }
    memcpy(member.bytes, scope, run->vocabulary->scope_size);
    template_place place = run->place;
    run->depth++;
    for (int nth = 0; list->next(member.bytes, nth); nth++) {
        if (nth > 0) sqlite3_str_appendall(run->out, between);
        template_body(run, body, end, member.bytes);
        assert(run->place == place);
    }
    run->place = place;
    run->depth--;
}

static const char *template_find(const template_run *run, template_name name) {
    for (const sql_vocabulary *part = run->vocabulary; part; part = part->more)
        for (const sql_template *other = part->templates; other && other->name; other++)
            if (template_is_named(name, other->name)) return other->text;
    return NULL;
}

static void template_other(template_run *run, template_name name, const void *scope) {
    const char *text = template_find(run, name);
    if (!text || run->depth == DEPTH_MAX) {
        template_fault(run, name);
        return;
    }
    run->depth++;
    template_body(run, text, text + strlen(text), scope);
    run->depth--;
}

/* The brace that closes what opens at `text`, or the end. */
static const char *template_close(const char *text, const char *end) {
    int depth = 0;
    for (const char *at = text; at < end; at++) {
        depth += (*at == '{') - (*at == '}');
        if (depth == 0) return at;
    }
    return end;
}

/* {…} from after its brace to before the one that closes it. */
static void template_braces(template_run *run, const char *text, const char *end, const void *scope) {
    template_name name = {text, 0};
    if (*text == '>') {
        template_other(run, (template_name){text + 1, (size_t)(end - text - 1)}, scope);
        return;
    }
    while (text + name.length < end && text[name.length] != ':' && text[name.length] != '|') name.length++;
    const char *body = text + name.length;
    if (body == end) template_value(run, name, scope);
    else if (*body == '|') template_list(run, name, body + 1, end, "", scope);
    else template_list(run, name, body + 1 + (body[1] == ' '), end, ", ", scope);
}

static void template_body(template_run *run, const char *text, const char *end, const void *scope) {
    while (text < end) {
        const char *brace = text;
        while (brace < end && *brace != '{' && *brace != '}') brace++;
        template_text(run, text, brace);
        if (brace == end) return;
        if (brace + 1 < end && brace[1] == *brace) {
            sqlite3_str_appendchar(run->out, 1, *brace);
            text = brace + 2;
            continue;
        }
        const char *close = template_close(brace, end);
        assert(*brace == '{' && close < end);
        if (close == end) return;
        template_braces(run, brace + 1, close, scope);
        text = close + 1;
    }
}

void sql_template_write(sqlite3_str *out, const sql_vocabulary *vocabulary, const char *name,
                        const void *scope) {
    assert(vocabulary->scope_size <= SQL_SCOPE_MAX);
    template_run run = {out, vocabulary, PLACE_SQL, 0};
    template_other(&run, (template_name){name, strlen(name)}, scope);
}

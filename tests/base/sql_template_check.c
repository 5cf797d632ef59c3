/* Expands a template with what its arguments say: TEMPLATE OTHER a b c SQL MEMBER… */
#include <stdio.h>
#include "base/binding/sql_template.h"

typedef struct scope {
    char **arguments;
    int n, member;
} scope;

static const char *text_a(const void *s) {
    return ((const scope *)s)->arguments[2];
}

static const char *text_b(const void *s) {
    return ((const scope *)s)->arguments[3];
}

static const char *text_c(const void *s) {
    return ((const scope *)s)->arguments[4];
}

static const char *text_member(const void *s) {
    return ((const scope *)s)->arguments[((const scope *)s)->member];
}

static void piece_sql(sqlite3_str *out, const void *s) {
    sqlite3_str_appendall(out, ((const scope *)s)->arguments[5]);
}

static void piece_number(sqlite3_str *out, const void *s) {
    sqlite3_str_appendf(out, "%d", ((const scope *)s)->member);
}

static bool list_members(void *s, int nth) {
    ((scope *)s)->member = 6 + nth;
    return 6 + nth < ((const scope *)s)->n;
}

static bool list_yes(void *s, int nth) {
    return s && nth == 0;
}

static bool list_no(void *s, int nth) {
    return !s && nth == 0;
}

int main(int argc, char **argv) {
    const scope all = {argv + 1, argc - 1, 0};
    const sql_template templates[] = {{"main", argv[1]}, {"other", argv[2]}, {NULL, NULL}};
    static const sql_text first[] = {{"a", text_a}, {"b", text_b}, {NULL, NULL}};
    static const sql_text second[] = {{"c", text_c}, {"member", text_member}, {NULL, NULL}};
    static const sql_piece pieces[] = {{"sql", piece_sql, false}, {"number", piece_number, true}, {NULL, NULL, false}};
    static const sql_list lists[] = {{"members", list_members}, {"yes", list_yes}, {"no", list_no}, {NULL, NULL}};
    const sql_vocabulary more = {.texts = second, .lists = lists};
    const sql_vocabulary vocabulary = {&more, templates, first, pieces, NULL, sizeof all};
    sqlite3_str *out = sqlite3_str_new(NULL);
    sql_template_write(out, &vocabulary, "main", &all);
    char *sql = sqlite3_str_finish(out);
    if (sql) fputs(sql, stdout);
    sqlite3_free(sql);
    return sql ? 0 : 1;
}

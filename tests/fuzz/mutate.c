#include "mutate.h"

#include <stdlib.h>
#include <string.h>

/* splitmix64: any number is a good seed, 0 and 1 included. */
static uint64_t next(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t n) {
    return n ? (size_t)(next(state) % n) : 0;
}

static int find(const seed_file *seed, const char *text, places *found) {
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= seed->size; i++) {
        if (memcmp(seed->bytes + i, text, length) != 0) continue;
        if ((found->n & (found->n - 1)) == 0) { /* full at each power of two */
            size_t *at = realloc(found->at, (found->n ? 2 * found->n : 1) * sizeof *at);
            if (!at) return 0;
            found->at = at;
        }
        found->at[found->n++] = i;
    }
    return 1;
}

int seed_file_prepare(seed_file *seed) {
    if (seed->size < 512) return 0;
    seed->page_size = (size_t)seed->bytes[16] << 8 | seed->bytes[17];
    if (seed->page_size == 1) seed->page_size = 65536;
    if (seed->page_size < 512 || seed->size < 2 * seed->page_size) return 0;
    return find(seed, "CREATE ", &seed->schema) && find(seed, "\"learner\":{\"", &seed->models) &&
           find(seed, "\"tree_param\":", &seed->models) && find(seed, "{\"", &seed->json);
}

/* Where the damage of one kind goes: `length` bytes from `at`. */
typedef struct region {
    size_t at, length;
} region;

static region clipped(size_t at, size_t length, size_t size) {
    if (at >= size) at = size - 1;
    return (region){at, length < size - at ? length : size - at};
}

static region near_one(const places *p, size_t length, size_t size, uint64_t *state) {
    if (!p->n) return clipped(below(state, size), length, size);
    return clipped(p->at[below(state, p->n)], length, size);
}

static int is_digit(unsigned char c) {
    return c >= '0' && c <= '9';
}

static int is_letter(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int is_mark(unsigned char c) {
    return c && strchr("{}[],:\"'(); ", c) != NULL;
}

/* Puts one of `others` in place of the first byte of a kind at or after a place in the region. */
static void replace(unsigned char *bytes, region r, int (*is_kind)(unsigned char), const char *others, uint64_t *state) {
    size_t start = below(state, r.length);
    for (size_t i = 0; i < r.length; i++) {
        unsigned char *byte = bytes + r.at + (start + i) % r.length;
        if (!is_kind(*byte)) continue;
        *byte = (unsigned char)others[below(state, strlen(others))];
        return;
    }
}

#define DIGITS  "0123456789"
#define NUMBERS "0123456789999-.eE"
#define LETTERS "abcdefghijklmnopqrstuvwxyz_ABZ0 '\"\\"
#define MARKS   "{}[],:\"'();\\ 0-"

static void extreme(unsigned char *bytes, size_t size, uint64_t *state) {
    static const unsigned char values[][4] = {{0, 0, 0, 0},          {0xff, 0xff, 0xff, 0xff}, {0x7f, 0xff, 0xff, 0xff},
                                              {0x80, 0x00, 0, 0},    {0x81, 0x00, 0x81, 0x00}, {0x80, 0x80, 0x80, 0x01},
                                              {0x00, 0x00, 0, 0x01}, {0xf8, 0x7f, 0xf0, 0xff}, {0x7f, 0xf0, 0, 0}};
    size_t width = 1 + below(state, 4);
    memcpy(bytes + below(state, size - width), values[below(state, sizeof values / sizeof *values)], width);
}

static void swap_pages(const seed_file *seed, unsigned char *bytes, uint64_t *state) {
    size_t pages = seed->size / seed->page_size;
    unsigned char *one = bytes + below(state, pages) * seed->page_size,
                  *other = bytes + below(state, pages) * seed->page_size;
    for (size_t i = 0; i < seed->page_size; i++) {
        unsigned char byte = one[i];
        one[i] = other[i], other[i] = byte;
    }
}

static void splice(const seed_file *seed, unsigned char *bytes, uint64_t *state) {
    size_t length = 1 + below(state, 64);
    memmove(bytes + below(state, seed->size - length), bytes + below(state, seed->size - length), length);
}

/* The header of a page of a b-tree, and its list of cells. */
static void page_header(const seed_file *seed, unsigned char *bytes, uint64_t *state) {
    size_t page = below(state, seed->size / seed->page_size);
    bytes[page * seed->page_size + (page == 0 ? 100 : 0) + below(state, 24)] = (unsigned char)next(state);
}

enum { RANDOM, EXTREME, PAGE, SWAP, SPLICE, TEXT, NUMBER, SCHEMA, MODEL, JSON_NUMBER, JSON_MARK, JSON_NAME, N_KINDS };

static void damage(const seed_file *seed, unsigned char *bytes, uint64_t *state) {
    region anywhere = clipped(below(state, seed->size), 4096, seed->size);
    switch (below(state, N_KINDS)) {
    case RANDOM: bytes[below(state, seed->size)] = (unsigned char)next(state); break;
    case EXTREME: extreme(bytes, seed->size, state); break;
    case PAGE: page_header(seed, bytes, state); break;
    case SWAP:
        if (below(state, 8) == 0) swap_pages(seed, bytes, state);
        break;
    case SPLICE: splice(seed, bytes, state); break;
    case TEXT: replace(bytes, anywhere, is_letter, LETTERS, state); break;
    case NUMBER: replace(bytes, anywhere, is_digit, NUMBERS, state); break;
    case SCHEMA: replace(bytes, near_one(&seed->schema, 400, seed->size, state), is_letter, LETTERS, state); break;
    case MODEL: replace(bytes, near_one(&seed->models, 1500, seed->size, state), is_digit, NUMBERS, state); break;
    case JSON_NUMBER: replace(bytes, near_one(&seed->json, 900, seed->size, state), is_digit, DIGITS, state); break;
    case JSON_MARK: replace(bytes, near_one(&seed->json, 900, seed->size, state), is_mark, MARKS, state); break;
    default: replace(bytes, near_one(&seed->json, 900, seed->size, state), is_letter, LETTERS, state); break;
    }
}

size_t mutate(const seed_file *seed, uint64_t number, int attempt, unsigned char *bytes) {
    uint64_t state = (number * 0xd1342543de82ef95u) ^ ((uint64_t)attempt << 40);
    memcpy(bytes, seed->bytes, seed->size);
    /* Many files with little damage, which are read to the end, and some with much. */
    size_t times = below(&state, 3) ? 1 + below(&state, 8) : 1 + below(&state, 40);
    for (size_t i = 0; i < times; i++) damage(seed, bytes, &state);
    if (below(&state, 25) != 0) return seed->size;
    size_t left = 1 + below(&state, seed->size - 1);
    return below(&state, 2) ? left : (left / seed->page_size + 1) * seed->page_size;
}

/* Reads the sets of a tree's splits by category. `categories` holds all of them one after another; node
** categories_nodes[k] has the categories_sizes[k] that start at categories_segments[k], and they go right
** (XGBoost's src/tree/tree_model.cc and src/common/categorical.h). */
#include "trees/format/model_reader.h"

enum { CATEGORIES, NODES, SEGMENTS, SIZES, N_SET_ARRAYS };

static const char *const set_array_names[N_SET_ARRAYS] = {"categories", "categories_nodes",
                                                          "categories_segments", "categories_sizes"};

static bool set_fail_item(model_reader *r, int array, size_t item, const char *expected) {
    return reader_fail(r, "%s.%s[%zu] is not %s", r->path, set_array_names[array], item, expected);
}

/* Sets lie side by side and cover `categories`; their nodes and their members ascend, as XGBoost writes them. */
static bool check_segments(model_reader *r, const number_list lists[N_SET_ARRAYS], int32_t n) {
    double end = 0, total = (double)lists[CATEGORIES].n;
    for (size_t k = 0; k < lists[NODES].n; k++) {
        double node = lists[NODES].values[k], size = lists[SIZES].values[k];
        if (!is_whole(node, k > 0 ? lists[NODES].values[k - 1] + 1 : 0, n - 1)) {
            return set_fail_item(r, NODES, k, "a node of the tree above the one before");
        }
        if (lists[SEGMENTS].values[k] != end) {
            return set_fail_item(r, SEGMENTS, k, "where the set before ends");
        }
        if (!is_whole(size, 1, total - end)) {
            return set_fail_item(r, SIZES, k, "from 1 to the number of categories that are left");
        }
        end += size;
    }
    if (end != total) return reader_fail(r, "%s.categories has more items than the sets", r->path);
    for (size_t i = 0; i < lists[CATEGORIES].n; i++) {
        if (!is_whole(lists[CATEGORIES].values[i], 0, ATHLETE_MODEL_MAX_CATEGORIES - 1)) {
            return set_fail_item(r, CATEGORIES, i, "a category from 0 to 16777215");
        }
    }
    return true;
}

/* The set of one split, in the forest's numbers. */
static bool add_set(model_reader *r, const double *categories, size_t first, size_t n, tree_node *node) {
    const renumbering *order = r->categories ? &r->categories[node->feature] : NULL;
    const double *members = categories + first;
    for (size_t i = 1; i < n; i++) {
        if (members[i] <= members[i - 1]) {
            return set_fail_item(r, CATEGORIES, first + i, "above the one before in its set");
        }
    }
    size_t at;
    athlete_status status = categories_add_set(r->budget, r->model, order, members, n, &node->set, &at);
    if (status == ATHLETE_INVALID && at < n) {
        return reader_fail(r, "%s.categories[%zu] is %.0f, feature %u has %zu categories", r->path,
                           first + at, members[at], (unsigned)node->feature, order->n);
    }
    if (status == ATHLETE_INVALID) {
        return reader_fail(r, "%s: the sets of categories take more than %zu MB", r->path,
                           ATHLETE_MODEL_MAX_SET_WORDS >> 18);
    }
    r->status = status;
    return status == ATHLETE_OK;
}

bool model_read_sets(model_reader *r, const cJSON *tree, tree_node *nodes, int32_t n) {
    number_list lists[N_SET_ARRAYS];
    for (int a = 0; a < N_SET_ARRAYS; a++) {
        if (!reader_numbers(r, tree, set_array_names[a], &lists[a])) return false;
        if (lists[a].has_flags) {
            return reader_fail(r, "%s.%s has true or false among its numbers", r->path, set_array_names[a]);
        }
    }
    for (int a = SEGMENTS; a <= SIZES; a++) {
        if (lists[a].n != lists[NODES].n) {
            return reader_fail(r, "%s.%s has %zu items, categories_nodes has %zu", r->path,
                               set_array_names[a], lists[a].n, lists[NODES].n);
        }
    }
    if (!check_segments(r, lists, n)) return false;
    size_t k = 0;
    for (int32_t id = 0; id < n; id++) {
        bool has_set = k < lists[NODES].n && lists[NODES].values[k] == id;
        if (nodes[id].categorical) {
            if (!has_set) {
                return reader_fail(r, "%s.split_type[%d] is 1, and categories_nodes has no such node",
                                   r->path, (int)id);
            }
            if (!add_set(r, lists[CATEGORIES].values, (size_t)lists[SEGMENTS].values[k],
                         (size_t)lists[SIZES].values[k], &nodes[id])) {
                return false;
            }
        }
        k += has_set;
    }
    return true;
}

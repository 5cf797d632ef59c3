/* Binding of gbdt_trees: a model's nodes as rows, in the order of XGBoost's Booster.trees_to_dataframe. */
#include "base/text/text_buffer.h"
#include "trees/model_argument_sql.h"
#include "trees/trees_callbacks_sql.h"

typedef struct trees_state {
    cached_model *cached;
    athlete_budget budget;
    athlete_poll poll;
    size_t tree;
    const tree_node *nodes; /* of the tree */
    int32_t n_nodes, node;
    int32_t *depth, *queue; /* of the tree's nodes; -1 for those that no path reaches */
    size_t depth_capacity, queue_capacity;
} trees_state;

static athlete_status trees_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    trees_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    poll_begin(&state->poll, call->db);
    state->cached = model_of_call(call, argv[0]);
    return state->cached ? ATHLETE_OK : ATHLETE_INVALID;
}

/* Goes to the next tree: finds which of its nodes are reached, and how deep they are. */
static athlete_status begin_tree(trees_state *state) {
    const forest *model = &state->cached->model;
    size_t start = forest_tree_start(model, state->tree);
    state->nodes = model->nodes + start;
    state->n_nodes = (int32_t)(model->tree_end[state->tree] - start);
    state->node = -1;
    const size_t n = (size_t)state->n_nodes;
    athlete_status status = memory_reserve(&state->budget, &state->depth, &state->depth_capacity, n);
    if (status == ATHLETE_OK)
        status = memory_reserve(&state->budget, &state->queue, &state->queue_capacity, n);
    if (status != ATHLETE_OK) return status;
    for (size_t i = 0; i < n; i++) state->depth[i] = -1;
    size_t head = 0, tail = 0;
    state->depth[0] = 0;
    state->queue[tail++] = 0;
    while (head < tail) {
        int32_t id = state->queue[head++], left = state->nodes[id].left;
        if (left < 0) continue;
        for (int32_t child = left; child <= left + 1; child++) {
            state->depth[child] = state->depth[id] + 1;
            state->queue[tail++] = child;
        }
    }
    return poll_due(&state->poll, 5 * n) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

static int trees_next(athlete_call *call, void *opaque) {
    trees_state *state = opaque;
    for (;;) {
        while (state->nodes && ++state->node < state->n_nodes) {
            if (state->depth[state->node] >= 0) return SQLITE_ROW;
        }
        if (state->nodes) state->tree++;
        if (state->tree >= state->cached->model.n_trees) return SQLITE_DONE;
        athlete_status status = begin_tree(state);
        if (status != ATHLETE_OK) return call_fail_status(call, status);
    }
}

static void result_id(const trees_state *state, sqlite3_context *context, int32_t node) {
    char id[32];
    sqlite3_snprintf((int)sizeof id, id, "%u-%d", (unsigned)state->tree, (int)node);
    sqlite3_result_text(context, id, -1, SQLITE_TRANSIENT);
}

/* The categories that go right, as a JSON array: their names, or their numbers if they have none. */
static void result_categories(const trees_state *state, sqlite3_context *context, const tree_node *node) {
    const forest *model = &state->cached->model;
    const category_names *names = model->categories ? &model->categories[node->feature] : NULL;
    size_t start = node->set == 0 ? 0 : model->set_end[node->set - 1];
    size_t n = 32 * (model->set_end[node->set] - start);
    text_buffer text = {.budget = NULL};
    text_add(&text, "[");
    bool first = true;
    for (size_t c = 0; c < n; c++) {
        if (!(model->set_words[start + c / 32] >> c % 32 & 1)) continue;
        if (!first) text_add(&text, ",");
        first = false;
        if (names && c < names->n) text_add_quoted(&text, names->name[c]);
        else text_add_integer(&text, (int64_t)c);
    }
    text_add(&text, "]");
    if (text.status == ATHLETE_OK)
        sqlite3_result_text64(context, text.bytes, text.length, SQLITE_TRANSIENT, SQLITE_UTF8);
    else sqlite3_result_error_nomem(context);
    memory_free(NULL, text.bytes);
}

static void split_column(const trees_state *state, sqlite3_context *context, const tree_node *node,
                         int column) {
    /* XGBoost reads a categorical split as "is it one of these", and these go right. */
    int32_t yes = node->left + (node->categorical ? 1 : 0), no = node->left + (node->categorical ? 0 : 1);
    switch (column) {
    case 4: model_result_name(context, &state->cached->model, node->feature); break;
    case 5:
        if (!node->categorical) sqlite3_result_double(context, node->value);
        break;
    case 6: result_id(state, context, yes); break;
    case 7: result_id(state, context, no); break;
    case 8: result_id(state, context, node->left + (node->missing_left ? 0 : 1)); break;
    case 9: sqlite3_result_double(context, node->gain); break;
    case 11:
        if (node->categorical) result_categories(state, context, node);
        break;
    }
}

static void trees_column(void *opaque, sqlite3_context *context, int column) {
    const trees_state *state = opaque;
    const tree_node *node = &state->nodes[state->node];
    switch (column) {
    case 0: sqlite3_result_int64(context, (sqlite3_int64)state->tree); break;
    case 1:
        sqlite3_result_int64(context, (sqlite3_int64)state->cached->model.tree_output[state->tree]);
        break;
    case 2: sqlite3_result_int64(context, state->node); break;
    case 3: result_id(state, context, state->node); break;
    case 10: sqlite3_result_double(context, node->cover); break;
    case 12:
        if (node->left < 0) sqlite3_result_double(context, node->value);
        break;
    case 13:
        if (state->node > 0) sqlite3_result_int64(context, node->parent);
        break;
    case 14: sqlite3_result_int64(context, state->depth[state->node]); break;
    default:
        if (node->left >= 0) split_column(state, context, node, column);
    }
}

static void trees_close(void *opaque) {
    trees_state *state = opaque;
    memory_free(&state->budget, state->depth);
    memory_free(&state->budget, state->queue);
    poll_end(&state->poll);
    cached_text_release(state->cached);
    memory_free(NULL, state);
}

const athlete_table gbdt_trees_table = {
    .columns = "tree INTEGER, output INTEGER, node INTEGER, id TEXT, feature TEXT, split REAL, yes TEXT, "
               "\"no\" TEXT, "
               "missing TEXT, gain REAL, cover REAL, category TEXT, leaf REAL, parent INTEGER, depth INTEGER",
    .expected_rows = 5000,
    .open = trees_open,
    .next = trees_next,
    .column = trees_column,
    .close = trees_close,
};

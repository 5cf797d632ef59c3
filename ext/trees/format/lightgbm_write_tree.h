/* One tree in LightGBM's text format. */
#ifndef ATHLETE_TREES_FORMAT_LIGHTGBM_WRITE_TREE_H
#define ATHLETE_TREES_FORMAT_LIGHTGBM_WRITE_TREE_H

#include "trees/model/model.h"

/* ITEM_MISSING sends what is missing right, all else to a copy of its node on the left. */
typedef enum lightgbm_item_kind { ITEM_LEAF, ITEM_SPLIT, ITEM_MISSING } lightgbm_item_kind;

/* A node of LightGBM's tree. */
typedef struct lightgbm_item {
    lightgbm_item_kind kind;
    bool found;          /* below an ITEM_MISSING of the same node: the value is not missing */
    int32_t node;        /* of our tree */
    int32_t left, right; /* items */
    int32_t index;       /* among LightGBM's splits or leaves */
} lightgbm_item;

/* One model being written; `items` is the writer's to free. */
typedef struct lightgbm_writer {
    const forest *model;
    text_buffer *out;
    athlete_budget *budget;
    athlete_fault *fault;
    size_t n, capacity;
    lightgbm_item *items; /* of the tree at hand, the root first */
    int32_t n_leaves;
    double base; /* is added to its leaves */
    double unit; /* counts are covers times this */
} lightgbm_writer;

/* Appends tree `tree` of the model, whose n nodes these are, as number `number` there. ATHLETE_INVALID fills the fault. */
athlete_status lightgbm_write_tree(lightgbm_writer *w, size_t number, const tree_node *nodes, size_t n,
                                   size_t tree);

/* Appends a line "name=value". */
void lightgbm_add_number(text_buffer *out, const char *name, int64_t value);

#endif

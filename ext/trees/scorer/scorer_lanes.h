/* Evaluating a tree for a group of rows, in terms of a few operations on a register of bytes. Included once by each file
** of a level of vector instructions, which defines before
**
**   LEVEL(name)   the level's own name for each of these and of what this file adds: avx2_load, avx2_add_tree
**   KERNEL        the attributes of its functions
**   LANES         bytes in a register, which is LEVEL(lanes)
**   load, store, all(byte)
**   less(ranks, bound)          signed bytes: all ones where ranks < bound
**   less_words(ranks, bound)    the same for LANES signed words in memory
**   in_set(codes, set)          all ones where the code is in a set (CATEGORY_SET bytes)
**   choose(mask, yes, no)
**   add_leaves(compiled, tree, leaves, sums)
*/

static inline KERNEL void LEVEL(split_bytes)(const scorer_node node, const uint8_t *ranks, uint8_t *leaves) {
    LEVEL(lanes) bound = LEVEL(all)((int8_t)node.bound);
    for (size_t i = 0; i < GROUP; i += LANES) {
        LEVEL(lanes) left = LEVEL(load)(leaves + node.left + i), right = LEVEL(load)(leaves + node.right + i);
        LEVEL(lanes) goes_left = LEVEL(less)(LEVEL(load)(ranks + node.ranks + i), bound);
        LEVEL(store)(leaves + node.to + i, LEVEL(choose)(goes_left, left, right));
    }
}

static inline KERNEL void LEVEL(split_words)(const scorer_node node, const uint8_t *ranks, uint8_t *leaves) {
    for (size_t i = 0; i < GROUP; i += LANES) {
        LEVEL(lanes) left = LEVEL(load)(leaves + node.left + i), right = LEVEL(load)(leaves + node.right + i);
        LEVEL(lanes) goes_left = LEVEL(less_words)(ranks + node.ranks + 2 * i, (int16_t)node.bound);
        LEVEL(store)(leaves + node.to + i, LEVEL(choose)(goes_left, left, right));
    }
}

static inline KERNEL void LEVEL(split_categories)(const scorer_node node, const uint8_t *sets,
                                                  const uint8_t *ranks, uint8_t *leaves) {
    for (size_t i = 0; i < GROUP; i += LANES) {
        LEVEL(lanes) left = LEVEL(load)(leaves + node.left + i), right = LEVEL(load)(leaves + node.right + i);
        LEVEL(lanes) goes_right = LEVEL(in_set)(LEVEL(load)(ranks + node.ranks + i), sets + node.bound);
        LEVEL(store)(leaves + node.to + i, LEVEL(choose)(goes_right, right, left));
    }
}

static KERNEL void LEVEL(add_tree)(const scorer *compiled, const scorer_tree *tree, size_t group,
                                   const uint8_t *ranks, uint8_t *leaves, float *sums) {
    const scorer_node *node = compiled->nodes + tree->first_node, *end = node + tree->n_nodes;
    const uint8_t *bytes = ranks + group * GROUP, *words = bytes + group * GROUP;
    if (tree->bytes_only) {
        for (; node < end; node++) LEVEL(split_bytes)(*node, bytes, leaves);
    } else {
        for (; node < end; node++) {
            if (node->kind == COLUMN_BYTES) LEVEL(split_bytes)(*node, bytes, leaves);
            else if (node->kind == COLUMN_WORDS) LEVEL(split_words)(*node, words, leaves);
            else LEVEL(split_categories)(*node, compiled->sets, bytes, leaves);
        }
    }
    LEVEL(add_leaves)(compiled, tree, leaves + tree->root, sums);
}

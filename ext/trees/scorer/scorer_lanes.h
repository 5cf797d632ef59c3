/* Evaluating a tree for a group of rows, in terms of a few operations on a register of bytes. Included once by each file
** of a level of vector instructions, which defines before
**
**   KERNEL                 the attributes of its functions
**   LANES, lanes           bytes in a register, and the register
**   lanes_load, lanes_store, lanes_all(byte)
**   lanes_less(ranks, bound)          signed bytes: all ones where ranks < bound
**   lanes_less_words(ranks, bound)    the same for LANES signed words in memory
**   lanes_in_set(codes, set)          all ones where the code is in a set (CATEGORY_SET bytes)
**   lanes_choose(mask, yes, no)
**   lanes_add_leaves(compiled, tree, leaves, sums)
*/

static inline KERNEL void split_bytes(const scorer_node node, const uint8_t *ranks, uint8_t *leaves) {
    lanes bound = lanes_all((int8_t)node.bound);
    for (size_t i = 0; i < GROUP; i += LANES) {
        lanes left = lanes_load(leaves + node.left + i), right = lanes_load(leaves + node.right + i);
        lanes goes_left = lanes_less(lanes_load(ranks + node.ranks + i), bound);
        lanes_store(leaves + node.to + i, lanes_choose(goes_left, left, right));
    }
}

static inline KERNEL void split_words(const scorer_node node, const uint8_t *ranks, uint8_t *leaves) {
    for (size_t i = 0; i < GROUP; i += LANES) {
        lanes left = lanes_load(leaves + node.left + i), right = lanes_load(leaves + node.right + i);
        lanes goes_left = lanes_less_words(ranks + node.ranks + 2 * i, (int16_t)node.bound);
        lanes_store(leaves + node.to + i, lanes_choose(goes_left, left, right));
    }
}

static inline KERNEL void split_categories(const scorer_node node, const uint8_t *sets, const uint8_t *ranks,
                                           uint8_t *leaves) {
    for (size_t i = 0; i < GROUP; i += LANES) {
        lanes left = lanes_load(leaves + node.left + i), right = lanes_load(leaves + node.right + i);
        lanes goes_right = lanes_in_set(lanes_load(ranks + node.ranks + i), sets + node.bound);
        lanes_store(leaves + node.to + i, lanes_choose(goes_right, right, left));
    }
}

static KERNEL void add_tree(const scorer *compiled, const scorer_tree *tree, size_t group,
                            const uint8_t *ranks, uint8_t *leaves, float *sums) {
    const scorer_node *node = compiled->nodes + tree->first_node, *end = node + tree->n_nodes;
    const uint8_t *bytes = ranks + group * GROUP, *words = bytes + group * GROUP;
    if (tree->bytes_only) {
        for (; node < end; node++) split_bytes(*node, bytes, leaves);
    } else {
        for (; node < end; node++) {
            if (node->kind == COLUMN_BYTES) split_bytes(*node, bytes, leaves);
            else if (node->kind == COLUMN_WORDS) split_words(*node, words, leaves);
            else split_categories(*node, compiled->sets, bytes, leaves);
        }
    }
    lanes_add_leaves(compiled, tree, leaves + tree->root, sums);
}

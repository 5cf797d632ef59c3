"""What stands where in a model's text."""

ARRAYS = [
    "left_children", "right_children", "parents", "split_indices", "split_conditions", "default_left", "split_type",
    "loss_changes", "sum_hessian", "base_weights", "categories", "categories_nodes", "categories_segments", "categories_sizes",
]  # fmt: skip
NODE_ARRAYS = ARRAYS[:10]


def trees(model):
    return model["learner"]["gradient_booster"]["model"]["trees"]

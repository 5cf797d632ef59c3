"""Sets and names of categories that do not fit a model are refused with the place."""

import json

import pytest

from helpers.models.json_models import NODE_ARRAYS, trees

pytestmark = pytest.mark.sanitized  # whatever comes in, in every case


def with_sets(model, **changes):
    """Makes the root and its left child of tree 1 splits by category."""
    tree = trees(model)[1]
    tree["split_type"][0] = tree["split_type"][1] = 1
    tree.update({"categories": [1, 3, 0, 40], "categories_nodes": [0, 1], "categories_segments": [0, 2], "categories_sizes": [2, 2], **changes})
    return json.dumps(model)


def test_sets_of_categories_are_read(db, model):
    tree = trees(model)[1]
    assert tree["left_children"][0] >= 0 and tree["left_children"][1] >= 0
    assert isinstance(db.execute("SELECT gbdt_predict(?, 1, 2, 3)", (with_sets(model),)).fetchone()[0], float)


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"categories": [1, 3, 0]}, "categories_sizes[1] is not from 1 to the number of categories that are left"),
        ({"categories": [1, 3, 0, 40, 41]}, "categories has more items than the sets"),
        ({"categories": [3, 1, 0, 40]}, "categories[1] is not above the one before in its set"),
        ({"categories": [1, 1, 0, 40]}, "categories[1] is not above the one before in its set"),
        ({"categories": [1, 3, -1, 40]}, "categories[2] is not a category from 0 to 16777215"),
        ({"categories": [1, 3, 0, 16777216]}, "categories[3] is not a category from 0 to 16777215"),
        ({"categories": [1, 3, 0, 0.5]}, "categories[3] is not a category from 0 to 16777215"),
        ({"categories": [1, 3, 0, True]}, "categories has true or false among its numbers"),
        ({"categories": [1, 3, 0, "40"]}, "categories[3] is not a number"),
        ({"categories_nodes": [1, 0]}, "categories_nodes[1] is not a node of the tree above the one before"),
        ({"categories_nodes": [0, 0]}, "categories_nodes[1] is not a node of the tree above the one before"),
        ({"categories_nodes": [0, 99]}, "categories_nodes[1] is not a node of the tree above the one before"),
        ({"categories_nodes": [0, 2]}, "split_type[1] is 1, and categories_nodes has no such node"),
        ({"categories_nodes": [0]}, "categories_segments has 2 items, categories_nodes has 1"),
        ({"categories_sizes": [2]}, "categories_sizes has 1 items, categories_nodes has 2"),
        ({"categories_segments": [0, 1]}, "categories_segments[1] is not where the set before ends"),
        ({"categories_segments": [1, 2]}, "categories_segments[0] is not where the set before ends"),
        ({"categories_sizes": [0, 4]}, "categories_sizes[0] is not from 1 to"),
        ({"categories_sizes": [4, 0]}, "categories_segments[1] is not where the set before ends"),
        ({"categories_sizes": [1e18, 2]}, "categories_sizes[0] is not from 1 to"),
        ({"categories_sizes": [-1, 5]}, "categories_sizes[0] is not from 1 to"),
    ],
)
def test_sets_that_do_not_fit_are_refused(model, refusal, changes, sentence):
    assert f"trees[1].{sentence}" in refusal(with_sets(model, **changes))


def test_sets_may_not_take_more_memory_than_is_said(model, refusal):
    """One category of 16777215 takes 2 MB, and a text of a few bytes may ask for many."""
    tree = trees(model)[1]
    n = 100
    size = 2 * n + 1
    left = [2 * (i // 2) + 1 if i % 2 == 0 and i < 2 * n else -1 for i in range(size)]
    tree.update(left_children=left, right_children=[c + 1 if c >= 0 else -1 for c in left])
    tree["parents"] = [2147483647] + [2 * ((i - 1) // 2) for i in range(1, size)]
    for name in NODE_ARRAYS[3:]:
        tree[name] = [0] * size
    tree["split_type"] = [int(c >= 0) for c in left]
    tree["tree_param"]["num_nodes"] = str(size)
    inner = [i for i in range(size) if left[i] >= 0]
    tree.update(categories=[16777215] * n, categories_nodes=inner, categories_segments=list(range(n)), categories_sizes=[1] * n)
    assert "trees[1]: the sets of categories take more than 64 MB" in refusal(json.dumps(model))


# --- names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path, value, sentence",
    [
        ("feature_names", ["a", "b"], "learner.feature_names has 2 items, the model has 3 features"),
        ("feature_names", ["a", "b", "a"], "learner.feature_names[2] is there twice"),
        ("feature_names", ["a", "", "c"], "learner.feature_names[1] is not a name"),
        ("feature_names", ["a", 5, "c"], "learner.feature_names[1] is not a name"),
        ("feature_names", [1, 2, 3], "learner.feature_names[0] is a number"),
        ("feature_names", {}, "learner.feature_names is not an array"),
        ("feature_types", ["q", "q", "x"], "learner.feature_types[2] is not q, float, int, i or c"),
        ("feature_types", ["q", "q"], "learner.feature_types has 2 items"),
        ("attributes.athlete_categories", "[", "learner.attributes.athlete_categories is not JSON: the text ends too early at byte 1"),
        ("attributes.athlete_categories", "[[],[]]", "athlete_categories is not a list of 3 lists, one per feature"),
        ("attributes.athlete_categories", '[[],[],"a"]', "athlete_categories[2] is not a list"),
        ("attributes.athlete_categories", "[[],[],[1]]", "athlete_categories[2][0] is not a name"),
        ("attributes.athlete_categories", '[[],[],["b","a"]]', "athlete_categories[2][1] is not after the name before it"),
        ("attributes.athlete_categories", '[[],[],["a","a"]]', "athlete_categories[2][1] is not after the name before it"),
        ("attributes.athlete_categories", ["a"], "athlete_categories is not a string"),
    ],
)
def test_names_that_do_not_fit_are_refused(model, refusal, path, value, sentence):
    *parents, name = path.split(".")
    (model["learner"]["attributes"] if parents else model["learner"])[name] = value
    assert sentence in refusal(json.dumps(model))


def test_a_split_may_not_use_more_categories_than_have_names(model, refusal):
    feature = trees(model)[1]["split_indices"][0]
    lists = [["a", "b", "c"] if f == feature else [] for f in range(3)]
    model["learner"]["attributes"]["athlete_categories"] = json.dumps(lists)
    assert f"trees[1].categories[1] is 3, feature {feature} has 3 categories" in refusal(with_sets(model))


@pytest.mark.parametrize(
    "encodings, sentence",
    [
        ([{}, {}], "cats.enc has 2 items, the model has 3 features"),
        ([5, 5, 5], "cats.enc[0] is a number"),
        ([{}, {}, {}], "cats.enc[0].values is missing"),
        ([{"offsets": [], "values": []}, {"offsets": [0, 2], "values": [97]}, {}], "cats.enc[1].offsets do not go from 0"),
        ([{"offsets": [1, 2], "values": [97, 98]}, {}, {}], "cats.enc[0].offsets do not go from 0"),
        ([{"offsets": [0, 2, 1, 2], "values": [97, 98]}, {}, {}], "cats.enc[0].offsets[2] is not the end of a name"),
        ([{"offsets": [0, 1e9, 2], "values": [97, 98]}, {}, {}], "cats.enc[0].offsets[1] is not the end of a name"),
        ([{"offsets": [0, 1, 2], "values": [97, 97]}, {}, {}], "cats.enc[0] has the name of category 1 twice"),
        ([{"offsets": [0, 2], "values": [97, 0]}, {}, {}], "cats.enc[0].values[1] is not ASCII"),
        ([{"type": 15, "values": [-1]}, {}, {}], "cats.enc[0].values[0] is not a whole number from 0 to 16777215"),
        ([{"type": 15, "values": ["a"]}, {}, {}], "cats.enc[0].values[0] is not a number"),
    ],
)
def test_a_container_of_categories_that_does_not_fit_is_refused(model, refusal, encodings, sentence):
    booster = model["learner"]["gradient_booster"]["model"]
    booster["cats"] = {"enc": encodings, "feature_segments": [], "sorted_idx": []}
    assert sentence in refusal(json.dumps(model))


def test_categories_that_are_stated_twice_are_refused(model, refusal):
    names = {"offsets": [0, 1], "values": [97]}
    model["learner"]["gradient_booster"]["model"]["cats"] = {"enc": [names, names, names]}
    model["learner"]["attributes"]["athlete_categories"] = "[[],[],[]]"
    assert "the categories are both in learner.gradient_booster.model.cats and in" in refusal(json.dumps(model))

"""Whatever a model's text says, the worst that happens is an SQL error that names the place."""

import copy
import json
import random
import sqlite3

import pytest

from helpers.models.json_models import ARRAYS, NODE_ARRAYS, trees

pytestmark = pytest.mark.sanitized  # whatever comes in, in every case


def at(model, path):
    for step in path.split("."):
        model = model[int(step) if step.isdigit() else step]
    return model


MEMBERS = [
    "learner",
    "learner.gradient_booster",
    "learner.gradient_booster.name",
    "learner.gradient_booster.model",
    "learner.gradient_booster.model.gbtree_model_param",
    "learner.gradient_booster.model.gbtree_model_param.num_trees",
    "learner.gradient_booster.model.tree_info",
    "learner.gradient_booster.model.trees",
    "learner.learner_model_param",
    "learner.learner_model_param.base_score",
    "learner.learner_model_param.num_class",
    "learner.learner_model_param.num_feature",
    "learner.objective",
    "learner.objective.name",
    "learner.gradient_booster.model.trees.1.tree_param",
    "learner.gradient_booster.model.trees.1.tree_param.num_nodes",
    "learner.gradient_booster.model.trees.1.tree_param.num_feature",
    "learner.gradient_booster.model.trees.1.tree_param.num_deleted",
    "learner.gradient_booster.model.trees.1.tree_param.size_leaf_vector",
    *(f"learner.gradient_booster.model.trees.1.{name}" for name in ARRAYS),
]


@pytest.mark.parametrize("path", MEMBERS)
def test_a_member_that_is_missing_or_of_another_kind_is_named(model, refusal, path):
    *parents, name = path.split(".")
    holder = ".".join(parents)
    missing = copy.deepcopy(model)
    del (at(missing, holder) if holder else missing)[name]
    assert f"{name} is missing" in refusal(json.dumps(missing))
    for wrong in (None, 7.5, True, "text", [], {}, [{}], {"a": []}, ["x"]):
        changed = copy.deepcopy(model)
        (at(changed, holder) if holder else changed)[name] = wrong
        if wrong == [] and name.startswith("categories"):
            continue
        sentence = refusal(json.dumps(changed))
        assert name in sentence or (isinstance(wrong, dict) and "is missing" in sentence)


@pytest.mark.parametrize("name", NODE_ARRAYS)
def test_an_array_of_the_wrong_length_is_named(model, refusal, name):
    for change in (lambda a: a[:-1], lambda a: a + a[-1:], lambda a: [], lambda a: a * 50):
        changed = copy.deepcopy(model)
        trees(changed)[2][name] = change(trees(changed)[2][name])
        assert f"trees[2].{name} has" in refusal(json.dumps(changed)) or name == "left_children"


@pytest.mark.parametrize("name", NODE_ARRAYS)
@pytest.mark.parametrize("value", [None, "0", [], {}, 1e39, -1e39, 1e400, -7, 0.5, 99, 2147483648, 1e19])
def test_a_value_that_no_node_can_have_is_refused_or_harmless(db, model, name, value):
    """Statistics and thresholds may be any float; of everything else the place is named."""
    changed = copy.deepcopy(model)
    trees(changed)[0][name][0] = value
    text = json.dumps(changed).replace("Infinity", "1e400")
    free = name in ("split_conditions", "loss_changes", "sum_hessian", "base_weights")
    if free and isinstance(value, (int, float)) and abs(value) < 3e38:
        assert isinstance(db.execute("SELECT gbdt_predict(?, 1, 2, 3)", (text,)).fetchone()[0], float)
    else:
        with pytest.raises(sqlite3.OperationalError, match=r"trees\[0\]"):
            db.execute("SELECT gbdt_predict(?, 1, 2, 3)", (text,)).fetchall()


def link(left, right, parents):
    def change(tree):
        tree["left_children"][: len(left)] = left
        tree["right_children"][: len(right)] = right
        tree["parents"][: len(parents)] = parents

    return change


@pytest.mark.parametrize(
    "change, sentence",
    [
        (link([0], [1], []), "node 0 is reached twice"),
        (link([1, 1], [2, 2], []), "node 1 is reached twice"),
        (link([1, 0], [2, 1], []), "node 0 is reached twice"),
        (link([1, 3, 3], [2, 4, 4], []), "node 3 is reached twice"),
        (link([2], [1], []), "right_children[0] is not the node after the left child"),
        (link([1], [3], []), "right_children[0] is not the node after the left child"),
        (link([-1], [2], []), "right_children[0] is not -1 exactly where left_children is"),
        (link([1], [-1], []), "right_children[0] is not -1 exactly where left_children is"),
        (link([], [], [0]), "parents[0] is not 2147483647"),
        (link([], [], [2147483647, 2]), "parents[1] is not 0"),
        (link([14], [15], []), "right_children[0] is not -1 or a node of the tree"),
        (link([2147483647], [-2147483648], []), "left_children[0] is not -1 or a node of the tree"),
    ],
)
def test_a_graph_that_is_no_tree_is_refused(model, refusal, change, sentence):
    assert len(trees(model)[0]["parents"]) == 15
    change(trees(model)[0])
    assert f"trees[0]{'.' if sentence[0] in 'rpl' else ': '}{sentence}" in refusal(json.dumps(model))


@pytest.mark.parametrize(
    "path, value, sentence",
    [
        ("learner.gradient_booster.name", "dart", 'learner.gradient_booster.name is "dart", only "gbtree" is supported'),
        ("learner.gradient_booster.name", "gblinear", 'is "gblinear", only "gbtree"'),
        ("learner.objective.name", "binary:hinge", 'learner.objective.name is "binary:hinge", which is not supported'),
        ("learner.objective.name", "survival:cox", 'learner.objective.name is "survival:cox", which is not supported'),
        ("learner.objective.name", "multi:softprob", "num_class is 0, the objective multi:softprob has at least 2"),
        ("learner.learner_model_param.num_class", "3", "num_class is 3, the objective reg:squarederror has one output"),
        ("learner.learner_model_param.num_class", "1025", "not a whole number from 0 to 1024"),
        ("learner.learner_model_param.num_class", "-1", 'num_class is "-1", not a whole number'),
        ("learner.learner_model_param.num_target", "0", "num_target is 0"),
        ("learner.learner_model_param.num_target", "1025", "not a whole number from 0 to 1024"),
        ("learner.learner_model_param.num_feature", "0", "num_feature is 0"),
        ("learner.learner_model_param.num_feature", "4294967299", "not a whole number from 0 to 65536"),
        ("learner.learner_model_param.num_feature", "3x", 'num_feature is "3x", not a whole number'),
        ("learner.learner_model_param.num_feature", "4", "tree_param.num_feature is 3, the model has 4"),
        ("learner.learner_model_param.base_score", "", 'base_score is "", not one finite float32'),
        ("learner.learner_model_param.base_score", "nan", "not one finite float32"),
        ("learner.learner_model_param.base_score", "1e99", "not one finite float32"),
        ("learner.learner_model_param.base_score", "[1,2]", "not one finite float32"),
        ("learner.learner_model_param.base_score", "[[1]]", "not one finite float32"),
        ("learner.learner_model_param.base_score", "[" * 1000, "not one finite float32"),
        ("learner.gradient_booster.model.gbtree_model_param.num_trees", "4", "trees has 3 trees, num_trees is 4"),
        ("learner.gradient_booster.model.gbtree_model_param.num_trees", "999999999999", "not a whole number from 0"),
        ("learner.gradient_booster.model.tree_info", [0, 0], "tree_info has 2 items, num_trees is 3"),
        ("learner.gradient_booster.model.tree_info", [0, 0, 1], "tree_info[2] is not 0, the model has one output"),
        ("learner.gradient_booster.model.trees.1", 5, "trees[1] is not an object"),
        ("learner.gradient_booster.model.trees.1.tree_param.num_nodes", "0", "trees[1] has no nodes"),
        ("learner.gradient_booster.model.trees.1.tree_param.num_nodes", "2147483646", "items, the tree has 2147483646 nodes"),
        ("learner.gradient_booster.model.trees.1.tree_param.size_leaf_vector", "3", "leaves of 3 values, which are not supported"),
        ("learner.gradient_booster.model.trees.1.split_indices.0", 3, "split_indices[0] is 3, the model has 3 features"),
        ("learner.gradient_booster.model.trees.1.split_type.0", 1, "split_type[0] is 1, and categories_nodes has no such node"),
        ("learner.gradient_booster.model.trees.1.split_type.0", 2, "split_type[0] is not 0 or 1"),
        ("learner.gradient_booster.model.trees.1.categories", [1], "trees[1].categories has more items than the sets"),
        ("learner.gradient_booster.model.trees.1.id", 2, "trees[1].id is not 1: the trees must be in order"),
    ],
)
def test_what_is_not_supported_or_not_consistent_is_said(model, refusal, path, value, sentence):
    *parents, name = path.split(".")
    at(model, ".".join(parents))[int(name) if name.isdigit() else name] = value
    assert sentence in refusal(json.dumps(model))


def test_a_logistic_base_score_must_be_a_probability(model, refusal):
    model["learner"]["objective"]["name"] = "binary:logistic"
    model["learner"]["learner_model_param"]["base_score"] = "1.5"
    assert "base_score is not a probability from 0 to 1" in refusal(json.dumps(model))


@pytest.mark.parametrize("text", ["", " ", "{", "nul", "[]", "3", '"text"', "[" * 100000, '{"learner":' * 100000, "{}", "\x01"])
def test_a_text_that_is_no_model_is_refused(refusal, text):
    assert "model" in refusal(text)


def test_a_text_that_is_too_long_is_refused(refusal):
    assert "at most 33554432 are accepted" in refusal(" " * (33 << 20))


def test_a_blob_or_a_number_is_not_a_model(db, error):
    assert "argument 1 (model) must be the JSON text of a model, got a blob of 2 bytes" in error("gbdt_predict(?, 1)", b"{}")
    assert "argument 1 (model) must be the JSON text of a model, got 5" in error("gbdt_predict(5, 1)")


def test_every_truncation_is_refused(db, model, refusal):
    text = json.dumps(model)
    for end in range(0, len(text) - 1, 37):
        refusal(text[:end])


def test_random_damage_gives_a_number_or_a_sentence(db, model):
    rng = random.Random(1)
    text = json.dumps(model)
    outcomes = {"number": 0, "sentence": 0}
    alphabet = '0123456789-.eE,:[]{}" \\utrfalsn'
    for _ in range(3000):
        damaged = list(text)
        for _ in range(rng.randint(1, 3)):
            i = rng.randrange(len(damaged))
            damaged[i : i + rng.choice([0, 1, 1, 1, 5, 60])] = rng.choice([rng.choice(alphabet), "", rng.choice(alphabet) * 3])
        try:
            values = db.execute("SELECT gbdt_predict(?, 1, NULL, -3.5)", ("".join(damaged),)).fetchone()
            assert isinstance(values[0], float)
            outcomes["number"] += 1
        except sqlite3.OperationalError as error:
            assert str(error).startswith("gbdt_predict: ")
            outcomes["sentence"] += 1
    assert min(outcomes.values()) > 300


def test_a_very_deep_tree_is_scored(db, model):
    """A chain of 20 000 splits: depth costs time and no stack."""
    n = 20000
    size = 2 * n + 1
    left = [-1] * size
    parents = [2147483647] + [0] * (size - 1)
    for level in range(n):
        node = 0 if level == 0 else 2 * level
        left[node] = 2 * level + 1
        parents[2 * level + 1] = parents[2 * level + 2] = node
    tree = trees(model)[0]
    tree.update(left_children=left, right_children=[c + 1 if c >= 0 else -1 for c in left], parents=parents)
    for name in NODE_ARRAYS[3:]:
        tree[name] = [0] * size
    tree["split_conditions"] = [-1e9 if c >= 0 else float(i) for i, c in enumerate(left)]
    tree["tree_param"]["num_nodes"] = str(size)
    model["learner"]["gradient_booster"]["model"].update(trees=[tree], tree_info=[0])
    model["learner"]["gradient_booster"]["model"]["gbtree_model_param"]["num_trees"] = "1"
    assert db.execute("SELECT gbdt_predict(?, 1, 1, 1)", (json.dumps(model),)).fetchone() == (size - 1,)


def test_a_tree_that_is_too_deep_is_refused(model, refusal):
    n = 32768
    size = 2 * n + 1
    left = [2 * (i // 2) + 1 if i % 2 == 0 and i < 2 * n else -1 for i in range(size)]
    tree = trees(model)[0]
    tree.update(left_children=left, right_children=[c + 1 if c >= 0 else -1 for c in left])
    tree["parents"] = [2147483647] + [2 * ((i - 1) // 2) for i in range(1, size)]
    for name in NODE_ARRAYS[3:]:
        tree[name] = [0] * size
    tree["tree_param"]["num_nodes"] = str(size)
    assert "trees[0] is deeper than 32767" in refusal(json.dumps(model))


# --- JSON that means two things, or nothing -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["num_feature", "base_score", "trees", "left_children", "name", "learner"])
def test_a_member_that_stands_twice_is_refused(model, refusal, name):
    """Some readers believe the first and some the last."""
    text = json.dumps(model)
    start = text.index(f'"{name}":')
    value = json.JSONDecoder().raw_decode(text, start + len(name) + 4)[1]
    assert f"{name} is there twice" in refusal(text[:value] + f', "{name}": 1' + text[value:])


@pytest.mark.parametrize("token", ["nan", "Inf", "infinity", "+Infinity", "NAN", "0x10", "1.", ".5", "+1", "01", "1e", "--1", "1_0", "'1'", "1 2", "tru", ""])
def test_a_number_that_json_does_not_know_is_refused_with_its_place(model, refusal, token):
    text = json.dumps(model)
    start = text.index('"split_conditions": [') + len('"split_conditions": [')
    sentence = refusal(text[:start] + token + text[text.index(",", start) :])
    assert "the model is not JSON: " in sentence
    assert abs(int(sentence.rsplit(" ", 1)[1]) - start) <= 4


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("name", ["split_conditions", "base_weights", "loss_changes", "sum_hessian", "left_children", "split_indices", "default_left"])
def test_a_number_that_is_none_is_refused_where_a_number_is_meant(model, refusal, token, name):
    """XGBoost writes NaN as the threshold of a split by category, which has none; nowhere else is it read."""
    text = json.dumps(model)
    start = text.index(f'"{name}": [') + len(f'"{name}": [')
    assert f"trees[0].{name}[0] is not " in refusal(text[:start] + token + text[text.index(",", start) :])


@pytest.mark.parametrize("token", ["NaN", "Infinity"])
def test_such_a_word_outside_of_a_list_of_numbers_is_no_json(model, refusal, token):
    text = json.dumps(model)
    start = text.index('"id": ') + len('"id": ')
    sentence = refusal(text[:start] + token + text[text.index(",", start) :])
    assert "the model is not JSON: " in sentence and abs(int(sentence.rsplit(" ", 1)[1]) - start) <= 4


@pytest.mark.parametrize("text", ["[1,2", "[1,2}", "[1,]", "[,1]", "[1 2]", "{\"a\":[1,2,]}", "[1]]", "[1][2]", "[true,fals]", "[\"a,1]", "[1,\u0000]"])
def test_a_broken_list_of_numbers_is_no_json(refusal, text):
    assert "the model is not JSON: " in refusal(text)


def test_a_text_of_too_many_values_is_refused(refusal):
    assert "more than 2097152 values besides lists of numbers" in refusal("[" + "[]," * 2200000 + "[]]")


def test_long_numbers_and_long_lists_are_read(db, model):
    """A list that is a list of numbers up to its last item, and numbers of a thousand digits."""
    model["padding"] = [list(range(1000)) + ["x"], [1e300] * 5000, [[[1, 2], [3]], 4]]
    text = json.dumps(model).replace("1e+300", "1." + "3" * 1000)
    expected = db.execute("SELECT gbdt_predict(?, 1, 2, 3)", (json.dumps({"learner": model["learner"]}),)).fetchone()
    assert db.execute("SELECT gbdt_predict(?, 1, 2, 3)", (text,)).fetchone() == expected


def test_reading_a_long_model_can_be_stopped_and_begun_again(db, model):
    short = json.dumps(model)
    long = json.dumps(model | {"padding": [0.25] * 1_000_000})
    db.set_progress_handler(lambda: True, 1000)  # a call for one row has far fewer instructions of its own
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        db.execute("SELECT gbdt_predict(?, 1, 2, 3)", (long,)).fetchall()
    db.set_progress_handler(None, 0)
    assert db.execute("SELECT gbdt_predict(?, 1, 2, 3) = gbdt_predict(?, 1, 2, 3)", (long, short)).fetchone() == (1,)

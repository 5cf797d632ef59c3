"""gbdt_explain and gbdt_interactions give the Shapley values that XGBoost, LightGBM, shap and the definition give."""

import shutil
import sqlite3
import subprocess

import lightgbm
import numpy as np
import pytest
import shap
import xgboost

from helpers.models import trees_by_hand as by_hand
from helpers.models.explained import SHAPES, explain, fill, interactions, text_of, trained
from helpers.machine.programs import compiled, libraries
from helpers.machine.soak import soak
from helpers.models.tables import rows


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_contributions_are_those_of_xgboost(db, shape):
    booster, x = trained(shape)
    n_outputs = shape.get("num_class", 1)
    data = xgboost.DMatrix(x, nthread=1)
    theirs = booster.predict(data, pred_contribs=True).reshape(len(x), n_outputs, -1)
    ours = explain(db, text_of(booster), x, n_outputs)
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=4e-6)
    margins = booster.predict(data, output_margin=True).reshape(len(x), n_outputs)
    np.testing.assert_allclose(ours.sum(axis=2), margins, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_interactions_are_those_of_xgboost(db, shape):
    booster, x = trained(shape)
    n_outputs, x = shape.get("num_class", 1), x[:10]
    theirs = booster.predict(xgboost.DMatrix(x, nthread=1), pred_interactions=True)
    ours = interactions(db, text_of(booster), x, n_outputs)
    np.testing.assert_allclose(ours, theirs.reshape(ours.shape), rtol=2e-5, atol=2e-5)
    assert (ours == ours.transpose(0, 1, 3, 2)).all()
    np.testing.assert_allclose(ours.sum(axis=3), explain(db, text_of(booster), x, n_outputs), rtol=1e-12, atol=1e-12)


def test_contributions_are_those_of_the_shap_package(db):
    booster, x = trained({"max_depth": 7}, n_features=20, n=2000)
    explainer = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
    theirs = explainer.shap_values(x)
    ours = explain(db, text_of(booster), x)[:, 0]
    np.testing.assert_allclose(ours[:, :-1], theirs, rtol=2e-5, atol=4e-6)
    np.testing.assert_allclose(ours[:, -1], explainer.expected_value, rtol=1e-6)


def test_contributions_are_those_of_lightgbm_in_double_precision(db):
    """The covers are counts and exact in float32; only the leaves are rounded to it on the way."""
    x, y = rows(5, n=1500, n_features=12)
    settings = {"num_leaves": 31, "min_data_in_leaf": 5, "verbose": -1, "num_threads": 1, "boost_from_average": False}
    booster = lightgbm.train(settings, lightgbm.Dataset(x, y), 20)
    theirs = booster.predict(x[:70], pred_contrib=True)
    model = db.execute("SELECT gbdt_import(?)", (booster.model_to_string(),)).fetchone()[0]
    data = ", ".join(f"f{i} AS Column_{i}" for i in range(12))
    fill(db, x[:70])
    ours = db.execute(f"SELECT contribution FROM gbdt_explain(?, 'SELECT id, {data} FROM x')", (model,)).fetchall()
    ours = np.array(ours).reshape(70, 13)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("empty, n_trees", [(0, 2), (0.4, 2), (1, 2), soak(0, 6), soak(0.4, 6), soak(1, 6)])
def test_contributions_are_shapley_values_by_definition(db, empty, n_trees):
    """Features come again on a path, values are missing, and nodes have no cover."""
    rng = np.random.default_rng(11)
    x = rng.normal(size=(9, 5)).astype(np.float32).astype(float)
    x[rng.random(x.shape) < 0.2] = np.nan
    for _ in range(n_trees):
        tree = by_hand.random_tree(rng, 5, 6, empty)
        model = by_hand.model_text([tree], 5)
        np.testing.assert_allclose(explain(db, model, x)[:, 0], [by_hand.shapley(tree, r) for r in x], rtol=1e-12, atol=1e-13)
        matrix = interactions(db, model, x)[:, 0, :5, :5]
        np.testing.assert_allclose(matrix, [by_hand.shapley_interactions(tree, r) for r in x], rtol=1e-12, atol=1e-12)


def test_categories_are_features_like_others(db):
    rng = np.random.default_rng(12)
    x = np.column_stack([rng.integers(0, 8, (9, 2)), rng.normal(size=(9, 2)).astype(np.float32)]).astype(float)
    x[rng.random(x.shape) < 0.1] = np.nan
    for _ in range(5):
        tree = by_hand.random_tree(rng, 4, 6, 0.1, categorical=(0, 1))
        model = by_hand.model_text([tree], 4)
        np.testing.assert_allclose(explain(db, model, x)[:, 0], [by_hand.shapley(tree, r) for r in x], rtol=1e-12, atol=1e-13)


def test_every_output_has_contributions_of_its_own(db):
    rng = np.random.default_rng(13)
    trees = [by_hand.random_tree(rng, 4, 5) for _ in range(7)]
    outputs = [0, 1, 2, 0, 1, 2, 1]
    x = rng.normal(size=(6, 4)).astype(np.float32).astype(float)
    ours = explain(db, by_hand.model_text(trees, 4, outputs, "5E-1"), x, 3)
    expected = np.zeros_like(ours)
    for tree, output in zip(trees, outputs):
        expected[:, output] += [by_hand.shapley(tree, r) for r in x]
    np.testing.assert_allclose(ours[:, :, :-1], expected[:, :, :-1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("distinct", [16, 17, 18, 40, 255, 256])
def test_paths_of_many_features_are_exact(db, distinct):
    """A chain asks for one more feature at each step. Where all go on and each split halves what is left, the game is a
    product of d equal factors: the derivative of (1/2 + t/2)^d by one of them, integrated, is (1 - 2^-d) / d."""
    tree = (2**-distinct, 1.0)
    for depth in range(distinct):
        tree = (distinct - depth - 1, 0.0, False, tree, (by_hand.cover(tree), 0.0))
    ours = explain(db, by_hand.model_text([tree], distinct), np.full((1, distinct), -1.0))[0, 0]
    if distinct <= 125:  # covers below are no float32
        np.testing.assert_allclose(ours[:-1], (1 - 2.0**-distinct) / distinct, rtol=1e-12)
        assert ours[-1] == pytest.approx(2.0**-distinct, rel=1e-12)
    assert ours.sum() == pytest.approx(1, rel=1e-12)


def test_a_path_of_too_many_features_is_refused(db):
    tree = (1, 1.0)
    for feature in range(257):
        tree = (feature, 0.0, False, tree, (1, 0.0))
    model = by_hand.model_text([tree], 257)
    query = "SELECT 1" + ", 0" * 257
    with pytest.raises(sqlite3.OperationalError, match="gbdt_explain: .* more than 256 different features"):
        db.execute("SELECT * FROM gbdt_explain(?, ?)", (model, query)).fetchall()


def test_a_deep_chain_of_few_features_is_exact(db):
    """900 splits of three features: nothing overflows, and the sum is the leaf that is reached."""
    tree = (1, 7.0)
    n = 900
    for depth in range(n):
        tree = (depth % 3, float(depth), False, tree, (1, float(depth)))
    x = np.array([[-1.0, -1.0, -1.0], [100.0, 200.0, 300.0], [np.nan, 0.0, 0.0]])
    model = by_hand.model_text([tree], 3)
    ours = explain(db, model, x)[:, 0]
    margins = xgboost.Booster(model_file=bytearray(model.encode())).predict(xgboost.DMatrix(x), output_margin=True)
    np.testing.assert_allclose(ours.sum(axis=1), margins, rtol=1e-12)
    np.testing.assert_allclose(interactions(db, model, x)[:, 0].sum(axis=2), ours, rtol=1e-10, atol=1e-10)


def test_a_feature_that_is_never_asked_for_contributes_nothing(db):
    rng = np.random.default_rng(14)
    tree = by_hand.random_tree(rng, 3, 6)
    x = rng.normal(size=(5, 5)).astype(np.float32).astype(float)
    model = by_hand.model_text([tree], 5)
    assert (explain(db, model, x)[:, 0, 3:5] == 0).all()
    assert (interactions(db, model, x)[:, 0, 3:5] == 0).all()


def test_features_that_do_the_same_contribute_the_same(db):
    """An exclusive or, so that nothing but symmetry tells how to share it out."""
    same, other = [(10, 0.0), (10, 5.0)], [(10, 5.0), (10, 0.0)]
    tree = (0, 0.0, False, (1, 0.0, False, *same), (1, 0.0, False, *other))
    x = np.array([[1.0, -1.0], [1.0, 1.0], [-1.0, -1.0]])
    ours = explain(db, by_hand.model_text([tree], 2), x)[:, 0]
    np.testing.assert_allclose(ours, [[1.25, 1.25, 2.5], [-1.25, -1.25, 2.5], [-1.25, -1.25, 2.5]], rtol=1e-14)


# --- the same bytes --------------------------------------------------------------------------------------------------


def test_a_row_is_explained_alike_in_any_company(db):
    """Alone, in groups of any size from 1 to 100, and backwards."""
    booster, x = trained({"max_depth": 8})
    x = np.vstack([x, x[:30]])
    fill(db, x)
    model = text_of(booster)
    for function, width in (("gbdt_explain", 7), ("gbdt_interactions", 37)):
        select = f"SELECT key, contribution FROM {function}(?, ?)"
        whole = np.array(db.execute(select, (model, "SELECT * FROM x ORDER BY id")).fetchall()).reshape(len(x), width, 2)
        backwards = np.array(db.execute(select, (model, "SELECT * FROM x ORDER BY id DESC")).fetchall()).reshape(whole.shape)
        assert (backwards[::-1] == whole).all()
        for n in [1, 2, 3, 4, 5, 31, 63, 64, 65, 99]:
            some = np.array(db.execute(select, (model, f"SELECT * FROM x WHERE id < {n}")).fetchall())
            assert (some.reshape(n, width, 2) == whole[:n]).all()


@pytest.fixture(scope="module")
def digest_of_build(tmp_path_factory):
    """The digest that shap_bits.c prints when the kernels are built by this compiler with these flags."""

    def build(compiler, *flags):
        assert shutil.which(compiler), f"{compiler} is needed for this test"
        trees = ["shap", "shap_walk", "shap_values", "shap_interactions", "quadrature", "model"]
        kernels = [*trees, "memory", "own_statement", "poll", "simd"]
        needs = [*libraries("sqlite3", "libcjson"), "-lm"]
        program = compiled(tmp_path_factory.mktemp("bits"), "trees/shap_bits", kernels, compiler, "-DSQLITE_CORE", *flags, needs=needs)
        return subprocess.run([program], capture_output=True, text=True, check=True).stdout

    return build


@pytest.fixture(scope="module")
def digest(digest_of_build):
    return digest_of_build("gcc", "-O3")


@pytest.mark.unsanitized
@pytest.mark.parametrize("compiler, flags", [
    ("clang", "-O1 -DATHLETE_SIMD_LIMIT=0"),
    soak("clang", "-O3 -DATHLETE_SIMD_LIMIT=1"), soak("gcc", "-O1 -DATHLETE_SIMD_LIMIT=0"), soak("clang", "-O0"), soak("gcc", "-O0"), soak("gcc", "-O2"), soak("clang", "-O2"), soak("gcc", "-O3 -DATHLETE_SIMD_LIMIT=1")])
def test_every_compiler_and_vector_gives_the_same_bits(digest_of_build, digest, compiler, flags):
    assert digest_of_build(compiler, *flags.split()) == digest


# --- columns ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def named(db):
    """A model whose features have names, of the wrong order for the table."""
    x, y = rows(6, n=300, n_features=3)
    data = xgboost.DMatrix(x, y, feature_names=["pace", "hr", "grade"], nthread=1)
    model = text_of(xgboost.train({"max_depth": 4, "nthread": 1}, data, 5))
    db.execute("CREATE TABLE runs (run, grade, hr, note, pace)")
    db.executemany("INSERT INTO runs VALUES (?, ?, ?, 'x', ?)", [(f"run {i}", *map(float, np.nan_to_num(r))) for i, r in enumerate(x[:9])])
    return model


def test_features_are_found_by_their_names(db, named):
    by_name = db.execute("SELECT * FROM gbdt_explain(?, 'SELECT * FROM runs')", (named,)).fetchall()
    query = "SELECT run, pace AS a, hr AS b, grade AS c FROM runs"
    by_position = db.execute("SELECT * FROM gbdt_explain(?, ?, '{\"match\": \"position\"}')", (named, query)).fetchall()
    assert by_name == by_position
    assert [row[2] for row in by_name[:4]] == ["pace", "hr", "grade", None]


def test_a_row_shows_key_value_and_contribution(db, named):
    run, pace = db.execute("SELECT run, pace FROM runs LIMIT 1").fetchone()
    first = db.execute("SELECT key, output, feature, value FROM gbdt_explain(?, 'SELECT * FROM runs LIMIT 1')", (named,)).fetchall()
    assert first[0] == (run, 0, "pace", pace)
    assert first[3] == (run, 0, None, None)


def test_the_sum_of_a_key_is_its_margin(db, named):
    sums = db.execute(
        "SELECT sum(contribution), (SELECT gbdt_margin(?1, pace, hr, grade) FROM runs WHERE run = key)"
        " FROM gbdt_explain(?1, 'SELECT * FROM runs') GROUP BY key", (named,),
    ).fetchall()  # fmt: skip
    assert len(sums) == 9
    for total, margin in sums:
        assert total == pytest.approx(margin, rel=1e-6)


def test_no_rows_are_explained_by_none(db, named):
    assert db.execute("SELECT * FROM gbdt_explain(?, 'SELECT * FROM runs WHERE 0')", (named,)).fetchall() == []


def test_a_query_of_other_columns_is_refused(db, named):
    with pytest.raises(sqlite3.OperationalError, match="feature 3 of the model .grade. is not a column of the query"):
        db.execute("SELECT * FROM gbdt_explain(?, 'SELECT run, pace, hr FROM runs')", (named,)).fetchall()


def test_a_value_that_is_no_number_is_refused_by_its_row(db, named):
    db.execute("UPDATE runs SET hr = 'fast' WHERE run = 'run 4'")
    with pytest.raises(sqlite3.OperationalError, match="row 5.*hr.*'fast'"):
        db.execute("SELECT * FROM gbdt_explain(?, 'SELECT * FROM runs')", (named,)).fetchall()

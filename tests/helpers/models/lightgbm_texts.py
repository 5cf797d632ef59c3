"""LightGBM's models as texts, and both ways between them and ours."""

import lightgbm


def fit(x, y, rounds=10, categorical=(3, 4, 5), group=None, **options):
    settings = {"verbose": -1, "num_threads": 1, "min_data_per_group": 5, "deterministic": True, **options}
    return lightgbm.train(settings, lightgbm.Dataset(x, y, categorical_feature=list(categorical), group=group), rounds)


def text_of(trained):
    return trained.model_to_string()


def imported(db, text):
    return db.execute("SELECT gbdt_import(?)", (text,)).fetchone()[0]


def exported(db, model):
    return db.execute("SELECT gbdt_export(?, 'lightgbm')", (model,)).fetchone()[0]


def set_field(text, tree, name, values):
    sections = text.split("\nTree=")
    lines = sections[tree + 1].split("\n")
    lines = [f"{name}={values}" if line.startswith(name + "=") else line for line in lines]
    sections[tree + 1] = "\n".join(lines)
    return "\nTree=".join(line for line in sections).replace("tree_sizes", "no_sizes")


def field(text, tree, name):
    lines = text.split("\nTree=")[tree + 1].split("\n")
    return next(line.partition("=")[2] for line in lines if line.startswith(name + "="))

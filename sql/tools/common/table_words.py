"""Words for the tables of a file, as Datasette's metadata has them: from schemas/charts and from the definitions in the registry."""

import json

from .database import ROOT

CHARTS = ROOT / "schemas" / "charts"
COLUMNS = """
SELECT g.table_name, g.description AS about_table, f.name, f.unit, f.description
FROM feature_groups_current AS g JOIN features_current AS f ON f.group_name = g.name"""


def read(name):
    return json.loads((CHARTS / f"{name}.json").read_text(encoding="utf-8"))


def metadata(database, features, queries):
    """Titles, descriptions, units and order of the tables of a database by its name; `features` are the rows of COLUMNS."""
    told = read("tables")
    tables = told["tables"]
    for table, about, column, unit, description in features:
        entry = tables.setdefault(table, {})
        entry.setdefault("description", about)
        words = "; ".join(filter(None, [description, f"in {unit}" if unit else None]))
        if words:
            entry.setdefault("columns", {})[column] = words
    return {"title": told["title"], "description": told["description"], "databases": {database: {"tables": tables, "queries": queries}}}

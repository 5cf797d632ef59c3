"""Executes notebooks/tour.ipynb over demo.db, and writes what came of it into it:

    make tour
"""

import pathlib

import nbclient
import nbformat

NOTEBOOK = pathlib.Path(__file__).resolve().parents[1] / "notebooks" / "tour.ipynb"


def executed(folder):
    """The notebook as it comes out over the database of a folder."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}, record_timing=False).execute()
    return notebook


if __name__ == "__main__":
    made = executed(NOTEBOOK.parents[1])
    made.metadata.language_info = {"name": "python"}  # not which Python it was
    nbformat.write(made, NOTEBOOK)

"""All stages over one database, after what the models need has been put into its inbox."""

from . import inbox, stages


def run(db, path, files=(), as_of=None):
    """With files besides, all or none. Days without activity go on to `as_of`, a day or `today`."""
    inbox.put(db, path, [inbox.opened(str(file)) for file in [*stages.reference(db), *files]])
    if as_of:
        stages.set_as_of(db, as_of)
    stages.run(db, path, stages.all_of_them())

"""Lands an athlete's own files piece by piece: a piece whole or not at all, and what has landed is not read again."""

import dataclasses

from . import inbox, own_files, recordings
from .database import Failure


@dataclasses.dataclass
class Came:
    n_documents: int = 0  # known or new
    n_streams: int = 0  # put beside activities that were here
    n_lost: int = 0  # faults of what may have been any activity
    faults: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)  # of files that are in, but for a part of them


def land(db, options, file, athlete, spool):
    came, known, owner, here = Came(), recordings.known(db), None, set()
    with_positions = _switch(options.positions)
    for batch in own_files.batches(file, athlete, options.zone, with_positions, known, spool):
        owner = batch.owner or owner
        here |= batch.activities
        if batch.texts:
            inbox.put(db, options.database, [batch.texts])
            inbox.land(db, options.database)
        without_activity = recordings.keep(db, options.database, batch.recordings, batch.files)
        came.faults += batch.faults + without_activity
        came.notes += batch.notes
        came.n_lost += batch.n_lost
        came.n_streams += batch.n_streams - len(without_activity)
        came.n_documents += batch.n_documents + sum(known[key] for key in batch.known)
    if owner and not came.n_lost:
        gone, n_gone = own_files.deletions(db, owner, here)
        inbox.put(db, options.database, [gone])
        inbox.land(db, options.database)
        came.n_documents += n_gone
    return came


def _switch(text):
    if text in (None, "", "0", "1"):
        return text == "1"
    raise Failure(f"POSITIONS is {text!r} where 1 (where the runs went is kept) or 0 belongs")

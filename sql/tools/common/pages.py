"""Files of HTML that need nothing else: no script, no font, no picture of elsewhere."""

import html
import pathlib

from .program import printable

STYLE = """:root{color-scheme:light dark;--p:#fff;--i:#1a1a1a;--m:#565656;--g:#dcdcdc;--a:#0069a6;--good:#00735a;--warn:#7a5c00;--bad:#b84a00}
body{font:16px/1.5 system-ui,sans-serif;margin:1rem auto;padding:0 .6rem;background:var(--p);color:var(--i)}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:1.6rem 0 .2rem}p{margin:.2rem 0 .5rem}
@media(prefers-color-scheme:dark){:root{--p:#161616;--i:#f2f2f2;--m:#b8b8b8;--g:#3c3c3c;--a:#62b6ee;--good:#4fcba0;--warn:#e3c64f;--bad:#ff9d5c}}"""
LAST_WORDS = "A sign to look at, not a diagnosis."
FRAME = """<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width"/><title>{title}</title><style>{style}</style></head>
<body><h1>{title}</h1>
{body}
<p>{last_words}</p>
</body></html>
"""


def tell_athlete(db, athlete):
    """temp.report, for reports/report.sql. The athlete is a constant and no row: SQLite takes it into views of everybody, which then count for one alone."""
    db.create_function("told_athlete", 0, lambda: athlete, deterministic=True)
    db.execute("CREATE TEMP TABLE told AS SELECT 1 AS n")  # a view without FROM stays apart
    db.execute("CREATE TEMP VIEW report AS SELECT told_athlete() AS athlete_id FROM temp.told")


def shown(text):
    """A text of anyone's as HTML shows it."""
    return html.escape(printable(text))


def write(path, title, style, body, language="en", last_words=LAST_WORDS):
    pathlib.Path(path).write_text(FRAME.format(title=shown(title), style=STYLE + style, body=body, language=language, last_words=last_words), encoding="utf-8")

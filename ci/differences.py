"""Holds tables of docs/reference/differences.md against what a comparison still shows.

A table names classes of difference in backticks in its first column; `*` in a name stands for any text. Every class that a comparison
shows must stand in the table, and every name of the table must still be shown: a class that is gone is taken out of the page, a new
one needs a reason or a mending.
"""

import fnmatch
import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs/reference/differences.md"


def section(heading):
    """The text of the page below a heading."""
    return PAGE.read_text().split(f"## {heading}\n")[-1].split("\n## ")[0]


def names(heading):
    """Names of classes in the first column of the table below a heading."""
    rows = [row for row in section(heading).splitlines() if row.startswith("|")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def matches(name, found):
    """Whether a name of the table stands for a class that was found."""
    return fnmatch.fnmatchcase(found, re.sub(r"([\[\]?])", r"[\1]", name))


def problems(heading, found):
    """What is wrong with the table below a heading, when these classes were found; a line for each."""
    told = names(heading)
    untold = sorted(one for one in found if not any(matches(name, one) for name in told))
    gone = sorted(name for name in told if not any(matches(name, one) for one in found))
    return [f"{PAGE.name} does not explain `{one}`" for one in untold] + [
        f"{PAGE.name} explains `{name}`, which is not shown any more" for name in gone
    ]

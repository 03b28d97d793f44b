"""Checks of data files that no linter makes: well-formed XML, sane access rights."""

import csv
from xml.etree import ElementTree

from .paths import ROOT
from .shell import SetupError

ACCESS_FILE = "ir.model.access.csv"
ACCESS_COLUMNS = ["id", "name", "model_id:id", "group_id:id", "perm_read", "perm_write", "perm_create", "perm_unlink"]


def check(files):
    """Check ``files`` and raise a :class:`SetupError` that lists what is wrong.

    :param list[str] files: paths of XML and CSV files, from the repository's root
    """
    problems = []
    for name in files:
        path = ROOT / name
        if path.suffix == ".xml":
            found = xml_problems(path.read_bytes())
        elif path.name == ACCESS_FILE:
            found = access_problems(path.read_text(), addon=path.parent.parent.name)
        else:
            found = csv_problems(path.read_text())
        problems += [f"{name}: {problem}" for problem in found]
    if problems:
        raise SetupError("\n".join(problems), "Correct the data files.")


def xml_problems(content):
    """Return why ``content`` is no well-formed XML document, as a list of sentences."""
    try:
        ElementTree.fromstring(content)  # noqa: S314 - the repository's own files
    except ElementTree.ParseError as error:
        return [f"not well-formed: {error}"]
    return []


def csv_problems(text):
    """Return what is wrong with the shape of a CSV file: rows that are longer or shorter than the header."""
    rows = list(csv.reader(text.splitlines()))
    if not rows:
        return ["empty file"]
    width = len(rows[0])
    return [
        f"line {number}: {len(row)} columns instead of {width}"
        for number, row in enumerate(rows[1:], 2)
        if row and len(row) != width
    ]


def access_problems(text, addon):
    """Return what is wrong with a file of access rights.

    A row without a group would grant its rights to everybody, the public user included.

    :param str text: content of the file
    :param str addon: the addon it belongs to
    """
    problems = csv_problems(text)
    if problems:
        return problems
    rows = csv.DictReader(text.splitlines())
    if rows.fieldnames != ACCESS_COLUMNS:
        return [f"the columns are {rows.fieldnames} instead of {ACCESS_COLUMNS}"]
    seen_ids, seen_rights = set(), set()
    for number, row in enumerate(rows, 2):
        rights = (row["model_id:id"], row["group_id:id"])
        flags = [row[column] for column in ACCESS_COLUMNS[4:]]
        checks = {
            "no model": not row["model_id:id"],
            "no group: everybody would have these rights": not row["group_id:id"],
            f"“{row['id']}” stands twice": row["id"] in seen_ids,
            f"a second row for {' and '.join(rights)}": rights in seen_rights,
            "a permission that is neither 0 nor 1": not set(flags) <= {"0", "1"},
            "grants nothing": set(flags) == {"0"},
            f"an id of another addon than {addon}": "." in row["id"] and not row["id"].startswith(f"{addon}."),
        }
        problems += [f"line {number}: {problem}" for problem, applies in checks.items() if applies]
        seen_ids.add(row["id"])
        seen_rights.add(rights)
    return problems

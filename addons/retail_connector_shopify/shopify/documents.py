"""The GraphQL documents, one file each under ``queries/``, loaded by name.

A line ``#import "line_item"`` pulls in ``queries/fragments/line_item.graphql``, once however often it is named.
"""

import functools
import re
from pathlib import Path

_FOLDER = Path(__file__).parent / "queries"
_IMPORT = re.compile(r'^#import "([a-z_]+)"\s*$', re.M)


def names():
    """Return the names of all documents, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.graphql"))


@functools.cache
def text(name):
    """Return the document ``name`` with its fragments.

    :raises FileNotFoundError: there is none
    """
    own = (_FOLDER / ("%s.graphql" % name)).read_text("utf-8")
    fragments = {}
    _collect(own, fragments)
    return "\n".join([_IMPORT.sub("", own).strip(), *fragments.values()]) + "\n"


def _collect(source, fragments):
    for name in _IMPORT.findall(source):
        if name not in fragments:
            body = (_FOLDER / "fragments" / ("%s.graphql" % name)).read_text("utf-8")
            fragments[name] = _IMPORT.sub("", body).strip()
            _collect(body, fragments)

"""Which canonical schemas there are, and whether a document fits the one it names."""

import hashlib
import json

from ..engine.errors import VendorChanged
from ..engine.shape import Shape

_shapes = {}
_upcasters = {}


def register(entity, version, schema, upcast=None):
    """Make ``<entity>.v<version>`` known.

    :param str entity: e.g. ``order``
    :param int version: 1 or more; a schema never changes meaning, a new meaning is a new version
    :param dict schema: Cerberus schema, including :func:`~.types.header`
    :param upcast: function from a valid document of the version before to one of this version
    :raises ValueError: the version exists with another schema, or misses its upcaster
    """
    name = "%s.v%d" % (entity, version)
    if name in _shapes and _shapes[name].schema != schema:
        raise ValueError("%s is registered already with another schema" % name)
    if version > 1 and upcast is None:
        raise ValueError("%s needs an upcaster from version %d" % (name, version - 1))
    _shapes[name] = Shape(schema)
    _upcasters[name] = upcast


def names():
    """Return the names of all registered schemas, sorted."""
    return sorted(_shapes)


def schema_of(name):
    """Return the Cerberus schema called ``name`` (``order.v1``)."""
    return _shapes[name].schema


def validate(document):
    """Check ``document`` against the schema it names, and lift it to the newest version.

    :param dict document: with the key ``schema``
    :return: the document in the entity's newest version
    :raises VendorChanged: it does not fit; ``differences`` lists each path with what is wrong
    """
    name = document.get("schema") if isinstance(document, dict) else None
    if name not in _shapes:
        raise VendorChanged("There is no canonical schema %r." % (name,), differences=["schema: unknown"])
    differences = _shapes[name].differences(document)
    if differences:
        raise VendorChanged(
            "The document does not fit %s: %s." % (name, "; ".join(differences[:5])), differences=differences
        )
    entity, _, version = name.rpartition(".v")
    following = "%s.v%d" % (entity, int(version) + 1)
    if following in _shapes:
        return validate(_upcasters[following](document))
    return document


def checksum(document):
    """Return a digest of what a document says, leaving out when it was said.

    Two versions of a subject with one checksum ask for the same thing; the second needs no write.
    """
    content = {key: value for key, value in document.items() if key not in ("version", "updated_at")}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()

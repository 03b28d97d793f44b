"""What the suite's addons declare: their dependencies, and a key of their content."""

import ast

from .paths import ADDONS
from .shell import SetupError, digest

# What an installed database does not depend on.
IGNORED = {"tests", "readme", "__pycache__", "pyproject.toml"}


def names():
    """Return the names of all addons here, sorted."""
    return sorted(path.parent.name for path in ADDONS.glob("*/__manifest__.py"))


def product():
    """Return the names of the addons that people install: all but those that only tests need (``test_…``)."""
    return [name for name in names() if not name.startswith("test_")]


def manifest(name):
    """Return the manifest of a suite addon as a dict."""
    path = ADDONS / name / "__manifest__.py"
    try:
        return ast.literal_eval(path.read_text())
    except FileNotFoundError as error:
        known = ", ".join(names()) or "none yet"
        raise SetupError(f"There is no addon “{name}” in addons/.", f"Name one of: {known}.") from error
    except (SyntaxError, ValueError) as error:
        raise SetupError(f"{path} is no Python dictionary: {error}", "Correct the manifest.") from error


def closure(wanted, read_manifest=manifest, suite=None):
    """Split what ``wanted`` needs into the suite's addons and those of others.

    :param list[str] wanted: names of suite addons
    :return: two sorted lists: suite addons, ``wanted`` among them; the addons outside the suite that they depend on
    """
    suite = set(names() if suite is None else suite)
    ours, others, queue = set(), set(), list(wanted)
    while queue:
        name = queue.pop()
        if name in ours:
            continue
        ours.add(name)
        for dependency in read_manifest(name).get("depends", []):
            if dependency in suite:
                queue.append(dependency)
            else:
                others.add(dependency)
    return sorted(ours), sorted(others)


def content_key(addons):
    """Return a key that changes with any file of ``addons`` that an installation reads."""
    parts = []
    for name in addons:
        folder = ADDONS / name
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(folder)
            if path.is_file() and not IGNORED.intersection(relative.parts) and path.suffix != ".pyc":
                parts += [f"{name}/{relative}", path]
    return digest(*parts)

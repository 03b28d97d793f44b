"""Which addons belong together, and when an installed database is out of date."""

import pytest

from setup import addons
from setup.shell import SetupError

MANIFESTS = {
    "retail_a": {"depends": ["mail"]},
    "retail_b": {"depends": ["retail_a", "sale"]},
    "retail_c": {"depends": ["retail_b", "retail_a", "account"]},
    "retail_alone": {},
}


@pytest.mark.parametrize(
    ("wanted", "ours", "others"),
    [
        (["retail_a"], ["retail_a"], ["mail"]),
        (["retail_b"], ["retail_a", "retail_b"], ["mail", "sale"]),
        (["retail_c"], ["retail_a", "retail_b", "retail_c"], ["account", "mail", "sale"]),
        (["retail_alone"], ["retail_alone"], []),
        ([], [], []),
    ],
)
def test_an_addon_comes_with_what_it_depends_on_and_nothing_else(wanted, ours, others):
    assert addons.closure(wanted, MANIFESTS.__getitem__, MANIFESTS) == (ours, others)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A folder of addons with one addon in it."""
    monkeypatch.setattr(addons, "ADDONS", tmp_path)
    for name in (
        "__manifest__.py",
        "models/order.py",
        "views/order.xml",
        "tests/test_order.py",
        "readme/DESCRIPTION.md",
    ):
        path = tmp_path / "retail_x" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    return tmp_path / "retail_x"


@pytest.mark.parametrize("name", ["__manifest__.py", "models/order.py", "views/order.xml", "data/new.csv"])
def test_a_file_that_an_installation_reads_changes_the_key(tree, name):
    before = addons.content_key(["retail_x"])
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text("{'changed': 1}")
    assert addons.content_key(["retail_x"]) != before


@pytest.mark.parametrize("name", ["tests/test_order.py", "readme/DESCRIPTION.md", "models/__pycache__/order.pyc"])
def test_a_file_that_no_installation_reads_keeps_the_key(tree, name):
    before = addons.content_key(["retail_x"])
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text("changed")
    assert addons.content_key(["retail_x"]) == before


def test_moving_a_file_changes_the_key(tree):
    before = addons.content_key(["retail_x"])
    (tree / "models/order.py").rename(tree / "models/sale.py")
    assert addons.content_key(["retail_x"]) != before


def test_an_unknown_addon_is_named_with_those_there_are(tree):
    with pytest.raises(SetupError, match=r"no addon “retail_y”[\s\S]*retail_x"):
        addons.manifest("retail_y")


def test_a_broken_manifest_is_named(tree):
    (tree / "__manifest__.py").write_text("{'depends': [")
    with pytest.raises(SetupError, match=r"__manifest__\.py is no Python dictionary"):
        addons.manifest("retail_x")

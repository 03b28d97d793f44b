"""Finding Odoo: the user's own through ODOO_HOME, or Debian's mirror in apt's configuration."""

import pytest

from setup import odoo_source
from setup.shell import SetupError

RELEASE = "version_info = ({}, {}, 0, FINAL, 0, '')\n"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Make the folder of an Odoo: ``home(major, minor, source=True)``."""
    monkeypatch.setattr(odoo_source, "LOCAL", tmp_path / "local")

    def make(major=19, minor=0, source=True):
        folder = tmp_path / "home"
        (folder / "odoo/addons/base").mkdir(parents=True)
        (folder / "odoo/release.py").write_text(RELEASE.format(major, minor))
        if source:
            (folder / "addons/sale").mkdir(parents=True)
            (folder / "setup").mkdir()
        return folder

    return make


def test_a_source_checkout_gives_both_folders_of_addons(home):
    folder = home()
    found = odoo_source.from_home(folder)
    assert found.addons == (folder / "odoo/addons", folder / "addons")
    assert found.version.startswith("19.0")


def test_an_installed_package_gives_its_one_folder_of_addons(home):
    folder = home(source=False)
    assert odoo_source.from_home(folder).addons == (folder / "odoo/addons",)


def test_nothing_beside_odoo_becomes_importable(home):
    found = odoo_source.from_home(home())
    assert [path.name for path in found.python_root.iterdir()] == ["odoo"]


def test_another_home_replaces_the_one_before(home, tmp_path):
    first = home()
    odoo_source.from_home(first)
    second = first.rename(tmp_path / "moved")
    found = odoo_source.from_home(second)
    assert (found.python_root / "odoo").resolve() == second / "odoo"


def test_two_states_of_an_odoo_have_two_versions(home):
    folder = home()
    before = odoo_source.from_home(folder).version
    (folder / "odoo/release.py").write_text(RELEASE.format(19, 0) + "# changed\n")
    assert odoo_source.from_home(folder).version != before


def test_another_series_is_refused_by_name(home):
    with pytest.raises(SetupError, match=r"holds Odoo 18\.0; the suite needs 19\.0"):
        odoo_source.from_home(home(18))


def test_a_folder_without_odoo_is_refused_with_what_to_set(tmp_path):
    with pytest.raises(SetupError, match=r"no odoo/release\.py[\s\S]*ODOO_HOME"):
        odoo_source.from_home(tmp_path)


def test_without_apt_the_person_is_told_about_odoo_home(monkeypatch, tmp_path):
    monkeypatch.setattr(odoo_source.shutil, "which", lambda _program: None)
    with pytest.raises(SetupError, match=r"no apt[\s\S]*What to do: Set ODOO_HOME"):
        odoo_source._download_and_unpack(tmp_path)


def test_the_users_home_comes_before_debian(home, monkeypatch):
    monkeypatch.setenv("ODOO_HOME", str(home()))
    assert "home" in odoo_source.find().version


@pytest.mark.parametrize(
    ("targets", "mirror"),
    [
        ("http://a.example/debian/|Debian|Debian\n", "http://a.example/debian/"),
        (
            "http://a.example/debian-security/|Debian|Debian-Security\nhttp://b.example/deb/|Debian|Debian\n",
            "http://b.example/deb/",
        ),
        ("http://a.example/ubuntu/|Ubuntu|Ubuntu\n", None),
        ("", None),
    ],
    ids=["origin", "not the security updates", "another system", "lists not fetched yet"],
)
def test_the_mirror_is_the_one_that_apt_uses(targets, mirror):
    assert odoo_source.pick_mirror(targets) == mirror


@pytest.mark.parametrize(
    ("sources", "mirror"),
    [
        ("deb [arch=amd64] http://a.example/debian bookworm main\n", "http://a.example/debian"),
        ("Types: deb\nURIs: http://a.example/debian/\nSuites: bookworm\n", "http://a.example/debian/"),
        (
            "deb http://a.example/debian-security x main\ndeb http://b.example/debian x main\n",
            "http://b.example/debian",
        ),
        ("# deb http://a.example/debian x main\ndeb-src http://b.example/debian x main\n", None),
        ("deb http://a.example/ubuntu noble main\n", None),
    ],
    ids=["one line", "newer format", "not the security updates", "not what is off", "another system"],
)
def test_before_apts_first_update_the_mirror_is_read_from_its_sources(sources, mirror):
    assert odoo_source.pick_mirror_by_address(sources) == mirror

"""An addon as a wheel: its name, version, requirements and content."""

import zipfile
from email.parser import Parser

import pytest

from setup import wheels
from setup.paths import ADDONS
from setup.shell import SetupError

ADDON = "retail_integration_base"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the base addon."""
    return wheels.build(ADDONS / ADDON, tmp_path_factory.mktemp("dist"))


def read_metadata(wheel):
    """Return the wheel's metadata."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_is_named_after_the_addon(wheel):
    metadata = read_metadata(wheel)
    assert metadata["Name"].replace("_", "-") == "odoo-addon-retail-integration-base"
    assert wheel.name.startswith("odoo_addon_retail_integration_base-19.0.")


def test_the_wheel_has_the_manifests_version(wheel):
    from setup.addons import manifest

    assert read_metadata(wheel)["Version"] == manifest(ADDON)["version"]


def test_the_wheel_requires_odoo_and_the_addons_it_depends_on(wheel):
    requirements = read_metadata(wheel).get_all("Requires-Dist")
    names = {requirement.split("=")[0].replace("_", "-") for requirement in requirements}
    assert {"odoo", "odoo-addon-queue-job"} <= names


def test_the_wheel_holds_the_addon_where_odoo_looks_for_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert f"odoo/addons/{ADDON}/__manifest__.py" in names
    assert "odoo/__init__.py" not in names
    assert "odoo/addons/__init__.py" not in names
    assert not [name for name in names if "__pycache__" in name]


def test_an_addon_without_build_system_is_named(tmp_path):
    with pytest.raises(SetupError, match=r"has no pyproject\.toml"):
        wheels.build(tmp_path, tmp_path)

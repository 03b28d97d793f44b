"""Packaging: each addon as a wheel named ``odoo-addon-<addon>``, built by whool into `dist/`."""

import shutil
import tempfile
from pathlib import Path

from . import addons, odoo_source, venv
from .paths import ADDONS, PYTHON, ROOT
from .shell import SetupError, exclusive, run, say

DIST = ROOT / "dist"


def main(addon=""):
    """Build the wheels of all addons that people install, or of one."""
    with exclusive("environment"):
        venv.ensure(odoo_source.find())
    shutil.rmtree(DIST, ignore_errors=True)
    for name in [addon] if addon else addons.product():
        say(f"Built {build(ADDONS / name, DIST).relative_to(ROOT)}")


def build(folder, target):
    """Build the wheel of the addon in ``folder`` and return its path.

    It is built from a copy outside the repository: whool would ask git for the files, leaving out the new ones, and for
    the version. So an archive without history builds the same wheel.

    :param Path folder: the addon
    :param Path target: folder to put the wheel into
    """
    if not (folder / "pyproject.toml").exists():
        raise SetupError(f"{folder} has no pyproject.toml.", "Copy another addon's, which names whool.")
    before = set(target.glob("*.whl"))
    with tempfile.TemporaryDirectory() as parent:
        source = Path(parent, folder.name)
        shutil.copytree(folder, source, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        run(
            [PYTHON, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, source],
            env={"WHOOL_POST_VERSION_STRATEGY_OVERRIDE": "none"},
            cwd=parent,
            capture=True,
            failure=f"The wheel of {folder.name} could not be built.",
            todo="Read the message of the build above.",
        )
    (wheel,) = set(target.glob("*.whl")) - before
    return wheel

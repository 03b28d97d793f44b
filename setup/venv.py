"""The virtual environment `.local/venv`: pinned dependencies, Odoo addons of others, and the way to Odoo itself."""

import sys

from . import system
from .odoo_source import SERIES
from .paths import PYTHON, ROOT, VENV
from .shell import SetupError, digest, read_stamp, run, say, stamp

OLDEST_PYTHON = (3, 10)
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
ADDON_PREFIX = "odoo-addon-"
TODO = "Read pip's message above. Pip takes its index from its own configuration (PIP_INDEX_URL, pip.conf)."


def ensure(odoo):
    """Make the virtual environment; make it anew when a pin changed, so that it holds the pins and nothing else.

    :param OdooSource odoo: the Odoo that ``import odoo`` shall find
    """
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(
            f"Odoo 19 needs Python 3.10 or newer; this is {sys.version.split()[0]}.",
            "Run the set-up with a newer one: make PYTHON=python3.11 …",
        )
    key = digest(sys.version, *(ROOT / name for name in REQUIREMENTS))
    if read_stamp("venv") != key or not PYTHON.exists():
        system.ensure_venv()
        say("Installing the Python dependencies into .local/venv (about a minute)")
        run(
            [sys.executable, "-m", "venv", "--clear", VENV],
            failure="The virtual environment could not be made.",
            todo="Read Python's message above.",
        )
        link_odoo(odoo)
        run(
            [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_requirement_lines()],
            capture=True,
            failure="A Python dependency could not be installed.",
            todo=TODO,
        )
        stamp("venv", key)
    link_odoo(odoo)


def third_party_addons():
    """Return the pinned Odoo addons of others, such as ``['odoo-addon-queue_job==19.0.2.4.0']``."""
    return [line for line in _requirement_lines() if line.startswith(ADDON_PREFIX)]


def _requirement_lines():
    text = "\n".join((ROOT / name).read_text() for name in REQUIREMENTS)
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def link_odoo(odoo):
    """Let ``import odoo`` find Odoo, tell pip its version (addons require ``odoo==19.0.*``), and write its script."""
    site_packages = next((VENV / "lib").glob("python*/site-packages"))
    (site_packages / "odoo.pth").write_text(f"{odoo.python_root}\n")
    metadata = site_packages / f"odoo-{SERIES}.dist-info" / "METADATA"
    metadata.parent.mkdir(exist_ok=True)
    metadata.write_text(f"Metadata-Version: 2.1\nName: odoo\nVersion: {SERIES}\n")
    script = VENV / "bin" / "odoo"
    script.write_text(f"#!{PYTHON}\nimport odoo.cli\n\nodoo.cli.main()\n")
    script.chmod(0o755)

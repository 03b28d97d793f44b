"""System packages: which programs the suite needs from the system, and how they get there where apt is the way."""

import importlib.util
import os
import shutil
from pathlib import Path

from .shell import SetupError, run, say

# What is looked for, the Debian package that has it, and what it is for.
POSTGRES_SERVER = ("initdb", "postgresql", "the private database cluster")
POSTGRES_CLIENT = ("psql", "postgresql-client", "talking to the database server")
CHROMIUM = ("chromium", "chromium", "browser tests and screenshots")
CHROMEDRIVER = ("chromedriver", "chromium-driver", "browser tests and screenshots")
NODE = ("node", "nodejs", "prettier, the formatter of JavaScript and XML")
VENV = ("python3-venv", "python3-venv", "the virtual environment")
NPM = ("npm", "npm", "prettier, the formatter of JavaScript and XML")


def find_program(name):
    """Return the path of a program, or None. Debian keeps PostgreSQL's server programs off the ``PATH``."""
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    search = os.pathsep.join([*map(str, servers), os.environ.get("PATH", os.defpath)])
    found = shutil.which(name, path=search)
    return Path(found) if found else None


def ensure(*wanted):
    """See to it that the programs ``wanted`` are there, installing their packages with apt where possible.

    :param tuple wanted: rows such as :data:`CHROMIUM`
    :raises SetupError: a program is missing and could not be installed
    """
    _install([row for row in wanted if not find_program(row[0])])
    for program, package, _purpose in wanted:
        if not find_program(program):
            raise SetupError(f"“{program}” is still missing after installing {package}.", _todo([package]))


def ensure_venv():
    """See to it that this Python can make virtual environments: Debian packages that part of it apart."""
    if not importlib.util.find_spec("ensurepip"):
        _install([VENV])


def _install(missing):
    """Install the packages of the rows ``missing`` with apt.

    :raises SetupError: there is no apt, or this is not root
    """
    if not missing:
        return
    packages = sorted({package for _program, package, _purpose in missing})
    what = f"Missing: {', '.join(f'{program} (for {purpose})' for program, _package, purpose in missing)}."
    if not shutil.which("apt-get") or os.getuid() != 0:
        raise SetupError(what, _todo(packages))
    say(f"Installing system packages: {' '.join(packages)}")
    outcome = {"env": {"DEBIAN_FRONTEND": "noninteractive"}, "capture": True, "failure": what, "todo": _todo(packages)}
    run(["apt-get", "-q", "update"], **outcome)
    run(["apt-get", "-q", "-y", "install", "--no-install-recommends", *packages], **outcome)


def _todo(packages):
    return f"Install them with your system's package manager; on Debian: apt-get install {' '.join(packages)}"

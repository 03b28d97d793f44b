"""System packages: which programs the suite needs from the system, and how they get there where apt is the way."""

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
    missing = [row for row in wanted if not find_program(row[0])]
    if not missing:
        return
    packages = sorted({package for _program, package, _purpose in missing})
    names = " ".join(packages)
    todo = f"Install them with your system's package manager; on Debian: apt-get install {names}"
    what = f"Missing: {', '.join(f'{program} (for {purpose})' for program, _package, purpose in missing)}."
    if not shutil.which("apt-get") or os.getuid() != 0:
        raise SetupError(what, todo)
    say(f"Installing system packages: {names}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "-q", "update"], env=quiet, capture=True, failure=what, todo=todo)
    # Debian would start a cluster of its own on the standard port; ours is the only one wanted.
    run(
        ["apt-get", "-q", "-y", "install", "--no-install-recommends", *packages],
        env=quiet,
        capture=True,
        failure=what,
        todo=todo,
    )
    for program, package, _purpose in missing:
        if not find_program(program):
            raise SetupError(f"“{program}” is still missing after installing {package}.", todo)

"""Packages from npm, pinned in `package.json` and `package-lock.json`, installed into `.local/node`."""

import shutil

from . import system
from .paths import LOCAL, ROOT
from .shell import digest, exclusive, read_stamp, run, say, stamp

FOLDER = LOCAL / "node"
MODULES = FOLDER / "node_modules"
FILES = ("package.json", "package-lock.json", ".npmrc")


def ensure():
    """Install the packages, or bring them up to date."""
    with exclusive("node"):
        system.ensure(system.NODE, system.NPM)
        key = digest(*(ROOT / name for name in FILES))
        if read_stamp("node") == key and MODULES.is_dir():
            return
        say("Installing the npm packages into .local/node")
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copy(ROOT / name, FOLDER / name)
        run(
            ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=FOLDER,
            capture=True,
            failure="The npm packages could not be installed.",
            todo="Read npm's message above. npm takes its registry from its own configuration (.npmrc).",
        )
        stamp("node", key)


def lock():
    """Write `package-lock.json` anew from `package.json`, without addresses of any registry."""
    command = ["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"]
    run(command, failure="npm could not resolve the packages.")

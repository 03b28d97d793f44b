"""The linters: one table of checks, which `make lint`, `make format` and the pre-commit hooks all use."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import data_checks, node, odoo_source, venv
from .paths import ADDONS, PYTHON, ROOT, VENV
from .shell import SetupError, environ, exclusive, run, say, succeeds

PRETTIER_SUFFIXES = (".js", ".mjs", ".cjs", ".css", ".scss", ".xml")
# Not in pyproject.toml, where pylint lets `enable` win over `disable`. READMEs are made of the fragments in readme/ at
# release; `_ = self.env._` is Odoo's own idiom, which pylint-odoo takes for the old global function.
PYLINT_DISABLED = ("missing-readme", "prefer-env-translation")


@dataclass(frozen=True)
class Check:
    """One linter.

    :param tuple suffixes: endings of the files that it reads
    :param function command: takes the files, returns the command to run; or runs the check itself and returns None
    :param function fix: takes the files, returns the command that corrects what can be corrected
    """

    suffixes: tuple
    command: object
    fix: object = None


def _ruff(*arguments):
    return lambda files: [VENV / "bin" / "ruff", *arguments, "--quiet", "--force-exclude", *files]


def _pylint(files):
    folders = _addon_folders(files)
    options = ["--rcfile", ROOT / "pyproject.toml", f"--disable={','.join(PYLINT_DISABLED)}"]
    return folders and [PYTHON, "-m", "pylint", *options, *folders]


def _oca(files):
    folders = _addon_folders(files)
    return folders and [VENV / "bin" / "oca-checks-odoo-module", *folders]


def _po(files):
    return [VENV / "bin" / "oca-checks-po", *files]


def _prettier(mode):
    plugin = node.MODULES / "@prettier" / "plugin-xml" / "src" / "plugin.js"

    def command(files):
        node.ensure()
        program = node.MODULES / ".bin" / "prettier"
        return [program, mode, f"--plugin={plugin}", "--log-level=warn", "--ignore-unknown", *files]

    return command


CHECKS = {
    "ruff": Check((".py",), _ruff("check"), _ruff("check", "--fix")),
    "ruff-format": Check((".py",), _ruff("format", "--check"), _ruff("format")),
    "pylint-odoo": Check((".py",), _pylint),
    "odoo-module": Check((".py", ".xml", ".csv"), _oca),
    "odoo-po": Check((".po", ".pot"), _po),
    "data": Check((".xml", ".csv"), data_checks.check),
    "prettier": Check(PRETTIER_SUFFIXES, _prettier("--check"), _prettier("--write")),
}


def main(only="", files=(), fix=False):
    """Run the checks and return the exit code; all of them run, whatever fails.

    :param str only: name of the one check to run
    :param list[str] files: files to look at; all of the repository's by default
    :param bool fix: correct what can be corrected, instead of checking
    """
    if only and only not in CHECKS:
        raise SetupError(f"There is no check “{only}”.", f"Name one of: {', '.join(CHECKS)}.")
    with exclusive("environment"):
        venv.ensure(odoo_source.find())
    files = files or list_files()
    failed = [name for name in ([only] if only else CHECKS) if not _passes(name, files, fix)]
    if failed:
        print(f"\nLint failed: {', '.join(failed)}. `make format` corrects ruff's and prettier's findings.")
    return 1 if failed else 0


def _passes(name, files, fix):
    check = CHECKS[name]
    make_command = check.fix if fix else check.command
    files = [path for path in files if Path(path).suffix in check.suffixes]
    if not make_command or not files:
        return True
    say(f"{name} ({len(files)} files)")
    try:
        command = make_command(files)
    except SetupError as error:
        print(error)
        return False
    if not command:
        return True
    env = environ({"PYTHONWARNINGS": "ignore"})
    return subprocess.call([str(part) for part in command], cwd=ROOT, env=env, stdin=subprocess.DEVNULL) == 0


def list_files():
    """Return the paths of the repository's files from its root: those git knows, and new ones it does not ignore."""
    git = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    if succeeds(git):
        found = run(git, capture=True).splitlines()
    else:  # an unpacked archive
        hidden = (".local", ".git", "node_modules", "dist")
        walk = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        found = [str(path) for path in walk if path.parts[0] not in hidden]
    return sorted(path for path in found if (ROOT / path).is_file())


def _addon_folders(files):
    """Return the folders of the addons that ``files`` lie in."""
    roots = {(ROOT / path).resolve().relative_to(ROOT).parts[:2] for path in files}
    names = sorted(parts[1] for parts in roots if len(parts) == 2 and parts[0] == ADDONS.name)
    return [os.path.relpath(ADDONS / name, ROOT) for name in names if (ADDONS / name / "__manifest__.py").exists()]

"""Promises about the repository's own files."""

import re

import pytest

from setup import addons, lint
from setup.paths import ADDONS, ROOT


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_python_package_is_pinned(name):
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    loose = [line for line in lines if line and not re.fullmatch(r"[\w.-]+==[\w.]+", line)]
    assert loose == []


def test_the_npm_packages_are_pinned_without_an_address():
    import json

    package = json.loads((ROOT / "package.json").read_text())
    pins = [*package.get("dependencies", {}).values(), *package.get("devDependencies", {}).values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", pin) for pin in pins)
    assert "://" not in re.sub(r'"funding": \{[^}]*\}', "", (ROOT / "package-lock.json").read_text())


def test_no_hook_needs_a_git_host():
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    assert set(re.findall(r"repo: (\S+)", text)) == {"local"}


def test_every_check_of_make_lint_is_a_hook_and_no_other():
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"entry: python3 -m setup lint (\S+)", text) == list(lint.CHECKS)


@pytest.mark.parametrize("name", addons.product())
def test_every_addon_can_be_packaged(name):
    assert "whool.buildapi" in (ADDONS / name / "pyproject.toml").read_text()


def test_the_makefile_knows_every_command():
    from setup.__main__ import COMMANDS

    (line,) = re.findall(r"^COMMANDS = (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert line.split() == list(COMMANDS)

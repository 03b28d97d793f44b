"""Programs of the system."""

import pytest

from setup import system
from setup.shell import SetupError

ABSENT = ("no-such-program", "no-such-package", "baking bread")


def test_programs_that_are_there_need_nothing():
    system.ensure(("sh", "no-such-package", "testing"))


@pytest.mark.parametrize(("apt", "uid"), [(None, 0), ("/usr/bin/apt-get", 1000)], ids=["no apt", "not root"])
def test_a_missing_program_is_named_with_its_purpose_and_its_package(monkeypatch, apt, uid):
    monkeypatch.setattr(system.shutil, "which", lambda name, path=None: apt if name == "apt-get" else None)
    monkeypatch.setattr(system.os, "getuid", lambda: uid)
    with pytest.raises(SetupError, match=r"no-such-program \(for baking bread\)[\s\S]*apt-get install no-such-package"):
        system.ensure(ABSENT)

"""Talking to the person and to other programs: messages, errors that say what to do, commands, stamps, locks."""

import fcntl
import hashlib
import os
import shlex
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from .paths import LOCAL, ROOT, STAMPS


class SetupError(Exception):
    """The set-up cannot go on. Says what is missing and what the person can do about it.

    :param str what: what is missing or went wrong
    :param str todo: what to do, in a sentence or a command
    """

    def __init__(self, what, todo=""):
        super().__init__(what)
        self.what = what
        self.todo = todo

    def __str__(self):
        return f"{self.what}\n  What to do: {self.todo}" if self.todo else self.what


def say(message):
    """Tell the person what is happening, at once and in order with the output of commands."""
    print(f"==> {message}", flush=True)


def run(command, *, env=None, cwd=ROOT, capture=False, stdout_to=None, failure="", todo=""):
    """Run ``command`` and return its output when ``capture`` is set.

    :param list command: program and arguments
    :param dict env: changes to the environment, see :func:`environ`
    :param bool capture: take the output instead of showing it; it is shown when the command fails
    :param Path stdout_to: file to write the output to, for a program that leaves a server behind
    :param str failure: what a failure means to the person
    :param str todo: what the person can do about it
    :raises SetupError: the program is missing or exits with another code than zero
    """
    command = [str(part) for part in command]
    output = subprocess.PIPE if capture else None
    if stdout_to:
        stdout_to.parent.mkdir(parents=True, exist_ok=True)
        output = stdout_to.open("w")
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environ(env),
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise SetupError(f"The program “{command[0]}” is not installed.", todo or f"Install {command[0]}.") from error
    finally:
        if stdout_to:
            output.close()
    if done.returncode:
        if capture:
            sys.stdout.write(done.stdout)
            sys.stdout.flush()
        what = failure or "A command failed."
        raise SetupError(f"{what} (exit code {done.returncode}: {shlex.join(command)[:400]})", todo)
    return done.stdout if capture else None


def environ(changes=None):
    """Return the environment of this program with ``changes``: values to set, None for variables to leave out."""
    merged = {**os.environ, **(changes or {})}
    return {name: value for name, value in merged.items() if value is not None}


def succeeds(command, **kwargs):
    """Whether ``command`` can be run and exits with zero; its output is thrown away."""
    command = [str(part) for part in command]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        return subprocess.run(command, check=False, **quiet, **kwargs).returncode == 0
    except FileNotFoundError:
        return False


def digest(*parts):
    """Return a short stable key for ``parts`` (texts, bytes, or paths, of which the content counts)."""
    key = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            part = part.read_bytes()
        if isinstance(part, str):
            part = part.encode()
        key.update(len(part).to_bytes(8, "big") + part)
    return key.hexdigest()[:16]


def read_stamp(name):
    """Return the key that the step ``name`` was last completed for, or None."""
    path = STAMPS / name
    return path.read_text() if path.exists() else None


def stamp(name, key):
    """Record that the step ``name`` is complete for ``key``."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(key)


@contextmanager
def exclusive(name):
    """Hold this checkout's lock ``name``: two commands must not make the same thing at once."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

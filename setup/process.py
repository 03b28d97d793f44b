"""Programs in the background: started, awaited, and stopped with all their children.

A PID file says which program runs and who started it, so that what a killed run left behind is found and ended.
"""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from .paths import ROOT, RUN
from .shell import SetupError, environ

START_SECONDS = 120
STOP_SECONDS = 20
KILL_SECONDS = 5


class Process:
    """A program of ours that runs in the background, with all its children in one process group.

    :param str name: what to call it; its log is ``.local/run/<name>.log``
    :param list command: program and arguments
    :param dict env: changes to the environment, see :func:`setup.shell.environ`
    """

    def __init__(self, name, command, env=None):
        self.name = name
        self.log = RUN / f"{name}.log"
        self._pid_file = RUN / f"{name}.pid"
        self._command = [str(part) for part in command]
        self._env = environ(env)
        self._popen = None

    def start(self):
        """Start the program, after ending what runs that were killed left behind.

        :raises SetupError: another run has one of this name
        """
        RUN.mkdir(parents=True, exist_ok=True)
        self.refuse_a_second()
        with self.log.open("w") as log:
            self._popen = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._pid_file.write_text(f"{_identity(self._popen.pid)} {_identity(os.getpid())}")

    def refuse_a_second(self):
        """Raise a :class:`SetupError` where another run has a program of this name."""
        end_abandoned()
        if self._pid_file.exists():
            raise SetupError(f"{self.name} is running already.", "Stop it with Ctrl-C where it runs, or `make stop`.")

    @property
    def pid(self):
        """Process id of the program, which is its group's too."""
        return self._popen.pid

    @property
    def was_started(self):
        """Whether there is a program to stop."""
        return self._popen is not None

    @property
    def is_alive(self):
        """Whether the program still runs."""
        return self.was_started and self._popen.poll() is None

    def wait(self):
        """Wait until the program ends by itself or the person interrupts."""
        self._popen.wait()

    def stop(self):
        """Ask the program to end, wait, and end by force what is left of its group."""
        if not self.was_started:
            return
        if self.is_alive:
            self._popen.send_signal(signal.SIGTERM)
            try:
                self._popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        _kill_group(self._popen.pid)
        self._popen.wait()
        self._pid_file.unlink(missing_ok=True)

    def kill(self):
        """End the whole group at once, as a power cut would."""
        _kill_group(self._popen.pid)
        self._popen.wait()
        self._pid_file.unlink(missing_ok=True)

    def wait_for(self, url, seconds=START_SECONDS):
        """Wait until ``url`` answers with a success.

        :raises SetupError: the program ended, or ``seconds`` have passed
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.is_alive:
                raise SetupError(f"{self.name} ended while starting:\n{self.log_tail()}", f"Read {self.log}.")
            if answers(url):
                return
            time.sleep(0.2)
        raise SetupError(f"{self.name} did not answer at {url} in {seconds} s:\n{self.log_tail()}", f"Read {self.log}.")

    def log_tail(self, lines=15):
        """Return the last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def terminated_like_interrupted():
    """Let SIGTERM raise KeyboardInterrupt, so that ``finally`` blocks stop what was started."""

    def interrupt(_signal, _frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def answers(url):
    """Whether a GET of ``url`` succeeds within a few seconds."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status < 400
    except (urllib.error.URLError, OSError, ValueError):
        return False


def end_abandoned():
    """End the background programs of this checkout whose starter is gone without having stopped them."""
    for pid_file in RUN.glob("*.pid"):
        _program, starter = _read(pid_file)
        if not _is_alive(starter):
            _end(pid_file)


def end_all():
    """End every background program of this checkout."""
    for pid_file in RUN.glob("*.pid"):
        _end(pid_file)


def _end(pid_file):
    """End the process group that a PID file means, unless its number belongs to another program by now."""
    program, _starter = _read(pid_file)
    if _is_alive(program):
        _kill_group(int(program.partition("@")[0]))
    pid_file.unlink(missing_ok=True)


def _read(pid_file):
    """Return the identities in a PID file: of the program, and of the one that started it."""
    try:
        program, starter = pid_file.read_text().split()
    except (FileNotFoundError, ValueError):
        return "", ""
    return program, starter


def _identity(pid):
    """Return ``<pid>@<start time>``: tells a process from a later one that got its number."""
    try:
        return f"{pid}@{Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[19]}"
    except (OSError, IndexError):
        return f"{pid}@gone"


def _is_alive(identity):
    pid = identity.partition("@")[0]
    return bool(pid) and not identity.endswith("@gone") and _identity(int(pid)) == identity


def _kill_group(group):
    """End a process group by force, and wait until its ports and files are free."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
    deadline = time.monotonic() + KILL_SECONDS
    while _lives(group) and time.monotonic() < deadline:
        time.sleep(0.02)


def _lives(group):
    """Whether a process group has a thread that still runs; what only waits to be reaped does not count.

    Threads, because a process looks ended once its first thread is, while another still holds its sockets.
    """
    for path in Path("/proc").glob("[0-9]*/task/[0-9]*/stat"):
        try:
            state, _parent, its_group, *_rest = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(its_group) == group and state not in ("Z", "X"):
            return True
    return False

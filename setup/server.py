"""A running Odoo server: several workers and the job runner, started, awaited and stopped with all its processes.

Used by the demo, by the browser tests and for development::

    with server.running("demo", ready, database="retail_demo", environment="demo", http_port=8069) as odoo:
        print(odoo.url)
"""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from . import odoo_config
from .paths import PYTHON, ROOT, RUN, VENV
from .ports import free_port, is_free
from .shell import SetupError, environ

# With several workers it has to be this script: `python -m odoo` cannot restart its event-loop child.
ODOO_SCRIPT = VENV / "bin" / "odoo"
START_SECONDS = 120
STOP_SECONDS = 20


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
        """Start the program, after ending what an earlier run of ours may have left behind."""
        RUN.mkdir(parents=True, exist_ok=True)
        end_leftover(self._pid_file)
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
        self._pid_file.write_text(f"{self._popen.pid} {_start_time(self._popen.pid)}")

    @property
    def pid(self):
        """Process id of the program, which is its group's too."""
        return self._popen.pid

    @property
    def is_alive(self):
        """Whether the program still runs."""
        return self._popen is not None and self._popen.poll() is None

    def wait(self):
        """Wait until the program ends by itself or the person interrupts."""
        self._popen.wait()

    def stop(self):
        """Ask the program to end, wait, and end by force what is left of its group."""
        if self._popen is None:
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


class OdooServer(Process):
    """Odoo with workers and the job runner on one database.

    :param str name: names the log, the configuration file and the PID file in ``.local/run``
    :param Environment ready: from :func:`setup.environment.ensure`
    :param str database: an existing database with the suite installed
    :param str environment: what the server declares itself to be, such as ``demo``
    :param int http_port: port to listen on; a free one by default
    :param int workers: number of HTTP workers
    :param options: further options of Odoo's configuration file
    """

    def __init__(self, name, ready, *, database, environment, http_port=None, workers=2, **options):
        self.database = database
        self.http_port = http_port or free_port()
        self.url = f"http://localhost:{self.http_port}"
        self.config = odoo_config.write(
            name,
            odoo=ready.odoo,
            server=ready.server,
            database=database,
            environment=environment,
            http_port=self.http_port,
            gevent_port=options.pop("gevent_port", None) or free_port(),
            workers=workers,
            **{"max_cron_threads": 1, **options},
        )
        env = odoo_config.environ(ready.server, database)
        super().__init__(name, [PYTHON, ODOO_SCRIPT, "-c", self.config], env)

    def start(self):
        """Start the server and wait until it answers."""
        end_leftover(self._pid_file)
        if not is_free(self.http_port):
            raise SetupError(f"Port {self.http_port} is taken by another program.", "Stop it, or give another PORT=….")
        super().start()
        self.wait_for(f"{self.url}/web/health?db_server_status=1")


@contextmanager
def running(name, ready, **settings):
    """Run an :class:`OdooServer` for the length of a ``with`` block; SIGTERM ends the block as Ctrl-C does."""
    odoo = OdooServer(name, ready, **settings)
    with terminated_like_interrupted():
        try:
            odoo.start()
            yield odoo
        finally:
            odoo.stop()


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


def end_leftover(pid_file):
    """End the process group that a killed run left behind, if it is still the one that the PID file means."""
    try:
        pid, started = pid_file.read_text().split()
    except (FileNotFoundError, ValueError):
        return
    if _start_time(int(pid)) == started:
        _kill_group(int(pid))
    pid_file.unlink(missing_ok=True)


def end_all_leftovers():
    """End every background program of this checkout."""
    for pid_file in RUN.glob("*.pid"):
        end_leftover(pid_file)


def _start_time(pid):
    """Return when a process started, in the system's own unit; tells a process from a later one with its number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "unknown"


def _kill_group(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass

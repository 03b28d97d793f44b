"""Runs the tests in three parts: plain ones, Odoo's on a fresh copy of an installed database, those with a server.

Every part is a pytest run of its own, since pytest-odoo turns the whole run into an Odoo process. All addons' tests are
two runs at once, on a copy each: such a run keeps one core busy.
"""

import os
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from xml.etree import ElementTree

from . import addons, database, environment, node, odoo_config, system
from .paths import ADDONS, PYTHON, ROOT, RUN
from .ports import free_port
from .shell import SetupError, environ, say

PLAIN_FOLDERS = ("setup/tests", "simulators/*/tests", "benchmarks/tests", "benchmarks/*/tests")
SERVER_FOLDERS = ("e2e",)
OK, NOTHING_COLLECTED = 0, 5  # pytest's exit codes
AT_ONCE = 2
WITHOUT_ODOO = ("-p", "no:odoo")


@dataclass(frozen=True)
class Part:
    """One pytest run and how it ended.

    :param str name: what ran
    :param int code: pytest's exit code
    """

    name: str
    code: int
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def main(addon="", keyword=""):
    """Run the tests and return the exit code.

    :param str addon: run this addon's tests only
    :param str keyword: run what matches pytest's ``-k`` expression only
    """
    ready = environment.ensure(system.CHROMIUM, system.CHROMEDRIVER)
    node.ensure()
    if addon:
        parts = _run_addons(ready, [addon], keyword, 1)
    else:
        parts = [_run("plain", _find_folders(PLAIN_FOLDERS), WITHOUT_ODOO, keyword)]
        parts += _run_addons(ready, addons.names(), keyword, AT_ONCE)
        parts.append(_run("server", _find_folders(SERVER_FOLDERS), WITHOUT_ODOO, keyword))
    parts = [part for part in parts if part]
    if not parts:
        raise SetupError(f"There is no test in addons/{addon}/tests.", "Write one, or name another ADDON.")
    return _report(parts, keyword)


def verdict(parts, keyword):
    """Return the exit code for all parts: 0 when every one passed and none was empty by accident.

    A part without a test is a failure, except that a keyword may leave some parts empty, not all.

    :param list[Part] parts: the parts that ran
    :param str keyword: the ``-k`` expression, if any
    """
    codes = {part.code for part in parts}
    if keyword and OK in codes:
        codes.discard(NOTHING_COLLECTED)
    return OK if codes == {OK} else 1


def _find_folders(patterns):
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def _run_addons(ready, wanted, keyword, at_once):
    """Run the tests of addons in ``at_once`` runs; return their parts."""
    files = sorted(path for name in wanted for path in (ADDONS / name / "tests").glob("test_*.py"))
    if not files:
        return []
    suite = database.ensure_suite(ready.odoo, ready.server, wanted)
    with ExitStack() as stack:
        runs = []
        for number, share in enumerate(shares(files, at_once), 1):
            label = f"addons{number}" if at_once > 1 else "addons"
            name = stack.enter_context(database.scratch(ready.server, suite, f"test{number}"))
            config = odoo_config.write(
                name,
                odoo=ready.odoo,
                server=ready.server,
                database=name,
                environment="test",
                http_port=free_port(),
            )
            options = (f"--odoo-config={config}", "--odoo-http", "--odoo-log-level=warn")
            run = Run(label, share, options, keyword, odoo_config.environ(ready.server, name), is_shown=number == 1)
            stack.callback(run.kill)
            runs.append(run)
        return [run.wait() for run in runs]


def shares(files, count):
    """Split test files into ``count`` lists of about the same size in bytes, none of them empty.

    :param list[Path] files: existing files
    """
    found = [[] for _number in range(min(count, len(files)))]
    sizes = [0] * len(found)
    for path in sorted(files, key=lambda path: -path.stat().st_size):
        smallest = sizes.index(min(sizes))
        found[smallest].append(path)
        sizes[smallest] += path.stat().st_size
    return [sorted(share) for share in found]


def _run(name, paths, options, keyword):
    """Run pytest on ``paths``; return a :class:`Part`, or None where there are none."""
    return Run(name, paths, options, keyword).wait() if paths else None


class Run:
    """One pytest process.

    :param str name: of the part
    :param list[Path] paths: folders or files
    :param bool is_shown: show what it says at once, instead of all of it at its end
    """

    def __init__(self, name, paths, options, keyword, env=None, is_shown=True):
        RUN.mkdir(parents=True, exist_ok=True)
        self.name = name
        self._report = RUN / f"junit-{name}-{os.getpid()}.xml"
        self._output = None if is_shown else (RUN / f"pytest-{name}.log")
        command = [PYTHON, "-m", "pytest", *options, f"--junitxml={self._report}"]
        command += [path.relative_to(ROOT) for path in paths]
        if keyword:
            command += ["-k", keyword]
        say(f"Tests, {name}: {' '.join(sorted({str(path.relative_to(ROOT).parent) for path in paths}))}")
        target = self._output.open("w") if self._output else None
        self._process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env=environ(env),
            stdin=subprocess.DEVNULL,
            stdout=target,
            stderr=subprocess.STDOUT if target else None,
        )
        if target:
            target.close()

    def wait(self):
        """Wait for the end; return the :class:`Part`."""
        try:
            code = self._process.wait()
            if self._output:
                print(self._output.read_text(errors="replace"), flush=True)
            return Part(self.name, code, *count(self._report))
        finally:
            self._report.unlink(missing_ok=True)

    def kill(self):
        """End it if it still runs, as after Ctrl-C."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


def count(report):
    """Return how many tests passed, failed and were skipped by a JUnit report of pytest.

    :param Path report: the file; counts nothing where pytest did not come to write it
    """
    if not report.exists():
        return 0, 0, 0
    suite = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314 - written by pytest a moment ago
    total, skipped = int(suite.get("tests")), int(suite.get("skipped"))
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    return total - failed - skipped, failed, skipped


def _report(parts, keyword):
    code = verdict(parts, keyword)
    say("Result")
    for part in parts:
        print(f"{part.name:>10}: {part}" + (f" (pytest exit code {part.code})" if part.code else ""))
    print(Part("all", code, *(sum(getattr(part, kind) for part in parts) for kind in ("passed", "failed", "skipped"))))
    return code

"""Runs the tests in three parts: plain ones, Odoo's on a fresh copy of an installed database, those with a server.

Every part is a pytest run of its own, since pytest-odoo turns the whole run into an Odoo process.
"""

import os
import subprocess
from dataclasses import dataclass
from xml.etree import ElementTree

from . import addons, database, environment, node, odoo_config, system
from .paths import ADDONS, PYTHON, ROOT, RUN
from .shell import SetupError, environ, say

PLAIN_FOLDERS = ("setup/tests", "simulators/*/tests", "benchmarks/tests", "benchmarks/*/tests")
SERVER_FOLDERS = ("e2e",)
OK, NOTHING_COLLECTED = 0, 5  # pytest's exit codes
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
        parts = [_run_addons(ready, [addon], keyword)]
    else:
        parts = [_run("plain", PLAIN_FOLDERS, WITHOUT_ODOO, keyword)]
        if addons.names():
            parts.append(_run_addons(ready, addons.names(), keyword))
        parts.append(_run("server", SERVER_FOLDERS, WITHOUT_ODOO, keyword))
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


def _run_addons(ready, wanted, keyword):
    suite = database.ensure_suite(ready.odoo, ready.server, wanted)
    folders = [f"addons/{name}/tests" for name in wanted if (ADDONS / name / "tests").is_dir()]
    with database.scratch(ready.server, suite, "test") as name:
        config = odoo_config.write(name, odoo=ready.odoo, server=ready.server, database=name, environment="test")
        options = (f"--odoo-config={config}", "--odoo-http", "--odoo-log-level=warn")
        return _run("addons", folders, options, keyword, odoo_config.environ(ready.server, name))


def _run(name, patterns, options, keyword, env=None):
    """Run pytest on the folders that match ``patterns``; return a :class:`Part`, or None where there is no folder."""
    folders = [path.relative_to(ROOT) for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    if not folders:
        return None
    RUN.mkdir(parents=True, exist_ok=True)
    report = RUN / f"junit-{name}-{os.getpid()}.xml"
    command = [PYTHON, "-m", "pytest", *options, f"--junitxml={report}", *folders]
    if keyword:
        command += ["-k", keyword]
    say(f"Tests: {' '.join(map(str, folders))}")
    code = subprocess.call([str(part) for part in command], cwd=ROOT, env=environ(env), stdin=subprocess.DEVNULL)
    try:
        return Part(name, code, *count(report))
    finally:
        report.unlink(missing_ok=True)


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

"""Set up and run the retail integration suite.

    python3 -m setup <command> [NAME=value …]

Commands, most of them also as `make <command>`:

    demo                     set up everything and run the demo             (PORT=8069)
    test                     set up everything and run the tests            (ADDON=name, K=pytest's -k expression)
    bench [NAME …]           run the load kit                               (SHORT=1: correctness alone, some minutes)
    lint [CHECK] [FILE …]    run the linters, or one of them
    format                   let ruff and prettier correct the files
    wheels                   build the addons' wheels into dist/            (ADDON=name)
    env                      set up only: Odoo, virtual environment, database server
    serve                    run Odoo on a development database             (ADDON=name, PORT=8069)
    update                   update addons on the development database      (ADDON=name)
    shell                    Odoo's Python shell on the development database
    psql                     psql on the database server                    (DATABASE=name)
    node-lock                resolve package.json into package-lock.json
    stop                     stop the private database cluster and servers left running
    clean                    stop, and delete everything the set-up made (.local, dist)

Variables of the environment: ODOO_HOME (an Odoo 19 that you have), PGHOST, PGPORT, PGUSER, PGPASSWORD or DATABASE_URL
(a database server that you have), DEBIAN_MIRROR (where to get Odoo 19 on another system with apt).
"""

import shutil
import subprocess
import sys

from . import development, environment, lint, node, postgres, process, test_runner, wheels
from .paths import LOCAL, PYTHON, ROOT
from .shell import SetupError, environ, say

INTERRUPTED = 130


def main(arguments):
    """Run the command that ``arguments`` name and return its exit code."""
    if not arguments or arguments[0] in ("help", "-h", "--help"):
        print(__doc__)
        return 0
    name, *rest = arguments
    if name not in COMMANDS:
        raise SetupError(f"There is no command “{name}”.", f"Name one of: {', '.join(COMMANDS)}.")
    options = dict(word.split("=", 1) for word in rest if "=" in word and word.split("=")[0].isupper())
    words = [word for word in rest if word.split("=")[0] not in options]
    return COMMANDS[name](options, words) or 0


def _demo(options, _words):
    from . import demo  # brings in what only the demo needs

    return demo.main(port=options.get("PORT", ""))


def _bench(options, words):
    environment.ensure()
    short = ["--short"] if options.get("SHORT", "") not in ("", "0") else []
    return subprocess.call([str(PYTHON), "-m", "benchmarks", *short, *words], cwd=ROOT, env=environ())


def _lint(_options, words):
    return lint.main(only=words[0] if words else "", files=words[1:])


def _stop(_options, _words):
    process.end_all()
    postgres.stop()


def _clean(_options, _words):
    process.end_all()
    postgres.remove()
    for folder in (LOCAL, wheels.DIST):
        shutil.rmtree(folder, ignore_errors=True)
    say("Deleted .local and dist")


COMMANDS = {
    "demo": _demo,
    "test": lambda options, _words: test_runner.main(options.get("ADDON", ""), options.get("K", "")),
    "bench": _bench,
    "lint": _lint,
    "format": lambda _options, words: lint.main(files=words, fix=True),
    "wheels": lambda options, _words: wheels.main(options.get("ADDON", "")),
    "env": lambda _options, _words: environment.ensure() and 0,
    "serve": lambda options, _words: development.serve(options.get("ADDON", ""), options.get("PORT", "")),
    "update": lambda options, _words: development.update(options.get("ADDON", "")),
    "shell": lambda options, _words: development.shell(options.get("ADDON", "")),
    "psql": lambda options, _words: development.psql(options.get("DATABASE", "")),
    "node-lock": lambda _options, _words: node.lock(),
    "stop": _stop,
    "clean": _clean,
}


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        print(f"\nError: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        sys.exit(INTERRUPTED)

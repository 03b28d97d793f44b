"""Databases, made quickly by copying.

Two layers are kept: a *template* with what the suite's addons depend on, keyed by the versions installed, and on top of
it a *suite* database with the addons themselves, keyed by their files. Tests and the demo run on copies of the latter,
so an unchanged tree starts in seconds and a changed one is always installed afresh, never patched.
"""

import os
import re
import shutil
import time
from contextlib import contextmanager

from . import addons, odoo_config, system
from .paths import DATA_DIR, PYTHON, ROOT, RUN
from .shell import SetupError, digest, exclusive, run, say
from .venv import third_party_addons

PREFIX = "retail_"
FAULT = r"^\S+ \S+ \d+ (?:(?:CRITICAL|ERROR) .*|WARNING .* have no access rules .*)"


def template_key(version, third_party, depends):
    """Return the key of the template that holds ``depends``.

    :param str version: exact version of Odoo
    :param list[str] third_party: pinned requirements of others' addons
    :param list[str] depends: addons installed in the template
    """
    return digest(version, *sorted(third_party), "|", *sorted(depends))


def ensure_suite(odoo, server, wanted):
    """Return the name of an up-to-date database with the suite addons ``wanted`` and all they need.

    :param list[str] wanted: names of suite addons
    """
    ours, others = addons.closure(wanted)
    with exclusive("database"):
        template_id = template_key(odoo.version, third_party_addons(), others)
        template = f"{PREFIX}template_{template_id}"
        group = f"{PREFIX}suite_{digest(template_id, *ours)[:8]}_"
        suite = group + addons.content_key(ours)
        existing = list_databases(server)
        if suite in existing:
            return suite
        if template not in existing:
            _build(odoo, server, template, others, None)
        _build(odoo, server, suite, ours, template)
        for name in existing:
            if name.startswith(group):  # older content of the same addons
                drop(server, name)
    return suite


@contextmanager
def built(odoo, server, label, modules, **options):
    """Provide a database with ``modules`` alone, which is dropped afterwards; yields its name.

    :param str label: what it is for; part of its name
    :param options: of Odoo's configuration file while it is installed, such as another ``addons_path``
    """
    name = f"{PREFIX}{label}_{os.getpid()}"
    with exclusive("database"):
        _drop_abandoned(server, label)
        drop(server, name)
        _build(odoo, server, name, modules, None, **options)
    try:
        yield name
    finally:
        drop(server, name)


def _build(odoo, server, name, modules, source, **options):
    """Make database ``name``: a copy of ``source`` (or an empty one) with ``modules`` installed."""
    say(f"Installing into a database: {', '.join(modules)}")
    started = time.monotonic()
    building = f"{name}_new"
    drop(server, building)
    if source:
        copy(server, source, building)
    config = odoo_config.write("install", odoo=odoo, server=server, database=building, environment="test", **options)
    log = RUN / "install.log"
    log.unlink(missing_ok=True)
    command = [PYTHON, "-m", "odoo", "-c", config, "-i", ",".join(["base", *modules])]
    try:
        run(
            [*command, "--stop-after-init", "--no-http", "--max-cron-threads=0", "--logfile", log],
            env=odoo_config.environ(server, building),
            capture=True,
            failure=f"Installing {', '.join(modules)} failed.",
            todo=f"Read {log.relative_to(ROOT)}.",
        )
    except SetupError:
        show_errors(log)
        drop(server, building)
        raise
    check_log(log)
    rename(server, building, name)
    say(f"… done in {time.monotonic() - started:.0f} s")


def show_errors(log):
    """Print the errors of an Odoo log with what follows them."""
    if log.exists():
        text = log.read_text()
        found = re.search(r"^.* (CRITICAL|ERROR) ", text, re.MULTILINE)
        print((text[found.start() :] if found else text)[-6000:])


def check_log(log):
    """Refuse an installation that Odoo called a success although it logged a fault."""
    found = re.findall(FAULT, log.read_text(), re.MULTILINE)
    if found:
        raise SetupError("The installation logged faults:\n" + "\n".join(found[:10]), f"Read {log}.")


def list_databases(server):
    """Return the names of all databases on the server."""
    return sql(server, "SELECT datname FROM pg_database").split()


def sql(server, statement, database="postgres"):
    """Run one statement and return its output, unaligned."""
    return run(
        [system.find_program("psql"), "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement],
        env=server.env,
        capture=True,
        failure="The database server refused a statement.",
    )


def copy(server, source, target):
    """Copy a database with its attachments. Nobody may be connected to ``source``."""
    disconnect(server, source)
    sql(server, f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
    store = DATA_DIR / "filestore"
    shutil.rmtree(store / target, ignore_errors=True)
    if (store / source).is_dir():
        # Odoo never changes an attachment's file, so that hard links do.
        shutil.copytree(store / source, store / target, copy_function=os.link)


def rename(server, source, target):
    """Rename a database and its attachments' folder."""
    disconnect(server, source)
    sql(server, f'ALTER DATABASE "{source}" RENAME TO "{target}"')
    store = DATA_DIR / "filestore"
    shutil.rmtree(store / target, ignore_errors=True)
    if (store / source).is_dir():
        (store / source).rename(store / target)


def drop(server, name):
    """Drop a database with its attachments and configuration file, if it exists, whoever is connected."""
    sql(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(DATA_DIR / "filestore" / name, ignore_errors=True)
    (RUN / f"{name}.conf").unlink(missing_ok=True)


def disconnect(server, name):
    """End the sessions of a database."""
    sql(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608


@contextmanager
def scratch(server, source, label):
    """Provide a copy of ``source`` that is dropped afterwards; yields its name.

    :param str label: what the copy is for, such as ``test``; part of its name
    """
    name = f"{PREFIX}{label}_{os.getpid()}"
    with exclusive("database"):
        _drop_abandoned(server, label)
        drop(server, name)
        copy(server, source, name)
    try:
        yield name
    finally:
        drop(server, name)


def _drop_abandoned(server, label):
    """Drop the copies of runs that were killed."""
    for name in list_databases(server):
        found = re.fullmatch(f"{PREFIX}{label}_(\\d+)", name)
        if found and not os.path.exists(f"/proc/{found[1]}") and os.path.isdir("/proc/self"):
            drop(server, name)

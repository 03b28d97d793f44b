"""A database and a server to develop with, kept from one start to the next."""

import subprocess

from . import addons, database, environment, odoo_config, server, system
from .paths import PYTHON, ROOT
from .shell import environ, exclusive, run, say

DATABASE = "retail_dev"
DEFAULT_PORT = 8069


def serve(addon="", port=""):
    """Run Odoo on the development database until interrupted.

    :param str addon: suite addon to install with its dependencies; all of them by default
    :param str port: port to listen on
    """
    ready = _ensure_database(addon)
    settings = {"database": DATABASE, "environment": "development", "http_port": int(port or DEFAULT_PORT)}
    with server.running("dev", ready, **settings) as odoo:
        say(f"Odoo is at {odoo.url} (user admin, password admin); its log is {odoo.log.relative_to(ROOT)}")
        say("Ctrl-C stops it")
        odoo.wait()


def update(addon=""):
    """Install and update suite addons on the development database, as ``odoo -i … -u …`` does."""
    ready = _ensure_database(addon)
    modules = ",".join([addon] if addon else addons.product())
    command = [PYTHON, "-m", "odoo", "-c", _config(ready), "-i", modules, "-u", modules]
    options = ["--stop-after-init", "--no-http", "--max-cron-threads=0"]
    run([*command, *options], env=odoo_config.environ(ready.server, DATABASE), failure="The update failed.")


def shell(addon=""):
    """Open Odoo's Python shell on the development database."""
    ready = _ensure_database(addon)
    command = [str(PYTHON), "-m", "odoo", "shell", "-c", str(_config(ready)), "--no-http"]
    return subprocess.call(command, cwd=ROOT, env=environ(odoo_config.environ(ready.server, DATABASE)))


def psql(name=""):
    """Open psql on a database of the cluster."""
    ready = environment.ensure()
    command = [system.find_program("psql"), "-d", name or DATABASE]
    return subprocess.call(command, env=environ(ready.server.env))


def _config(ready):
    settings = {"database": DATABASE, "environment": "development"}
    return odoo_config.write("dev-tool", odoo=ready.odoo, server=ready.server, **settings)


def _ensure_database(addon):
    ready = environment.ensure()
    if DATABASE not in database.list_databases(ready.server):
        suite = database.ensure_suite(ready.odoo, ready.server, [addon] if addon else addons.product())
        with exclusive("database"):
            database.copy(ready.server, suite, DATABASE)
    return ready

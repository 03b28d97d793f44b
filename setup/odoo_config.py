"""Odoo's configuration file, as the tests, the demo and the shell need it."""

import base64
import os
import secrets
from configparser import RawConfigParser

from .paths import ADDONS, DATA_DIR, LOCAL, RUN

SERVER_WIDE = ("base", "web", "queue_job", "retail_integration_gateway")
ENCRYPTION_KEY = LOCAL / "encryption.key"


def path(name):
    """Return where the configuration file ``name`` is."""
    return RUN / f"{name}.conf"


def write(name, *, odoo, server, database, environment, jobs=2, **options):
    """Write ``.local/run/<name>.conf`` and return its path.

    :param OdooSource odoo: the Odoo to run
    :param Server server: the database server
    :param str database: name of the only database that this Odoo serves
    :param str environment: what the suite shall take this server for: ``demo``, ``test``, …
    :param int jobs: how many jobs may run at once
    :param options: further options of Odoo, such as ``http_port`` and ``workers``
    """
    config = RawConfigParser()
    config["options"] = {
        "addons_path": ",".join(map(str, [*odoo.addons, ADDONS])),
        "data_dir": str(DATA_DIR),
        "db_host": server.host,
        "db_port": str(server.port),
        "db_user": server.user,
        "db_password": server.password,
        "db_name": database,
        "list_db": "False",
        "server_wide_modules": ",".join(SERVER_WIDE),
        "http_interface": "127.0.0.1",
        "proxy_mode": "False",
        "with_demo": "False",
        "retail_environment": environment,
        "retail_encryption_keys": encryption_key(),
        **{option: str(value) for option, value in options.items()},
    }
    # Jobs run in HTTP workers: some of those must stay free for the channels that call. What waits for a vendor's
    # answer (standard) never takes all that jobs may have.
    config["queue_job"] = {"channels": f"root:{jobs},root.retail.standard:1"}
    RUN.mkdir(parents=True, exist_ok=True)
    ADDONS.mkdir(exist_ok=True)
    target = path(name)
    target.touch(mode=0o600)
    with target.open("w") as file:
        config.write(file)
    return target


def environ(server, database):
    """Return the changes to the environment that make Odoo obey its configuration file.

    Odoo lets variables win over the file: any ``ODOO_<OPTION>``, and PostgreSQL's own.

    :param Server server: the database server
    :param str database: the database to run on
    """
    others = {name: None for name in os.environ if name.startswith(("ODOO_", "OPENERP_"))}
    return {**others, **server.env, "PGDATABASE": database}


def encryption_key():
    """Return the Fernet key of this checkout's databases, made once: 32 random bytes, URL-safe base64."""
    if not ENCRYPTION_KEY.exists():
        LOCAL.mkdir(exist_ok=True)
        ENCRYPTION_KEY.touch(mode=0o600)
        ENCRYPTION_KEY.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    return ENCRYPTION_KEY.read_text()

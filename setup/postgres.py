"""The database server: the one that ``PGHOST`` or ``DATABASE_URL`` names, else a private cluster of this checkout.

The private cluster listens on a socket and on the loopback address, on a free port of its own, and asks for a password.
PostgreSQL refuses to run as root, so root runs it under an unprivileged account.
"""

import json
import os
import pwd
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from . import system
from .paths import LOCAL
from .ports import free_port, is_free
from .shell import SetupError, digest, run, say, succeeds

ROLE = "odoo"
ACCOUNT = "postgres"
CREATE_ROLE = "Give Odoo a role of its own: createuser --createdb odoo"
STATE = LOCAL / "postgres.json"
# Sized to leave a small machine room for Odoo. fsync and synchronous_commit stay on: the suite's promises about crashes
# are tested on this cluster.
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "autovacuum_naptime": "20s",
    "log_min_duration_statement": "2s",
}


@dataclass(frozen=True)
class Server:
    """How to reach a database server."""

    host: str
    port: int
    user: str
    password: str

    @property
    def env(self):
        """The variables that PostgreSQL's programs read; None for a password that there is not."""
        password = self.password or None
        return {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.user, "PGPASSWORD": password}


def ensure():
    """Return a :class:`Server` that answers: the user's, or the private cluster, made and started as needed."""
    server = from_environment(os.environ)
    if server:
        system.ensure(system.POSTGRES_CLIENT)
        _check(server)
        return server
    system.ensure(system.POSTGRES_SERVER, system.POSTGRES_CLIENT)
    state = _load_state() or _create()
    if not _is_running(state):
        _start(state)
    return Server(state["socket"], state["port"], ROLE, state["password"])


def from_environment(environ):
    """Return the server that ``DATABASE_URL`` or ``PGHOST`` names, or None.

    :param dict environ: the environment's variables
    """
    url = environ.get("DATABASE_URL")
    if url:
        parts = urlsplit(url)
        if parts.scheme not in ("postgres", "postgresql") or not parts.hostname:
            raise SetupError(
                "DATABASE_URL names no PostgreSQL server.", "Write it as postgresql://user:password@host:port/."
            )
        return Server(
            unquote(parts.hostname), parts.port or 5432, unquote(parts.username or ROLE), unquote(parts.password or "")
        )
    if environ.get("PGHOST"):
        return Server(
            environ["PGHOST"],
            int(environ.get("PGPORT") or 5432),
            environ.get("PGUSER") or pwd.getpwuid(os.getuid()).pw_name,
            environ.get("PGPASSWORD", ""),
        )
    return None


def stop():
    """Stop the private cluster, if it runs."""
    state = _load_state()
    if state and _is_running(state):
        say("Stopping the database cluster")
        _as_account(["pg_ctl", "-D", state["data"], "-m", "fast", "-w", "stop"], state)


def remove():
    """Stop the private cluster and delete it with all its databases."""
    stop()
    state = _load_state()
    if state:
        shutil.rmtree(state["home"], ignore_errors=True)
        shutil.rmtree(state["socket"], ignore_errors=True)
        STATE.unlink()


def _load_state():
    if not STATE.exists():
        return None
    state = json.loads(STATE.read_text())
    return state if Path(state["data"], "PG_VERSION").exists() else None


def _create():
    account = _ensure_account() if os.getuid() == 0 else None
    home = _place_home(account)
    data = home / "data"
    shutil.rmtree(data, ignore_errors=True)
    password = secrets.token_hex(16)
    socket_folder = home / "socket"
    if len(str(socket_folder)) > 80:  # the system limits a socket's path to some 100 characters
        socket_folder = Path(tempfile.mkdtemp(prefix="retail-pg-"))
    socket_folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    socket_folder.chmod(0o755)
    state = {
        "home": str(home),
        "data": str(data),
        "socket": str(socket_folder),
        "account": account,
        "password": password,
        "port": free_port(),
    }
    say("Making the private database cluster")
    with tempfile.NamedTemporaryFile("w", suffix=".pw") as password_file:
        password_file.write(password)
        password_file.flush()
        if account:
            for path in (home, socket_folder, password_file.name):
                shutil.chown(path, account)
        # fmt: off
        _as_account([
            "initdb", "-D", data, "-U", ROLE, "-A", "scram-sha-256", "--pwfile", password_file.name,
            "-E", "UTF8", "--locale", "C.UTF-8", "--data-checksums",
        ], state)
        # fmt: on
    LOCAL.mkdir(exist_ok=True)
    STATE.touch(mode=0o600)
    STATE.write_text(json.dumps(state, indent=2))
    return state


def _start(state):
    if not is_free(state["port"]):
        state["port"] = free_port()
        STATE.write_text(json.dumps(state, indent=2))
    settings = {**SETTINGS, "port": state["port"], "unix_socket_directories": f"'{state['socket']}'"}
    included = Path(state["data"], "retail.conf")
    included.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    main = Path(state["data"], "postgresql.conf")
    if "retail.conf" not in main.read_text():
        with main.open("a") as config:
            config.write("include = 'retail.conf'\n")
    if state["account"]:
        shutil.chown(included, state["account"])
    Path(state["socket"]).mkdir(exist_ok=True)
    log = Path(state["home"], "postgres.log")
    say(f"Starting the database cluster on port {state['port']}")
    _as_account(["pg_ctl", "-D", state["data"], "-l", log, "-w", "-t", "60", "start"], state, log)


def _is_running(state):
    return succeeds([system.find_program("pg_isready"), "-q", "-h", state["socket"], "-p", state["port"]])


def _check(server):
    """See to it that the user's server will do: it answers, and its role may make databases."""
    question = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    may_create = run(
        [system.find_program("psql"), "-X", "-d", "postgres", "-Atc", question],
        env=server.env,
        capture=True,
        failure=f"The database server at {server.host}:{server.port} does not answer user {server.user}.",
        todo="Correct PGHOST, PGPORT, PGUSER and PGPASSWORD, or unset PGHOST to get a private cluster.",
    )
    if server.user == "postgres":
        raise SetupError("Odoo refuses to work as the database user postgres.", f"{CREATE_ROLE}, and set PGUSER.")
    if may_create.strip() != "t":
        raise SetupError(f"The database user {server.user} may not create databases.", f"{CREATE_ROLE}.")


def _as_account(command, state, log=None):
    program = system.find_program(command[0])
    command = [program, *command[1:]]
    if state["account"]:
        command = ["runuser", "-u", state["account"], "--", *command]
    # The server outlives this program: it must hold neither its output nor its working directory.
    run(
        command,
        cwd="/",
        stdout_to=LOCAL / "postgres.out",
        failure=f"PostgreSQL's {program.name} failed.",
        todo=f"Read {log or LOCAL / 'postgres.out'}; `make clean` starts afresh.",
    )


def _ensure_account():
    """Return the name of an unprivileged account to run the cluster under, making one if there is none."""
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        run(["useradd", "--system", "--user-group", "--no-create-home", ACCOUNT], failure=f"No account {ACCOUNT}.")
    return ACCOUNT


def _place_home(account):
    """Return the cluster's folder: in `.local`, unless the account cannot get there (a checkout under /root, say)."""
    home = LOCAL / "pg"
    home.mkdir(parents=True, exist_ok=True)
    if account and not succeeds(["runuser", "-u", account, "--", "test", "-x", home], cwd="/"):
        home = Path("/var/lib/retail-integration") / digest(str(LOCAL))
        home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    return home

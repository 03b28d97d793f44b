"""A running Odoo server with several workers and the job runner.

Used by the demo, by the browser tests and for development::

    with server.running("demo", ready, database="retail_demo", environment="demo", http_port=8069) as odoo:
        print(odoo.url)
"""

from contextlib import contextmanager

from . import odoo_config
from .paths import PYTHON, VENV
from .ports import free_port, is_free
from .process import Process, terminated_like_interrupted
from .shell import SetupError

# With several workers it has to be this script: `python -m odoo` cannot restart its event-loop child.
ODOO_SCRIPT = VENV / "bin" / "odoo"


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
        self.config = odoo_config.path(name)
        self._settings = {
            "odoo": ready.odoo,
            "server": ready.server,
            "database": database,
            "environment": environment,
            "http_port": self.http_port,
            "gevent_port": free_port(),
            "workers": workers,
            "max_cron_threads": 1,
            **options,
        }
        super().__init__(name, [PYTHON, ODOO_SCRIPT, "-c", self.config], odoo_config.environ(ready.server, database))

    def start(self):
        """Start the server and wait until it answers."""
        self.refuse_a_second()
        if not is_free(self.http_port):
            raise SetupError(f"Port {self.http_port} is taken by another program.", "Stop it, or give another PORT=….")
        odoo_config.write(self.name, **self._settings)
        super().start()
        self.wait_for(f"{self.url}/web/health?db_server_status=1")

    def stop(self):
        """Stop the server with all its workers."""
        if self.was_started:
            super().stop()
            self.config.unlink(missing_ok=True)  # it holds the database's password


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

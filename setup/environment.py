"""The whole environment that a command needs, made or brought up to date."""

from dataclasses import dataclass

from . import odoo_source, postgres, system, venv
from .shell import exclusive


@dataclass(frozen=True)
class Environment:
    """What is ready to be used: Odoo and a database server that answers."""

    odoo: odoo_source.OdooSource
    server: postgres.Server


def ensure(*programs):
    """Make Odoo, the virtual environment and the database server ready. Takes a fraction of a second when they are.

    :param tuple programs: rows of :mod:`setup.system` that the command needs besides
    """
    with exclusive("environment"):
        system.ensure(*programs)
        odoo = odoo_source.find()
        venv.ensure(odoo)
        return Environment(odoo, postgres.ensure())

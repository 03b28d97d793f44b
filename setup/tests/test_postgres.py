"""The database server that the environment names."""

import pytest

from setup import postgres
from setup.postgres import Server
from setup.shell import SetupError


@pytest.mark.parametrize(
    ("environ", "server"),
    [
        ({}, None),
        ({"DATABASE_URL": "postgresql://ann:s%40lt@db.example:5433/any"}, Server("db.example", 5433, "ann", "s@lt")),
        ({"DATABASE_URL": "postgres://db.example"}, Server("db.example", 5432, "odoo", "")),
        (
            {"PGHOST": "db.example", "PGPORT": "5433", "PGUSER": "ann", "PGPASSWORD": "salt"},
            Server("db.example", 5433, "ann", "salt"),
        ),
    ],
)
def test_the_server_is_the_one_that_the_environment_names(environ, server):
    assert postgres.from_environment(environ) == server


def test_without_a_user_pghost_takes_the_persons_own_name(monkeypatch):
    server = postgres.from_environment({"PGHOST": "db.example"})
    assert server.user
    assert server.port == 5432


def test_an_address_of_something_else_is_refused():
    with pytest.raises(SetupError, match=r"names no PostgreSQL server[\s\S]*postgresql://"):
        postgres.from_environment({"DATABASE_URL": "mysql://db.example"})


def test_programs_get_a_password_only_where_there_is_one():
    assert Server("h", 1, "u", "").env["PGPASSWORD"] is None
    assert Server("h", 1, "u", "p").env == {"PGHOST": "h", "PGPORT": "1", "PGUSER": "u", "PGPASSWORD": "p"}

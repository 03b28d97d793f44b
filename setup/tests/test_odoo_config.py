"""Odoo's configuration file."""

import stat
from configparser import RawConfigParser
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from setup import odoo_config
from setup.odoo_source import OdooSource
from setup.postgres import Server


@pytest.fixture
def write(tmp_path, monkeypatch):
    """``odoo_config.write`` into a temporary folder; returns the path and the options read back."""
    monkeypatch.setattr(odoo_config, "LOCAL", tmp_path)
    monkeypatch.setattr(odoo_config, "RUN", tmp_path / "run")
    monkeypatch.setattr(odoo_config, "ADDONS", tmp_path / "addons")
    monkeypatch.setattr(odoo_config, "ENCRYPTION_KEY", tmp_path / "encryption.key")

    def write(**options):
        path = odoo_config.write(
            "shop",
            odoo=OdooSource(Path("/o"), (Path("/o/odoo/addons"), Path("/o/addons")), "19.0"),
            server=Server("db.example", 5433, "ann", "s%lt"),
            database="retail_shop",
            environment="demo",
            **options,
        )
        parser = RawConfigParser()
        parser.read(path)
        return path, parser

    return write


def test_the_file_says_where_everything_is(write, tmp_path):
    _path, parser = write(workers=2)
    options = parser["options"]
    assert options["addons_path"] == f"/o/odoo/addons,/o/addons,{tmp_path}/addons"
    assert (options["db_host"], options["db_port"]) == ("db.example", "5433")
    assert (options["db_user"], options["db_password"]) == ("ann", "s%lt")
    assert options["workers"] == "2"


def test_the_server_serves_its_one_database_and_lists_none(write):
    options = write()[1]["options"]
    # A dbfilter would make Odoo ask PostgreSQL for all databases at every request.
    assert (options["db_name"], options["list_db"], "dbfilter" in options) == ("retail_shop", "False", False)


def test_the_job_runner_is_loaded_server_wide(write):
    assert write()[1]["options"]["server_wide_modules"] == "base,web,queue_job,retail_integration_gateway"


def test_the_environment_and_the_key_are_declared(write):
    options = write()[1]["options"]
    assert options["retail_environment"] == "demo"
    Fernet(options["retail_encryption_keys"])


def test_the_key_is_made_once(write):
    assert write()[1]["options"]["retail_encryption_keys"] == write()[1]["options"]["retail_encryption_keys"]


def test_what_a_person_exported_for_odoo_does_not_win_over_the_file(monkeypatch):
    monkeypatch.setenv("ODOO_HTTP_PORT", "80")
    changes = odoo_config.environ(Server("db.example", 5433, "ann", ""), "retail_shop")
    assert changes["ODOO_HTTP_PORT"] is None
    assert (changes["PGHOST"], changes["PGDATABASE"]) == ("db.example", "retail_shop")


def test_secrets_are_readable_by_their_owner_only(write, tmp_path):
    path, _parser = write()
    for secret in (path, tmp_path / "encryption.key"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600

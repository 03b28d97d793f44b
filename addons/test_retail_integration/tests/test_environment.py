"""A copied database is harmless."""

from odoo.exceptions import UserError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged
from odoo.tools import config

from odoo.addons.retail_integration_base.engine.errors import Refused

from .common import RetailCase


@tagged("post_install", "-at_install")
class TestEnvironment(RetailCase):
    def be(self, environment):
        previous = config["retail_environment"]
        config["retail_environment"] = environment
        self.addCleanup(config.__setitem__, "retail_environment", previous)
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    def assert_disarmed(self, *words):
        self.assertFalse(self.backend.is_armed)
        for word in words:
            self.assertIn(word, self.backend.disarmed_reason)
        with self.assertRaises(Refused):
            self.backend._require_armed()
        self.assertNotIn(self.backend, self.env["retail.backend"]._armed())

    def test_a_backend_works_where_it_was_armed(self):
        self.assertTrue(self.backend.is_armed)
        self.backend._require_armed()

    def test_a_backend_of_another_environment_is_disarmed_and_says_so(self):
        self.be("staging")
        self.assert_disarmed("staging")

    def test_a_server_that_declares_nothing_disarms_everything(self):
        self.be("")
        self.assert_disarmed("retail_environment")
        with self.assertRaises(UserError):
            self.backend.action_arm()

    def test_a_copy_of_the_database_on_the_same_server_is_disarmed(self):
        self.env["ir.config_parameter"].set_param("database.uuid", "another")
        self.env.invalidate_all()
        self.assert_disarmed("copy")

    def test_a_new_backend_is_disarmed_until_somebody_arms_it(self):
        backend = self.make_backend("Fresh", armed=False)
        self.assertFalse(backend.is_armed)
        backend.action_arm()
        self.assertTrue(backend.is_armed)

    def test_neutralize_disarms_all(self):
        queries = list(get_neutralization_queries(["retail_integration_base"]))
        self.assertTrue(queries)
        for query in queries:
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertFalse(self.env["retail.backend"]._armed())

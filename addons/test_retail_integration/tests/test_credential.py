"""Secrets are written, used, never read back."""

from datetime import timedelta

from cryptography.fernet import Fernet

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import config, mute_logger

from .common import OTHER_KEY, SIGNING_KEY, RetailCase


@tagged("post_install", "-at_install")
class TestCredential(RetailCase):
    def setUp(self):
        super().setUp()
        self.credential = self.backend.credential_ids
        self.manager = self.make_user("manager", "retail_integration_base.group_retail_manager")

    def set_keys(self, *keys):
        previous = config["retail_encryption_keys"]
        config["retail_encryption_keys"] = ",".join(key.decode() for key in keys)
        self.addCleanup(config.__setitem__, "retail_encryption_keys", previous)

    def test_no_read_search_or_export_returns_a_secret(self):
        credential = self.credential.with_user(self.manager)
        names = list(credential._fields)
        everything = str(credential.read()) + str(self.credential.read()) + str(self.credential.export_data(names))
        self.assertNotIn(SIGNING_KEY, everything)
        self.assertNotIn("ciphertext", credential._fields)

    def test_the_database_holds_only_ciphertext(self):
        self.env.cr.execute("SELECT * FROM retail_credential WHERE id = %s", (self.credential.id,))
        row = str(self.env.cr.dictfetchone())
        self.assertNotIn(SIGNING_KEY, row)
        self.assertIn("gAAAA", row, "a Fernet token")

    def test_roles_below_manager_do_not_see_credentials(self):
        for group in ("auditor", "operator", "accountant"):
            user = self.make_user(group, "retail_integration_base.group_retail_" + group)
            with self.assertRaises(AccessError):
                self.credential.with_user(user).read(["fingerprint"])
            with self.assertRaises(AccessError):
                self.backend.with_user(user).read(["token"])

    def test_a_secret_is_used_as_it_was_entered(self):
        self.assertEqual(self.backend._get_secret("signing_key"), SIGNING_KEY)

    def test_two_people_with_one_secret_see_one_fingerprint(self):
        other = self.make_backend("Other")
        self.assertEqual(other.credential_ids.fingerprint, self.credential.fingerprint)
        self.assertNotIn(self.credential.fingerprint, SIGNING_KEY)

    def test_a_new_active_secret_lets_the_one_before_retire(self):
        self.backend._set_secret("signing_key", OTHER_KEY)
        self.assertEqual(self.backend._get_secret("signing_key"), OTHER_KEY)
        self.assertEqual(self.credential.state, "retiring")
        self.assertEqual(len(self.env["retail.credential"]._valid_for(self.backend)), 2)

    def test_a_revoked_secret_is_forgotten(self):
        self.credential.action_revoke()
        self.env.cr.execute("SELECT ciphertext FROM retail_credential WHERE id = %s", (self.credential.id,))
        self.assertEqual(self.env.cr.fetchone(), (None,))
        with self.assertRaises(UserError):
            self.credential.action_activate()

    def test_the_encryption_key_can_be_rotated(self):
        old, new = Fernet.generate_key(), Fernet.generate_key()
        self.set_keys(old)
        credential = self.env["retail.credential"].create(
            {"backend_id": self.make_backend("Rotated").id, "value": OTHER_KEY, "state": "next"}
        )
        self.set_keys(new, old)
        # The world of this test holds secrets of the server's own key too; rotate just the one.
        credential._encrypt(credential._decrypt().decode())
        self.set_keys(new)
        self.assertEqual(credential._decrypt().decode(), OTHER_KEY)
        self.set_keys(old)
        with self.assertRaises(UserError):
            credential._decrypt()

    def test_reencrypting_keeps_every_secret(self):
        self.credential.with_user(self.manager).action_reencrypt()
        self.assertEqual(self.backend._get_secret("signing_key"), SIGNING_KEY)

    def test_without_a_server_key_no_secret_is_taken_and_the_message_says_what_to_do(self):
        self.set_keys()
        with self.assertRaisesRegex(UserError, "retail_encryption_keys"):
            self.env["retail.credential"].create({"backend_id": self.backend.id, "value": "x", "state": "next"})

    def test_a_secret_is_not_copied_with_its_backend(self):
        copy = self.backend.copy()
        self.assertFalse(copy.credential_ids)
        self.assertNotEqual(copy.token, self.backend.token)
        self.assertFalse(copy.is_armed)

    def test_one_secret_that_cannot_be_opened_does_not_shut_out_the_others(self):
        self.backend._set_secret("signing_key", OTHER_KEY)
        self.env.cr.execute("UPDATE retail_credential SET ciphertext = 'x' WHERE id = %s", (self.credential.id,))
        with self.assertLogs("odoo.addons.retail_integration_base.models.retail_backend", "ERROR"):
            endpoint = self.backend._make_endpoint()
        self.assertEqual([secret.value.decode() for secret in endpoint.secrets], [OTHER_KEY])
        self.env.cr.execute("UPDATE retail_credential SET ciphertext = 'x' WHERE backend_id = %s", (self.backend.id,))
        with mute_logger("odoo.addons.retail_integration_base.models.retail_backend"), self.assertRaises(UserError):
            self.backend._make_endpoint()

    def test_a_secret_that_has_ended_is_not_accepted_from_the_cache(self):
        now = fields.Datetime.now()
        self.credential.expires_at = now + timedelta(minutes=1)
        endpoint = self.backend._make_endpoint()
        self.assertTrue(endpoint.valid_at(now).secrets)
        self.assertFalse(endpoint.valid_at(now + timedelta(minutes=2)).secrets)

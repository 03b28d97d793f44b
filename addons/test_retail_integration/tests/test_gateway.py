"""The gateway's promises, over real HTTP."""

import json
from datetime import datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import HttpCase, tagged

from odoo.addons.retail_integration_base.controllers import gateway
from odoo.addons.retail_integration_base.engine import receive as receive_engine
from odoo.addons.retail_integration_base.engine import telemetry
from odoo.addons.retail_integration_base.engine.uses import Uses

from .common import OTHER_KEY, SIGNING_KEY, RetailCase, note_body, signed_headers


@tagged("post_install", "-at_install")
class TestGateway(RetailCase, HttpCase):
    def post(self, body, headers=None, token=None, endpoint="webhook"):
        headers = signed_headers(body) if headers is None else headers
        # ``url_open`` makes a GET of an empty body.
        return self.opener.post(
            "%s/retail/%s/%s" % (self.base_url(), token or self.backend.token, endpoint),
            data=body,
            headers={"Content-Type": "application/json", **headers},
            timeout=20,
        )

    def messages(self):
        return self.env["retail.inbox"].search([("backend_id", "=", self.backend.id)])

    def refusals(self):
        self.env.invalidate_all()
        return {
            refusal.reason: refusal.count
            for refusal in self.env["retail.gateway.refusal"].search([("backend_id", "=", self.backend.id)])
        }

    def test_a_signed_message_is_stored_as_it_came_and_answered_200(self):
        body = note_body("n1", text="grüße ✓")
        response = self.post(body)
        self.assertEqual(response.status_code, 200)
        message = self.messages()
        self.assertEqual(message._read_bodies(), {message.id: body})
        self.assertEqual((message.state, message.entity, message.subject_key), ("pending", "note", "note:n1"))
        self.assertEqual(message.headers["webhook-id"], "msg_1")

    def test_a_redelivered_message_is_stored_once_and_answered_200(self):
        body = note_body("n1")
        self.assertEqual([self.post(body).status_code for _i in range(3)], [200, 200, 200])
        self.assertEqual(len(self.messages()), 1)

    def test_an_unknown_token_is_refused_and_counted_without_a_row(self):
        response = self.post(note_body("n1"), token="nobody")
        self.assertEqual(response.status_code, 404)
        self.assertFalse(self.messages())
        self.assertTrue(self.env["retail.gateway.refusal"].search([("reason", "=", "unknown_token")]).count)

    def test_an_unknown_endpoint_is_refused(self):
        self.assertEqual(self.post(note_body("n1"), endpoint="other").status_code, 404)
        self.assertEqual(self.refusals(), {"unknown_endpoint": 1})

    def test_a_wrong_signature_is_refused_and_counted_without_a_row(self):
        body = note_body("n1")
        for _i in range(2):
            self.assertEqual(self.post(body, signed_headers(body, key=OTHER_KEY)).status_code, 401)
        self.assertFalse(self.messages())
        self.assertEqual(self.refusals(), {"bad_signature": 2})

    def test_a_tampered_body_is_refused(self):
        headers = signed_headers(note_body("n1"))
        self.assertEqual(self.post(note_body("n2"), headers).status_code, 401)

    def test_a_missing_signature_is_refused(self):
        self.assertEqual(self.post(note_body("n1"), {}).status_code, 401)
        self.assertEqual(self.refusals(), {"no_signature": 1})

    def test_a_stale_or_future_timestamp_is_refused(self):
        body = note_body("n1")
        now = datetime.now(timezone.utc)
        for minutes in (-6, 6):
            headers = signed_headers(body, at=now + timedelta(minutes=minutes))
            self.assertEqual(self.post(body, headers).status_code, 401)
        self.assertFalse(self.messages())

    def test_without_a_secret_there_is_no_endpoint(self):
        self.backend.credential_ids.action_revoke()
        self.assertEqual(self.post(note_body("n1")).status_code, 404)
        self.assertEqual(self.refusals(), {"no_secret": 1})

    def test_two_secrets_are_valid_while_one_replaces_the_other(self):
        self.env["retail.credential"].create(
            {"backend_id": self.backend.id, "kind": "signing_key", "value": OTHER_KEY, "state": "next"}
        )
        old, new = note_body("n1"), note_body("n2")
        self.assertEqual(self.post(old, signed_headers(old, "m1", SIGNING_KEY)).status_code, 200)
        self.assertEqual(self.post(new, signed_headers(new, "m2", OTHER_KEY)).status_code, 200)
        self.assertEqual(len(self.messages().credential_id), 2)

    def test_a_revoked_secret_is_refused_at_once(self):
        body = note_body("n1")
        self.assertEqual(self.post(body).status_code, 200)
        self.env["retail.credential"].create(
            {"backend_id": self.backend.id, "kind": "signing_key", "value": OTHER_KEY, "state": "active"}
        )
        self.backend.credential_ids.filtered(lambda credential: credential.state == "retiring").action_revoke()
        self.assertEqual(self.post(body, signed_headers(body, "m2")).status_code, 401)

    def test_using_a_secret_shows_when_it_was_used(self):
        self.assertFalse(self.backend.credential_ids.last_used_at)
        self.patch(gateway, "_uses", Uses())
        self.post(note_body("n1"))
        self.env.invalidate_all()
        self.assertTrue(self.backend.credential_ids.last_used_at)

    def test_a_disarmed_backend_refuses_and_stores_nothing(self):
        self.backend.action_disarm()
        self.assertEqual(self.post(note_body("n1")).status_code, 403)
        self.assertFalse(self.messages())
        self.assertEqual(self.refusals(), {"disarmed": 1})

    def test_an_archived_backend_is_not_found(self):
        self.backend.active = False
        self.assertEqual(self.post(note_body("n1")).status_code, 404)

    def test_a_body_above_the_limit_is_refused_with_413(self):
        self.patch(receive_engine, "MAX_BODY_BYTES", 1000)
        body = note_body("n1", text="x" * 2000)
        self.assertEqual(self.post(body).status_code, 413)
        self.assertFalse(self.messages())

    def test_a_body_too_large_to_parse_is_stored_and_quarantined(self):
        self.patch(receive_engine, "MAX_PARSE_BYTES", 1000)
        body = note_body("n1", text="x" * 2000)
        self.assertEqual(self.post(body).status_code, 200)
        self.drain()
        self.assertEqual(self.messages().state, "quarantined")
        self.assertIn("are not read", self.messages().reason)

    def test_signed_bytes_that_cannot_be_read_are_stored_quarantined_and_answered_200(self):
        bodies = [b"", b"not json", b"[1, 2]", b'{"a": "\x00"}', b'"\\u0000"', b"\xff\xfe\x00", b"[" * 200_000,
                  json.dumps({"schema": "note.v1", "external_id": "a\x00b", "version": 1}).encode(),
                  b'{"schema": "note.v1", "external_id": "n", "version": 1e999}',
                  b'{"schema": "note.v1", "external_id": "n", "version": ' + b"9" * 30 + b"}"]  # fmt: skip
        for number, body in enumerate(bodies):
            response = self.post(body, _headers_of_bytes(body, "m%d" % number))
            self.assertEqual(response.status_code, 200, body[:40])
        self.drain()
        self.assertEqual(len(self.messages()), len(bodies))
        self.assertEqual(set(self.messages().mapped("state")), {"quarantined"})
        self.assertEqual(
            set(self.messages().exception_id.mapped("kind")), {"unreadable_message"}, "each has an exception"
        )

    def test_a_body_sent_as_a_form_is_still_read_as_the_bytes_that_were_signed(self):
        body = note_body("n1")
        headers = {**signed_headers(body), "Content-Type": "application/x-www-form-urlencoded"}
        self.assertEqual(self.post(body, headers).status_code, 200)
        self.assertEqual(self.messages()._read_bodies(), {self.messages().id: body})

    def test_a_get_is_not_an_error_of_ours(self):
        response = self.url_open("/retail/%s/webhook" % self.backend.token)
        self.assertIn(response.status_code, (404, 405))

    def test_the_trace_of_the_caller_is_kept(self):
        body = note_body("n1")
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        self.post(body, {**signed_headers(body), "traceparent": "00-%s-00f067aa0ba902b7-01" % trace})
        self.assertEqual(self.messages().trace_id, trace)

    def test_a_stored_message_wakes_one_drain_job_for_many_messages(self):
        jobs = self.env["queue.job"].search([("model_name", "=", "retail.drain")])
        self.env.cr.execute("UPDATE retail_drain_group SET is_awake = NULL")
        for number in range(5):
            body = note_body("n1", version=number)
            self.post(body, signed_headers(body, "m%d" % number))
        new_jobs = self.env["queue.job"].search([("model_name", "=", "retail.drain")]) - jobs
        self.assertEqual(len(new_jobs), 1)
        self.assertEqual(new_jobs.channel, "root.retail.realtime")

    def test_cookies_and_authorizations_are_not_stored(self):
        body = note_body("n1")
        headers = {**signed_headers(body), "Authorization": "Basic eDp5"}  # the test client sends a cookie of its own
        self.assertEqual(self.post(body, headers).status_code, 200)
        self.assertNotIn("authorization", self.messages().headers)
        self.assertNotIn("cookie", self.messages().headers)


@tagged("post_install", "-at_install")
class TestReceiveAnything(RetailCase):
    """The same pure function, with whatever a caller may send."""

    @given(
        body=st.binary(max_size=300),
        headers=st.dictionaries(
            st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "traceparent", "x"]),
            st.text(max_size=80),
        ),
        endpoint=st.sampled_from(["webhook", "", "x"]),
    )
    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    def test_whatever_a_caller_sends_the_answer_is_4xx_and_nothing_is_stored(self, body, headers, endpoint):
        stored = []
        answer = self._receive(body, headers, endpoint, stored)
        self.assertTrue(400 <= answer.status < 500, answer)
        self.assertFalse(stored)
        self.assertIsNone(telemetry.under_way())

    @given(body=st.binary(max_size=300), message_id=st.text(min_size=1, max_size=300))
    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    def test_whatever_is_signed_is_stored_with_what_postgresql_can_hold(self, body, message_id):
        stored = []
        headers = _headers_of_bytes(body, message_id)
        answer = self._receive(body, headers, "webhook", stored)
        self.assertEqual(answer.status, 200)
        self.assertEqual(stored[0]["body"], body)
        self.assertIsNone(telemetry.under_way(), "what this thread does next is not about this message")

    def _receive(self, body, headers, endpoint, stored):
        from odoo.addons.retail_integration_base.engine import inbox_sql
        from odoo.addons.retail_integration_base.engine.messages import WebhookRequest

        def store(row):
            stored.append(row)
            with self.env.cr.savepoint():
                return inbox_sql.insert_message(self.env.cr, row)

        return receive_engine.receive(
            WebhookRequest(self.backend.token, endpoint, headers, body),
            self.env["retail.backend"]._endpoint_of,
            lambda code: self.env["retail.connector.%s" % code]._webhook_policy,
            store,
        )


def _headers_of_bytes(body, message_id):
    """Sign bytes the official signer would refuse to take as text."""
    import base64
    import time

    from odoo.addons.retail_integration_base.engine import standard_webhooks

    stamp = str(int(time.time()))
    signed = message_id.encode("utf-8", "surrogateescape") + b"." + stamp.encode() + b"." + body
    signature = base64.b64encode(standard_webhooks.sign_bytes(SIGNING_KEY.encode(), signed)).decode()
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": "v1," + signature}

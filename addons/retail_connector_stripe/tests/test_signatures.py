"""Whatever header and body come: our verdict is that of Stripe's official SDK."""

import hashlib
import hmac
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.retail_connector_stripe.stripe import const, signature
from odoo.addons.retail_integration_base.engine.errors import Refused
from odoo.addons.retail_integration_base.engine.messages import Secret

SECRETS = ("whsec_current", "whsec_retiring")
STRANGER = "whsec_stranger"


def sign(secret, body, timestamp):
    return hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()


def theirs(header, body, secret):
    """Return whether the official SDK accepts; any error of it is a refusal."""
    import stripe

    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, secret, signature.TOLERANCE_SECONDS))
    except Exception:  # noqa: BLE001 some of its refusals are plain Python errors
        return False


def ours(header, body, secrets=SECRETS):
    """Return whether we accept; every refusal is a 4xx."""
    known = [Secret(number, const.SIGNING_KIND, secret.encode()) for number, secret in enumerate(secrets)]
    try:
        signature.verify(header, body, known)
    except Refused as refusal:
        if not 400 <= refusal.status < 500:
            raise AssertionError("%d is no 4xx" % refusal.status) from refusal
        return False
    return True


BODIES = st.one_of(
    st.just(b'{"id":"evt_1"}'), st.text(max_size=40).map(str.encode), st.binary(max_size=20), st.just(b"\xff\xfe{}")
)
AGES = st.sampled_from((0, 10, 290, 310, 10**6, -10, -310, -(10**6)))
STAMPS = st.sampled_from(("{}", " {}", "{} ", "+{}", "0{}", "{}.0", "x{}", "", "{}=", "-{}", "٣{}", "1_{}"))
JUNK = st.one_of(
    st.sampled_from(("v1=", "v0=abc", "v2=abc", "v1", "t", "t=1", "t=", "v1=é", "v1=zz", "", "=", "v1=a=b", "scheme")),
    st.text(max_size=8),
)


@st.composite
def letters(draw):
    """A header and a body: mostly nearly right, which is where verdicts differ."""
    body = draw(BODIES)
    timestamp = int(time.time()) - draw(AGES)
    parts = ["t=" + draw(STAMPS).format(timestamp)]
    for signer in draw(st.lists(st.sampled_from((*SECRETS, STRANGER)), max_size=3)):
        scheme = draw(st.sampled_from(("v1", "v1", "v1", "v0", "V1", " v1")))
        parts.append("%s=%s" % (scheme, sign(signer, body, timestamp)))
    parts += draw(st.lists(JUNK, max_size=3))
    parts = draw(st.permutations(parts))
    sent = draw(st.sampled_from((body, body, body, body + b" ")))
    return draw(st.sampled_from((",", ",", ",", ", "))).join(parts), sent


class TestSignatures(BaseCase):
    @settings(deadline=None, max_examples=1500)
    @given(letters())
    def test_the_verdict_is_the_sdks(self, letter):
        header, body = letter
        wanted = any(theirs(header, body, secret) for secret in SECRETS)
        self.assertEqual(ours(header, body), wanted, (header, body))

    @settings(deadline=None, max_examples=300)
    @given(st.text(max_size=60), BODIES)
    def test_noise_is_refused_as_by_the_sdk(self, header, body):
        self.assertEqual(ours(header, body), any(theirs(header, body, secret) for secret in SECRETS))

    def test_the_corpus_holds_both_verdicts(self):
        import stripe

        body, now = b'{"id":"evt_1"}', int(time.time())
        made = stripe.WebhookSignature.generate_signature_header(body.decode(), SECRETS[0])
        cases = {
            made: True,
            "t=%d,v1=%s" % (now, sign(SECRETS[1], body, now)): True,  # signed with the secret before
            "t=%d,v1=%s,v1=%s" % (now, "0" * 64, sign(SECRETS[0], body, now)): True,
            "t=%d,v1=%s" % (now + 4000, sign(SECRETS[0], body, now + 4000)): True,  # the future is accepted
            "t=%d,v0=%s" % (now, sign(SECRETS[0], body, now)): False,  # downgraded
            "t=%d,v1=%s" % (now - 301, sign(SECRETS[0], body, now - 301)): False,
            "t=%d,v1=%s" % (now, sign(STRANGER, body, now)): False,
            "v1=%s" % sign(SECRETS[0], body, now): False,
        }
        for header, verdict in cases.items():
            self.assertEqual((ours(header, body), any(theirs(header, body, one) for one in SECRETS)), (verdict,) * 2)
        for header in (None, ""):
            self.assertFalse(ours(header, body))
        self.assertFalse(ours(made, body, secrets=()))
        self.assertFalse(ours(made, body, secrets=(" ",)))

    def test_no_more_than_32_signatures_are_looked_at(self):
        body, now = b"{}", int(time.time())
        right = "v1=" + sign(SECRETS[0], body, now)
        self.assertTrue(ours(",".join(["t=%d" % now, *["v1=0"] * 31, right]), body))
        self.assertFalse(ours(",".join(["t=%d" % now, *["v1=0"] * 32, right]), body))

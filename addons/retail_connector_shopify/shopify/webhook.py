"""Whether a webhook is Shopify's, and what it is about. Bytes in, verdict out; no database, no network.

Source: shopify.dev, "Verify webhook deliveries" and "Webhook headers".
"""

import base64
import hashlib
import hmac
import json
import re
from datetime import datetime, timezone

from odoo.addons.retail_integration_base.engine.errors import MalformedMessage, Refused
from odoo.addons.retail_integration_base.engine.messages import MessageKey

from . import const, privacy
from .instants import parse_instant, to_micros

SIGNING_KIND = "shopify_client_secret"
_GID = re.compile(r"gid://shopify/([A-Za-z]+)/([1-9][0-9]{0,30})")
#: Headers are not covered by the signature, so what is taken from them must look like what Shopify sends.
_DELIVERY_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class ShopifyWebhookPolicy:
    """Implements ``WebhookPolicy`` of the base (verify, describe); the handler mixes the two."""

    endpoints = ("webhook",)

    def verify(self, request, endpoint):
        """Return the id of the client secret that signed ``request``.

        The signature comes first: whoever cannot sign learns neither which shop nor which topics are ours.

        :raises Refused: 401 ``bad_signature``, 403 ``wrong_shop``, 404 ``unknown_topic``
        """
        credential_id = self._signed_by(request, endpoint)
        shop = request.headers.get(const.HEADER_SHOP, "").strip().lower()
        if not shop or shop != endpoint.settings.get("shop_domain"):
            raise Refused("The message is of another shop (%r)." % shop[:100], reason="wrong_shop", status=403)
        topic = request.headers.get(const.HEADER_TOPIC, "")
        is_subscribed = topic in const.TOPICS and topic in endpoint.settings.get("topics", ())
        if not is_subscribed and topic not in const.COMPLIANCE_TOPICS:
            raise Refused("Nobody subscribed to the topic %r." % topic[:100], reason="unknown_topic", status=404)
        return credential_id

    def describe(self, request, endpoint):
        """Return the :class:`MessageKey` of a verified request.

        The dedupe key is the topic with ``X-Shopify-Event-Id``: one event has one id through all retries and all
        subscriptions, and one event can bring messages of several topics. Where the header is missing the delivery's
        own id serves (retries keep it), and after that the body. A caller who replays signed bytes under an invented
        id gains nothing: the message is a hint, the order is fetched from Shopify.

        :raises MalformedMessage: the bytes do not say what they are about
        """
        topic = request.headers[const.HEADER_TOPIC]
        payload = read_object(request.body)
        if topic in const.COMPLIANCE_TOPICS:
            return self._describe_privacy(request, topic, payload)
        entity = const.TOPICS[topic]
        return MessageKey(
            topic=topic,
            entity=entity,
            subject_key="%s:%s" % (entity, _subject_gid(payload, const.GID_TYPES[entity])),
            dedupe_key="%s:%s" % (topic, _event_id(request)),
            version=to_micros(parse_instant(payload.get("updated_at"))),
            occurred_at=_naive_utc(parse_instant(request.headers.get(const.HEADER_TRIGGERED))),
        )

    def _describe_privacy(self, request, topic, payload):
        """A request of a person is no state of anything: each is carried out, and named by its event alone."""
        privacy.read_request(topic, payload)
        event = "%s:%s" % (topic, _event_id(request))
        return MessageKey(
            topic=topic,
            entity=privacy.ENTITY,
            subject_key="%s:%s" % (privacy.ENTITY, event),
            dedupe_key=event,
            occurred_at=_naive_utc(parse_instant(request.headers.get(const.HEADER_TRIGGERED))),
            is_state=False,
        )

    def _signed_by(self, request, endpoint):
        claimed = request.headers.get(const.HEADER_HMAC, "").encode("utf-8", "replace")
        signer = None
        for secret in endpoint.secrets:
            # An access token is a secret of the backend too; it is no key to sign with.
            if secret.kind != SIGNING_KIND:
                continue
            # The text is compared, not the decoded digest: base64 has several spellings of one digest.
            if hmac.compare_digest(sign(secret.value, request.body), claimed):
                signer = secret.id
        if signer is None:
            raise Refused("The signature is missing or wrong.", reason="bad_signature", status=401)
        return signer


def sign(secret, body):
    """Return ``X-Shopify-Hmac-Sha256`` of ``body``: base64(HMAC-SHA256(client secret, raw body)), as bytes."""
    return base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest())


def read_object(body):
    """Return the JSON object in ``body``.

    :raises MalformedMessage: whatever is wrong with it
    """
    try:
        payload = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise MalformedMessage("The body is not UTF-8: %s." % error.reason) from error
    except RecursionError as error:
        raise MalformedMessage("The body is nested too deeply to be read.") from error
    except ValueError as error:
        raise MalformedMessage("The body is not JSON: %s." % str(error)[:200]) from error
    if not isinstance(payload, dict):
        raise MalformedMessage("The body is JSON but no object (%s)." % type(payload).__name__)
    if b"\\u0000" in body and _holds_nul(payload):
        raise MalformedMessage("The body holds NUL characters, which no database field can store.")
    return payload


def _refuse_constant(name):
    raise ValueError("%s is no JSON number" % name)


def _holds_nul(payload):
    """Look for NUL in keys and texts, without recursion: what was parsed may be nested nearly too deeply."""
    stack = [payload]
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            if "\x00" in value:
                return True
        elif isinstance(value, dict):
            stack.extend(value.keys())
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    return False


def _subject_gid(payload, gid_type):
    """Return the subject's global id.

    ``id`` is a number that JavaScript tools round above 2^53, so the text of ``admin_graphql_api_id`` is believed.
    Python's integers are exact, which makes ``id`` good enough where the text is missing.
    """
    gid = payload.get("admin_graphql_api_id")
    if gid is not None:
        match = _GID.fullmatch(gid) if isinstance(gid, str) else None
        if not match or match.group(1) != gid_type:
            raise MalformedMessage("admin_graphql_api_id is not of the form gid://shopify/%s/…." % gid_type)
        return gid
    number = payload.get("id")
    if type(number) is not int or not 0 < number < 10**31:
        raise MalformedMessage("The body has neither admin_graphql_api_id nor a usable id.")
    return "gid://shopify/%s/%d" % (gid_type, number)


def _event_id(request):
    for header in (const.HEADER_EVENT, const.HEADER_DELIVERY):
        value = request.headers.get(header, "")
        if _DELIVERY_ID.fullmatch(value):
            return value
    return "sha256-" + hashlib.sha256(request.body).hexdigest()


def _naive_utc(moment):
    return moment.astimezone(timezone.utc).replace(tzinfo=None) if isinstance(moment, datetime) else None

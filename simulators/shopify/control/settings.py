"""Commands on settings, clock, tokens, counters and the whole world."""

from dataclasses import asdict

from .. import summaries
from .command import only


def show_settings(world, body, request):
    """Settings in force."""
    status = world.bucket.status()
    return {
        **asdict(world.shop.settings),
        "scopes": sorted(world.app.scopes),
        "client_id": world.app.client_id,
        "webhook_version": world.app.webhook_version,
        "compliance_uri": world.app.compliance_uri,
        "bucket": {"maximum": status["maximumAvailable"], "restore_rate": status["restoreRate"]},
        "retry_delays": list(world.sender.retry_delays),
        "answer_seconds": world.sender.answer_seconds,
    }


def change_settings(world, body, request):
    """Change: scopes, plan, protected_customer_data, client_secret, bucket, retry_delays, answer_seconds, …"""
    body = dict(body)
    only(
        body,
        {"scopes", "client_secret", "webhook_version", "compliance_uri", "bucket", "retry_delays", "answer_seconds"}
        | summaries.SETTINGS,
    )
    if "scopes" in body:
        world.app.scopes = set(body["scopes"])
    for name in ("client_secret", "webhook_version", "compliance_uri"):
        if name in body:
            setattr(world.app, name, body[name])
    if "bucket" in body:
        world.bucket.configure(int(body["bucket"]["maximum"]), float(body["bucket"]["restore_rate"]))
    for name in ("retry_delays", "answer_seconds"):
        if name in body:
            setattr(world.sender, name, body[name])
    for name in summaries.SETTINGS & set(body):
        setattr(world.shop.settings, name, body[name])
    return show_settings(world, body, request)


def advance_clock(world, body, request):
    """Let simulated time pass: seconds."""
    world.clock.advance(float(body.get("seconds", 0)))
    return {"now": world.clock.now()}


def revoke_tokens(world, body, request):
    """End all access tokens."""
    world.app.revoke_tokens()
    return {"tokens": 0}


def show_stats(world, body, request):
    """Requests by path, the latest traces, GraphQL operations by name, gaps met, deliveries."""
    return {
        "now": world.clock.now(),
        "requests": dict(world.requests),
        "traces": list(world.traces),
        "operations": dict(world.engine.operations),
        "points_spent": world.engine.points_spent,
        "not_simulated": dict(world.engine.gaps),
        "deliveries": summaries.delivery_counts(world.sender.log),
        "records": summaries.record_counts(world.shop),
    }


def reset(world, body, request):
    """Begin anew: seed (default the same). Tokens, subscriptions, faults and logs go too."""
    only(body, {"seed"})
    world.reset(body.get("seed"))
    return {"seed": world.options.seed, "records": summaries.record_counts(world.shop)}

"""The page at ``/`` for people: what the shop holds, what was sent, and buttons to make things happen."""

from html import escape

from werkzeug.routing import Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from . import live, live_fulfilments, live_refunds, summaries
from .faults import API_FAULTS, WEBHOOK_FAULTS, Fault
from .page_style import STYLE
from .scenario import Scenario, Script
from .state.changes import NotPossible
from .state.kinds import KINDS

_SHOWN = 60


def show(world, request):
    """The whole page."""
    with world.shop.lock:
        body = "".join((_header(world, request), _actions(world), _orders(world), _deliveries(world)))
    html = f"<!doctype html><html lang=en><head><meta charset=utf-8><title>Shopify simulator</title>{STYLE}</head>"
    return Response(f"{html}<body>{body}</body></html>", content_type="text/html; charset=utf-8")


def act(world, request):
    """Carry out a button and come back."""
    form, message = request.form, ""
    try:
        message = _ACTIONS[form["action"]](world, form)
    except (KeyError, ValueError, NotPossible) as error:
        message = f"Not possible: {error.args[0] if error.args else error}"
    return redirect(f"/?said={message}", 303, Response)


def _place(world, form):
    orders = [
        live.place(world, form.get("kind") or None, unknown_sku="unknown_sku" in form)[0]
        for _position in range(min(int(form.get("count") or 1), 100))
    ]
    return f"Placed {', '.join(order['name'] for order in orders)}"


def _cancel(world, form):
    order = live.find_order(world.shop, form["order"])
    live.cancel(world, order)
    return f"Cancelled {order['name']}"


def _pay(world, form):
    order = live.find_order(world.shop, form["order"])
    live.mark_paid(world, order)
    return f"{order['name']} is paid"


def _ship(world, form):
    order = live.find_order(world.shop, form["order"])
    live_fulfilments.fulfil(world, order)
    return f"Shipped what was left of {order['name']}"


def _refund(world, form):
    order = live.find_order(world.shop, form["order"])
    made = live_refunds.refund(world, order)
    return f"Refunded {made['totalRefundedSet'].shopMoney.amount} of {order['name']}"


def _note(world, form):
    order = live.find_order(world.shop, form["order"])
    live.edit(world, order, note=form.get("note") or "Edited by hand")
    return f"Edited {order['name']}"


def _burst(world, form):
    if world.scenario is not None and world.scenario.progress()["state"] == "running":
        raise ValueError("a burst is running")
    script = Script(orders=int(form["orders"]), seconds=float(form["seconds"]), unknown_sku=int(form["unknown_sku"]))
    world.scenario = Scenario(world, script).start()
    return f"{script.orders} orders within {script.seconds:g} seconds"


def _misbehave(world, form):
    world.faults.add(Fault(form["fault"], count=int(form["count"])))
    return f"{form['fault']} for the next {form['count']}"


def _behave(world, form):
    world.faults.clear()
    return "No faults any more"


_ACTIONS = {
    "place": _place,
    "cancel": _cancel,
    "pay": _pay,
    "ship": _ship,
    "refund": _refund,
    "note": _note,
    "burst": _burst,
    "misbehave": _misbehave,
    "behave": _behave,
}


def _header(world, request):
    settings = world.shop.settings
    counts = summaries.record_counts(world.shop)
    facts = [
        (settings.domain, "shop"),
        (counts["Order"], "orders"),
        (counts["ProductVariant"], "variants"),
        (counts["Customer"], "customers"),
        (counts["WebhookSubscription"], "webhook subscriptions"),
        (sum(world.engine.operations.values()), "API operations"),
        (world.bucket.status()["currentlyAvailable"], "points left"),
    ]
    said = request.args.get("said")
    return (
        f"<header><h1>{escape(settings.name)}</h1><p>A simulated Shopify shop. <a href='/'>Refresh</a> · "
        "<a href='/_sim/'>Control API</a></p><dl>"
        + "".join(f"<div><dd>{escape(str(value))}</dd><dt>{name}</dt></div>" for value, name in facts)
        + "</dl></header>"
        + (f"<p class=said role=status>{escape(said)}</p>" if said else "")
    )


def _form(action, fields, label, title=""):
    heading = f"<h2>{title}</h2>" if title else ""
    return (
        f"<form method=post action=/act>{heading}<input type=hidden name=action value={action}>{fields}"
        f"<button>{label}</button></form>"
    )


def _number(name, value, label):
    return f"<label>{label}<input type=number name={name} value={value} min=0></label>"


def _select(name, options, label):
    choices = "".join(f"<option value='{value}'>{escape(text)}</option>" for value, text in options)
    return f"<label>{label}<select name={name}>{choices}</select></label>"


def _actions(world):
    kinds = [("", "an ordinary one"), *((kind, kind.replace("_", " ")) for kind in KINDS)]
    unknown = "<label class=check><input type=checkbox name=unknown_sku> sells an unknown product</label>"
    faults = [(name, name.replace("_", " ")) for name in API_FAULTS + WEBHOOK_FAULTS]
    burst = (
        _number("orders", 50, "Orders")
        + _number("seconds", 20, "Seconds")
        + _number("unknown_sku", 2, "Unknown product")
    )
    progress = world.scenario.progress() if world.scenario else None
    told = (
        f"<p>{progress['state']}: {progress['orders']} of {progress['script']['orders']} orders, "
        f"{progress['events']} events, {progress['duplicates']} duplicates</p>"
        if progress
        else ""
    )
    active = ", ".join(f"{entry['fault']} ×{entry['count'] or '∞'}" for entry in world.faults.active())
    return (
        "<section class=actions><div>"
        + _form(
            "place", _select("kind", kinds, "Kind") + _number("count", 1, "How many") + unknown, "Place", "New order"
        )
        + f"</div><div>{_form('burst', burst, 'Start', 'Burst')}{told}</div><div>"
        + _form(
            "misbehave", _select("fault", faults, "Fault") + _number("count", 5, "How often"), "Misbehave", "Faults"
        )
        + (f"<p>In force: {escape(active)}</p>{_form('behave', '', 'Behave')}" if active else "")
        + "</div></section>"
    )


def _orders(world):
    rows = "".join(_order_row(order) for order in reversed(world.shop.all("Order")[-_SHOWN:]))
    names = "Order Placed Customer Country Lines Total Payment Kind"
    head = "".join(f"<th>{name}</th>" for name in names.split())
    return (
        f"<section><h2>Orders</h2><table><thead><tr>{head}<th></th></tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _order_row(order):
    total, shown = order["currentTotalPriceSet"].shopMoney, order["currentTotalPriceSet"].presentmentMoney
    other = "" if shown.currencyCode == total.currencyCode else f"<small>{shown.amount} {shown.currencyCode}</small>"
    address = order["shippingAddress"]
    buttons = "".join(
        _form(action, f"<input type=hidden name=order value={order['number']}>", label)
        for action, label, is_possible in (
            ("note", "Edit", order["cancelledAt"] is None),
            ("pay", "Mark paid", order["canMarkAsPaid"]),
            ("ship", "Ship", any(line["unfulfilledQuantity"] for line in order["lineItems"])),
            ("refund", "Refund", any(line["currentQuantity"] for line in order["lineItems"])),
            ("cancel", "Cancel", order["cancelledAt"] is None),
        )
        if is_possible
    )
    state = "CANCELLED" if order["cancelledAt"] else order["displayFinancialStatus"]
    cells = [
        f"<a href='/_sim/orders/{order['number']}'>{order['name']}</a>",
        f"{order['createdAt']:%d %b %H:%M:%S}",
        escape(order["email"] or order["phone"] or "nobody known"),
        address["countryCodeV2"] if address else "store",
        str(len(order["lineItems"])),
        f"<b>{total.amount}</b> {total.currencyCode}{other}",
        f"<span class='state {state.lower()}'>{state.replace('_', ' ').lower()}</span>",
        escape(order["_kind"].replace("_", " ")),
        f"<div class=buttons>{buttons}</div>",
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _deliveries(world):
    counts = summaries.delivery_counts(world.sender.log)
    rows = "".join(_delivery_row(entry) for entry in reversed(world.sender.log[-_SHOWN:]))
    told = ", ".join(f"{value} {name}" for name, value in counts.items())
    names = "".join(f"<th>{name}</th>" for name in ("#", "Topic", "Subject", "Event", "Answer", "Tries", "State"))
    table = (
        f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>"
        if rows
        else "<p>Nothing was sent yet.</p>"
    )
    return f"<section><h2>Webhooks</h2><p>{told}</p>{table}</section>"


def _delivery_row(entry):
    last = entry.attempts[-1] if entry.attempts else {}
    cells = [
        entry.number,
        entry.topic + (" (duplicate)" if entry.is_duplicate else ""),
        entry.subject.rpartition("/")[2],
        entry.event_id[:8],
        last.get("status") or last.get("error") or "",
        len(entry.attempts),
    ]
    state = f"<td><span class='state {entry.state}'>{entry.state}</span></td>"
    return "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + state + "</tr>"


RULES = [Rule("/", endpoint=show, methods=["GET"]), Rule("/act", endpoint=act, methods=["POST"])]

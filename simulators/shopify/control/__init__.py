"""The control API under ``/_sim/``. The table of it is in README.md."""

from werkzeug.routing import Rule

from . import messages, orders, refunds, settings
from .command import command


def index(world, body, request):
    """This list."""
    return {
        "commands": [
            f"{', '.join(sorted(rule.methods - {'HEAD'}))} {rule.rule}: {rule.endpoint.__doc__}" for rule in RULES
        ]
    }


def _rule(method, path, function):
    return Rule(f"/_sim{path}", endpoint=command(function), methods=[method])


RULES = [
    _rule("GET", "/", index),
    _rule("GET", "/orders", orders.list_orders),
    _rule("POST", "/orders", orders.create_orders),
    _rule("GET", "/orders/<path:reference>", orders.show_order),
    _rule("POST", "/orders/<reference>/edit", orders.edit_order),
    _rule("POST", "/orders/<reference>/cancel", orders.cancel_order),
    _rule("POST", "/orders/<reference>/pay", orders.pay_order),
    _rule("POST", "/orders/<reference>/send", orders.send_order),
    _rule("POST", "/orders/<reference>/fulfil", orders.fulfil_order),
    _rule("POST", "/orders/<reference>/hold", orders.hold_order),
    _rule("POST", "/orders/<reference>/refund", refunds.refund_order),
    _rule("POST", "/orders/<reference>/return", refunds.open_return),
    _rule("POST", "/returns/<int:number>/dispose", refunds.dispose_return),
    _rule("POST", "/returns/<int:number>/end", refunds.end_return),
    _rule("POST", "/fulfilments/<int:number>/cancel", orders.cancel_fulfilment),
    _rule("POST", "/fulfilments/<int:number>/event", orders.note_fulfilment_event),
    _rule("POST", "/customers/<int:number>/edit", orders.edit_customer),
    _rule("POST", "/customers/<int:number>/privacy", orders.ask_for_privacy),
    _rule("POST", "/products/<int:number>/edit", orders.edit_product),
    _rule("GET", "/products", orders.list_products),
    _rule("POST", "/products", orders.add_products),
    _rule("POST", "/inventory", orders.set_inventory),
    _rule("POST", "/scenario", messages.start_scenario),
    _rule("GET", "/scenario", messages.show_scenario),
    _rule("DELETE", "/scenario", messages.stop_scenario),
    _rule("GET", "/faults", messages.list_faults),
    _rule("POST", "/faults", messages.add_fault),
    _rule("DELETE", "/faults", messages.clear_faults),
    _rule("GET", "/deliveries", messages.list_deliveries),
    _rule("GET", "/webhooks", messages.list_webhooks),
    _rule("POST", "/webhooks", messages.add_webhooks),
    _rule("DELETE", "/webhooks", messages.remove_webhooks),
    _rule("GET", "/settings", settings.show_settings),
    _rule("POST", "/settings", settings.change_settings),
    _rule("POST", "/clock", settings.advance_clock),
    _rule("POST", "/tokens/revoke", settings.revoke_tokens),
    _rule("GET", "/stats", settings.show_stats),
    _rule("POST", "/reset", settings.reset),
]

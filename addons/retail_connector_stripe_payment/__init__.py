from . import canonical, controllers, importers, models


def post_init_hook(env):
    """Give the Stripe backends that are there already the flow of payment events."""
    for backend in env["retail.backend"].with_context(active_test=False).search([("connector", "=", "stripe")]):
        backend._create_flows()

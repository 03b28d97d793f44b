from . import canonical, controllers, importers, models


def post_init_hook(env):
    """Give the Stripe backends that are there already the flow of payment events."""
    env["retail.backend"]._create_missing_flows("stripe")

"""What the workers do, inside a test's one transaction."""

from odoo.addons.retail_integration_base.engine.lanes import GROUPS


def drain_all(env):
    """Work off everything that is due; return how many messages that were.

    Like a worker it finds what was written before, and nothing in the cache that another user was allowed to read.
    """
    env.invalidate_all()  # flushes
    total, done = 0, 1
    while done:
        done = sum(env["retail.drain"]._drain_group(group, 60) for group in range(GROUPS))
        total += done
    env.invalidate_all()
    return total

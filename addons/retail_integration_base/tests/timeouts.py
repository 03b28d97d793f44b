"""For tests that call a simulator on this machine through ``engine/http.py``."""


class TimeoutPairs:
    """Mixin for Odoo's test cases."""

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Odoo's guard against calls to the world compares ``timeout`` with a number; ours is a pair."""
        if isinstance(options.get("timeout"), tuple):
            options["timeout"] = max(options["timeout"])
        return super()._request_handler(session, request, **options)

"""The simulator in this process."""

from simulators.server import Simulator

from . import routes
from .world import Options, World


class ShopifySimulator(Simulator):
    """The simulator in this process, for tests; a context manager too.

    :param int port: 0 takes any free one
    :param options: fields of :class:`world.Options`: ``seed``, ``start``, ``orders``, ``client_id``, ``client_secret``
    """

    def __init__(self, port=0, host="127.0.0.1", is_verbose=False, **options):
        super().__init__(World(Options(**options)), routes.dispatch, port, host, is_verbose)

"""For every pytest run, by `make test` or by hand: Node finds the packages that the set-up installed."""

import os

from setup import node

os.environ.setdefault("NODE_PATH", str(node.MODULES))

"""The set-up program: turns a fresh machine into a running Odoo 19 with the suite.

Run it from the repository's root with any Python 3.10 or newer; it needs the standard library only::

    python3 -m setup help
"""

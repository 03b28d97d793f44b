"""A small page at ``/`` for people."""

RULES = []

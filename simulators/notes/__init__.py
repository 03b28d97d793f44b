"""A vendor of nothing but notes and parcels, for the framework's own tests: the least that can be told a vendor."""

from .server import NotesVendor

__all__ = ["NotesVendor"]

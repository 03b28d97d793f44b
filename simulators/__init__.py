"""Fake vendors: each is a process of its own that obeys the vendor's published contract."""

"""CPU time that a server and its database have used: unlike seconds, it does not mind what else a machine does."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def group_seconds(group):
    """Return the CPU seconds of a process group's members and of their children that ended; 0.0 where unknown."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        fields = _read(path)
        if fields and int(fields[2]) == group:
            total += sum(map(int, fields[11:15]))
    return total / _TICKS


def tree_seconds(parent):
    """Return the CPU seconds of a process, its children, and those of them that ended; 0.0 where unknown."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        fields = _read(path)
        if fields and str(parent) in (fields[1], path.parent.name):
            total += sum(map(int, fields[11:15] if path.parent.name == str(parent) else fields[11:13]))
    return total / _TICKS


def _read(path):
    """Return the fields of a ``stat`` file after the program's name: state, parent, group, …"""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return None

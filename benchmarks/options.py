"""The options that benchmarks share: ``--short``, and whole numbers whose short form is smaller."""

import argparse


def parse(description, arguments, **numbers):
    """Return the options of a script.

    :param str description: its docstring; the first line is shown
    :param list[str] arguments: ``None``: those of the command line
    :param numbers: name → (value of the full form, value of the short form)
    """
    parser = argparse.ArgumentParser(description=description.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="says that it works, not how fast")
    for name, (full, short) in numbers.items():
        parser.add_argument(f"--{name}", type=int, help=f"default {full}, in the short form {short}")
    options = parser.parse_args(arguments)
    for name, (full, short) in numbers.items():
        if getattr(options, name) is None:
            setattr(options, name, short if options.short else full)
    return options

"""What the benchmarks of orders print: a table, and whether each target is met."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """One target and what was measured.

    :param float measured: ``None`` where nothing could be measured: that is a miss too
    :param bool at_most: the target is an upper bound
    """

    name: str
    measured: float | None
    target: float
    unit: str = "×"
    at_most: bool = False

    @property
    def is_met(self):
        if self.measured is None:
            return False
        return self.measured <= self.target if self.at_most else self.measured >= self.target

    def __str__(self):
        sign = "≤" if self.at_most else "≥"
        measured = "nothing" if self.measured is None else f"{self.measured:.2f}".removesuffix(".00")
        return (
            f"{'pass  ' if self.is_met else 'MISSED'}  {self.name} {sign} {self.target:g} {self.unit}: {measured} "
            f"{self.unit}".rstrip()
        )


def table(head, rows):
    """Return rows of values as a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def report(verdicts):
    """Print the verdicts and return the exit code: 0 when every target is met."""
    print()
    for verdict in verdicts:
        print(verdict)
    return 0 if verdicts and all(verdict.is_met for verdict in verdicts) else 1

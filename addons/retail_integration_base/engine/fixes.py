"""What a person can do about an exception, as a plain value that addons register."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fix:
    """One entry of the registry of fixes (``retail.exception._get_fixes``).

    :param str code: unique; also the name of the button
    :param str label: what the button says
    :param kinds: kinds of exceptions it serves; ``None`` serves all
    :param str wizard: name of a model that inherits ``retail.fix`` and asks what has to be known
    :param str method: instead of a wizard, a method of ``retail.exception`` that mends the records it is called on and
        returns the note for the chatter
    :param bool is_bulk: may be applied to all exceptions of a cause at once
    :param str group: XML id of the role that may use it
    :param bool is_decision: it settles what becomes of money or goods, so that four-eyes limits count
    :param int sequence: the first one that applies is the primary button
    """

    code: str
    label: str
    kinds: frozenset | None = None
    wizard: str = ""
    method: str = ""
    is_bulk: bool = True
    group: str = "retail_integration_base.group_retail_operator"
    is_decision: bool = True
    sequence: int = 10

    def __post_init__(self):
        if bool(self.wizard) == bool(self.method):
            raise ValueError("The fix %s has either a wizard or a method." % self.code)

    def serves(self, kind):
        """Return whether this fix mends exceptions of ``kind``."""
        return self.kinds is None or kind in self.kinds

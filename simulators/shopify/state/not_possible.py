"""What a record's state does not allow."""


class NotPossible(ValueError):
    """The state does not allow the change; the text is for ``userErrors``."""

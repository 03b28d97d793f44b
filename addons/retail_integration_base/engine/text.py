"""What PostgreSQL can store of what others wrote."""


def clean_text(text):
    """Return ``text`` without NUL and lone surrogates, which a text column refuses."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def clean_value(value):
    """Return a JSON-like value with every text in it cleaned; what JSON does not know becomes its text."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): clean_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [clean_value(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return clean_text(str(value))

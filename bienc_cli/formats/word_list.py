"""Long lists of short words, written so that they can be read."""


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())

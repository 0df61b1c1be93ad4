"""Names the steps of a commit so that tests can stop a process at each of them."""


def reached(step: str) -> None:
    """Does nothing; a test replaces it to crash at a step."""

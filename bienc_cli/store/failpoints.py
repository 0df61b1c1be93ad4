"""Names for the steps of a commit, so that tests can stop a process at each of them."""


def reached(step: str) -> None:
    """Does nothing; a test puts something deadly in its place."""

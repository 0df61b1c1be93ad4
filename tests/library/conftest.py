"""An index as a script meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bienc_cli import Index
from commands import Run


@pytest.fixture
def index(run: Run, docs: Path) -> Index:
    """An index of `docs`, by the fake models that `run` has put in place."""
    return Index.build([docs])

"""A cluster, for the tests that need one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from bienc_cli.ray import connected
from ray_workers import PATHS


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """A cluster of three cores, as Ray counts them; what is connected already is used."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(PATHS)
    with connected("local", cores=3) as ray:
        yield ray
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before

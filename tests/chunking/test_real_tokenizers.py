"""Counting by parts against counting whole, with the vocabularies of the default models."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bienc_cli.chunking import ChunkingParameters, chunk
from bienc_cli.models import identify_bi_encoder, resolve_model
from bienc_cli.models.registry import Role
from bienc_cli.models.tokenization import ModelTokenizer
from bienc_cli.readers import read_documents
from bienc_cli.types import Document
from console_blocks import ROOT

CACHE = Path(os.environ.get("BIENC_CACHE", Path("~/.cache/bienc").expanduser()))


@pytest.mark.models
@pytest.mark.parametrize("name", ["granite-30m", "minilm"])
@pytest.mark.parametrize("longest", [48, 256])
def test_no_passage_of_real_files_is_longer_than_it_may_be(name: str, longest: int) -> None:
    model = resolve_model(name, Role.BI_ENCODER, cache_dir=CACHE, offline=True)
    assert model.files.tokenizer_json is not None
    tokenizer = ModelTokenizer.from_file(model.files.tokenizer_json, pad_id=0)
    limit = min(longest, identify_bi_encoder(name, cache_dir=CACHE, offline=True).max_tokens)
    parameters = ChunkingParameters(limit, limit // 8)
    paths = [
        *(ROOT / "sample_docs").rglob("*.*"),
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "bienc_cli").rglob("*.py"),
    ]
    counted = 0
    for path in paths:
        if path.name.startswith("."):
            continue
        for document in read_documents(path, path.name):
            if not isinstance(document, Document):
                continue
            passages = list(chunk(document, tokenizer, parameters))
            counts = tokenizer.counts([passage.embedded_text for passage in passages])
            assert max(counts) + tokenizer.special_tokens <= limit, path
            counted += len(passages)
    assert counted > 500

"""Counting by parts against counting whole, with the vocabularies of the default models."""

from __future__ import annotations

import os
import random
from functools import cache
from pathlib import Path

import pytest

from bienc_cli.chunking.chunker import chunk
from bienc_cli.formats.reading import read_documents
from bienc_cli.models import identify_bi_encoder, resolve_model
from bienc_cli.models.registry import Role
from bienc_cli.models.tokenization import ModelTokenizer
from bienc_cli.store.tokenizer import Tokenizer
from bienc_cli.types import ChunkingParameters, Document
from console_blocks import ROOT
from endurance import times

CACHE = Path(os.environ.get("BIENC_CACHE", Path("~/.cache/bienc").expanduser()))


@cache
def tokenizer_of(name: str) -> ModelTokenizer:
    model = resolve_model(name, Role.BI_ENCODER, cache_dir=CACHE, offline=True)
    assert model.files.tokenizer_json is not None
    return ModelTokenizer.from_file(model.files.tokenizer_json, pad_id=0)


@pytest.mark.models
@pytest.mark.parametrize("name", ["granite-30m", "minilm"])
@pytest.mark.parametrize("longest", [48, 256])
def test_no_passage_of_real_files_is_longer_than_it_may_be(name: str, longest: int) -> None:
    tokenizer = tokenizer_of(name)
    limit = min(longest, identify_bi_encoder(name, cache_dir=CACHE, offline=True).max_tokens)
    parameters = ChunkingParameters(limit, limit // 8)
    counted = 0
    for document in real_documents():
        passages = list(chunk(document, tokenizer, parameters))
        counts = tokenizer.counts([passage.embedded_text for passage in passages])
        assert max(counts) + tokenizer.special_tokens <= limit, document.doc_id
        counted += len(passages)
    assert counted > 300


@cache
def real_documents() -> list[Document]:
    """Of this project, in many formats."""
    paths = [
        *(ROOT / "sample_docs").rglob("*.*"),
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "bienc_cli").rglob("*.py"),
    ]
    # The larger part is Python, one file like the other.
    chosen = sorted(paths)[:: times(8, 1)]
    return [
        item
        for path in chosen
        if not path.name.startswith(".")
        for item in read_documents(path, str(path))
        if isinstance(item, Document)
    ]


# Lines longer than a passage, of words that a vocabulary divides: ids, foreign and glued ones.
_RANDOM = random.Random(7)
_IDS = [f"{_RANDOM.getrandbits(48):012x}" for _ in range(300)]
LONG_LINES = {
    "log": " ".join(f"job={name} ok" for name in _IDS),
    "cells": ";".join(_IDS),
    "german": " ".join(f"Überschuß{name[:5]}verordnungsänderung" for name in _IDS),
    "greek": ",".join(f"άλφα{name[:4]}" for name in _IDS),
    "addresses": " ".join(f"10.{n}.0.7:{4000 + n}" for n in range(300)),
    "decomposed": " ".join(f"re\u0301sume\u0301{n}" for n in range(300)),
}


@pytest.mark.models
@pytest.mark.parametrize("name", ["granite-30m", "minilm"])
@pytest.mark.parametrize("kind", LONG_LINES)
@pytest.mark.parametrize("longest", [48, 256])
def test_every_word_of_a_long_line_is_a_word_of_some_passage(
    name: str, kind: str, longest: int
) -> None:
    tokenizer = tokenizer_of(name)
    document = Document("d", LONG_LINES[kind], "text")
    cut = list(chunk(document, tokenizer, ChunkingParameters(longest, 8)))
    counts = tokenizer.counts([passage.embedded_text for passage in cut])
    assert max(counts) + tokenizer.special_tokens <= longest
    with Tokenizer() as words:
        found = {word for passage in cut for word in words.words_of(passage.text)}
        assert set(words.words_of(document.text)) <= found

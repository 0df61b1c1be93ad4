"""An identifier, a path or an option that is typed whole: the passage that has it comes first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from bienc_cli.search import SearchOptions, search
from bienc_cli.store import IndexReader
from bienc_cli.strategy import Source, Strategy
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder

NAMES = (
    "return_exceptions",
    "run_in_executor",
    ".git/info/exclude",
    "etc/systemd/resolved.conf",
    "--no-verify",
    "--skip-worktree-checks",
    "MX-7731-B",
    "asyncio.gather",
    "std::weak_ptr",
    "getHTTPResponse",
    r"App\Models\User",
    "core.sharedRepository",
)
FILLER = "The scheduler waits for what is asked of it, and goes on with the rest of its list."


def made(folder: Folder, more: str) -> Folder:
    """Each name in one passage, with `more`, and its parts in more passages than are ever read."""
    records = []
    for name in NAMES:
        apart = " ".join(re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name))
        records += [
            {"_id": f"{name} apart {n}", "text": f"{FILLER} See {apart}, as in {n}. {FILLER}"}
            for n in range(60)
        ]
        records.append({"_id": name, "text": f"{FILLER} See {name} {more}. {FILLER}"})
    folder.write({"all.jsonl": "".join(f"{json.dumps(one)}\n" for one in records)})
    folder.index()
    return folder


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexReader]:
    with made(Folder(tmp_path_factory.mktemp("names")), "for that").open() as reader:
        yield reader


@pytest.fixture(scope="module")
def in_longer_passages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexReader]:
    """Which whoever counts the parts alone has behind all others."""
    more = "for that and for whatever else there may be"
    with made(Folder(tmp_path_factory.mktemp("longer")), more).open() as reader:
        yield reader


@pytest.mark.parametrize("asked", ["{}", "what does {} do", '"{}"'])
@pytest.mark.parametrize("name", NAMES)
def test_words_find_the_whole_before_its_parts(
    in_longer_passages: IndexReader, name: str, asked: str
) -> None:
    options = SearchOptions(strategy=Strategy.BM25, k=1)
    (best,) = search(in_longer_passages, asked.format(name), None, options=options).hits
    assert best.passage.passage.doc_id == name


# Fusion of ranks does not see how far apart two scores are.
@pytest.mark.parametrize(
    "strategy",
    [one for one in Strategy if one.needs_bm25 and one.source is not Source.FUSION],
)
@pytest.mark.parametrize("name", NAMES)
def test_encoders_that_prefer_its_parts_do_not_hide_it(
    names: IndexReader, name: str, strategy: Strategy
) -> None:
    bi = FakeBiEncoder() if strategy.needs_bi_encoder else None
    cross = FakeCrossEncoder() if strategy.needs_cross_encoder else None
    options = SearchOptions(strategy=strategy, k=10)
    found = search(names, f"what does {name} do", bi, cross, options)
    assert name in [hit.passage.passage.doc_id for hit in found.hits]

"""A plain query begins to load its model at once; any other command line does not."""

from __future__ import annotations

import pytest

from bienc_cli.cli import loading, preload


@pytest.mark.parametrize(
    ("argv", "begun"),
    [
        (["query", "a", "question"], [(False, False)]),
        (["query", "a", "--offline", "-q"], [(True, True)]),
        (["query", "--help"], []),
        (["query", "a", "--no-rerank"], []),
        (["query", "a", "--strategy=bm25"], []),
        (["query", "a", "--strategy", "hybrid"], []),
        (["query", "a", "--strategy"], []),
        (["query", "a", "--strategy", "hybrid+cross-encoder"], [(False, False)]),
        (["query", "a", "--strategy=blend"], [(False, False)]),
        (["query", "a", "--cross-encoder", "other"], []),
        (["query", "a", "--runtime=torch"], []),
        (["--help"], []),
        (["index", "query"], []),
        ([], []),
    ],
)
def test_only_what_is_sure_is_begun(
    argv: list[str], begun: list[tuple[bool, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, bool]] = []
    monkeypatch.setattr(
        loading, "begin_ahead", lambda *, offline, quiet: seen.append((offline, quiet))
    )
    preload.begin(argv)
    assert seen == begun

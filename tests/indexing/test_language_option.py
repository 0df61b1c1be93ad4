"""A folder may be said to be in a language, which is recorded and can be taken back."""

from __future__ import annotations

import pytest

from bienc_cli.errors import UsageError
from folders import Folder

# Nothing in them tells a language.
TEXTS = {"de/a.txt": "Haus Wohnung", "fr/a.txt": "maisons appartements", "b.txt": "houses"}


def found(folder: Folder, query: str) -> list[str]:
    with folder.open() as reader:
        ids = [passage_id for passage_id, _ in reader.bm25(query, 9)]
        return [one.passage.doc_id for one in reader.passages(ids)]


def test_it_holds_until_it_is_taken_back(folder: Folder) -> None:
    folder.write(TEXTS)
    folder.index()
    assert found(folder, "Häuser") == []
    said = folder.index(folder.root, language="de")
    # No text is read and no model loaded for it.
    assert (said.committed, said.documents.new, said.documents.changed) == (True, 0, 0)
    assert folder.loads == 1
    assert found(folder, "Häuser") == ["de/a.txt"]
    folder.write({"de/b.txt": "Hauses"})
    folder.index(folder.root)
    assert sorted(found(folder, "Häuser")) == ["de/a.txt", "de/b.txt"]
    folder.index(folder.root, language="auto")
    assert found(folder, "Häuser") == []
    with folder.open() as reader:
        assert reader.info.roots[0].language is None


def test_each_folder_may_have_its_own(folder: Folder) -> None:
    folder.write(TEXTS)
    folder.index(folder.root)
    folder.index(folder.root / "de", language="de-AT")
    folder.index(folder.root / "fr", language="fr")
    with folder.open() as reader:
        assert sorted(reader.info.languages) == [("de", 1), ("fr", 1)]
        languages = {root.path.name: root.language for root in reader.info.roots}
        assert languages == {"de": "de", "fr": "fr", "docs": None}
        assert sorted(reader.documents()) == [
            ("a.txt", "docs/de/a.txt"),
            ("a.txt", "docs/fr/a.txt"),
            ("b.txt", "docs/b.txt"),
        ]
    assert found(folder, "Häuser") == found(folder, "maison") == ["a.txt"]
    assert found(folder, "house") == ["b.txt"]
    folder.index(folder.root / "de", language="auto")
    folder.index(folder.root)
    with folder.open() as reader:
        assert reader.info.languages == (("fr", 1),)
        assert [root.path.name for root in reader.info.roots] == ["docs", "fr"]


def test_an_unknown_one_leaves_nothing_behind(folder: Folder) -> None:
    folder.write(TEXTS)
    with pytest.raises(UsageError, match="'Deutsch' is no code"):
        folder.index(language="Deutsch")
    assert not folder.directory.exists()

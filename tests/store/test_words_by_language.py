"""Both stores find words by the stems of their text's language, and count the languages."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bienc_cli.indexing.indexer import index_paths
from bienc_cli.indexing.report import IndexOptions
from bienc_cli.milvus import rows as milvus_rows
from bienc_cli.milvus import writer as milvus_writer
from bienc_cli.milvus.connection import Connection
from bienc_cli.milvus.head import Head
from bienc_cli.store import Root, check, repair
from bienc_cli.store.words import WordIndexChanges
from fakes import FakeBiEncoder
from places import CHUNKING, Place, identity, put_file

TEXTS = {
    "de.txt": "Die Häuser sind jeden Tag von morgens bis abends geöffnet",
    "en.txt": "the house is open every day, and so are others",
    "ru.txt": "Красный дом открыт каждый день с утра до вечера",
    "zh.txt": "图书馆每天从早上开放到晚上，节假日除外，请带好证件。",
}
ASKED = {"de.txt": "geöffnetes", "en.txt": "houses", "ru.txt": "красного", "zh.txt": "开放"}
LANGUAGES = {"de": 1, "ru": 1, "zh": 1}


def languages(place: Place) -> dict[str, int]:
    with place.read() as index:
        return dict(index.info.languages)


def found(place: Place, query: str) -> list[str]:
    with place.read() as index:
        ids = [passage_id for passage_id, _ in index.bm25(query, 9)]
        assert sorted(index.holding(query)) == sorted(ids)
        return [one.passage.doc_id for one in index.passages(ids)]


def problems(place: Place) -> set[str]:
    return {one.part for one in check(place.index, key_dir=place.keys).problems}


def test_words_are_found_in_other_forms(place: Place) -> None:
    place.build({name: [text] for name, text in TEXTS.items()})
    assert languages(place) == LANGUAGES
    for name, query in ASKED.items():
        assert found(place, query) == [name]
    assert not problems(place)
    place.build({"en.txt": [TEXTS["en.txt"]], "ru.txt": [TEXTS["ru.txt"], "красный"]})
    assert languages(place) == {"ru": 1}
    assert found(place, "geöffnetes") == []
    assert not problems(place)


def test_a_text_counts_a_word_once_in_whatever_language_there_is_beside_it(place: Place) -> None:
    """`hous` is an English stem, and something else in German."""
    place.build({"en.txt": [TEXTS["en.txt"]], "de.txt": [TEXTS["de.txt"]]})
    with place.read() as index:
        ((_, both),) = index.bm25("houses", 3)
        ids = [one for one, _ in index.bm25("houses", 3)]
        assert index.bm25_of("houses", ids) == [pytest.approx(both)]


def test_a_text_that_passes_for_another_language_does_not_go_before_all(place: Place) -> None:
    """What is common in the others is rare in its language."""
    churches = {
        f"{number}.txt": [f"Das ist die Kirche in der {number}. Straße, die alle kennen"]
        for number in range(8)
    }
    place.build({**churches, "en.txt": ["the houses of the town and die end of it"]})
    assert languages(place) == {"de": len(churches)}
    with place.read() as index:
        ids = [passage_id for passage_id, _ in index.bm25("die Kirche", 9)]
        *before, last = index.passages(ids)
    assert len(before) == len(churches)
    assert last.passage.doc_id == "en.txt"


def test_a_folder_is_said_to_be_in_another_language(place: Place) -> None:
    place.docs.joinpath("a.txt").write_text("Haus", encoding="utf-8")
    encoder = FakeBiEncoder()
    for said in ("auto", "de", "en", "de", "auto"):
        index_paths(
            [place.docs],
            directory=place.index,
            load_encoder=lambda _: encoder,
            key_dir=place.keys,
            options=IndexOptions(language=said),
        )
        assert languages(place) == ({"de": 1} if said == "de" else {})
        assert bool(found(place, "Häuser")) == (said == "de")
        assert not problems(place)
    # Its vector was there.
    assert len(encoder.passages_encoded) == 1


def test_wrong_counts_of_languages_are_found_and_mended(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, recorded = milvus_writer.publish, WordIndexChanges.recorded

    def publish_wrong(connection: Connection, head: Head) -> Head:
        return publish(connection, replace(head, languages=(("de", 7),)))

    def wrong(changes: WordIndexChanges) -> dict[str, object]:
        return recorded(changes) | {"languages": [("de", 7)]}

    with monkeypatch.context() as patch:
        patch.setattr(milvus_writer, "publish", publish_wrong)
        patch.setattr(WordIndexChanges, "recorded", wrong)
        place.build({name: [text] for name, text in TEXTS.items()})
    assert languages(place) == {"de": 7}
    assert problems(place) == {"words" if isinstance(place.index, Path) else "catalog"}
    repair(place.index, key_dir=place.keys)
    assert languages(place) == LANGUAGES
    assert not problems(place)


def test_documents_in_milvus_of_before_are_found_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their languages are counted once they are read again."""
    pytest.importorskip("milvus_lite")
    pytest.importorskip("pymilvus")
    place = Place(tmp_path, "milvus")
    with monkeypatch.context() as patch:
        made = milvus_rows.searched_texts
        patch.setattr(
            milvus_rows,
            "searched_texts",
            lambda some, name, title, _: made(some, name, title, language="en"),
        )
        parts = milvus_rows.document_records

        def without_languages(*arguments: object) -> object:
            for record in parts(*arguments):  # type: ignore[arg-type]
                if record.kind == "document":
                    body = json.loads(record.body)
                    for name in ("said", "languages", "words", "stems_by"):
                        del body[name]
                    record = replace(record, body=json.dumps(body))
                yield record

        patch.setattr(milvus_rows, "document_records", without_languages)
        place.build({"de.txt": [TEXTS["de.txt"]]})
    assert languages(place) == {}
    assert (found(place, "Häuser"), found(place, "Hauses")) == (["de.txt"], [])
    assert not problems(place)
    with place.write() as writer:
        writer.begin(identity(), CHUNKING)
        put_file(writer, writer.put_root(Root(place.docs)), "de.txt", [TEXTS["de.txt"]])
        writer.commit()
    assert found(place, "Hauses") == ["de.txt"]
    assert not problems(place)


def test_stems_of_other_packages_are_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("milvus_lite")
    pytest.importorskip("pymilvus")
    place = Place(tmp_path, "milvus")
    with monkeypatch.context() as patch:
        patch.setattr(milvus_rows, "made_by", lambda: "PyStemmer 0.1")
        patch.setattr(milvus_rows, "words_of", lambda texts, _: ["other"] * len(texts))
        place.build({"de.txt": [TEXTS["de.txt"]]})
    assert not problems(place)

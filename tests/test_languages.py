"""What reads as English, and which languages texts are in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bienc_cli.errors import UsageError
from bienc_cli.languages import (
    _runs,
    language_called,
    language_of,
    languages_of,
    reads_as_english,
)

DATA = Path(__file__).parents[2] / "shared" / "data"

ENGLISH = [
    "how do I undo a commit",
    "curl exit code 28",
    "von Neumann architecture",
    "naïve Bayes in café culture",
    "TNF-α in β-cells",
    "Passwort",
    "def parse(self, text): return json.loads(text)",
    "10.0.0.1 - - [01/Mar/2024:12:00:00] GET /index.html 200",
    "E. coli",
    "E. coli o157:H7",
    "U.S. Dry Bean Council",
    "",
]
OTHERS = [
    "Wie lange ist das Passwort gültig?",
    "Die Haftpflichtversicherung übernimmt Schäden an Mietwohnungen.",
    "comment annuler une commande",
    "¿Cuántos años tiene la catedral?",
    "как удалить файл",
    "如何删除文件",
    "ファイルを消す",
    "파일을 삭제하는 방법",
    "كيف أحذف ملفا",
    "पुस्तकालय कहाँ है",
    "làm thế nào để xóa tệp",
    "jak usunąć plik z katalogu",
    "bir dosya nasıl silinir",
    "hoe verwijder ik een bestand van de schijf",
    "come si cancella un file dal disco",
    "Biblioteki są otwarte każdego dnia od rana do wieczora",
    "As bibliotecas estão abertas todos os dias da semana",
]


@pytest.mark.parametrize("text", ENGLISH)
def test_english_and_what_is_in_no_language(text: str) -> None:
    assert reads_as_english(text)


@pytest.mark.parametrize("text", OTHERS)
def test_other_languages(text: str) -> None:
    assert not reads_as_english(text)


def test_the_language_of_a_text_is_english_where_nothing_speaks_against_it() -> None:
    assert {language_of(text) for text in ENGLISH} == {"en"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wie kündige ich?", "de"),
        ("где мой ключ", "ru"),
        ("où est la gare", "fr"),
        ("kot śpi na dachu", "pl"),
        ("η γάτα κοιμάται", "el"),
        ("बिल्ली सो रही है", "hi"),
        ("Tren iptal edilirse bilet ücreti yedi gün içinde tamamen geri ödenir.", "tr"),
        ("Najemca musi pisemnie powiadomić właściciela dwa miesiące przed zmianą", "pl"),
        ("如何在这个页面上删除文件和文件夹呢", "zh"),
        # Bulgarian has no ё and no ы.
        ("Ёлки стоят на площадях всех городов.", "ru"),
        ("Лекарите прегледаха болните в болницата.", "bg"),
    ],
)
def test_a_short_text_has_a_language(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("said", "code"), [("de", "de"), ("DE", "de"), (" de-AT ", "de"), ("pt_BR", "pt"), ("nb", "no")]
)
def test_a_language_by_its_code(said: str, code: str) -> None:
    assert language_called(said) == code


@pytest.mark.parametrize(
    ("said", "hint"), [("German", "German is de"), ("xx", "ISO 639-1"), ("", "ISO 639-1")]
)
def test_what_is_no_code_of_a_language(said: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"'{said}' is no code") as caught:
        language_called(said)
    assert hint in (caught.value.hint or "")


@pytest.mark.data
@pytest.mark.parametrize("collection", ["scifact", "nfcorpus", "obliqa", "xquad_en"])
def test_hardly_any_english_text_is_taken_for_another(collection: str) -> None:
    texts = collected(collection, "corpus")
    assert sum(not reads_as_english(text) for text in texts) <= len(texts) / 1000
    queries = collected(collection, "queries")
    assert sum(not reads_as_english(text) for text in queries) <= len(queries) / 1000


@pytest.mark.data
@pytest.mark.parametrize("language", ["de", "es", "zh", "ar"])
def test_hardly_any_paragraph_of_another_is_taken_for_english(language: str) -> None:
    texts = collected(f"xquad_{language}", "corpus")
    assert sum(map(reads_as_english, texts)) <= len(texts) / 100
    ((found, count),) = languages_of(texts).most_common(1)
    assert found == language
    assert count >= 0.95 * len(texts)


def collected(collection: str, part: str) -> list[str]:
    path = DATA / collection / f"{part}.jsonl"
    if not path.exists():
        pytest.skip("the collection is not here")
    return [json.loads(line)["text"] for line in path.read_text().splitlines()]


def test_words_of_plain_texts_are_those_of_any() -> None:
    every = "".join(map(chr, range(128)))
    for text in (every, every[::-1], " ".join(every), "The_cat's 2nd   e-mail\x1f\x00(to ME)."):
        assert _runs(text) == re.findall(r"\w+", text.lower())
        assert _runs(f"{text} é") == [*_runs(text), "é"]


def test_what_is_no_prose_is_in_no_language() -> None:
    assert languages_of(["17 3.5 88 | 12", "", "x = 3"]).total() == 0

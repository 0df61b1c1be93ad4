"""Words are found in their other forms, in the language of the text, and count once."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bienc_cli.languages import NAMES
from bienc_cli.store import Root, check, open_reader, open_writer, searched_text, words
from bienc_cli.store.bm25 import Bm25
from bienc_cli.store.postings import lengths_checksum
from bienc_cli.store.tokenizer import Tokenizer, bare, has_stems, of_language, stemmer
from bienc_cli.store.words import WordIndexChanges
from stores import CHUNKING, build, identity, put_file
from test_bm25 import index_of
from test_postings import content, empty_index

STEMMED = sorted(filter(has_stems, NAMES))

# A passage of each language, and words that it has in another form.
TEXTS = {
    "ar": ("المكتبة مفتوحة كل يوم من الصباح حتى المساء", "مكتبة"),
    "cs": ("Knihovna je otevřená každý den od rána až do večera", "knihovny"),
    "da": ("Biblioteket er åbent hver dag fra morgen til aften", "biblioteker"),
    "de": ("Die Häuser sind jeden Tag von morgens bis abends geöffnet", "Hauses"),
    "el": ("Η βιβλιοθήκη είναι ανοιχτή κάθε μέρα από το πρωί", "βιβλιοθήκες"),
    "es": ("Las bibliotecas están abiertas todos los días de la semana", "biblioteca"),
    "fi": ("Kirjastot ovat auki joka päivä aamusta iltaan, paitsi kun on juhla", "kirjaston"),
    "fr": ("Les bibliothèques sont ouvertes tous les jours de la semaine", "ouvert"),
    "he": ("הספרייה פתוחה בכל יום מהבוקר ועד הערב", "ספריות"),
    "hi": ("पुस्तकें हर दिन सुबह से शाम तक मिलती हैं", "पुस्तक"),
    "hu": ("A könyvtárak minden nap nyitva vannak, és ez nem változik", "könyvtárban"),
    "it": ("Le biblioteche sono aperte tutti i giorni della settimana", "aperta"),
    "nl": ("De bibliotheken zijn elke dag open van de ochtend tot de avond", "bibliotheek"),
    "no": ("Bibliotekene er åpne hver dag fra morgen til kveld", "biblioteket"),
    "pl": ("Biblioteki są otwarte każdego dnia od rana do wieczora", "biblioteka"),
    "pt": ("As bibliotecas estão abertas todos os dias da semana", "aberto"),
    "ro": ("Bibliotecile sunt deschise în fiecare zi de la ora nouă", "bibliotecii"),
    "ru": ("Красный дом открыт каждый день с утра до вечера", "красного"),
    "sv": ("Biblioteken är öppna varje dag från morgon till kväll", "biblioteket"),
    "tr": ("Kütüphaneler her gün sabahtan akşama kadar açık ve bu değişmez", "kütüphanede"),
}


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_a_word_is_found_in_its_other_forms(language: str) -> None:
    text, asked = TEXTS[language]
    texts = {1: text, 2: "The library is open every day from morning to evening", 3: "a pear"}
    connection, english = index_of(texts)
    languages = language_counts(texts)
    assert languages == {language: 1}
    index = Bm25(connection, 3, lengths_checksum(connection), [*languages])
    assert [one for one, _ in index.best(asked, 3)] == [1]
    assert index.holding(asked) == [1]
    # It takes the stems of the language.
    assert english.best(asked, 3) == []
    for word in text.split():
        assert 1 in index.holding(word), word
    for used in (index, english):
        used.close()
    connection.close()


def language_counts(texts: dict[int, str]) -> dict[str, int]:
    connection = sqlite3.connect(":memory:")
    made = WordIndexChanges(connection)
    counts: dict[str, int] = {}
    for number, text in texts.items():
        made.add(number, text)
    for held in made._added.values():
        if held.language:
            counts[held.language] = counts.get(held.language, 0) + 1
    connection.close()
    return counts


@given(
    language=st.sampled_from(STEMMED),
    word=st.text(st.characters(categories=["Ll", "Lo", "Mn", "Mc", "Nd"]), min_size=1),
)
@settings(max_examples=300)
def test_a_stem_is_never_nothing_and_names_its_language(language: str, word: str) -> None:
    stem = stemmer(language)(word)
    assert bare(stem)
    assert stem == of_language(language, bare(stem))


@pytest.mark.parametrize(
    "forms",
    [
        "ספרייה ספריות הספרייה ספריה בספריות",
        "כלב כלבים הכלבים כלבת",
        "חיסון חיסונים החיסון",
        "סיסמה סיסמת הסיסמה",
        "בית הבית",
        "לחם ללחם והלחם",
        "רכבת הרכבת הרכבות",
        "מחיר המחירים ומחירים",
    ],
)
def test_forms_of_a_hebrew_word(forms: str) -> None:
    assert len(set(map(stemmer("he"), forms.split()))) == 1


MIXED = st.lists(
    st.sampled_from(["houses", "House", "Häuser", "Haus", "maisons", "Kündigung", "a-b_c", "7.5"]),
    max_size=8,
).map(" ".join)


@given(query=MIXED, languages=st.lists(st.sampled_from(["de", "fr", "tr", "ar"]), unique=True))
def test_each_word_is_one_whatever_languages_make_of_it(query: str, languages: list[str]) -> None:
    with Tokenizer() as tokenizer:
        for ask in (tokenizer.words_of, tokenizer.parts_of):
            words = ask(query, languages)
            forms = [form for one in words for form in one]
            assert len(forms) == len(set(forms))
            assert {form for form in forms if bare(form) == form} == {
                form for (form,) in ask(query)
            }
            assert words == sorted(words)


def test_a_word_counts_once_however_many_languages_stem_it() -> None:
    """Beside the same texts in one language, which have the same words as often."""
    german, english = TEXTS["de"][0], "pears and plums"
    texts = {number: german if number < 4 else english for number in range(1, 12)}
    connection, plain = index_of(texts)
    checksum = lengths_checksum(connection)
    one = Bm25(connection, len(texts), checksum, ["de"])
    many = Bm25(connection, len(texts), checksum, ["de", "fr", "nl", "sv", "tr"])
    for query in ("Häuser", "Haus und Häuser, plum", "Hauses am Tag"):
        assert one.best(query, 20) == many.best(query, 20)
    # What only English texts have is what it would be without the others.
    assert one.best("plum", 20) == plain.best("plum", 20) == many.best("plum", 20)
    for index in (plain, one, many):
        index.close()
    connection.close()


def test_a_slip_is_mended_in_the_stems_of_a_language() -> None:
    texts = {number: TEXTS["de"][0] if number == 1 else f"pear {number}" for number in range(1, 9)}
    connection, plain = index_of(texts)
    index = Bm25(connection, len(texts), lengths_checksum(connection), ["de"])
    assert index.spellings("geöfnet") == {"geofnet": ("geoffn",)}
    assert [one for one, _ in index.best("geöfnet", 3)] == [1]
    assert index.spellings("geöffnete Häusern") == {}
    plain.close()
    index.close()
    connection.close()


@pytest.mark.parametrize(
    ("text", "language", "query", "in_another_writing"),
    [
        # Its own stem is another than that of its forms.
        ("Çalışanlar kazaları hemen bildirmeli ve bu değişmez", "tr", "kaza", False),
        # Nothing stems Ukrainian.
        ("Палити в ліфтах заборонено, і це не змінюється", "uk", "ліфт", True),
        ("पुस्तकालय रविवार को बंद रहता है", "hi", "पुसतकालय", True),
    ],
)
def test_a_word_that_no_stem_finds(
    text: str, language: str, query: str, in_another_writing: bool
) -> None:
    connection, plain = index_of({1: text, 2: "a pear", 3: "a plum"})
    index = Bm25(connection, 3, lengths_checksum(connection), [language])
    assert [one for one, _ in index.best(query, 3)] == [1]
    assert (query in index.spellings(query)) == in_another_writing
    plain.close()
    index.close()
    connection.close()


def test_a_capital_with_a_dot_is_no_part_by_itself() -> None:
    with Tokenizer() as tokenizer:
        for written in ("İSTANBUL", "İstanbul", "istanbul"):
            assert [word for word, _, _ in tokenizer.counted([written], "tr")] == [":tr:istanbul"]
            assert tokenizer.words_of(written, ["tr"]) == [(":tr:istanbul", "istanbul")]


SENTENCES = st.sampled_from([text for text, _ in TEXTS.values()] + ["a pear", "7 plums", ""])


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 9), st.none() | SENTENCES), max_size=8), max_size=3),
    st.sampled_from([0, 10_000]),
)
@settings(max_examples=15, deadline=None)
def test_texts_of_any_language_come_and_go(
    changes: list[list[tuple[int, str | None]]], recent: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "RECENT_MOST", recent)
        connection = empty_index()
        held: dict[int, str] = {}
        meta: dict[str, object] = {}
        for transaction in changes:
            changing = WordIndexChanges(connection)
            changing.begin_with(meta or {"words": words.WORDS_VERSION})
            for passage_id, text in transaction:
                if passage_id in held:
                    changing.remove(passage_id, held.pop(passage_id))
                if text is not None:
                    changing.add(passage_id, text)
                    held[passage_id] = text
            changing.flush()
            assert not changing.stale
            meta = json.loads(json.dumps(changing.recorded()))
        fresh = empty_index()
        anew = WordIndexChanges(fresh)
        for passage_id, text in held.items():
            anew.add(passage_id, text)
        anew.flush()
        assert content(connection) == content(fresh)
        assert dict(meta.get("languages", ())) == {  # type: ignore[call-overload]
            language: count for language, count in anew.languages.items() if count
        }
        connection.close()
        fresh.close()


# ----------------------------------------------------------- what is recorded


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "index"


def test_an_index_knows_the_languages_of_its_stems(home: Path, tmp_path: Path) -> None:
    files = {f"{language}.txt": [text] for language, (text, _) in TEXTS.items()}
    build(home, tmp_path, {**files, "de2.txt": [TEXTS["de"][0] + "."], "en.txt": ["a pear"]})
    with open_reader(home, key_dir=tmp_path) as index:
        languages = dict(index.info.languages)
        assert index.info.languages[0] == ("de", 2)
        assert languages.keys() == TEXTS.keys()
        for language, (_, asked) in TEXTS.items():
            found = index.passages([passage_id for passage_id, _ in index.bm25(asked, 3)])
            assert f"{language}.txt" in [one.passage.doc_id for one in found]
    assert check(home, key_dir=tmp_path).problems == ()
    build(home, tmp_path, {"en.txt": ["a pear"]})
    with open_reader(home, key_dir=tmp_path) as index:
        assert index.info.languages == ()


@pytest.mark.parametrize("meta", [{"words": 1}, {"stemmed_by": "PyStemmer 0.1"}])
def test_words_that_were_made_otherwise_are_made_anew(
    home: Path, tmp_path: Path, meta: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        recorded = WordIndexChanges.recorded
        patch.setattr(WordIndexChanges, "recorded", lambda self: recorded(self) | meta)
        # Stemmed as English, as all was in version 1.
        patch.setattr(
            searched_text, "has_stems", lambda language: "words" not in meta and language == "de"
        )
        build(home, tmp_path, {"a.txt": [TEXTS["de"][0]]})
    with open_reader(home, key_dir=tmp_path) as index:
        assert len(index.bm25("geöffnet", 3)) == 1
    build(home, tmp_path, {"a.txt": [TEXTS["de"][0]], "b.txt": ["a pear"]})
    with open_reader(home, key_dir=tmp_path) as index:
        assert index.info.languages == (("de", 1),)
        assert len(index.bm25("Hauses", 3)) == 1
    assert check(home, key_dir=tmp_path).problems == ()


def test_what_a_root_is_said_to_be_in_counts_for_its_texts(home: Path, tmp_path: Path) -> None:
    for said in (None, "de", "en", "zh", None):
        with open_writer(home, key_dir=tmp_path) as writer:
            writer.begin(identity(), CHUNKING)
            root_id = writer.put_root(Root(tmp_path / "docs", language=said))
            if not writer.files(root_id):
                put_file(writer, root_id, "a.txt", ["Haus"])
            writer.commit()
        with open_reader(home, key_dir=tmp_path) as index:
            assert index.info.languages == (((said, 1),) if said in ("de", "zh") else ())
            assert index.info.roots[0].language == said
            assert bool(index.bm25("Häuser", 3)) == (said == "de")
        assert check(home, key_dir=tmp_path).problems == ()


def test_a_language_that_only_a_later_version_stems_is_passed_over(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = WordIndexChanges.recorded
    with monkeypatch.context() as patch:
        later = {"languages": [["xx", 3]]}
        patch.setattr(WordIndexChanges, "recorded", lambda self: recorded(self) | later)
        build(home, tmp_path, {"a.txt": ["a pear"]})
    with open_reader(home, key_dir=tmp_path) as index:
        assert len(index.bm25("pears", 3)) == 1

"""A model that does not read what is indexed is said to, in one line."""

from __future__ import annotations

from bienc_cli.indexing.language_notes import LanguageSample
from fakes import FakeBiEncoder
from folders import Folder

GERMAN = (
    "Der Apfelbaum blüht im Frühling, und die Äpfel reifen im Herbst. "
    "Wer sie lagern will, braucht einen kühlen Keller ohne Frost."
)
ENGLISH = (
    "The apple tree blossoms in spring, and apples ripen in autumn. "
    "Who wants to store them needs a cool cellar without frost."
)


def said(texts: list[str]) -> str | None:
    sample = LanguageSample()
    for text in texts:
        sample.add(text)
    return sample.unread_by("granite-30m")


def test_what_is_not_read_is_named_with_its_share() -> None:
    warning = said([ENGLISH] * 3 + [GERMAN])
    assert warning is not None
    assert warning.startswith(
        "granite-30m reads English, and some 25 % of what was read is in German"
    )
    assert "--model e5-multilingual" in warning
    assert "\n" not in warning


def test_of_many_languages_the_most_frequent_are_named() -> None:
    texts = [
        GERMAN,
        GERMAN,
        "где мой ключ от дома",
        "η γάτα κοιμάται στο σπίτι",
        "बिल्ली घर में सो रही है",
    ]
    warning = said([one * 3 for one in texts])
    assert warning is not None
    assert "is in German, " in warning
    assert warning.count(",") == 3
    assert " and others: " in warning


def test_little_or_nothing_in_other_languages_is_not_worth_a_word() -> None:
    assert said([]) is None
    assert said([ENGLISH] * 20 + [GERMAN]) is None
    assert said(["x = 3", "17 | 4"]) is None


def test_a_large_folder_is_judged_by_a_sample_of_all_of_it() -> None:
    warning = said([ENGLISH] * 10_000 + [GERMAN] * 10_000)
    assert warning is not None
    (share,) = [int(word) for word in warning.split() if word.isdigit()]
    assert 40 <= share <= 60


def test_what_a_folder_is_said_to_be_in_counts() -> None:
    sample = LanguageSample()
    for text in (GERMAN, "Mietvertrag", "17 | 4"):
        sample.add(text, "de")
    warning = sample.unread_by("granite-30m")
    assert warning is not None
    assert "100 % of what was read is in German" in warning
    sample = LanguageSample()
    sample.add(GERMAN, "en")
    assert sample.unread_by("granite-30m") is None


def test_indexing_warns_of_a_model_that_is_known_to_read_english(folder: Folder) -> None:
    folder.write({f"{n}.txt": GERMAN for n in range(3)})
    assert folder.index().warnings == ()
    folder.write({f"{n}.txt": f"{n}: {GERMAN}" for n in range(3)})
    folder.encoder = FakeBiEncoder(name="granite-30m")
    other = Folder(folder.home / "other")
    other.encoder = folder.encoder
    other.write({"a.txt": GERMAN})
    (warning,) = other.index().warnings
    assert "German" in warning
    # What was said once is not said again of what has not changed.
    assert other.index().warnings == ()

"""How alike texts are, and what differs between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.search.text_overlap import Change, Kind, kind_of, shared_words, word_diff

TEXT = st.text(st.sampled_from("ab c,.\n"), max_size=40)


@pytest.mark.parametrize(
    ("first", "second", "shared", "kind"),
    [
        ("One two three.", "One  two\nthree.", 1.0, Kind.SAME),
        ("One two three.", "one two three", 1.0, Kind.NEAR_DUPLICATE),
        ("one two three four", "one two three five", 0.75, Kind.NEAR_DUPLICATE),
        ("one two", "one one two three", 2 * 2 / 6, Kind.NEAR_DUPLICATE),
        ("one two three", "one one two four five six", 2 * 2 / 9, Kind.SIMILAR),
        ("one two", "three four", 0.0, Kind.SIMILAR),
        ("...", "!", 1.0, Kind.NEAR_DUPLICATE),
    ],
)
def test_words_in_common(first: str, second: str, shared: float, kind: Kind) -> None:
    assert shared_words(first, second) == pytest.approx(shared)
    assert kind_of(first, second, shared) is kind


@given(TEXT, TEXT)
def test_sharing_is_symmetric_and_a_share(first: str, second: str) -> None:
    shared = shared_words(first, second)
    assert 0 <= shared <= 1
    assert shared == shared_words(second, first)
    assert shared_words(first, first) == 1


def test_a_diff_is_of_whole_words() -> None:
    assert word_diff("Pay within 30 days.", "Pay within\n14 working days.") == [
        Change("Pay within ", "Pay within "),
        Change("30", "14 working"),
        Change(" days.", " days."),
    ]
    assert word_diff("", "new") == [Change("", "new")]
    assert word_diff("same", "same") == [Change("same", "same")]


@given(TEXT, TEXT)
def test_a_diff_holds_both_texts_whole(first: str, second: str) -> None:
    changes = word_diff(first, second)
    for side, text in (("first", first), ("second", second)):
        joined = "".join(getattr(change, side) for change in changes)
        assert joined.split() == text.split()

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.formats.hyphens import LineEnds
from bienc_cli.store.tokenizer import Tokenizer

ENGLISH = "the state of the art and the cost of it is what that is for"
GERMAN = "der die und das den nicht ist mit"
FRENCH = "le les des et est une dans du"
DUTCH = "het een van de en niet dat zijn"


def mended(text: str, elsewhere: str = ENGLISH) -> str:
    return LineEnds([text, elsewhere]).mend(text)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        # A word of the language, with a half that is none.
        ("man-\ndatory", ENGLISH, "mandatory"),
        ("MAN-\nDATORY", ENGLISH, "MANDATORY"),
        ("infor-\nmation", ENGLISH, "information"),
        ("docu-\nmentation", ENGLISH, "documentation"),
        ("informa-\ntions", FRENCH, "informations"),
        ("Haus-\nhalt", GERMAN, "Haushalt"),
        ("verzeke-\nringen", DUTCH, "verzekeringen"),
        # Two words of the language that together are none.
        ("long-\nterm", ENGLISH, "long-term"),
        ("self-\nemployed", ENGLISH, "self-employed"),
        ("Price-\ndetermining", ENGLISH, "Price-determining"),
        ("state-of-the-\nart", ENGLISH, "state-of-the-art"),
        ("mother-\nin-\nlaw", ENGLISH, "mother-in-law"),
        ("grand-\nmère", FRENCH, "grand-mère"),
        # What stands for a word to come.
        ("Ein-\nund Ausgang", GERMAN, "Ein- und\nAusgang"),
        ("Ein-\nund Ausgang", ENGLISH, "Ein- und\nAusgang"),
        ("pre-\nand postnatal", ENGLISH, "pre- and\npostnatal"),
        ("in-\nen uitgaand", DUTCH, "in- en\nuitgaand"),
        ("fact-\nor", ENGLISH, "factor"),
        ("Genfamili-\nen und", GERMAN, "Genfamili-en (Genfamilien)\nund"),
        # Footnotes between the halves.
        ("the har-\n¹ See 1911.\n² Ibid.\nvest", ENGLISH, "the harvest\n¹ See 1911.\n² Ibid.\n"),
        (
            "it be-\n3 See the re-\nport.\ncame, then",
            ENGLISH,
            "it became,\n3 See the report.\nthen",
        ),
        ("it be-\n* See\ncamels", ENGLISH, "it be-\n* See\ncamels"),
        ("it be-\nSee 1911.\ncame", ENGLISH, "it be-See\n1911.\ncame"),
        # Names, numbers, addresses.
        ("non-\nGAAP", ENGLISH, "non-GAAP"),
        ("COVID-\n19", ENGLISH, "COVID-19"),
        ("a 12-\nmonth plan", ENGLISH, "a 12-month\nplan"),
        ("https://a.example/long-\npath/x", ENGLISH, "https://a.example/long-path/x"),
        ("anna-\nmaria@a.example", ENGLISH, "anna-maria@a.example"),
        # No hyphens at all.
        ("2019-\n2020", ENGLISH, "2019-\n2020"),
        ("12 -\n5", ENGLISH, "12 -\n5"),
        ("word--\nword", ENGLISH, "word--\nword"),
        ("word -\nword", ENGLISH, "word -\nword"),
        ("it -\nself", ENGLISH, "it -\nself"),
        ("the sci -\nentists say", ENGLISH, "the scientists\nsay"),
        ("-\nitem", ENGLISH, "-\nitem"),
        ("long-\n\nterm", ENGLISH, "long-\n\nterm"),
        # Either: both.
        ("zebra-\nquokka,", ENGLISH, "zebra-quokka (zebraquokka),"),
        ("pre-\nexisting", ENGLISH, "pre-existing (preexisting)"),
        ("e-\nmail", ENGLISH, "e-mail (email)"),
        ("Donau-\ndampfschiff", GERMAN, "Donau-dampfschiff (Donaudampfschiff)"),
        ("mi-\ndwifery-led", ENGLISH, "midwifery-led"),
        # Soft hyphens, which some fonts draw as their ordinary ones.
        ("co\xad\noperation", ENGLISH, "cooperation"),
        ("manda\xadtory", ENGLISH, "mandatory"),
        ("long\xadterm", ENGLISH, "long-term"),
    ],
)
def test_what_a_hyphen_at_a_line_end_was(text, language, expected):
    assert mended(text, language) == expected


@pytest.mark.parametrize("written", ["quokkazebra", "quokka-zebra"])
def test_the_document_itself_decides(written):
    assert mended("quokka-\nzebra", f"{ENGLISH} {written}") == written


halves = st.text("abcdefghijklmnoprstu", min_size=2, max_size=9)


@given(st.lists(st.tuples(halves, halves), min_size=1, max_size=5))
def test_no_half_of_two_known_words_is_lost(pairs):
    """Whatever is joined without a trace has to be known as one word."""
    text = "\n".join(f"x {first}-\n{second} y" for first, second in pairs)
    line_ends = LineEnds([text, ENGLISH])
    with Tokenizer() as tokenizer:
        found = set(tokenizer.words_of(line_ends.mend(text)))
        for first, second in pairs:
            joined = set(tokenizer.words_of(first + second)) <= found
            apart = set(tokenizer.words_of(f"{first} {second}")) <= found
            assert joined or apart


@pytest.mark.parametrize(
    "text",
    ["a" * 300_000, "a-\n" * 60_000, "a\xad" * 60_000, "-\n" * 90_000, "a" * 90_000 + "\xad\n"],
)
def test_long_texts_of_one_thing_are_read_to_their_end(text):
    """With time that grows with the square of their length this would take hours."""
    result = mended(text)
    assert result.count("a") >= text.count("a")

"""Which headings a passage stands under."""

import re
import textwrap

import pytest

from bienc_cli.chunking.chunker import chunk
from bienc_cli.formats.reading import read_documents
from bienc_cli.types import ChunkingParameters, Document, Heading
from fakes import FakeTokenizer


def cut(document, max_tokens=256, overlap=16):
    return list(chunk(document, FakeTokenizer(), ChunkingParameters(max_tokens, overlap)))


def markdown(text):
    headings = tuple(
        Heading(found.start(), len(found[1]), found[2])
        for found in re.finditer(r"^(#+) (.+)$", text, re.MULTILINE)
    )
    return Document("d", text, "markdown", headings=headings)


def trail_of(passages, word):
    (found,) = [passage for passage in passages if word in passage.text]
    return found.heading


FAQ = """\
# House rules

## Opening hours

Monday to Friday, eight to six.

## Parking

Behind the house only.

## Dogs

On a lead, not in the dining room.
"""


def test_a_short_answer_stands_under_its_own_question():
    passages = cut(markdown(FAQ))
    assert trail_of(passages, "lead") == ("House rules", "Dogs")
    assert trail_of(passages, "Behind") == ("House rules", "Parking")
    assert trail_of(passages, "Monday") == ("House rules", "Opening hours")
    assert len(passages) == 3


@pytest.mark.parametrize(
    ("text", "trails"),
    [
        ("# A\n\n## B\n\nSome words.\n", [("A", "B")]),
        ("# A\n\n## B\n\n## C\n\nSome words.\n", [("A", "C")]),
        ("# A\n\n### B\n\n## C\n\nSome words.\n", [("A", "B"), ("A", "C")]),
        ("Before.\n\n# A\n\nSome words.\n", [(), ("A",)]),
        ("# A\n\nSome words.\n\n***\n\n# B\n\nMore.\n", [("A",), ("B",)]),
        ("# A\n\n# B\n", [("B",)]),
    ],
)
def test_only_a_bare_heading_joins_what_follows(text, trails):
    passages = cut(markdown(text))
    assert [passage.heading for passage in passages] == trails
    assert "".join("".join(passage.text.split()) for passage in passages) == "".join(text.split())


def test_every_passage_of_a_long_section_has_the_headings_above_it_in_its_context():
    body = " ".join(f"Sentence number {n} has seven words here." for n in range(40))
    passages = cut(markdown(f"# A\n\n## B\n\n## C\n\n{body}\n\n# D\n\n{body}"), 64)
    below_c = [passage for passage in passages if passage.heading == ("A", "C")]
    assert len(below_c) > 2
    assert {passage.context for passage in below_c[1:]} == {"A > C"}
    assert {passage.heading for passage in passages} == {("A", "C"), ("D",)}


def scoped(text):
    """Scopes written as `<title ... >`, nested."""
    headings, open_ = [], []
    for found in re.finditer(r"<(\w+)|>", text):
        if found[1]:
            open_.append(len(headings))
            headings.append((found.start(), len(open_), found[1]))
        else:
            index = open_.pop()
            headings[index] = (*headings[index], found.end())
    return Document("d", text, "code", headings=tuple(Heading(*one) for one in headings))


def test_what_follows_a_scope_is_outside_of_it():
    passages = cut(scoped("one <f two\nthree > four <g five\n<h six\nsix > seven > eight"))
    assert [(passage.text, passage.heading) for passage in passages] == [
        ("one", ()),
        ("<f two\nthree >", ("f",)),
        ("four", ()),
        ("<g five\n<h six\nsix >", ("g", "h")),
        ("seven >", ("g",)),
        ("eight", ()),
    ]


def test_a_scope_of_one_line_is_complete_in_itself():
    passages = cut(scoped("<f one >\n<g two >\n<h\n<i three >\n>"))
    assert [passage.heading for passage in passages] == [("f",), ("g",), ("h", "i")]


def test_code_behind_a_function_is_not_inside_it(tmp_path):
    source = textwrap.dedent(
        '''\
        class Fleet:
            def dock(self, berth):
                """Tie the vessel up at the berth, then tell the harbour master."""
                self.berth = berth
                return True


        # Charges by vessel length, in euros a night.
        TARIFF = {"dinghy": 8, "schooner": 55}

        if __name__ == "__main__":
            print("starting the marina scheduler with", TARIFF)
        '''
    )
    path = tmp_path / "mod.py"
    path.write_text(source)
    (document,) = read_documents(path, "mod.py")
    passages = cut(document)
    assert trail_of(passages, "schooner") == ()
    assert trail_of(passages, "scheduler") == ()
    assert trail_of(passages, "harbour") == ("class Fleet", "def dock")

"""The questions on this project's own code are all still answered by it."""

import json

import code_passages


def test_every_question_has_the_definition_that_answers_it() -> None:
    rows = (code_passages.HERE / "code_questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = {json.loads(row)["text"] for row in rows}
    assert len(asked) == len(rows) == 60
    assert {question.text for question in code_passages.questions()} == asked


def test_words_are_found_where_they_stand() -> None:
    scores = code_passages.bm25(["def moor(): ...", "class Berth: ..."], ["moor", "berths"])
    assert [row.argmax() for row in scores] == [0, 1]
    assert (scores.max(axis=1) > 0).all()

"""The questions on this project's own code are all still answered by it."""

import json

import code_passages


def test_every_question_has_the_definition_that_answers_it() -> None:
    rows = (code_passages.HERE / "code_questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = {json.loads(row)["text"] for row in rows}
    assert len(asked) == len(rows) == 60
    assert {question.text for question in code_passages.questions()} == asked

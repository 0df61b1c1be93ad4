"""The JSON schemas: valid, complete, strict, and of what the program says.

That the program's own output is valid is seen to by the fixture `run`.
"""

from __future__ import annotations

import copy
import io
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator, ValidationError

import bienc_cli
from bienc_cli import errors, schemas
from bienc_cli.errors import BiencError, UsageError
from bienc_cli.evaluation.qrels import Unit
from bienc_cli.models.registry import Role
from bienc_cli.store.facts import Remedy
from bienc_cli.strategy import Strategy
from bienc_cli.types import PlaceKind
from commands import Run
from console_blocks import ROOT
from fakes import FakeClassifier
from folders import FRUIT
from schema_check import checked, validator


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema."""
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from parts(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from parts(part)


@pytest.mark.parametrize("name", schemas.names())
def test_a_schema_is_valid_and_strict(name: str) -> None:
    schema = schemas.load(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == name
    assert {"const": name} in [one.get("properties", {}).get("schema") for one in parts(schema)]
    for part in parts(schema):
        if part.get("type") == "object":
            assert part["additionalProperties"] is False or "properties" not in part
            assert set(part.get("required", ())) <= set(part.get("properties", ()))


def test_every_schema_that_the_program_names_is_shipped() -> None:
    package = Path(bienc_cli.__file__).parent
    named = {
        name
        for path in package.rglob("*.py")
        if path.parent.name != "schemas"
        for name in re.findall(r'"(bienc\.\w+/\d+)"', path.read_text(encoding="utf-8"))
    }
    assert named == set(schemas.names())


def test_what_several_schemas_define_is_the_same_everywhere() -> None:
    first: dict[str, Any] = {}
    for name in schemas.names():
        for word, definition in schemas.load(name).get("$defs", {}).items():
            assert first.setdefault(word, definition) == definition, (name, word)
    for word, version in (("query", 2), ("error", 1)):
        own = schemas.load(f"bienc.{word}/{version}")
        assert {key: own[key] for key in first[word]} == first[word]


def test_enumerations_are_those_of_the_program() -> None:
    def of(name: str, *path: str) -> list[str]:
        part = schemas.load(name)
        for step in path:
            part = part[step]
        found: list[str] = part["enum"]
        return found

    item = ("items", "properties")
    codes = {
        error.code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, BiencError) and error is not BiencError
    }
    assert of("bienc.query/2", "$defs", "strategy") == list(Strategy)
    error = ("properties", "error", "properties", "code")
    assert set(of("bienc.error/1", *error)) == codes
    remedy = ("properties", "problems", *item, "remedy")
    assert set(of("bienc.check/1", *remedy)) == set(Remedy)
    assert set(of("bienc.models/1", "properties", "models", *item, "role")) == set(Role)
    assert set(of("bienc.evaluation/1", "properties", "unit")) == set(Unit)
    kind = ("$defs", "place", "properties", "kind")
    assert tuple(of("bienc.query/2", *kind)) == get_args(PlaceKind)


def test_every_field_is_documented() -> None:
    manual = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    words = set(re.findall(r"\w+(?: \w+)*", "\n".join(re.findall(r"`([^`]+)`", manual))))
    for name in schemas.names():
        assert f"`{name}`" in manual, name
        for part in parts(schemas.load(name)):
            for field in part.get("properties", {}) if part.get("type") == "object" else ():
                assert field in words, (name, field)


def test_a_field_that_nobody_documented_is_noticed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "apple.md").write_text(FRUIT["apple.md"])
    run("index", "docs", "-q")
    (answer,) = checked(run("query", "apple", "-f", "json")[1])
    assert answer["hits"]
    wrong: list[Callable[[dict[str, Any]], object]] = [
        lambda document: document.update(new=1),
        lambda document: document["hits"][0].update(new=1),
        lambda document: document["hits"][0].update(similarity=1.1),
        lambda document: document["hits"][0].update(rank=0),
        lambda document: document["hits"][0].pop("citation"),
        lambda document: document["hits"][0]["place"].update(kind="paragraph"),
        lambda document: document["hits"][0]["place"].update(first=0),
        lambda document: document["hits"][0]["place"].pop("name"),
        lambda document: document.update(strategy="abacus"),
        lambda document: document["seconds"].update(dream=0.1),
    ]
    for spoil in wrong:
        document = copy.deepcopy(answer)
        spoil(document)
        with pytest.raises(ValidationError):
            validator("bienc.query/2").validate(document)


def test_every_schema_is_of_something_that_is_printed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in FRUIT.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "docs" / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    names = [*FRUIT, "gone.txt"]
    numbers = range(24)
    Path("queries.tsv").write_text("".join(f"q{n}\tpear apple {n}\n" for n in numbers))
    Path("my.qrels").write_text("".join(f"q{n} 0 {names[n % 5]} {n % 4}\n" for n in numbers))
    Path("other.run").write_text("q1 Q0 pear.txt 1 2.5 other\n")
    monkeypatch.setattr("bienc_cli.cli.judge.on_terminal", lambda: True)
    monkeypatch.setattr("bienc_cli.cli.judge.read_key", lambda: "q")
    files = ("--queries", "queries.tsv", "--qrels", "my.qrels")
    lines = io.BytesIO(b'pears\n{"_id": 3}\n{"_id": "4", "text": "apples"}\n')
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(lines))
    printed = set()
    for argv in (
        ("query", "pear"),
        ("index", "docs"),
        ("info",),
        ("info", "--settings"),
        ("models",),
        ("query", "pear", "-C", "1", "--strategy", "cross-encoder"),
        ("query", "-"),
        ("similar", "docs/apple.md"),
        ("pairs", "--min-similarity", "0"),
        ("score", "pear", "pears"),
        ("score", "pear", "--with", "pears"),
        ("classify", "--labels", "pear,apple"),
        ("compare", "pear", "apples in autumn"),
        ("compare", *files, "--rerun", "other.run", "--fail-under", "nDCG@10=1"),
        ("judge", *files),
        ("tune", *files),
        ("tune", "--reset"),
        ("check", "--repair"),
        ("remove", "docs/pear.txt", "nowhere"),
    ):
        for form in ("jsonl", "json"):
            documents = checked(run(*argv, "--format", form)[1])
            printed |= {document["schema"] for document in documents}
    monkeypatch.setattr("bienc_cli.models.load_cross_encoder", lambda *_, **__: FakeClassifier())
    for form in ("jsonl", "json"):
        documents = checked(run("classify", "pear", "pears", "--format", form)[1])
        printed |= {document["schema"] for document in documents}
    of_the_server_alone = {"bienc.document/1"}
    assert printed == set(schemas.names()) - of_the_server_alone


def test_a_schema_that_does_not_exist_is_named() -> None:
    with pytest.raises(UsageError, match=r"no schema 'bienc\.abacus/1'"):
        schemas.load("bienc.abacus/1")

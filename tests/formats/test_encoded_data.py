import base64
import hashlib
import json
import random

import pytest

from bienc_cli.formats.encoded_data import (
    without_data_in_xml,
    without_encoded_data,
    without_keys,
)
from reader_samples import read_one

DATA = random.Random(1).randbytes(2000)
LINES = base64.encodebytes(DATA).decode()
ENDLESS = base64.b64encode(DATA).decode()


@pytest.mark.parametrize(
    "encoded",
    [
        LINES,
        ENDLESS,
        f"![x](data:image/png;base64,{ENDLESS})",
        f"-----BEGIN CERTIFICATE-----\n{LINES}-----END CERTIFICATE-----",
        f"-----BEGIN PGP SIGNATURE-----\nVersion: 1\n\n{LINES}-----END PGP SIGNATURE-----",
        "begin 644 x.bin\n" + ("M" + "1" * 60 + "\n") * 5 + "`\nend",
    ],
)
def test_what_is_no_text_is_taken_out(encoded):
    text = without_encoded_data(f"words before\n\n{encoded}\n\nwords behind")
    assert text.startswith("words before\n")
    assert text.endswith("\nwords behind")
    assert len(text) < 80


@pytest.mark.parametrize(
    "kept",
    [
        "\n".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(9)),
        "\n".join("ACGT" * 15 for _ in range(9)),
        "\n".join("a line of words that is as long as one of base64, but has its spaces 1A"
                  for _ in range(9)),
        "begin 644 words\nthat go on like this\nend",
        "-----BEGIN PGP SIGNED MESSAGE-----\n\nwords",
        "-----BEGIN A-----\nwords without an end",
        "https://example.org/" + "aB1" * 90,
        "data: image, base64, words",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_stays(kept):
    assert without_encoded_data(kept) == kept


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.csv", "a.json", "a.rst", "a.css"])
def test_pictures_within_texts_are_no_words_and_lines_stay_lines(tmp_path, name):
    path = tmp_path / name
    address = f"data:image/png;base64,{ENDLESS}"
    path.write_text(f'["before", "a cat",\n\n\n"{address}",\n"behind"]')
    document = read_one(path)
    assert document.text.split() == ['["before",', '"a', 'cat",', '"",', '"behind"]']
    assert document.text.count("\n") == 4


@pytest.mark.parametrize(
    ("content", "left"),
    [
        (f"<data>\n{LINES}</data>", "<data>\n" + "\n" * LINES.count("\n") + "</data>"),
        (f"<data>{ENDLESS}</data>", "<data></data>"),
        (f"<b c='d'>{ENDLESS}</b>", "<b c='d'></b>"),
        (f"<b>words {ENDLESS}</b>", f"<b>words {ENDLESS}</b>"),
        (f"<b>{'words and more of them ' * 30}</b>", f"<b>{'words and more of them ' * 30}</b>"),
        (f"<b>{'ACGT' * 60}</b>", f"<b>{'ACGT' * 60}</b>"),
        ("<b>short1A</b>", "<b>short1A</b>"),
    ],
)
def test_data_in_xml_is_no_text_and_lines_stay_lines(content, left):
    text = f"<a>{content}<c>words</c></a>"
    assert without_data_in_xml(text) == f"<a>{left}<c>words</c></a>"


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.yaml", "a.py", "a.log", "a.html", "key"])
@pytest.mark.parametrize("kind", ["OPENSSH PRIVATE KEY", "CERTIFICATE", "PGP PRIVATE KEY BLOCK"])
def test_of_a_key_only_the_marks_around_it_are_text(tmp_path, name, kind):
    path = tmp_path / name
    lines = "".join(f"  {line}\n" for line in ["Version: 1", "", *LINES.splitlines()])
    path.write_text(
        f"before:\n  -----BEGIN {kind}-----\n{lines}  -----END {kind}-----\nbehind: 1\n"
    )
    text = read_one(path).text
    assert text.split() == [
        "before:",
        *f"-----BEGIN {kind}----- -----END {kind}-----".split(),
        "behind:",
        "1",
    ]
    if name != "a.html":
        assert text.count("\n") == lines.count("\n") + 4


def test_a_key_in_a_string_is_no_text(tmp_path):
    path = tmp_path / "account.json"
    key = f"-----BEGIN PRIVATE KEY-----\n{LINES}-----END PRIVATE KEY-----\n"
    path.write_text(json.dumps({"kind": "account", "private_key": key, "user": "ada"}, indent=1))
    text = read_one(path).text
    assert '"user": "ada"' in text
    assert "-----BEGIN PRIVATE KEY-----" in text
    assert len(text) < 200


def test_a_puttygen_key_keeps_its_public_half_and_its_comment(tmp_path):
    path = tmp_path / "a.ppk"
    path.write_text(
        "PuTTY-User-Key-File-3: ssh-rsa\nComment: laptop\nPublic-Lines: 1\nAAAA\n"
        f"Private-Lines: {LINES.count(chr(10))}\n{LINES}Private-MAC: 0a1b\n"
    )
    text = read_one(path).text
    assert "Comment: laptop" in text
    assert LINES[:40] not in text
    assert text.endswith("Private-MAC: 0a1b\n")


@pytest.mark.parametrize(
    "kept",
    [
        "-----BEGIN RSA PRIVATE KEY-----\n(paste all lines of your own key here)\n"
        "-----END RSA PRIVATE KEY-----",
        "-----BEGIN A-----\n" * 3,
        f"-----BEGIN A-----\n{LINES}-----END B-----",
        f"-----BEGIN PGP SIGNED MESSAGE-----\nwords\n{LINES}-----END PGP SIGNED MESSAGE-----",
    ],
)  # fmt: skip
def test_words_between_such_marks_stay(kept):
    assert without_keys(kept) == kept


def test_many_marks_take_no_longer_in_proportion():
    without_keys("-----BEGIN A-----\n" * 200_000 + LINES)

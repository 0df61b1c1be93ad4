import base64
import hashlib
import random

import pytest

from bienc_cli.formats.encoded_data import without_encoded_data

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

"""What has no title of its own is embedded with the words of its file's name."""

from __future__ import annotations

import pytest

from bienc_cli.chunking.chunker import chunk
from bienc_cli.types import ChunkingParameters, Document, Heading
from fakes import FakeBiEncoder


def contexts(document: Document) -> list[str]:
    tokenizer = FakeBiEncoder().tokenizer
    return [passage.context for passage in chunk(document, tokenizer, ChunkingParameters(32, 0))]


@pytest.mark.parametrize(
    ("doc_id", "format_name", "context"),
    [
        ("leases/Lease_Zebrowski.txt", "text", "Lease Zebrowski"),
        ("retryPolicy.py", "code", "retry Policy"),
        ("ADOBE_2022_10K.pdf", "pdf", "ADOBE 2022 10K"),
        ("Annual%20Report%202023%20M%C3%BCller.pdf", "pdf", "Annual Report 2023 Müller"),
        ("sales up 50%e9.txt", "text", "sales up 50%e9"),
        ("0001.txt", "text", ""),
        # A diary's notes are found by their day, however it is written.
        ("journals/2025_06_03.md", "markdown", "2025-06-03"),
        ("2025-06-03.md", "markdown", "2025-06-03"),
        ("20250603.txt", "text", "2025-06-03"),
        ("2025.06.03 board_meeting.txt", "text", "2025-06-03 board meeting"),
        ("invoice_2025-06.pdf", "pdf", "invoice 2025-06"),
        ("2025-W23.md", "markdown", "2025-W23"),
        ("20259999.txt", "text", ""),
        ("12025-06-031.txt", "text", ""),
        ("20250603-4e1f-9c3d.txt", "text", ""),
        ("d41d8cd98f00b204.txt", "text", ""),
        ("record-of-a-collection", "jsonl", ""),
    ],
)
def test_the_name_stands_in_for_a_title(doc_id, format_name, context):
    assert contexts(Document(doc_id, "words", format_name)) == [context]


def test_a_title_goes_before_the_name():
    assert contexts(Document("lease_one.txt", "words", "text", title="Contract")) == ["Contract"]


def test_the_name_stands_above_the_headings():
    document = Document(
        "lease_one.txt",
        "Part\n\nwords " + "and more " * 40,
        "text",
        headings=(Heading(0, 1, "Part"),),
    )
    assert contexts(document)[-1] == "lease one > Part"

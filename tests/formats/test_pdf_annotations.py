"""Words of a PDF's fields and notes that are not where they usually are."""

from __future__ import annotations

from pathlib import Path

import pytest

from pdf_samples import drawn_pdf, lines
from test_pdf_contents import ENGINES, read
from test_pdf_operators import stream

DRAWN = stream(
    "/Tx BMC BT /F1 10 Tf 2 2 Td (puffin crossing) Tj ET EMC",
    "/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /F1 3 0 R >> >>",
)
WIDGET = "/Subtype /Widget /FT /Tx /T (Crossing)"
RICH = "(<body><p>puffin&#32;<b>crossing</b></p></body>)"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("entries", "shown"),
    [
        (f"{WIDGET} /AP << /N 7 0 R >>", "Crossing: puffin crossing"),
        (f"{WIDGET} /V (zebra) /AP << /N 7 0 R >>", "Crossing: zebra"),
        (f"{WIDGET} /RV {RICH}", "Crossing: puffin crossing"),
        (f"{WIDGET} /Ff 8192 /AP << /N 7 0 R >>", ""),
        ("/Subtype /FreeText /AP << /N 7 0 R >>", "puffin crossing"),
        (f"/Subtype /FreeText /RC {RICH}", "puffin crossing"),
        ("/Subtype /Stamp /AP << /N 7 0 R >>", "puffin crossing"),
        ("/Subtype /Stamp /Contents (Paid) /AP << /N 7 0 R >>", "Paid"),
        ("/Subtype /Stamp /AP << /N << /On 7 0 R >> >>", ""),
        ("/Subtype /Text /AP << /N 7 0 R >>", ""),
        ("/Subtype /Widget /FT /Btn /Ff 65536 /MK << /CA (Send it in) >>", "Send it in"),
        ("/Subtype /Widget /FT /Btn /T (Paid) /MK << /CA (4) >> /AS /Off", ""),
        ("/Subtype /Widget /FT /Btn /T (Paid) /MK << /CA (4) >> /AS /Yes", "Paid: Yes"),
    ],
)
def test_words_that_are_only_drawn(engine: str, entries: str, shown: str, tmp_path: Path) -> None:
    note = f"<< /Type /Annot /Rect [50 600 300 620] {entries} >>"
    content = drawn_pdf(lines("Road signs"), page="/Annots [6 0 R]", objects=[note, DRAWN])
    text = " ".join(read(tmp_path, content, engine).text.split())
    assert text == f"Road signs {shown}".strip()

"""PDFs written out as the specification has it, by the operators that draw their pages."""

from __future__ import annotations

from collections.abc import Sequence


def drawn_pdf(
    *streams: str,
    page: str = "",
    catalog: str = "",
    objects: Sequence[str] = (),
    resources: str = "/Font << /F1 3 0 R >>",
) -> bytes:
    """A PDF of pages of 600 by 800 points, with font F1.

    Page i is object `4 + 2 * i`; those of `objects` follow behind the last page's stream.

    Args:
        streams: operators of each page.
        page: entries of every page's dictionary.
        catalog: entries of the catalog.
        objects: further objects.
        resources: of every page.
    """
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(streams)))
    bodies = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for index, stream in enumerate(streams):
        bodies.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources "
            f"<< {resources} >> /Contents {5 + 2 * index} 0 R {page} >>"
        )
        bodies.append(f"<< /Length {len(stream.encode('cp1252'))} >>\nstream\n{stream}\nendstream")
    bodies += objects
    content = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(content))
        content += f"{number} 0 obj\n{body}\nendobj\n".encode("cp1252")
    table = len(content)
    content += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    content += f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\n".encode()
    content += f"startxref\n{table}\n%%EOF\n".encode()
    return bytes(content)


def lines(*texts: str, x: float = 50, y: float = 750, size: float = 11) -> str:
    """Lines of text, one below the other."""
    shown = " T* ".join(f"({text}) Tj" for text in texts)
    return f"BT /F1 {size} Tf {size * 1.3} TL {x} {y} Td {shown} ET"

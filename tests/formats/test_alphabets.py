"""Encodings that have the same bytes for other letters: of Europe, of DOS, of old Macs."""

import pytest

from bienc_cli.formats.decoding import decode

GERMAN = "Grüße aus München, schöne Straße über die Brücke, Häuser und Bäume im Süden.\n"
FRENCH = "Il était là, où est le garçon ? Ça va très bien, à l’école des élèves ; même à Noël.\n"
SPANISH = "¿Cómo está? Mañana, corazón, niño, también, años, señora, según él, aquí.\n"
DANISH = "Rødgrød med fløde på en ø, så går det nok også for æblerne på Ærø og i Århus.\n"
POLISH = "Zażółć gęślą jaźń, a potem pójdź, kiń tę chmurność w głąb flaszy, proszę bardzo.\n"
RUSSIAN = "Привет мир, это старый текст из системы DOS, который нужно прочитать правильно.\n"


@pytest.mark.parametrize("times", [1, 50])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "cp437"),
        (GERMAN, "cp850"),
        (GERMAN, "mac_roman"),
        (FRENCH, "mac_roman"),
        (FRENCH.replace("’", "'"), "cp850"),
        (SPANISH, "cp437"),
        (DANISH, "cp850"),
        (DANISH, "mac_roman"),
        (POLISH, "cp852"),
        (RUSSIAN, "cp866"),
        ("Price list\n" * 100 + GERMAN, "cp850"),
    ],
)
def test_older_encodings_are_known_by_their_letters(text, encoding, times):
    assert decode((text * times).encode(encoding)) == text * times


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((text, "cp1252") for text in (GERMAN, FRENCH, SPANISH, DANISH)),
        (POLISH, "cp1250"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        ("Temperatures of 3°C, 4°C and 5°C; a·b, c×d and e÷f; §5, §6.\n" * 3, "cp1252"),
        ("Die „Größe“ – 3×4×5 – beträgt 60 m³…\nUnd AÄÖÜ, BÄR, FÜR.\n", "cp1252"),
        ("paral·lel, col·legi, il·lusió, novel·la, síl·laba, excel·lent\n", "cp1252"),
        ("iPhoneÄ, eÖlPumpe, xÜber\n" + GERMAN * 20, "cp1252"),
    ],
)
def test_later_encodings_are_not_taken_for_older_ones(text, encoding):
    assert decode(text.encode(encoding)) == text

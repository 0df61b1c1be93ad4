"""Which row of a table is its header."""

from __future__ import annotations

import pytest

from reader_samples import outline, read_one


def header(tmp_path, source: str) -> list[tuple[int, str]]:
    path = tmp_path / "a.csv"
    path.write_text(source, newline="")
    document = read_one(path)
    assert document.text == source
    for heading in document.headings:
        assert document.text.startswith(heading.title.split(", ")[0].strip('"'), heading.start)
    return outline(document)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("# made by a program\n# on a Monday\nname,size\na,1\nb,2\n", "name, size"),
        ("// c\nname,size\na,1\n", "name, size"),
        ("% a comment, with, commas\nname,size\na,1\n", "name, size"),
        ("sep=;\nname;size\na;1,5\nb;2,5\n", "name, size"),
        ("sep=|\nname|size\na|1;5;6\n", "name, size"),
        ("Sales of the year\n\nname,size\na,1\nb,2\n", "name, size"),
        ("Sales of the year,,\n,,\nname,size,kind\na,1,x\nb,2,y\n", "name, size, kind"),
        ("country,2019,2020,2021\nItaly,1,2,3\nSpain,4,5,6\n", "country, 2019, 2020, 2021"),
        ("country,2019-01,2019-02\nItaly,1.5,2\n", "country, 2019-01, 2019-02"),
        (",2019,2020\nItaly,1,2\n", ", 2019, 2020"),
        ("name,size\n# not a comment,1\na,2\n", "name, size"),
    ],
)
def test_a_header_is_found(tmp_path, source, names):
    assert header(tmp_path, source) == [(1, names)]


@pytest.mark.parametrize(
    ("source", "headings"),
    [
        # As banks export it.
        (
            "Account,Savings\nBalance,10\n\nDate,Text,Amount\n1/2,rent,-3\n1/3,tea,-1\n",
            ["Account, Savings", "Date, Text, Amount"],
        ),
        (
            "Account:,12,\nFrom:,1/1,\nDate,Text,Amount,Sum,Kind\n1/2,rent,3,4,a\n1/3,tea,1,5,b\n",
            ["Date, Text, Amount, Sum, Kind"],
        ),
        ("name,size\na,1\n\nb,2\n\nNorth\n\nc,3\n", ["name, size"]),
        ("name,size\n\na,1\nb,2\n", ["name, size"]),
        ("name,size\na,1\n\n# more\n\nb,2\n", ["name, size"]),
        ("name,size\na,1\n\n1,2,3\n4,5,6\n", ["name, size"]),
    ],
)
def test_each_table_of_a_file_has_its_own_header(tmp_path, source, headings):
    assert header(tmp_path, source) == [(1, one) for one in headings]


def test_a_header_ends_where_another_table_begins(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("name,size\na,1\nb,2\n\n1,2,3\n4,5,6\n")
    document = read_one(path)
    (heading,) = document.headings
    assert document.text[heading.end :].startswith("1,2,3")


@pytest.mark.parametrize(
    "source",
    [
        "Ada,1815,1852\nAlan,1912,1954\n",
        "2019,2020\n1,2\n",
        "Rome,1960\nTokyo,1964\n",
        "Berlin,13,1990\nParis,20,1991\n",
        "# only\n# comments\n",
        "sep=;\n",
        "a,,\n,b,\n,,c\n",
    ],
)
def test_data_is_no_header(tmp_path, source):
    assert header(tmp_path, source) == []

"""Numbers as a spreadsheet shows them."""

import datetime

import pytest

from bienc_cli.formats.number_formats import NumberFormat, duration, moment


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("00000", "1234", "01234"),
        ('"ID-"0000', "12", "ID-0012"),
        ("\\A\\-000", "7", "A-007"),
        ('#,##0 "days"', "12", "12 days"),
        ('0.0" kg";-0.0" kg"', "-2.5", "-2.5 kg"),
        ('#,##0.00 "€"', "1234.5", "1234.50 €"),
        ("#,##0.00", "49.9", "49.90"),
        ("#,##0.00;[Red]-#,##0.00", "-17.5", "-17.50"),
        ("0.00", "800", "800"),
        ("0.00", "33.333333333333336", "33.33"),
        ("0.00", "2.675", "2.68"),
        ("0.00##", "2.5", "2.50"),
        ("0.0##", "2.71828", "2.718"),
        ("0", "12.7", "12.7"),
        ("0.0", "12.75", "12.75"),
        ("0.0,,", "1234567.5", "1234567.5"),
        ("0.00", "1e999", "inf"),
        ("[$€-407] #,##0", "12", "€ 12"),
        ('_-* #,##0.00 "kr"_-', "12", "12 kr"),
        ("[Red]0.0", "1.5", "1.5"),
        ("(000) 000-0000", "5551234", "5551234"),
        ("# ?/?", "0.5", "0.5"),
        ("0.00E+00", "12", "12"),
        ("General", "12", "12"),
        ("@", "12", "12"),
        ("", "12", "12"),
        ("000", "junk", "junk"),
    ],
)
def test_units_and_codes_are_shown_with_their_numbers(code, value, shown):
    epoch = datetime.datetime(1899, 12, 30)
    assert NumberFormat.of("164", code).shown(value, epoch) == shown


@pytest.mark.parametrize("number", ["2", "4", "7", "8", "39", "40", "43", "44"])
def test_amounts_have_their_decimals(number):
    epoch = datetime.datetime(1899, 12, 30)
    assert NumberFormat.of(number, "").shown("49.9", epoch) == "49.90"


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        (45413, "2024-05-01"),
        (45413.5, "2024-05-01 12:00"),
        (0.25, "06:00"),
        (1, "1900-01-01"),
        (59, "1900-02-28"),
        (61, "1900-03-01"),
    ],
)
def test_dates_are_readable(days, shown):
    assert moment(datetime.datetime(1899, 12, 30), days) == shown


@pytest.mark.parametrize(
    ("days", "shown"), [(1.5, "36:00:00"), (-0.25, "-6:00:00"), (0, "0:00:00")]
)
def test_durations_go_on_beyond_a_day(days, shown):
    assert duration(days) == shown


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("yyyy-mm-dd", "date"),
        ("[$-409]d. mmm", "date"),
        ("h:mm", "date"),
        ("[$-F800]dddd\\,\\ mmmm dd", "date"),
        ("[h]:mm", "duration"),
        ("[Blue][MM]:ss", "duration"),
        ("General", ""),
        ("0.00", ""),
        ('#,##0 "days"', ""),
        ("0\\d", ""),
        ("[Red]0.0", ""),
        ("0.0%", "percentage"),
    ],
)
def test_formats_of_peoples_own(code, kind):
    assert NumberFormat.of("164", code).kind == kind

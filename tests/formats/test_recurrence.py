import pytest

from bienc_cli.formats.recurrence import in_words


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=WEEKLY;BYDAY=WE", "every week on Wednesday"),
        ("FREQ=WEEKLY;INTERVAL=1;WKST=MO", "every week"),
        ("FREQ=MONTHLY;BYDAY=1MO,-1FR", "every month on first Monday, last Friday"),
        ("FREQ=MONTHLY;BYMONTHDAY=15;COUNT=6", "every month on day 15, 6 times"),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=20TU", "every year on 20. Tuesday in May"),
        ("freq=daily;until=20251231", "every day until 2025-12-31"),
        ("FREQ=YEARLY;BYMONTH=13;BYDAY=XX;UNTIL=soon", "every year"),
        ("FREQ=SECONDLY", ""),
        ("", ""),
        (";;=;FREQ", ""),
    ],
)
def test_a_rule_in_words(rule, words):
    assert in_words(rule) == words

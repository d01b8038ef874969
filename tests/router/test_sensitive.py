"""What the detector finds, what it leaves alone, and how long it takes over texts made to be slow."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.sensitive import OVERLAP_CHARS, WINDOW_CHARS, Detector, Sensitive, windows

ALL = Detector(Sensitive)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Write to anna.svensson+news@example.se please", Sensitive.EMAIL),
        ('"anna"@example.co.uk', Sensitive.EMAIL),
        ("ａｎｎａ＠ｅｘａｍｐｌｅ．ｓｅ", Sensitive.EMAIL),
        ("call +46 8 123 456 78", Sensitive.PHONE),
        ("call 0046-8-123 456 78", Sensitive.PHONE),
        ("call (212) 555-0123", Sensitive.PHONE),
        ("call 212-555-0123.", Sensitive.PHONE),
        ("ring 070-123 45 67", Sensitive.PHONE),
        ("Tel.: 0171 / 1234567", Sensitive.PHONE),
        ("ring 0701234567", Sensitive.PHONE),
        ("to DE89370400440532013000", Sensitive.IBAN),
        ("to DE89 3704 0044 0532 0130 00, thanks", Sensitive.IBAN),
        ("be68 5390 0754 7034 then more", Sensitive.IBAN),
        ("room ab12 cdef DE89 3704 0044 0532 0130 00", Sensitive.IBAN),
        ("card 4111 1111 1111 1111", Sensitive.CARD),
        ("card 4111-1111-1111-1111", Sensitive.CARD),
        ("card 4111\u00a01111\u00a01111\u00a01111", Sensitive.CARD),
        ("card 4111111111111111!", Sensitive.CARD),
        ("3782 822463 10005", Sensitive.CARD),
        ("٤١١١ ١١١١ ١١١١ ١١١١", Sensitive.CARD),
        ("4111\u200b1111\u200b1111\u200b1111", Sensitive.CARD),
        ("2024 4111 1111 1111 1111", Sensitive.CARD),
        ("my key is sk-proj-abcdefghij0123456789ABCD", Sensitive.SECRET_KEY),
        ("AKIAIOSFODNN7EXAMPLE", Sensitive.SECRET_KEY),
        ("ghp_" + "a1" * 18, Sensitive.SECRET_KEY),
        ("-----BEGIN RSA PRIVATE KEY-----", Sensitive.SECRET_KEY),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x", Sensitive.SECRET_KEY),
        ('PASSWORD = "hunter2hunter2"', Sensitive.SECRET_KEY),
        ("api_key: 9f8e7d6c5b4a", Sensitive.SECRET_KEY),
        ("880320-0016", Sensitive.NATIONAL_ID),  # Sweden
        ("19880320-0016", Sensitive.NATIONAL_ID),
        ("131052-308T", Sensitive.NATIONAL_ID),  # Finland
        ("15108695088", Sensitive.NATIONAL_ID),  # Norway
        ("151086 95088", Sensitive.NATIONAL_ID),
        ("211062-5629", Sensitive.NATIONAL_ID),  # Denmark
        ("36 574 261 809", Sensitive.NATIONAL_ID),  # Germany
        ("44051401359", Sensitive.NATIONAL_ID),  # Poland
        ("85.07.30-033 28", Sensitive.NATIONAL_ID),  # Belgium
        ("390.533.447-05", Sensitive.NATIONAL_ID),  # Brazil
        ("756.9217.0769.85", Sensitive.NATIONAL_ID),  # Switzerland
        ("2 95 10 99 126 111 93", Sensitive.NATIONAL_ID),  # France
        ("54362315K", Sensitive.NATIONAL_ID),  # Spain
        ("X2482300W", Sensitive.NATIONAL_ID),
        ("RCCMNL83S18D969H", Sensitive.NATIONAL_ID),  # Italy
        ("536-90-4399", Sensitive.NATIONAL_ID),  # United States
        ("943 476 5870", Sensitive.NATIONAL_ID),  # United Kingdom
        ("QQ 12 34 56 C".replace("QQ", "AB"), Sensitive.NATIONAL_ID),
        ("2341 2341 2346", Sensitive.NATIONAL_ID),  # India
        ("360426199101010071", Sensitive.NATIONAL_ID),  # China
        ("BSN: 111222333", Sensitive.NATIONAL_ID),  # Netherlands
    ],
)
def test_what_is_found(text: str, kind: Sensitive) -> None:
    assert Detector([kind]).find(text) is kind
    assert Detector([kind]).find(f"{'Long story. ' * 50}{text} {'And so on. ' * 50}") is kind


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "It was on 2024-01-02, 01-02-2024 or 01/02/2024 at 10:30:15.",
        "Pi is 3.14159265358979323846, and 2**64 is 18446744073709551616.",
        "Version 0.10.2 of 2026.6.1, port 8000, 192.168.100.200",
        "for x in range(10): a = b @ c.T  # @app.route('/x')",
        "password = getpass.getpass(); api_key = os.environ['KEY']",
        "4111 1111 1111 1112 has a wrong check digit",
        "DE88370410441532213011 has wrong check digits",
        "1700000000 seconds, 123456789 bytes",
        "pip install foo@3.11",
        "The basket holds 12 345 678 eggs.",
        "sk-short, gh_pages, an eyJay of a day",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert ALL.find(text) is None


def test_only_what_was_asked_for_is_looked_for() -> None:
    assert Detector([Sensitive.CARD]).find("anna@example.se") is None


def test_nothing_is_hidden_at_a_cut() -> None:
    secret = "DE89 3704 0044 0532 0130 00"
    detector = Detector([Sensitive.IBAN])
    for at in range(WINDOW_CHARS - OVERLAP_CHARS - 40, WINDOW_CHARS + 40):
        text = "x " * (at // 2) + secret + " y" * 2000
        assert any(detector.find(window) for window in windows(text)), at


@given(st.integers(0, 5 * WINDOW_CHARS))
@settings(deadline=None)
def test_windows_hold_the_whole_text(n_chars: int) -> None:
    text = "".join(map(str, range(n_chars // 4)))
    cut = list(windows(text))
    assert cut[0] + "".join(window[OVERLAP_CHARS:] for window in cut[1:]) == text


def test_no_expression_repeats_without_a_bound() -> None:
    """A bound on every repetition is what keeps the time linear."""
    for _, patterns in ALL._patterns:
        for each in patterns:
            without_escapes = re.sub(r"\\.", "x", re.sub("  # .*", "", each.regex.pattern))
            without_sets = re.sub(r"\[[^\]]*\]", "x", without_escapes)
            assert not re.search(r"[*+]|\{\d*,\}", without_sets), each.regex.pattern

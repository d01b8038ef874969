"""What the detector finds, what it leaves alone, and how long it takes over texts made to be slow."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.sensitive import OVERLAP_CHARS, WINDOW_CHARS, Detector, Sensitive, windows

ALL = Detector(Sensitive)

HEX = "0123456789abcdef" * 6
MIXED = "aB3dE6gH9jK2mN5pQ8sT" * 8
TOKENS = [
    f"sk-ant-api03-{MIXED[:93]}AA",
    f"sk-or-v1-{HEX[:64]}",
    f"gsk_{MIXED[:52]}",
    f"xai-{MIXED[:80]}",
    f"r8_{MIXED[:37]}",
    f"pplx-{MIXED[:48]}",
    f"nvapi-{MIXED[:64]}",
    f"hf_{MIXED[:34]}",
    f"AIza{MIXED[:35]}",
    f"ya29.{MIXED[:60]}",
    f"glpat-{MIXED[:20]}",
    f"xapp-1-{MIXED[:40].upper()}",
    f"123456789:AA{MIXED[:33]}",
    f"shpat_{HEX[:32]}",
    f"dop_v1_{HEX[:64]}",
    f"dapi{HEX[:32]}",
    f"hvs.{MIXED[:90]}",
    f"figd_{MIXED[:40]}",
    f"ntn_{MIXED[:46]}",
    f"lin_api_{MIXED[:40]}",
    f"sbp_{HEX[:40]}",
    f"glsa_{MIXED[:32]}_{HEX[:8]}",
    f"dckr_pat_{MIXED[:27]}",
    f"ATATT3{MIXED[:150]}",
    f"ops_eyJ{MIXED[:150]}",
    f"whsec_{MIXED[:32]}",
    f"AGE-SECRET-KEY-1{MIXED[:58].upper()}",
    f"abC8Q~{MIXED[:34]}",
]
"""Made-up tokens in the forms that their services give out."""


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
        ("+46(0)8-123 456", Sensitive.PHONE),
        ("(+46) 8 123 456 78", Sensitive.PHONE),
        ("1-800-555-0199", Sensitive.PHONE),
        ("(212)555-0123", Sensitive.PHONE),
        ("06.12.34.56.78", Sensitive.PHONE),
        ("(11) 91234-5678", Sensitive.PHONE),
        ("98765 43210", Sensitive.PHONE),
        ("138 0013 8000", Sensitive.PHONE),
        ("Phone: 2125550123", Sensitive.PHONE),
        ("call me on 601 234 567", Sensitive.PHONE),
        ("anna (at) example (dot) se", Sensitive.EMAIL),
        (r"{\"to\": \"anna\u0040example.se\"}", Sensitive.EMAIL),
        (r"anna\\u0040example.se", Sensitive.EMAIL),
        ("mailto:anna%40example.se", Sensitive.EMAIL),
        ("anna&#64;example.se", Sensitive.EMAIL),
        ("DE89.3704.0044.0532.0130.00", Sensitive.IBAN),
        ("4111\n1111\n1111\n1111", Sensitive.CARD),
        ("4111\t1111\t1111\t1111", Sensitive.CARD),
        ("4111_1111_1111_1111", Sensitive.CARD),
        ("?card=4111+1111+1111+1111", Sensitive.CARD),
        ("**4111** **1111** **1111** **1111**", Sensitive.CARD),
        ("> 4111\n> 1111\n> 1111\n> 1111", Sensitive.CARD),
        ("4111<b></b>1111<br>1111<br/>1111", Sensitive.CARD),
        ("4111\r\n\r\n1111\r\n\r\n1111\r\n\r\n1111", Sensitive.CARD),
        ("4111%25201111%25201111%25201111", Sensitive.CARD),
        ("4111/1111/1111/1111", Sensitive.CARD),
        ("4111 - 1111 - 1111 - 1111", Sensitive.CARD),
        ("4111 1111 1111 1111 12/29 123", Sensitive.CARD),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", Sensitive.CARD),
        ("4111111111111111.0", Sensitive.CARD),
        (r"4111\n1111\n1111\n1111", Sensitive.CARD),
        (r"\u0034111 1111 1111 1111", Sensitive.CARD),
        ("4\ufe0f\u20e31\ufe0f\u20e31\ufe0f\u20e31\ufe0f\u20e3" + "1" * 12, Sensitive.CARD),
        ("41\u034f11\u180e11\u115f11\u2061111\u20681\u206911\U000e002011", Sensitive.CARD),
        ("①" + "4111 1111 1111 1111".replace("4", " 4"), Sensitive.CARD),
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
        ("the password is hunter2hunter2", Sensitive.SECRET_KEY),
        ("psql --password Xk29vQpL77z", Sensitive.SECRET_KEY),
        ("<password>jAgaI7Zu5ejadL</password>", Sensitive.SECRET_KEY),
        ("**Password:** GfN4NcFDBjrBeP", Sensitive.SECRET_KEY),
        ("| password | prfs5sfv6fvmQC |", Sensitive.SECRET_KEY),
        ("AZURE_OPENAI_KEY: bdcbefaf111357ab1686195a7ff1cb41", Sensitive.SECRET_KEY),
        ("curl -u admin:upQVlH0wfLw1ra https://x.org", Sensitive.SECRET_KEY),
        ("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", Sensitive.SECRET_KEY),
        ("Authorization: Bearer 9f8e7d6c5b4a39281706", Sensitive.SECRET_KEY),
        ("postgres://anna:hunter22@db.example.org/shop", Sensitive.SECRET_KEY),
        *((token, Sensitive.SECRET_KEY) for token in TOKENS),
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
        ("880320 0016", Sensitive.NATIONAL_ID),
        ("390 533 447 05", Sensitive.NATIONAL_ID),
        ("SSN 536904399", Sensitive.NATIONAL_ID),
        ("NHS number 9434765870", Sensitive.NATIONAL_ID),
        ("Aadhaar: 234123412346", Sensitive.NATIONAL_ID),
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
        "Order 234123412346 of 2024, invoice 400638133393, parcel 00340434161094042557",
        "4006381333931 is the EAN of a highlighter, 978-3-16-148410-0 an ISBN.",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8, build 20240102.3",
        "550e8400-e29b-41d4-a716-446655440000 and 00:00:5e:00:53:af",
        "52.520008, 13.404954 and 192.0.2.10:8080 and 2001:db8::8a2e:370:7334",
        "ssh://host/path, http://localhost:8000/@user, npm i left-pad@1.3.0",
        "Use a bearer token or Basic authentication, and keep the secret in a vault.",
        "secret santa, password reset, an API key: see the docs. token budget 4096",
        "sk-learn-compatible-estimators-in-python, pa-something-else-entirely-of-words-only",
        "x = 5100 2300 1200 8800; y = 2019 2020 2021 2022; z = [6011, 6012, 6013, 6014]",
        "The text: 20240102 and the call: 20240103, then 3-2-1 and 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "2024-01-02T03:04:05.678901Z to 2024-12-31 23:59:59 +0100",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert ALL.find(text) is None


@pytest.mark.parametrize(
    "invisible", ["\u00ad", "\u200b", "\u034f", "\u2063", "\ufe0f", "\U000e0041", "\u0301", "\u3164"]
)
def test_any_number_of_invisible_characters_hides_nothing(invisible: str) -> None:
    text = (invisible * WINDOW_CHARS).join("4111 1111 1111 1111")
    assert any(Detector([Sensitive.CARD]).find(window) for window in windows([text]))


@pytest.mark.parametrize("n_digits", range(9, 20))
def test_few_numbers_at_random_are_taken_for_something(n_digits: int) -> None:
    dice = random.Random(n_digits)
    found = sum(
        ALL.find(f"Order {dice.randrange(10 ** (n_digits - 1), 10**n_digits)} is late.") is not None
        for _ in range(1000)
    )
    assert found <= 50


def test_a_check_that_breaks_does_not_break_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(number: str) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr("stdnum.luhn.is_valid", broken)
    detector = Detector([Sensitive.CARD, Sensitive.EMAIL])
    assert detector.find("4111 1111 1111 1111") is None
    assert detector.find("4111 1111 1111 1111, anna@example.se") is Sensitive.EMAIL


def test_only_what_was_asked_for_is_looked_for() -> None:
    assert Detector([Sensitive.CARD]).find("anna@example.se") is None


def test_nothing_is_hidden_at_a_cut() -> None:
    secret = "DE89 3704 0044 0532 0130 00"
    detector = Detector([Sensitive.IBAN])
    for at in range(WINDOW_CHARS - OVERLAP_CHARS - 40, WINDOW_CHARS + 40):
        text = "x " * (at // 2) + secret + " y" * 2000
        assert any(detector.find(window) for window in windows([text])), at


@given(st.integers(0, 5 * WINDOW_CHARS))
@settings(deadline=None)
def test_windows_hold_the_whole_text(n_chars: int) -> None:
    text = "".join(map(str, range(n_chars // 4)))
    cut = list(windows([text]))
    assert cut[0] + "".join(window[OVERLAP_CHARS:] for window in cut[1:]) == f"{text}\n"


def test_no_expression_repeats_without_a_bound() -> None:
    """A bound on every repetition is what keeps the time linear."""
    for _, patterns in ALL._patterns:
        for each in patterns:
            without_escapes = re.sub(r"\\.", "x", re.sub("  # .*", "", each.regex.pattern))
            without_sets = re.sub(r"\[[^\]]*\]", "x", without_escapes)
            assert not re.search(r"[*+]|\{\d*,\}", without_sets), each.regex.pattern

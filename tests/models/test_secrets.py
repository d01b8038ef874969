"""Masking of keys in texts: whole, encoded and in part; other texts stay unchanged."""

from urllib.parse import quote

import pytest

from models.redaction.secrets import MASK, keep_secret, mask, mask_all
from models.remote.http import HttpServer

KEY = "Aq9/kept+key=7Tz3xW5m"
keep_secret([KEY, "a1b2", "ab", None, ""])

QUOTED = [
    ("the key {}", KEY),
    ("the key {}", quote(KEY, safe="")),
    ("the key {}", KEY.lower()),
    ("Aq9/…{}", "xW5m"),
    ("ends in ...{}", "xW5m"),
    ("wrong key: {}!", f"{KEY[:7]}*****{KEY[-4:]}"),
    ("from the middle {} of it", KEY[3:14]),
    ("a short one, a1b2{}", ""),
]


@pytest.mark.parametrize(("around", "quoted"), QUOTED)
def test_a_registered_key_is_masked_however_it_is_quoted(around: str, quoted: str) -> None:
    masked = mask_all(around.format(quoted))
    assert MASK in masked
    assert not any(part in masked.lower() for part in ("kept", "7tz3", "xw5m", "a1b2"))


FORMS = [
    "sk-proj-0123456789abcdefABCDEF",
    "sk-ant-api03-0123456789abcdef-ABCDEF",
    "sk-abc***************wxyz",
    "sk-...wxyz",
    "sg-vOnO_hW6Xa87DpXNvyH8Vl6a6bPnXNjYSy4ZxE02Rs4",
    "sg-vOnO_h...2Rs4",
    "AIzaSyA0123456789abcdefghijklmnopqrstuv",
    "gsk_0123456789abcdefghijABCD",
    "hf_0123456789abcdefghijABCD",
    "xai-0123456789abcdefghij",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "AKIA0123456789ABCDEF",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_def",
]


@pytest.mark.parametrize("key", FORMS)
def test_any_text_in_the_form_of_a_key_is_masked(key: str) -> None:
    assert mask(f"Incorrect key {key}, says who") == f"Incorrect key {MASK}, says who"
    assert mask(f"authorization: Bearer {key}") == f"authorization: Bearer {MASK}"
    assert mask(f"https://me:{key}@x.example/v1?a=1&api_key={key}&b=2") == (
        f"https://{MASK}@x.example/v1?a=1&api_key={MASK}&b=2"
    )


@pytest.mark.parametrize(
    "text",
    [
        "status 429, code rate_limit_exceeded, type requests",
        "the risk-assessment-of-everything model gpt-4.1-2025-04-14 at https://api.example/v1?api-version=2024-10-21",
        "maximum context length is 8192 tokens... please shorten",
        "ab is too short to be a key, and a1b2c3d4 is another word",
        "req_f81d4fae7dec11d0a76500a0 chatcmpl-c91e6bf6ddb9a3c2",
    ],
)
def test_other_texts_are_unchanged(text: str) -> None:
    assert mask_all(text) == text
    assert mask(text) == text


@pytest.mark.parametrize("text", ["*" * 4000, "Aq9/" * 1000, "sk-" * 1300, "://" + "a" * 4000, "Bearer " * 570])
@pytest.mark.timeout(5)
def test_no_text_takes_long(text: str) -> None:
    mask_all(text)


def test_a_short_key_does_not_mask_part_of_a_longer_one() -> None:
    HttpServer("http://127.0.0.1:9/v1", headers={"authorization": "Bearer sk"}, use_proxy=False)
    assert mask("authorization: Bearer sk-proj-0123456789abcdefABCDEF") == f"authorization: Bearer {MASK}"

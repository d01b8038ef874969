"""Which session a request belongs to and for whom it is made, in the words of many clients."""

from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text

from gateway.http.sessions import HEADERS, end_user_of, session_of
from models.wire.errors import RequestError
from tests.live import Gateway
from tests.provider import Provider

CLAUDE_CODE = '{"device_id":"d3v1ce","account_uuid":"acc0unt","session_id":"s3ss10n"}'
OLD_CLAUDE_CODE = "user_d3v1ce_account_acc0unt_session_s3ss10n"


@pytest.mark.parametrize("header", HEADERS)
def test_headers_of_agents_name_it(header: bytes) -> None:
    assert session_of([(b"host", b"localhost"), (header, b"abc-1")], {"model": "auto"}) == "abc-1"


@pytest.mark.parametrize(
    ("body", "session"),
    [
        ({"metadata": {"user_id": CLAUDE_CODE}}, "s3ss10n"),
        ({"metadata": {"user_id": OLD_CLAUDE_CODE}}, "s3ss10n"),
        ({"metadata": {"session_id": "abc"}}, "abc"),
        ({"conversation": "conv_1"}, "conv_1"),
        ({"conversation": {"id": "conv_1"}}, "conv_1"),
        ({"session_id": "abc"}, "abc"),
        ({"litellm_session_id": "abc"}, "abc"),
        ({"prompt_cache_key": "abc", "user": "anna"}, None),
        ({"metadata": {"user_id": "anna"}}, None),
        ({"metadata": {"user_id": "{not JSON"}}, None),
        ({"metadata": {"user_id": "_session_"}}, None),
        ({"metadata": ["session_id"], "conversation": 7, "session_id": {}}, None),
        ({"session_id": "a\nb", "litellm_session_id": "x" * 201}, None),
        ([1, 2], None),
        (None, None),
    ],
)
def test_fields_of_bodies_name_it(body: Any, session: str | None) -> None:
    assert session_of([], body) == session


def test_the_gateways_own_header_counts_first_and_a_sub_agents_session_last() -> None:
    headers = [(b"x-session-id", b"child"), (b"x-parent-session-id", b"parent")]
    assert session_of(headers, {"session_id": "body"}) == "parent"
    assert session_of([*headers, (b"x-slimgate-session", b" mine ")], {"session_id": "body"}) == "mine"


@pytest.mark.parametrize("value", [b"", b"  ", b"x" * 201, b"a\tb", b"\xff\x80"])
def test_the_gateways_own_header_holds_an_id_or_is_refused(value: bytes) -> None:
    with pytest.raises(RequestError, match="must be an id of 1 to 200 printable characters"):
        session_of([(b"x-slimgate-session", value)], None)


@pytest.mark.parametrize(
    ("body", "person"),
    [
        ({"user": "anna"}, "anna"),
        ({"safety_identifier": "hash", "user": "anna"}, "hash"),
        ({"metadata": {"user_id": CLAUDE_CODE}}, "acc0unt"),
        ({"metadata": {"user_id": CLAUDE_CODE.replace("acc0unt", "")}}, "d3v1ce"),
        ({"metadata": {"user_id": OLD_CLAUDE_CODE}}, "user_d3v1ce_account_acc0unt"),
        ({"metadata": {"user_id": "anna"}}, "anna"),
        ({"user": 7, "metadata": {"user_id": ["x"]}}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_person_is_named_without_the_session(body: Any, person: str) -> None:
    assert end_user_of(body) == person


def test_the_ledger_has_both(shared_gateway: Gateway, shared_provider: Provider) -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": "Hello!"}], "user": "anna"}
    httpx.post(f"{shared_gateway.url}/v1/chat/completions", json=body, headers={"session_id": "abc"})
    id = shared_gateway.row()["id"]
    engine = create_engine(shared_gateway.settings.ledger_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT session_id, end_user FROM requests WHERE id = :id"), {"id": id})
        assert rows.one() == ("abc", "anna")
    engine.dispose()

"""Responses that are kept: continued by their ids on every route, found, deleted, and away in time."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from gateway.config.settings import Settings
from tests import natively
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway
from tests.provider import WORDS, Provider, running_provider

ANSWER = "".join(WORDS)
TOOLS: Any = [{"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}]
LOCAL, CLOUD = {"x-slimgate-threshold": "1.0001"}, {"x-slimgate-threshold": "0"}
PRIVATE = {"x-slimgate-privacy": "local"}


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    return shared_gateway


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    return shared_provider


def ask(gateway: Gateway, text: Any = "Say hello.", **body: Any) -> Any:
    return gateway.client().responses.create(**{"model": "auto", "input": text, **body})


def streamed(gateway: Gateway, text: Any, **body: Any) -> Any:
    *_, last = gateway.client().responses.create(model="auto", input=text, stream=True, **body)
    return last.response


def said(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Role and text of each message."""
    texts = [m["content"] if isinstance(m["content"], str) else m["content"][0]["text"] for m in messages]
    return [(message["role"], text) for message, text in zip(messages, texts, strict=True)]


@pytest.mark.parametrize("give", [ask, streamed])
def test_a_translated_conversation_goes_on_by_its_id(gateway: Gateway, provider: Provider, give: Any) -> None:
    first = give(gateway, "Say hello.", instructions="Be kind.")
    second = give(gateway, [{"role": "user", "content": "Again."}], previous_response_id=first.id)
    third = give(gateway, "And again.", previous_response_id=second.id)
    assert (first.store, second.previous_response_id) == (True, first.id)
    assert said(provider.requests[0]["messages"]) == [("system", "Be kind."), ("user", "Say hello.")]
    # instructions are for one answer, as at OpenAI
    assert said(provider.requests[-1]["messages"]) == [
        ("user", "Say hello."),
        ("assistant", ANSWER),
        ("user", "Again."),
        ("assistant", ANSWER),
        ("user", "And again."),
    ]
    assert third.output_text == ANSWER


@pytest.mark.parametrize("reference", [{"type": "item_reference"}, {}])
def test_single_items_are_referred_to(gateway: Gateway, provider: Provider, reference: dict[str, Any]) -> None:
    """As the AI SDK sends turn two by default; and turn three, which refers to what turn two referred to."""
    first = ask(gateway)
    turn: Any = [{"role": "user", "content": "Say hello."}, {**reference, "id": first.output[0].id}]
    second = ask(gateway, [*turn, {"role": "user", "content": "Again."}])
    ask(gateway, "And again.", previous_response_id=second.id)
    expected = [("user", "Say hello."), ("assistant", ANSWER), ("user", "Again.")]
    assert said(provider.requests[1]["messages"]) == expected
    assert said(provider.requests[2]["messages"]) == [*expected, ("assistant", ANSWER), ("user", "And again.")]
    items = gateway.client().responses.input_items.list(second.id, order="asc").data
    assert [item.type for item in items] == ["message", "message", "message"]


def test_a_tool_loop_goes_on_by_its_id(gateway: Gateway, provider: Provider) -> None:
    provider.faults.append("calls_two_tools")
    first = ask(gateway, tools=TOOLS)
    calls = [item for item in first.output if item.type == "function_call"]
    results: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "rain"} for call in calls]
    ask(gateway, results, previous_response_id=first.id, tools=TOOLS)
    roles = [message["role"] for message in provider.requests[1]["messages"]]
    assert roles == ["user", "assistant", "tool", "tool"]
    assert [call["id"] for call in provider.requests[1]["messages"][1]["tool_calls"]] == [c.call_id for c in calls]


def test_a_kept_response_can_be_found_again(gateway: Gateway, provider: Provider) -> None:
    client = gateway.client()
    first = ask(gateway, metadata={"a": "b"})
    assert client.responses.retrieve(first.id) == first
    second = ask(gateway, "Again.", previous_response_id=first.id)
    newest = client.responses.input_items.list(second.id, limit=2)
    texts: list[Any] = [item.model_dump()["content"] for item in newest.data]
    assert [content[0]["text"] for content in texts] == ["Again.", ANSWER]
    assert newest.has_more
    assert [item.id for item in client.responses.input_items.list(second.id)][1] == first.output[0].id
    with pytest.raises(openai.BadRequestError, match="only one in the background"):
        client.responses.cancel(first.id)
    with pytest.raises(openai.BadRequestError, match="one piece"):
        list(client.responses.retrieve(first.id, stream=True))


def test_a_deleted_response_is_gone(gateway: Gateway, provider: Provider) -> None:
    client = gateway.client()
    first = ask(gateway)
    second = ask(gateway, "Again.", previous_response_id=first.id)
    assert httpx.delete(f"{gateway.url}/v1/responses/{first.id}").json() == {
        "id": first.id,
        "object": "response",
        "deleted": True,
    }
    with pytest.raises(openai.NotFoundError) as gone:
        client.responses.retrieve(first.id)
    assert gone.value.code == "response_not_found"
    with pytest.raises(openai.NotFoundError):
        client.responses.delete(first.id)
    for id in (first.id, second.id):  # what came after it has lost its beginning
        with pytest.raises(openai.BadRequestError, match="send the whole conversation") as caught:
            ask(gateway, "Again.", previous_response_id=id)
        assert (caught.value.code, caught.value.param) == ("previous_response_not_found", "previous_response_id")
    with pytest.raises(openai.BadRequestError, match="send the item itself") as missing:
        ask(gateway, [{"role": "user", "content": "hi"}, {"type": "item_reference", "id": first.output[0].id}])
    assert (missing.value.code, missing.value.param) == ("item_not_found", "input[1].id")
    assert len(provider.requests) == 2


def test_what_shall_not_be_kept_is_not(gateway: Gateway, provider: Provider) -> None:
    first = ask(gateway, store=False)
    assert first.store is False
    with pytest.raises(openai.NotFoundError):
        gateway.client().responses.retrieve(first.id)
    with pytest.raises(openai.BadRequestError, match="is kept here"):
        ask(gateway, previous_response_id=first.id)


@pytest.mark.parametrize("id", ["..", "a/b", "%2e%2e%2fmodels", "x" * 300, "resp_1?x=y"])
def test_odd_ids_are_not_found(gateway: Gateway, id: str) -> None:
    assert httpx.get(f"{gateway.url}/v1/responses/{id}").status_code in (404, 405)


def test_errors_count_the_callers_own_items(gateway: Gateway, provider: Provider) -> None:
    first = ask(gateway)
    with pytest.raises(openai.BadRequestError) as caught:
        ask(
            gateway,
            [{"role": "user", "content": "hi"}, {"role": "wizard", "content": ""}],
            previous_response_id=first.id,
        )
    assert caught.value.param == "input[1].role"
    assert "input[1].role" in caught.value.message
    with pytest.raises(openai.BadRequestError, match="must be a string"):
        ask(gateway, previous_response_id=7)


def test_tokens_are_counted_with_the_turns_before(gateway: Gateway, provider: Provider) -> None:
    first = ask(gateway, "word " * 200)
    count = gateway.client().responses.input_tokens.count
    alone, after = count(model="auto", input="hi"), count(model="auto", input="hi", previous_response_id=first.id)
    assert after.input_tokens > alone.input_tokens + 150
    assert after.object == "response.input_tokens"


def test_a_long_conversation_is_compacted(gateway: Gateway, provider: Provider) -> None:
    first = ask(gateway, "My name is Ada.")
    compacted = gateway.client().responses.compact(model="auto", previous_response_id=first.id)
    row = gateway.row()
    assert (row["endpoint"], row["outcome"], row["completion_tokens"]) == ("responses.compact", "ok", len(WORDS))
    asked = said(provider.requests[1]["messages"])
    assert asked[:2] == [("user", "My name is Ada."), ("assistant", ANSWER)]
    assert asked[2][1].startswith("Summarize")
    (item,) = compacted.output
    assert item.type == "compaction"
    assert ANSWER not in item.encrypted_content
    ask(gateway, [item.model_dump(exclude_none=True), {"role": "user", "content": "Go on."}])
    (summary, turn) = said(provider.requests[2]["messages"])
    assert summary[1].endswith(ANSWER)
    assert turn == ("user", "Go on.")
    broken = {**item.model_dump(exclude_none=True), "encrypted_content": item.encrypted_content[:-8] + "AAAAAAA="}
    with pytest.raises(openai.BadRequestError) as caught:
        ask(gateway, [broken])
    assert caught.value.param == "input[0].encrypted_content"


def test_nothing_is_readable_on_disk(gateway: Gateway, provider: Provider) -> None:
    ask(gateway, "My secret word is Rumpelstiltskin.", metadata={"who": "Rapunzel"})
    folder = gateway.settings.state_dir
    files = [path for path in folder.iterdir() if path.name.startswith("responses.")]
    assert {path.name for path in files} >= {"responses.db", "responses.key"}
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
    bytes_on_disk = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert not [word for word in (b"Rumpelstiltskin", b"Rapunzel", b"with eight words") if word in bytes_on_disk]
    with sqlite3.connect(folder / "responses.db") as database:
        assert database.execute("SELECT count(*) FROM kept_responses WHERE size > 0").fetchone()[0] > 0


def test_a_gateway_that_keeps_nothing_says_what_to_do(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url}, responses={"keep_days": 0})
    first = ask(gateway)
    assert first.store is False
    for body in ({"previous_response_id": first.id}, {"input": [{"type": "item_reference", "id": first.output[0].id}]}):
        with pytest.raises(openai.BadRequestError, match="SLIMGATE_RESPONSES__KEEP_DAYS"):
            ask(gateway, **body)
    with pytest.raises(openai.NotFoundError):
        gateway.client().responses.retrieve(first.id)
    with pytest.raises(openai.BadRequestError, match="keeps no conversations"):
        gateway.client().responses.compact(model="auto", input="hi")
    assert not list(gateway.settings.state_dir.glob("responses.*"))


def test_what_the_configuration_may_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.config.settings import SettingsError, load_settings

    path = tmp_path / "a.toml"
    path.write_text('[responses]\nencryption_key = "x"\n', "utf-8")
    with pytest.raises(SettingsError, match="SLIMGATE_RESPONSES__ENCRYPTION_KEY"):
        load_settings(path)
    monkeypatch.setenv("SLIMGATE_RESPONSES__ENCRYPTION_KEY", "too short to be a secret")
    with pytest.raises(SettingsError, match="at least 32 characters") as caught:
        load_settings()
    assert "too short to" not in str(caught.value)


@pytest.fixture(scope="module")
def _three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Provider, Provider]]:
    """A gateway between a small model and a cloud that speaks Responses itself."""
    with running_provider() as small, running_provider() as cloud:
        small.always = "none"
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("hybrid"),
            local={"base_url": small.base_url, "features": ["tools", "json_object", "json_schema"]},
            cloud={"base_url": cloud.base_url, "responses": "native", "retries": 0, "breaker_failures": 1_000_000},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            yield gateway, small, cloud


@pytest.fixture
def three(_three: tuple[Gateway, Provider, Provider]) -> tuple[Gateway, Provider, Provider]:
    _, small, cloud = _three
    small.always, cloud.always = "none", "responds"
    for provider in (small, cloud):
        for seen in (provider.requests, provider.paths, provider.faults):
            seen.clear()
    return _three


def where(gateway: Gateway, text: Any, headers: dict[str, str], **body: Any) -> tuple[str, str, Any]:
    raw = gateway.client().responses.with_raw_response.create(
        **{"model": "auto", "input": text, "extra_headers": headers, **body}
    )
    return raw.headers["x-slimgate-route"], raw.headers["x-slimgate-reason"], raw.parse()


def test_what_began_here_is_told_to_the_cloud(three: tuple[Gateway, Provider, Provider]) -> None:
    gateway, _, cloud = three
    small = three[1]
    small.always = "reasons"
    route, _, first = where(gateway, "Say hello.", LOCAL)
    assert route == "local"
    route, reason, second = where(gateway, "Again.", CLOUD, previous_response_id=first.id)
    assert (route, reason, second.id) == ("cloud", "score", "resp_p")
    sent = cloud.requests[0]
    assert "previous_response_id" not in sent
    assert [item["role"] for item in sent["input"]] == ["user", "assistant", "user"]  # no reasoning of another model
    assert sent["input"][1]["content"][0]["text"] == ANSWER
    assert not any("id" in item for item in sent["input"])
    # and by reference to its items alone
    reference = {"type": "item_reference", "id": first.output[-1].id}
    where(gateway, [{"role": "user", "content": "Say hello."}, reference], CLOUD)
    assert cloud.requests[1]["input"][1]["content"][0]["text"] == ANSWER


def test_what_began_at_a_native_cloud_goes_on_there(three: tuple[Gateway, Provider, Provider]) -> None:
    gateway, small, cloud = three
    _, _, first = where(gateway, "Say hello.", CLOUD)
    assert where(gateway, "Again.", LOCAL, previous_response_id=first.id)[:2] == ("cloud", "session")
    assert cloud.requests[1]["previous_response_id"] == "resp_p"
    assert cloud.requests[1]["input"] == "Again."
    reference = {"type": "item_reference", "id": "msg_p"}
    turn = [{"role": "user", "content": "Say hello."}, reference]
    assert where(gateway, turn, LOCAL)[:2] == ("cloud", "session")
    assert cloud.requests[2]["input"][1] == reference
    # if it cannot, the small model is told all of it
    cloud.faults.append("error_500")
    assert where(gateway, "Again.", LOCAL, previous_response_id=first.id)[:2] == ("local", "failover")
    # (The provider gives all its answers the same id, so the turn before holds two of them.)
    twice = f"{natively.TEXT}\n\n{natively.TEXT}"
    assert said(small.requests[-1]["messages"])[-2:] == [("assistant", twice), ("user", "Again.")]


def test_a_cloud_gets_its_own_id_back_and_only_what_came_since(three: tuple[Gateway, Provider, Provider]) -> None:
    gateway, _, cloud = three
    first = where(gateway, "One.", CLOUD)[2]
    second = where(gateway, "Two.", LOCAL, model="local", previous_response_id=first.id)[2]
    assert where(gateway, "Three.", CLOUD, previous_response_id=second.id)[0] == "cloud"
    sent = cloud.requests[-1]
    assert sent["previous_response_id"] == "resp_p"
    texts = [item["content"][0]["text"] for item in sent["input"]]
    assert texts == ["Two.", ANSWER, "Three."]


def test_what_had_to_stay_here_stays(three: tuple[Gateway, Provider, Provider]) -> None:
    gateway, _, cloud = three
    first = where(gateway, "My number is secret.", PRIVATE)[2]
    assert where(gateway, "Again.", CLOUD, previous_response_id=first.id)[:2] == ("local", "privacy")
    reference = [{"type": "item_reference", "id": first.output[0].id}, {"role": "user", "content": "Again."}]
    assert where(gateway, reference, CLOUD)[:2] == ("local", "privacy")
    with pytest.raises(openai.PermissionDeniedError):
        where(gateway, "Again.", CLOUD, model="cloud", previous_response_id=first.id)
    third = where(gateway, reference, CLOUD)[2]  # nor by what came of it
    assert where(gateway, "Again.", CLOUD, previous_response_id=third.id)[:2] == ("local", "privacy")
    assert not cloud.requests
    summary = gateway.client().responses.compact(model="auto", previous_response_id=first.id).output[0]
    turn = [summary.model_dump(exclude_none=True), {"role": "user", "content": "Go on."}]
    assert where(gateway, turn, CLOUD)[:2] == ("local", "privacy")
    gateway.client().responses.input_tokens.count(model="auto", previous_response_id=first.id)
    assert not cloud.requests
    assert gateway.row()["route"] == "local"


def test_a_tool_loop_of_a_server_that_marks_no_calls(three: tuple[Gateway, Provider, Provider]) -> None:
    gateway, small, _ = three
    small.always = "calls_two_tools"
    first = where(gateway, "How is the weather?", LOCAL, tools=TOOLS)[2]
    results = [
        {"type": "function_call_output", "call_id": item.call_id, "output": "rain"}
        for item in first.output
        if item.type == "function_call"
    ]
    asked: dict[str, Any] = {"previous_response_id": first.id, "tools": TOOLS}
    assert where(gateway, results, CLOUD, **asked)[:2] == ("local", "session")


def test_calls_about_what_a_cloud_keeps_go_there(three: tuple[Gateway, Provider, Provider]) -> None:
    gateway, _, cloud = three
    client = gateway.client()
    where(gateway, "One.", CLOUD)
    cloud.always = "keeps"
    assert client.responses.retrieve("resp_p").id == "resp_p"
    assert client.responses.input_items.list("resp_p", limit=7).data[0].id == "msg_in"
    assert client.responses.cancel("resp_p").status == "cancelled"
    assert client.responses.retrieve("resp_of_before").id == "resp_p"  # not known here, but perhaps there
    assert client.responses.input_tokens.count(model="auto", previous_response_id="resp_p").input_tokens == 77
    assert client.responses.compact(model="auto", previous_response_id="resp_p").id == "resp_c"
    row = gateway.row()
    assert (row["endpoint"], row["route"], row["completion_tokens"]) == ("responses.compact", "cloud", len(WORDS))
    client.responses.delete("resp_p")
    assert [path.partition("/v1/")[2] for path in cloud.paths[1:]] == [
        "responses/resp_p",
        "responses/resp_p/input_items?limit=7",
        "responses/resp_p/cancel",
        "responses/resp_of_before",
        "responses/input_tokens",
        "responses/compact",
        "responses/resp_p",
    ]
    cloud.always = "unknown_model"
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve("resp_p")


def test_each_key_sees_its_own(tmp_path: Path, provider: Provider) -> None:
    settings: dict[str, Any] = {"local": {"enabled": False}, "cloud": {"base_url": provider.base_url}}
    with running_gateway(Settings(state_dir=tmp_path, api_key="one", **settings)) as gateway:
        first = gateway.client(api_key="one").responses.create(model="auto", input="hi")
        assert gateway.client(api_key="one").responses.retrieve(first.id).id == first.id
    with running_gateway(Settings(state_dir=tmp_path, api_key="two", **settings)) as gateway:
        responses = gateway.client(api_key="two").responses
        for call in (responses.retrieve, responses.delete, responses.cancel, responses.input_items.list):
            with pytest.raises(openai.NotFoundError):
                call(first.id)
        with pytest.raises(openai.BadRequestError, match="is kept here"):
            responses.create(model="auto", input="hi", previous_response_id=first.id)
    with running_gateway(Settings(state_dir=tmp_path, api_key="one", **settings)) as gateway:  # after a restart
        again = gateway.client(api_key="one").responses.create(model="auto", input="x", previous_response_id=first.id)
        assert again.previous_response_id == first.id


def test_whole_bodies_are_json(gateway: Gateway, provider: Provider) -> None:
    """The same bytes that are kept are sent."""
    answer = httpx.post(f"{gateway.url}/v1/responses", json={"model": "auto", "input": "hi"}).json()
    assert json.loads(httpx.get(f"{gateway.url}/v1/responses/{answer['id']}").content) == answer

"""A request goes to a cloud model that is declared to do what it needs; where there is none, the answer says so."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from gateway.config.settings import Settings, SettingsError, load_settings
from router.threshold import HIGHEST_THRESHOLD
from tests.live import Gateway, running_gateway
from tests.provider import Provider, running_provider

HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]


def part(kind: str, **content: Any) -> list[Any]:
    return [{"role": "user", "content": [{"type": kind, kind: content}]}]


PICTURE = part("image_url", url="https://example.org/cat.png")
SOUND = part("input_audio", data="AAAA", format="wav")


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Provider, Provider, Provider]]:
    """A local model that sees pictures too, a writer, and one that sees pictures and calls tools."""
    with running_provider() as local, running_provider() as writer, running_provider() as seer:
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("features"),
            local={"base_url": local.base_url, "features": ["logprobs"]},
            cloud={
                "base_url": writer.base_url,
                "model": "writer",
                "features": ["json_object"],
                "retries": 0,
                "breaker_failures": 1000,
                "fallbacks": [
                    {"base_url": seer.base_url, "model": "seer", "features": ["images", "json_object"], "retries": 0}
                ],
            },
            router={"aliases": {"old": "auto:0"}},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            yield gateway, local, writer, seer


def ask(gateway: Gateway, messages: list[Any], model: str = "auto:0", **body: Any) -> tuple[str, str]:
    answer = gateway.client().chat.completions.with_raw_response.create(model=model, messages=messages, **body)
    return answer.headers["x-slimgate-route"], answer.headers["x-slimgate-reason"]


def test_a_picture_goes_to_the_model_that_sees(sides: tuple[Gateway, Provider, Provider, Provider]) -> None:
    gateway, _, writer, seer = sides
    before = len(writer.requests), len(seer.requests)
    assert ask(gateway, PICTURE) == ("cloud", "capability")
    assert (len(writer.requests), len(seer.requests)) == (before[0], before[1] + 1)
    assert ask(gateway, HELLO) == ("cloud", "score")
    assert (len(writer.requests), len(seer.requests)) == (before[0] + 1, before[1] + 1)


def test_one_that_cannot_is_no_stand_in(sides: tuple[Gateway, Provider, Provider, Provider]) -> None:
    gateway, _, writer, seer = sides
    before = len(writer.requests)
    seer.faults.append("error_500")
    with pytest.raises(openai.APIStatusError):
        ask(gateway, PICTURE)
    assert len(writer.requests) == before


def test_what_only_the_local_model_has_is_answered_there(sides: tuple[Gateway, Provider, Provider, Provider]) -> None:
    assert ask(sides[0], HELLO, logprobs=True) == ("local", "capability")


@pytest.mark.parametrize(
    ("model", "messages", "words"),
    [
        ("auto", SOUND, r"No cloud model has audio .*, and the local model has no audio"),
        ("cloud", SOUND, "pinned to the cloud. No cloud model has audio"),
        ("writer", PICTURE, "No cloud model has images"),
    ],
)
def test_what_nobody_has_is_named(
    sides: tuple[Gateway, Provider, Provider, Provider], model: str, messages: list[Any], words: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=words) as caught:
        ask(sides[0], messages, model=model)
    assert caught.value.code == "unsupported_capability"


@pytest.mark.parametrize(("model", "route"), [("auto:0", "cloud"), ("auto:1.0001", "local"), ("old", "cloud")])
def test_a_name_may_carry_a_threshold(
    sides: tuple[Gateway, Provider, Provider, Provider], model: str, route: str
) -> None:
    assert ask(sides[0], HELLO, model=model) == (route, "score")
    other = "0" if route == "local" else str(HIGHEST_THRESHOLD)
    assert ask(sides[0], HELLO, model=model, extra_headers={"x-slimgate-threshold": other})[0] != route


def test_an_alias_means_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIMGATE_ROUTER__ALIASES", '{"gpt-4o": "auto:a lot"}')
    with pytest.raises(SettingsError, match=r"'auto:a lot' must be auto, auto:THRESHOLD"):
        load_settings()

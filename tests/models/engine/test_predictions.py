"""Predicted outputs, counters and the setting, in the engine's own process and over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.config.settings import SettingsError, load_settings
from gateway.dispatch.local_engine import engine_options
from models.catalogue.bundled import bundled_model_path
from models.engine.engine import looks_up
from models.engine.native.llama import Model
from models.engine.options import EngineOptions, PromptLookup
from tests.models.engine.live import LiveEngine, running_engine
from tests.models.engine.test_server import DAYS, events
from tests.models.engine.tiny import tiny_model

pytestmark = pytest.mark.engine

DETAILS = ("accepted_prediction_tokens", "rejected_prediction_tokens")
ASKED: dict[str, Any] = {
    "model": "local",
    "messages": DAYS,
    "temperature": 0,
    "max_tokens": 24,
}


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[PromptLookup, LiveEngine]]:
    """One that computes ahead, and one that does not."""
    folder = tmp_path_factory.mktemp("engines")
    with (
        running_engine(folder / "auto", model_path=bundled_model_path()) as auto,
        running_engine(folder / "off", model_path=bundled_model_path(), prompt_lookup=PromptLookup.OFF) as off,
    ):
        auto.ready(), off.ready()
        yield {PromptLookup.AUTO: auto, PromptLookup.OFF: off}


def predicted(text: str) -> dict[str, Any]:
    return {"prediction": {"type": "content", "content": text}}


def counts(usage: Any) -> tuple[int, int]:
    accepted, rejected = (usage["completion_tokens_details"][name] for name in DETAILS)
    return accepted, rejected


def test_a_right_prediction_is_counted_and_changes_nothing(engines: dict[PromptLookup, LiveEngine]) -> None:
    auto, off = engines[PromptLookup.AUTO], engines[PromptLookup.OFF]
    plain = off.post(ASKED).json()
    text = plain["choices"][0]["message"]["content"]
    before = [auto.metrics(name) for name in ("proposed_tokens_total", "accepted_tokens_total")]
    answer = auto.post({**ASKED, **predicted(text)}).json()
    proposed, accepted = (
        auto.metrics(name) - n
        for name, n in zip(("proposed_tokens_total", "accepted_tokens_total"), before, strict=True)
    )
    assert answer["choices"] == plain["choices"]
    assert answer["usage"]["completion_tokens"] == 24
    assert counts(answer["usage"]) == (accepted, proposed - accepted)
    assert accepted > 5

    stream = {"stream": True, "stream_options": {"include_usage": True}}
    *chunks, usage, _ = events(
        auto.post({**ASKED, **predicted("The days of the week are all holidays, and "), **stream, "n": 2})
    )
    pieces: dict[int, str] = {0: "", 1: ""}
    for chunk in chunks:
        (choice,) = chunk["choices"]
        pieces[choice["index"]] += choice["delta"].get("content", "")
    assert pieces == {0: text, 1: text}
    assert usage["usage"]["completion_tokens"] == 48


def test_without_a_prediction_or_the_setting_nothing_is_reported(engines: dict[PromptLookup, LiveEngine]) -> None:
    copying = {**ASKED, "messages": [{"role": "user", "content": "the sea is the sea is the sea is " * 9}]}
    answers = {how: engine.post(copying).json() for how, engine in engines.items()}
    assert all(counts(answer["usage"]) == (0, 0) for answer in answers.values())
    off = engines[PromptLookup.OFF]
    off.post({**ASKED, **predicted("the sea " * 20)})
    assert off.metrics("proposed_tokens_total") == 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, True), ({"prompt_lookup": PromptLookup.OFF}, False), ({"deterministic": True}, False)],
)
def test_where_answers_are_computed_ahead(options: dict[str, Any], expected: bool) -> None:
    model = Model(tiny_model())
    assert looks_up(model, EngineOptions(tiny_model(), **options)) is expected
    model.close()


def test_the_setting_reaches_the_engine(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("state")
    local = load_settings(local={"prompt_lookup": "off", "model_path": str(tiny_model())}).local
    options = engine_options(local, folder)
    assert options.prompt_lookup is PromptLookup.OFF
    assert EngineOptions.from_json(options.to_json()) == options
    assert load_settings().local.prompt_lookup is PromptLookup.AUTO
    with pytest.raises(SettingsError, match="prompt_lookup"):
        load_settings(local={"prompt_lookup": "sometimes"})
    refused = CliRunner().invoke(app, ["engine", "--prompt-lookup", "sometimes"])
    assert refused.exit_code == 2
    assert "prompt-lookup" in refused.output

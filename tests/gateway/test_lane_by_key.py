"""What the terms of a key mean for where its requests go, and that no way leads round them."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.config.sections.cloud import CloudSettings
from gateway.config.sections.routing import PrivacySettings, RouterSettings
from gateway.dispatch.assumed import AssumedCloud, AssumedLocal
from gateway.dispatch.cloud import make_cloud
from gateway.dispatch.decider import Decider, RoutedRequest
from gateway.dispatch.privacy import BY_KEY, PrivacyLane
from gateway.http.overrides import Overrides
from gateway.keys.caller import Caller
from gateway.keys.terms import KeyForbids, KeyTerms, Role
from models.wire.chat import ChatRequest
from router.decision import Prompt
from router.errors import CannotServe, MustStayLocal
from router.policy import LocalCapabilities
from tests.gateway.test_privacy import PRIVATE, TO_CLOUD, Lane, running_lane, user
from tests.live import Gateway, unwatched
from tests.provider import Provider

TERMS = {
    "only-local": KeyTerms(routes=("local",)),
    "only-cloud": KeyTerms(routes=("cloud",)),
    "nobody": KeyTerms(routes=()),
    "private": KeyTerms(local_only=True),
    "few": KeyTerms(models=("fast-*", "auto"), aliases={"fast-one": "local", "fast-two": "auto:0.1"}),
    "strict": KeyTerms(threshold=0.9, may_override=False, aliases={"eager": "auto:0.1"}),
    "cautious": KeyTerms(threshold=0.9),
}
SCORE = 0.5


class Half:
    """A classifier that gives everything the same score."""

    def score(self, _prompt: Prompt) -> float:
        return SCORE


class Two:
    """Both sides, which do everything."""

    local = AssumedLocal(LocalCapabilities(frozenset(), 4096), model="small-model")
    cloud = AssumedCloud(("large-model",))


DECIDER = Decider(
    Two(),
    Half(),
    lambda: 0.3,
    RouterSettings(aliases={"fast-one": "cloud", "gpt-4o": "auto"}),
    PrivacyLane(PrivacySettings()),
)


def decide(key: str, model: str = "auto", **overrides: Any) -> RoutedRequest:
    request = ChatRequest.parse({"model": model, "messages": user("Hello!")})
    caller = Caller(key, key, Role.CALLER, terms=TERMS[key])
    return asyncio.run(DECIDER.decide(request, Overrides(caller=caller, **overrides)))


@pytest.mark.parametrize(
    ("key", "model", "overrides", "route", "threshold"),
    [
        ("only-local", "auto", {}, "local", 0.3),
        ("only-local", "auto", {"threshold": 0.0}, "local", 0.0),
        ("only-local", "small-model", {}, "local", 0.3),
        ("only-cloud", "auto", {"threshold": 1.0}, "cloud", 1.0),
        ("private", "auto", {"threshold": 0.0}, "local", 0.0),
        ("private", "local", {}, "local", 0.3),
        ("few", "auto", {}, "cloud", 0.3),
        ("few", "fast-one", {}, "local", 0.3),  # its own alias, and not the gateway's
        ("few", "fast-two", {}, "cloud", 0.1),
        ("strict", "auto", {}, "local", 0.9),
        ("strict", "eager", {}, "cloud", 0.1),  # an alias was made by whoever manages the keys
        ("cautious", "auto", {}, "local", 0.9),
        ("cautious", "auto:0.2", {}, "cloud", 0.2),
        ("cautious", "auto:0.2", {"threshold": 0.8}, "local", 0.8),
    ],
)
def test_where_it_goes(key: str, model: str, overrides: dict[str, Any], route: str, threshold: float) -> None:
    routed = decide(key, model, **overrides)
    assert (routed.decision.route, routed.decision.threshold) == (route, threshold)
    if key.startswith("only-") or key == "private":
        assert routed.fallback is None
        assert not routed.second_look


@pytest.mark.parametrize(
    ("key", "model", "words"),
    [
        ("only-local", "cloud", "may not use the cloud, which 'cloud' stands for"),
        ("only-local", "large-model", "may not use the cloud"),
        ("only-local", "fast-one", "may not use the cloud, which 'fast-one' stands for"),
        ("only-cloud", "local", "may not use the local"),
        ("nobody", "auto", "may not use any side"),
        ("few", "gpt-4o", r"may not ask for the model 'gpt-4o'; use one of: fast-\*, auto"),
        ("few", "cloud", "may not ask for the model"),
        ("strict", "auto:0.1", "may not set a threshold"),
        ("strict", "auto:5s", "may not set a threshold or a time limit"),
    ],
)
def test_what_it_may_not(key: str, model: str, words: str) -> None:
    with pytest.raises(KeyForbids, match=words):
        decide(key, model)


def test_a_key_of_this_machine_cannot_name_the_cloud() -> None:
    with pytest.raises(MustStayLocal, match=BY_KEY):
        decide("private", "cloud")


def test_a_side_that_it_may_not_use_does_not_stand_in() -> None:
    request = ChatRequest.parse({"model": "auto", "messages": user("many words " * 5000)})
    caller = Caller("k", "k", Role.CALLER, terms=TERMS["only-local"])
    with pytest.raises(CannotServe, match="No cloud model is configured"):
        asyncio.run(DECIDER.decide(request, Overrides(caller=caller)))


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("only-local", ["auto", "local", "small-model", "gpt-4o"]),
        ("only-cloud", ["auto", "cloud", "large-model", "fast-one", "gpt-4o"]),
        ("private", ["auto", "local", "small-model", "gpt-4o"]),
        ("few", ["auto", "fast-one", "fast-two"]),
    ],
)
def test_it_sees_the_names_that_it_may_send(key: str, names: list[str]) -> None:
    assert DECIDER.of(Caller(key, key, Role.CALLER, terms=TERMS[key])).names.all() == names


class KeyedLane(Lane):
    """A lane with a real key for each of `TERMS`; whoever shows none may do everything."""

    def __init__(self, gateway: Gateway, local: Provider, cloud: Provider) -> None:
        super().__init__(gateway, local, cloud)
        self._keys = {name: self._made(name, terms) for name, terms in TERMS.items()}

    def by(self, key: str, **headers: str) -> dict[str, str]:
        """Headers of a call that is made with the key of this name."""
        return {"authorization": f"Bearer {self._keys[key]['secret']}", **headers}

    def change(self, key: str, terms: dict[str, Any]) -> None:
        """Change terms of a key."""
        url = f"{self.gateway.url}/v1/keys/{self._keys[key]['id']}"
        httpx.patch(url, json={"terms": terms}).raise_for_status()

    def _made(self, name: str, terms: KeyTerms) -> dict[str, Any]:
        body = {"name": name, "terms": terms.model_dump(mode="json", exclude_unset=True)}
        made = httpx.post(f"{self.gateway.url}/v1/keys", json=body).raise_for_status()
        key: dict[str, Any] = made.json()
        return key


@pytest.fixture(scope="module")
def _lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyedLane]:
    settings = {"router": {"threshold": 0.0}, "keys": {"required": False}}
    for lane in running_lane(tmp_path_factory.mktemp("by-key"), **settings):
        yield KeyedLane(lane.gateway, lane.local, lane.cloud)


@pytest.fixture
def lane(_lane: KeyedLane) -> Iterator[KeyedLane]:
    _lane.cloud.connections = 0
    _lane.cloud.requests.clear()
    yield _lane
    _lane.local.always = "none"


PATHS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("chat/completions", {"messages": user("Hello!")}),
    ("chat/completions", {"messages": user("Hello!"), "stream": True}),
    ("completions", {"prompt": "Hello!"}),
    ("responses", {"input": "Hello!"}),
    ("responses/compact", {"input": "Hello!"}),
    ("responses/input_tokens", {"input": "Hello!"}),
    ("messages", {"messages": user("Hello!"), "max_tokens": 5}),
    ("messages/count_tokens", {"messages": user("Hello!")}),
    ("embeddings", {"input": "Hello!"}),
    ("route", {"prompt": "Hello!"}),
)


def test_without_terms_the_cloud_is_asked(lane: KeyedLane) -> None:
    for path, body in PATHS:
        lane.post(path, {"model": "auto", **body})
    assert len(lane.cloud.requests) >= 6


@pytest.mark.parametrize("model", ["auto", "cloud", "gpt-4.1"])
@pytest.mark.parametrize("key", ["private", "only-local"])
@pytest.mark.parametrize(("path", "body"), PATHS)
def test_no_endpoint_sends_what_the_key_keeps_here(
    lane: KeyedLane, key: str, path: str, body: dict[str, Any], model: str
) -> None:
    answer = lane.post(path, {"model": model, **body}, **lane.by(key), **TO_CLOUD)
    lane.kept()
    if model != "auto" and path not in ("messages/count_tokens", "responses/input_tokens", "embeddings"):
        code = "key_forbids" if key == "only-local" else "privacy_required"
        assert answer.status_code == 403
        assert code in answer.text or path == "messages"


def test_a_header_that_the_key_may_not_set_is_named(lane: KeyedLane) -> None:
    for header in ("x-slimgate-threshold", "x-slimgate-max-first-token-s"):
        error = lane.chat(lane.by("strict") | {header: "1"})
        assert (error.status_code, error.json()["error"]["param"]) == (403, header)
    assert lane.chat(lane.by("strict") | PRIVATE).status_code == 200


def test_the_key_is_told_as_the_reason(lane: KeyedLane) -> None:
    explained = lane.post("route", {"prompt": "Hello!"}, **lane.by("private")).json()
    assert (explained["route"], explained["reason"], explained["private"]) == ("local", "privacy", BY_KEY)


def test_models_are_those_of_the_key(lane: KeyedLane) -> None:
    url = f"{lane.gateway.url}/v1/models"

    def names(key: str) -> set[str]:
        return {item["id"] for item in httpx.get(url, headers=lane.by(key)).json()["data"]}

    assert "cloud" not in names("only-local") | names("private")
    assert "vectors" not in names("only-local") | names("private")  # the cloud makes them here
    assert {"cloud", "vectors"} <= names("cautious")
    assert httpx.get(f"{url}/cloud", headers=lane.by("only-local")).status_code == 403


def test_a_response_of_a_key_that_keeps_all_here_is_continued_here(lane: KeyedLane) -> None:
    """By its id, by one of its items, and by its summary, also by the same key once its terms have changed."""
    headers = lane.by("private")
    first = lane.post("responses", {"model": "auto", "input": "Hello!"}, **headers).json()
    summary = lane.post("responses/compact", {"model": "auto", "input": "Hello!"}, **headers).json()
    item = {"type": "item_reference", "id": first["output"][0]["id"]}
    lane.change("private", {"local_only": False})
    for body in (
        {"input": "Go on.", "previous_response_id": first["id"]},
        {"input": [item, {"role": "user", "content": "Go on."}]},
        {"input": [*summary["output"], {"role": "user", "content": "Go on."}]},
    ):
        answer = lane.post("responses", {"model": "auto", **body}, **headers)
        assert (answer.status_code, answer.headers["x-slimgate-reason"]) == (200, "privacy")
    lane.kept()
    answer = lane.post("responses", {"model": "auto", "input": "Hello!"}, **headers)
    assert answer.headers["x-slimgate-route"] == "cloud"
    lane.change("private", {"local_only": True})


def test_the_cloud_takes_no_call_of_what_must_stay() -> None:
    async def ask() -> None:
        cloud = make_cloud(CloudSettings(base_url="http://127.0.0.1:9/v1"), unwatched)
        assert cloud is not None
        with pytest.raises(MustStayLocal):
            await cloud.embed({"model": "vectors", "input": "Hello!"}, BY_KEY)
        with pytest.raises(MustStayLocal):
            await cloud.forward(cloud.models[0], "GET", "responses/resp_1", None, {}, BY_KEY)
        await cloud.aclose()

    asyncio.run(ask())


@pytest.mark.parametrize("fault", ["error_503", "reset", "context_length"])
@pytest.mark.parametrize("key", ["private", "only-local"])
def test_no_failure_sends_it_either(lane: KeyedLane, key: str, fault: str) -> None:
    """The last of this module: the local side has to recover from it."""
    lane.local.always = fault
    answer = lane.chat(lane.by(key) | TO_CLOUD)
    assert answer.status_code >= 400
    lane.kept()
    assert lane.chat({"x-slimgate-threshold": "1.0001"}).headers["x-slimgate-route"] == "cloud"

"""Ways to a cloud that speaks Responses itself, beside answering: none is open to what may not leave."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from tests.gateway.test_lane_by_key import KeyedLane
from tests.gateway.test_privacy import MAIL, PRIVATE
from tests.live import running_gateway
from tests.provider import running_provider

SEARCHED = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": MAIL}}
"""An item that no chat has a place for: only the cloud's own shape of the request holds its text."""


@pytest.fixture(scope="module")
def _lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyedLane]:
    with running_provider() as local, running_provider() as cloud:
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("ways-out"),
            local={"base_url": local.base_url},
            cloud={"base_url": cloud.base_url, "responses": "native", "retries": 0, "breaker_failures": 1000},
            privacy={"detect": ["email"]},
            keys={"required": False},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            yield KeyedLane(gateway, local, cloud)


@pytest.fixture
def lane(_lane: KeyedLane) -> KeyedLane:
    _lane.cloud.connections = 0
    _lane.cloud.requests.clear()
    _lane.cloud.paths.clear()
    return _lane


def asked_for(lane: KeyedLane, **headers: str) -> list[str]:
    """What the cloud hears when a response is asked for that only it can have."""
    lane.cloud.paths.clear()
    httpx.get(f"{lane.gateway.url}/v1/responses/resp_1", headers=headers)
    return lane.cloud.paths


@pytest.mark.parametrize("path", ["responses/compact", "responses/input_tokens"])
def test_what_only_the_clouds_shape_holds_is_looked_at(lane: KeyedLane, path: str) -> None:
    def post(item: dict[str, Any]) -> None:
        lane.post(path, {"model": "cloud", "input": [item, {"role": "user", "content": "Go on."}]})

    post(SEARCHED)
    lane.kept()
    post({**SEARCHED, "action": {"type": "search", "query": "the weather"}})
    assert lane.cloud.paths


def test_a_cloud_is_not_asked_for_responses_of_those_who_stay(lane: KeyedLane) -> None:
    for headers in (PRIVATE, lane.by("private"), lane.by("only-local")):
        assert asked_for(lane, **headers) == []
    assert asked_for(lane)


def test_nor_for_those_of_a_session_that_stays(lane: KeyedLane) -> None:
    session = {"x-slimgate-session": "asks"}
    assert asked_for(lane, **session)
    lane.chat(session | PRIVATE)
    assert asked_for(lane, **session) == []

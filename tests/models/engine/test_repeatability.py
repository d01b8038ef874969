"""Equal requests get equal answers, whatever ran before or beside them, where that is asked for."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from models.catalogue.bundled import bundled_model_path
from models.engine.options import EngineOptions, FlashAttention
from tests.models.engine.live import LiveEngine

pytestmark = pytest.mark.engine

TOPICS = ("a lighthouse keeper", "rain")


def ask(engine: LiveEngine, topic: str, **fields: Any) -> Any:
    """The whole choice: the text, and the probability of each token to its last bit."""
    messages = [{"role": "user", "content": f"Tell me something about {topic}."}]
    body = {"model": "local", "messages": messages, "temperature": 0, "max_tokens": 8, "logprobs": True, **fields}
    (choice,) = engine.post(body).json()["choices"]
    return choice


@pytest.mark.parametrize("fields", [{}, {"temperature": 1, "seed": -1}])
def test_equal_requests_get_equal_answers(deterministic_engine: LiveEngine, fields: dict[str, Any]) -> None:
    alone = {topic: ask(deterministic_engine, topic, **fields) for topic in TOPICS}
    for n_words in (70, 11):  # what may lie in other cells, and leave holes there
        ask(deterministic_engine, "words " * n_words, max_tokens=11)
        assert {topic: ask(deterministic_engine, topic, **fields) for topic in TOPICS} == alone
    with ThreadPoolExecutor(8) as pool:  # more than run at a time
        noise = [
            pool.submit(ask, deterministic_engine, "noise " * n, max_tokens=6 * n, temperature=1) for n in range(1, 4)
        ]
        together = list(pool.map(lambda topic: ask(deterministic_engine, topic, **fields), TOPICS * 2))
        assert all(future.result() for future in noise)
    assert together == [alone[topic] for topic in TOPICS] * 2


def test_what_it_costs_is_told(deterministic_engine: LiveEngine) -> None:
    info = deterministic_engine.ready()
    assert info.deterministic
    assert (info.n_ctx, info.max_sequences, info.n_cells) == (1024, 4, 4096)


@pytest.mark.parametrize("options", [{"flash_attention": FlashAttention.OFF}, {"n_gpu_layers": 5}])
def test_what_cannot_be_deterministic_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="deterministic"):
        EngineOptions(bundled_model_path(), deterministic=True, **options)

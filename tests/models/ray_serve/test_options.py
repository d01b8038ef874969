"""The arguments in a Serve configuration."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from models.engine.options import KvCacheType
from models.ray_serve.access import KEY_VARIABLE, with_access_check
from models.ray_serve.options import Arguments, engine_options
from models.wire.asgi import Receive, Scope, Send


def test_the_engine_gets_what_the_arguments_say() -> None:
    arguments = Arguments.model_validate(
        {
            "model_path": "phi.gguf",
            "num_cpus": 4,
            "max_sequences": 6,
            "engine": {"n_ctx": 2048, "kv_cache_type": "q8_0"},
        }
    )
    options = engine_options(arguments.engine_values)
    assert (options.model_path, options.n_ctx, options.n_threads) == (Path("phi.gguf"), 2048, 4)
    assert (options.max_sequences, options.kv_cache_type) == (6, KvCacheType.Q8_0)
    assert arguments.ongoing_target == 4.5


@pytest.mark.parametrize("values", [{"n_threads": "many"}, {"n_contexts": 5}, {"max_sequences": 0}])
def test_what_the_engine_does_not_take_is_refused_by_name(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        engine_options({"model_path": "phi.gguf", **values})


def test_an_unknown_argument_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="replicas"):
        Arguments.model_validate({"replicas": 3})


def test_without_a_key_the_ingress_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None: ...

    with pytest.raises(ValueError, match=KEY_VARIABLE):
        with_access_check(app, False, [])
    with_access_check(app, True, ["local.example.org"])
    monkeypatch.setenv(KEY_VARIABLE, "local-key")
    with_access_check(app, False, [])

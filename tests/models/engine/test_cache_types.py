"""Flash attention and the type of numbers in the KV cache, with the real model."""

import resource
from pathlib import Path
from typing import Any

import pytest

from gateway.config.settings import SettingsError, load_settings
from models.catalogue.bundled import bundled_model_path
from models.engine.errors import EngineFailed
from models.engine.loading.header import read_header
from models.engine.native.llama import Context, Model
from models.engine.options import EngineOptions, FlashAttention, KvCacheType
from tests.models.engine.live import running_engine
from tests.models.engine.test_server import GREEDY, content
from tests.models.engine.tiny import write_phi3

pytestmark = pytest.mark.engine

N_CELLS = 16384
WORKSPACE_BYTES = 64_000_000


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize(
    "how",
    [{"kv_cache_type": KvCacheType.Q8_0}, {"flash_attention": FlashAttention.OFF}],
    ids=lambda how: "-".join(map(str, how.values())),
)
def test_answers_stay_sensible(tmp_path: Path, how: dict[str, Any]) -> None:
    with running_engine(tmp_path, model_path=bundled_model_path(), max_sequences=2, **how) as engine:
        info = engine.ready()
        assert {name: getattr(info, name) for name in how} == how
        answer = engine.client().chat.completions.create(**GREEDY, max_tokens=24)
        assert content(answer).startswith("The days of the week")
        assert "Tuesday" in content(answer)


def test_logits_and_memory_depend_on_the_type() -> None:
    model, header = Model(bundled_model_path(), use_extra_bufts=False), read_header(bundled_model_path())
    try:
        for kind in (KvCacheType.F16, KvCacheType.Q8_0, KvCacheType.Q4_0):
            before = resident_bytes()
            context = Context(
                model, n_ctx=N_CELLS, n_sequences=1, n_batch=48, n_ubatch=48, n_threads=1, kv_cache_type=kind
            )
            taken = resident_bytes() - before
            context.close()
            assert 0 <= taken - N_CELLS * header.cell_bytes(kind) < WORKSPACE_BYTES
        f16, q8_0, q4_0 = (header.cell_bytes(k) for k in (KvCacheType.F16, KvCacheType.Q8_0, KvCacheType.Q4_0))
        assert (f16, q8_0 / f16, q4_0 / f16) == (23040, 34 / 64, 18 / 64)
    finally:
        model.close()


@pytest.mark.parametrize("kind", [KvCacheType.Q8_0, KvCacheType.Q4_0])
def test_a_quantised_context_without_flash_attention_is_refused(kind: KvCacheType) -> None:
    with pytest.raises(ValueError, match="needs flash attention, and flash_attention is off: set"):
        EngineOptions(Path("m.gguf"), flash_attention=FlashAttention.OFF, kv_cache_type=kind)
    with pytest.raises(SettingsError, match=r"^local: kv_cache_type .* needs flash attention"):
        load_settings(local={"flash_attention": "off", "kv_cache_type": kind.value})


def test_a_type_that_does_not_fit_the_model_is_refused_with_the_reason(tmp_path: Path) -> None:
    """Blocks of 32 numbers do not divide heads of 16."""
    path = write_phi3(tmp_path / "tiny.gguf")
    with (
        running_engine(tmp_path, model_path=path, kv_cache_type=KvCacheType.Q8_0) as engine,
        pytest.raises(EngineFailed, match="block size 32 does not divide n_embd_head_k=16"),
    ):
        engine.ready()


def test_options_travel_between_processes() -> None:
    options = EngineOptions(Path("m.gguf"), kv_cache_type=KvCacheType.Q4_0, chat_template=Path("t.jinja"))
    assert EngineOptions.from_json(options.to_json()) == options

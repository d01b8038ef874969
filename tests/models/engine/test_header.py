"""What is read of a GGUF file before it is loaded: its facts, its tensors, and what its layers keep."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from models.engine.errors import ModelLoadError
from models.engine.loading.gguf_file import MAX_ARRAY, read_gguf
from models.engine.loading.header import read_header
from models.engine.loading.layers import Kept, kept_by
from models.engine.native import llama, machine
from models.engine.options import KvCacheType
from tests.models.engine.live import running_engine
from tests.models.engine.tiny import write_granite_hybrid

Q4_K, Q6_K = gguf.GGMLQuantizationType.Q4_K, gguf.GGMLQuantizationType.Q6_K
BLOCKS = {Q4_K: 144, Q6_K: 210}
WIDTH = 256
MIB = 1024 * 1024


def write(path: Path, tensors: dict[str, tuple[gguf.GGMLQuantizationType, int]], **facts: int) -> Path:
    """A file with these tensors of so many rows, `WIDTH` weights wide, and some facts behind the vocabulary."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(4096)
    writer.add_block_count(2)
    writer.add_head_count(4)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([f"token {number}" for number in range(MAX_ARRAY + 1)])
    writer.add_token_scores([0.0] * (MAX_ARRAY + 1))
    writer.add_embedding_length(WIDTH)
    for name, value in facts.items():
        writer.add_uint32(f"llama.{name}", value)
    for name, (encoding, rows) in tensors.items():
        writer.add_tensor(name, np.zeros((rows, BLOCKS[encoding]), np.uint8), raw_dtype=encoding)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def on_x86(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama, "is_arm", lambda: False)
    monkeypatch.setattr(llama, "has_amx", lambda: False)


@pytest.mark.usefixtures("on_x86")
def test_facts_behind_the_vocabulary_count(tmp_path: Path) -> None:
    """llama.cpp's quantiser moves the facts that it changes to the end."""
    path = write(tmp_path / "m.gguf", {"blk.0.ffn_up.weight": (Q4_K, 8)}, feed_forward_length=1234)
    header = read_header(path)
    assert (header.n_ff, header.n_embd, header.n_vocab) == (1234, WIDTH, MAX_ARRAY + 1)
    assert header.repacked_bytes == 8 * 144
    assert read_gguf(path).facts["tokenizer.ggml.scores"] == MAX_ARRAY + 1


@pytest.mark.usefixtures("on_x86")
@pytest.mark.parametrize(
    ("tensors", "repacked"),
    [
        ({"token_embd.weight": (Q4_K, 8), "output.weight": (Q4_K, 16)}, 16 * 144),  # each has a table of its own
        ({"token_embd.weight": (Q4_K, 8), "blk.0.ffn_up.weight": (Q4_K, 16)}, 24 * 144),  # one table, multiplied by
        ({"token_embd.weight": (Q6_K, 8), "blk.0.attn_v.weight": (Q6_K, 16)}, 0),
        ({"per_layer_token_embd.weight": (Q4_K, 32), "output.weight": (Q6_K, 8)}, 0),
    ],
)
def test_only_what_is_repacked_has_a_second_copy(
    tmp_path: Path, tensors: dict[str, tuple[gguf.GGMLQuantizationType, int]], repacked: int
) -> None:
    assert read_header(write(tmp_path / "m.gguf", tensors)).repacked_bytes == repacked


@pytest.mark.parametrize(
    ("processor", "machine_name", "has_q6_k"),
    [("flags : avx2 avx512f", "x86_64", False), ("flags : amx_int8 avx2", "x86_64", True), ("", "aarch64", True)],
)
def test_what_is_repacked_depends_on_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processor: str, machine_name: str, has_q6_k: bool
) -> None:
    (tmp_path / "cpuinfo").write_text(f"model name : some\n{processor}\n")
    monkeypatch.setattr(machine, "_PROCESSOR", tmp_path / "cpuinfo")
    monkeypatch.setattr("platform.machine", lambda: machine_name)
    assert (int(Q6_K) in llama.repacked_encodings()) is has_q6_k
    assert int(Q4_K) in llama.repacked_encodings()


def test_the_parts_of_a_split_file_count_together(tmp_path: Path) -> None:
    first = write(tmp_path / "m-00001-of-00002.gguf", {"blk.0.ffn_up.weight": (Q4_K, 8)})
    with pytest.raises(ModelLoadError, match="cannot be loaded"):
        read_header(first)
    second = write(tmp_path / "m-00002-of-00002.gguf", {"blk.1.ffn_up.weight": (Q4_K, 16)})
    header = read_header(first)
    assert header.repacked_bytes >= 24 * 144
    assert header.weights_bytes == first.stat().st_size + second.stat().st_size


def test_an_absurd_number_of_layers_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.gguf", {})
    data, key = path.read_bytes(), b"llama.block_count"
    at = data.index(key) + len(key) + 4  # behind the key stands the kind of the number, in four bytes
    path.write_bytes(data[:at] + (4_000_000_000).to_bytes(4, "little") + data[at + 4 :])
    with pytest.raises(ModelLoadError, match="cannot be loaded: it has 4000000000 layers"):
        read_header(path)


def kept(architecture: str, n_embd: int, **facts: Any) -> Kept:
    return kept_by(architecture, n_embd, lambda key: facts.get(key.replace(".", "__")))


GRANITE_H_TINY = {
    "block_count": 40,
    "attention__head_count": 12,
    "attention__head_count_kv": [0, 0, 0, 0, 0, 4, 0, 0, 0, 0] * 4,
}
MAMBA = {"ssm__conv_kernel": 4, "ssm__state_size": 128, "ssm__group_count": 1}


def test_plain_layers_keep_keys_and_values() -> None:
    phi3 = kept("phi3", 3072, block_count=32, attention__head_count=32, attention__sliding_window=2047)
    assert phi3 == Kept(2 * 32 * 3072, 0)


def test_a_hybrid_keeps_a_state_for_each_answer() -> None:
    """The figures that llama.cpp prints for Qwen3.5-4B: 50.25 MiB for one sequence, of 24 layers."""
    heads = {"attention__head_count": 16, "attention__head_count_kv": 4}
    widths = {"attention__key_length": 256, "attention__value_length": 256}
    ssm = {**MAMBA, "ssm__group_count": 16, "ssm__inner_size": 4096}
    for interval in ({}, {"full_attention_interval": 4}):
        told = kept("qwen35", 2560, block_count=32, **heads, **widths, **ssm, **interval)
        assert told == Kept(8 * 4 * 512, int(50.25 * MIB))


def test_layers_without_kv_heads_are_the_recurrent_ones() -> None:
    granite = kept("granitehybrid", 1536, **GRANITE_H_TINY, **MAMBA, ssm__inner_size=3072)
    assert granite == Kept(4 * 4 * 2 * 128, 36 * 4 * (3 * (3072 + 256) + 128 * 3072))
    lfm2 = kept("lfm2", 2048, block_count=16, attention__head_count=32, shortconv__l_cache=3,
                attention__head_count_kv=[0, 0, 8, 0, 0, 8, 0, 0, 8, 0, 8, 0, 8, 0, 8, 0])  # fmt: skip
    assert lfm2 == Kept(6 * 8 * 2 * 64, 10 * 4 * 2 * 2048)


def test_layers_that_read_the_cells_of_others_keep_none() -> None:
    """Gemma 4 E2B: 15 of 35 layers keep cells, every fifth of them with wider heads."""
    gemma = kept(
        "gemma4",
        1536,
        block_count=35,
        attention__head_count=8,
        attention__head_count_kv=1,
        attention__shared_kv_layers=20,
        attention__key_length=512,
        attention__value_length=512,
        attention__key_length_swa=256,
        attention__value_length_swa=256,
        attention__sliding_window_pattern=[True, True, True, True, False] * 7,
    )
    assert gemma == Kept(12 * 512 + 3 * 1024, 0)


@pytest.mark.engine
def test_llama_cpp_keeps_what_is_reckoned(tmp_path: Path) -> None:
    """One sequence of one token: its state, and the cells of one token. llama.cpp writes some marks beside them."""
    path = write_granite_hybrid(tmp_path / "hybrid.gguf")
    header = read_header(path)
    model = llama.Model(path, use_extra_bufts=False)
    context = llama.Context(model, n_ctx=256, n_sequences=2, n_batch=32, n_ubatch=32, n_threads=1)
    batch = llama.StepBatch(32, 2)
    batch.add(0, [1], 0, wants_output=True)
    assert context.decode(batch) is llama.DecodeStatus.OK
    kept_bytes = llama.library().llama_state_seq_get_size(context.pointer, 0)
    context.close()
    model.close()
    assert header.state_bytes > 0
    assert 0 <= kept_bytes - header.state_bytes - header.cell_bytes(KvCacheType.F16) < 256


@pytest.mark.engine
def test_a_hybrid_answers_several_at_once(tmp_path: Path) -> None:
    path = write_granite_hybrid(tmp_path / "hybrid.gguf")
    with running_engine(tmp_path, model_path=path, n_ctx=1024, max_sequences=4) as engine:
        assert engine.ready().n_ctx == 1024
        body = {"model": "local", "prompt": ["the sea is", "a ship and", "hello"], "max_tokens": 8, "temperature": 0}
        first, again = (engine.post(body, "/v1/completions").json()["choices"] for _ in range(2))
    assert [choice["text"] for choice in first] == [choice["text"] for choice in again]
    assert len(first) == 3

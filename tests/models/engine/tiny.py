"""Writes tiny GGUF models with random weights: other architectures than SmolLM2's, without a download."""

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import gguf
import numpy as np

PHI3_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ '<|system|>\n' + message['content'] + '<|end|>\n' }}"
    "{% elif message['role'] == 'user' %}{{ '<|user|>\n' + message['content'] + '<|end|>\n' }}"
    "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>\n' + message['content'] + '<|end|>\n' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
"""A chat template like that of Phi-3-mini."""

CONTROLS = (
    *("<unk>", "<s>", "</s>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|endoftext|>"),
    *("<|tool_call|>", "<|/tool_call|>"),
)
WORDS = ("▁hello", "▁the", "▁sea", "▁ship", "▁a", "▁is", "▁to", "▁and", "ing", "er", "▁")

N_EMBD, N_HEAD, N_FF, N_LAYER, N_CTX = 64, 4, 96, 2, 4096


@cache
def tiny_model() -> Path:
    """For all tests that do not care what the model says: it takes a fraction of SmolLM2's time."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return write_phi3(folder / "tiny-phi3.gguf")


NEVER_ENDS = {"logit_bias": {str(CONTROLS.index(end)): -100 for end in ("</s>", "<|end|>", "<|endoftext|>")}}
"""Fields of a request that keep the tiny model from ending its answer by chance."""


def write_phi3(
    path: Path,
    *,
    template: str | None = PHI3_TEMPLATE,
    seed: int = 0,
    user_defined: Sequence[str] = (),
    pooling: int | None = None,
) -> Path:
    """A Phi-3 of two layers, with SentencePiece tokens for every byte, letter and some words.

    Those of `CONTROLS` that are `user_defined` are not marked as control tokens. `pooling` is llama.cpp's number of a
    way to make embeddings.
    """
    writer = gguf.GGUFWriter(path, "phi3")
    writer.add_name("tiny-phi3")
    writer.add_context_length(N_CTX)
    writer.add_embedding_length(N_EMBD)
    writer.add_feed_forward_length(N_FF)
    writer.add_block_count(N_LAYER)
    writer.add_head_count(N_HEAD)
    writer.add_head_count_kv(N_HEAD)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(N_EMBD // N_HEAD)
    writer.add_rope_freq_base(10000.0)
    writer.add_sliding_window(0)
    if pooling is not None:
        writer.add_uint32("phi3.pooling_type", pooling)
    n_vocab = _add_vocabulary(writer, user_defined)
    if template is not None:
        writer.add_chat_template(template)
    _add_weights(writer, n_vocab, np.random.default_rng(seed))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


N_STATE, N_INNER, N_SSM_HEAD, N_CONV = 32, 2 * N_EMBD, 4, 4


def write_granite_hybrid(path: Path) -> Path:
    """A Granite 4 H of one layer with a state and one with KV cells."""
    writer = gguf.GGUFWriter(path, "granitehybrid")
    writer.add_context_length(N_CTX)
    writer.add_embedding_length(N_EMBD)
    writer.add_feed_forward_length(N_FF)
    writer.add_block_count(2)
    writer.add_head_count(N_HEAD)
    writer.add_head_count_kv([0, N_HEAD])
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(N_EMBD // N_HEAD)
    writer.add_ssm_conv_kernel(N_CONV)
    writer.add_ssm_inner_size(N_INNER)
    writer.add_ssm_state_size(N_STATE)
    writer.add_ssm_time_step_rank(N_SSM_HEAD)
    writer.add_ssm_group_count(1)
    n_vocab = _add_vocabulary(writer, ())
    writer.add_chat_template(PHI3_TEMPLATE)
    rng = np.random.default_rng(0)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, rng.standard_normal(shape).astype(np.float32) * 0.05)

    add("token_embd.weight", n_vocab, N_EMBD)
    add("output_norm.weight", N_EMBD)
    for layer in ("blk.0", "blk.1"):
        add(f"{layer}.attn_norm.weight", N_EMBD)
        add(f"{layer}.ffn_norm.weight", N_EMBD)
        add(f"{layer}.ffn_gate.weight", N_FF, N_EMBD)
        add(f"{layer}.ffn_up.weight", N_FF, N_EMBD)
        add(f"{layer}.ffn_down.weight", N_EMBD, N_FF)
    convolved = N_INNER + 2 * N_STATE
    add("blk.0.ssm_in.weight", N_INNER + convolved + N_SSM_HEAD, N_EMBD)
    add("blk.0.ssm_conv1d.weight", convolved, N_CONV)
    add("blk.0.ssm_conv1d.bias", convolved)
    add("blk.0.ssm_dt.bias", N_SSM_HEAD)
    add("blk.0.ssm_a", N_SSM_HEAD, 1)
    add("blk.0.ssm_d", N_SSM_HEAD, 1)
    add("blk.0.ssm_norm.weight", 1, N_INNER)
    add("blk.0.ssm_out.weight", N_EMBD, N_INNER)
    for name in ("q", "k", "v", "output"):
        add(f"blk.1.attn_{name}.weight", N_EMBD, N_EMBD)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_bert(path: Path) -> Path:
    """A BERT of one layer: an encoder, which makes embeddings only."""
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_context_length(512)
    writer.add_embedding_length(N_EMBD)
    writer.add_feed_forward_length(N_FF)
    writer.add_block_count(1)
    writer.add_head_count(N_HEAD)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_token_type_count(2)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    n_vocab = _add_vocabulary(writer, ())
    squares = [f"blk.0.attn_{name}" for name in ("q", "k", "v", "output")]
    for name, shape in {
        **dict.fromkeys(squares, (N_EMBD, N_EMBD)),
        "blk.0.ffn_up": (N_FF, N_EMBD),
        "blk.0.ffn_down": (N_EMBD, N_FF),
    }.items():
        writer.add_tensor(f"{name}.weight", np.zeros(shape, np.float32))
        writer.add_tensor(f"{name}.bias", np.zeros(shape[0], np.float32))
    for name in ("token_embd_norm", "blk.0.attn_output_norm", "blk.0.layer_output_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(N_EMBD, np.float32))
        writer.add_tensor(f"{name}.bias", np.zeros(N_EMBD, np.float32))
    writer.add_tensor("token_embd.weight", np.zeros((n_vocab, N_EMBD), np.float32))
    writer.add_tensor("token_types.weight", np.zeros((2, N_EMBD), np.float32))
    writer.add_tensor("position_embd.weight", np.zeros((512, N_EMBD), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def token_of(letter: str) -> int:
    """The token of one ASCII letter."""
    return len(CONTROLS) + 256 + len(WORDS) + ord(letter) - ord("!")


def _add_vocabulary(writer: gguf.GGUFWriter, user_defined: Sequence[str]) -> int:
    letters = [chr(c) for c in range(ord("!"), ord("~") + 1)]
    tokens = [*CONTROLS, *(f"<0x{b:02X}>" for b in range(256)), *WORDS, *letters]
    kinds = [
        gguf.TokenType.UNKNOWN,
        *(gguf.TokenType.USER_DEFINED if c in user_defined else gguf.TokenType.CONTROL for c in CONTROLS[1:]),
        *([gguf.TokenType.BYTE] * 256),
        *([gguf.TokenType.NORMAL] * (len(WORDS) + len(letters))),
    ]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(i) for i in range(len(tokens))])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(CONTROLS.index("<|end|>"))
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    return len(tokens)


def _add_weights(writer: gguf.GGUFWriter, n_vocab: int, rng: np.random.Generator) -> None:
    def random(name: str, *shape: int) -> None:
        writer.add_tensor(name, rng.normal(0, 0.3, shape).astype(np.float32))

    def ones(name: str) -> None:
        writer.add_tensor(name, np.ones(N_EMBD, np.float32))

    random("token_embd.weight", n_vocab, N_EMBD)
    random("output.weight", n_vocab, N_EMBD)
    ones("output_norm.weight")
    for layer in range(N_LAYER):
        ones(f"blk.{layer}.attn_norm.weight")
        ones(f"blk.{layer}.ffn_norm.weight")
        random(f"blk.{layer}.attn_qkv.weight", 3 * N_EMBD, N_EMBD)
        random(f"blk.{layer}.attn_output.weight", N_EMBD, N_EMBD)
        random(f"blk.{layer}.ffn_up.weight", 2 * N_FF, N_EMBD)
        random(f"blk.{layer}.ffn_down.weight", N_EMBD, N_FF)

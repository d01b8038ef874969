"""llama.cpp's low-level API, typed: only this file and `samplers` use llama-cpp-python.

`Model` holds the weights and the vocabulary, `Context` the KV cells, `StepBatch` the tokens of one step. `Context` and
`StepBatch` belong to a single thread.
"""

import ctypes
import logging
import re
from collections.abc import Callable, Collection, Sequence
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from models.engine.errors import ModelLoadError
from models.engine.native.machine import has_amx, is_arm
from models.engine.options import FlashAttention, KvCacheType
from models.wire.errors import ExtraMissingError

logger = logging.getLogger(__name__)

_NO_TOKEN = -1
_POOLING_NONE = 0
_FLASH_ATTENTION = {FlashAttention.AUTO: -1, FlashAttention.OFF: 0, FlashAttention.ON: 1}
# ggml's number of each type, and the bytes that one number takes; quantised ones come in blocks of 32 with a scale.
_CACHE_TYPES = {
    KvCacheType.F32: (0, 4.0),
    KvCacheType.F16: (1, 2.0),
    KvCacheType.Q4_0: (2, 18 / 32),
    KvCacheType.Q8_0: (8, 34 / 32),
    KvCacheType.BF16: (30, 2.0),
}
_REPACKED = frozenset({2, 10, 12, 20, 39})  # Q4_0, Q2_K, Q4_K, IQ4_NL, MXFP4
_REPACKED_ON_ARM = frozenset({8, 13, 14})  # Q8_0, Q5_K, Q6_K
_REPACKED_FOR_AMX = frozenset({3, 8, 13, 14, 23})  # Q4_1, Q8_0, Q5_K, Q6_K, IQ4_XS
_VOCAB_SENTENCEPIECE = 1
_USER_DEFINED = 1 << 4
_LOG_LEVELS = {3: logging.WARNING, 4: logging.ERROR}  # ggml's own numbers; lower levels are not logged
# A false alarm: the context is shared by all sequences and may exceed the length that one was trained for.
_OVERFLOW_WARNING = "possible training context overflow"


@lru_cache(maxsize=1)
def library() -> ModuleType:
    """llama-cpp-python's ctypes module, loaded when first needed.

    Raises
    ------
    ExtraMissingError
        If it is not installed.
    """
    try:
        import llama_cpp.llama_cpp as lib
    except ModuleNotFoundError as exc:
        raise ExtraMissingError("the built-in engine", "local") from exc
    lib.llama_log_set(_log_callback(lib), ctypes.c_void_p(0))
    lib.llama_backend_init()
    assert isinstance(lib, ModuleType)
    return lib


_first_error = ""
"""The first error since it was last cleared. It says why; what follows says of what else that was the end."""

_ending_step = False
"""Whether a step is being ended as `Context.abort_when` asked, of which llama.cpp tells as of a fault."""

_ERROR_PREFIX = re.compile(r"\w+: (?:error loading model: )?(?:error loading model \w+: )?")


@lru_cache(maxsize=1)  # keeps the callback alive: llama.cpp may call it at any time
def _log_callback(lib: Any) -> Any:
    def log(level: int, text: bytes, _user_data: Any) -> None:
        global _first_error
        if level not in _LOG_LEVELS or _ending_step:
            return
        message = text.decode("utf-8", "replace").strip()
        if _OVERFLOW_WARNING in message:
            return
        if level == max(_LOG_LEVELS) and message and not _first_error:
            _first_error = _ERROR_PREFIX.sub("", message, count=1)
        logger.log(_LOG_LEVELS[level], "llama.cpp: %s", message)

    return lib.llama_log_callback(log)


def bytes_of_number(kind: KvCacheType) -> float:
    """Memory of one number of the KV cache."""
    return _CACHE_TYPES[kind][1]


def repacked_encodings() -> frozenset[int]:
    """Ggml's numbers of the encodings that llama.cpp repacks for this processor: `machine` says which it is."""
    if is_arm():
        return _REPACKED | _REPACKED_ON_ARM
    return _REPACKED | _REPACKED_FOR_AMX if has_amx() else _REPACKED


def system_info() -> str:
    """The processor features that this build of llama.cpp uses."""
    return bytes(library().llama_print_system_info()).decode("utf-8", "replace").strip(" |")


def gpu_offload_supported() -> bool:
    """Whether this build of llama.cpp can put layers on a GPU."""
    return bool(library().llama_supports_gpu_offload())


class Model:
    """The weights and the vocabulary of one GGUF file. Safe to read from several threads.

    Parameters
    ----------
    path : Path
        The GGUF file (the first one, where it is split).
    n_gpu_layers : int
        Layers to keep on the GPU; negative means all.
    use_extra_bufts : bool
        Let llama.cpp repack weights for the processor. That is faster, but crashes at the first decode on machines that
        announce AMX without having it.
    visible_control_tokens : collection of bytes
        Names of control tokens that appear in an answer's text, such as ``<tool_call>``; the others have no text.

    Raises
    ------
    ModelLoadError
        With llama.cpp's reason, if it gave one.
    """

    def __init__(
        self,
        path: Path,
        *,
        n_gpu_layers: int = 0,
        use_extra_bufts: bool = True,
        visible_control_tokens: Collection[bytes] = (),
    ) -> None:
        global _first_error
        if not path.is_file():
            raise ModelLoadError(f"there is no model file at {path}")
        self._lib = lib = library()
        params = lib.llama_model_default_params()
        params.n_gpu_layers = n_gpu_layers
        params.use_extra_bufts = use_extra_bufts
        _first_error = ""
        self.pointer = lib.llama_model_load_from_file(str(path).encode(), params)
        if not self.pointer:
            raise ModelLoadError(f"{path.name} cannot be loaded: {_first_error or 'not a usable GGUF file'}")
        self.path = path
        self.vocabulary = self._vocab = lib.llama_model_get_vocab(self.pointer)
        self.n_vocab: int = lib.llama_vocab_n_tokens(self._vocab)
        self.n_ctx_train: int = lib.llama_model_n_ctx_train(self.pointer)
        self.bos: int = lib.llama_vocab_bos(self._vocab)
        self.eos: int = lib.llama_vocab_eos(self._vocab)
        self.n_embd: int = lib.llama_model_n_embd(self.pointer)
        self.n_params: int = lib.llama_model_n_params(self.pointer)
        self.size_bytes: int = lib.llama_model_size(self.pointer)
        self.architecture = self.metadata("general.architecture") or ""
        self._sentencepiece = lib.llama_vocab_type(self._vocab) == _VOCAB_SENTENCEPIECE
        self.end_tokens = frozenset(t for t in range(self.n_vocab) if lib.llama_vocab_is_eog(self._vocab, t))
        self._visible_control_tokens = visible_control_tokens
        self._piece = lru_cache(maxsize=None)(self._visible_piece)

    def close(self) -> None:
        """Free the memory; contexts must be closed first."""
        if self.pointer:
            self._lib.llama_model_free(self.pointer)
            self.pointer = None

    def metadata(self, key: str) -> str | None:
        """One value of the GGUF's header, such as ``general.name``."""
        buffer = ctypes.create_string_buffer(512)
        length = self._lib.llama_model_meta_val_str(self.pointer, key.encode(), buffer, len(buffer))
        return None if length < 0 else buffer.value.decode("utf-8", "replace")

    def number(self, key: str) -> int | None:
        """One integer of the header, by its key without the architecture prefix."""
        value = self.metadata(f"{self.architecture}.{key}")
        return int(value) if value is not None and value.isdecimal() else None

    @property
    def control_texts(self) -> frozenset[str]:
        """The names of the control tokens: in a prompt these texts are commands to the model."""
        lib = self._lib
        control = (t for t in range(self.n_vocab) if lib.llama_vocab_is_control(self._vocab, t))
        return frozenset(text for t in control if (text := self.text_of_special(t)))

    @property
    def user_defined_texts(self) -> dict[str, int]:
        """Texts, with their tokens, that become one token wherever they stand: markers, but also spaces and HTML."""
        attribute, vocabulary = self._lib.llama_vocab_get_attr, self._vocab
        tokens = (t for t in range(self.n_vocab) if attribute(vocabulary, t) & _USER_DEFINED)
        return {text: t for t in tokens if (text := self.text_of_special(t))}

    @property
    def chat_template(self) -> str | None:
        """The Jinja source in the GGUF file."""
        source = self._lib.llama_model_chat_template(self.pointer, None)
        return None if source is None else bytes(source).decode("utf-8", "replace")

    @property
    def is_encoder(self) -> bool:
        """Whether each token sees those after it: such a model makes embeddings, and continues no text."""
        return self.metadata(f"{self.architecture}.attention.causal") == "false"

    @property
    def usable(self) -> bool:
        """Whether this is a decoder-only model, which continues text."""
        lib = self._lib
        return bool(lib.llama_model_has_decoder(self.pointer)) and not lib.llama_model_has_encoder(self.pointer)

    @property
    def can_share_prefixes(self) -> bool:
        """Whether the KV cells of a prefix stay complete and can be shared without the rest of the sequence.

        Not with a sliding window, which overwrites earlier cells, nor with a recurrent state, which holds all tokens.
        """
        lib, pointer = self._lib, self.pointer
        windowed = lib.llama_model_n_swa(pointer) > 0
        return not (windowed or lib.llama_model_is_recurrent(pointer) or lib.llama_model_is_hybrid(pointer))

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool = True) -> list[int]:
        """Turn `text` into tokens.

        Parameters
        ----------
        add_special : bool
            Prepend the begin token, if the model uses one.
        parse_special : bool
            Read texts such as ``<|im_start|>`` as the control tokens that they name.
        """
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            tokens = (ctypes.c_int32 * room)()
            count = self._lib.llama_tokenize(self._vocab, data, len(data), tokens, room, add_special, parse_special)
            if count >= 0:
                return list(tokens[:count])
            room = -count

    def token_named(self, text: str) -> int | None:
        """The control token, or other single token, whose text is exactly `text`; None if several tokens spell it."""
        tokens = self.tokenize(text, add_special=False)
        return tokens[0] if len(tokens) == 1 else None

    def piece(self, token: int, *, first: bool = False) -> bytes:
        """The bytes of `token`: not always whole characters; empty for most control tokens.

        `first` says that the token begins an answer: SentencePiece adds a space there, which is removed.
        """
        piece = self._piece(token)
        return piece[1:] if first and self._sentencepiece and piece.startswith(b" ") else piece

    def text_of_special(self, token: int) -> str:
        """The name of a control token, such as ``<s>``; empty if there is no such token."""
        return "" if token == _NO_TOKEN else self._read_piece(token, special=True).decode("utf-8", "replace")

    def is_end_token(self, token: int) -> bool:
        """Whether `token` ends an answer."""
        return token in self.end_tokens

    def _visible_piece(self, token: int) -> bytes:
        """The bytes of a text token, or the name of a visible control token."""
        if piece := self._read_piece(token):
            return piece
        name = self._read_piece(token, special=True)
        return name if name in self._visible_control_tokens else b""

    def _read_piece(self, token: int, special: bool = False) -> bytes:
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            length = self._lib.llama_token_to_piece(self._vocab, token, buffer, room, 0, special)
            if length >= 0:
                return buffer.raw[:length]
            room = -length


class StepBatch:
    """The tokens of one step, from several sequences, in arrays that numpy fills by slices."""

    def __init__(self, capacity: int, n_sequences: int) -> None:
        self.capacity = capacity
        self.n_tokens = 0
        self._tokens = np.zeros(capacity, np.int32)
        self._positions = np.zeros(capacity, np.int32)
        self._wants_output = np.zeros(capacity, np.int8)
        self._ones = np.ones(capacity, np.int32)
        # Each token has a pointer to its sequence number; every token here belongs to exactly one sequence.
        self._numbers = np.arange(n_sequences, dtype=np.int32)
        self._pointers = np.zeros(capacity, np.uintp)
        self._struct = self._make_struct()

    def _make_struct(self) -> Any:
        batch = library().llama_batch()
        batch.token = _pointer(self._tokens, ctypes.c_int32)
        batch.pos = _pointer(self._positions, ctypes.c_int32)
        batch.n_seq_id = _pointer(self._ones, ctypes.c_int32)
        batch.seq_id = _pointer(self._pointers, ctypes.POINTER(ctypes.c_int32))
        batch.logits = _pointer(self._wants_output, ctypes.c_int8)
        return batch

    @property
    def struct(self) -> Any:
        """The `llama_batch`."""
        self._struct.n_tokens = self.n_tokens
        return self._struct

    def clear(self) -> None:
        """Remove all tokens."""
        self.n_tokens = 0

    def add(
        self, sequence: int, tokens: Sequence[int], position: int, *, wants_output: bool, n_outputs: int = 1
    ) -> int:
        """Append `tokens` of one sequence, the first of them at `position`; return the index of the last.

        `wants_output` asks for the model's output for the last token, or the last `n_outputs`: logits, or embeddings.
        """
        start, end = self.n_tokens, self.n_tokens + len(tokens)
        self._tokens[start:end] = tokens
        self._positions[start:end] = np.arange(position, position + len(tokens))
        self._pointers[start:end] = self._numbers.ctypes.data + sequence * self._numbers.itemsize
        self._wants_output[start:end] = 0
        self._wants_output[end - n_outputs : end] = wants_output
        self.n_tokens = end
        return end - 1


def _pointer(array: Any, ctype: Any) -> Any:
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(ctype))


class DecodeStatus(IntEnum):
    """How `Context.decode` ended."""

    OK = 0
    NO_ROOM = 1
    ABORTED = 2
    FAILED = 3


class Context:
    """The KV cache of a model: one pool of cells, shared by all sequences.

    Parameters
    ----------
    n_ctx : int
        KV cells in all, one for each token.
    n_sequences : int
        Most sequences at once, numbered from 0.
    n_batch : int
        Most tokens in one step.
    n_ubatch : int
        Most tokens that llama.cpp computes at once; it splits a step into batches of that size.
    n_threads : int
        Threads that compute.
    flash_attention, kv_cache_type
        As `EngineOptions` has them.
    embeddings : bool
        Output an embedding for each token, instead of logits.
    unified : bool
        One pool for all sequences. If false, each has a pool of its own, an equal share of `n_ctx`, and its tokens
        always lie in their order.

    Attributes
    ----------
    n_outputs : int
        Most tokens of one step whose output may be asked for: more would end the process.
    """

    def __init__(
        self,
        model: Model,
        *,
        n_ctx: int,
        n_sequences: int,
        n_batch: int,
        n_ubatch: int,
        n_threads: int,
        flash_attention: FlashAttention = FlashAttention.AUTO,
        kv_cache_type: KvCacheType = KvCacheType.F16,
        embeddings: bool = False,
        unified: bool = True,
    ) -> None:
        global _first_error
        self._lib = lib = library()
        params = lib.llama_context_default_params()
        params.n_ctx = n_ctx
        params.n_batch, params.n_ubatch = n_batch, min(n_ubatch, n_batch)
        params.n_seq_max = n_sequences
        # One a sequence: room for more costs memory, a float for each token of the vocabulary.
        self.n_outputs = params.n_outputs_max = n_batch if embeddings else min(n_batch, n_sequences)
        params.embeddings = embeddings
        if embeddings:
            params.pooling_type = _POOLING_NONE
        params.n_threads = params.n_threads_batch = n_threads
        params.kv_unified = unified
        params.flash_attn_type = _FLASH_ATTENTION[flash_attention]
        params.type_k = params.type_v = _CACHE_TYPES[kv_cache_type][0]
        _first_error = ""
        self.pointer = lib.llama_init_from_model(model.pointer, params)
        if not self.pointer:
            reason = _first_error or "not enough memory?"
            raise ModelLoadError(f"no context of {n_ctx} tokens could be made for {model.path.name}: {reason}")
        self._memory = lib.llama_get_memory(self.pointer)
        self.n_ctx: int = lib.llama_n_ctx(self.pointer)
        self._n_vocab, self._n_embd = model.n_vocab, model.n_embd
        self.n_threads = n_threads
        self.n_sequences = n_sequences
        self.n_batch = n_batch

    def close(self) -> None:
        """Give the memory back."""
        if self.pointer:
            self._lib.llama_free(self.pointer)
            self.pointer = None

    def decode(self, batch: StepBatch) -> DecodeStatus:
        """Compute one batch. After NO_ROOM nothing has changed; after FAILED the state of its sequences is unknown.

        After ABORTED (`abort_when`), a part of its tokens may be in their cells.
        """
        global _ending_step
        code = self._lib.llama_decode(self.pointer, batch.struct)
        self._lib.llama_synchronize(self.pointer)  # a GPU is still at work, and callers take the time of steps
        _ending_step = False
        if code in (0, 1, 2):
            return DecodeStatus(code)
        logger.error("llama_decode failed with code %d for %d tokens", code, batch.n_tokens)
        return DecodeStatus.FAILED

    def abort_when(self, wanted: Callable[[], bool] | None) -> None:
        """Ask `wanted` some hundred times in each following step, whether to end it at once; None asks nobody."""

        def ask(_data: object) -> bool:
            global _ending_step
            assert wanted is not None
            _ending_step = wanted()
            return _ending_step

        kind = self._lib.ggml_abort_callback
        self._abort_callback = kind(ask) if wanted else kind()  # kept here, since llama.cpp holds no reference
        self._lib.llama_set_abort_callback(self.pointer, self._abort_callback, None)

    def use_threads(self, n_threads: int) -> None:
        """Set the number of threads from the next step on."""
        self._lib.llama_set_n_threads(self.pointer, n_threads, n_threads)

    def logits(self, index: int) -> npt.NDArray[np.float32]:
        """The logits for the token after the batch's token at `index`, valid until the next step."""
        return np.ctypeslib.as_array(self._lib.llama_get_logits_ith(self.pointer, index), (self._n_vocab,))

    def embedding(self, index: int) -> npt.NDArray[np.float32]:
        """The embedding of the batch's token at `index`, valid until the next step."""
        return np.ctypeslib.as_array(self._lib.llama_get_embeddings_ith(self.pointer, index), (self._n_embd,))

    def share(self, source: int, target: int, n_tokens: int) -> None:
        """Let `target` hold the cells of the first `n_tokens` tokens of `source` too."""
        self._lib.llama_memory_seq_cp(self._memory, source, target, 0, n_tokens)

    def state(self, sequence: int) -> npt.NDArray[np.uint8]:
        """A copy of all that the cells of one sequence hold."""
        size = self._lib.llama_state_seq_get_size(self.pointer, sequence)
        state = np.empty(size, np.uint8)
        written = self._lib.llama_state_seq_get_data(self.pointer, _pointer(state, ctypes.c_uint8), size, sequence)
        return state[:written]

    def restore(self, sequence: int, state: npt.NDArray[np.uint8], n_tokens: int) -> bool:
        """Give `sequence`, which holds no cells, the first `n_tokens` of a copied one; false if that fails."""
        pointer = _pointer(state, ctypes.c_uint8)
        if self._lib.llama_state_seq_set_data(self.pointer, pointer, state.nbytes, sequence) != state.nbytes:
            self.drop(sequence)
            return False
        self.cut(sequence, n_tokens)
        return True

    def cut(self, sequence: int, n_tokens: int) -> None:
        """Free the cells after the first `n_tokens` tokens of one sequence, if the model `can_share_prefixes`."""
        self._lib.llama_memory_seq_rm(self._memory, sequence, n_tokens, -1)

    def drop(self, sequence: int) -> None:
        """Free every cell of one sequence."""
        self._lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def clear(self) -> None:
        """Free every cell."""
        self._lib.llama_memory_clear(self._memory, False)

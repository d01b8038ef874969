"""The most that a request may cost: tokens of the prompt and of the answer, never too few, at what a model costs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.wire.chat import ChatRequest
from models.wire.token_estimates import MOST_MESSAGE_TOKENS

IMAGE_TOKENS = 5_000
"""The most that one image is for usual models: Anthropic's largest are 4,784, OpenAI's 2,489, Gemini's 258 a tile."""

COSTLY_IMAGE_TOKENS = 50_000
"""The same for gpt-4o-mini, which counts 5,667 for each of up to eight tiles, and 2,833 more."""

COSTLY_IMAGE_MODELS = "gpt-4o-mini"

AUDIO_BYTES_PER_TOKEN = 64
"""Of base64, at the lowest usual bit rate of speech, 6 kbit/s, and ten tokens a second."""

KEPT_TOKENS = 200_000
"""What a provider keeps itself (an earlier response, a file): its size is not known here, so a usual context counts."""

_KEPT_FIELDS = ("previous_response_id", "conversation", "file_id", "file_url", "video_url", "item_reference")
_LIMITS = ("max_output_tokens", "max_completion_tokens", "max_tokens")


@dataclass(slots=True)
class PromptSize:
    """What a request gives to read, at most.

    Attributes
    ----------
    tokens : int
        All but media: a token stands for a byte at least.
    images, audio_bytes : int
        How many images, and the length of all audio in base64.
    is_cached : bool
        Whether the caller has the provider cache any of it, which may cost more than reading it.
    """

    tokens: int = 0
    images: int = 0
    audio_bytes: int = 0
    is_cached: bool = False

    def tokens_of(self, model: str) -> int:
        """All tokens of it for `model`."""
        image = COSTLY_IMAGE_TOKENS if COSTLY_IMAGE_MODELS in model else IMAGE_TOKENS
        return self.tokens + self.images * image + self.audio_tokens

    @property
    def is_plain(self) -> bool:
        """Whether its tokens all cost the same: no audio, and nothing written to a cache."""
        return not self.audio_bytes and not self.is_cached

    @property
    def audio_tokens(self) -> int:
        """Those of audio alone."""
        return -(-self.audio_bytes // AUDIO_BYTES_PER_TOKEN)


def prompt_size(request: ChatRequest) -> PromptSize:
    """What `request` gives to read at most, in the API shape in which it would be sent."""
    size = PromptSize()
    if request.sub_requests:
        for one in request.sub_requests:
            _add(size, one.messages)
        return size
    if request.native is not None:
        _add(size, [value for name, value in request.native.body.items() if name not in ("model", "metadata")])
        size.tokens += sum(MOST_MESSAGE_TOKENS for _ in request.messages)
        size.tokens += KEPT_TOKENS * sum(bool(request.native.body.get(name)) for name in _KEPT_FIELDS[:2])
        return size
    for message in request.messages:
        content = message.get("content")
        if isinstance(content, str) and len(message) == 2:  # the usual one: role and content
            size.tokens += len(content) if content.isascii() else len(content.encode("utf-8", "replace"))
        else:
            _add(size, message)
        size.tokens += MOST_MESSAGE_TOKENS
    for name in ("tools", "functions", "response_format", "prediction", "web_search_options"):
        if value := request.body.get(name):
            _add(size, value)
    return size


def answers(request: ChatRequest) -> int:
    """How many answers `request` asks for: `n`, for each of several prompts."""
    prompts = len(request.sub_requests) or 1
    return prompts * max(_positive(request.original, "n"), _positive(request.original, "best_of"))


def answer_limit(request: ChatRequest) -> int | None:
    """The longest answer that `request` allows, in tokens; None where it sets no limit."""
    if request.max_tokens is not None:
        return request.max_tokens
    native = request.native.body if request.native is not None else {}
    values = (native.get(name) for name in _LIMITS)
    return next((value for value in values if isinstance(value, int) and value > 0), None)


def speaks(request: ChatRequest) -> bool:
    """Whether the answer may be audio."""
    modalities = request.body.get("modalities")
    return isinstance(modalities, list) and "audio" in modalities


def _positive(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    return value if isinstance(value, int) and value > 1 else 1


def _add(size: PromptSize, value: Any) -> None:
    """Add a part of a request, whatever it holds. Not recursive: callers send what they like."""
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            size.tokens += len(one) if one.isascii() else len(one.encode("utf-8", "replace"))
        elif isinstance(one, list):
            rest.extend(one)
        elif isinstance(one, dict):
            rest.extend(_parts(size, one))
        else:
            size.tokens += 8  # a number, true, false or null, or what stands between two parts


def _parts(size: PromptSize, part: Mapping[str, Any]) -> Iterator[Any]:
    """What is to be read of an object; media are counted, and not read."""
    kind = part.get("type")
    kind = kind if isinstance(kind, str) else ""
    size.is_cached = size.is_cached or "cache_control" in part
    if kind in ("image_url", "input_image", "image"):
        size.images += 1
        return
    if kind in ("input_audio", "audio"):
        data = part.get("input_audio")
        data = data.get("data") if isinstance(data, dict) else part.get("data")
        size.audio_bytes += len(data) if isinstance(data, str) else 0
        return
    if kind == "item_reference" or any(part.get(name) for name in _KEPT_FIELDS[2:5]):
        size.tokens += KEPT_TOKENS
    for name, value in part.items():
        size.tokens += len(name) + 4
        yield value

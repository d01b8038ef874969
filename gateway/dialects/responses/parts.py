"""Content parts of the Responses API, as the chat format has them."""

from collections.abc import Callable

from gateway.dialects.message_builder import Part
from models.wire.json_reader import TEXT_OR_ARRAY, JsonReader


def to_content(content: JsonReader) -> str | list[Part]:
    """The content of one message or one tool result."""
    return content.text() if isinstance(content.value, str) else [_part(part) for part in content.each(TEXT_OR_ARRAY)]


def _part(part: JsonReader) -> Part:
    kind = part["type"].text()
    if kind not in _PARTS:
        part["type"].refuse(f"parts may be {', '.join(_PARTS)}, and this is {kind!r:.60}")
        return {"type": "text", "text": ""}
    return _PARTS[kind](part)


def _text(part: JsonReader) -> Part:
    return {"type": "text", "text": part["text"].text()}


def _refusal(part: JsonReader) -> Part:
    """What was said is kept; that it was a refusal, not every server could read."""
    return {"type": "text", "text": part["refusal"].text()}


def _image(part: JsonReader) -> Part:
    if part["file_id"].given:
        part["file_id"].refuse("send the picture itself, as a data URL or an address in 'image_url'")
        return {"type": "image_url", "image_url": {"url": ""}}
    image = {"url": part["image_url"].text()}
    if part["detail"].given:
        image["detail"] = part["detail"].text()
    return {"type": "image_url", "image_url": image}


def _file(part: JsonReader) -> Part:
    if part["file_url"].given:
        part["file_url"].refuse("send the file itself in 'file_data'")
    names = ("file_id", "file_data", "filename")
    return {"type": "file", "file": {name: part[name].text() for name in names if part[name].given}}


def _audio(part: JsonReader) -> Part:
    return {"type": "input_audio", "input_audio": dict(part["input_audio"].object())}


_PARTS: dict[str, Callable[[JsonReader], Part]] = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "refusal": _refusal,
    "input_image": _image,
    "input_file": _file,
    "input_audio": _audio,
}

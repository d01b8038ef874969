"""`slimgate ask`: sends one request to a running gateway, prints the answer as it is written, and who wrote it."""

import re
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import orjson
import typer
from rich.console import Console
from rich.markup import escape

from gateway.cli.serve import ConfigOption
from gateway.config.settings import Settings, load_settings
from gateway.dispatch.model_names import AUTO

SILENCE_S = 600.0
"""A large model on a slow machine reads a long prompt for minutes."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What would steer a terminal rather than be read."""


class AskFailed(Exception):
    """There is no answer, or only part of one; the message is for the user."""


def ask(
    text: Annotated[str, typer.Argument(help="What to ask, as a user would type it.", show_default=False)],
    file: Annotated[
        typer.FileText | None, typer.Option("--file", "-f", help="A text to put behind it; - is standard input.")
    ] = None,
    model: Annotated[str, typer.Option(help="auto, local, cloud, or a model's own name.")] = AUTO,
    private: Annotated[bool, typer.Option("--private", help="Keep it on the gateway's machine.")] = False,
    url: Annotated[
        str | None, typer.Option(help="The gateway. Default: the one of these settings, on this machine.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Ask a running gateway, and see who answered.

    The answer goes to standard output, the decision to standard error. If the gateway needs a key, SLIMGATE_API_KEY
    holds it. Examples:

      slimgate ask "Say hello in five words."

      slimgate ask --private "Summarise this mail:" --file mail.txt
    """
    settings = load_settings(config, serves=False)
    key = settings.api_key
    headers = {"authorization": f"Bearer {key.get_secret_value()}"} if key is not None else {}
    if private:
        headers["x-slimgate-privacy"] = "local"
    url = url or _own_url(settings)
    question = text if file is None else f"{text}\n\n{file.read()}"
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": question}]}
    console = Console(stderr=True, highlight=False)
    try:
        with httpx.Client(timeout=httpx.Timeout(10.0, read=SILENCE_S), trust_env=False) as client:
            with client.stream("POST", f"{url.rstrip('/')}/v1/chat/completions", json=body, headers=headers) as answer:
                _print_answer(answer)
            console.print(_decision(answer.headers), soft_wrap=True)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as exc:
        _fail(console, f"no gateway answers at {url} ({exc}): start one with `slimgate serve`, or name it with --url")
    except httpx.HTTPError as exc:
        _fail(console, f"the answer broke off: {exc}")
    except AskFailed as exc:
        _fail(console, str(exc))


def _own_url(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _print_answer(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise AskFailed(_error_words(answer))
    for piece in _pieces(answer):
        sys.stdout.write(_UNPRINTABLE.sub("", piece))
        sys.stdout.flush()
    sys.stdout.write("\n")


def _pieces(answer: httpx.Response) -> Iterator[str]:
    """The answer's text as it comes; raises `AskFailed` unless it ends as a stream should."""
    for line in answer.iter_lines():
        data = line.removeprefix("data: ")
        if data == line:
            continue
        if data == "[DONE]":
            return
        event = orjson.loads(data)
        if "error" in event:
            raise AskFailed(f"the answer broke off: {event['error']['message']}")
        yield from (choice["delta"].get("content") or "" for choice in event["choices"])
    raise AskFailed("the answer broke off: the stream has no end")


def _error_words(answer: httpx.Response) -> str:
    try:
        error: dict[str, Any] = orjson.loads(answer.read())["error"]
        return f"{error['message']} ({answer.status_code} {error['code']})"
    except (ValueError, LookupError, TypeError):
        return f"no gateway of ours, or none that is well: it answers with the status {answer.status_code}"


def _decision(headers: httpx.Headers) -> str:
    told = {name: escape(headers.get(f"x-slimgate-{name}", "?")) for name in ("route", "reason", "score", "threshold")}
    return (
        f"[dim]{told['route']}: {escape(headers.get('x-slimgate-model', '?'))} (reason {told['reason']}, "
        f"score {told['score']}, threshold {told['threshold']})[/]"
    )


def _fail(console: Console, message: str) -> None:
    console.print(f"[bold red]slimgate:[/] {escape(message)}", soft_wrap=True)
    raise typer.Exit(1)

"""What a provider that behaves may answer beyond plain words: tool calls, reasoning, refusals, an answer cut short.

Imported for its effect: each function here becomes one more thing that `tests/provider.py` does on request.
"""

import base64
import json
import struct
from typing import Any

from tests.provider import FAULTS, MODEL, WORDS, Call, fault

THOUGHTS = ("Let me", " think.")
ARGUMENTS = ('{"city":', ' "Uppsala"}')


def tool_call(index: int, name: str = "weather", arguments: str = "") -> dict[str, Any]:
    call = {"id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"index": index, **call}


async def whole(call: Call, message: dict[str, Any], finish: str) -> None:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    answer = {"id": "chatcmpl-p", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}
    await call.answer("200 OK", {**answer, "usage": detailed_usage(call)})


def detailed_usage(call: Call) -> dict[str, Any]:
    read = {"cached_tokens": 4, "cache_write_tokens": 2}
    return {**call.usage(), "prompt_tokens_details": read, "completion_tokens_details": {"reasoning_tokens": 3}}


async def streamed(call: Call, deltas: list[dict[str, Any]], finish: str) -> None:
    await call.begin_stream()
    for delta in deltas:
        await call.event(call.chunk(delta))
    await call.event(call.chunk({}, finish))
    await call.event({**call.chunk({}), "choices": [], "usage": detailed_usage(call)})
    await call.done()


@fault
async def calls_two_tools(call: Call) -> None:
    """Says a word, then calls two tools at once, the pieces of the calls in turns."""
    if not call.streams:
        calls = [tool_call(0, arguments="".join(ARGUMENTS)), tool_call(1, "clock", "{}")]
        for one in calls:
            del one["index"]
        await whole(call, {"content": "Looking.", "tool_calls": calls}, "tool_calls")
        return
    pieces = [{"index": 0, "function": {"arguments": piece}} for piece in ARGUMENTS]
    deltas: list[dict[str, Any]] = [
        {"content": "Looking."},
        {"tool_calls": [tool_call(0)]},
        {"tool_calls": pieces[:1]},
        {"tool_calls": [tool_call(1, "clock")]},
        {"tool_calls": [pieces[1], {"index": 1, "function": {"arguments": "{}"}}]},
    ]
    await streamed(call, deltas, "tool_calls")


@fault
async def calls_all_numbered_0(call: Call) -> None:
    """Two whole calls that only their ids tell apart."""
    calls = [{**tool_call(number, arguments="{}"), "index": 0} for number in range(2)]
    await streamed(call, [{"tool_calls": [one]} for one in calls], "tool_calls")


@fault
async def uses_the_tool(call: Call) -> None:
    """An agent's partner: calls the first tool it is offered, then tells what that returned."""
    results = [message["content"] for message in call.body["messages"] if message["role"] == "tool"]
    if results:
        await streamed(call, [{"content": "It says: "}, {"content": results[-1]}], "stop")
        return
    name = call.body["tools"][0]["function"]["name"]
    await streamed(
        call,
        [
            {"tool_calls": [tool_call(0, name)]},
            {"tool_calls": [{"index": 0, "function": {"arguments": piece}} for piece in ARGUMENTS]},
        ],
        "tool_calls",
    )


@fault
async def calls_a_custom_tool(call: Call) -> None:
    custom = {"id": "call_0", "type": "custom"}
    if not call.streams:
        whole_call = {**custom, "custom": {"name": "patch", "input": "*** Begin Patch"}}
        await whole(call, {"content": None, "tool_calls": [whole_call]}, "tool_calls")
        return
    first = {"index": 0, **custom, "custom": {"name": "patch", "input": "*** Begin"}}
    more = {"index": 0, "custom": {"input": " Patch"}}
    await streamed(call, [{"tool_calls": [first]}, {"tool_calls": [more]}], "tool_calls")


@fault
async def reasons(call: Call) -> None:
    """Thinks aloud first."""
    if not call.streams:
        await whole(call, {"reasoning_content": "".join(THOUGHTS), "content": "".join(WORDS)}, "stop")
        return
    await streamed(
        call, [*({"reasoning_content": text} for text in THOUGHTS), *({"content": word} for word in WORDS)], "stop"
    )


@fault
async def refuses(call: Call) -> None:
    if not call.streams:
        await whole(call, {"content": None, "refusal": "I would rather not."}, "stop")
        return
    await streamed(call, [{"refusal": "I would"}, {"refusal": " rather not."}], "stop")


@fault
async def is_cut_short(call: Call) -> None:
    if not call.streams:
        await whole(call, {"content": "The cloud"}, "length")
        return
    await streamed(call, [{"content": "The"}, {"content": " cloud"}], "length")


@fault
async def is_filtered(call: Call) -> None:
    if not call.streams:
        await whole(call, {"content": ""}, "content_filter")
        return
    await streamed(call, [], "content_filter")


@fault
async def says_nothing(call: Call) -> None:
    await (streamed(call, [], "stop") if call.streams else whole(call, {"content": None}, "stop"))


@fault
async def tells_logprobs(call: Call) -> None:
    token = {"token": "The", "logprob": -0.5, "bytes": None, "top_logprobs": []}
    chunk = call.chunk({"content": "The"})
    chunk["choices"][0]["logprobs"] = {"content": [token]}
    await call.begin_stream()
    await call.event(chunk)
    await call.finish()
    await call.done()


@fault
async def answers_json(call: Call) -> None:
    await whole(call, {"content": json.dumps({"answer": 42})}, "stop")


@fault
async def stops_at_a_word(call: Call) -> None:
    """As vLLM says which of the stop sequences it met."""
    chunk = call.chunk({}, "stop")
    chunk["choices"][0]["stop_reason"] = "END"
    await call.begin_stream()
    await call.words(3)
    await call.event(chunk)
    await call.done()


@fault
async def calls_nonsense(call: Call) -> None:
    await whole(call, {"content": None, "tool_calls": [tool_call(0, arguments='{"city": Upp')]}, "tool_calls")


@fault
async def completes_text(call: Call) -> None:
    """A server that takes text completions itself."""
    head = {"id": "cmpl-p", "object": "text_completion", "created": 1, "model": MODEL}
    if not call.streams:
        choice = {"index": 0, "text": "".join(WORDS), "logprobs": None, "finish_reason": "stop"}
        await call.answer("200 OK", {**head, "choices": [choice], "usage": call.usage()})
        return
    await call.head("200 OK", "text/event-stream")
    for word in WORDS:
        await call.event({**head, "choices": [{"index": 0, "text": word, "logprobs": None, "finish_reason": None}]})
    await call.event({**head, "choices": [{"index": 0, "text": "", "logprobs": None, "finish_reason": "stop"}]})
    await call.event({**head, "choices": [], "usage": call.usage()})
    await call.done()


@fault
async def embeds(call: Call) -> None:
    """Vectors in the encoding that was asked for."""
    count = 1 if isinstance(call.body["input"], str) else len(call.body["input"])
    vector: Any = [0.25, -0.5]
    if call.body.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack("<2f", *vector)).decode()
    data = [{"object": "embedding", "index": index, "embedding": vector} for index in range(count)]
    usage = {"prompt_tokens": 6, "total_tokens": 6}
    call.bill(6, 0)
    await call.answer("200 OK", {"object": "list", "data": data, "model": call.body["model"], "usage": usage})


@fault
async def cuts_text(call: Call) -> None:
    head = {"id": "cmpl-p", "object": "text_completion", "created": 1, "model": MODEL}
    await call.head("200 OK", "text/event-stream")
    for word in WORDS[:3]:
        await call.event({**head, "choices": [{"index": 0, "text": word, "logprobs": None, "finish_reason": None}]})


@fault
async def answers_all(call: Call) -> None:
    """Whatever is asked for, by what the request holds."""
    if "messages" in call.body:
        await FAULTS["none"](call)
    else:
        await (embeds if "input" in call.body else completes_text)(call)


async def begun(call: Call, deltas: list[dict[str, Any]]) -> None:
    await call.begin_stream()
    for delta in deltas:
        await call.event(call.chunk(delta))


@fault
async def reasons_and_is_cut(call: Call) -> None:
    """Two thoughts and two words."""
    thoughts = [{"reasoning_content": THOUGHTS[0]}, {"reasoning": THOUGHTS[1]}]
    await begun(call, [*thoughts, *({"content": word} for word in WORDS[:2])])


@fault
async def calls_and_is_cut(call: Call) -> None:
    """A name and two pieces of arguments."""
    pieces = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in ARGUMENTS]
    await begun(call, [{"tool_calls": [tool_call(0)]}, *pieces])


@fault
async def batches_and_is_cut(call: Call) -> None:
    """Many tokens a chunk, as Gemini sends them: 120 characters and a word."""
    await begun(call, [{"content": " word" * 24}, {"content": WORDS[0]}])

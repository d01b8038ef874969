"""The limit on an answer for which money was set aside is sent with every part of a request."""

from gateway.dispatch.paying import as_paid_for
from gateway.record.request_record import RequestRecord
from models.wire.chat import ChatRequest
from router.decision import Route


def chat(**more: object) -> ChatRequest:
    return ChatRequest.parse({"model": "cloud", "messages": [{"role": "user", "content": "hi"}]}, **more)  # type: ignore[arg-type]


def test_each_of_several_prompts_gets_the_limit() -> None:
    record = RequestRecord("completions", route=Route.CLOUD, answer_limit=64)
    sent = as_paid_for(record, chat(sub_requests=(chat(), chat())))
    assert [part.body["max_completion_tokens"] for part in (sent, *sent.sub_requests)] == [64, 64, 64]


def test_the_local_model_gets_none() -> None:
    request = chat(sub_requests=(chat(),))
    assert as_paid_for(RequestRecord("completions", route=Route.LOCAL, answer_limit=64), request) is request

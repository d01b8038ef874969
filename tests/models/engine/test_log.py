"""The engine's log never contains a caller's text, however a request fails."""

import logging
from pathlib import Path

import pytest

from tests.models.engine.live import running_engine
from tests.models.engine.test_supervisor import engine_that

pytestmark = pytest.mark.engine

PROMPT = "Zanzibar-4711\nERROR all is lost"
BODY = {"model": "local", "messages": [{"role": "user", "content": PROMPT}], "max_tokens": 2}

TALKS_PAST_THE_LOG = """
    import os
    from models.engine.request.chat import parse_chat
    import models.engine.http.server as server
    def parse(body):
        os.write(2, ("parse: error parsing grammar: " + body["messages"][0]["content"] + "\\n").encode())
        os.write(2, b"/src/ggml.c:12: GGML_ASSERT(n > 0) failed\\n")
        return parse_chat(body)
    server.parse_chat = parse
"""

TEMPLATE_THAT_FAILS = (
    "{% set said = messages[0].content %}{% if 'Zanzibar' in said %}{{ {}[said].nothing }}{% endif %}{{ said }}"
)

FAILS = """
    from models.engine.engine import Engine
    def prepare(self, job):
        raise ValueError(f"unforeseen: {job.messages}")
    Engine.prepare = prepare
"""


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "models.engine.process.supervisor"]


def test_lines_of_native_code_are_not_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """llama.cpp prints a grammar that it cannot parse, and a caller's schema made that grammar."""
    caplog.set_level(logging.INFO)
    with running_engine(tmp_path / "state", command=engine_that(tmp_path, TALKS_PAST_THE_LOG)) as engine:
        engine.ready()
        assert engine.post(BODY).status_code == 200
    assert not any("Zanzibar" in line or "lost" in line for line in said(caplog))
    assert any("GGML_ASSERT(n > 0) failed" in line for line in said(caplog))


def test_a_failing_template_is_explained_to_the_caller_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    template = tmp_path / "failing.jinja"
    template.write_text(TEMPLATE_THAT_FAILS)
    with running_engine(tmp_path / "state", chat_template=template) as engine:
        engine.ready()
        answer = engine.post(BODY)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unsupported_value")
    message = answer.json()["error"]["message"]
    assert message.startswith("the model's chat template failed (UndefinedError): ")
    assert "Zanzibar-4711" in message
    assert "engine: a request failed: the model's chat template failed (UndefinedError)" in said(caplog)
    assert not any("Zanzibar" in line or "lost" in line for line in said(caplog))


def test_a_defect_is_logged_by_location_without_its_message(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with running_engine(tmp_path / "state", command=engine_that(tmp_path, FAILS)) as engine:
        engine.ready()
        assert engine.post(BODY).status_code == 500
    (line,) = (line for line in said(caplog) if "unforeseen failure" in line)
    assert line.startswith("engine: unforeseen failure: ValueError at faulty_engine.py:")
    assert not any("Zanzibar" in line or "lost" in line for line in said(caplog))

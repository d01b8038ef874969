"""Conversations that clients send and chat templates refuse: changed where that helps, and nowhere else."""

from typing import Any

import pytest

from models.engine.prompt.template import ChatTemplate
from models.engine.prompt.template_limits import TemplateLimits, find_limits

PRINTS = "{% for m in messages %}[{{ m.role }}:{{ m.content }}]{% endfor %}"
CALLS = (
    "{% for m in messages %}[{{ m.role }}:{{ m.content }}{% for c in m.tool_calls or [] %}"
    "<{{ c.function.name }}{{ c.function.arguments | tojson }}>{% endfor %}]{% endfor %}"
)
ALTERNATES = (
    "{% set ns = namespace(last='') %}{% for m in messages if m.role != 'tool' and not m.tool_calls %}"
    "{% if m.role == ns.last %}{{ raise_exception('must alternate') }}{% endif %}{% set ns.last = m.role %}{% endfor %}"
)
ONE_SYSTEM = (
    "{% for m in messages %}{% if m.role == 'system' and not loop.first %}{{ raise_exception('first') }}{% endif %}"
    "{% endfor %}"
)
ONLY_FIRST_SYSTEM = (
    "{% for m in messages %}{% if m.role != 'system' or loop.first %}"
    "[{{ m.role }}:{{ m.content }}]{% endif %}{% endfor %}"
)
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
ONE_CALL = (
    "{% for m in messages if m.tool_calls %}{% if m.tool_calls | length > 1 %}{{ raise_exception('one') }}{% endif %}"
    "{% endfor %}"
)
OBJECTS = (
    "{% for m in messages %}{% for c in m.tool_calls or [] %}{% for k, v in c.function.arguments | items %}"
    "{% endfor %}{% if c.function.arguments is not mapping %}{{ raise_exception('object') }}{% endif %}"
    "{% endfor %}{% endfor %}"
)


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def calling(*calls: tuple[str, Any], content: str = "") -> dict[str, Any]:
    made = [{"id": id_, "type": "function", "function": {"name": id_, "arguments": a}} for id_, a in calls]
    return {"role": "assistant", "content": content, "tool_calls": made}


def result(id_: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id_, "content": f"of {id_}"}


def fitted(source: str, messages: list[dict[str, Any]], *, prints_calls: bool = False) -> str:
    template = ChatTemplate(source, bos="", eos="")
    return template.render(find_limits(template, prints_calls=prints_calls).fit(messages))


def test_a_template_that_takes_everything_changes_nothing() -> None:
    template = ChatTemplate(CALLS, bos="", eos="")
    assert find_limits(template, prints_calls=True) == TemplateLimits()
    messages = [user("a"), user("b"), {"role": "system", "content": "s"}, calling(("f", ""), ("g", {}))]
    assert TemplateLimits().fit(messages) == messages


@pytest.mark.parametrize(
    ("source", "messages", "expected"),
    [
        (ALTERNATES + PRINTS, [user("a"), user("b")], "[user:a\n\nb]"),
        (ALTERNATES + PRINTS, [user("a"), calling(content="x"), calling(content="y")], "[user:a][assistant:x\n\ny]"),
        (
            ONE_SYSTEM + PRINTS,
            [{"role": "system", "content": "s"}, user("a"), {"role": "system", "content": "t"}, user("b")],
            "[system:s\n\nt][user:a][user:b]",
        ),
        (ONLY_FIRST_SYSTEM, [user("a"), {"role": "system", "content": "t"}], "[system:t][user:a]"),
        (NO_SYSTEM + ALTERNATES + PRINTS, [{"role": "system", "content": "s"}, user("a"), user("b")],
         "[user:s\n\na\n\nb]"),
        (ALTERNATES + ONE_SYSTEM + PRINTS, [user("a"), {"role": "system", "content": "s"}, user("b")],
         "[system:s][user:a\n\nb]"),
    ],
)  # fmt: skip
def test_turns_are_merged_and_system_messages_gathered(source: str, messages: Any, expected: str) -> None:
    assert fitted(source, messages) == expected


def test_parallel_calls_become_one_after_the_other() -> None:
    messages = [user("a"), calling(("f", {}), ("g", {}), content="x"), result("g"), result("f"), user("b")]
    assert fitted(ONE_CALL + CALLS, messages, prints_calls=True) == (
        "[user:a][assistant:x<f{}>][tool:of f][assistant:<g{}>][tool:of g][user:b]"
    )


@pytest.mark.parametrize("nothing", ["", None])
def test_missing_arguments_become_an_object_only_where_they_must(nothing: Any) -> None:
    messages = [user("a"), calling(("f", nothing)), result("f")]
    assert "<f{}>" in fitted(OBJECTS + CALLS, messages, prints_calls=True)
    assert "<f{}>" not in fitted(CALLS, messages, prints_calls=True)

"""Untrusted chat templates: usual ones work, attacks are refused within the time limit."""

from typing import Any

import pytest

from models.engine.errors import TemplateError
from models.engine.prompt.template import ChatTemplate
from models.wire.errors import RequestError

HELLO = [{"role": "user", "content": "hello"}]


def render(source: str, messages: Any = HELLO, limit_s: float = 0.3, **variables: Any) -> str:
    return ChatTemplate(source, bos="<s>", eos="</s>", time_limit_s=limit_s).render(messages, **variables)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ bos_token }}{{ messages[0]['content'] }}{{ eos_token }}", "<s>hello</s>"),
        ("{{ messages[0].content | trim }}", "hello"),
        ("{% if add_generation_prompt %}A:{% endif %}", "A:"),
        ("{% for m in messages %}{% if m.role == 'tool' %}{% continue %}{% endif %}{{ m.role }}{% endfor %}", "user"),
        ("{{ strftime_now('%Y')[:2] }}", "20"),
        ("{{ {'a': 'é<'} | tojson }}", '{"a": "é<"}'),
        ("{% set ns = namespace(n=0) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "3"),
        ("{{ '-' * 3 }}{{ messages[0].content.split('l')[0] }}", "---he"),
        ("{{ '%s!' % messages[0].content }}", "hello!"),
    ],
)
def test_templates_have_the_functions_that_they_need(source: str, expected: str) -> None:
    assert render(source) == expected


def test_a_template_may_refuse_a_conversation() -> None:
    with pytest.raises(RequestError, match="must alternate") as caught:
        render("{{ raise_exception('roles must alternate') }}")
    assert caught.value.param == "messages"


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(9999) %}" * 3 + "{% endfor %}" * 3,
        "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
        "{% for a in range(10 ** 9) %}{% endfor %}",
        "{{ 'x' * 999999999 }}",
        "{{ 'x'.ljust(999999999) }}",
        "{{ 'x' | center(999999999) }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ self._TemplateReference__context }}{{ self.__init__.__globals__ }}",
        "{{ messages.append(1) }}",
        "{{ raise_exception.__globals__.os }}",
        "{{ nothing.at.all }}",
        "{% for i in range(9000) %}{{ 'x' * 9000 }}{% endfor %}",
    ],
)
def test_hostile_and_broken_templates_are_stopped(source: str) -> None:
    with pytest.raises(TemplateError):
        render(source)


def test_a_template_that_does_not_compile_is_named_so() -> None:
    with pytest.raises(TemplateError, match="does not compile"):
        ChatTemplate("{% for %}", bos="", eos="")


def test_the_time_limit_ends_with_the_template() -> None:
    template = ChatTemplate("{{ messages[0].content }}", bos="", eos="", time_limit_s=0.01)
    assert all(template.render(HELLO) == "hello" for _ in range(300))

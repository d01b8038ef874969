"""Untrusted chat templates: usual ones work, attacks are refused within the time limit."""

import resource
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from models.engine.errors import TemplateError
from models.engine.prompt.template import ChatTemplate
from models.engine.prompt.template_process import TemplateProcess
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
        ("{% generation %}{{ messages[0].content }}{% endgeneration %}", "hello"),
        ("{% for m in messages %}{%- generation -%} a {{ m.role }}{%- endgeneration -%}{% endfor %}", "a user"),
        ("{% set l = [] %}{% do l %}x", "x"),
        ("{{ {'b': 1, 'a': 2} | tojson(separators=(',', ':'), sort_keys=True) }}", '{"a":2,"b":1}'),
        ("{{ [1] | tojson(indent=2) }}", "[\n  1\n]"),
        ("{% if tools is none and documents is none %}none{% endif %}", "none"),
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


GREEDY = (
    "{% set ns = namespace(x=messages[0].content) %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}"
)
"""Doubles a text until there is no memory left."""


@pytest.fixture(scope="module")
def limited() -> TemplateProcess:
    """A template that prints the message, and does harm where the message asks for it."""
    source = (
        "{% set said = messages[0].content %}"
        f"{{% if said == 'memory' %}}{GREEDY}{{% endif %}}"
        "{% if said == 'time' %}{% for a in range(9999) %}{% for a in range(9999) %}{% endfor %}{% endfor %}{% endif %}"
        "{% if said == 'long' %}{{ 'x' * 9999 * 9999 }}{% endif %}"
        "{% if said == 'no' %}{{ raise_exception('no!') }}{% endif %}"
        "{% if said == 'fails' %}{{ nothing.at.all }}{% endif %}"
        "{{ bos_token }}{{ said }}{{ thinking }}"
    )
    return TemplateProcess(source, bos="<s>", eos="</s>", time_limit_s=1)


@pytest.mark.parametrize(
    ("said", "words"),
    [("memory", "too much memory|did not end"), ("time", "did not end within 1 s"), ("fails", "failed")],
)
def test_a_message_costs_no_more_than_a_process(limited: TemplateProcess, said: str, words: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TemplateError, match=words):
        limited.render([{"role": "user", "content": said}])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB
    assert limited.render(HELLO) == "<s>hello"


def test_a_template_process_does_what_a_template_does(limited: TemplateProcess) -> None:
    assert (
        limited.render(HELLO, thinking="é\ud83d\ude42".encode("utf-16", "surrogatepass").decode("utf-16"))
        == "<s>helloé🙂"
    )
    with pytest.raises(RequestError, match="no!") as caught:
        limited.render([{"role": "user", "content": "no"}])
    assert (caught.value.param, caught.value.code) == ("messages", "unsupported_value")
    with pytest.raises(TemplateError, match="does not compile"):
        TemplateProcess("{% for %}", bos="", eos="")


def test_a_template_process_that_was_killed_is_started_again(limited: TemplateProcess) -> None:
    child = limited._idle.queue[-1]
    child._process.kill()
    child._process.wait()
    assert limited.render(HELLO) == "<s>hello"


def test_a_template_process_answers_several_at_once(limited: TemplateProcess) -> None:
    def ask(number: int) -> str:
        return limited.render([{"role": "user", "content": f"number {number}"}])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(60))) == [f"<s>number {number}" for number in range(60)]


def test_the_time_limit_ends_with_the_template() -> None:
    template = ChatTemplate("{{ messages[0].content }}", bos="", eos="", time_limit_s=0.01)
    assert all(template.render(HELLO) == "hello" for _ in range(300))

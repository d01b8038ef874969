"""Models of the catalogue by the names that servers and files give them."""

import pytest

from models.catalogue.catalogue import catalogue, find_model
from models.catalogue.recognition import named_alike

PHI_3_MINI = ["phi-3-mini-4k", "phi-3-mini-128k"]


@pytest.mark.parametrize("name", catalogue())
def test_every_model_is_recognised_by_its_own_names(name: str) -> None:
    model = find_model(name)
    for own in filter(None, (name, model.file_name, model.url and "/".join(model.url.split("/")[3:5]))):
        assert model in named_alike(own)
        assert {alike.published for alike in named_alike(own)} <= {
            model.published,
            *(find_model(twin).published for twin in PHI_3_MINI if name in PHI_3_MINI),
        }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("qwen3:4b", ["qwen3-4b"]),
        ("qwen3:4b-instruct-2507-q4_K_M", ["qwen3-4b"]),
        ("microsoft/Phi-3-mini-4k-instruct", PHI_3_MINI),
        ("phi3:mini", PHI_3_MINI),
        ("unsloth/Phi-4-mini-instruct-GGUF:Q8_0", ["phi-4-mini"]),
        ("phi4-mini:latest", ["phi-4-mini"]),
        ("meta-llama/Llama-3.2-3B-Instruct", ["llama-3.2-3b"]),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", ["smollm2-135m"]),
        ("SmolLM2-135M-Instruct.Q4_1", ["smollm2-135m"]),
        ("granite4:tiny-h", ["granite-4-h-tiny"]),
        ("gemma3:4b-it-qat", ["gemma-3-4b", "gemma-3-4b-qat"]),
        ("Qwen3-4B-UD-Q2_K_XL-00001-of-00002.gguf", ["qwen3-4b"]),
        ("mistralai/Mistral-7B-Instruct-v0.3", ["mistral-7b"]),
    ],
)
def test_names_of_servers_and_files(name: str, expected: list[str]) -> None:
    assert [model.name for model in named_alike(name)] == expected


@pytest.mark.parametrize(
    "name",
    ["local", "", "mistralai/Mistral-7B-Instruct-v0.1", "Qwen/Qwen3-4B-Thinking-2507", "qwen3", "qwen3:8b", "gpt-4"],
)
def test_other_models_are_not_taken_for_one_of_the_catalogue(name: str) -> None:
    assert named_alike(name) == ()

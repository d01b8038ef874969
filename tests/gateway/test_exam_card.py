"""The report card: marks as they are read from files, printed, compared and served."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from rich.console import Console
from starlette.testclient import TestClient

from gateway.cli.exam_card import promise, show, show_all, show_comparison
from gateway.endpoints.exam import exam_endpoints
from gateway.http import errors
from gateway.reports.exam_card import (
    ClassifierMarks,
    ExamMarks,
    MarksError,
    compare,
    exam_report,
    examples,
    find_marks,
    read_all_marks,
    read_marks,
)
from tests.conftest import MakeGateway
from tests.gateway.planted_marks import LARGE, SMALL, make_marks, plant, plant_two

Change = Callable[[dict[str, Any]], Any]


def printed(print_it: Callable[[Console], None], width: int = 80) -> str:
    out = io.StringIO()
    print_it(Console(file=out, width=width, no_color=True))
    return out.getvalue()


def marks(**changes: Any) -> ExamMarks:
    return ExamMarks.model_validate(make_marks() | changes)


def family(name: str, rate: float, low: float, high: float) -> dict[str, Any]:
    figures = {"asked": 10, "passed": round(10 * rate), "pass_rate": rate, "low": low, "high": high}
    return {"name": name, "title": name, **figures, "levels": [], "failures": [], "stays_local": None}


def test_marks_are_read_whole(tmp_path: Path) -> None:
    plant_two(tmp_path)
    found = read_marks(tmp_path, SMALL)
    assert found is not None
    assert json.loads(found.model_dump_json()) == make_marks() | {"at": "2026-11-27T03:00:00Z"}
    assert read_marks(tmp_path, "0000000000000000") is None


@pytest.mark.parametrize("key", ["..", "../exam/" + SMALL, "", ".", "a/b", "x\0", "a" * 200])
def test_a_key_is_never_a_path(tmp_path: Path, key: str) -> None:
    plant_two(tmp_path)
    (tmp_path / "exam" / "marks.json").write_text(json.dumps(make_marks()))
    assert read_marks(tmp_path, key) is None


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda marks: marks.pop("speeds"), "speeds: Field required"),
        (lambda marks: marks.update(object="status"), "object: Input should be 'exam_marks'"),
        (lambda marks: marks.update(pass_rate=1.2), "pass_rate: Input should be less than or equal to 1"),
        (lambda marks: marks.update(low=float("nan")), "low: Input should be a finite number"),
        (lambda marks: marks.update(passed=301), "passed 301 of 300"),
        (lambda marks: marks.update(low=0.9, high=0.1), "an interval from 0.9 to 0.1"),
        (lambda marks: marks.update(at="2026-11-27T03:00:00"), "at: Input should have timezone info"),
        (lambda marks: marks["families"][3].pop("title"), "families.3.title: Field required"),
        (lambda marks: marks["families"][0]["levels"][0].update(level="x"), "families.0.levels.0.level"),
        (lambda marks: marks["model"].update(key=LARGE), f"it holds the marks of '{LARGE}'"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, damage: Change, complaint: str) -> None:
    damaged = make_marks()
    path = plant(tmp_path, damaged)
    damage(damaged)
    path.write_text(json.dumps(damaged))
    with pytest.raises(MarksError, match=re.escape(complaint)) as refusal:
        read_marks(tmp_path, SMALL)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_one_that_is_no_json_object_hides_no_other(tmp_path: Path, content: bytes) -> None:
    plant_two(tmp_path)
    path = tmp_path / "exam" / LARGE / "marks.json"
    path.write_bytes(content)
    examined = read_all_marks(tmp_path)
    assert [found.model.key for found in examined.marks] == [SMALL]
    (trouble,) = examined.troubles
    assert str(path) in trouble


def test_one_too_large_is_not_read(tmp_path: Path) -> None:
    path = plant(tmp_path, make_marks())
    with path.open("ab") as file:
        file.truncate(20_000_000)
    with pytest.raises(MarksError, match="20000000 bytes are no file of marks"):
        read_marks(tmp_path, SMALL)


def test_a_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    plant(tmp_path, make_marks())
    assert read_marks(tmp_path, SMALL) is not None
    plant(tmp_path, make_marks() | {"is_complete": False})
    found = read_marks(tmp_path, SMALL)
    assert found is not None
    assert not found.is_complete


def test_all_models_newest_first(tmp_path: Path) -> None:
    assert exam_report(tmp_path, SMALL).models == ()
    plant_two(tmp_path)
    report = exam_report(tmp_path, LARGE)
    assert [model.key for model in report.models] == [SMALL, LARGE]
    assert report.current is not None
    assert report.current.model.key == LARGE
    assert exam_report(tmp_path, None).current is None


@pytest.mark.parametrize(
    ("wanted", "key"),
    [(SMALL, SMALL), ("smollm2-135m-instruct.q4_1", SMALL), ("gemma-3", LARGE), ("fedcba", LARGE)],
)
def test_a_model_is_found_by_name_or_key(tmp_path: Path, wanted: str, key: str) -> None:
    plant_two(tmp_path)
    assert find_marks(tmp_path, wanted).model.key == key


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ("phi-4", rf"No examined model is called 'phi-4'; there are SmolLM2[^ ]* \({SMALL}\), gemma"),
        ("m", r"'m' may be .*name one of them by its key"),
    ],
)
def test_a_model_that_is_not_found(tmp_path: Path, wanted: str, complaint: str) -> None:
    plant_two(tmp_path)
    with pytest.raises(MarksError, match=complaint):
        find_marks(tmp_path, wanted)


def test_compared_by_family_with_the_better_where_intervals_part() -> None:
    first = marks(families=[family("a", 0.9, 0.8, 0.95), family("b", 0.2, 0.1, 0.3), family("c", 0.5, 0.4, 0.6)])
    second = marks(families=[family("a", 0.5, 0.4, 0.7), family("b", 0.5, 0.4, 0.6), family("d", 0.1, 0, 0.2)])
    pairs = compare(first, second).families
    assert [(pair.name, pair.better) for pair in pairs] == [("a", "first"), ("c", None), ("b", "second"), ("d", None)]
    assert pairs[1].second is None
    assert pairs[3].first is None
    touching = marks(families=[family("a", 0.7, 0.4, 0.8)])
    assert compare(first, touching).families[0].better is None


def test_examples_are_easy_ones_of_several_families() -> None:
    shown = examples(marks(), 3)
    assert [failure.level for _, failure in shown] == [1, 1, 1]
    assert [family.name for family, _ in shown] == ["word_problems", "sentence_translation", "sums"]
    everything = examples(marks())
    assert len(everything) == 2 * len(make_marks()["families"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "21 % of requests like the exam's, those that score below 0.12. Of these 6 % failed in the exam."),
        ({}, "Promised: at most 10 % fail, with 90 % confidence"),
        ({"is_guaranteed": False}, "Aimed at: at most 10 % fail; the answers are too few to promise it."),
        ({"local_share": 0.0, "failure_rate": None}, "nothing by default: no threshold keeps the failures under 10 %"),
    ],
)
def test_what_stays_local_is_promised_no_more_than_it_is(changes: dict[str, Any], words: str) -> None:
    assert words in promise(ClassifierMarks.model_validate(make_marks()["classifier"] | changes))


def test_nothing_is_promised_without_a_score() -> None:
    assert promise(None).startswith("not known yet")


def test_card_is_readable_at_80_columns_without_colours(tmp_path: Path) -> None:
    plant_two(tmp_path)
    card = printed(lambda console: show(tmp_path, SMALL, console, json=False))
    assert max(len(line) for line in card.splitlines()) <= 80
    assert re.search(r"copying exactly +█+ +83 % +69–97 +9 9 8 6 5 +66 % +15", card)
    assert card.index("copying exactly") < card.index("common facts") < card.index("converting units")
    for words in ("34 % of the exam (31–37 %", "reads 900, writes 180 tokens/s", "21 % of requests", "en 46 %"):
        assert words in card
    assert card.count("answered  ") == 3
    assert "3 of 38; --failures shows all" in card
    assert "requests unlike any family" in card
    assert "\x1b" not in card  # which the model's answers have


def test_card_shows_every_failure_when_asked(tmp_path: Path) -> None:
    plant_two(tmp_path)
    card = printed(lambda console: show(tmp_path, SMALL, console, json=False, all_failures=True))
    assert card.count("answered  ") == 38
    assert "--failures" not in card


def test_card_of_an_exam_that_has_hardly_begun(tmp_path: Path) -> None:
    nothing = {"reading_tokens_per_s": None, "writing_tokens_per_s": None, "first_token_s_p50": None}
    begun: dict[str, Any] = {"is_complete": False, "classifier": None, "second_look": None, "speeds": nothing}
    families = [{**family("a", 0.5, 0, 1), "asked": 0, "passed": 0}]
    model = {"key": SMALL, "name": "[red]remote[/red]"}
    plant(tmp_path, make_marks() | begun | {"families": families, "languages": [], "model": model})
    card = printed(lambda console: show(tmp_path, SMALL, console, json=False))
    assert "[red]remote[/red]" in card
    assert "the exam is not finished" in " ".join(card.split())
    assert "not known yet" in card
    assert re.search(r"a +███ +50 % +0–100 +– – – – – +– +0", card)


def test_card_as_json_is_the_file(tmp_path: Path) -> None:
    plant_two(tmp_path)
    shown = json.loads(printed(lambda console: show(tmp_path, SMALL, console, json=True)))
    assert shown == make_marks() | {"at": "2026-11-27T03:00:00Z"}


@pytest.mark.parametrize("key", [None, "0000000000000000"])
def test_a_model_not_examined_says_how_it_will_be(tmp_path: Path, key: str | None) -> None:
    with pytest.raises(MarksError, match="`slimgate exam` does it"):
        printed(lambda console: show(tmp_path, key, console, json=False))


def test_comparison_is_readable_at_80_columns(tmp_path: Path) -> None:
    plant_two(tmp_path)
    text = printed(lambda console: show_comparison(tmp_path, "smollm2", "gemma", console, json=False))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert re.search(r"copying exactly +83 % \(69–97\) +66 % +93 % \(79–100\) +86 % *\n", text)
    assert re.search(r"common facts +52 % \(38–66\) +4 % +81 % \(67–95\) +62 % +B", text)
    assert re.search(r"passes of the exam +34 % \(31–37 %\) +74 % \(70–77 %\)", text)


def test_comparison_as_json(tmp_path: Path) -> None:
    plant_two(tmp_path)
    text = printed(lambda console: show_comparison(tmp_path, LARGE, SMALL, console, json=True))
    comparison = json.loads(text)
    assert comparison["object"] == "exam_comparison"
    assert (comparison["first"]["key"], comparison["second"]["key"]) == (LARGE, SMALL)
    assert {pair["name"]: pair["better"] for pair in comparison["families"]}["facts"] == "first"


def test_list_names_models_and_troubles(tmp_path: Path) -> None:
    assert "No model was examined yet" in printed(lambda console: show_all(tmp_path, console, json=False))
    plant_two(tmp_path)
    (tmp_path / "exam" / "broken").mkdir()
    (tmp_path / "exam" / "broken" / "marks.json").write_text("{}")
    text = printed(lambda console: show_all(tmp_path, console, json=False), width=300)
    assert re.search(rf"SmolLM2-135M-Instruct.Q4_1 +{SMALL} +27 Nov 2026 +34 % +21 %", text)
    assert re.search(r"broken.marks\.json cannot be used: asked: Field required", text)
    listed = json.loads(printed(lambda console: show_all(tmp_path, console, json=True)))
    assert [model["key"] for model in listed["models"]] == [SMALL, LARGE]


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """The endpoints alone, with the small model at hand."""
    app = FastAPI()
    app.include_router(exam_endpoints(tmp_path, lambda: SMALL))
    errors.install(app, lambda _scope, exc, headers: errors.error_response(exc, headers))
    return TestClient(app)


def test_endpoint_has_the_model_at_hand_and_the_others(client: TestClient, tmp_path: Path) -> None:
    empty: dict[str, Any] = {"object": "exam", "models": [], "current": None, "troubles": []}
    assert client.get("/v1/exam").json() == empty
    plant_two(tmp_path)
    report = client.get("/v1/exam").json()
    assert [(model["key"], model["local_share"]) for model in report["models"]] == [(SMALL, 0.21), (LARGE, 0.21)]
    assert report["current"] == make_marks() | {"at": "2026-11-27T03:00:00Z"}
    assert client.get(f"/v1/exam/{SMALL}").json() == report["current"]


def test_endpoint_names_a_damaged_file(client: TestClient, tmp_path: Path) -> None:
    plant_two(tmp_path)
    (tmp_path / "exam" / SMALL / "marks.json").write_text("{}")
    report = client.get("/v1/exam")
    assert report.status_code == 200
    assert report.json()["current"] is None
    assert "asked: Field required" in report.json()["troubles"][0]
    refused = client.get(f"/v1/exam/{SMALL}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (500, "exam_unusable")
    assert SMALL in refused.json()["error"]["message"]


def test_a_gateway_serves_and_describes_it(make_gateway: MakeGateway, tmp_path: Path) -> None:
    plant_two(tmp_path / "state")
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})
    assert gateway.get(f"/v1/exam/{LARGE}").json()["model"]["name"] == "gemma-3-270m-it.Q8_0"
    missing = gateway.get("/v1/exam/none")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "exam_not_found")
    described = httpx.get(f"{gateway.url}/openapi.json").json()["paths"]["/v1/exam/{key}"]["get"]
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ExamMarks"}

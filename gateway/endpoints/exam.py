"""What each local model can do: GET /v1/exam and /v1/exam/{key}."""

from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter

from gateway.endpoints.visible import SeesAll
from gateway.http.errors import ExamNotFound, ExamUnusable
from gateway.reports.exam_card import ExamMarks, ExamReport, MarksError, exam_report, read_marks


def exam_endpoints(state_dir: Path, current: Callable[[], str | None]) -> APIRouter:
    """The endpoints over the marks in `state_dir`; `current` tells the key of the model at hand."""
    endpoints = APIRouter(tags=["exam"], dependencies=[SeesAll])

    # Plain functions: FastAPI runs them in a thread, so that a slow disk holds up nobody.
    @endpoints.get("/v1/exam", summary="What the local model can do")
    def report() -> ExamReport:
        """Every model that was examined in a few figures, and all marks of the one at hand."""
        return exam_report(state_dir, current())

    @endpoints.get("/v1/exam/{key}", summary="What another model can do")
    def marks(key: str) -> ExamMarks:
        """All marks of one model: pass rates by family, level and language, speeds, and examples of failures."""
        try:
            found = read_marks(state_dir, key)
        except MarksError as exc:
            raise ExamUnusable(str(exc)) from exc
        if found is None:
            raise ExamNotFound(f"There are no marks of {key!r:.100}; /v1/exam lists the models that were examined.")
        return found

    return endpoints

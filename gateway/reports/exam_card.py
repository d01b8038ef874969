"""The report card: what the exam found of each model, read from the files that hold their marks, and two compared.

The marks of a model lie in ``state_dir/exam/KEY/marks.json``. A file is checked as a whole when it is read, so that
whoever shows marks can rely on them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

FOLDER = "exam"
FILE = "marks.json"
MAX_BYTES = 10_000_000
"""A file of marks is some ten kilobytes; one of more than this is something else."""

KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
"""What a key may look like: never a path."""

KEPT_FILES = 100

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Speed = Annotated[float, Field(ge=0)]


class MarksError(Exception):
    """A file of marks that cannot be used, or a model without one; the message names the file or the model."""


class _Part(BaseModel):
    """Base of all parts. What a later version adds is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Estimate(_Part):
    """Some answers, and the share that passes as estimated from all of the model's answers, with its 90 % interval."""

    asked: Count
    passed: Count
    pass_rate: Share
    low: Share
    high: Share

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.passed > self.asked:
            raise ValueError(f"passed {self.passed} of {self.asked}")
        if self.low > self.high:
            raise ValueError(f"an interval from {self.low} to {self.high}")
        return self


class LevelMarks(Estimate):
    """One level of a family: 1 is the easiest."""

    level: int = Field(ge=1, le=9)


class Failure(_Part):
    """One wrong answer, as an example."""

    level: int
    language: str
    prompt: str
    answer: str
    expected: str


class FamilyMarks(Estimate):
    """All items of one kind."""

    name: str
    title: str
    levels: tuple[LevelMarks, ...]
    failures: tuple[Failure, ...] = ()
    stays_local: Share | None = Field(None, description="Share of its items that stay local at the threshold.")


class LanguageMarks(Estimate):
    """All items of one language."""

    language: str


class ModelIdentity(_Part):
    """The model that was examined."""

    key: str = Field(description="Names the model, its quantisation, template and sampling.")
    name: str
    quantisation: str | None = None
    size_bytes: Count | None = None


class Speeds(_Part):
    """How fast the model answered here."""

    reading_tokens_per_s: Speed | None = None
    writing_tokens_per_s: Speed | None = None
    first_token_s_p50: Speed | None = None


class ClassifierMarks(_Part):
    """The score that was fitted to the marks, and what its default threshold keeps local of the exam's items."""

    version: str
    threshold: float = Field(ge=0)
    max_failure_rate: Share = Field(description="Share of local answers that may fail.")
    is_guaranteed: bool = Field(description="Whether the threshold keeps to it with `confidence`.")
    confidence: Share | None = None
    local_share: Share
    failure_rate: Share | None = Field(None, description="Share of what stays local that failed.")
    auc: Share | None = None
    calibration_error: Share | None = None
    auc_unlike: Share | None = Field(None, description="AUC for families that it was not fitted on.")


class SecondLookMarks(_Part):
    """Whether the confidence in first tokens tells more than the score alone."""

    pays: bool
    auc_without: Share | None = None
    auc_with: Share | None = None
    auc_unlike_without: Share | None = Field(None, description="For families that the score was not fitted on.")
    auc_unlike_with: Share | None = None


class ExamMarks(Estimate):
    """All that the exam found of one model."""

    object: Literal["exam_marks"]
    exam_version: str
    model: ModelIdentity
    at: AwareDatetime
    is_complete: bool
    total_s: float = Field(ge=0)
    prompt_tokens: Count
    completion_tokens: Count
    speeds: Speeds
    families: tuple[FamilyMarks, ...]
    languages: tuple[LanguageMarks, ...]
    classifier: ClassifierMarks | None = None
    second_look: SecondLookMarks | None = None

    @property
    def summary(self) -> "ExaminedModel":
        """The marks in a few figures."""
        return ExaminedModel(
            **{name: getattr(self, name) for name in Estimate.model_fields},
            **self.model.model_dump(),
            at=self.at,
            is_complete=self.is_complete,
            speeds=self.speeds,
            local_share=self.classifier.local_share if self.classifier else None,
        )


class ExaminedModel(Estimate):
    """A model that was examined, in a few figures."""

    key: str
    name: str
    quantisation: str | None
    size_bytes: Count | None
    at: AwareDatetime
    is_complete: bool
    speeds: Speeds
    local_share: Share | None


class ExamReport(_Part):
    """Every model that was examined, the newest first, and the marks of the model at hand."""

    object: Literal["exam"] = "exam"
    models: tuple[ExaminedModel, ...]
    current: ExamMarks | None = Field(description="Null where the model at hand has no marks yet, or there is none.")
    troubles: tuple[str, ...] = Field(description="Files of marks that cannot be used, and why.")


class FamilySide(Estimate):
    """One family's marks of one of two models."""

    stays_local: Share | None


class FamilyPair(_Part):
    """One family's marks of two models. `better` names one where the intervals do not overlap."""

    name: str
    title: str
    first: FamilySide | None
    second: FamilySide | None
    better: Literal["first", "second"] | None


class Comparison(_Part):
    """Two models side by side."""

    object: Literal["exam_comparison"] = "exam_comparison"
    first: ExaminedModel
    second: ExaminedModel
    families: tuple[FamilyPair, ...]


@dataclass(frozen=True, slots=True)
class Examined:
    """The marks of all models, the newest first, and what is wrong with files that cannot be used."""

    marks: Sequence[ExamMarks]
    troubles: Sequence[str]


def read_marks(state_dir: Path, key: str) -> ExamMarks | None:
    """The marks of the model that `key` names; None where it was not examined.

    Raises
    ------
    MarksError
        If the file cannot be used.
    """
    if not KEY.fullmatch(key):
        return None
    path = state_dir / FOLDER / key / FILE
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise MarksError(f"{path} cannot be read: {exc.strerror}") from exc
    if found.st_size > MAX_BYTES:
        raise MarksError(f"{path} cannot be used: {found.st_size} bytes are no file of marks")
    return _parse(path, found.st_mtime_ns, found.st_size)


def read_all_marks(state_dir: Path) -> Examined:
    """The marks of every model that was examined; files that cannot be used are told of."""
    marks, troubles = [], []
    for path in sorted((state_dir / FOLDER).glob(f"*/{FILE}")):
        try:
            found = read_marks(state_dir, path.parent.name)
        except MarksError as exc:
            troubles.append(str(exc))
        else:
            marks += [] if found is None else [found]
    return Examined(sorted(marks, key=lambda each: each.at, reverse=True), troubles)


def exam_report(state_dir: Path, current: str | None) -> ExamReport:
    """All models in a few figures each, and all marks of the one with the key `current`."""
    examined = read_all_marks(state_dir)
    return ExamReport(
        models=tuple(marks.summary for marks in examined.marks),
        current=next((marks for marks in examined.marks if marks.model.key == current), None),
        troubles=tuple(examined.troubles),
    )


def find_marks(state_dir: Path, wanted: str) -> ExamMarks:
    """The marks of the model with the key or name `wanted`; a part of either is enough where only one model has it.

    Raises
    ------
    MarksError
        If no examined model is called so, or more than one.
    """
    examined = read_all_marks(state_dir)
    sought = wanted.casefold()
    names = {marks.model.key: f"{marks.model.name}\n{marks.model.key}".casefold() for marks in examined.marks}
    for fits in (
        [marks for marks in examined.marks if sought in names[marks.model.key].split("\n")],
        [marks for marks in examined.marks if sought in names[marks.model.key]],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise MarksError(f"{wanted!r} may be {_listed(fits)}: name one of them by its key")
    known = f"there are {_listed(examined.marks)}" if examined.marks else "none was examined yet"
    raise MarksError(". ".join((f"No examined model is called {wanted!r}; {known}", *examined.troubles)))


def compare(first: ExamMarks, second: ExamMarks) -> Comparison:
    """Both models by family: those of `first` from its best, then those that only `second` was examined in."""
    of_first, of_second = ({family.name: family for family in marks.families} for marks in (first, second))
    names = [family.name for family in (*best_first(first.families), *best_first(second.families))]
    return Comparison(
        first=first.summary,
        second=second.summary,
        families=tuple(_pair(of_first.get(name), of_second.get(name)) for name in dict.fromkeys(names)),
    )


def best_first(families: Sequence[FamilyMarks]) -> list[FamilyMarks]:
    """By pass rate, the highest first."""
    return sorted(families, key=lambda family: (-family.pass_rate, family.title))


def examples(marks: ExamMarks, most: int | None = None) -> list[tuple[FamilyMarks, Failure]]:
    """At most so many wrong answers: those to the easiest questions, one of each family before a second of any."""
    found = [
        (turn, failure.level, family, failure)
        for family in reversed(best_first(marks.families))
        for turn, failure in enumerate(sorted(family.failures, key=lambda failure: failure.level))
    ]
    found.sort(key=lambda each: each[:2])
    return [(family, failure) for _, _, family, failure in found[:most]]


@lru_cache(maxsize=KEPT_FILES)
def _parse(path: Path, _mtime_ns: int, _size: int) -> ExamMarks:
    """Read a file; the same one is not read twice, since the page asks every few seconds."""
    try:
        marks = ExamMarks.model_validate_json(path.read_bytes())
    except OSError as exc:
        raise MarksError(f"{path} cannot be read: {exc.strerror}") from exc
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise MarksError(f"{path} cannot be used: {place}: {first['msg']}") from exc
    if marks.model.key != path.parent.name:
        raise MarksError(f"{path} cannot be used: it holds the marks of {marks.model.key!r:.100}")
    return marks


def _pair(first: FamilyMarks | None, second: FamilyMarks | None) -> FamilyPair:
    named = first or second
    assert named is not None
    better: Literal["first", "second"] | None = None
    if first and second:
        better = "first" if first.low > second.high else "second" if second.low > first.high else None
    return FamilyPair(name=named.name, title=named.title, first=_side(first), second=_side(second), better=better)


def _side(family: FamilyMarks | None) -> FamilySide | None:
    return None if family is None else FamilySide(**{name: getattr(family, name) for name in FamilySide.model_fields})


def _listed(marks: Sequence[ExamMarks]) -> str:
    return ", ".join(f"{each.model.name} ({each.model.key})" for each in marks)

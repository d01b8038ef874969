"""A fitted classifier saved as a folder, and loaded from it.

=================== ==================================================================================
``weights.json``    the numbers, read at serving
``card.json``       what it was fitted on, its quality by source, its default threshold; hashes of the other files
``validation.json`` scores of prompts it was not fitted on, by source, to calibrate thresholds with
``pipeline.skops``  the scikit-learn pipeline, for refitting and for scikit-learn users
``families.json``   only where an exam taught it: the families of its items, as words
=================== ==================================================================================

A folder whose files do not belong together, or not to this version's features, is refused.
"""

import hashlib
import json
import math
import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from router.compiled import CompiledClassifier, Weights
from router.decision import Prompt
from router.errors import ArtifactError
from router.family_match import FamilyMatch, FamilyMatcher
from router.second_look import BegunScorer
from router.threshold import Validation

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

FORMAT = 1
WEIGHTS, CARD, VALIDATION, PIPELINE = "weights.json", "card.json", "validation.json", "pipeline.skops"
FAMILIES = "families.json"

DEFAULT_ARTIFACT = Path(__file__).parent / "artifacts" / "default"
"""The classifier that ships with slimgate."""

SELF_TEST = (
    "Summarise this e-mail in one sentence: the delivery is two days late, sorry.",
    "Prove that there are infinitely many primes congruent to 3 modulo 4.",
    "def add(a, b): return a + b  # 为什么这段代码不工作？ Varför fungerar det inte? 3.5 kg = 7.7 lb",
    "",
)
"""Scored when the artifact is saved, and again when it is loaded: if any feature has changed, the scores differ."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A classifier ready to serve.

    Parameters
    ----------
    threshold : float
        Its default: requests that score at or above it go to the cloud.
    version : str
        Identifies exactly these weights.
    validation : mapping of str to list of (float, float)
        By source: score and small models' failure of prompts that it was not fitted on.
    families : FamilyMatcher or None
        The families of the exam that taught it.
    begun : BegunScorer or None
        The score of answers that have begun, where the exam taught one.
    """

    scorer: CompiledClassifier
    threshold: float
    card: Mapping[str, Any] = field(repr=False)
    version: str
    validation: Validation = field(repr=False)
    families: FamilyMatcher | None = field(default=None, repr=False)
    begun: BegunScorer | None = None

    def match(self, prompt: Prompt) -> FamilyMatch | None:
        """The family of the exam that `prompt` is most like; None where no exam taught this classifier."""
        return None if self.families is None else self.families.match(prompt, self.scorer.words)

    def for_level(self, level: float) -> "Artifact":
        """The same classifier for a model that fails more, or less, than those it was fitted to.

        Parameters
        ----------
        level : float
            How much more, in log-odds.
        """
        if not level:
            return self
        validation = {
            source: [(_moved(score, level), _moved(failed, level)) for score, failed in rows]
            for source, rows in self.validation.items()
        }
        return replace(
            self, scorer=self.scorer.for_level(level), version=f"{self.version}{level:+.2f}", validation=validation
        )


def _moved(probability: float, level: float) -> float:
    """A probability, moved in log-odds; 0 and 1 stay."""
    odds = probability * math.exp(level)
    return odds / (odds + 1 - probability)


def load_artifact(path: Path | None = None) -> Artifact:
    """Load the artifact in folder `path`; the shipped one by default.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, or made for another version of slimgate.
    """
    folder = DEFAULT_ARTIFACT if path is None else path
    card = read_card(folder)
    try:
        return _load(folder, card)
    except (KeyError, TypeError, AttributeError, ValueError) as exc:
        raise ArtifactError(f"{folder / CARD} is damaged ({exc!r}): fit it again with `slimgate train`") from exc


def _load(folder: Path, card: Mapping[str, Any]) -> Artifact:
    scorer = _compile(folder, _checked_bytes(folder, WEIGHTS, card).decode())
    _repeat_self_test(folder, scorer, card)
    threshold = card.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float):
        raise ArtifactError(f"{folder / CARD}: threshold must be a number, got {threshold!r}")
    validation = _parse(folder / VALIDATION, _checked_bytes(folder, VALIDATION, card))
    families = FAMILIES in card["files"] and FamilyMatcher.from_json(_checked_bytes(folder, FAMILIES, card).decode())
    begun = card.get("begun")
    return Artifact(
        scorer,
        float(threshold),
        card,
        str(card["version"]),
        validation,
        families or None,
        None if begun is None else BegunScorer.from_json(begun),
    )


def read_card(folder: Path) -> dict[str, Any]:
    """Read the card alone, and check its format.

    Raises
    ------
    ArtifactError
        If there is none, or it has another format.
    """
    card = _parse(folder / CARD, _bytes(folder, CARD))
    if card.get("format") != FORMAT:
        raise ArtifactError(
            f"{folder / CARD} has format {card.get('format')!r}, this slimgate reads {FORMAT}: "
            "fit it again with `slimgate train`"
        )
    if missing := {"version", "files", "self_test"} - card.keys():
        raise ArtifactError(f"{folder / CARD} lacks {', '.join(sorted(missing))}: fit it again with `slimgate train`")
    return card


def load_pipeline(path: Path | None = None) -> "Pipeline":
    """Load the scikit-learn pipeline of an artifact. Slow; serving uses `load_artifact`.

    Raises
    ------
    ArtifactError
        If the file is missing, damaged, or holds a type that is not ours.
    """
    import skops.io

    folder = DEFAULT_ARTIFACT if path is None else path
    content = _checked_bytes(folder, PIPELINE, read_card(folder))
    try:
        return skops.io.loads(content, trusted=list(TRUSTED))
    except Exception as exc:  # skops lets any exception through
        raise ArtifactError(f"{folder / PIPELINE} cannot be loaded: {exc}") from exc


TRUSTED = tuple(
    f"router.classifier.{name}" for name in ("CautiousLogistic", "PromptVectoriser", "plain_words", "all_words")
)


def save_artifact(
    folder: Path,
    pipeline: "Pipeline",
    validation: Validation,
    card: Mapping[str, Any],
    families: FamilyMatcher | None = None,
) -> str:
    """Write an artifact to `folder`, whole or not at all, and return its version.

    Parameters
    ----------
    card : mapping
        The card's entries, `threshold` at least; versions and hashes are added here.

    Raises
    ------
    ArtifactError
        If `folder` exists already: an artifact may be in use, so it is never overwritten.
    """
    import skops.io

    from router.export import weights_of

    if folder.exists():
        raise ArtifactError(f"{folder} exists already; name a new folder")
    weights = weights_of(pipeline)
    files = {
        WEIGHTS: weights.to_json().encode(),
        VALIDATION: json.dumps(validation).encode(),
        PIPELINE: skops.io.dumps(pipeline, compression=zipfile.ZIP_DEFLATED),
    }
    if families is not None:
        files[FAMILIES] = families.to_json().encode()
    full = {**_identity(weights, files), **card}
    files[CARD] = json.dumps(full, ensure_ascii=False, indent=1).encode()
    _write_folder(folder, files)
    return str(full["version"])


def _identity(weights: Weights, files: Mapping[str, bytes]) -> dict[str, Any]:
    scorer = CompiledClassifier(weights)
    return {
        "format": FORMAT,
        "version": hashlib.sha256(files[WEIGHTS]).hexdigest()[:12],
        "made_with": {name: version(name) for name in ("scikit-learn", "skops", "numpy")},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "self_test": [{"prompt": text, "score": scorer.score(Prompt.from_text(text))} for text in SELF_TEST],
    }


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write it under another name first: a reader sees all of it or nothing."""
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        unfinished.mkdir(parents=True)
        for name, content in files.items():
            (unfinished / name).write_bytes(content)
        unfinished.rename(folder)
    except OSError as exc:
        raise ArtifactError(f"{folder} cannot be written: {exc.strerror or exc}") from exc
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _bytes(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as exc:
        raise ArtifactError(
            f"{folder / name} cannot be read ({exc.strerror}): an artifact is a folder made by `slimgate train`"
        ) from exc


def _checked_bytes(folder: Path, name: str, card: Mapping[str, Any]) -> bytes:
    content = _bytes(folder, name)
    if hashlib.sha256(content).hexdigest() != card["files"].get(name):
        raise ArtifactError(
            f"{folder / name} is not the file that {CARD} describes: it was changed or belongs to another artifact; "
            "copy artifacts as whole folders"
        )
    return content


def _parse(path: Path, content: bytes) -> dict[str, Any]:
    try:
        card = json.loads(content)
    except ValueError as exc:
        raise ArtifactError(f"{path} is not valid JSON: {exc}") from exc
    if not isinstance(card, dict):
        raise ArtifactError(f"{path} must hold a JSON object")
    return card


def _compile(folder: Path, text: str) -> CompiledClassifier:
    try:
        return CompiledClassifier(Weights.from_json(text))
    except (ValueError, KeyError, TypeError) as exc:
        raise ArtifactError(f"{folder / WEIGHTS}: {exc}; fit it again with `slimgate train`") from exc


def _repeat_self_test(folder: Path, scorer: CompiledClassifier, card: Mapping[str, Any]) -> None:
    for case in card["self_test"]:
        score = scorer.score(Prompt.from_text(case["prompt"]))
        if abs(score - case["score"]) > 1e-6:
            raise ArtifactError(
                f"{folder} gives {case['prompt'][:40]!r} the score {score:.4f}; when it was saved that was "
                f"{case['score']:.4f}: it was fitted for other features; fit it again with `slimgate train`"
            )

"""The training data: prompts and the scores of models on them, in three parquet tables in a folder.

=================== ==================================================================================
prompts.parquet     prompt_id, source, task, prompt, split (``train`` or ``dev``), group_id
outcomes.parquet    prompt_id, model, score (0..1), metric; scores compare within one metric only
models.parquet      model, size_class (``small``, ``mid`` or ``large``)
=================== ==================================================================================

Reading parquet needs pyarrow, which comes with the extra ``slimgate[train]``.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.decision import Prompt
from router.errors import DatasetError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Strings = NDArray[np.str_]

COLUMNS = {
    "prompts": ("prompt_id", "source", "task", "prompt", "split", "group_id"),
    "outcomes": ("prompt_id", "model", "score", "metric"),
    "models": ("model", "size_class"),
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled prompts, one entry a prompt in every field.

    Parameters
    ----------
    outcomes : mapping of (metric, model) to ndarray of shape (n_prompts,)
        Scores in [0, 1]; NaN where the model was not tested on the prompt.
    small_models : frozenset of str
        Models of the size class ``small``.
    """

    prompts: tuple[Prompt, ...]
    sources: Strings
    tasks: Strings
    groups: Strings
    splits: Strings
    outcomes: Mapping[tuple[str, str], Floats]
    small_models: frozenset[str]

    def __len__(self) -> int:
        return len(self.prompts)

    def where(self, mask: Mask) -> "Dataset":
        """The prompts that `mask` picks."""
        return replace(
            self,
            prompts=tuple(prompt for prompt, wanted in zip(self.prompts, mask, strict=True) if wanted),
            sources=self.sources[mask],
            tasks=self.tasks[mask],
            groups=self.groups[mask],
            splits=self.splits[mask],
            outcomes={key: scores[mask] for key, scores in self.outcomes.items()},
        )

    @property
    def metrics(self) -> list[str]:
        """Every metric, in alphabetical order."""
        return sorted({metric for metric, _model in self.outcomes})

    @property
    def models(self) -> list[str]:
        """Every model with an outcome, in alphabetical order."""
        return sorted({model for _metric, model in self.outcomes})

    def small_failure(self) -> Floats:
        """How likely small models fail each prompt: 1 - their mean score, averaged over the small models tested on it.

        The average describes small models in general rather than one of them. Where a prompt has several metrics, they
        are averaged too. NaN where no small model was tested.
        """
        by_metric = [self._small_mean(metric) for metric in self.metrics]
        return 1.0 - nan_mean(by_metric, len(self))

    def _small_mean(self, metric: str) -> Floats:
        columns = [
            scores for (of, model), scores in self.outcomes.items() if of == metric and model in self.small_models
        ]
        return nan_mean(columns, len(self))


def nan_mean(columns: Iterable[Floats], n: int) -> Floats:
    """Row means over the values that are not NaN; NaN where all are."""
    total, counts = np.zeros(n), np.zeros(n)
    for column in columns:
        present = ~np.isnan(column)
        total[present] += column[present]
        counts += present
    means: Floats = np.divide(total, counts, out=np.full(n, np.nan), where=counts > 0)
    return means


def read_dataset(folder: Path) -> Dataset:
    """Read the three tables in `folder`.

    Raises
    ------
    DatasetError
        If a table or column is missing, or a score lies outside [0, 1]; the message names it.
    """
    prompts, outcomes, models = (_read_table(folder, name) for name in COLUMNS)
    size_class = dict(zip(models["model"], models["size_class"], strict=True))
    return Dataset(
        prompts=tuple(Prompt.from_text(text) for text in prompts["prompt"]),
        sources=np.array(prompts["source"]),
        tasks=np.array(prompts["task"]),
        groups=np.array(prompts["group_id"]),
        splits=np.array(prompts["split"]),
        outcomes=_outcome_columns(prompts["prompt_id"], outcomes),
        small_models=frozenset(model for model, size in size_class.items() if size == "small"),
    )


def data_hash(folder: Path) -> str:
    """SHA-256 over the three tables' bytes: an artifact's card names the data by it."""
    digest = hashlib.sha256()
    for name in COLUMNS:
        digest.update(hashlib.sha256(_existing(folder, name).read_bytes()).digest())
    return digest.hexdigest()


def _existing(folder: Path, name: str) -> Path:
    path = folder / f"{name}.parquet"
    if not path.is_file():
        raise DatasetError(f"{path} is missing; the folder needs {', '.join(f'{each}.parquet' for each in COLUMNS)}")
    return path


def _read_table(folder: Path, name: str) -> dict[str, list[Any]]:
    try:
        import pyarrow.parquet as parquet
    except ImportError as exc:
        raise DatasetError("reading parquet needs pyarrow: pip install 'slimgate[train]'") from exc
    path = _existing(folder, name)
    try:
        table = parquet.read_table(path)
    except (OSError, ValueError) as exc:
        raise DatasetError(f"{path} cannot be read as parquet: {exc}") from exc
    if missing := [column for column in COLUMNS[name] if column not in table.column_names]:
        raise DatasetError(f"{path} lacks the column {', '.join(missing)}; it has {', '.join(table.column_names)}")
    return {column: table[column].to_pylist() for column in COLUMNS[name]}


def _outcome_columns(ids: list[str], table: dict[str, list[Any]]) -> dict[tuple[str, str], Floats]:
    row_of = {prompt_id: row for row, prompt_id in enumerate(ids)}
    columns: dict[tuple[str, str], Floats] = {}
    for prompt_id, model, score, metric in zip(*(table[name] for name in COLUMNS["outcomes"]), strict=True):
        row = row_of.get(prompt_id)
        if row is None:
            continue
        if not 0 <= score <= 1:
            raise DatasetError(f"outcomes.parquet: score {score} of {model} on {prompt_id} lies outside 0..1")
        columns.setdefault((metric, model), np.full(len(ids), np.nan))[row] = score
    return columns

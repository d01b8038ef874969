"""Small outcome tables in the schema of `router.training.dataset`, made up here."""

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

EASY = ("Summarise this note about", "Translate this line on", "Write a short text about", "Say hello to")
HARD = ("Prove the theorem about", "Derive the equation of", "Calculate the integral of", "Analyse the proof of")
TOPICS = ("rain", "bread", "ships", "trees", "music", "glass", "snow", "trains", "paint", "wool", "maps", "clocks")


def rows(source: str) -> list[dict[str, Any]]:
    """Prompts of one source: hard ones, which small models fail, and easy ones."""
    made = []
    for hard, stems in ((True, HARD), (False, EASY)):
        for stem in stems:
            for topic in TOPICS:
                text = f"{stem} {topic} ({source})"
                digest = hashlib.sha256(text.encode()).hexdigest()
                split = "dev" if int(digest[:2], 16) < 77 else "train"
                made.append({"id": digest[:16], "text": text, "hard": hard, "split": split, "source": source})
    return made


def write_tables(folder: Path, sources: tuple[str, ...] = ("one", "two")) -> Path:
    """Write prompts, outcomes and models: ``tiny`` fails what is hard, ``huge`` does everything."""
    folder.mkdir(parents=True, exist_ok=True)
    prompts = [row for source in sources for row in rows(source)]
    _write(
        folder / "prompts.parquet",
        prompt_id=[row["id"] for row in prompts],
        source=[row["source"] for row in prompts],
        task=["made/up"] * len(prompts),
        prompt=[row["text"] for row in prompts],
        split=[row["split"] for row in prompts],
        group_id=[row["id"] for row in prompts],
    )
    outcomes = [(row["id"], "tiny", 0.0 if row["hard"] else 1.0) for row in prompts]
    outcomes += [(row["id"], "huge", 1.0) for row in prompts]
    ids, models, scores = zip(*outcomes, strict=True)
    _write(folder / "outcomes.parquet", prompt_id=ids, model=models, score=scores, metric=["accuracy"] * len(ids))
    _write(folder / "models.parquet", model=["tiny", "huge"], size_class=["small", "large"])
    return folder


def _write(path: Path, **columns: Any) -> None:
    parquet.write_table(pa.table({name: list(values) for name, values in columns.items()}), path)

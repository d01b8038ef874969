"""Classifiers that decide everything one way: the shipped one with a push, so that a test sees which one decided."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

from router.artifact import DEFAULT_ARTIFACT, SELF_TEST
from router.compiled import CompiledClassifier, Weights
from router.decision import Prompt

ALL_CLOUD, ALL_LOCAL = 40.0, -40.0


def make_classifier(state_dir: Path, push: float) -> str:
    """Put one in the store of `state_dir`, and return its version; `push` is in log-odds, towards the cloud."""
    unnamed = state_dir / "artifacts" / "unnamed"
    shutil.copytree(DEFAULT_ARTIFACT, unnamed)
    weights = Weights.from_json((unnamed / "weights.json").read_text("utf-8"))
    weights = replace(weights, bias=weights.bias + push)
    (unnamed / "weights.json").write_text(weights.to_json(), "utf-8")
    card = json.loads((unnamed / "card.json").read_text("utf-8"))
    digest = hashlib.sha256((unnamed / "weights.json").read_bytes()).hexdigest()
    scorer = CompiledClassifier(weights)
    card["version"], card["files"]["weights.json"] = digest[:12], digest
    card["self_test"] = [{"prompt": text, "score": scorer.score(Prompt.from_text(text))} for text in SELF_TEST]
    (unnamed / "card.json").write_text(json.dumps(card), "utf-8")
    unnamed.rename(unnamed.with_name(digest[:12]))
    return digest[:12]

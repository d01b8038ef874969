"""Made-up marks of two models, as files that the exam would leave in a state folder."""

import json
from pathlib import Path
from typing import Any

SMALL, LARGE = "0123456789abcdef", "fedcba9876543210"
SCRIPT = "<img src=x onerror=alert(1)>"

FAMILIES = {
    "extract_emails": ("extracting e-mail addresses", 0.62),
    "extract_dates": ("extracting dates", 0.45),
    "csv_to_json": ("turning CSV into JSON", 0.22),
    "sorting": ("sorting a list", 0.18),
    "spelling": ("repairing spelling", 0.3),
    "sentiment": ("naming the sentiment", 0.71),
    "language": ("recognising a language", 0.55),
    "word_translation": ("translating single words", 0.09),
    "sentence_translation": ("translating short sentences", 0.04),
    "summary": ("summarising with the facts kept", 0.12),
    "passage": ("answering from a passage", 0.58),
    "table": ("looking up in a table", 0.4),
    "facts": ("common facts", 0.52),
    "units": ("converting units", 0.07),
    "sums": ("sums of one to many steps", 0.06),
    "word_problems": ("word problems of one to six steps", 0.03),
    "copying": ("copying exactly", 0.83),
    "code": ("short code that passes its tests", 0.14),
    "tools": ("choosing a tool and its arguments", 0.25),
}


def estimate(asked: int, rate: float) -> dict[str, Any]:
    """Figures of `asked` answers around `rate`; fewer answers, wider intervals."""
    spread = min(0.25, 0.55 / max(1, asked) ** 0.5)
    return {
        "asked": asked,
        "passed": round(asked * rate),
        "pass_rate": round(rate, 4),
        "low": round(max(0.0, rate - spread), 4),
        "high": round(min(1.0, rate + spread), 4),
    }


def make_marks(key: str = SMALL, name: str = "SmolLM2-135M-Instruct.Q4_1", better: float = 0.0) -> dict[str, Any]:
    """Marks of a model whose failures are by a share of `better` fewer than the small one's."""
    return {
        "object": "exam_marks",
        "exam_version": "1",
        "model": {"key": key, "name": name, "quantisation": "Q4_1", "size_bytes": 98_000_000},
        "at": "2026-11-27T03:00:00+00:00",
        "is_complete": True,
        "total_s": 140.2,
        "prompt_tokens": 30_000,
        "completion_tokens": 9_000,
        "speeds": {"reading_tokens_per_s": 900.0, "writing_tokens_per_s": 180.0, "first_token_s_p50": 0.1},
        **estimate(300, 0.34 + 0.66 * better),
        "families": [_family(name, title, rate + (1 - rate) * better) for name, (title, rate) in FAMILIES.items()],
        "languages": [
            {"language": language, **estimate(50, rate + (1 - rate) * better)}
            for language, rate in (("en", 0.46), ("de", 0.22), ("sv", 0.15), ("es", 0.3), ("fr", 0.29), ("zh", 0.11))
        ],
        "classifier": {
            "version": "abc",
            "threshold": 0.12,
            "max_failure_rate": 0.1,
            "is_guaranteed": True,
            "confidence": 0.9,
            "local_share": 0.21,
            "failure_rate": 0.06,
            "auc": 0.74,
            "calibration_error": 0.04,
            "auc_unlike": 0.55,
        },
        "second_look": {
            "pays": True,
            "auc_without": 0.66,
            "auc_with": 0.72,
            "auc_unlike_without": 0.55,
            "auc_unlike_with": 0.6,
        },
    }


def plant(state_dir: Path, marks: dict[str, Any]) -> Path:
    """Write `marks` to where they are looked for."""
    path: Path = state_dir / "exam" / marks["model"]["key"] / "marks.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(marks), "utf-8")
    return path


def plant_two(state_dir: Path) -> None:
    """The small model's marks, and those of a larger one that was examined a day before."""
    plant(state_dir, make_marks())
    large = make_marks(LARGE, "gemma-3-270m-it.Q8_0", better=0.6) | {"at": "2026-11-26T03:00:00+00:00"}
    large["model"] |= {"quantisation": "Q8_0", "size_bytes": 292_000_000}
    plant(state_dir, large)


def _family(name: str, title: str, rate: float) -> dict[str, Any]:
    levels = [max(0.01, min(0.99, rate + 0.3 - 0.15 * at)) for at in range(5)]
    return {
        "name": name,
        "title": title,
        **estimate(15, rate),
        "levels": [{"level": at + 1, **estimate(5 - at, level)} for at, level in enumerate(levels)],
        "failures": [
            {
                "level": level,
                "language": "de",
                "prompt": f"{title.capitalize()}, question {level}: Where is the nearest pharmacy?",
                "answer": f"{SCRIPT} \x1b[31mDas ist das Wohnschule…",
                "expected": "Wo ist die nächste Apotheke?",
            }
            for level in (2, 1)
        ],
        "stays_local": round(max(0.0, 2 * rate - 1), 2),
    }

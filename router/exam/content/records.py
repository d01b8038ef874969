"""Records written as JSON, CSV, a markdown table or a list of keys and values, and read back from answers."""

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from router.exam.checks.written_answers import without_fence

Record = Mapping[str, str]
"""Keys and values, in their order."""

FORMATS = ("json", "csv", "table", "pairs")
"""Formats that records are written in."""


def as_json(records: Sequence[Record]) -> str:
    """A JSON object, or a list of them; numbers without quotes."""
    typed = [{key: plain(value) for key, value in record.items()} for record in records]
    return json.dumps(typed[0] if len(typed) == 1 else typed, ensure_ascii=False)


def plain(value: str) -> int | float | str:
    """The number that a value is, or else the value."""
    return json.loads(value) if re.fullmatch(r"(?:0|[1-9]\d*)(?:\.\d+)?", value) else value


def as_csv(records: Sequence[Record]) -> str:
    """CSV with a header, values with commas in quotes."""
    rows = [list(records[0]), *(list(record.values()) for record in records)]
    return "\n".join(",".join(f'"{value}"' if "," in value else value for value in row) for row in rows)


def as_table(records: Sequence[Record]) -> str:
    """A markdown table."""
    header, rule = list(records[0]), ["---"] * len(records[0])
    rows = [header, rule, *(list(record.values()) for record in records)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def as_pairs(records: Sequence[Record]) -> str:
    """A line for each key and value, an empty line between records."""
    return "\n\n".join("\n".join(f"{key}: {value}" for key, value in record.items()) for record in records)


WRITERS: Mapping[str, Callable[[Sequence[Record]], str]] = {
    "json": as_json,
    "csv": as_csv,
    "table": as_table,
    "pairs": as_pairs,
}


def same_form(text: object) -> str:
    """A key or a value without what does not matter: case, quotes, spaces, zeros at a number's end."""
    form = " ".join(str(text).casefold().replace("_", " ").replace("*", "").strip(" \"'`").split())
    return form.rstrip("0").rstrip(".") if re.fullmatch(r"-?\d+\.\d+", form) else form


def same_record(pairs: Sequence[tuple[object, object]]) -> dict[str, str]:
    """A record with keys and values in forms that make equal ones equal."""
    return {same_form(key): same_form(value) for key, value in pairs}


def from_json(text: str) -> list[dict[str, str]]:
    """The records of the first JSON value in a text; a list of objects may be wrapped in an object.

    Raises
    ------
    ValueError
        If there is none, or it holds something else.
    """
    found = re.search(r"[\[{]", text)
    if not found:
        raise ValueError("no JSON")
    value: Any = json.JSONDecoder().raw_decode(text[found.start() :])[0]
    if isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), list):
        value = next(iter(value.values()))
    records = value if isinstance(value, list) else [value]
    if not records or not all(isinstance(record, dict) for record in records):
        raise ValueError("no JSON objects")
    return [same_record([*record.items()]) for record in records]


def from_rows(rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """Records from a header and rows of the same width.

    Raises
    ------
    ValueError
        If there are no rows, or one has another width.
    """
    header, *rest = rows or [[]]
    if not rest:
        raise ValueError("no rows")
    return [same_record(list(zip(header, row, strict=True))) for row in rest]


def from_csv(text: str) -> list[dict[str, str]]:
    """The records of the first run of lines with commas."""
    lines: list[str] = []
    for line in text.splitlines():
        if "," in line and not line.rstrip().endswith(":"):
            lines.append(line.strip())
        elif lines:
            break
    return from_rows(list(csv.reader(lines, skipinitialspace=True)))


def from_table(text: str) -> list[dict[str, str]]:
    """The records of the first markdown table.

    Raises
    ------
    ValueError
        If there is none.
    """
    lines: list[str] = []
    for line in text.splitlines():
        if line.count("|") >= 1:
            lines.append(line.strip())
        elif lines:
            break
    if len(lines) < 3 or not re.fullmatch(r"[|:\- ]*-[|:\- ]*", lines[1]):
        raise ValueError("no table")
    cells = [[cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")] for line in lines]
    return from_rows([cells[0], *cells[2:]])


def from_pairs(text: str) -> list[dict[str, str]]:
    """The records of lines such as ``key: value``; a key that comes again begins a new record.

    Raises
    ------
    ValueError
        If there are none.
    """
    if re.search(r"^\s*[\[{]", text, re.MULTILINE):
        raise ValueError("this is JSON")
    records: list[dict[str, str]] = []
    for line in text.splitlines():
        found = re.fullmatch(r"\s*(?:[-*+]\s+|\d+[.)]\s+)?[*_]*([^:：=]{1,40}?)[*_]*\s*[:：=][*_]*\s*(\S.*)", line)
        if not found:
            continue
        key, value = same_form(found[1]), same_form(found[2].rstrip(","))
        if not records or key in records[-1]:
            records.append({})
        records[-1][key] = value
    if not records:
        raise ValueError("no pairs")
    return records


READERS: Mapping[str, Callable[[str], list[dict[str, str]]]] = {
    "json": from_json,
    "csv": from_csv,
    "table": from_table,
    "pairs": from_pairs,
}


def read_back(text: str, form: str) -> list[dict[str, str]]:
    """The records that an answer holds in a format; none if it cannot be read.

    A code fence is opened, and lines around the records are passed over.
    """
    try:
        return READERS[form](without_fence(text))
    except (ValueError, RecursionError, csv.Error):
        return []


def same_records(records: Sequence[Record]) -> list[dict[str, str]]:
    """Records in the forms that `read_back` gives."""
    return [same_record([*record.items()]) for record in records]

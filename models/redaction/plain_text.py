"""Text from outside, made fit for a line of a log, a header, a database."""

ELLIPSIS = "…"


def plain_text(text: str, max_chars: int) -> str:
    """`text` on one line, with at most `max_chars` characters.

    Whatever does not print becomes a space: line breaks that would forge a line of the log, the NUL that PostgreSQL
    refuses, lone surrogates that no encoder takes, marks that turn the direction of writing.

    >>> plain_text("auto" + chr(0), 200)
    'auto '
    >>> plain_text("x" * 300, 5)
    'xxxx…'
    """
    if len(text) > max_chars:
        text = text[: max_chars - 1] + ELLIPSIS
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)

"""Makes text from outside safe for a log line, a header and a database."""

ELLIPSIS = "…"


def plain_text(text: str, max_chars: int) -> str:
    """`text` on one line, with at most `max_chars` characters.

    Characters that do not print become spaces: line breaks, which could forge a log line; NUL, which PostgreSQL
    refuses; lone surrogates, which cannot be encoded; marks that change the direction of writing.

    >>> plain_text("auto" + chr(0), 200)
    'auto '
    >>> plain_text("x" * 300, 5)
    'xxxx…'
    """
    if len(text) > max_chars:
        text = text[: max_chars - 1] + ELLIPSIS
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)

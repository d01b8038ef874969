"""The arguments of one tool call, as they come in pieces of a chat answer."""


class CallArguments:
    """Makes JSON of what servers send for a call without arguments: nothing at all, or `null`.

    >>> arguments = CallArguments()
    >>> arguments.add("null"), arguments.rest(), arguments.text
    ('', '{}', '{}')
    >>> arguments = CallArguments()
    >>> arguments.add('{"a":'), arguments.add(" 1}"), arguments.rest()
    ('{"a":', ' 1}', '')
    """

    def __init__(self) -> None:
        self.text = ""
        self._held = ""

    def add(self, piece: str | None) -> str:
        """What there is to pass on after the next piece."""
        piece, self._held = self._held + (piece or ""), ""
        if not self.text and piece.strip() in ("", "null"):
            self._held = piece
            return ""
        self.text += piece
        return piece

    def rest(self) -> str:
        """What is still to be passed on at the end."""
        if self.text:
            return ""
        self.text = "{}"
        return self.text

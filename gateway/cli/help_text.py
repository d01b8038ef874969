"""Help of commands from their docstrings: paragraphs as wide as the terminal, not as the source."""

import inspect

import typer


def reflow_help(app: typer.Typer) -> None:
    """Give each command of `app` and of its groups the help that its docstring is, with paragraphs in one line each.

    The terminal wraps them. Otherwise lines that are wrapped already would be wrapped once more.
    """
    for command in app.registered_commands:
        if command.callback is not None and command.help is None:
            command.help = reflowed(inspect.getdoc(command.callback) or "")
    for group in app.registered_groups:
        if group.typer_instance is not None:
            reflow_help(group.typer_instance)


def reflowed(text: str) -> str:
    r"""`text` with each paragraph in one line; indented lines, such as examples, stay as they are.

    >>> reflowed("One\nparagraph.\n\n  an example\n  of two lines")
    'One paragraph.\n\n  an example\n  of two lines'
    """
    paragraphs = text.split("\n\n")
    return "\n\n".join(part if part.startswith(" ") else part.replace("\n", " ") for part in paragraphs)

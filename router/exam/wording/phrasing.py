"""How people put a request to a chatbot: greetings, quotation marks, line breaks, case, a system turn now and then."""

import re
from collections.abc import Sequence
from random import Random

from router.decision import Turn

OPENINGS = {
    "en": (
        "Hi!",
        "Hello,",
        "Quick question.",
        "Hey there,",
        "I need some help.",
        "Sorry to bother you again.",
        "One more thing:",
        "Good morning!",
        "I'm in a bit of a hurry.",
        "ok next one.",
    ),
    "de": ("Hallo!", "Kurze Frage:", "Guten Tag,", "Ich brauche mal Hilfe.", "Und noch etwas:", "Hi,"),
    "sv": ("Hej!", "En snabb fråga:", "God dag,", "Jag behöver lite hjälp.", "En sak till:"),
    "es": ("¡Hola!", "Una pregunta rápida:", "Buenos días,", "Necesito ayuda.", "Otra cosa:"),
    "fr": ("Bonjour !", "Une petite question :", "Salut,", "J'ai besoin d'aide.", "Encore une chose :"),
    "zh": ("你好!", "请教一个问题:", "您好,", "帮个忙。", "还有一件事:"),
}
"""What may stand before a request, by language."""

SYSTEMS = {
    "en": (
        "You are a helpful assistant.",
        "You are a friendly assistant. Be concise.",
        "You help the staff of a small shop.",
        "You are the office assistant of a travel agency.",
        "You are a language and text assistant.",
        "Answer briefly and correctly.",
    ),
    "de": ("Du bist ein hilfreicher Assistent.", "Antworte kurz und richtig.", "Du hilfst in einem kleinen Büro."),
    "sv": ("Du är en hjälpsam assistent.", "Svara kort och rätt.", "Du hjälper till på ett litet kontor."),
    "es": ("Eres un asistente útil.", "Responde de forma breve y correcta.", "Ayudas en una pequeña oficina."),
    "fr": ("Tu es un assistant utile.", "Réponds brièvement et correctement.", "Tu aides dans un petit bureau."),
    "zh": ("你是一个乐于助人的助手。", "请简短而准确地回答。", "你在一家小公司做助理。"),
}
"""System turns that tell nothing of the task, by language."""

_QUOTES = {
    "en": (('"', '"'), ('"', '"'), ("'", "'"), ("“", "”")),
    "de": (('"', '"'), ("„", "“")),
    "sv": (('"', '"'), ("”", "”")),
    "es": (('"', '"'), ("«", "»")),
    "fr": (('"', '"'), ("« ", " »")),
    "zh": (("“", "”"), ('"', '"'), ("「", "」")),
}
_ALREADY_QUOTED = "\"'“„«「("


def conversation(
    rng: Random, language: str, templates: Sequence[str], brief: Sequence[str] = (), text: str = "", **slots: str
) -> tuple[Turn, ...]:
    """A request made of one of the templates, dressed as people dress theirs.

    Parameters
    ----------
    rng : Random
        Where all choices come from.
    language : str
        What the templates are written in.
    templates : sequence of str
        Wordings with named slots; ``{text}`` is the material that the request is about.
    brief : sequence of str
        Wishes for a short answer, one of which is added to one request in four.
    text : str
        The material.
    **slots : str
        What goes into the other slots.
    """
    template = rng.choice(templates)
    if rng.random() < 0.12:
        template = template.lower()
    asked = _with_text(rng, language, template, text).format(text=text, **slots)
    if brief and rng.random() < 0.25:
        asked += ("\n" if "\n" in asked or rng.random() < 0.3 else " ") + rng.choice(brief)
    if rng.random() < 0.15:
        asked = f"{rng.choice(OPENINGS[language])} {asked}"
    turn = Turn("user", asked)
    return (Turn("system", rng.choice(SYSTEMS[language])), turn) if rng.random() < 0.125 else (turn,)


def _with_text(rng: Random, language: str, template: str, text: str) -> str:
    """The template with quotation marks or line breaks around the slot of the material, as the case may be."""
    at = template.find("{text}")
    before, after = template[:at], template[at + len("{text}") :]
    if at < 0 or (before and before[-1] in _ALREADY_QUOTED) or before.endswith("« "):
        return template
    if re.search(r"[:：]\s*$", before) and rng.random() < 0.4:
        before = before.rstrip() + rng.choice(("\n", "\n\n"))
    left, right = rng.choice(_QUOTES[language]) if rng.random() < 0.35 and "\n" not in text else ("", "")
    return f"{before}{left}{{text}}{right}{after}"

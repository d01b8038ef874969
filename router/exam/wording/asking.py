"""How questions of the exam are put: greetings, reasons for asking, wishes for the answer, carelessly typed text."""

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Literal

from router.decision import Turn

Wish = Literal["number", "name", "reasons"]
"""What a question asks for: a number, a name or a word, or something that is better reckoned step by step."""

_OPENERS: Mapping[str, Sequence[str]] = {
    "en": (
        "Quick question: ",
        "Hi! ",
        "Hello, ",
        "Hey, ",
        "Can you help me? ",
        "My daughter asked me this: ",
        "For a quiz: ",
        "I keep forgetting this. ",
        "Homework question: ",
        "Sorry, one more: ",
        "Question: ",
        "Q: ",
        "I need this for work. ",
        "Please help me with this. ",
        "A colleague and I disagree, so: ",
        "Could you tell me this please: ",
    ),
    "de": (
        "Kurze Frage: ",
        "Hallo! ",
        "Hi, ",
        "Kannst du mir helfen? ",
        "Für ein Quiz: ",
        "Hausaufgabe: ",
        "Frage: ",
        "Meine Tochter fragt: ",
    ),
    "sv": (
        "Snabb fråga: ",
        "Hej! ",
        "Kan du hjälpa mig? ",
        "Till en frågesport: ",
        "Läxfråga: ",
        "Fråga: ",
        "Min dotter undrar: ",
    ),
    "es": (
        "Una pregunta rápida: ",
        "¡Hola! ",
        "¿Me ayudas? ",
        "Para un concurso: ",
        "Deberes: ",
        "Pregunta: ",
        "Mi hija me pregunta: ",
    ),
    "fr": (
        "Petite question : ",
        "Bonjour ! ",
        "Salut, ",
        "Tu peux m'aider ? ",
        "Pour un quiz : ",
        "Devoirs : ",
        "Question : ",
        "Ma fille me demande : ",
    ),
    "zh": ("请问，", "你好！", "帮个忙，", "快速问一下：", "作业题：", "问题：", "我女儿问我："),
}

_CLOSERS: Mapping[Wish, Mapping[str, Sequence[str]]] = {
    "number": {
        "en": (
            "Just the number please.",
            "Answer with the number only.",
            "Only give me the result.",
            "Short answer.",
            "No explanation needed.",
        ),
        "de": ("Nur die Zahl bitte.", "Antworte nur mit dem Ergebnis.", "Kurze Antwort."),
        "sv": ("Bara siffran, tack.", "Svara bara med resultatet.", "Kort svar."),
        "es": ("Solo el número, por favor.", "Responde solo con el resultado.", "Respuesta corta."),
        "fr": ("Juste le nombre, s'il te plaît.", "Réponds seulement par le résultat.", "Réponse courte."),
        "zh": ("只要数字。", "请只回答结果。", "简短回答。"),
    },
    "name": {
        "en": (
            "Just the answer please.",
            "One word is enough.",
            "Short answer.",
            "Answer briefly.",
            "No explanation needed.",
        ),
        "de": ("Nur die Antwort bitte.", "Kurze Antwort.", "Ohne Erklärung."),
        "sv": ("Bara svaret, tack.", "Kort svar.", "Ingen förklaring behövs."),
        "es": ("Solo la respuesta, por favor.", "Respuesta corta.", "Sin explicaciones."),
        "fr": ("Juste la réponse, merci.", "Réponse courte.", "Sans explication."),
        "zh": ("只要答案。", "简短回答。", "不用解释。"),
    },
    "reasons": {
        "en": (
            "Keep it short.",
            "Just the result please.",
            "Think step by step, but briefly.",
            "End with the answer.",
            "A short answer is enough.",
        ),
        "de": ("Bitte kurz.", "Nur das Ergebnis bitte.", "Denke kurz Schritt für Schritt nach."),
        "sv": ("Håll det kort.", "Bara resultatet, tack.", "Tänk kort steg för steg."),
        "es": ("Sé breve.", "Solo el resultado, por favor.", "Piensa paso a paso, pero brevemente."),
        "fr": ("Sois bref.", "Juste le résultat, merci.", "Réfléchis étape par étape, mais brièvement."),
        "zh": ("请简短。", "只要结果。", "请简要地一步一步思考。"),
    },
}

_THANKS: Mapping[str, Sequence[str]] = {
    "en": ("Thanks!", "Thank you in advance.", "thx", "Please."),
    "de": ("Danke!", "Vielen Dank im Voraus."),
    "sv": ("Tack!", "Tack på förhand."),
    "es": ("¡Gracias!", "Gracias de antemano."),
    "fr": ("Merci !", "Merci d'avance."),
    "zh": ("谢谢！", "多谢。"),
}

_SYSTEMS: Mapping[str, Sequence[str]] = {
    "en": (
        "You are a helpful assistant.",
        "You are a helpful assistant. Be concise.",
        "You answer questions of the customers of a small shop.",
        "You are a patient tutor.",
        "You are an assistant for everyday questions. Answer correctly and briefly.",
    ),
    "de": ("Du bist ein hilfreicher Assistent.", "Du bist ein geduldiger Nachhilfelehrer.", "Antworte kurz."),
    "sv": ("Du är en hjälpsam assistent.", "Du är en tålmodig läxhjälp.", "Svara kort."),
    "es": ("Eres un asistente útil.", "Eres un profesor particular paciente.", "Responde brevemente."),
    "fr": ("Tu es un assistant utile.", "Tu es un professeur patient.", "Réponds brièvement."),
    "zh": ("你是一个乐于助人的助手。", "你是一位耐心的辅导老师。", "请简短回答。"),
}


def ask(rng: Random, language: str, question: str, wish: Wish) -> tuple[Turn, ...]:
    """A conversation that asks `question`, dressed as people do; about four of ten stay as they are."""
    text = _typed(rng, language, elided(question, language))
    lines = "\n" in text
    if rng.random() < 0.25:
        opener = rng.choice(_OPENERS[language])
        text = f"{opener.rstrip()}\n{text}" if lines else opener + text
    closer = rng.random()
    if closer < 0.22:
        text = _joined(rng, text, rng.choice(_CLOSERS[wish][language]), language)
    elif closer < 0.28:
        text = _joined(rng, text, rng.choice(_THANKS[language]), language)
    turns = (Turn("user", text),)
    return (Turn("system", rng.choice(_SYSTEMS[language])), *turns) if rng.random() < 0.125 else turns


def elided(text: str, language: str) -> str:
    """The text with what French and Spanish do before vowels.

    >>> elided("plus grand que Alice", "fr"), elided("Ana y Inés", "es")
    ("plus grand qu'Alice", 'Ana e Inés')
    """
    if language == "fr":
        return re.sub(r"\b([DdJj]|[Qq]u|[Jj]usqu)e (?=[AEIOUaeiouÉÈÊÂÎÔŒéèêâîôœ])", r"\1'", text)
    return re.sub(r"\by (?=[IiÍí])", "e ", text) if language == "es" else text


def with_an(text: str) -> str:
    """English text with "an" before vowels.

    >>> with_an("to a office party")
    'to an office party'
    """
    return re.sub(r"\b([Aa]) (?=[aeiou](?!ne\b|uro|ni))", r"\1n ", text)


def fill(rng: Random, templates: Sequence[str], *values: object, **named: object) -> str:
    """One of the wordings, filled in."""
    return rng.choice(templates).format(*values, **named)


def listed(things: Sequence[str], language: str) -> str:
    """Things in a sentence.

    >>> listed(["a", "b", "c"], "en")
    'a, b and c'
    """
    if language == "zh":
        return "、".join(things[:-1]) + "和" + things[-1]
    last = {"en": "and", "de": "und", "sv": "och", "es": "y", "fr": "et"}[language]
    return ", ".join(things[:-1]) + f" {last} {things[-1]}"


def _typed(rng: Random, language: str, question: str) -> str:
    """As it is, in lower case, or without its question mark."""
    careless = rng.random()
    if careless < 0.1 and language != "zh" and "\n" not in question:
        question = question.lower()
    if careless < 0.06 or 0.1 <= careless < 0.18:
        question = question.removesuffix("?").removesuffix("？").rstrip()
    return question


def _joined(rng: Random, text: str, closer: str, language: str) -> str:
    """A question and a wish, on one line or two; below material that has lines of its own, apart from it."""
    if "\n" in text:
        return f"{text}\n\n{closer}"
    if text[-1:].isalnum() or text[-1:] in "%°":
        text += "。" if language == "zh" else "."
    return text + rng.choice(("\n", "" if language == "zh" else " ", "" if language == "zh" else " ")) + closer

"""How requests of the exam are put into words: where the material stands, courtesies, contexts, system turns.

People write the same request in many ways. A classifier that saw one way would learn that way instead of the request.
"""

from collections.abc import Mapping, Sequence
from random import Random

from router.decision import Turn

SYSTEM_TURNS: Mapping[str, Sequence[str]] = {
    "en": (
        "You are a helpful assistant.",
        "You are a concise assistant. Do what is asked and nothing more.",
        "You help the staff of a small company with everyday office work.",
        "Answer briefly.",
        "You are the writing and data helper of an online shop.",
        "You are an assistant in a text editor.",
    ),
    "de": (
        "Du bist ein hilfreicher Assistent.",
        "Antworte kurz und genau.",
        "Du hilfst in einem kleinen Büro bei alltäglichen Aufgaben.",
        "Sie sind der Assistent eines Onlineshops.",
    ),
    "sv": (
        "Du är en hjälpsam assistent.",
        "Svara kort och exakt.",
        "Du hjälper till med vardagliga uppgifter på ett litet kontor.",
        "Du är assistent i en webbutik.",
    ),
    "es": (
        "Eres un asistente útil.",
        "Responde de forma breve y exacta.",
        "Ayudas en una pequeña oficina con las tareas diarias.",
        "Eres el asistente de una tienda en línea.",
    ),
    "fr": (
        "Tu es un assistant utile.",
        "Réponds brièvement et précisément.",
        "Tu aides un petit bureau dans ses tâches quotidiennes.",
        "Vous êtes l'assistant d'une boutique en ligne.",
    ),
    "zh": (
        "你是一个乐于助人的助手。",
        "请简短准确地回答。",
        "你在一家小公司里协助处理日常办公事务。",
        "你是一家网店的助手。",
    ),
}

OPENERS: Mapping[str, Sequence[str]] = {
    "en": (
        "Hi! ",
        "Hey, quick one. ",
        "Hello, ",
        "I need your help. ",
        "I'm in a hurry. ",
        "This is for my boss. ",
        "I'm preparing something for work. ",
        "Small task for you. ",
        "This is for school. ",
        "ok next one. ",
        "I am tidying up my notes. ",
    ),
    "de": ("Hallo! ", "Hi, ", "Ich brauche kurz Hilfe. ", "Das ist für die Arbeit. ", "Eine kleine Aufgabe. "),
    "sv": ("Hej! ", "Hej, ", "Jag behöver lite hjälp. ", "Det här är till jobbet. ", "En liten uppgift. "),
    "es": ("¡Hola! ", "Hola, ", "Necesito ayuda. ", "Esto es para el trabajo. ", "Una tarea pequeña. "),
    "fr": ("Bonjour ! ", "Salut, ", "J'ai besoin d'aide. ", "C'est pour le travail. ", "Une petite tâche. "),
    "zh": ("你好！", "您好，", "我需要一点帮助。", "这是工作上要用的。", "有个小任务。"),
}

COURTESIES: Mapping[str, Sequence[str]] = {
    "en": ("please {}", "can you {}?", "could you {}", "{} please", "{}, thanks", "I'd like you to {}", "pls {}"),
    "de": ("bitte {}", "{}, bitte", "{}, danke"),
    "sv": ("{}, tack", "snälla, {}", "var snäll och {}"),
    "es": ("por favor, {}", "{}, por favor", "{}, gracias"),
    "fr": ("s'il te plaît, {}", "{}, s'il te plaît", "{}, merci"),
    "zh": ("请{}", "帮我{}", "麻烦{}", "请你{}"),
}
"""What people put around a request in the imperative."""

STATEMENTS = {
    "A",
    "As",
    "I",
    "My",
    "Our",
    "This",
    "That",
    "Too",
    "Someone",
    "From",
    "We",
    "Das",
    "Es",
    "Ich",
    "Dankesbrief",
    "E-Mail",
    "Jag",
    "Det",
    "Tackbrev",
    "Mejl",
    "Ordet",
    "Quiero",
    "Suena",
    "Necesito",
    "Tarjeta",
    "Correo",
    "La",
    "Le",
    "Je",
    "C'est",
    "Il",
    "Mot",
    "这话",
    "我的",
    "我们的",
    "我想",
    "产品介绍",
    "给",
}
"""First words of requests that only tell what is wanted."""

POINTERS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "en": tuple(
        pair
        for noun in ("text", "sentence", "list", "message", "paragraph", "note", "sentences")
        for pair in (
            (f"this {noun}", f"the following {noun}", f"the above {noun}"),
            (f"this {noun}", f"the {noun} below", f"the {noun} above"),
        )
    ),
    "de": (
        ("diesem Text", "dem folgenden Text", "dem obigen Text"),
        ("diesen Satz", "den folgenden Satz", "den obigen Satz"),
        ("diese Liste", "die folgende Liste", "die obige Liste"),
    ),
    "sv": (
        ("den här texten", "följande text", "texten ovan"),
        ("den här meningen", "följande mening", "meningen ovan"),
        ("den här listan", "följande lista", "listan ovan"),
    ),
    "es": (
        ("de este texto", "del siguiente texto", "del texto anterior"),
        ("esta frase", "la siguiente frase", "la frase anterior"),
        ("esta lista", "la siguiente lista", "la lista anterior"),
    ),
    "fr": (
        ("de ce texte", "du texte suivant", "du texte ci-dessus"),
        ("cette phrase", "la phrase suivante", "la phrase ci-dessus"),
        ("cette liste", "la liste suivante", "la liste ci-dessus"),
    ),
    "zh": (("这段文字", "下面这段文字", "上面这段文字"), ("这句话", "下面这句话", "上面这句话")),
}
"""Words for the material, with what they become where it follows, and where it went before."""

QUOTED: Mapping[str, str] = {"en": '"{}"', "de": "„{}“", "sv": '"{}"', "es": "«{}»", "fr": "« {} »", "zh": "“{}”"}


def chance(rng: Random, one_in: float) -> bool:
    """True once in so many times."""
    return rng.random() * one_in < 1


def lower_first(text: str) -> str:
    """The text with a small first letter."""
    return text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def polite(rng: Random, language: str, request: str) -> str:
    """The request with a courtesy now and then, if it is in the imperative."""
    terse = request[-1] in "?？:：" or request[0].islower() or request.split()[0] in STATEMENTS
    if terse or not chance(rng, 4):
        return request
    return upper_first(rng.choice(COURTESIES[language]).format(lower_first(request)))


def pointed(rng: Random, language: str, request: str, after: bool) -> str:
    """The request with "this text" turned, half of the time, into what says where the text stands."""
    fitting = [row for row in POINTERS[language] if row[0] in request]
    if not fitting or chance(rng, 2):
        return request
    neutral, before_it, after_it = rng.choice(fitting)
    return request.replace(neutral, after_it if after else before_it, 1)


def ended(language: str, request: str) -> str:
    """The request with the end of a sentence."""
    if request[-1] in "?？:：.。!":
        return request
    return request + ("。" if language == "zh" else ".")


def introduced(language: str, request: str) -> str:
    """The request with a colon before the material, unless it is a question."""
    if request[-1] in "?？:：":
        return request
    return request + ("：" if language == "zh" else " :" if language == "fr" else ":")


def laid_out(rng: Random, language: str, request: str, material: str) -> str:
    """Request and material in one of the orders and with the marks that people use."""
    catchword = request[-1] in ":："
    after = not catchword and chance(rng, 3.5)
    request = pointed(rng, language, request, after)
    block = "\n" in material
    if not block and chance(rng, 4):
        material = rng.choice((QUOTED[language], '"{}"', "'{}'" if "'" not in material else '"{}"')).format(material)
    if after:
        return material + rng.choice(("\n\n", "\n", "\n---\n")) + ended(language, request)
    space = "" if language == "zh" else " "
    gap = rng.choice(("\n", "\n\n")) if block else rng.choice((space, space, "\n", "\n\n"))
    stop = introduced if chance(rng, 1.4) or gap == space else ended
    return stop(language, request) + gap + material


def worded(
    rng: Random, language: str, requests: Sequence[str], material: str = "", tails: Sequence[str] = ()
) -> tuple[Turn, ...]:
    """A conversation with one request, put in one of many ways.

    Parameters
    ----------
    rng : Random
        Where the choices come from.
    language : str
        The language of the request, one of `router.exam.item.LANGUAGES`.
    requests : sequence of str
        Wordings of the same request: in the imperative without an end mark, questions with theirs, or catchwords that
        end in a colon and stand before the material.
    material : str
        What is worked on, if anything.
    tails : sequence of str
        Sentences about the form of the answer; one of them is added once in four times.
    """
    request = polite(rng, language, rng.choice(requests))
    if language == "en" and chance(rng, 7):
        request = lower_first(request)
    text = laid_out(rng, language, request, material) if material else ended(language, request)
    if text.startswith(request[:3]) and chance(rng, 9 if material else 7):
        text = rng.choice(OPENERS[language]) + text
    if tails and chance(rng, 4):
        separator = "\n" if material else "" if language == "zh" else " "
        text += separator + rng.choice(tails)
    if chance(rng, 8):
        return Turn("system", rng.choice(SYSTEM_TURNS[language])), Turn("user", text)
    return (Turn("user", text),)

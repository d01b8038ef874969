"""What people write around a request: a greeting, why they ask, thanks; and what operators write before it."""

from random import Random

from router.decision import Turn

OPENERS = {
    "en": (
        "Hi!",
        "Hello,",
        "Hey,",
        "Quick question:",
        "Good morning.",
        "I'm in a hurry.",
        "I'm preparing a lesson for my class.",
        "This is for my notes.",
        "My colleague asked me this.",
        "I run a small shop and need some help.",
        "English is not my first language, so bear with me.",
        "One more thing.",
        "I'm on the train, typing on my phone.",
        "Could you help me with something?",
        "You are a careful office assistant.",
        "ok so",
    ),
    "de": (
        "Hallo!",
        "Guten Morgen.",
        "Kurze Frage:",
        "Ich habe es eilig.",
        "Das ist für meine Notizen.",
        "Ich bereite eine Unterrichtsstunde vor.",
        "Mein Kollege hat mich das gefragt.",
        "Kannst du mir helfen?",
        "Du bist ein sorgfältiger Assistent im Büro.",
        "Noch etwas.",
    ),
    "sv": (
        "Hej!",
        "God morgon.",
        "Snabb fråga:",
        "Jag har bråttom.",
        "Det här är till mina anteckningar.",
        "Jag förbereder en lektion.",
        "Min kollega frågade mig det här.",
        "Kan du hjälpa mig?",
        "Du är en noggrann assistent på ett kontor.",
        "En sak till.",
    ),
    "es": (
        "¡Hola!",
        "Buenos días.",
        "Una pregunta rápida:",
        "Tengo prisa.",
        "Es para mis apuntes.",
        "Estoy preparando una clase.",
        "Me lo ha preguntado una compañera.",
        "¿Me puedes ayudar?",
        "Eres un asistente de oficina muy cuidadoso.",
        "Otra cosa.",
    ),
    "fr": (
        "Bonjour !",
        "Salut,",
        "Petite question :",
        "Je suis pressé.",
        "C'est pour mes notes.",
        "Je prépare un cours.",
        "Une collègue m'a demandé cela.",
        "Peux-tu m'aider ?",
        "Tu es un assistant de bureau très soigneux.",
        "Encore une chose.",
    ),
    "zh": (
        "你好！",
        "早上好。",
        "问个小问题：",
        "我赶时间。",
        "这是我做笔记用的。",
        "我在备课。",
        "同事问了我这个。",
        "能帮我一下吗？",
        "你是一名细心的办公室助理。",
        "还有一件事。",
    ),
}

CLOSERS = {
    "en": ("Thanks!", "Thank you.", "thanks in advance", "Please be quick.", "Many thanks, Sam", "Cheers"),
    "de": ("Danke!", "Vielen Dank.", "danke im Voraus", "Viele Grüße, Jana"),
    "sv": ("Tack!", "Tack på förhand.", "Tack så mycket", "Hälsningar, Maja"),
    "es": ("¡Gracias!", "Muchas gracias.", "gracias de antemano", "Un saludo, Elena"),
    "fr": ("Merci !", "Merci beaucoup.", "merci d'avance", "Bonne journée, Léa"),
    "zh": ("谢谢！", "多谢。", "先谢谢了", "麻烦你了"),
}

SYSTEMS = {
    "en": (
        "You are a helpful assistant.",
        "You are a helpful assistant. Keep your answers short.",
        "You help the customers of a travel agency. Be polite and brief.",
        "You are the assistant of a school office.",
        "Answer truthfully and to the point.",
        "You are Nora, a friendly assistant on a company's website.",
    ),
    "de": (
        "Du bist ein hilfreicher Assistent.",
        "Du bist ein hilfreicher Assistent und antwortest kurz.",
        "Du hilfst den Kunden eines Reisebüros. Sei höflich und kurz.",
        "Antworte wahrheitsgemäß und knapp.",
    ),
    "sv": (
        "Du är en hjälpsam assistent.",
        "Du är en hjälpsam assistent och svarar kort.",
        "Du hjälper kunderna på en resebyrå. Var artig och kortfattad.",
        "Svara sanningsenligt och kort.",
    ),
    "es": (
        "Eres un asistente útil.",
        "Eres un asistente útil y respondes con brevedad.",
        "Ayudas a los clientes de una agencia de viajes. Sé amable y breve.",
        "Responde con la verdad y sin rodeos.",
    ),
    "fr": (
        "Tu es un assistant utile.",
        "Tu es un assistant utile et tu réponds brièvement.",
        "Tu aides les clients d'une agence de voyages. Sois poli et bref.",
        "Réponds honnêtement et sans détour.",
    ),
    "zh": (
        "你是一个乐于助人的助手。",
        "你是一个乐于助人的助手，回答要简短。",
        "你为一家旅行社的客户服务，请礼貌而简洁。",
        "请如实、简要地回答。",
    ),
}

SHORT_ONLY = {
    "en": (
        "Just the answer.",
        "Answer only, no explanation.",
        "Keep it short.",
        "One line is enough.",
        "short answer pls",
    ),
    "de": ("Nur die Antwort.", "Bitte ohne Erklärung.", "Kurz bitte.", "Eine Zeile genügt."),
    "sv": ("Bara svaret.", "Utan förklaring, tack.", "Svara kort.", "En rad räcker."),
    "es": ("Solo la respuesta.", "Sin explicaciones, por favor.", "Respuesta corta.", "Con una línea basta."),
    "fr": ("Juste la réponse.", "Sans explication, s'il te plaît.", "Réponse courte.", "Une ligne suffit."),
    "zh": ("只要答案。", "不用解释。", "简短回答。", "一行就够了。"),
}


def typed(rng: Random, language: str, request: str, closing: bool = True) -> str:
    """`request` as somebody types it: in two of five cases with a greeting or a reason, in one of eight with thanks.

    `closing` is False where words after the request could be taken for a part of its material.
    """
    gap = "" if language == "zh" else " "
    text = request
    if rng.random() < 0.4:
        text = (
            rng.choice(OPENERS[language])
            + rng.choice(("\n\n",) if "\n" in request else (gap, gap, "\n", "\n\n"))
            + text
        )
    if closing and rng.random() < 0.12:
        text += rng.choice(("\n\n",) if "\n" in request else (gap, "\n", "\n\n")) + rng.choice(CLOSERS[language])
    return text


def loosely(rng: Random, text: str) -> str:
    """`text` as typed in a chat: one time in five without capitals, one in eight without its last mark."""
    if rng.random() < 0.2:
        text = text.lower()
    return text.rstrip(".?？。") if rng.random() < 0.12 else text


def short(rng: Random, language: str, question: str) -> str:
    """`question`, one time in four with the wish for a short answer."""
    if rng.random() < 0.75:
        return question
    gap = "\n\n" if "\n" in question else "" if language == "zh" else rng.choice((" ", " ", "\n"))
    return question + gap + rng.choice(SHORT_ONLY[language])


def system_turns(rng: Random, language: str) -> tuple[Turn, ...]:
    """An operator's message one time in eight, none otherwise."""
    return (Turn("system", rng.choice(SYSTEMS[language])),) if rng.random() < 0.125 else ()


def conversation(rng: Random, language: str, request: str, closing: bool = True) -> tuple[Turn, ...]:
    """A conversation of one message, as people and operators write it."""
    return (*system_turns(rng, language), Turn("user", typed(rng, language, request, closing)))

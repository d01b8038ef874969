"""Exam family: a fact to be found in a text of 150 to 1,200 tokens, somewhere between start and end."""

from random import Random

from router.exam.checks.answer_text import gives
from router.exam.content.people_and_sentences import NAMES, happening
from router.exam.item import Answer, Family, Item, asked
from router.exam.wording.asking import elided
from router.exam.wording.courtesies import short, system_turns

_BYTES = {1: 600, 2: 1000, 3: 1600, 4: 2700, 5: 4300}
"""Length of the text in English: four bytes or so are a token."""

_DENSITY = {"en": 1.0, "de": 0.75, "sv": 0.72, "es": 0.8, "fr": 0.78, "zh": 0.45}
"""How many bytes of a language take as many tokens as one of English, in models that were trained mostly on English."""

# What stands in the text, and what is asked: {n} a person, {v} what is to be found.
_FACTS = {
    "en": (
        ("{n}'s room number is {d}.", "What is {n}'s room number?|Which room is {n} in?|room number of {n}?"),
        ("{n} was born in {y}.", "In which year was {n} born?|When was {n} born?"),
        ("{n}'s locker has the number {d}.", "What number does {n}'s locker have?|Which locker belongs to {n}?"),
        ("{n} comes from {c}.", "Where does {n} come from?|Which city is {n} from?"),
        ("{n}'s favourite drink is {b}.", "What is {n}'s favourite drink?|What does {n} like to drink most?"),
        (
            "{n} paid {d} euros for the tickets.",
            "How much did {n} pay for the tickets?|How many euros did {n} pay for tickets?",
        ),
    ),
    "de": (
        ("Die Zimmernummer von {n} ist {d}.", "Welche Zimmernummer hat {n}?|In welchem Zimmer ist {n}?"),
        ("{n} wurde {y} geboren.", "In welchem Jahr wurde {n} geboren?|Wann ist {n} geboren?"),
        ("{n} kommt aus {c}.", "Woher kommt {n}?|Aus welcher Stadt kommt {n}?"),
        ("Das Lieblingsgetränk von {n} ist {b}.", "Was ist das Lieblingsgetränk von {n}?|Was trinkt {n} am liebsten?"),
        (
            "{n} zahlte {d} Euro für die Karten.",
            "Wie viel zahlte {n} für die Karten?|Was haben die Karten von {n} gekostet?",
        ),
    ),
    "sv": (
        ("Rumsnumret för {n} är {d}.", "Vilket rumsnummer har {n}?|I vilket rum är {n}?"),
        ("{n} föddes {y}.", "Vilket år föddes {n}?|När föddes {n}?"),
        ("{n} kommer från {c}.", "Varifrån kommer {n}?|Från vilken stad kommer {n}?"),
        ("Det bästa {n} vet att dricka är {b}.", "Vad dricker {n} helst?|Vilken dryck tycker {n} bäst om?"),
        (
            "{n} betalade {d} euro för biljetterna.",
            "Hur mycket betalade {n} för biljetterna?|Vad kostade biljetterna för {n}?",
        ),
    ),
    "es": (
        ("El número de habitación de {n} es {d}.", "¿Qué número de habitación tiene {n}?|¿En qué habitación está {n}?"),
        ("{n} nació en {y}.", "¿En qué año nació {n}?|¿Cuándo nació {n}?"),
        ("{n} viene de {c}.", "¿De dónde viene {n}?|¿De qué ciudad viene {n}?"),
        ("La bebida favorita de {n} es {b}.", "¿Cuál es la bebida favorita de {n}?|¿Qué bebida prefiere {n}?"),
        (
            "{n} pagó {d} euros por las entradas.",
            "¿Cuánto pagó {n} por las entradas?|¿Cuánto costaron las entradas de {n}?",
        ),
    ),
    "fr": (
        (
            "Le numéro de chambre de {n} est {d}.",
            "Quel est le numéro de chambre de {n} ?|Dans quelle chambre est {n} ?",
        ),
        ("{n} a vu le jour en {y}.", "{n} a vu le jour en quelle année ?|Quelle est l'année de naissance de {n} ?"),
        ("{n} vient de {c}.", "D'où vient {n} ?|De quelle ville vient {n} ?"),
        ("La boisson préférée de {n} est {b}.", "Quelle est la boisson préférée de {n} ?|Que préfère boire {n} ?"),
        (
            "{n} a payé {d} euros pour les billets.",
            "Combien {n} a payé pour les billets ?|Combien ont coûté les billets de {n} ?",
        ),
    ),
    "zh": (
        ("{n}的房间号是{d}。", "{n}的房间号是多少？|{n}住几号房间？"),
        ("{n}生于{y}年。", "{n}是哪一年出生的？|{n}的出生年份是？"),
        ("{n}来自{c}。", "{n}来自哪里？|{n}是哪个城市的人？"),
        ("{n}最喜欢的饮料是{b}。", "{n}最喜欢喝什么？|{n}最喜欢的饮料是什么？"),
        ("{n}买票花了{d}欧元。", "{n}买票花了多少钱？|{n}的票花了多少欧元？"),
    ),
}

_CITIES = {
    **dict.fromkeys(("en", "de", "sv", "es", "fr"), "Oslo Porto Bergen Bonn Turku Malaga Gdansk Bilbao Graz Utrecht"),
    "zh": "成都 苏州 青岛 昆明 厦门 大连 西安 桂林 长沙 南京",
}

_DRINKS = {
    "en": "lemonade cocoa tonic cider espresso buttermilk ginger_ale mint_tea",
    "de": "Limonade Kakao Tonic Apfelschorle Espresso Buttermilch Eistee Pfefferminztee",
    "sv": "lemonad choklad tonic cider espresso filmjölk iste myntate",
    "es": "limonada cacao tónica sidra horchata mosto manzanilla gazpacho",
    "fr": "limonade cacao tonic cidre expresso grenadine tilleul menthe",
    "zh": "柠檬水 可可 豆浆 酸梅汤 绿茶 椰汁 杏仁露 红茶",
}

# How text and question are put together: {x} is the text, {q} the question.
_FRAMES = {
    "en": (
        "{x}\n\n{q}",
        "Read the following text.\n\n{x}\n\n{q}",
        "Text:\n{x}\n\nQuestion: {q}",
        "{q}\n\n{x}",
        "Here are my notes:\n\n{x}\n\nAccording to them: {q}",
        "{q} It should be somewhere in here:\n\n{x}",
        "I got this from a colleague, can you find something for me?\n\n{x}\n\n{q}",
        '"""\n{x}\n"""\n{q}',
        "Answer from the text below. {q}\n\n{x}",
        "Please look through this diary and tell me: {q}\n\n{x}",
        "minutes of our group:\n{x}\n---\n{q}",
        "# Notes\n\n{x}\n\n# Question\n\n{q}",
        "I can't find it myself. {q}\n---\n{x}\n---",
        "Use only this passage.\n\n{x}\n\nNow tell me: {q}",
    ),
    "de": (
        "{x}\n\n{q}",
        "Lies den folgenden Text.\n\n{x}\n\n{q}",
        "Text:\n{x}\n\nFrage: {q}",
        "{q}\n\n{x}",
        "Das sind meine Notizen:\n\n{x}\n\nDazu eine Frage: {q}",
        "{q} Es müsste irgendwo hier stehen:\n\n{x}",
    ),
    "sv": (
        "{x}\n\n{q}",
        "Läs följande text.\n\n{x}\n\n{q}",
        "Text:\n{x}\n\nFråga: {q}",
        "{q}\n\n{x}",
        "Det här är mina anteckningar:\n\n{x}\n\nEn fråga om dem: {q}",
        "{q} Det borde stå någonstans här:\n\n{x}",
    ),
    "es": (
        "{x}\n\n{q}",
        "Lee el texto siguiente.\n\n{x}\n\n{q}",
        "Texto:\n{x}\n\nPregunta: {q}",
        "{q}\n\n{x}",
        "Estas son mis notas:\n\n{x}\n\nUna pregunta sobre ellas: {q}",
        "{q} Tiene que estar por aquí:\n\n{x}",
    ),
    "fr": (
        "{x}\n\n{q}",
        "Lis le texte suivant.\n\n{x}\n\n{q}",
        "Texte :\n{x}\n\nQuestion : {q}",
        "{q}\n\n{x}",
        "Voici mes notes :\n\n{x}\n\nUne question à ce sujet : {q}",
        "{q} Ça doit être quelque part ici :\n\n{x}",
    ),
    "zh": (
        "{x}\n\n{q}",
        "请阅读下面的文字。\n\n{x}\n\n{q}",
        "文本：\n{x}\n\n问题：{q}",
        "{q}\n\n{x}",
        "这是我的笔记：\n\n{x}\n\n请问：{q}",
        "{q}应该就在这里面：\n\n{x}",
    ),
}


def _values(rng: Random, language: str, fact: str, count: int) -> list[str]:
    """Different things that a fact may be about."""
    if "{d}" in fact:
        return [str(number) for number in rng.sample(range(101, 990), count)]
    if "{y}" in fact:
        return [str(year) for year in rng.sample(range(1931, 2012), count)]
    words = (_CITIES if "{c}" in fact else _DRINKS)[language].split()
    return [word.replace("_", " ") for word in rng.sample(words, count)]


def _stated(fact: str, name: str, value: str) -> str:
    for key in ("{d}", "{y}", "{c}", "{b}"):
        fact = fact.replace(key, value)
    return fact.replace("{n}", name)


def make(rng: Random, level: int, language: str) -> Item:
    """A text with a fact in it, from level 2 on with the same kind of fact about one to four other people."""
    fact, questions = rng.choice(_FACTS[language])
    names = rng.sample(NAMES[language], len(NAMES[language]))
    told, others = names[:level], names[level:]
    values = _values(rng, language, fact, level)
    facts = [elided(_stated(fact, name, value), language) for name, value in zip(told, values, strict=True)]
    sentences: list[str] = []
    room = _BYTES[level] * _DENSITY[language] - sum(len(each.encode()) for each in facts)
    while room > 0:
        sentences.append(happening(rng, language, rng.choice(others)))
        room -= len(sentences[-1].encode()) + 1
    for each in facts:
        sentences.insert(rng.randrange(len(sentences) + 1), each)
    question = elided(rng.choice(questions.split("|")).replace("{n}", told[0]), language)
    text = _paragraphs(rng, language, sentences)
    request = rng.choice(_FRAMES[language]).replace("{x}", text).replace("{q}", short(rng, language, question))

    def check(answer: Answer) -> bool:
        return gives(answer.text, values[:1], values[1:], question, most_words=30)

    return Item((*system_turns(rng, language), *asked(request)), check, 24, values[0])


def _paragraphs(rng: Random, language: str, sentences: list[str]) -> str:
    """The sentences in paragraphs of four to seven."""
    gap = "" if language == "zh" else " "
    paragraphs = []
    while sentences:
        size = rng.randint(4, 7)
        paragraphs.append(gap.join(sentences[:size]))
        sentences = sentences[size:]
    return "\n\n".join(paragraphs)


FAMILY = Family("long_context", "finding a fact in a long text", make)

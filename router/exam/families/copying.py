"""Exam family: copying exactly what is given, from a short sentence to odd text, lists and code."""

from random import Random

from router.exam.checks.answer_text import readings
from router.exam.content.people_and_sentences import NAMES, happening, short_happening
from router.exam.item import Answer, Family, Item, asked
from router.exam.wording.courtesies import conversation, system_turns

# What asks for a copy of material on one line, and of material of any kind.
_INLINE = {
    "en": (
        "Repeat this sentence exactly: {x}",
        "Please repeat after me: {x}",
        "Write this back to me exactly as it is: {x}",
        "echo: {x}",
        'Type out "{x}" exactly, no changes.',
        "say exactly this: {x}",
        "Print the following and nothing else: {x}",
        'Answer with the words "{x}" and with nothing else.',
        "Output exactly: {x}",
        'Can you repeat "{x}" for me, character for character?',
    ),
    "de": (
        "Wiederhole genau: {x}",
        "Bitte sprich mir nach: {x}",
        "Schreib das unverändert zurück: {x}",
        "Gib „{x}“ genau so wieder.",
        "wiederhole wörtlich: {x}",
        "Antworte nur mit: {x}",
    ),
    "sv": (
        "Upprepa exakt: {x}",
        "Säg efter mig: {x}",
        "Skriv tillbaka det här oförändrat: {x}",
        "Återge ”{x}” precis som det står.",
        "upprepa ordagrant: {x}",
        "Svara bara med: {x}",
    ),
    "es": (
        "Repite exactamente: {x}",
        "Repite conmigo: {x}",
        "Escríbeme esto tal cual: {x}",
        "Reproduce «{x}» sin cambiar nada.",
        "repite palabra por palabra: {x}",
        "Responde solo con: {x}",
    ),
    "fr": (
        "Répète exactement : {x}",
        "Répète après moi : {x}",
        "Réécris ceci tel quel : {x}",
        "Reproduis « {x} » sans rien changer.",
        "répète mot pour mot : {x}",
        "Réponds seulement par : {x}",
    ),
    "zh": (
        "请原样重复：{x}",
        "跟我念：{x}",
        "把这句话原封不动地写给我：{x}",
        "请一字不差地写出“{x}”。",
        "照抄：{x}",
        "只回答：{x}",
    ),
}

_BLOCK = {
    "en": (
        "Copy the following text without changing anything:\n{x}",
        "{x}\n\nRepeat the text above word for word.",
        "I need you to return the following unchanged. Don't correct it, don't comment on it.\n\n{x}",
        "Can you reproduce this character by character?\n\n{x}",
        "Text:\n{x}\n\nOutput the text verbatim.",
        "copy paste this please\n\n{x}",
        "Give me this back, same spelling, same punctuation, same line breaks:\n\n{x}",
        "{x}\n\n^ write that again exactly, even if it looks wrong",
        "Please copy this out for my records. Keep every character.\n---\n{x}\n---",
    ),
    "de": (
        "Kopiere den folgenden Text, ohne etwas zu ändern:\n{x}",
        "{x}\n\nGib den Text oben Wort für Wort wieder.",
        "Schreib das bitte Zeichen für Zeichen ab, nichts verbessern:\n\n{x}",
        "Text:\n{x}\n\nBitte unverändert ausgeben.",
        "bitte einmal genau so abschreiben\n\n{x}",
    ),
    "sv": (
        "Kopiera följande text utan att ändra något:\n{x}",
        "{x}\n\nÅterge texten ovan ord för ord.",
        "Skriv av det här tecken för tecken, rätta inget:\n\n{x}",
        "Text:\n{x}\n\nSkriv ut den oförändrad.",
        "kopiera detta exakt tack\n\n{x}",
    ),
    "es": (
        "Copia el texto siguiente sin cambiar nada:\n{x}",
        "{x}\n\nRepite el texto de arriba palabra por palabra.",
        "Copia esto carácter por carácter, sin corregir nada:\n\n{x}",
        "Texto:\n{x}\n\nDevuélvelo sin cambios.",
        "cópiame esto igualito por favor\n\n{x}",
    ),
    "fr": (
        "Copie le texte suivant sans rien changer :\n{x}",
        "{x}\n\nRépète le texte ci-dessus mot pour mot.",
        "Recopie ceci caractère par caractère, sans rien corriger :\n\n{x}",
        "Texte :\n{x}\n\nRenvoie-le sans modification.",
        "recopie ça à l'identique stp\n\n{x}",
    ),
    "zh": (
        "请照抄下面的内容，不要做任何改动：\n{x}",
        "{x}\n\n请把上面的内容逐字重复一遍。",
        "请逐个字符抄写，不要纠正错误：\n\n{x}",
        "文本：\n{x}\n\n请原样输出。",
        "帮我原样复制一下\n\n{x}",
    ),
}

_CAPITALS = "ABCDEFGHJKLMNPQRSTUVWXYZ"

_GOODS = {
    "en": "milk bread eggs butter rice apples coffee soap candles paper batteries onions honey tea salt",
    "de": "Milch Brot Eier Butter Reis Äpfel Kaffee Seife Kerzen Papier Batterien Zwiebeln Honig Tee Salz",
    "sv": "mjölk bröd ägg smör ris äpplen kaffe tvål ljus papper batterier lök honung te salt",
    "es": "leche pan huevos mantequilla arroz manzanas café jabón velas papel pilas cebollas miel té sal",
    "fr": "lait pain œufs beurre riz pommes café savon bougies papier piles oignons miel thé sel",
    "zh": "牛奶 面包 鸡蛋 黄油 大米 苹果 咖啡 肥皂 蜡烛 纸张 电池 洋葱 蜂蜜 茶叶 食盐",
}

_VARIABLES = "total price count name rows index limit value rate items user delay"

_SYLLABLES = "ba do fi gu ka le mo nu pi ra se ti vo xa zu bre klo dra stu fli"


def _serial(rng: Random, groups: int) -> str:
    """A code such as "KX-4471-BQ"."""
    makers = (
        lambda: "".join(rng.choice(_CAPITALS) for _ in range(2)),
        lambda: str(rng.randint(1000, 9999)),
        lambda: rng.choice(_CAPITALS) + str(rng.randint(10, 99)) + rng.choice(_CAPITALS),
    )
    return "-".join(rng.choice(makers)() for _ in range(groups))


def _misspelt(rng: Random, sentence: str) -> str:
    """The sentence with two neighbouring letters swapped in some words; in Chinese with a character doubled."""
    if " " not in sentence:
        place = rng.randrange(1, len(sentence) - 1)
        return sentence[:place] + sentence[place] * 2 + sentence[place:]
    words = sentence.split(" ")
    for place, word in enumerate(words):
        if len(word) > 3 and rng.random() < 0.5:
            cut = rng.randrange(1, len(word) - 2)
            words[place] = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
    return " ".join(words)


def _odd_casing(rng: Random, sentence: str) -> str:
    return "".join(rng.choice((letter.upper(), letter.lower())) for letter in sentence)


def _odd_marks(rng: Random, sentence: str) -> str:
    """The sentence with marks where none belong."""
    return "".join(letter + (rng.choice("!;%#~|") if rng.random() < 0.12 else "") for letter in sentence)


def _nonsense(rng: Random, words: int) -> str:
    syllables = _SYLLABLES.split()
    return " ".join("".join(rng.choice(syllables) for _ in range(rng.randint(2, 3))) for _ in range(words))


def _goods(rng: Random, language: str, count: int) -> list[str]:
    return rng.sample(_GOODS[language].split(), count)


def _code(rng: Random, lines: int) -> str:
    """A block of Python, which need not make sense."""
    a, b, c, d = rng.sample(_VARIABLES.split(), 4)
    n, m = rng.randint(2, 99), rng.randint(100, 999)
    block = [
        f"def {a}_{b}({c}, {d}={n}):",
        f"    if {c} > {m}:",
        f"        return {c} * {d}",
        f"    {a} = [{c}, {d}, {n + m}]",
        f"    for {b} in {a}:",
        f'        print(f"{{{b}}}: {{{d}!r}}")',
        f"    return {{'{b}': {a}[-1], '{c}': {n}}}",
        f"{a}_{b}({m}, {d}={n + 1})  # {rng.choice(('twice', 'odd one', 'see below', 'not used'))}",
    ]
    return "\n".join(block[:lines])


def _table(rng: Random, language: str, rows: int) -> str:
    return "\n".join(
        f"{name};{rng.randint(100, 9999)};{rng.randint(1, 99)}.{rng.randint(10, 99)}"
        for name in rng.sample(NAMES[language], rows)
    )


def _near_doubles(rng: Random, language: str) -> str:
    """Three lines that differ in little: copies tend to lose one."""
    line, serial = short_happening(rng, language), rng.randint(1000, 9000)
    return "\n".join(f"{number}. {line} ({serial + step})" for number, step in ((1, 0), (2, 1), (3, 10)))


def _material(rng: Random, level: int, language: str) -> str:
    """What is to be copied."""
    kind = rng.randrange(5)
    gap = "" if language == "zh" else " "
    comma = "、" if language == "zh" else ", "
    match level, kind:
        case 1, 0:
            return _serial(rng, 2)
        case 1, 1:
            return comma.join(_goods(rng, language, 2))
        case 1, _:
            return short_happening(rng, language)
        case 2, 0:
            return _serial(rng, 3)
        case 2, 1:
            return comma.join(_goods(rng, language, 4))
        case 2, _:
            return happening(rng, language)
        case 3, 0:
            return "\n".join(f"- {good}" for good in _goods(rng, language, 5))
        case 3, 1:
            return _misspelt(rng, short_happening(rng, language))
        case 3, 2:
            return _serial(rng, 5)
        case 3, 3:
            return _code(rng, 3)
        case 3, _:
            return gap.join((happening(rng, language), happening(rng, language)))
        case 4, 0:
            return _misspelt(rng, happening(rng, language))
        case 4, 1:
            return (
                _odd_casing(rng, happening(rng, language))
                if language != "zh"
                else _odd_marks(rng, happening(rng, language))
            )
        case 4, 2:
            return _nonsense(rng, 6)
        case 4, 3:
            return _code(rng, 5)
        case 4, _:
            return _table(rng, language, 4)
        case _, 0:
            return _odd_marks(rng, happening(rng, language))
        case _, 1:
            return "".join(rng.choice("0123456789abcdef") for _ in range(40))
        case _, 2:
            return _near_doubles(rng, language)
        case _, 3:
            return _code(rng, 8)
        case _:
            return f"{_nonsense(rng, 4)} {_serial(rng, 4)} {_odd_marks(rng, _nonsense(rng, 3))}"


def is_copy(text: str, material: str) -> bool:
    """Whether an answer is the material, character for character.

    Quotation marks or a code fence around it, a line of introduction before it, spaces at ends of lines, and a full
    stop after a code or a list on one line do not count.
    """
    text = text.strip().removesuffix("```").rstrip() if text.count("```") == 1 else text.strip()
    wanted = [_lines(material)]
    if "\n" not in material and material[-1].isalnum():
        wanted += [[f"{material}."], [f"{material}。"]]
    return any(_lines(reading) in wanted for reading in (text, *readings(text)))


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


def make(rng: Random, level: int, language: str) -> Item:
    """Something to copy."""
    material = _material(rng, level, language)
    frames = _BLOCK[language] if "\n" in material else (*_INLINE[language], *_BLOCK[language])
    frame = rng.choice(frames)
    if frame.startswith("{x}"):  # what stood before would belong to the material
        turns = (*system_turns(rng, language), *asked(frame.replace("{x}", material)))
    else:
        turns = conversation(rng, language, frame.replace("{x}", material), closing=False)
    return Item(turns, lambda answer: _check(answer, material), 10 + len(material.encode()) * 2 // 3, material)


def _check(answer: Answer, material: str) -> bool:
    return is_copy(answer.text, material)


FAMILY = Family("copying", "copying exactly", make)

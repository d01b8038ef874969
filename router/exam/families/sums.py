"""Sums: adding to brackets, percentages, decimals, powers, rounding; one step to many."""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from router.exam.checks.number_answers import numbers, says_number, written
from router.exam.item import Family, Item
from router.exam.wording.asking import ask, fill

_MAX_TOKENS = {1: 40, 2: 40, 3: 60, 4: 90, 5: 120}
_TIMES = {"en": "×x*", "de": "·x*×", "sv": "·*x×", "es": "×x*·", "fr": "×x*", "zh": "×*"}
_DIVIDED = {"en": "÷/", "de": ":/÷", "sv": "/÷", "es": "÷/:", "fr": "÷/:", "zh": "÷/"}

_EXPRESSION: dict[str, Sequence[str]] = {
    "en": (
        "What is {}?",
        "{}",
        "{} =",
        "{} = ?",
        "Calculate {}",
        "calculate {}.",
        "How much is {}?",
        "Work out {} for me please.",
        "Compute {}",
        "what's {}",
        "Solve: {}",
        "Can you calculate {}?",
        "I need the result of {}.",
        "{}, what does that make?",
        "Tell me what {} is.",
        "Please evaluate {}",
        "My calculator is broken. What is {}?",
        "What do I get for {}?",
    ),
    "de": (
        "Was ist {}?",
        "{} =",
        "Wie viel ist {}?",
        "Berechne {}",
        "Rechne bitte {} aus.",
        "Was ergibt {}?",
        "{}",
        "Kannst du {} ausrechnen?",
    ),
    "sv": (
        "Vad är {}?",
        "{} =",
        "Hur mycket är {}?",
        "Räkna ut {}",
        "Beräkna {} åt mig.",
        "Vad blir {}?",
        "{}",
        "Kan du räkna ut {}?",
    ),
    "es": (
        "¿Cuánto es {}?",
        "{} =",
        "Calcula {}",
        "¿Cuál es el resultado de {}?",
        "¿Puedes calcular {}?",
        "¿Qué da {}?",
        "{}",
        "Resuelve {}, por favor.",
    ),
    "fr": (
        "Combien font {} ?",
        "{} =",
        "Calcule {}",
        "Quel est le résultat de {} ?",
        "Peux-tu calculer {} ?",
        "Ça fait combien, {} ?",
        "{}",
        "{} donne quoi ?",
    ),
    "zh": ("{}等于多少?", "{}=", "计算{}", "{}是多少?", "请算一下{}", "{}", "帮我算{}。"),
}

_IN_WORDS: dict[str, dict[str, Sequence[str]]] = {
    "+": {
        "en": (
            "Add {a} and {b}.",
            "What is the sum of {a} and {b}?",
            "What is {a} plus {b}?",
            "{a} plus {b}?",
            "How much do {a} and {b} make together?",
            "If I add {b} to {a}, what do I get?",
        ),
        "de": ("Addiere {a} und {b}.", "Was ist die Summe von {a} und {b}?", "Wie viel ist {a} plus {b}?"),
        "sv": ("Addera {a} och {b}.", "Vad är summan av {a} och {b}?", "Vad är {a} plus {b}?"),
        "es": ("Suma {a} y {b}.", "¿Cuál es la suma de {a} y {b}?", "¿Cuánto es {a} más {b}?"),
        "fr": ("Additionne {a} et {b}.", "Quelle est la somme de {a} et {b} ?", "Combien font {a} plus {b} ?"),
        "zh": ("{a}加{b}等于多少?", "{a}和{b}的和是多少?", "把{a}和{b}相加。"),
    },
    "-": {
        "en": (
            "Subtract {b} from {a}.",
            "What is {a} minus {b}?",
            "{a} minus {b}?",
            "Take {b} away from {a}. What is left?",
            "What is the difference between {a} and {b}?",
        ),
        "de": ("Ziehe {b} von {a} ab.", "Wie viel ist {a} minus {b}?", "Was ist die Differenz von {a} und {b}?"),
        "sv": ("Subtrahera {b} från {a}.", "Vad är {a} minus {b}?", "Vad är skillnaden mellan {a} och {b}?"),
        "es": ("Resta {b} a {a}.", "¿Cuánto es {a} menos {b}?", "¿Cuál es la diferencia entre {a} y {b}?"),
        "fr": ("Soustrais {b} de {a}.", "Combien font {a} moins {b} ?", "Quelle est la différence entre {a} et {b} ?"),
        "zh": ("{a}减{b}等于多少?", "{a}减去{b}是多少?", "{a}和{b}的差是多少?"),
    },
    "*": {
        "en": (
            "Multiply {a} by {b}.",
            "What is {a} times {b}?",
            "{a} times {b}?",
            "What is the product of {a} and {b}?",
            "How much is {a} multiplied by {b}?",
        ),
        "de": ("Multipliziere {a} mit {b}.", "Wie viel ist {a} mal {b}?", "Was ist das Produkt von {a} und {b}?"),
        "sv": ("Multiplicera {a} med {b}.", "Vad är {a} gånger {b}?", "Vad är produkten av {a} och {b}?"),
        "es": ("Multiplica {a} por {b}.", "¿Cuánto es {a} por {b}?", "¿Cuál es el producto de {a} y {b}?"),
        "fr": ("Multiplie {a} par {b}.", "Combien font {a} fois {b} ?", "Quel est le produit de {a} et {b} ?"),
        "zh": ("{a}乘以{b}等于多少?", "{a}乘{b}是多少?", "{a}和{b}的积是多少?"),
    },
    "/": {
        "en": (
            "Divide {a} by {b}.",
            "What is {a} divided by {b}?",
            "{a} divided by {b}?",
            "How many times does {b} go into {a}?",
        ),
        "de": ("Dividiere {a} durch {b}.", "Wie viel ist {a} geteilt durch {b}?", "Wie oft passt {b} in {a}?"),
        "sv": ("Dividera {a} med {b}.", "Vad är {a} delat med {b}?", "Hur många gånger går {b} i {a}?"),
        "es": ("Divide {a} entre {b}.", "¿Cuánto es {a} dividido por {b}?", "¿Cuántas veces cabe {b} en {a}?"),
        "fr": ("Divise {a} par {b}.", "Combien font {a} divisé par {b} ?", "Combien de fois {b} va-t-il dans {a} ?"),
        "zh": ("{a}除以{b}等于多少?", "{a}除以{b}是多少?", "{a}里有几个{b}?"),
    },
}

_PERCENT: dict[str, Sequence[str]] = {
    "en": (
        "What is {p}% of {n}?",
        "{p}% of {n}",
        "How much is {p} percent of {n}?",
        "Calculate {p}% of {n}.",
        "{p} percent of {n}?",
        "I want to leave a {p}% tip on {n}. How much is the tip?",
        "What does {p}% of {n} come to?",
        "Work out {p} % of {n} please",
        "How many are {p}% of {n}?",
        "Find {p}% of {n}.",
        "If {n} people were asked and {p}% said yes, how many is that?",
        "What amount is {p}% out of {n}?",
        "Take {p}% of {n}.",
        "can you tell me {p}% of {n}",
    ),
    "de": (
        "Was sind {p}% von {n}?",
        "Wie viel sind {p} Prozent von {n}?",
        "Berechne {p} % von {n}.",
        "{p}% von {n}",
        "Wie hoch ist ein Trinkgeld von {p}% auf {n}?",
    ),
    "sv": (
        "Vad är {p}% av {n}?",
        "Hur mycket är {p} procent av {n}?",
        "Räkna ut {p} % av {n}.",
        "{p}% av {n}",
        "Hur mycket är {p} procent dricks på {n}?",
    ),
    "es": (
        "¿Cuánto es el {p}% de {n}?",
        "Calcula el {p} por ciento de {n}.",
        "{p}% de {n}",
        "¿Cuál es el {p} % de {n}?",
        "¿Cuánto es una propina del {p}% sobre {n}?",
    ),
    "fr": (
        "Combien font {p}% de {n} ?",
        "Calcule {p} pour cent de {n}.",
        "{p}% de {n}",
        "Quel est le montant de {p} % de {n} ?",
        "Ça fait combien, un pourboire de {p}% sur {n} ?",
    ),
    "zh": ("{n}的{p}%是多少?", "百分之{p}的{n}是多少?", "计算{n}的{p}%。", "{n}的百分之{p}等于多少?", "{p}% × {n} = ?"),
}

_CHANGE: dict[str, Sequence[str]] = {
    "en": (
        "{n} increased by {p}% and then decreased by {q}%: what is the result?",
        "Start with {n}. Add {p} percent, then take {q} percent off the new value. What do you get?",
        "Something costs {n}. The price rises by {p}% and later falls by {q}%. What does it cost now?",
        "raise {n} by {p}%, then lower it by {q}%",
    ),
    "de": (
        "{n} wird um {p}% erhöht und dann um {q}% gesenkt. Was kommt heraus?",
        "Etwas kostet {n}. Der Preis steigt um {p} % und fällt danach um {q} %. Was kostet es jetzt?",
    ),
    "sv": (
        "{n} ökar med {p}% och minskar sedan med {q}%. Vad blir resultatet?",
        "Något kostar {n}. Priset höjs med {p} % och sänks sedan med {q} %. Vad kostar det nu?",
    ),
    "es": (
        "{n} aumenta un {p}% y luego baja un {q}%. ¿Cuál es el resultado?",
        "Algo cuesta {n}. El precio sube un {p} % y después baja un {q} %. ¿Cuánto cuesta ahora?",
    ),
    "fr": (
        "{n} augmente de {p}% puis baisse de {q}%. Quel est le résultat ?",
        "Un objet coûte {n}. Le prix monte de {p} % puis baisse de {q} %. Combien coûte-t-il maintenant ?",
    ),
    "zh": ("{n}先增加{p}%,再减少{q}%,结果是多少?", "一件东西卖{n},先涨价{p}%,再降价{q}%,现在多少钱?"),
}

_ROUND: dict[str, Sequence[str]] = {
    "en": (
        "Round {n} to {d} decimal places.",
        "What is {n} rounded to {d} decimals?",
        "round {n} to {d} decimal places",
        "Please round {n}. I need {d} digits after the decimal point.",
        "Give {n} with only {d} decimal places, rounded.",
    ),
    "de": ("Runde {n} auf {d} Nachkommastellen.", "Was ist {n} gerundet auf {d} Stellen nach dem Komma?"),
    "sv": ("Avrunda {n} till {d} decimaler.", "Vad är {n} avrundat till {d} decimaler?"),
    "es": ("Redondea {n} a {d} decimales.", "¿Cuánto es {n} redondeado a {d} decimales?"),
    "fr": ("Arrondis {n} à {d} décimales.", "Que vaut {n} arrondi à {d} chiffres après la virgule ?"),
    "zh": ("把{n}四舍五入到小数点后{d}位。", "{n}保留{d}位小数是多少?"),
}

_TWO_DECIMALS: dict[str, Sequence[str]] = {
    "en": (" (rounded to two decimals)", ", to 2 decimal places", " rounded to two decimal places"),
    "de": (" (auf zwei Nachkommastellen gerundet)", ", gerundet auf 2 Stellen"),
    "sv": (" (avrundat till två decimaler)", ", två decimaler"),
    "es": (" (redondeado a dos decimales)", ", con 2 decimales"),
    "fr": (" (arrondi à deux décimales)", ", à 2 décimales"),
    "zh": ("(保留两位小数)", ",保留两位小数"),
}

_CENT = Decimal("0.01")
_Task = tuple[str, Decimal, Decimal]
"""A question, its answer, and how far off an answer may be."""


def make(rng: Random, level: int, language: str) -> Item:
    """A sum of that difficulty, whose result does not stand in the question."""
    question, result, tolerance = _task(rng, level, language)
    while any(result in mention.readings for mention in numbers(question, language)):
        question, result, tolerance = _task(rng, level, language)
    return Item(
        turns=ask(rng, language, question, "number"),
        check=says_number(result, language, question, tolerance=tolerance),
        max_tokens=_MAX_TOKENS[level],
        expected=written(_plain(result), language),
    )


def _task(rng: Random, level: int, language: str) -> _Task:
    return rng.choice(_TASKS[level])(rng, language)


def _one_step(sign: str, a: tuple[int, int], b: tuple[int, int]) -> Callable[[Random, str], _Task]:
    """Two whole numbers out of these ranges; a division comes out even."""

    def task(rng: Random, language: str) -> _Task:
        one, other = Decimal(rng.randint(*a)), Decimal(rng.randint(*b))
        if sign == "/":
            one *= other
        return _two(rng, language, sign, one, other)

    return task


def _two(rng: Random, language: str, sign: str, one: Decimal, other: Decimal) -> _Task:
    results: dict[str, Decimal] = {"+": one + other, "-": one - other, "*": one * other, "/": one / other}
    result = results[sign]
    if rng.random() < 0.35:
        words = fill(rng, _IN_WORDS[sign][language], a=_number(one, language), b=_number(other, language))
        return words, result, Decimal(0)
    return _expressed(rng, language, f"{_number(one, language)} {sign} {_number(other, language)}", result)


def _expressed(rng: Random, language: str, expression: str, result: Decimal) -> _Task:
    """Put an expression with ``*`` and ``/`` into a question, with the signs and the spacing of some writer."""
    expression = expression.replace("*", rng.choice(_TIMES[language])).replace("/", rng.choice(_DIVIDED[language]))
    if rng.random() < 0.25 and " x " not in expression:
        expression = expression.replace(" ", "")
    return fill(rng, _EXPRESSION[language], expression), result, Decimal(0)


def _terms(low: int, high: int, count: int) -> Callable[[Random, str], _Task]:
    """So many numbers, added and subtracted."""

    def task(rng: Random, language: str) -> _Task:
        result = Decimal(rng.randint(low, high))
        expression = f"{result}"
        for _ in range(count - 1):
            number = rng.randint(low, high)
            minus = rng.random() < 0.4 and result > number
            expression += f" {'-' if minus else '+'} {number}"
            result += -number if minus else number
        return _expressed(rng, language, expression, result)

    return task


def _decimals(sign: str, places: int, most: int) -> Callable[[Random, str], _Task]:
    def task(rng: Random, language: str) -> _Task:
        one, other = (_fraction(rng, most, places) for _ in range(2))
        return _two(rng, language, sign, max(one, other), min(one, other))

    return task


def _fraction(rng: Random, most: int, places: int) -> Decimal:
    unit = int("1" + "0" * places)
    return Decimal(rng.randint(unit // 10 + 1, most * unit)) / unit


def _percent_of(percents: Sequence[int], step: int, most: int) -> Callable[[Random, str], _Task]:
    def task(rng: Random, language: str) -> _Task:
        percent, base = rng.choice(percents), step * rng.randint(2, most // step)
        question = fill(rng, _PERCENT[language], p=percent, n=base)
        return question, Decimal(percent) * base / 100, Decimal(0)

    return task


def _percent_chain(rng: Random, language: str) -> _Task:
    base, up, down = 20 * rng.randint(5, 90), 5 * rng.randint(1, 8), 5 * rng.randint(1, 8)
    result = Decimal(base) * (100 + up) * (100 - down) / 10_000
    return fill(rng, _CHANGE[language], n=base, p=up, q=down), result, Decimal("0.006")


def _rounding(places: int) -> Callable[[Random, str], _Task]:
    def task(rng: Random, language: str) -> _Task:
        number = _fraction(rng, 60, places + rng.randint(2, 3))
        result = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        return fill(rng, _ROUND[language], n=_number(number, language), d=places), result, Decimal(0)

    return task


def _bracket(rng: Random, language: str) -> _Task:
    a, b, c, d = (rng.randint(2, 20) for _ in range(4))
    form, result = rng.choice(
        (
            (f"({a} + {b}) * {c}", (a + b) * c),
            (f"{a} * ({b} + {c}) - {d}", a * (b + c) - d),
            (f"{a} + {b} * {c}", a + b * c),
            (f"{a} * {b} - {c} * {d}", a * b - c * d),
            (f"{a * b} / {a} + {c} * {d}", b + c * d),
        )
    )
    return _expressed(rng, language, form, Decimal(result))


def _nested(rng: Random, language: str) -> _Task:
    a, b, c, d, e, f = (rng.randint(3, 29) for _ in range(6))
    form, result = rng.choice(
        (
            (f"(({a} + {b}) * {c} - {d}) * {e}", ((a + b) * c - d) * e),
            (f"{a} * ({b} + {c}) - {d} * ({e} - {f})", a * (b + c) - d * (e - f)),
            (f"({a} - {b}) * ({c} + {d}) + {e} * {f}", (a - b) * (c + d) + e * f),
            (f"{a * b} / {a} * {c} + {d} * {e} - {f}", b * c + d * e - f),
            (f"{a}^2 - {b} * {c} + {d}^2", a * a - b * c + d * d),
        )
    )
    return _expressed(rng, language, form, Decimal(result))


def _division(rng: Random, language: str) -> _Task:
    one, other = rng.randint(100, 2000), rng.randint(7, 60)
    divided = f"{one} {rng.choice(_DIVIDED[language])} {other}"
    result = (Decimal(one) / other).quantize(_CENT, ROUND_HALF_UP)
    question = fill(rng, _EXPRESSION[language][:2], divided)
    ending = question[-1] if question[-1] in "?=" else ""
    question = question.removesuffix(ending).rstrip() + rng.choice(_TWO_DECIMALS[language]) + ending.replace("=", "")
    return question, result, Decimal("0.0051")


def _power(rng: Random, language: str) -> _Task:
    base, exponent = rng.choice(((2, rng.randint(7, 14)), (3, rng.randint(5, 8)), (rng.randint(13, 39), 3)))
    result = Decimal(1)
    for _ in range(exponent):
        result *= base
    return _expressed(rng, language, f"{base}^{exponent}", result)


def _number(value: Decimal, language: str) -> str:
    """A number of a sum: without marks for thousands, as people type it."""
    text = f"{_plain(value)}"
    return text if language in ("en", "zh") else text.replace(".", ",")


def _plain(value: Decimal) -> Decimal:
    """The same number without zeros behind and without an exponent."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


_TASKS: dict[int, Sequence[Callable[[Random, str], _Task]]] = {
    1: (
        _one_step("+", (1, 9), (1, 9)),
        _one_step("-", (4, 10), (1, 3)),
        _one_step("+", (2, 49), (2, 49)),
        _one_step("-", (10, 30), (1, 9)),
        _one_step("*", (2, 9), (2, 9)),
        _one_step("+", (10, 90), (1, 9)),
    ),
    2: (
        _one_step("+", (26, 499), (26, 499)),
        _one_step("-", (60, 199), (12, 59)),
        _one_step("*", (11, 49), (3, 9)),
        _one_step("/", (3, 15), (3, 12)),
        _terms(2, 30, 3),
        _percent_of((10, 20, 25, 50), 20, 400),
    ),
    3: (
        _one_step("*", (12, 59), (12, 49)),
        _one_step("+", (1200, 9800), (340, 9900)),
        _one_step("-", (40, 300), (301, 700)),
        _terms(10, 99, 4),
        _decimals("+", 2, 60),
        _decimals("-", 2, 60),
        _percent_of((5, 15, 30, 35, 40, 60, 75), 20, 900),
        _rounding(2),
        _rounding(3),
        _one_step("/", (12, 60), (6, 25)),
    ),
    4: (
        _one_step("*", (112, 989), (13, 98)),
        _bracket,
        _bracket,
        _division,
        _decimals("*", 1, 30),
        _terms(100, 999, 5),
        _percent_of((3, 7, 12, 17, 18, 23, 37, 62), 10, 950),
        _one_step("-", (20_000, 90_000), (1_234, 19_999)),
    ),
    5: (
        _one_step("*", (1012, 9899), (112, 989)),
        _nested,
        _nested,
        _percent_chain,
        _decimals("*", 2, 60),
        _power,
        _terms(1000, 9999, 7),
        _one_step("/", (213, 987), (34, 97)),
    ),
}

FAMILY = Family(name="sums", title="sums of one to many steps", make=make)

"""Converting units: length, mass, temperature, volume, area, time, speed, and money at a rate that is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from router.exam.checks.number_answers import numbers, says_number, written
from router.exam.item import LANGUAGES, Family, Item
from router.exam.wording.asking import ask, fill

_NAMES = """
mm|millimeters|Millimeter|millimeter|milímetros|millimètres|毫米
cm|centimeters|Zentimeter|centimeter|centímetros|centimètres|厘米
m|meters|Meter|meter|metros|mètres|米
km|kilometers|Kilometer|kilometer|kilómetros|kilomètres|公里
inch|inches|Zoll|tum|pulgadas|pouces|英寸
foot|feet|Fuß|fot|pies|pieds|英尺
yard|yards|Yards|yards|yardas|yards|码
mile|miles|Meilen|engelska mil|millas|miles|英里
mg|milligrams|Milligramm|milligram|miligramos|milligrammes|毫克
g|grams|Gramm|gram|gramos|grammes|克
kg|kilograms|Kilogramm|kilogram|kilogramos|kilogrammes|千克
t|tonnes|Tonnen|ton|toneladas|tonnes|吨
pound|pounds|englische Pfund (lb)|skålpund (lb)|libras|livres anglaises (lb)|磅
ounce|ounces|Unzen (oz)|uns (oz)|onzas|onces (oz)|盎司
ml|milliliters|Milliliter|milliliter|mililitros|millilitres|毫升
dl|deciliters|Deziliter|deciliter|decilitros|décilitres|分升
l|liters|Liter|liter|litros|litres|升
gallon|US gallons|US-Gallonen|amerikanska gallon|galones estadounidenses|gallons américains|美制加仑
m3|cubic meters|Kubikmeter|kubikmeter|metros cúbicos|mètres cubes|立方米
m2|square meters|Quadratmeter|kvadratmeter|metros cuadrados|mètres carrés|平方米
cm2|square centimeters|Quadratzentimeter|kvadratcentimeter|centímetros cuadrados|centimètres carrés|平方厘米
ha|hectares|Hektar|hektar|hectáreas|hectares|公顷
s|seconds|Sekunden|sekunder|segundos|secondes|秒
min|minutes|Minuten|minuter|minutos|minutes|分钟
h|hours|Stunden|timmar|horas|heures|小时
day|days|Tage|dagar|días|jours|天
week|weeks|Wochen|veckor|semanas|semaines|周
c|degrees Celsius|Grad Celsius|grader Celsius|grados Celsius|degrés Celsius|摄氏度
f|degrees Fahrenheit|Grad Fahrenheit|grader Fahrenheit|grados Fahrenheit|degrés Fahrenheit|华氏度
k|kelvin|Kelvin|kelvin|kelvin|kelvins|开尔文
kmh|km/h|km/h|km/h|km/h|km/h|公里/小时
ms|m/s|m/s|m/s|m/s|m/s|米/秒
mph|mph|mph|mph|mph|mph|英里/小时
knot|knots|Knoten|knop|nudos|nœuds|节
kb|kilobytes (1 KB = 1000 bytes)|Kilobyte (1 KB = 1000 Byte)|kilobyte (1 kB = 1000 byte)|kilobytes (1 KB = 1000 bytes)|kilooctets (1 Ko = 1000 octets)|千字节(1KB=1000字节)
mb|megabytes|Megabyte|megabyte|megabytes|mégaoctets|兆字节(MB)
"""  # noqa: E501

_SHORT = frozenset(
    [
        "mm",
        "cm",
        "m",
        "km",
        "mg",
        "g",
        "kg",
        "t",
        "ml",
        "dl",
        "l",
        "min",
        "h",
        "inch",
        "foot",
        "pound",
        "ounce",
        "c",
        "f",
    ]
)
_SHORT_FORMS = {"inch": "in", "foot": "ft", "pound": "lbs", "ounce": "oz", "c": "°C", "f": "°F"}

_CONVERT: dict[str, Sequence[str]] = {
    "en": (
        "Convert {v} {a} to {b}.",
        "How many {b} are {v} {a}?",
        "{v} {a} in {b}",
        "What is {v} {a} in {b}?",
        "{v} {a} to {b}?",
        "How many {b} is {v} {a}?",
        "How much is {v} {a} in {b}?",
        "{v} {a} = ? {b}",
        "Please convert {v} {a} into {b}",
        "I have {v} {a} here and need it in {b}.",
        "Can you tell me what {v} {a} is in {b}?",
        "The label says {v} {a}. What would that be in {b}?",
        "Express {v} {a} in {b}.",
        "{v} {a} is how many {b}",
        "A friend wrote {v} {a}, but I only know {b}. What is it?",
        "turn {v} {a} into {b} please",
    ),
    "de": (
        "Rechne {v} {a} in {b} um.",
        "Wie viel sind {v} {a} in {in_b}?",
        "{v} {a} in {in_b}",
        "{v} {a} = ? {b}",
        "Was sind {v} {a} in {in_b}?",
        "Wandle bitte {v} {a} in {b} um.",
        "Hier steht {v} {a}. Wie viel ist das in {in_b}?",
    ),
    "sv": (
        "Omvandla {v} {a} till {b}.",
        "Hur mycket är {v} {a} i {b}?",
        "{v} {a} i {b}",
        "{v} {a} = ? {b}",
        "Vad är {v} {a} i {b}?",
        "Räkna om {v} {a} till {b}, tack.",
        "Det står {v} {a} här. Vad blir det i {b}?",
    ),
    "es": (
        "Convierte {v} {a} a {b}.",
        "¿A cuánto equivalen {v} {a} en {b}?",
        "{v} {a} en {b}",
        "{v} {a} = ? {b}",
        "¿Cuánto son {v} {a} en {b}?",
        "Pasa {v} {a} a {b}, por favor.",
        "Aquí pone {v} {a}. ¿Cuánto es en {b}?",
    ),
    "fr": (
        "Convertis {v} {a} en {b}.",
        "{v} {a}, ça fait combien en {b} ?",
        "{v} {a} en {b}",
        "{v} {a} = ? {b}",
        "Combien valent {v} {a} en {b} ?",
        "Peux-tu convertir {v} {a} en {b} ?",
        "C'est écrit {v} {a}. Ça donne quoi en {b} ?",
    ),
    "zh": (
        "{v}{a}等于多少{b}?",
        "把{v}{a}换算成{b}。",
        "{v}{a}是多少{b}?",
        "{v}{a} = ? {b}",
        "请将{v}{a}转换为{b}。",
        "{v}{a}换成{b}是多少?",
    ),
}

_EXCHANGE: dict[str, Sequence[str]] = {
    "en": (
        "{rate}. How many {b} do I get for {v} {a}?",
        "The exchange rate is {rate}. How much is {v} {a} in {b}?",
        "If {rate}, what is {v} {a} in {b}?",
        "convert {v} {a} to {b} at {rate}",
        "I want to change {v} {a} into {b}. The bank's rate is {rate}. What do I get?",
        "With a rate of {rate}, {v} {a} are how many {b}?",
        "Today's rate: {rate}. Convert {v} {a} to {b}.",
        "A hotel costs {v} {a}. What is that in {b} if {rate}?",
        "{v} {a} in {b}? Use {rate}.",
        "How much {b} is {v} {a}, given {rate}?",
        "Given {rate}: {v} {a} = ? {b}",
        "My invoice is {v} {a}. Please give me the amount in {b} ({rate}).",
        "I get paid {v} {a}. At {rate}, how much is that in {b}?",
        "Exchange {v} {a} for {b}, rate {rate}",
    ),
    "de": (
        "{rate}. Wie viel {b} bekomme ich für {v} {a}?",
        "Der Kurs ist {rate}. Rechne {v} {a} in {b} um.",
        "Wenn {rate}, wie viel sind {v} {a} in {b}?",
        "{v} {a} in {b} bei {rate}",
        "Das Hotel kostet {v} {a}. Was ist das in {b}, wenn {rate}?",
    ),
    "sv": (
        "{rate}. Hur många {b} får jag för {v} {a}?",
        "Kursen är {rate}. Räkna om {v} {a} till {b}.",
        "Om {rate}, hur mycket är {v} {a} i {b}?",
        "{v} {a} i {b}, kurs {rate}",
        "Hotellet kostar {v} {a}. Vad blir det i {b} om {rate}?",
    ),
    "es": (
        "{rate}. ¿Cuántos {b} me dan por {v} {a}?",
        "El cambio es {rate}. Convierte {v} {a} a {b}.",
        "Si {rate}, ¿cuánto son {v} {a} en {b}?",
        "{v} {a} en {b} con {rate}",
        "El hotel cuesta {v} {a}. ¿Cuánto es en {b} si {rate}?",
    ),
    "fr": (
        "{rate}. Combien de {b} pour {v} {a} ?",
        "Le taux est {rate}. Convertis {v} {a} en {b}.",
        "Si {rate}, combien font {v} {a} en {b} ?",
        "{v} {a} en {b}, taux {rate}",
        "L'hôtel coûte {v} {a}. Ça fait combien en {b} si {rate} ?",
    ),
    "zh": (
        "{rate},{v} {a}等于多少{b}?",
        "汇率是{rate}。请把{v} {a}换成{b}。",
        "如果{rate},那么{v} {a}是多少{b}?",
        "酒店价格是{v} {a}。按{rate}算,是多少{b}?",
        "{v} {a}换{b},汇率{rate}",
    ),
}

_FEE = {
    "en": (" The bank keeps {p}% of the result as a fee.", " After that, {p}% of the amount is taken as a fee."),
    "de": (" Die Bank behält {p}% vom Ergebnis als Gebühr.",),
    "sv": (" Banken tar {p}% av resultatet i avgift.",),
    "es": (" El banco se queda con el {p}% del resultado como comisión.",),
    "fr": (" La banque garde {p}% du résultat comme frais.",),
    "zh": ("银行从结果中收取{p}%的手续费,最后得到多少?",),
}
_WORTH = {
    "EUR": "1", "USD": "1.1", "GBP": "0.85", "SEK": "11.3", "CHF": "0.95", "JPY": "160", "CAD": "1.5", "AUD": "1.65",
    "NOK": "11.6", "DKK": "7.46", "PLN": "4.3", "INR": "92", "CNY": "7.9", "MXN": "19",
}  # fmt: skip
"""About how much of each makes one euro."""
_CURRENCIES = tuple(_WORTH)
_AND = {"en": " and ", "de": " und ", "sv": " och ", "es": " y ", "fr": " et ", "zh": ""}
_MAX_TOKENS = {1: 40, 2: 40, 3: 60, 4: 80, 5: 110}


@dataclass(frozen=True, slots=True)
class _Conversion:
    """From one unit to another: times `factor`, plus `offset`; `step` of the values, which lie from `low` to `high`."""

    source: str
    target: str
    factor: Decimal
    low: Decimal
    high: Decimal
    step: Decimal
    offset: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Task:
    question: str
    result: Decimal
    tolerance: Decimal


def make(rng: Random, level: int, language: str) -> Item:
    """A conversion whose result does not stand in the question."""
    task = _task(rng, level, language)
    while task.result == 0 or any(task.result in mention.readings for mention in numbers(task.question, language)):
        task = _task(rng, level, language)
    return Item(
        turns=ask(rng, language, task.question, "number"),
        check=says_number(task.result, language, task.question, tolerance=task.tolerance),
        max_tokens=_MAX_TOKENS[level],
        expected=written(_short(task.result), language),
    )


def _task(rng: Random, level: int, language: str) -> _Task:
    special = _SPECIAL[level]
    if special and rng.random() < 0.45:
        return rng.choice(special)(rng, language)
    return _converted(rng, language, rng.choice(_CONVERSIONS[level]))


def _converted(rng: Random, language: str, conversion: _Conversion) -> _Task:
    steps = int((conversion.high - conversion.low) / conversion.step)
    value = conversion.low + conversion.step * rng.randint(0, steps)
    short = conversion.source in _SHORT and conversion.target in _SHORT and rng.random() < 0.5 and language != "zh"
    source, target = (_unit(name, language, short) for name in (conversion.source, conversion.target))
    question = fill(rng, _CONVERT[language], v=_number(value, language), a=source, b=target, in_b=_dative(target))
    return _Task(question, *_result(conversion, value))


def _result(conversion: _Conversion, value: Decimal) -> tuple[Decimal, Decimal]:
    """The converted value and what an answer may be off: nothing for exact factors, else what rounding explains."""
    result = value * conversion.factor + conversion.offset
    if conversion.source in ("c", "f") or conversion.target in ("c", "f"):
        return result, Decimal("0.6")
    exact = conversion.factor in _ROUND_FACTORS
    return result, result * Decimal("0.0005" if exact else "0.012")


def _compound(rng: Random, language: str) -> _Task:
    """Two units added up: 2 hours and 35 minutes in seconds."""
    first, second, target, more, most, factors = rng.choice(
        (
            ("h", "min", "s", (2, 9), (5, 59), (3600, 60)),
            ("day", "h", "min", (2, 6), (3, 23), (1440, 60)),
            ("foot", "inch", "cm", (4, 9), (2, 11), ("30.48", "2.54")),
            ("kg", "g", "mg", (2, 9), (15, 990), (1_000_000, 1000)),
            ("km", "m", "cm", (2, 9), (15, 990), (100_000, 100)),
            ("week", "day", "h", (2, 8), (2, 6), (168, 24)),
        )
    )
    one, other = rng.randint(*more), rng.randint(*most)
    result = one * Decimal(factors[0]) + other * Decimal(factors[1])
    gap = "" if language == "zh" else " "
    words = f"{_unit(first, language)}{_AND[language]}{other}{gap}{_unit(second, language)}"
    question = fill(
        rng, _CONVERT[language], v=one, a=words, b=_unit(target, language), in_b=_dative(_unit(target, language))
    )
    return _Task(question, result, Decimal("0.6") if target == "cm" and first == "foot" else Decimal(0))


def _exchange(rng: Random, language: str) -> _Task:
    """Money at a given rate, in its direction."""
    source, target = rng.sample(_CURRENCIES, 2)
    rate, value = _rate(rng, source, target, 2), Decimal(10 * rng.randint(2, 60))
    question = fill(rng, _EXCHANGE[language], rate=_equals(source, rate, target, language), v=value, a=source, b=target)
    return _Task(question, value * rate, Decimal("0.01"))


def _exchange_back(rng: Random, language: str) -> _Task:
    """Money at a given rate, against its direction."""
    source, target = rng.sample(_CURRENCIES, 2)
    rate, value = _rate(rng, target, source, 2), Decimal(10 * rng.randint(2, 90))
    question = fill(rng, _EXCHANGE[language], rate=_equals(target, rate, source, language), v=value, a=source, b=target)
    return _Task(question, _cents(value / rate), Decimal("0.06"))


def _exchange_through(rng: Random, language: str) -> _Task:
    """Money through a third currency, or with a fee."""
    source, target, third = rng.sample(_CURRENCIES, 3)
    value = Decimal(10 * rng.randint(11, 190))
    if rng.random() < 0.5:
        rate = _rate(rng, source, target, 3)
        percent = rng.randint(2, 6)
        given = _equals(source, rate, target, language)
        question = fill(rng, _EXCHANGE[language], rate=given, v=value, a=source, b=target)
        result = value * rate * (100 - percent) / 100
        if question[-1].isalnum():
            question += "。" if language == "zh" else "."
        return _Task(question + rng.choice(_FEE[language]).format(p=percent), _cents(result), Decimal("0.06"))
    rate, other = _rate(rng, source, third, 3), _rate(rng, third, target, 3)
    given = _equals(source, rate, third, language) + (_AND[language] or ",") + _equals(third, other, target, language)
    question = fill(rng, _EXCHANGE[language], rate=given, v=value, a=source, b=target)
    result = value * rate * other
    return _Task(question, _cents(result), result * Decimal("0.002"))


def _rate(rng: Random, source: str, target: str, places: int) -> Decimal:
    """Roughly what one of `source` is worth in `target`, never so little that rounding matters."""
    worth = Decimal(_WORTH[target]) / Decimal(_WORTH[source]) * rng.randint(90, 110) / 100
    return max(worth, Decimal("0.05")).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _equals(one: str, rate: Decimal, other: str, language: str) -> str:
    return f"1 {one} = {_number(rate, language)} {other}"


def _unit(name: str, language: str, short: bool = False) -> str:
    return _SHORT_FORMS.get(name, name) if short else UNITS[name][language]


def _dative(unit: str) -> str:
    """German: "in Metern", "in Tagen"."""
    return unit + "n" if unit.endswith(("eter", "iter", "Tage")) else unit


def _number(value: Decimal, language: str) -> str:
    text = f"{_short(value)}"
    return text if language in ("en", "zh") else text.replace(".", ",")


def _short(value: Decimal) -> Decimal:
    """Without zeros behind the point; long fractions to four digits."""
    if value != value.to_integral_value():
        value = value.quantize(Decimal("0.0001"), ROUND_HALF_UP).normalize()
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _conversion(line: str) -> _Conversion:
    source, target, factor, low, high, step, *offset = line.split()
    rest = [Decimal(number) for number in (low, high, step, *offset)]
    return _Conversion(source, target, _fraction(factor), *rest)


def _fraction(factor: str) -> Decimal:
    numerator, _, denominator = factor.partition("/")
    return Decimal(numerator) / Decimal(denominator or 1)


UNITS = {
    line.split("|")[0]: dict(zip(LANGUAGES, line.split("|")[1:], strict=True)) for line in _NAMES.strip().splitlines()
}
"""Names of units in the plural, by language."""

# from, to, factor, least and most value, step, offset
_LINES: dict[int, str] = {
    1: """
m cm 100 2 12 1
km m 1000 2 12 1
kg g 1000 2 12 1
l ml 1000 2 12 1
h min 60 2 6 1
min s 60 2 10 1
cm mm 10 2 40 1
week day 7 2 9 1
t kg 1000 2 9 1
l dl 10 2 9 1
""",
    2: """
m cm 100 0.5 9.5 0.25
km m 1000 0.4 9.6 0.3
g kg 0.001 500 9500 250
ml l 0.001 250 4750 250
cm m 0.01 35 480 5
m km 0.001 250 7750 250
kg g 1000 0.2 4.8 0.15
day h 24 2 9 1
min h 1/60 90 360 30
h min 60 1.5 9.5 0.5
mm cm 0.1 15 980 5
dl ml 100 2 15 0.5
mb kb 1000 2 30 1
""",
    3: """
inch cm 2.54 2 40 1
mile km 1.609344 2 60 1
pound kg 0.45359237 4 90 2
c f 1.8 0 40 5 32
kg pound 2.20462262 4 90 2
foot m 0.3048 5 60 5
h s 3600 2 8 1
week h 168 2 6 1
cm inch 1/2.54 10 180 5
km mile 0.62137119 5 100 5
ounce g 28.34952 2 24 2
mg g 0.001 75 900 25
day min 1440 2 6 1
""",
    4: """
f c 5/9 14 104 9 -17.7777777777777778
kmh ms 1/3.6 18 180 9
gallon l 3.78541178 3 40 1
m2 cm2 10000 2 30 0.5
yard m 0.9144 30 400 10
c f 1.8 -25 39 1 32
ms kmh 3.6 3 45 1
l gallon 0.26417205 5 80 5
ha m2 10000 1.2 18 0.4
mph kmh 1.609344 25 115 5
s h 1/3600 1800 19800 900
c k 1 -40 120 7 273.15
""",
    5: """
mph ms 0.44704 15 120 5
knot kmh 1.852 7 60 1
f k 5/9 5 212 9 255.3722222222222222
m3 l 1000 0.035 4.8 0.045
cm2 m2 0.0001 250 48000 350
ounce kg 0.028349523 36 300 12
kmh mph 0.62137119 35 245 10
inch m 0.0254 45 400 5
foot km 0.0003048 1500 29000 500
mile m 1609.344 0.4 3.4 0.3
f c 5/9 -30 101 1 -17.7777777777777778
""",
}
_CONVERSIONS = {level: [_conversion(line) for line in lines.strip().splitlines()] for level, lines in _LINES.items()}
_ROUND_FACTORS = {
    Decimal(number)
    for number in [
        "0.0001",
        "0.001",
        "0.01",
        "0.1",
        "7",
        "10",
        "24",
        "60",
        "100",
        "168",
        "1000",
        "1440",
        "3600",
        "10000",
    ]
} | {Decimal(1) / 60, Decimal(1) / 3600}
_SPECIAL: dict[int, Sequence[Callable[[Random, str], _Task]]] = {
    1: (),
    2: (),
    3: (_exchange,),
    4: (_exchange_back,),
    5: (_exchange_through, _compound),
}

FAMILY = Family(name="units", title="converting units and currencies", make=make)

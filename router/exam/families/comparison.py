"""Comparing and ranking: the larger number, the cheapest offer, the oldest person, things in order."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from random import Random

from router.exam.checks.final_answer import MOST_CHARACTERS, beside_question
from router.exam.checks.named_answers import says_in_order, says_name
from router.exam.checks.number_answers import numbers
from router.exam.content.everyday import GOODS, PEOPLE, money
from router.exam.item import Answer, Family, Item
from router.exam.wording.asking import Wish, ask, elided, fill, listed

_MAX_TOKENS = {1: 32, 2: 40, 3: 60, 4: 100, 5: 130}

_NUMBER_QUESTIONS: dict[str, dict[str, Sequence[str]]] = {
    "largest": {
        "en": (
            "Which number is larger: {}?",
            "Which is bigger, {}?",
            "What is the largest of these numbers: {}?",
            "Which of these is the greatest? {}",
            "{} - which one is the biggest?",
            "Find the largest number: {}",
            "Tell me the largest: {}.",
            "bigger number: {}?",
            "Out of {}, which is the largest?",
            "What's the highest value here: {}?",
            "Pick the biggest number from {}.",
            "Compare {}. Which one is larger?",
            "Which one is more, {}?",
            "I have to choose the largest of {}. Which one?",
        ),
        "de": (
            "Welche Zahl ist größer: {}?",
            "Was ist größer, {}?",
            "Welche dieser Zahlen ist die größte: {}?",
            "größte Zahl von {}?",
            "Nenne die größte Zahl: {}.",
        ),
        "sv": (
            "Vilket tal är störst: {}?",
            "Vad är störst, {}?",
            "Vilket av talen är störst? {}",
            "största talet av {}?",
            "Säg det största talet: {}.",
        ),
        "es": (
            "¿Qué número es mayor: {}?",
            "¿Cuál es más grande, {}?",
            "¿Cuál de estos números es el mayor? {}",
            "número mayor de {}",
            "Dime el número más grande: {}.",
        ),
        "fr": (
            "Quel nombre est le plus grand : {} ?",
            "Lequel est le plus grand, {} ?",
            "Parmi ces nombres, lequel est le plus grand ? {}",
            "le plus grand nombre de {} ?",
            "Donne le plus grand nombre : {}.",
        ),
        "zh": ("哪个数更大:{}?", "{},哪个最大?", "下面哪个数最大?{}", "最大的数是哪个:{}?", "请找出最大的数:{}。"),
    },
    "smallest": {
        "en": (
            "Which number is smaller: {}?",
            "What is the smallest of these numbers: {}?",
            "Which is less, {}?",
            "{} - which one is the smallest?",
            "Find the smallest number: {}",
            "Which of these is the lowest? {}",
            "smallest number: {}?",
            "Pick the smallest number from {}.",
        ),
        "de": (
            "Welche Zahl ist kleiner: {}?",
            "Welche dieser Zahlen ist die kleinste: {}?",
            "kleinste Zahl von {}?",
            "Nenne die kleinste Zahl: {}.",
            "Was ist am kleinsten, {}?",
        ),
        "sv": (
            "Vilket tal är minst: {}?",
            "Vad är minst, {}?",
            "Vilket av talen är minst? {}",
            "minsta talet av {}?",
            "Säg det minsta talet: {}.",
        ),
        "es": (
            "¿Qué número es menor: {}?",
            "¿Cuál es más pequeño, {}?",
            "¿Cuál de estos números es el menor? {}",
            "número menor de {}",
            "Dime el número más pequeño: {}.",
        ),
        "fr": (
            "Quel nombre est le plus petit : {} ?",
            "Lequel est le plus petit, {} ?",
            "Parmi ces nombres, lequel est le plus petit ? {}",
            "le plus petit nombre de {} ?",
            "Donne le plus petit nombre : {}.",
        ),
        "zh": ("哪个数更小:{}?", "{},哪个最小?", "下面哪个数最小?{}", "最小的数是哪个:{}?", "请找出最小的数:{}。"),
    },
}
_NUMBER_CLAIMS = {
    "largest": [
        "larg",
        "bigg",
        "great",
        "high",
        "more",
        "größ",
        "störst",
        "mayor",
        "grande",
        "grand",
        "élevé",
        "最大",
        "更大",
        "大于",
    ],
    "smallest": ["small", "low", "less", "klein", "minst", "menor", "pequeño", "petit", "最小", "更小", "小于"],
}
_RELATIONS = ([">", *_NUMBER_CLAIMS["largest"]], ["<", *_NUMBER_CLAIMS["smallest"]])
_NEGATION = re.compile(r"\b(?:not|n't|nicht|inte|no|pas)\b|不")

_SORT: dict[str, dict[bool, Sequence[str]]] = {
    "en": {
        True: (
            "Sort these numbers from smallest to largest: {}",
            "Put {} in ascending order.",
            "Order these from low to high: {}",
            "sort ascending: {}",
            "Arrange {} from least to greatest.",
            "Can you sort {} from small to large?",
            "{} - in ascending order please",
        ),
        False: (
            "Sort these numbers from largest to smallest: {}",
            "Put {} in descending order.",
            "sort descending: {}",
            "Order these from high to low: {}",
            "Rank {} from biggest to smallest.",
        ),
    },
    "de": {
        True: ("Sortiere aufsteigend: {}", "Ordne {} von klein nach groß.", "Bringe {} in aufsteigende Reihenfolge."),
        False: ("Sortiere absteigend: {}", "Ordne {} von groß nach klein."),
    },
    "sv": {
        True: ("Sortera i stigande ordning: {}", "Ordna {} från minst till störst.", "Sortera talen stigande: {}"),
        False: ("Sortera i fallande ordning: {}", "Ordna {} från störst till minst."),
    },
    "es": {
        True: (
            "Ordena de menor a mayor: {}",
            "Pon {} en orden ascendente.",
            "Ordena estos números de forma ascendente: {}",
        ),
        False: ("Ordena de mayor a menor: {}", "Pon {} en orden descendente."),
    },
    "fr": {
        True: (
            "Classe dans l'ordre croissant : {}",
            "Range {} du plus petit au plus grand.",
            "Trie par ordre croissant : {}",
        ),
        False: ("Classe dans l'ordre décroissant : {}", "Range {} du plus grand au plus petit."),
    },
    "zh": {
        True: ("从小到大排列:{}", "请把{}按升序排列。", "把这些数从小到大排序:{}"),
        False: ("从大到小排列:{}", "请把{}按降序排列。"),
    },
}

_SIDES = ("age", "height")
_MORE: dict[str, dict[str, Sequence[str]]] = {  # how to say that x has more of it than y
    "age": {
        "en": ("{x} is older than {y}.", "{y} is younger than {x}."),
        "de": ("{x} ist älter als {y}.", "{y} ist jünger als {x}."),
        "sv": ("{x} är äldre än {y}.", "{y} är yngre än {x}."),
        "es": ("{x} es mayor que {y}.", "{y} es menor que {x}."),
        "fr": ("{x} a quelques années de plus que {y}.", "{y} est plus jeune que {x}."),
        "zh": ("{x}比{y}大。", "{y}比{x}小。"),
    },
    "height": {
        "en": ("{x} is taller than {y}.", "{y} is shorter than {x}."),
        "de": ("{x} ist größer als {y}.", "{y} ist kleiner als {x}."),
        "sv": ("{x} är längre än {y}.", "{y} är kortare än {x}."),
        "es": ("{x} mide más que {y}.", "{y} mide menos que {x}."),
        "fr": ("{x} mesure plus que {y}.", "{y} mesure moins que {x}."),
        "zh": ("{x}比{y}高。", "{y}比{x}矮。"),
    },
}
_HAS: dict[str, dict[str, Sequence[str]]] = {
    "age": {
        "en": ("{x} is {n}", "{x} is {n} years old"),
        "de": ("{x} ist {n}", "{x} ist {n} Jahre alt"),
        "sv": ("{x} är {n}", "{x} är {n} år"),
        "es": ("{x} tiene {n} años",),
        "fr": ("{x} a {n} ans",),
        "zh": ("{x}{n}岁",),
    },
    "height": {
        "en": ("{x} is {n} cm tall",),
        "de": ("{x} ist {n} cm groß",),
        "sv": ("{x} är {n} cm lång",),
        "es": ("{x} mide {n} cm",),
        "fr": ("{x} mesure {n} cm",),
        "zh": ("{x}身高{n}厘米",),
    },
}
_WHO_MOST: dict[str, dict[str, Sequence[str]]] = {
    "age": {
        "en": (
            "Who is the oldest?",
            "Which of them is the oldest?",
            "So who is oldest?",
            "Name the oldest person.",
            "Who has lived the longest?",
            "Which person has the highest age?",
            "oldest?",
            "Who among them is the oldest one?",
        ),
        "de": ("Wer ist am ältesten?", "Wer von ihnen ist am ältesten?", "Wie heißt die älteste Person?"),
        "sv": ("Vem är äldst?", "Vem av dem är äldst?", "Vad heter den äldsta?"),
        "es": ("¿Quién es la persona de más edad?", "¿Quién tiene más años?", "¿Quién es el mayor de todos?"),
        "fr": (
            "Qui est le plus âgé ?",
            "Lequel d'entre eux est le plus âgé ?",
            "Comment s'appelle la personne la plus âgée ?",
        ),
        "zh": ("谁年龄最大?", "他们中谁最大?", "年纪最大的是谁?"),
    },
    "height": {
        "en": (
            "Who is the tallest?",
            "Which of them is the tallest?",
            "So who is tallest?",
            "Name the tallest person.",
            "tallest?",
            "Who among them is the tallest one?",
            "Which person is the tallest of all?",
            "Who's tallest here?",
        ),
        "de": ("Wer ist am größten?", "Wer von ihnen ist am größten?", "Wie heißt die größte Person?"),
        "sv": ("Vem är längst?", "Vem av dem är längst?", "Vad heter den längsta?"),
        "es": ("¿Quién es el más alto?", "¿Quién de ellos es el más alto?", "¿Cuál es la persona más alta?"),
        "fr": (
            "Qui est le plus grand ?",
            "Lequel d'entre eux est le plus grand ?",
            "Quelle personne est la plus grande ?",
        ),
        "zh": ("谁最高?", "他们中谁最高?", "个子最高的是谁?"),
    },
}
_WHO_LEAST: dict[str, dict[str, Sequence[str]]] = {
    "age": {
        "en": (
            "Who is the youngest?",
            "Which of them is the youngest?",
            "So who is youngest?",
            "Name the youngest person.",
        ),
        "de": ("Wer ist am jüngsten?", "Wer von ihnen ist am jüngsten?", "Wie heißt die jüngste Person?"),
        "sv": ("Vem är yngst?", "Vem av dem är yngst?", "Vad heter den yngsta?"),
        "es": ("¿Quién es la persona más joven?", "¿Quién tiene menos años?", "¿Quién es el más joven?"),
        "fr": (
            "Qui est le plus jeune ?",
            "Lequel d'entre eux est le plus jeune ?",
            "Quelle personne est la plus jeune ?",
        ),
        "zh": ("谁年龄最小?", "他们中谁最小?", "年纪最小的是谁?"),
    },
    "height": {
        "en": (
            "Who is the shortest?",
            "Which of them is the shortest?",
            "So who is shortest?",
            "Name the shortest person.",
        ),
        "de": ("Wer ist am kleinsten?", "Wer von ihnen ist am kleinsten?", "Wie heißt die kleinste Person?"),
        "sv": ("Vem är kortast?", "Vem av dem är kortast?", "Vad heter den kortaste?"),
        "es": ("¿Quién es el más bajo?", "¿Quién de ellos es el más bajo?", "¿Cuál es la persona más baja?"),
        "fr": (
            "Qui est le plus petit ?",
            "Lequel d'entre eux est le plus petit ?",
            "Quelle personne est la plus petite ?",
        ),
        "zh": ("谁最矮?", "他们中谁最矮?", "个子最矮的是谁?"),
    },
}
_WHO_SECOND: dict[str, dict[str, Sequence[str]]] = {
    "age": {
        "en": ("Who is the second oldest?", "Which of them comes second by age, oldest first?"),
        "de": ("Wer ist am zweitältesten?", "Wer ist die zweitälteste Person?"),
        "sv": ("Vem är näst äldst?", "Vem är den näst äldsta?"),
        "es": (
            "¿Quién es el segundo de mayor edad?",
            "¿Quién ocupa el segundo lugar por edad, empezando por el mayor?",
        ),
        "fr": ("Qui est le deuxième plus âgé ?", "Qui est la deuxième personne la plus âgée ?"),
        "zh": ("谁年龄第二大?", "年纪第二大的是谁?"),
    },
    "height": {
        "en": ("Who is the second tallest?", "Which of them comes second by height, tallest first?"),
        "de": ("Wer ist am zweitgrößten?", "Wer ist die zweitgrößte Person?"),
        "sv": ("Vem är näst längst?", "Vem är den näst längsta?"),
        "es": (
            "¿Quién es el segundo más alto?",
            "¿Quién ocupa el segundo lugar por altura, empezando por el más alto?",
        ),
        "fr": ("Qui est le deuxième plus grand ?", "Qui est la deuxième personne la plus grande ?"),
        "zh": ("谁第二高?", "个子第二高的是谁?"),
    },
}
_WHO_CLAIMS: dict[str, Sequence[str]] = {
    "most": (
        "oldest",
        "tallest",
        "am ältesten",
        "älteste",
        "am größten",
        "größte",
        "äldst",
        "längst",
        "de más edad",
        "más años",
        "el mayor",
        "más alto",
        "más alta",
        "plus âgé",
        "le plus grand",
        "la plus grande",
        "最大",
        "最高",
    ),
    "least": (
        "youngest",
        "shortest",
        "jüngste",
        "kleinste",
        "yngst",
        "kortast",
        "más joven",
        "menos años",
        "más bajo",
        "más baja",
        "le plus jeune",
        "la plus jeune",
        "le plus petit",
        "la plus petite",
        "最小",
        "最矮",
    ),
    "second": ("second", "zweit", "näst", "segund", "deuxième", "第二"),
}

_OFFER = {
    "en": (
        "Shop {s} sells {k} {g} for {p}.",
        "{s}: {k} {g} for {p}.",
        "At shop {s}, {k} {g} cost {p}.",
    ),
    "de": ("Laden {s} verkauft {k} {g} für {p}.", "{s}: {k} {g} für {p}."),
    "sv": ("Butik {s} säljer {k} {g} för {p}.", "{s}: {k} {g} för {p}."),
    "es": ("La tienda {s} vende {k} {g} por {p}.", "{s}: {k} {g} por {p}."),
    "fr": ("Le magasin {s} vend {k} {g} pour {p}.", "{s} : {k} {g} pour {p}."),
    "zh": ("商店{s}:{k}{g}卖{p}。", "{s}:{k}{g}{p}。"),
}
_BEST_OFFER = {
    "en": (
        "Which offer is the cheapest per piece?",
        "Where is one of them cheapest?",
        "Which shop has the best price per piece?",
        "Which one is the better deal?",
        "Where should I buy to pay the least per piece?",
        "cheapest per piece?",
        "Which shop is cheapest per item?",
        "Compare the unit prices. Which shop wins?",
    ),
    "de": (
        "Welches Angebot ist pro Stück am billigsten?",
        "Wo ist der Stückpreis am niedrigsten?",
        "Welcher Laden ist pro Stück am günstigsten?",
    ),
    "sv": (
        "Vilket erbjudande är billigast per styck?",
        "Var är styckpriset lägst?",
        "Vilken butik är billigast per styck?",
    ),
    "es": (
        "¿Qué oferta es la más barata por unidad?",
        "¿Dónde es más bajo el precio por unidad?",
        "¿Qué tienda es más barata por unidad?",
    ),
    "fr": (
        "Quelle offre est la moins chère à l'unité ?",
        "Où le prix à l'unité est-il le plus bas ?",
        "Quel magasin est le moins cher par pièce ?",
    ),
    "zh": ("哪家按单价最便宜?", "哪家的单价最低?", "在哪家买一个最便宜?"),
}
_OFFER_CLAIMS = [
    "cheapest",
    "best",
    "better",
    "lowest",
    "wins",
    "billigst",
    "niedrigst",
    "günstigst",
    "lägst",
    "barat",
    "bajo",
    "moins",
    "meilleur",
    "bas",
    "最便宜",
    "最低",
]
_PRICED = {
    "en": ("{g} cost {p} at shop {s}", "shop {s} asks {p} for the {g}", "{s}: {p}"),
    "de": ("im Laden {s} kosten {g} {p}", "{s}: {p}"),
    "sv": ("i butik {s} kostar {g} {p}", "{s}: {p}"),
    "es": ("en la tienda {s}, {g} a {p}", "{s}: {p}"),
    "fr": ("au magasin {s}, {g} à {p}", "{s} : {p}"),
    "zh": ("商店{s}的{g}{p}", "{s}:{p}"),
}
_CHEAPER = {
    "en": (
        "Where is it cheaper?",
        "Which shop is the cheapest?",
        "Where do I pay the least?",
        "cheapest shop?",
        "Which one has the lowest price?",
        "Which shop should I choose if I want the lowest price?",
    ),
    "de": ("Wo ist es am billigsten?", "Welcher Laden ist am günstigsten?", "Wo zahle ich am wenigsten?"),
    "sv": ("Var är det billigast?", "Vilken butik är billigast?", "Var betalar jag minst?"),
    "es": ("¿Dónde es más barato?", "¿Qué tienda es la más barata?", "¿Dónde pago menos?"),
    "fr": ("Où est-ce le moins cher ?", "Quel magasin est le moins cher ?", "Où est-ce que je paie le moins ?"),
    "zh": ("哪家最便宜?", "在哪里买最便宜?", "哪家店价格最低?"),
}
_SHOPS = ("Albo", "Brix", "Corva", "Dinno", "Elmar", "Fonto", "Gilda", "Hanse", "Jumo", "Kovi", "Lumis", "Marko")


@dataclass(frozen=True, slots=True)
class _Task:
    question: str
    expected: str
    check: Callable[[Answer], bool]
    wish: Wish = "name"


def make(rng: Random, level: int, language: str) -> Item:
    """A comparison: two things at the lowest level, long chains and unit prices at the highest."""
    task = rng.choice(_TASKS[level])(rng, language)
    return Item(
        turns=ask(rng, language, task.question, task.wish),
        check=beside_question(elided(task.question, language), task.check),
        max_tokens=_MAX_TOKENS[level],
        expected=task.expected,
    )


def _numbers(pick: Callable[[Random], Sequence[Decimal]]) -> Callable[[Random, str], _Task]:
    """The largest or smallest of some numbers."""

    def task(rng: Random, language: str) -> _Task:
        values = pick(rng)
        kind = rng.choice(("largest", "largest", "smallest"))
        best = (max if kind == "largest" else min)(values)
        texts = [_text(value, language) for value in values]
        question = fill(rng, _NUMBER_QUESTIONS[kind][language], _alternatives(rng, texts, language))
        rivals = [_ways(value) for value in values if value != best]
        named = says_name(_ways(best), rivals, claims=_NUMBER_CLAIMS[kind])

        def check(answer: Answer) -> bool:
            holds = _holds(answer.text, values, language)
            return named(answer) if holds is None else holds

        return _Task(question, _text(best, language), check)

    return task


def _sorting(pick: Callable[[Random], Sequence[Decimal]]) -> Callable[[Random, str], _Task]:
    """Numbers to be put in order, which they are not in yet."""

    def task(rng: Random, language: str) -> _Task:
        values, ascending = list(pick(rng)), rng.random() < 0.65
        right = sorted(values, reverse=not ascending)
        while values == right:
            rng.shuffle(values)
        question = fill(rng, _SORT[language][ascending], "; ".join(_text(value, language) for value in values))
        if language in ("en", "zh"):
            question = question.replace(";", ",")
        texts = [_text(value, language) for value in right]
        either = [says_in_order([text.replace(",", mark).replace(".", mark) for text in texts]) for mark in ".,"]
        return _Task(question, " < ".join(texts) if ascending else " > ".join(texts), _any_check(either), "number")

    return task


def _any_check(checks: Sequence[Callable[[Answer], bool]]) -> Callable[[Answer], bool]:
    return lambda answer: any(check(answer) for check in checks)


def _people_with_numbers(count: int) -> Callable[[Random, str], _Task]:
    def task(rng: Random, language: str) -> _Task:
        names, side = rng.sample(PEOPLE[language], count), rng.choice(_SIDES)
        values = rng.sample(range(6, 90) if side == "age" else range(148, 199), count)
        form = rng.choice(_HAS[side][language])
        said = [form.format(x=name, n=value) for name, value in zip(names, values, strict=True)]
        ranked = [name for _, name in sorted(zip(values, names, strict=True), reverse=True)]
        return _who(rng, language, listed(said, language) + _stop(language), ranked, side, second=count > 3)

    return task


def _chain(count: int) -> Callable[[Random, str], _Task]:
    """Pairs of neighbours in a ranking, in any order and said from either side."""

    def task(rng: Random, language: str) -> _Task:
        ranked, side = rng.sample(PEOPLE[language], count), rng.choice(_SIDES)
        facts = [rng.choice(_MORE[side][language]).format(x=more, y=less) for more, less in pairwise(ranked)]
        rng.shuffle(facts)
        return _who(rng, language, ("" if language == "zh" else " ").join(facts), ranked, side, second=count > 3)

    return task


def _who(rng: Random, language: str, said: str, ranked: Sequence[str], side: str, second: bool) -> _Task:
    kind = rng.choice(("most", "least", "second") if second else ("most", "least"))
    wordings = {"most": _WHO_MOST, "least": _WHO_LEAST, "second": _WHO_SECOND}[kind][side][language]
    right = {"most": ranked[0], "least": ranked[-1], "second": ranked[1]}[kind]
    asked = rng.choice(wordings)
    question = f"{asked} {said}" if rng.random() < 0.2 and asked[-1] in "?？." else f"{said} {asked}"
    rivals = [(name,) for name in ranked if name != right]
    return _Task(question, right, says_name((right,), rivals, claims=_WHO_CLAIMS[kind]), "reasons")


def _prices(count: int) -> Callable[[Random, str], _Task]:
    """The same goods at shops with different prices."""

    def task(rng: Random, language: str) -> _Task:
        good, shops = rng.choice(GOODS), rng.sample(_SHOPS, count)
        cents = rng.sample(range(good.cents[0] // 5, good.cents[1] // 5 + 2 * count), count)
        form = rng.choice(_PRICED[language])
        said = [
            form.format(s=shop, g=good.name(language), p=_price(5 * cent, language))
            for shop, cent in zip(shops, cents, strict=True)
        ]
        best = shops[cents.index(min(cents))]
        asked = rng.choice(_CHEAPER[language])
        heading = "" if "{g}" in form else f"{good.name(language)} - "
        question = f"{heading}{listed(said, language)}{_stop(language)} {asked}"
        return _offer_task(question, best, shops)

    return task


def _unit_prices(count: int) -> Callable[[Random, str], _Task]:
    """Packs of different sizes; the cheapest pack is not the cheapest per piece."""

    def task(rng: Random, language: str) -> _Task:
        good, shops = rng.choice(GOODS), rng.sample(_SHOPS, count)
        while True:
            sizes = rng.sample(range(2, 13), count)
            each = rng.sample(range(good.cents[0] // 5, good.cents[0] // 5 + 5 + 2 * count), count)
            totals = [5 * size * price for size, price in zip(sizes, each, strict=True)]
            if totals.index(min(totals)) != each.index(min(each)):
                break
        form = rng.choice(_OFFER[language])
        said = [
            form.format(s=shop, k=size, g=good.plural[language], p=_price(total, language))
            for shop, size, total in zip(shops, sizes, totals, strict=True)
        ]
        question = " ".join([*said, rng.choice(_BEST_OFFER[language])])
        return _offer_task(question, shops[each.index(min(each))], shops)

    return task


def _offer_task(question: str, best: str, shops: Sequence[str]) -> _Task:
    rivals = [(shop,) for shop in shops if shop != best]
    return _Task(question, best, says_name((best,), rivals, claims=_OFFER_CLAIMS), "reasons")


def _stop(language: str) -> str:
    return "。" if language == "zh" else "."


def _price(cents: int, language: str) -> str:
    return money(_text(Decimal(cents).scaleb(-2), language), language)


def _alternatives(rng: Random, texts: Sequence[str], language: str) -> str:
    """Numbers as a choice: "3 or 5"; more than two often as a list."""
    if len(texts) > 2 and rng.random() < 0.6:
        return (", " if language in ("en", "zh") else "; ").join(texts)
    conjunction = {"en": " or ", "de": " oder ", "sv": " eller ", "es": " o ", "fr": " ou ", "zh": "还是"}[language]
    return (", " if language in ("en", "zh") else "; ").join(texts[:-1]) + conjunction + texts[-1]


def _text(value: Decimal, language: str) -> str:
    return str(value) if language in ("en", "zh") else str(value).replace(".", ",")


def _ways(value: Decimal) -> tuple[str, ...]:
    """Ways to write a number: with a point or a comma, with marks for thousands."""
    plain, grouped = str(value), f"{value:,}"
    ways = [plain, plain.replace(".", ","), grouped, grouped.replace(",", " "), grouped.replace(",", "\0")]
    if "." in plain:
        ways += [f"{way}0" for way in ways[:2]]
    return tuple(way.replace("\0", ".") if "." not in plain else way for way in ways)


def _holds(text: str, values: Sequence[Decimal], language: str) -> bool | None:
    """Whether a text such as "0.4 > 0.19" or "0.19 is smaller than 0.4" is true; None if it is no such comparison."""
    text = text[:MOST_CHARACTERS]
    said = numbers(text, language)
    meant = [value for mention in said for value in values if value in mention.readings]
    if len(said) != 2 or set(meant) != set(values):
        return None
    between = text[said[0].end : said[1].start].lower()
    more, less = (any(sign in between for sign in signs) for signs in _RELATIONS)
    if more == less or _NEGATION.search(between):
        return None
    return meant[0] > meant[1] if more else meant[0] < meant[1]


def _whole(low: int, high: int, count: int) -> Callable[[Random], Sequence[Decimal]]:
    return lambda rng: [Decimal(value) for value in rng.sample(range(low, high), count)]


def _close_decimals(rng: Random) -> Sequence[Decimal]:
    """Two with different numbers of decimals, such as 9.11 and 9.9."""
    whole, tenth = rng.randint(0, 12), rng.randint(2, 9)
    longer = rng.randint(11, 10 * tenth - 1) if tenth > 2 else rng.randint(11, 19)
    values = [Decimal(f"{whole}.{tenth}"), Decimal(f"{whole}.{longer}")]
    rng.shuffle(values)
    return values


def _many_decimals(count: int, signed: bool) -> Callable[[Random], Sequence[Decimal]]:
    """Numbers that begin alike and have one to three decimals; with some below zero."""

    def pick(rng: Random) -> Sequence[Decimal]:
        whole = rng.randint(1, 9)
        values: list[Decimal] = []
        while len(values) < count:
            places = rng.randint(1, 3)
            value = Decimal(whole) + Decimal(rng.randint(1, int("9" * places))).scaleb(-places)
            if signed and rng.random() < 0.4:
                value = -value
            if value not in values:
                values.append(value)
        return values

    return pick


_TASKS: dict[int, Sequence[Callable[[Random, str], _Task]]] = {
    1: (
        _numbers(_whole(1, 20, 2)),
        _numbers(_whole(1, 999, 2)),
        _people_with_numbers(2),
        _prices(2),
    ),
    2: (
        _numbers(_whole(10, 999, 4)),
        _people_with_numbers(3),
        _sorting(_whole(1, 60, 3)),
        _prices(3),
        _numbers(_whole(10_000, 99_999, 2)),
    ),
    3: (
        _numbers(_close_decimals),
        _sorting(_whole(1, 200, 5)),
        _chain(3),
        _people_with_numbers(5),
        _prices(5),
        _numbers(_whole(100, 999, 7)),
    ),
    4: (
        _numbers(_many_decimals(4, signed=False)),
        _sorting(_whole(10, 999, 8)),
        _chain(4),
        _unit_prices(2),
        _people_with_numbers(7),
    ),
    5: (
        _numbers(_many_decimals(7, signed=True)),
        _sorting(_many_decimals(7, signed=True)),
        _chain(6),
        _unit_prices(4),
    ),
}

FAMILY = Family(name="comparison", title="comparing and ranking", make=make)

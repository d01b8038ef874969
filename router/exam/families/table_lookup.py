"""Looking things up in a small table: a cell, a row, the largest and smallest, sums, counts, conditions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from router.exam.checks.final_answer import beside_question
from router.exam.checks.named_answers import says_name
from router.exam.checks.number_answers import numbers, says_number
from router.exam.content.everyday import GOODS, PEOPLE
from router.exam.content.places import CITIES
from router.exam.item import Answer, Family, Item
from router.exam.wording.asking import ask, fill

_ROWS = {1: (3, 3), 2: (4, 5), 3: (6, 7), 4: (8, 10), 5: (11, 14)}
_MAX_TOKENS = {1: 32, 2: 32, 3: 50, 4: 70, 5: 90}
_GOODS_HEAD = {
    "en": ("item", "price", "stock"),
    "de": ("Artikel", "Preis", "Bestand"),
    "sv": ("vara", "pris", "lager"),
    "es": ("artículo", "precio", "existencias"),
    "fr": ("article", "prix", "stock"),
    "zh": ("商品", "价格", "库存"),
}
_PEOPLE_HEAD = {
    "en": ("name", "age", "city"),
    "de": ("Name", "Alter", "Stadt"),
    "sv": ("namn", "ålder", "stad"),
    "es": ("nombre", "edad", "ciudad"),
    "fr": ("nom", "âge", "ville"),
    "zh": ("姓名", "年龄", "城市"),
}
_INTROS: dict[str, Sequence[str]] = {
    "en": (
        "Here is a table:",
        "Look at this table:",
        "Table:",
        "This is our list:",
        "From my spreadsheet:",
        "Data:",
        "I exported this CSV:",
        "Please use the following data.",
        "We have this list at work:",
        "",
        "",
    ),
    "de": ("Hier ist eine Tabelle:", "Tabelle:", "Das ist unsere Liste:", "Daten:", "Aus meiner Datei:", ""),
    "sv": ("Här är en tabell:", "Tabell:", "Det här är vår lista:", "Data:", "Från min fil:", ""),
    "es": ("Aquí tienes una tabla:", "Tabla:", "Esta es nuestra lista:", "Datos:", "De mi archivo:", ""),
    "fr": ("Voici un tableau :", "Tableau :", "Voici notre liste :", "Données :", "De mon fichier :", ""),
    "zh": ("这是一张表:", "表格:", "这是我们的清单:", "数据:", "来自我的文件:", ""),
}

_Q: dict[str, dict[str, Sequence[str]]] = {
    "price": {
        "en": (
            "What is the price of {x}?",
            "How much are the {x}?",
            "price of {x}?",
            "What do {x} cost?",
            "Look up the price for {x}.",
            "Which price is listed for {x}?",
            "Find what we charge for {x}.",
            "How much does the list say for {x}?",
            "A customer asks for the price of {x}. What do I tell them?",
            "How much would I pay for one of the {x}?",
            "{x}: how much?",
            "what's the price listed for {x}",
            "Could you check what {x} cost?",
            "Give me the price of {x}.",
        ),
        "de": ("Was ist der Preis von „{x}“?", "Was kosten {x}?", "Preis für {x}?", "Wie teuer ist der Artikel {x}?"),
        "sv": ("Vad är priset på {x}?", "Vad kostar {x}?", "pris för {x}?", "Vilket pris står det för {x}?"),
        "es": ("¿Cuál es el precio de {x}?", "¿Cuánto cuestan {x}?", "precio de {x}", "¿Qué precio figura para {x}?"),
        "fr": (
            "Quel est le prix : {x} ?",
            "Combien coûte l'article « {x} » ?",
            "prix pour {x} ?",
            "Quel prix pour {x} ?",
        ),
        "zh": ("{x}的价格是多少?", "{x}多少钱?", "{x}卖多少钱?", "查一下{x}的价格。"),
    },
    "stock": {
        "en": (
            "How many {x} are in stock?",
            "What is the stock of {x}?",
            "stock of {x}?",
            "How many {x} do we have left?",
            "Look up how many {x} there are.",
            "{x}: how many left?",
            "Could you check the stock level of {x}?",
            "Do we have {x}, and how many?",
            "what quantity of {x} is there",
            "Give me the stock figure for {x}.",
            "A customer wants to know how many {x} we have.",
        ),
        "de": ("Wie viele {x} sind auf Lager?", "Wie hoch ist der Bestand an {x}?", "Bestand {x}?"),
        "sv": ("Hur många {x} finns i lager?", "Vad är lagersaldot för {x}?", "lager {x}?"),
        "es": ("¿Qué existencias hay de {x}?", "existencias de {x}", "¿Cuál es la cantidad en existencias de {x}?"),
        "fr": ("Quel est le stock pour {x} ?", "stock de l'article {x} ?", "Combien y a-t-il en stock pour {x} ?"),
        "zh": ("{x}的库存是多少?", "还有多少{x}?", "{x}库存?"),
    },
    "cheapest": {
        "en": (
            "Which item is the cheapest?",
            "What is the cheapest item?",
            "cheapest item?",
            "Which one has the lowest price?",
            "What costs the least?",
            "Name the item with the lowest price.",
            "Which product is the least expensive?",
            "lowest price: which item?",
            "I want the cheapest thing. What is it?",
            "What is the item with the smallest price?",
            "Can you find the cheapest one?",
            "Tell me which of these costs least.",
        ),
        "de": ("Welcher Artikel ist am billigsten?", "Was hat den niedrigsten Preis?", "Günstigster Artikel?"),
        "sv": ("Vilken vara är billigast?", "Vad har lägst pris?", "billigaste varan?"),
        "es": ("¿Qué artículo es el más barato?", "¿Qué tiene el precio más bajo?", "artículo más barato"),
        "fr": ("Quel article est le moins cher ?", "Qu'est-ce qui a le prix le plus bas ?", "article le moins cher ?"),
        "zh": ("哪种商品最便宜?", "价格最低的是什么?", "最便宜的商品?"),
    },
    "dearest": {
        "en": (
            "Which item is the most expensive?",
            "What is the most expensive item?",
            "most expensive item?",
            "Which one has the highest price?",
            "What costs the most?",
            "Name the item with the highest price.",
            "Which product is the priciest?",
            "highest price: which item?",
            "I want the most expensive thing. What is it?",
            "What is the item with the largest price?",
            "Can you find the most expensive one?",
            "Tell me which of these costs most.",
        ),
        "de": ("Welcher Artikel ist am teuersten?", "Was hat den höchsten Preis?", "Teuerster Artikel?"),
        "sv": ("Vilken vara är dyrast?", "Vad har högst pris?", "dyraste varan?"),
        "es": ("¿Qué artículo es el más caro?", "¿Qué tiene el precio más alto?", "artículo más caro"),
        "fr": ("Quel article est le plus cher ?", "Qu'est-ce qui a le prix le plus élevé ?", "article le plus cher ?"),
        "zh": ("哪种商品最贵?", "价格最高的是什么?", "最贵的商品?"),
    },
    "two": {
        "en": (
            "What do one of the {x} and one of the {y} cost together, at the listed prices?",
            "Add the prices of {x} and {y}.",
            "What is the total of the prices for {x} and {y}?",
            "price of {x} plus price of {y}?",
            "If I add up the prices of {x} and {y}, what do I get?",
            "What is {x} plus {y} in price?",
            "Sum of the two prices for {x} and {y}?",
            "Total of the listed prices: {x}, {y}.",
            "How much do the prices of {x} and {y} make together?",
        ),
        "de": (
            "Addiere die Preise von {x} und {y}.",
            "Was ist die Summe der Preise für {x} und {y}?",
            "Preis {x} plus Preis {y}?",
        ),
        "sv": (
            "Lägg ihop priserna för {x} och {y}.",
            "Vad är summan av priserna på {x} och {y}?",
            "pris {x} plus pris {y}?",
        ),
        "es": (
            "Suma los precios de {x} y {y}.",
            "¿Cuánto suman los precios de {x} y {y}?",
            "precio de {x} más precio de {y}",
        ),
        "fr": (
            "Additionne les prix : {x} et {y}.",
            "Quelle est la somme des prix pour {x} et {y} ?",
            "prix {x} plus prix {y} ?",
        ),
        "zh": ("{x}和{y}的价格加起来是多少?", "把{x}和{y}的价格相加。", "{x}的价格加{y}的价格?"),
    },
    "cheapest_stocked": {
        "en": (
            "Which is the cheapest item of which there are more than {n} in stock?",
            "Considering only items with a stock above {n}, which one has the lowest price?",
            "Of the items with more than {n} in stock, which is cheapest?",
        ),
        "de": (
            "Welcher Artikel mit einem Bestand über {n} ist am billigsten?",
            "Nur Artikel mit Bestand über {n}: Welcher hat den niedrigsten Preis?",
        ),
        "sv": (
            "Vilken vara med fler än {n} i lager är billigast?",
            "Bland varor med lager över {n}: vilken har lägst pris?",
        ),
        "es": (
            "De los artículos con existencias superiores a {n}, ¿cuál es el más barato?",
            "¿Qué artículo con más de {n} en existencias tiene el precio más bajo?",
        ),
        "fr": (
            "Parmi les articles dont le stock dépasse {n}, lequel est le moins cher ?",
            "Quel article avec plus de {n} en stock a le prix le plus bas ?",
        ),
        "zh": ("库存超过{n}的商品中,哪种最便宜?", "只看库存大于{n}的商品,价格最低的是什么?"),
    },
    "value": {
        "en": (
            "What is the whole stock of {x} worth, price times stock?",
            "If we sell all {x} in stock, how much money do we take?",
            "Multiply price and stock for {x}.",
        ),
        "de": (
            "Was ist der gesamte Bestand an {x} wert (Preis mal Bestand)?",
            "Wie viel nehmen wir ein, wenn wir alle {x} verkaufen?",
        ),
        "sv": ("Vad är hela lagret av {x} värt (pris gånger lager)?", "Hur mycket får vi in om vi säljer alla {x}?"),
        "es": (
            "¿Cuánto valen todas las existencias de {x} (precio por existencias)?",
            "¿Cuánto ingresamos si vendemos todo el lote de {x}?",
        ),
        "fr": (
            "Que vaut tout le stock pour {x} (prix fois stock) ?",
            "Combien encaisse-t-on en vendant tout le stock de l'article {x} ?",
        ),
        "zh": ("{x}的全部库存值多少钱(价格乘库存)?", "如果把{x}全部卖掉,能收多少钱?"),
    },
    "age": {
        "en": (
            "How old is {x}?",
            "What is {x}'s age?",
            "age of {x}?",
            "Look up {x}'s age.",
            "What age does the list give for {x}?",
            "Tell me how old {x} is.",
            "{x}: age?",
            "what age is {x}",
            "Could you check how old {x} is?",
            "Give me the age of {x}.",
            "I forgot {x}'s age. What is it?",
            "According to the table, how old is {x}?",
        ),
        "de": ("Wie alt ist {x}?", "Welches Alter hat {x}?", "Alter von {x}?", "Sag mir, wie alt {x} ist."),
        "sv": ("Hur gammal är {x}?", "Vilken ålder har {x}?", "ålder för {x}?", "Säg hur gammal {x} är."),
        "es": ("¿Qué edad tiene {x}?", "¿Cuántos años tiene {x}?", "edad de {x}", "Dime la edad de {x}."),
        "fr": ("Quel âge a {x} ?", "âge de {x} ?", "Dis-moi l'âge de {x}.", "Quel est l'âge de {x} ?"),
        "zh": ("{x}多大?", "{x}的年龄是多少?", "{x}几岁?", "查一下{x}的年龄。"),
    },
    "city": {
        "en": (
            "Where does {x} live?",
            "In which city does {x} live?",
            "city of {x}?",
            "Which city is listed for {x}?",
            "{x} lives in what city?",
            "Look up {x}'s city.",
            "{x}: which city?",
            "what city is {x} from",
            "Could you check where {x} lives?",
            "Give me {x}'s city.",
            "I have to send {x} a letter. To which city?",
            "According to the table, where does {x} live?",
        ),
        "de": ("Wo wohnt {x}?", "In welcher Stadt lebt {x}?", "Stadt von {x}?", "Welche Stadt steht bei {x}?"),
        "sv": ("Var bor {x}?", "I vilken stad bor {x}?", "stad för {x}?", "Vilken stad står det för {x}?"),
        "es": ("¿Dónde vive {x}?", "¿En qué ciudad vive {x}?", "ciudad de {x}", "¿Qué ciudad figura para {x}?"),
        "fr": (
            "Où habite {x} ?",
            "Dans quelle ville habite {x} ?",
            "ville de {x} ?",
            "Quelle ville est indiquée pour {x} ?",
        ),
        "zh": ("{x}住在哪里?", "{x}住在哪个城市?", "{x}的城市?", "查一下{x}住哪个城市。"),
    },
    "who": {
        "en": (
            "Who lives in {x}?",
            "Which person lives in {x}?",
            "who is from {x}",
            "Name the person from {x}.",
            "Who has {x} as their city?",
            "Which one of them lives in {x}?",
            "{x}: who is it?",
            "Could you check who lives in {x}?",
            "Give me the name of the person in {x}.",
            "According to the table, who is from {x}?",
            "I need our contact in {x}. Who is that?",
        ),
        "de": ("Wer wohnt in {x}?", "Welche Person lebt in {x}?", "wer ist aus {x}?", "Nenne die Person aus {x}."),
        "sv": ("Vem bor i {x}?", "Vilken person bor i {x}?", "vem är från {x}?", "Säg vem som bor i {x}."),
        "es": ("¿Quién vive en {x}?", "¿Qué persona vive en {x}?", "quién es de {x}", "Dime quién vive en {x}."),
        "fr": (
            "Qui habite à {x} ?",
            "Quelle personne habite à {x} ?",
            "qui vient de {x} ?",
            "Dis-moi qui habite à {x}.",
        ),
        "zh": ("谁住在{x}?", "哪个人住在{x}?", "{x}的人是谁?", "说出住在{x}的人。"),
    },
    "oldest": {
        "en": (
            "Who is the oldest?",
            "Which person is the oldest?",
            "oldest person?",
            "Who has the highest age?",
            "Name the oldest one.",
            "Can you find the oldest one?",
            "Tell me who is oldest.",
            "According to the table, who is the oldest?",
            "highest age: who?",
            "Who was born first, judging by age?",
            "Which of them is the oldest?",
        ),
        "de": ("Wer ist am ältesten?", "Wer ist die älteste Person?", "älteste Person?"),
        "sv": ("Vem är äldst?", "Vilken person är äldst?", "äldsta personen?"),
        "es": ("¿Quién es mayor que todos los demás?", "¿Quién es la persona de más edad?", "persona de mayor edad"),
        "fr": ("Qui est la personne la plus âgée ?", "Qui a l'âge le plus élevé ?", "personne la plus âgée ?"),
        "zh": ("谁年龄最大?", "年纪最大的是谁?", "最年长的人?"),
    },
    "youngest": {
        "en": (
            "Who is the youngest?",
            "Which person is the youngest?",
            "youngest person?",
            "Who has the lowest age?",
            "Name the youngest one.",
            "Can you find the youngest one?",
            "Tell me who is youngest.",
            "According to the table, who is the youngest?",
            "lowest age: who?",
            "Who was born last, judging by age?",
            "Which of them is the youngest?",
        ),
        "de": ("Wer ist am jüngsten?", "Wer ist die jüngste Person?", "jüngste Person?"),
        "sv": ("Vem är yngst?", "Vilken person är yngst?", "yngsta personen?"),
        "es": ("¿Quién es menor que todos los demás?", "¿Quién es la persona de menos edad?", "persona de menor edad"),
        "fr": ("Qui est la personne la plus jeune ?", "Qui a l'âge le plus bas ?", "personne la plus jeune ?"),
        "zh": ("谁年龄最小?", "年纪最小的是谁?", "最年轻的人?"),
    },
    "difference": {
        "en": (
            "How many years older is {x} than {y}?",
            "What is the age difference between {x} and {y}?",
            "By how many years do the ages of {x} and {y} differ?",
            "{x} is older than {y}. By how many years?",
            "age of {x} minus age of {y}?",
            "What do you get if you subtract {y}'s age from {x}'s?",
        ),
        "de": ("Wie viele Jahre ist {x} älter als {y}?", "Wie groß ist der Altersunterschied zwischen {x} und {y}?"),
        "sv": ("Hur många år äldre är {x} än {y}?", "Vad är åldersskillnaden mellan {x} och {y}?"),
        "es": ("¿Cuántos años más tiene {x} que {y}?", "¿Cuál es la diferencia de edad entre {x} y {y}?"),
        "fr": ("Combien d'années {x} a de plus que {y} ?", "Quelle est la différence d'âge entre {x} et {y} ?"),
        "zh": ("{x}比{y}大几岁?", "{x}和{y}相差几岁?"),
    },
    "count_older": {
        "en": (
            "How many people are older than {n}?",
            "Count the people above {n} years of age.",
            "number of people older than {n}?",
            "How many of them are over {n}?",
            "How many rows have an age greater than {n}?",
            "Of these people, how many have passed the age of {n}?",
        ),
        "de": ("Wie viele Personen sind älter als {n}?", "Zähle die Personen über {n} Jahre."),
        "sv": ("Hur många personer är äldre än {n}?", "Räkna personerna över {n} år."),
        "es": ("¿Cuántas personas tienen más de {n} años?", "Cuenta las personas mayores de {n} años."),
        "fr": ("Combien de personnes ont plus de {n} ans ?", "Compte les personnes de plus de {n} ans."),
        "zh": ("有多少人超过{n}岁?", "年龄大于{n}岁的有几个人?"),
    },
    "oldest_in": {
        "en": (
            "Who is the oldest person in {x}?",
            "Of those who live in {x}, who is oldest?",
            "Looking only at people from {x}: who is the oldest?",
        ),
        "de": ("Wer ist die älteste Person in {x}?", "Wer von denen, die in {x} wohnen, ist am ältesten?"),
        "sv": ("Vem är äldst i {x}?", "Av dem som bor i {x}, vem är äldst?"),
        "es": ("¿Quién es la persona de más edad en {x}?", "De los que viven en {x}, ¿quién tiene más años?"),
        "fr": ("Qui est la personne la plus âgée à {x} ?", "Parmi ceux qui habitent à {x}, qui est le plus âgé ?"),
        "zh": ("住在{x}的人中谁年龄最大?", "{x}最年长的人是谁?"),
    },
    "sum_in": {
        "en": ("What is the sum of the ages of everyone in {x}?", "Add up the ages of all people who live in {x}."),
        "de": ("Was ist die Summe der Alter aller Personen in {x}?", "Addiere das Alter aller, die in {x} wohnen."),
        "sv": ("Vad är summan av åldrarna för alla i {x}?", "Lägg ihop åldern på alla som bor i {x}."),
        "es": ("¿Cuánto suman las edades de todos los de {x}?", "Suma las edades de quienes viven en {x}."),
        "fr": ("Quelle est la somme des âges de tous ceux de {x} ?", "Additionne les âges de ceux qui habitent à {x}."),
        "zh": ("住在{x}的所有人的年龄之和是多少?", "把{x}的人的年龄加起来是多少?"),
    },
}

_CLAIMS = {
    "cheapest": (
        "cheap",
        "lowest",
        "least",
        "billig",
        "niedrig",
        "günstig",
        "lägst",
        "barato",
        "bajo",
        "moins",
        "bas",
        "便宜",
        "最低",
    ),
    "dearest": (
        "expensive",
        "highest",
        "most",
        "teuer",
        "höchst",
        "dyr",
        "högst",
        "caro",
        "alto",
        "cher",
        "élevé",
        "最贵",
        "最高",
    ),
    "oldest": (
        "oldest",
        "highest",
        "ältest",
        "äldst",
        "mayor",
        "más edad",
        "más años",
        "âgé",
        "élevé",
        "最大",
        "最年长",
    ),
    "youngest": ("youngest", "lowest", "jüngst", "yngst", "menor", "menos edad", "jeune", "bas", "最小", "最年轻"),
}
_SEPARATORS = (",", ";", ", ", " | ", "\t")


@dataclass(frozen=True, slots=True)
class _Table:
    """A table: a heading and rows of a name, a number and something else; `cents` says the numbers are prices."""

    head: tuple[str, str, str]
    names: Sequence[str]
    values: Sequence[int]
    others: Sequence[str]
    cents: bool

    def written(self, row: int, language: str) -> tuple[str, str, str]:
        value = _amount(self.values[row], language) if self.cents else str(self.values[row])
        return self.names[row], value, self.others[row]


@dataclass(frozen=True, slots=True)
class _Task:
    """A question, its right answer and its check; given the whole prompt for checks of what has to be reckoned."""

    question: str
    expected: str
    check: Callable[[str], Callable[[Answer], bool]]
    result: Decimal | None = None


def make(rng: Random, level: int, language: str) -> Item:
    """A table and a question about it; a result that has to be reckoned stands nowhere in it."""
    while True:
        table = rng.choice((_goods, _people))(rng, level, language)
        task = _task(rng, table, level, language)
        prompt = _laid_out(rng, table, task.question, level, language)
        if task.result is None or not any(task.result in said.readings for said in numbers(prompt, language)):
            break
    return Item(
        turns=ask(rng, language, prompt, "number" if task.expected[:1].isdigit() else "name"),
        check=beside_question(prompt, task.check(prompt)),
        max_tokens=_MAX_TOKENS[level],
        expected=task.expected,
    )


def _goods(rng: Random, level: int, language: str) -> _Table:
    goods = rng.sample(GOODS, rng.randint(*_ROWS[level]))
    cents = [5 * rng.randint(good.cents[0] // 5, good.cents[1] // 5) for good in goods]
    while len(set(cents)) < len(cents):
        cents = [cent + 5 * rng.randint(0, 3) for cent in cents]
    stock = [str(number) for number in rng.sample(range(11, 150), len(goods))]
    return _Table(_GOODS_HEAD[language], [good.name(language) for good in goods], cents, stock, True)


def _people(rng: Random, level: int, language: str) -> _Table:
    names = rng.sample(PEOPLE[language], rng.randint(*_ROWS[level]))
    ages = rng.sample(range(18, 80), len(names))
    few = rng.sample(CITIES[language], 3 if level == 5 else len(names))
    cities = [few[index % len(few)] for index in range(len(names))]
    rng.shuffle(cities)
    return _Table(_PEOPLE_HEAD[language], names, ages, cities, False)


def _task(rng: Random, table: _Table, level: int, language: str) -> _Task:
    kinds = (_GOODS_TASKS if table.cents else _PEOPLE_TASKS)[level]
    return _BUILDERS[rng.choice(kinds)](rng, table, language)


def _cell(kind: str) -> Callable[[Random, _Table, str], _Task]:
    """The value of a row."""

    def build(rng: Random, table: _Table, language: str) -> _Task:
        row = rng.randrange(len(table.names))
        question = fill(rng, _Q[kind][language], x=table.names[row])
        expected = table.others[row] if kind == "stock" else table.written(row, language)[1]
        value = Decimal(table.others[row]) if kind == "stock" else _value(table, row)
        return _Task(question, expected, lambda _: says_number(value, language, "", first=True, most=2))

    return build


def _city(rng: Random, table: _Table, language: str) -> _Task:
    row = rng.randrange(len(table.names))
    rivals = [(city,) for city in table.others if city != table.others[row]]
    question = fill(rng, _Q["city"][language], x=table.names[row])
    return _Task(question, table.others[row], lambda _: says_name((table.others[row],), rivals))


def _who(rng: Random, table: _Table, language: str) -> _Task:
    row = rng.randrange(len(table.names))
    return _named(table, row, fill(rng, _Q["who"][language], x=table.others[row]), ())


def _extreme(kind: str, largest: bool) -> Callable[[Random, _Table, str], _Task]:
    def build(rng: Random, table: _Table, language: str) -> _Task:
        rows = sorted(range(len(table.names)), key=lambda row: table.values[row])
        return _named(table, rows[-1 if largest else 0], fill(rng, _Q[kind][language]), _CLAIMS[kind])

    return build


def _two(rng: Random, table: _Table, language: str) -> _Task:
    one, other = rng.sample(range(len(table.names)), 2)
    question = fill(rng, _Q["two"][language], x=table.names[one], y=table.names[other])
    return _reckoned(question, _value(table, one) + _value(table, other), language)


def _stock_value(rng: Random, table: _Table, language: str) -> _Task:
    row = rng.randrange(len(table.names))
    question = fill(rng, _Q["value"][language], x=table.names[row])
    return _reckoned(question, _value(table, row) * Decimal(table.others[row]), language)


def _cheapest_stocked(rng: Random, table: _Table, language: str) -> _Task:
    stocks = sorted(int(stock) for stock in table.others)
    limit = stocks[len(stocks) // 2 - rng.randint(0, 1)] - 1
    rows = [row for row in range(len(table.names)) if int(table.others[row]) > limit]
    best = min(rows, key=lambda row: table.values[row])
    return _named(table, best, fill(rng, _Q["cheapest_stocked"][language], n=limit), _CLAIMS["cheapest"])


def _difference(rng: Random, table: _Table, language: str) -> _Task:
    one, other = sorted(rng.sample(range(len(table.names)), 2), key=lambda row: -table.values[row])
    question = fill(rng, _Q["difference"][language], x=table.names[one], y=table.names[other])
    return _reckoned(question, _value(table, one) - _value(table, other), language)


def _count_older(rng: Random, table: _Table, language: str) -> _Task:
    limit = sorted(table.values)[rng.randint(1, len(table.values) - 3)] + rng.choice((0, 1))
    count = sum(age > limit for age in table.values)
    return _reckoned(fill(rng, _Q["count_older"][language], n=limit), Decimal(count), language)


def _oldest_in(rng: Random, table: _Table, language: str) -> _Task:
    city = rng.choice(table.others)
    rows = [row for row in range(len(table.names)) if table.others[row] == city]
    best = max(rows, key=lambda row: table.values[row])
    return _named(table, best, fill(rng, _Q["oldest_in"][language], x=city), _CLAIMS["oldest"])


def _sum_in(rng: Random, table: _Table, language: str) -> _Task:
    city = rng.choice(table.others)
    total = sum(age for age, place in zip(table.values, table.others, strict=True) if place == city)
    return _reckoned(fill(rng, _Q["sum_in"][language], x=city), Decimal(total), language)


def _named(table: _Table, row: int, question: str, claims: Sequence[str]) -> _Task:
    rivals = [(name,) for name in table.names if name != table.names[row]]
    return _Task(question, table.names[row], lambda _: says_name((table.names[row],), rivals, claims=claims))


def _reckoned(question: str, result: Decimal, language: str) -> _Task:
    return _Task(question, _plain(result, language), lambda prompt: says_number(result, language, prompt), result)


def _value(table: _Table, row: int) -> Decimal:
    return Decimal(table.values[row]) / 100 if table.cents else Decimal(table.values[row])


def _amount(cents: int, language: str) -> str:
    return _plain(Decimal(cents).scaleb(-2), language)


def _plain(value: Decimal, language: str) -> str:
    return str(value) if language in ("en", "zh") else str(value).replace(".", ",")


def _laid_out(rng: Random, table: _Table, question: str, level: int, language: str) -> str:
    """Table and question, in either order."""
    columns = 3 if level > 1 or table.others[0] in question or not table.cents else 2
    rows = [table.head[:columns], *(table.written(row, language)[:columns] for row in range(len(table.names)))]
    text = _markdown(rows) if rng.random() < 0.3 else _separated(rng, rows, language)
    intro = rng.choice(_INTROS[language])
    if rng.random() < 0.3:
        return f"{question}\n\n{text}"
    return f"{intro}\n{text}\n\n{question}" if intro else f"{text}\n\n{question}"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _separated(rng: Random, rows: Sequence[Sequence[str]], language: str) -> str:
    """Lines with a comma or another mark between cells; no comma where it is in the prices."""
    marks = [mark for mark in _SEPARATORS if language in ("en", "zh") or "," not in mark]
    mark = ": " if len(rows[0]) == 2 and rng.random() < 0.5 else rng.choice(marks)
    return "\n".join(mark.join(row) for row in rows)


_BUILDERS: dict[str, Callable[[Random, _Table, str], _Task]] = {
    "price": _cell("price"),
    "stock": _cell("stock"),
    "age": _cell("age"),
    "city": _city,
    "who": _who,
    "cheapest": _extreme("cheapest", False),
    "dearest": _extreme("dearest", True),
    "oldest": _extreme("oldest", True),
    "youngest": _extreme("youngest", False),
    "two": _two,
    "value": _stock_value,
    "cheapest_stocked": _cheapest_stocked,
    "difference": _difference,
    "count_older": _count_older,
    "oldest_in": _oldest_in,
    "sum_in": _sum_in,
}
_GOODS_TASKS: dict[int, Sequence[str]] = {
    1: ("price",),
    2: ("price", "stock", "cheapest", "dearest"),
    3: ("stock", "cheapest", "dearest", "two"),
    4: ("two", "cheapest", "value", "cheapest_stocked"),
    5: ("cheapest_stocked", "value", "two"),
}
_PEOPLE_TASKS: dict[int, Sequence[str]] = {
    1: ("age", "city"),
    2: ("age", "city", "who", "oldest", "youngest"),
    3: ("who", "oldest", "youngest", "difference"),
    4: ("difference", "count_older", "oldest", "youngest"),
    5: ("count_older", "oldest_in", "sum_in"),
}

FAMILY = Family(name="table_lookup", title="looking things up in a small table", make=make)

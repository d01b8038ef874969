"""Turning small sets of data from one format into another: JSON, CSV, markdown tables, keys and values, lists."""

import json
from collections.abc import Callable, Mapping, Sequence
from random import Random

from router.exam.checks.written_answers import unless_repeated, without_fence
from router.exam.content.names_and_goods import CITIES, first_name, pool
from router.exam.content.records import FORMATS, WRITERS, Record, as_json, read_back, same_form, same_records
from router.exam.item import Answer, Family, Item
from router.exam.wording.openers import worded

FORMAT_NAMES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "json": ("JSON", "a JSON object", "valid JSON", "json"),
        "csv": ("CSV", "CSV with a header", "csv format", "comma-separated values with a header line"),
        "table": ("a markdown table", "a Markdown table", "a table in markdown"),
        "pairs": ("lines of the form key: value", "a key: value list", '"key: value" lines'),
    },
    "de": {
        "json": ("JSON", "gültiges JSON"),
        "csv": ("CSV", "CSV mit Kopfzeile"),
        "table": ("eine Markdown-Tabelle",),
        "pairs": ("Zeilen der Form Schlüssel: Wert",),
    },
    "sv": {
        "json": ("JSON", "giltig JSON"),
        "csv": ("CSV", "CSV med rubrikrad"),
        "table": ("en markdowntabell",),
        "pairs": ("rader av formen nyckel: värde",),
    },
    "es": {
        "json": ("JSON", "JSON válido"),
        "csv": ("CSV", "CSV con cabecera"),
        "table": ("una tabla de Markdown",),
        "pairs": ("líneas del tipo clave: valor",),
    },
    "fr": {
        "json": ("JSON", "JSON valide"),
        "csv": ("CSV", "CSV avec en-tête"),
        "table": ("un tableau Markdown",),
        "pairs": ("lignes de la forme clé: valeur",),
    },
    "zh": {
        "json": ("JSON", "JSON格式"),
        "csv": ("CSV", "带表头的CSV"),
        "table": ("Markdown表格",),
        "pairs": ("“键: 值”形式的行",),
    },
}

REQUESTS: Mapping[str, Sequence[str]] = {
    "en": (
        "Convert this to {form}",
        "Turn this into {form}",
        "Rewrite the data as {form}",
        "Write this as {form}",
        "Format this as {form}",
        "Make {form} from this",
        "I need this as {form}",
        "How does this look as {form}?",
        "to {form}:",
        "convert to {form}:",
        "Change the following data into {form}",
        "Put this in {form}",
        "Transform the data into {form}",
        "Give me this data as {form}",
        "Express this as {form}",
        "Can I have this as {form}?",
        "Convert this data for a program that reads {form}",
    ),
    "de": (
        "Wandle das in {form} um",
        "Mach daraus {form}",
        "Schreibe diese Daten als {form}",
        "Gib mir das als {form}",
        "Kannst du das in {form} umwandeln?",
        "Als {form}:",
    ),
    "sv": (
        "Gör om det här till {form}",
        "Omvandla till {form}",
        "Skriv datan som {form}",
        "Ge mig det här som {form}",
        "Kan du göra om det till {form}?",
        "Till {form}:",
    ),
    "es": (
        "Convierte esto en {form}",
        "Pasa estos datos a {form}",
        "Escribe esto como {form}",
        "Dame esto como {form}",
        "¿Puedes pasar esto a {form}?",
        "A {form}:",
    ),
    "fr": (
        "Convertis ceci en {form}",
        "Écris ces données sous forme de {form}",
        "Mets cela en {form}",
        "Donne-moi ceci en {form}",
        "Peux-tu convertir ceci en {form} ?",
        "En {form} :",
    ),
    "zh": (
        "把这些数据转换成{form}",
        "将以下内容改写为{form}",
        "用{form}表示这些数据",
        "转成{form}：",
        "能把它变成{form}吗？",
    ),
}

LIST_REQUESTS: Mapping[str, Sequence[str]] = {
    "en": (
        "Convert this list to a JSON array",
        "Turn this into a JSON list",
        "Make a JSON array of strings from this",
        "Write these as a JSON array",
        "as JSON array:",
        "I need these items as a JSON array",
        "Format the items as a JSON list",
        "Put these words in a JSON array",
        "Give me a JSON array with these entries",
        "Change the list into a JSON array of strings",
        "json list:",
        "Could I get these as a JSON array?",
        "Produce a JSON array from the items",
        "Represent this list in JSON",
    ),
    "de": (
        "Mach daraus ein JSON-Array",
        "Schreibe die Liste als JSON-Array",
        "Wandle das in eine JSON-Liste um",
        "Als JSON-Array:",
        "Ich brauche das als JSON-Array",
    ),
    "sv": (
        "Gör en JSON-lista av det här",
        "Skriv listan som en JSON-array",
        "Omvandla till en JSON-array",
        "Som JSON-array:",
        "Jag behöver det som JSON-lista",
    ),
    "es": (
        "Convierte esto en un array JSON",
        "Escribe la lista como array JSON",
        "Haz una lista JSON con esto",
        "Como array JSON:",
        "Necesito esto como array JSON",
    ),
    "fr": (
        "Convertis ceci en tableau JSON",
        "Écris la liste comme un tableau JSON",
        "Fais une liste JSON avec ceci",
        "En tableau JSON :",
        "Il me faut ceci en tableau JSON",
    ),
    "zh": ("把它们转换成JSON数组", "写成JSON数组", "用JSON列表表示", "JSON数组：", "我需要JSON数组格式"),
}

TAILS: Mapping[str, Sequence[str]] = {
    "en": ("No explanation.", "Only the data, please.", "Keep the keys as they are.", "Nothing else."),
    "de": ("Keine Erklärung.", "Nur die Daten.", "Die Schlüssel bleiben, wie sie sind."),
    "sv": ("Ingen förklaring.", "Bara datan.", "Behåll nycklarna som de är."),
    "es": ("Sin explicación.", "Solo los datos.", "Deja las claves como están."),
    "fr": ("Sans explication.", "Seulement les données.", "Garde les clés telles quelles."),
    "zh": ("不要解释。", "只要数据。", "键名保持不变。"),
}

DROPPED: Mapping[str, Sequence[str]] = {
    "en": ("Leave out {key}.", "Without the {key} please.", "Skip the column {key}."),
    "de": ("Lass {key} weg.", "Ohne {key}."),
    "sv": ("Utelämna {key}.", "Utan {key}."),
    "es": ("Sin {key}.", "Omite {key}."),
    "fr": ("Sans {key}.", "Laisse de côté {key}."),
    "zh": ("去掉{key}。", "不要{key}。"),
}
"""Sentences that ask for the data without one key: a turn of the screw at the highest level."""

KEYS: Mapping[str, Sequence[Sequence[str]]] = {
    "en": (
        ("name", "age", "city", "pet"),
        ("item", "price", "quantity", "color"),
        ("title", "year", "pages", "language"),
        ("product", "stock", "price", "shelf"),
        ("first_name", "city", "score", "team"),
    ),
    "de": (("Name", "Alter", "Stadt", "Tier"), ("Artikel", "Preis", "Menge", "Farbe")),
    "sv": (("namn", "ålder", "stad", "djur"), ("vara", "pris", "antal", "färg")),
    "es": (("nombre", "edad", "ciudad", "animal"), ("artículo", "precio", "cantidad", "color")),
    "fr": (("nom", "âge", "ville", "animal"), ("article", "prix", "quantité", "couleur")),
    "zh": (("姓名", "年龄", "城市", "宠物"), ("商品", "价格", "数量", "颜色")),
}

GOODS: Mapping[str, Sequence[str]] = {
    "en": pool(
        "apple chair lamp mug shirt bread tea soap pen book towel phone bag knife plate clock honey rice milk ball "
        "kettle jacket pillow candle bottle mirror brush hammer ladder basket umbrella blanket scarf pan spoon wallet "
        "notebook printer keyboard bicycle"
    ),
    "de": pool(
        "Apfel Stuhl Lampe Tasse Hemd Brot Tee Seife Stift Buch Handtuch Tasche Messer Teller Uhr Honig Reis "
        "Milch Ball "
        "Jacke Kissen Kerze Flasche Spiegel"
    ),
    "sv": pool(
        "äpple stol lampa mugg skjorta bröd te tvål penna bok handduk väska kniv tallrik klocka honung ris mjölk boll "
        "jacka kudde ljus flaska spegel"
    ),
    "es": pool(
        "manzana silla lámpara taza camisa pan té jabón bolígrafo libro toalla bolsa cuchillo plato reloj miel arroz "
        "leche pelota chaqueta vela botella espejo manta"
    ),
    "fr": pool(
        "pomme chaise lampe tasse chemise pain thé savon stylo livre serviette sac couteau assiette montre miel riz "
        "lait balle veste coussin bougie bouteille miroir"
    ),
    "zh": pool("苹果 椅子 台灯 杯子 衬衫 面包 茶叶 肥皂 钢笔 书 毛巾 背包 刀 盘子 钟 蜂蜜 大米 牛奶 球 外套"),
}

COLORS: Mapping[str, Sequence[str]] = {
    "en": pool("red blue green black white yellow brown grey pink orange"),
    "de": pool("rot blau grün schwarz weiß gelb braun grau rosa lila"),
    "sv": pool("röd blå grön svart vit gul brun grå rosa lila"),
    "es": pool("rojo azul verde negro blanco amarillo marrón gris rosa naranja"),
    "fr": pool("rouge bleu vert noir blanc jaune brun gris rose orange"),
    "zh": pool("红色 蓝色 绿色 黑色 白色 黄色 棕色 灰色"),
}

PETS: Mapping[str, Sequence[str]] = {
    "en": pool("cat dog hamster parrot rabbit turtle horse goldfish"),
    "de": pool("Katze Hund Hamster Papagei Hase Pferd"),
    "sv": pool("katt hund hamster papegoja kanin häst"),
    "es": pool("gato perro hámster loro conejo caballo"),
    "fr": pool("chat chien hamster perroquet lapin cheval"),
    "zh": pool("猫 狗 仓鼠 鹦鹉 兔子 马"),
}

TITLES: Sequence[str] = tuple(
    f"{first} {second}"
    for first in ("Blue", "Silent", "Old", "Green", "Lost", "Seven", "Winter")
    for second in ("Bridge", "Garden", "Letters", "Kitchen", "Roads", "Islands")
)

SIZES: Mapping[int, Sequence[tuple[int, int]]] = {
    1: ((1, 2), (1, 3)),
    2: ((1, 4), (2, 2)),
    3: ((2, 3), (3, 2)),
    4: ((3, 3), (3, 4)),
    5: ((4, 4), (5, 3)),
}
"""Numbers of records and of keys, by level."""


def value(rng: Random, key: str, place: int, language: str) -> str:
    """A value for a key at its place among the keys of its kind."""
    person = key.casefold() in ("name", "first_name", "namn", "nombre", "nom", "姓名")
    if place == 0:
        return first_name(rng, language) if person else rng.choice(TITLES if key == "title" else GOODS[language])
    if key in ("year", "pages", "stock", "score"):
        return str(rng.randrange(1950, 2024) if key == "year" else rng.randrange(3, 600))
    if key in ("team", "color", "Farbe", "färg", "couleur", "颜色"):
        return rng.choice(COLORS[language])
    if key in ("language", "shelf"):
        return (
            rng.choice(("English", "French", "Danish", "Greek"))
            if key == "language"
            else f"{rng.choice('ABCD')}{rng.randrange(1, 30)}"
        )
    if key in ("city", "Stadt", "stad", "ciudad", "ville", "城市"):
        return rng.choice(CITIES[language])
    if key.casefold() in ("price", "preis", "pris", "precio", "prix", "价格"):
        return f"{rng.randrange(1, 90)}.{rng.choice(('5', '25', '95', '75'))}"
    if place == 3:
        return rng.choice(PETS[language])
    return str(rng.randrange(2, 90))


def some_records(rng: Random, language: str, count: int, width: int) -> list[dict[str, str]]:
    """Records of one kind with different first values."""
    keys = rng.choice(KEYS[language])
    chosen = [0, *sorted(rng.sample(range(1, len(keys)), width - 1))]
    records: list[dict[str, str]] = []
    while len(records) < count:
        record = {keys[place]: value(rng, keys[place], place, language) for place in chosen}
        # CSV needs quotes around commas; that is where models forget them.
        if keys[0] == "title" and rng.random() < 0.3:
            record["title"] += ", Part 2"
        if all(record[keys[0]] != other[keys[0]] for other in records):
            records.append(record)
    return records


def written(rng: Random, records: Sequence[Record], form: str) -> str:
    """Records in a format, in one of the ways that people write it."""
    if form == "pairs":
        mark = rng.choice((": ", ": ", "=", " = "))
        held = any("," in each for record in records for each in record.values())
        between = "; " if held else rng.choice((", ", "; "))
        lines = [[f"{key}{mark}{each}" for key, each in record.items()] for record in records]
        if len(records) == 1 and rng.random() < 0.4:
            return "\n".join(lines[0])
        return "\n".join(between.join(line) for line in lines)
    if form == "json" and rng.random() < 0.3:
        return json.dumps(json.loads(as_json(records)), ensure_ascii=False, indent=2)
    return WRITERS[form](records)


def holds_records(records: Sequence[Record], form: str) -> Callable[[Answer], bool]:
    """A check that an answer holds exactly these records in the format."""
    expected = same_records(records)
    return lambda answer: read_back(answer.text, form) == expected


def holds_array(items: Sequence[str]) -> Callable[[Answer], bool]:
    """A check that the first JSON array of an answer holds exactly these strings."""
    expected = [same_form(each) for each in items]

    def check(answer: Answer) -> bool:
        text = without_fence(answer.text)
        if "[" not in text:
            return False
        try:
            found = json.JSONDecoder().raw_decode(text[text.index("[") :])[0]
        except (ValueError, RecursionError):
            return False
        return [same_form(each) for each in found] == expected

    return check


def room(text: str, indents: int = 0) -> int:
    """Tokens for an answer: as many as the text may have, a line of introduction, and line breaks that indent it."""
    return min(240, 24 + 5 * indents + (len(text.encode()) * 10) // 22)


def a_list(rng: Random, level: int, language: str) -> Item:
    """Turn a list of words into a JSON array."""
    items = rng.sample(GOODS[language], 2 + 2 * level)
    material = rng.choice((", ", "\n", "; ", "\n- ")).join(items)
    material = f"- {material}" if "\n- " in material else material
    expected = json.dumps(items, ensure_ascii=False)
    turns = worded(rng, language, LIST_REQUESTS[language], material, TAILS[language][:2])
    return Item(turns, holds_array(items), room(expected, len(items)), expected)


def some_data(rng: Random, level: int, language: str) -> Item:
    """Turn records from one format into another, at level 5 often without one of the keys."""
    records = some_records(rng, language, *rng.choice(SIZES[level]))
    source, target = rng.choice(
        [(old, new) for old in FORMATS for new in FORMATS if old != new and (level > 1 or "table" not in (old, new))]
    )
    request = [text.format(form=rng.choice(FORMAT_NAMES[language][target])) for text in REQUESTS[language]]
    material = written(rng, records, source)
    turns = worded(rng, language, request, material, TAILS[language])
    if level == 5 and rng.random() < 0.6:
        dropped = rng.choice(list(records[0])[1:])
        *before, last = turns
        sentence = rng.choice(DROPPED[language]).format(key=dropped)
        turns = (*before, type(last)(last.role, f"{last.text}\n{sentence}"))
        records = [{key: each for key, each in record.items() if key != dropped} for record in records]
    expected = WRITERS[target](records)
    indents = len(records) * (len(records[0]) + 2) if target == "json" else 0
    return Item(turns, holds_records(records, target), room(expected, indents), expected)


def make(rng: Random, level: int, language: str) -> Item:
    """An item of a level; one in four of the easier ones is a plain list."""
    if rng.random() < (0.3 if level <= 3 else 0.1):
        return unless_repeated(a_list(rng, level, language))
    return unless_repeated(some_data(rng, level, language))


FAMILY = Family(name="convert_format", title="turning data into JSON, CSV or a table", make=make)

"""Answering a question from a given passage; at high levels two of its facts must be put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from router.exam.checks.said import affirms, plain, repeats, says, sentences, words
from router.exam.item import Answer, Family, Item
from router.exam.wording.asking import elided
from router.exam.wording.phrasing import conversation

_NAMES = {
    "en": "Anna Ben Carla David Emma Frank Grace Henry Olivia Jack Karen Leo Maria Noah Sophie Tom",
    "de": "Anna Jonas Carla David Lena Felix Greta Hannes Ida Jakob Klara Lukas Mia Paul Sophie Tim",
    "sv": "Anna Erik Karin David Elsa Fredrik Greta Hugo Ida Johan Klara Lars Maja Nils Saga Olle",
    "es": "Ana Bruno Carmen Diego Elena Felipe Gloria Hugo Inés Javier Lucía Marcos Nuria Pablo Rosa Tomás",
    "fr": "Anne Bruno Camille Denis Élise Fabien Gaëlle Hugo Inès Jules Karine Louis Manon Nicolas Sophie Théo",
    "zh": "小王 李娜 张伟 刘芳 陈明 赵丽 孙杰 周涛 吴静 郑凯 林红 高峰",
}
_CITIES = {
    "en": "Oslo Lisbon Vienna Dublin Prague Milan Boston Geneva Athens Leeds",
    "de": "Oslo Lissabon Wien Dublin Prag Mailand Hamburg Genf Athen Dresden",
    "sv": "Oslo Lissabon Wien Dublin Prag Milano Hamburg Bergen Aten Lund",
    "es": "Oslo Lisboa Viena Dublín Praga Milán Sevilla Ginebra Atenas Lima",
    "fr": "Oslo Lisbonne Vienne Dublin Prague Milan Lyon Genève Athènes Lille",
    "zh": "北京 上海 杭州 成都 西安 青岛 广州 南京 武汉 昆明",
}
_DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "sv": "måndag tisdag onsdag torsdag fredag lördag söndag",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "zh": "星期一 星期二 星期三 星期四 星期五 星期六 星期日",
}
_BY = {
    "en": "by train|by bus|by car|by plane|by bike|by boat",
    "de": "mit dem Zug|mit dem Bus|mit dem Auto|mit dem Flugzeug|mit dem Fahrrad|mit dem Schiff",
    "sv": "med tåg|med buss|med bil|med flyg|med cykel|med båt",
    "es": "en tren|en autobús|en coche|en avión|en bicicleta|en barco",
    "fr": "en train|en bus|en voiture|en avion|à vélo|en bateau",
    "zh": "坐火车|坐大巴|开车|坐飞机|骑车|坐船",
}
_THINGS = {
    "en": "the printer|the coffee machine|the projector|the fridge|the safe|the piano|the aquarium|the sofa",
    "de": "der Drucker|die Kaffeemaschine|der Beamer|der Kühlschrank|der Tresor|das Klavier|das Aquarium|das Sofa",
    "sv": "skrivaren|kaffemaskinen|projektorn|kylskåpet|kassaskåpet|pianot|akvariet|soffan",
    "es": "la impresora|la cafetera|el proyector|la nevera|la caja fuerte|el piano|el acuario|el sofá",
    "fr": "l'imprimante|la machine à café|le projecteur|le réfrigérateur|le coffre-fort|le piano|l'aquarium|le canapé",
    "zh": "打印机|咖啡机|投影仪|冰箱|保险柜|钢琴|鱼缸|沙发",
}
_PLACES = {
    "en": "The museum|The swimming pool|The zoo|The climbing hall|The castle|The botanical garden",
    "de": "Das Museum|Das Schwimmbad|Der Zoo|Die Kletterhalle|Das Schloss|Der botanische Garten",
    "sv": "Museet|Simhallen|Djurparken|Klätterhallen|Slottet|Botaniska trädgården",
    "es": "El museo|La piscina|El zoo|El rocódromo|El castillo|El jardín botánico",
    "fr": "Le musée|La piscine|Le zoo|La salle d'escalade|Le château|Le jardin botanique",
    "zh": "博物馆|游泳馆|动物园|攀岩馆|城堡|植物园",
}

# Sentences that state a fact, and questions for them. Each question: what it asks for, then its wording.
_TRIP = {
    "en": "{name} is going to {city} on {day} {by}.|On {day}, {name} travels {by} to {city}.",
    "de": "{name} fährt am {day} {by} nach {city}.|Am {day} reist {name} {by} nach {city}.",
    "sv": "{name} åker till {city} {by} på {day}.|På {day} reser {name} till {city} {by}.",
    "es": "{name} va a {city} {by} el {day}.|El {day}, {name} viaja {by} a {city}.",
    "fr": "{name} va à {city} {by} {day}.|{day}, {name} part {by} pour {city}.",
    "zh": "{name}{day}{by}去{city}。|{day}{name}{by}去{city}。",
}
_TRIP_ASKED = {
    "en": "city:Where is {name} going?|day:On which day does {name} travel?|by:How does {name} travel?|"
    "name:Who is going to {city}?|day:When is the trip to {city}?",
    "de": "city:Wohin fährt {name}?|day:An welchem Tag reist {name}?|by:Wie reist {name}?|name:Wer fährt nach {city}?",
    "sv": "city:Vart åker {name}?|day:Vilken dag reser {name}?|by:Hur reser {name}?|name:Vem åker till {city}?",
    "es": "city:¿A dónde va {name}?|day:¿Qué día viaja {name}?|by:¿Cómo viaja {name}?|name:¿Quién va a {city}?",
    "fr": "city:Où va {name} ?|day:Quel jour part {name} ?|by:Comment voyage {name} ?|name:Qui va à {city} ?",
    "zh": "city:{name}去哪里?|day:{name}星期几出发?|by:{name}怎么去?|name:谁去{city}?",
}
_TRIP_BOTH = {
    "en": "name:Who travels on {day} {by}?",
    "de": "name:Wer reist am {day} {by}?",
    "sv": "name:Vem reser på {day} {by}?",
    "es": "name:¿Quién viaja el {day} {by}?",
    "fr": "name:Qui voyage {day} {by} ?",
    "zh": "name:谁在{day}{by}出行?",
}
_SITS = {
    "en": "{name} works in room {room}.|Room {room} is {name}'s office.",
    "de": "{name} arbeitet in Raum {room}.|In Raum {room} hat {name} das Büro.",
    "sv": "{name} arbetar i rum {room}.|I rum {room} sitter {name}.",
    "es": "{name} trabaja en la sala {room}.|En la sala {room} está el despacho de {name}.",
    "fr": "{name} travaille dans la salle {room}.|La salle {room} est le bureau de {name}.",
    "zh": "{name}在{room}房间办公。|{room}房间是{name}的办公室。",
}
_STANDS = {
    "en": "{thing} is in room {room}.|In room {room} you will find {thing}.",
    "de": "In Raum {room} steht {thing}.|Und in Raum {room} ist {thing}.",
    "sv": "I rum {room} finns {thing}.|Och i rum {room} står {thing}.",
    "es": "En la sala {room} está {thing}.|Y en la sala {room} se encuentra {thing}.",
    "fr": "Dans la salle {room} se trouve {thing}.|Et dans la salle {room}, il y a {thing}.",
    "zh": "{thing}在{room}房间。|{room}房间里有{thing}。",
}
_ROOM_ASKED = {
    "en": "room:In which room does {name} work?|room:Where is {thing}?|name:Whose office is room {room}?",
    "de": "room:In welchem Raum arbeitet {name}?|room:Wo steht {thing}?|name:Wer arbeitet in Raum {room}?",
    "sv": "room:I vilket rum arbetar {name}?|room:Var finns {thing}?|name:Vem arbetar i rum {room}?",
    "es": "room:¿En qué sala trabaja {name}?|room:¿Dónde está {thing}?|name:¿Quién trabaja en la sala {room}?",
    "fr": "room:Dans quelle salle travaille {name} ?|room:Où est {thing} ?|name:Qui travaille dans la salle {room} ?",
    "zh": "room:{name}在哪个房间办公?|room:{thing}在哪个房间?|name:谁在{room}房间办公?",
}
_ROOM_BOTH = {
    "en": "thing:What is in {name}'s room besides the desk?|name:Who shares a room with {thing}?|"
    "name:Whose office is {thing} in?",
    "de": "thing:Was steht in dem Raum, in dem {name} arbeitet?|name:Wer arbeitet in dem Raum, in dem {thing} steht?",
    "sv": "thing:Vad finns i rummet där {name} arbetar?|name:Vem arbetar i rummet där {thing} står?",
    "es": "thing:¿Qué hay en la sala donde trabaja {name}?|name:¿Quién trabaja en la sala donde está {thing}?",
    "fr": (
        "thing:Qu'y a-t-il dans la salle où travaille {name} ?|name:Qui travaille dans la salle où se trouve {thing} ?"
    ),
    "zh": "thing:{name}办公的房间里有什么?|name:{thing}所在的房间是谁的办公室?",
}
_SWAPPED = {
    "en": "Update: {one} and {two} have swapped rooms since then.",
    "de": "Nachtrag: {one} und {two} haben inzwischen die Räume getauscht.",
    "sv": "Rättelse: {one} och {two} har bytt rum med varandra sedan dess.",
    "es": "Actualización: {one} y {two} se han cambiado las salas desde entonces.",
    "fr": "Mise à jour : {one} et {two} ont échangé leurs salles depuis.",
    "zh": "更正:后来{one}和{two}互换了办公室。",
}
_NOTICE = {
    "en": (
        "{place} opens at {open} and closes at {close}.|It is closed on {day}s.|"
        "A ticket costs {adult} euros for adults and {child} euros for children.|The phone number is {phone}.|"
        "Guided tours start at {tour}."
    ),
    "de": (
        "{place} öffnet um {open} Uhr und schließt um {close} Uhr.|Am {day} ist geschlossen.|"
        "Der Eintritt kostet {adult} Euro für Erwachsene und {child} Euro für Kinder.|"
        "Die Telefonnummer ist {phone}.|Führungen beginnen um {tour} Uhr."
    ),
    "sv": (
        "{place} öppnar klockan {open} och stänger klockan {close}.|På {day}ar är det stängt.|"
        "Inträdet kostar {adult} euro för vuxna och {child} euro för barn.|Telefonnumret är {phone}.|"
        "Visningarna börjar klockan {tour}."
    ),
    "es": (
        "{place} abre a las {open} y cierra a las {close}.|El {day} está cerrado.|"
        "La entrada cuesta {adult} euros para adultos y {child} euros para niños.|"
        "El número de teléfono es {phone}.|Las visitas guiadas empiezan a las {tour}."
    ),
    "fr": (
        "{place} ouvre à {open} et ferme à {close}.|C'est fermé le {day}.|"
        "L'entrée coûte {adult} euros pour les adultes et {child} euros pour les enfants.|"
        "Le numéro de téléphone est le {phone}.|Les visites guidées commencent à {tour}."
    ),
    "zh": (
        "{place}{open}开门,{close}关门。|{day}闭馆。|成人票{adult}欧元,儿童票{child}欧元。|电话号码是{phone}。|"
        "导览{tour}开始。"
    ),
}
_NOTICE_ASKED = {
    "en": (
        "open:When does it open?|close:At what time does it close?|day:On which day is it closed?|"
        "child:How much is a ticket for a child?|adult:What does an adult pay?|phone:What is the phone number?|"
        "tour:When do the tours start?"
    ),
    "de": (
        "open:Wann öffnet es?|close:Um wie viel Uhr wird geschlossen?|day:An welchem Tag ist geschlossen?|"
        "child:Was kostet der Eintritt für ein Kind?|phone:Wie lautet die Telefonnummer?|"
        "tour:Wann beginnen die Führungen?"
    ),
    "sv": (
        "open:När öppnar det?|close:Hur dags stänger det?|day:Vilken dag är det stängt?|"
        "child:Vad kostar inträdet för ett barn?|phone:Vad är telefonnumret?|tour:När börjar visningarna?"
    ),
    "es": (
        "open:¿A qué hora abre?|close:¿A qué hora cierra?|day:¿Qué día está cerrado?|child:¿Cuánto paga un niño?|"
        "phone:¿Cuál es el número de teléfono?|tour:¿Cuándo empiezan las visitas?"
    ),
    "fr": (
        "open:À quelle heure ça ouvre ?|close:À quelle heure ça ferme ?|day:Quel jour est-ce fermé ?|"
        "child:Combien paie un enfant ?|phone:Quel est le numéro de téléphone ?|tour:Quand commencent les visites ?"
    ),
    "zh": "open:几点开门?|close:几点关门?|day:星期几闭馆?|child:儿童票多少钱?|phone:电话号码是多少?|tour:导览几点开始?",
}
_NOTICE_BOTH = {
    "en": (
        "total:How much do {k} adults and one child pay together?|total:What is the price for {k} adults plus 1 child?"
    ),
    "de": "total:Wie viel zahlen {k} Erwachsene und ein Kind zusammen?",
    "sv": "total:Hur mycket betalar {k} vuxna och ett barn tillsammans?",
    "es": "total:¿Cuánto pagan en total {k} adultos y un niño?",
    "fr": "total:Combien paient ensemble {k} adultes et un enfant ?",
    "zh": "total:{k}个成人和一个儿童一共要付多少钱?",
}
_PADDING = {
    "en": (
        "The weather has been mild so far.|Everybody was informed by e-mail.|A list hangs next to the lift.|"
        "The plan was made last week.|There are sandwiches at noon.|Please keep the doors shut."
    ),
    "de": (
        "Das Wetter ist bisher mild.|Alle wurden per E-Mail informiert.|Eine Liste hängt neben dem Aufzug.|"
        "Der Plan stammt von letzter Woche.|Mittags gibt es belegte Brote."
    ),
    "sv": (
        "Vädret har varit milt hittills.|Alla har fått besked via e-post.|En lista hänger bredvid hissen.|"
        "Planen gjordes förra veckan.|Det finns smörgåsar till lunch."
    ),
    "es": (
        "De momento el tiempo es suave.|Se informó a todos por correo.|Hay una lista junto al ascensor.|"
        "El plan se hizo la semana pasada.|A mediodía hay bocadillos."
    ),
    "fr": (
        "Le temps est doux jusqu'ici.|Tout le monde a été prévenu par courriel.|"
        "Une liste est affichée près de l'ascenseur.|Le plan date de la semaine dernière.|"
        "À midi, il y a des sandwichs."
    ),
    "zh": "最近天气不错。|已经发邮件通知大家了。|电梯旁边贴了一张名单。|这个计划是上周定的。|中午有三明治。",
}

_ASKING = {
    "en": (
        "{text}\n\n{question}",
        "{text}\n\nQuestion: {question}",
        "Read this and answer: {question}\n\n{text}",
        "{question}\n\n{text}",
        "Text: {text}\nQuestion: {question}\nAnswer:",
        "Here is a note from a colleague:\n{text}\n{question}",
        "Based on the text below, {question}\n\n{text}",
        "According to this message: {text}\n\n{question}",
        "Context: {text}\n\n{question}",
        "I got this information: {text} So my question is: {question}",
        "Answer from the passage.\n\nPassage: {text}\n\n{question}",
        "Please help me find something in this text. {question} The text: {text}",
        "From the notice board: {text} Can you tell me: {question}",
        "My son has to answer this for school.\n{text}\n{question}",
        "Use only this text to answer. {text}\n\nQ: {question}",
    ),
    "de": (
        "{text}\n\n{question}",
        "Text: {text}\nFrage: {question}",
        "Lies das und antworte: {question}\n\n{text}",
        "{question}\n\n{text}",
        "Hier steht: {text} Meine Frage: {question}",
        "Beantworte die Frage anhand des Textes.\n\n{text}\n\n{question}",
    ),
    "sv": (
        "{text}\n\n{question}",
        "Text: {text}\nFråga: {question}",
        "Läs det här och svara: {question}\n\n{text}",
        "{question}\n\n{text}",
        "Här står det: {text} Min fråga: {question}",
        "Svara på frågan med hjälp av texten.\n\n{text}\n\n{question}",
    ),
    "es": (
        "{text}\n\n{question}",
        "Texto: {text}\nPregunta: {question}",
        "Lee esto y responde: {question}\n\n{text}",
        "{question}\n\n{text}",
        "Aquí dice: {text} Mi pregunta: {question}",
        "Responde a la pregunta según el texto.\n\n{text}\n\n{question}",
    ),
    "fr": (
        "{text}\n\n{question}",
        "Texte : {text}\nQuestion : {question}",
        "Lis ceci et réponds : {question}\n\n{text}",
        "{question}\n\n{text}",
        "Il est écrit : {text} Ma question : {question}",
        "Réponds à la question d'après le texte.\n\n{text}\n\n{question}",
    ),
    "zh": (
        "{text}\n\n{question}",
        "文字:{text}\n问题:{question}",
        "请阅读并回答:{question}\n\n{text}",
        "{question}\n\n{text}",
        "这里写着:{text} 我想问:{question}",
        "请根据短文回答问题。\n\n{text}\n\n{question}",
    ),
}
_BRIEF = {
    "en": ("Short answer please.", "Answer in a few words.", "Just the answer."),
    "de": ("Bitte kurz antworten.", "Nur die Antwort."),
    "sv": ("Svara kort.", "Bara svaret."),
    "es": ("Responde brevemente.", "Solo la respuesta."),
    "fr": ("Réponds brièvement.", "Seulement la réponse."),
    "zh": ("请简短回答。", "只写答案。"),
}
_SMALL = ("the ", "by ", "der ", "die ", "das ", "mit dem ", "med ", "el ", "la ", "le ", "l'", "en ", "à ", "坐")


@dataclass(frozen=True, slots=True)
class Asked:
    """A passage, a question, what is right and what would be wrong."""

    text: str
    question: str
    right: str
    wrong: Sequence[str]

    def is_answered_by(self, answer: str) -> bool:
        """Whether an answer says what is right, and nothing of the same kind that is wrong."""
        if len(words(plain(answer))) > 45:
            return False
        first = sentences(answer)[:2]
        if first and len(words(first[0])) <= 3 and self._is_said_in(first[0]):
            return True
        return says(" ".join(first), _forms(self.right)) and self._is_said_in(answer)

    def _is_said_in(self, text: str) -> bool:
        return affirms(text, _forms(self.right)) and not any(affirms(text, _forms(value)) for value in self.wrong)


def _forms(value: str) -> list[str]:
    """How a value of the passage may be said: "by train" as "train", "18:00" as "18", "6 pm" or "six"."""
    if value[0].isdigit() and ":" in value:
        hour, minute = value.split(":")
        twelve = str(int(hour) % 12 or 12)
        both = [f"{h}{mark}{minute}" for h in {hour, twelve} for mark in (":", ".", "h", " h ", "点")]
        half = "pm" if int(hour) > 11 else "am"
        rounded = [f"{hour} {unit}" for unit in ("uhr", "h", "heures", "o'clock", "点", "horas")]
        rounded += [f"{hour}{unit}" for unit in ("h", "点", "时")] + [f"{twelve} {half}", f"{twelve}{half}"]
        return [
            *both,
            *(rounded if minute == "00" else []),
            f"{twelve}:{minute}{half}",
            f"{hour}点半" if minute == "30" else value,
        ]
    for small in _SMALL:
        value = value.removeprefix(small)
    if value.isascii() and value.isdigit():
        return [value, f"{value}€", f"€{value}", f"{value}.00", f"{value},00"]
    return [value, value + "s", value + "n"]


def _questions(text: str) -> list[tuple[str, str]]:
    return [(kind, wording) for kind, wording in (one.split(":", 1) for one in text.split("|"))]


def _joined(language: str, parts: Sequence[str]) -> str:
    return ("" if language == "zh" else " ").join(part[0].upper() + part[1:] for part in parts)


def _pads(rng: Random, level: int, language: str) -> list[str]:
    return rng.sample(_PADDING[language].split("|"), {1: 0, 2: 0, 3: 1, 4: 1, 5: 2}[level])


def _trips(rng: Random, level: int, language: str) -> Asked:
    n = {1: 1, 2: 2, 3: 4, 4: 4, 5: 6}[level]
    names = rng.sample(_NAMES[language].split(), n)
    cities = rng.sample(_CITIES[language].split(), n)
    days = rng.sample(_DAYS[language].split(), n)
    ways = rng.sample(_BY[language].split("|"), n)
    both = level >= 4
    if both:
        # Each trip shares its day with another and its means with a third, so that one of them does not tell.
        days = [days[i // 2] for i in range(n)]
        ways = [ways[i % 2] for i in range(n)]
    trips = [
        {"name": name, "city": city, "day": day, "by": by}
        for name, city, day, by in zip(names, cities, days, ways, strict=True)
    ]
    parts = [rng.choice(_TRIP[language].split("|")).format(**trip) for trip in trips]
    rng.shuffle(parts)
    kind, question = rng.choice(_questions((_TRIP_BOTH if both else _TRIP_ASKED)[language]))
    trip = rng.choice(trips)
    return Asked(
        _joined(language, [*parts, *_pads(rng, level, language)]),
        question.format(**trip),
        trip[kind],
        [other[kind] for other in trips if other[kind] != trip[kind]],
    )


def _rooms(rng: Random, level: int, language: str) -> Asked:
    n = {1: 1, 2: 2, 3: 3, 4: 3, 5: 4}[level]
    names = rng.sample(_NAMES[language].split(), n)
    things = rng.sample(_THINGS[language].split("|"), n)
    rooms = [str(number) for number in rng.sample(range(11, 99), n)]
    both = level >= 4
    offices = [
        {"name": name, "room": room, "thing": thing} for name, room, thing in zip(names, rooms, things, strict=True)
    ]
    parts = [rng.choice(_SITS[language].split("|")).format(**office) for office in offices]
    parts += [rng.choice(_STANDS[language].split("|")).format(**office) for office in offices]
    rng.shuffle(parts)
    parts += _pads(rng, level, language)
    if level == 5:
        one, two = offices[0], offices[1]
        parts.append(_SWAPPED[language].format(one=one["name"], two=two["name"]))
        one["name"], two["name"] = two["name"], one["name"]
    kind, question = rng.choice(_questions((_ROOM_BOTH if both else _ROOM_ASKED)[language]))
    office = rng.choice(offices[:2])
    wrong = [other[kind] for other in offices if other[kind] != office[kind]]
    return Asked(_joined(language, parts), question.format(**office), office[kind], wrong)


def _notice(rng: Random, level: int, language: str) -> Asked:
    hours = rng.sample(range(8, 12), 1) + rng.sample(range(13, 16), 1) + rng.sample(range(16, 20), 1)
    opens, tour, closes = (f"{hour}:{rng.choice(('00', '30'))}" for hour in hours)
    adult = rng.randrange(8, 19)
    child = rng.randrange(2, 7)
    k = rng.randrange(2, 5)
    values: Mapping[str, str] = {
        "place": rng.choice(_PLACES[language].split("|")),
        "open": opens,
        "tour": tour,
        "close": closes,
        "day": rng.choice(_DAYS[language].split()),
        "adult": str(adult),
        "child": str(child),
        "phone": f"{rng.randrange(200, 999)} {rng.randrange(1000, 9999)}",
        "total": str(k * adult + child),
        "k": str(k),
    }
    facts = _NOTICE[language].split("|")
    questions = _questions(_NOTICE_ASKED[language])
    if level == 1:
        facts, questions = facts[:2], questions[:3]
    elif level >= 4:
        questions = _questions(_NOTICE_BOTH[language])
    first, rest = facts[0], facts[1:]
    rng.shuffle(rest)
    kind, question = rng.choice(questions)
    # Both times of the day stand in one sentence, which may be repeated as an answer.
    alike = {"open": ("tour",), "close": ("tour",), "tour": ("open", "close")}.get(kind, ())
    parts = [part.format(**values) for part in (first, *rest)] + _pads(rng, level, language)
    return Asked(_joined(language, parts), question.format(**values), values[kind], [values[one] for one in alike])


def _make(rng: Random, level: int, language: str) -> Item:
    asked = rng.choice((_trips, _rooms, _notice))(rng, level, language)
    text, question = elided(asked.text, language), elided(asked.question, language)
    turns = conversation(rng, language, _ASKING[language], _BRIEF[language], text=text, question=question)

    def check(answer: Answer) -> bool:
        return not repeats(answer.text, turns[-1].text, 12) and asked.is_answered_by(answer.text)

    return Item(turns, check, max_tokens=40, expected=asked.right)


FAMILY = Family(name="passage_question", title="answering from a given passage", make=_make)

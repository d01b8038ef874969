"""Exam family: choosing one of one to five tools and its arguments, or answering in words where no tool fits."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from router.exam.checks.answer_text import folded, gives
from router.exam.item import Answer, Family, Item, ToolCall
from router.exam.wording.asking import elided
from router.exam.wording.courtesies import conversation

# Name: what it does, and its parameters: name, JSON type and meaning.
_TOOLS: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "get_weather": ("Get the weather of a city", (("city", "string", "Name of the city"),)),
    "set_timer": ("Start a timer", (("minutes", "integer", "Length in minutes"),)),
    "play_music": ("Play music of an artist", (("artist", "string", "Name of the artist"),)),
    "call_contact": ("Call a person of the address book", (("name", "string", "First name"),)),
    "get_time": ("Get the local time of a city", (("city", "string", "Name of the city"),)),
    "convert_currency": (
        "Convert an amount of money",
        (
            ("amount", "number", "How much"),
            ("source", "string", "Currency code, such as EUR"),
            ("target", "string", "Currency code to convert to"),
        ),
    ),
    "add_to_list": (
        "Add something to the shopping list",
        (("item", "string", "What to buy"), ("quantity", "integer", "How many")),
    ),
    "send_message": (
        "Send a text message",
        (("name", "string", "Who receives it"), ("text", "string", "What it says")),
    ),
    "search_trains": (
        "Find trains between two cities",
        (
            ("origin", "string", "City of departure"),
            ("destination", "string", "City of arrival"),
            ("date", "string", "Date as YYYY-MM-DD"),
        ),
    ),
    "search_flights": (
        "Find flights between two cities",
        (
            ("origin", "string", "City of departure"),
            ("destination", "string", "City of arrival"),
            ("date", "string", "Date as YYYY-MM-DD"),
        ),
    ),
    "book_hotel": (
        "Book a hotel",
        (("city", "string", "City"), ("nights", "integer", "Nights"), ("guests", "integer", "Guests")),
    ),
    "set_alarm": ("Set an alarm for a time of day", (("time", "string", "24-hour time as HH:MM"),)),
}

# By language and tool: what people say, with the parameters' names in braces.
_SAID = {
    "en": {
        "get_weather": "What's the weather like in {city}?|weather {city}|Will I need an umbrella in {city} today?",
        "set_timer": "Set a timer for {minutes} minutes.|timer {minutes} min|"
        "Remind me in {minutes} minutes with a timer.",
        "play_music": "Play something by {artist}.|I want to hear {artist}.|put on some {artist}",
        "call_contact": "Call {name}.|Please phone {name} for me.|give {name} a ring",
        "get_time": "What time is it in {city}?|time in {city}?|How late is it in {city} right now?",
        "convert_currency": "Convert {amount} {source} to {target}.|How much is {amount} {source} in {target}?",
        "add_to_list": "Put {quantity} {item} on the shopping list.|We need {quantity} {item}, add that to the list.",
        "send_message": 'Text {name}: {text}|Send {name} a message saying "{text}".',
        "search_trains": "Find me a train from {origin} to {destination} on {date}.|"
        "I'd like to take the train from {origin} "
        "to {destination} on {date}.",
        "search_flights": "Find a flight from {origin} to {destination} on {date}.|"
        "I want to fly to {destination} from {origin} "
        "on {date}.",
        "book_hotel": "Book a hotel in {city} for {nights} nights and {guests} people.|"
        "I need a hotel in {city}: {guests} "
        "guests, {nights} nights.",
        "set_alarm": "Wake me at {time}.|Set an alarm for {time}.|alarm {time} please",
    },
    "de": {
        "get_weather": "Wie ist das Wetter in {city}?|Brauche ich heute in {city} einen Schirm?",
        "set_timer": "Stell einen Timer auf {minutes} Minuten.|Timer {minutes} Minuten bitte",
        "play_music": "Spiel etwas von {artist}.|Ich möchte {artist} hören.",
        "call_contact": "Ruf {name} an.|Bitte {name} anrufen.",
        "get_time": "Wie spät ist es in {city}?|Uhrzeit in {city}?",
        "convert_currency": "Rechne {amount} {source} in {target} um.|Wie viel sind {amount} {source} in {target}?",
        "add_to_list": "Setz {quantity} {item} auf die Einkaufsliste.|"
        "Wir brauchen {quantity} {item}, bitte auf die Liste.",
        "search_trains": "Such einen Zug von {origin} nach {destination} am {date}.",
        "search_flights": "Such einen Flug von {origin} nach {destination} am {date}.",
        "book_hotel": "Buche ein Hotel in {city} für {nights} Nächte und {guests} Personen.",
        "set_alarm": "Weck mich um {time}.|Stell den Wecker auf {time}.",
    },
    "sv": {
        "get_weather": "Hur är vädret i {city}?|Behöver jag paraply i {city} idag?",
        "set_timer": "Sätt en timer på {minutes} minuter.|timer {minutes} minuter tack",
        "play_music": "Spela något av {artist}.|Jag vill höra {artist}.",
        "call_contact": "Ring {name}.|Kan du ringa {name}?",
        "get_time": "Vad är klockan i {city}?|Hur mycket är klockan i {city}?",
        "convert_currency": "Räkna om {amount} {source} till {target}.|Hur mycket är {amount} {source} i {target}?",
        "add_to_list": "Skriv {quantity} {item} på inköpslistan.|Vi behöver {quantity} {item}, lägg till på listan.",
        "search_trains": "Sök ett tåg från {origin} till {destination} den {date}.",
        "search_flights": "Sök ett flyg från {origin} till {destination} den {date}.",
        "book_hotel": "Boka ett hotell i {city} för {nights} nätter och {guests} personer.",
        "set_alarm": "Väck mig klockan {time}.|Ställ alarmet på {time}.",
    },
    "es": {
        "get_weather": "¿Qué tiempo hace en {city}?|¿Necesito paraguas hoy en {city}?",
        "set_timer": "Pon un temporizador de {minutes} minutos.|temporizador {minutes} minutos",
        "play_music": "Pon algo de {artist}.|Quiero escuchar a {artist}.",
        "call_contact": "Llama a {name}.|¿Puedes llamar a {name}?",
        "get_time": "¿Qué hora es en {city}?|hora en {city}",
        "convert_currency": "Convierte {amount} {source} a {target}.|¿Cuánto son {amount} {source} en {target}?",
        "add_to_list": "Apunta {quantity} {item} en la lista de la compra.|Añade {quantity} {item} a la lista.",
        "search_trains": "Busca un tren de {origin} a {destination} el {date}.",
        "search_flights": "Busca un vuelo de {origin} a {destination} el {date}.",
        "book_hotel": "Reserva un hotel en {city} para {nights} noches y {guests} personas.",
        "set_alarm": "Despiértame a las {time}.|Pon una alarma a las {time}.",
    },
    "fr": {
        "get_weather": "Quel temps fait-il à {city} ?|Faut-il un parapluie à {city} aujourd'hui ?",
        "set_timer": "Mets un minuteur de {minutes} minutes.|minuteur {minutes} minutes",
        "play_music": "Mets quelque chose de {artist}.|Je veux écouter {artist}.",
        "call_contact": "Appelle {name}.|Peux-tu appeler {name} ?",
        "get_time": "Quelle heure est-il à {city} ?|heure à {city} ?",
        "convert_currency": "Convertis {amount} {source} en {target}.|Combien font {amount} {source} en {target} ?",
        "add_to_list": "Mets {quantity} {item} sur la liste de courses.|Ajoute {quantity} {item} à la liste.",
        "search_trains": "Cherche un train de {origin} à {destination} le {date}.",
        "search_flights": "Cherche un vol de {origin} à {destination} le {date}.",
        "book_hotel": "Réserve un hôtel à {city} pour {nights} nuits et {guests} personnes.",
        "set_alarm": "Réveille-moi à {time}.|Mets une alarme à {time}.",
    },
    "zh": {
        "get_weather": "{city}天气怎么样？|今天在{city}要带伞吗？",
        "set_timer": "定一个{minutes}分钟的计时器。|计时{minutes}分钟",
        "play_music": "放一首{artist}的歌。|我想听{artist}。",
        "call_contact": "给{name}打电话。|打给{name}",
        "get_time": "{city}现在几点？|{city}当地时间是几点？",
        "convert_currency": "把{amount} {source}换成{target}。|{amount} {source}等于多少{target}？",
        "add_to_list": "把{quantity}个{item}加到购物清单。|买{quantity}个{item}，记在清单上。",
        "search_trains": "查{date}从{origin}到{destination}的火车。",
        "search_flights": "查{date}从{origin}到{destination}的航班。",
        "book_hotel": "在{city}订酒店，{nights}晚，{guests}位客人。",
        "set_alarm": "{time}叫我起床。|设一个{time}的闹钟。",
    },
}

# Requests that no tool helps with: question, right answers by "/".
_WORDS = {
    "en": "What is the capital of Italy?#Rome|How many legs does a spider have?#8/eight|"
    "What is 7 times 6?#42/forty-two|"
    "What colour is a ripe banana?#yellow|Who wrote Hamlet?#Shakespeare|What is the opposite of 'cold'?#hot/warm",
    "de": "Was ist die Hauptstadt von Italien?#Rom|Wie viele Beine hat eine Spinne?#8/acht|Was ist 7 mal 6?#42|"
    "Welche Farbe hat eine reife Banane?#gelb|Wer schrieb Hamlet?#Shakespeare",
    "sv": "Vad heter Italiens huvudstad?#Rom|Hur många ben har en spindel?#8/åtta|Vad är 7 gånger 6?#42|"
    "Vilken färg har en mogen banan?#gul|Vem skrev Hamlet?#Shakespeare",
    "es": "¿Cuál es la capital de Italia?#Roma|¿Cuántas patas tiene una araña?#8/ocho|¿Cuánto es 7 por 6?#42|"
    "¿De qué color es un plátano maduro?#amarillo|¿Quién escribió Hamlet?#Shakespeare",
    "fr": "Quelle est la capitale de l'Italie ?#Rome|Combien de pattes a une araignée ?#8/huit|"
    "Combien font 7 fois 6 ?#42|"
    "De quelle couleur est une banane mûre ?#jaune|Qui a écrit Hamlet ?#Shakespeare",
    "zh": "意大利的首都是哪里？#罗马|蜘蛛有几条腿？#8/八|7乘以6等于多少？#42/四十二|熟香蕉是什么颜色？#黄|"
    "《哈姆雷特》是谁写的？#莎士比亚",
}

_CITIES = "Berlin Madrid Oslo Paris Hamburg Toronto Dublin Porto Boston Helsinki Amsterdam Zagreb Bonn Malmö Lima Quito"
_CITIES_ZH = "北京 上海 东京 巴黎 柏林 伦敦 首尔 成都 广州 悉尼 马德里 奥斯陆"
_ARTISTS = "ABBA|Mozart|Miles Davis|Queen|Adele|Bob Dylan|Nina Simone|Coldplay"
_NAMES = "Anna Ben Carla David Elena Felix Greta Hugo Ines Jonas Lena Marco Nora Oscar Paula Simon"
_ITEMS = {
    "en": "lemons candles eggs batteries apples",
    "de": "Zitronen Kerzen Eier Batterien Äpfel",
    "sv": "citroner ljus ägg batterier äpplen",
    "es": "limones velas huevos pilas manzanas",
    "fr": "citrons bougies œufs piles pommes",
    "zh": "柠檬 蜡烛 鸡蛋 电池 苹果",
}
_TEXTS = ("I'm late", "see you at eight", "the keys are at the office", "happy birthday", "dinner is ready")

# Tools with so many parameters, by level.
_FITTING = {1: (1, 1), 2: (1, 1), 3: (1, 2), 4: (2, 3), 5: (3, 3)}

# Tools that are easily taken for each other: at high levels both are offered.
_ALIKE = {
    "get_weather": "get_time",
    "get_time": "get_weather",
    "search_trains": "search_flights",
    "search_flights": "search_trains",
    "set_timer": "set_alarm",
    "set_alarm": "set_timer",
    "call_contact": "send_message",
    "send_message": "call_contact",
}


def definition(name: str) -> Mapping[str, Any]:
    """OpenAI's definition of a tool."""
    what, parameters = _TOOLS[name]
    schema = {
        "type": "object",
        "properties": {each: {"type": kind, "description": meaning} for each, kind, meaning in parameters},
        "required": [each for each, _, _ in parameters],
    }
    return {"type": "function", "function": {"name": name, "description": what, "parameters": schema}}


def _values(rng: Random, language: str) -> dict[str, Any]:
    """A value for every parameter that there is."""
    origin, destination, city = rng.sample((_CITIES_ZH if language == "zh" else _CITIES).split(), 3)
    source, target = rng.sample(("EUR", "USD", "SEK", "GBP", "JPY", "CHF"), 2)
    return {
        "city": city,
        "origin": origin,
        "destination": destination,
        "date": f"2027-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        "minutes": rng.randint(2, 59),
        "artist": rng.choice(_ARTISTS.split("|")),
        "name": rng.choice(_NAMES.split()),
        "text": rng.choice(_TEXTS),
        "amount": rng.randint(5, 900),
        "source": source,
        "target": target,
        "item": rng.choice(_ITEMS[language].split()),
        "quantity": rng.randint(2, 12),
        "nights": rng.randint(2, 6),
        "guests": rng.randint(7, 12),
        "time": f"{rng.randint(10, 22)}:{rng.randint(10, 59)}",
    }


def make(rng: Random, level: int, language: str) -> Item:
    """A request and as many tools as its level; one time in five none of them fits."""
    least, most = _FITTING[level]
    fitting = [each for each in _SAID[language] if least <= len(_TOOLS[each][1]) <= most]
    wanted = rng.choice(fitting)
    rest = rng.sample([each for each in _TOOLS if each != wanted], level - 1)
    if level > 2 and wanted in _ALIKE and _ALIKE[wanted] not in rest:
        rest[0] = _ALIKE[wanted]
    names = rng.sample([wanted, *rest], level)
    tools = tuple(definition(name) for name in names)
    if rng.random() < 0.2:
        question, _, right = rng.choice(_WORDS[language].split("|")).partition("#")
        variants = right.split("/")
        turns = conversation(rng, language, question)
        return Item(turns, lambda answer: in_words(answer, variants, question), 30, variants[0], tools)
    values = _values(rng, language)
    request = rng.choice(_SAID[language][wanted].split("|"))
    for key, value in values.items():
        request = request.replace(f"{{{key}}}", str(value))
    arguments = {each: values[each] for each, _, _ in _TOOLS[wanted][1]}
    call = f"{wanted}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"
    turns = conversation(rng, language, elided(request, language))
    return Item(
        turns, lambda answer: called(answer.tool_calls, wanted, arguments), 30 + 15 * len(arguments), call, tools
    )


def in_words(answer: Answer, right: Sequence[str], question: str) -> bool:
    """Whether an answer calls nothing and says the right thing."""
    return not answer.tool_calls and gives(answer.text, right, (), question)


def called(calls: Sequence[ToolCall], name: str, arguments: Mapping[str, Any]) -> bool:
    """Whether there is one call, of this tool, with these arguments and no others but empty ones."""
    if len(calls) != 1 or calls[0].name != name or calls[0].arguments is None:
        return False
    given = {key: value for key, value in calls[0].arguments.items() if value not in (None, "")}
    return given.keys() == arguments.keys() and all(_equal(given[key], arguments[key]) for key in arguments)


def _equal(given: object, wanted: object) -> bool:
    """Whether an argument is what was said: 5 may come as "5" or 5.0, words in other casing or with a full stop."""
    if isinstance(wanted, int):
        try:
            return not isinstance(given, bool) and float(str(given)) == wanted
        except ValueError:
            return False
    return folded(str(given)).strip(" .!\"'") == folded(str(wanted))


FAMILY = Family("tool_choice", "choosing a tool and its arguments", make)

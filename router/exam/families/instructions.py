"""Exam family: writing a little about an everyday subject while following two to six instructions at once.

Each item starts from a text that follows all its instructions: they are read off that text, so that they never
contradict each other.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from router.exam.checks.answer_text import drones, folded, readings, word_count
from router.exam.item import Answer, Family, Item
from router.exam.wording.courtesies import conversation

_TOPICS = {
    "en": "coffee|rain|music|bread|football|chocolate|tea|soup|winter|summer|autumn|books|trains|dogs|cats|flowers|"
    "tomatoes|old films|letters|birds|bees|mountains|forests|the sea|the moon|breakfast|cheese|apples|holidays|"
    "board games|jazz|paintings|bridges|libraries|snow|honey|gardens|bicycles|museums|the weekend|neighbours|markets",
    "de": "Kaffee|Regen|Musik|Brot|Fußball|Schokolade|Tee|Suppe|Bücher|Züge|Hunde|Katzen|Blumen|Tomaten|alte Filme|"
    "Briefe|Vögel|Bienen|Berge|Wälder|Käse|Äpfel|Ferien|Brettspiele|Jazz|Bilder|Brücken|Museen|Schnee|Honig|Gärten|"
    "Fahrräder|Märkte|Pilze|Wolken|Sterne|Kuchen|Geschichten|Reisen|Kartoffeln",
    "sv": "kaffe|regn|musik|bröd|fotboll|choklad|te|soppa|böcker|tåg|hundar|katter|blommor|tomater|gamla filmer|brev|"
    "fåglar|bin|berg|skogar|ost|äpplen|semester|brädspel|jazz|tavlor|broar|museer|snö|honung|trädgårdar|cyklar|"
    "torghandel|svamp|moln|stjärnor|kakor|berättelser|resor|potatis",
    "es": "el café|la lluvia|la música|el pan|el fútbol|el chocolate|el té|la sopa|los libros|los trenes|los perros|"
    "los gatos|las flores|los tomates|las cartas|los pájaros|las abejas|las montañas|los bosques|el mar|la luna|"
    "el desayuno|el queso|las manzanas|las vacaciones|el jazz|los puentes|los museos|la nieve|la miel|los jardines|"
    "las bicicletas|los mercados|las setas|las nubes|las estrellas|los viajes|las patatas|el invierno|el verano",
    "fr": "le café|la pluie|la musique|le pain|le football|le chocolat|le thé|la soupe|les livres|les trains|"
    "les chiens|les chats|les fleurs|les tomates|les lettres|les oiseaux|les abeilles|les montagnes|les forêts|"
    "la mer|la lune|le fromage|les pommes|les vacances|le jazz|les ponts|les musées|la neige|le miel|les jardins|"
    "les vélos|les marchés|les champignons|les nuages|les voyages|les pommes de terre|le printemps|le soleil",
    "zh": "咖啡|下雨|音乐|面包|足球|巧克力|茶|汤|冬天|夏天|秋天|书|火车|狗|猫|鲜花|西红柿|老电影|信|鸟|蜜蜂|山|"
    "森林|大海|月亮|早餐|苹果|假期|桌游|爵士乐|桥|图书馆|雪|蜂蜜|花园|自行车|博物馆|周末|邻居|菜市场",
}

# Sentences without commas; in Chinese the words stand apart, so that one can be picked.
_SENTENCES = {
    "en": "I think about {x} every morning|My family loves {x} more than anything else|"
    "There is nothing better than {x} after a long day|Many people enjoy {x} together with their friends|"
    "We talked about {x} all evening|You can learn a lot from {x}|Life would be dull without {x}|"
    "My grandmother knows everything about {x}|Nobody in our street dislikes {x}|"
    "Children often ask questions about {x}|Everyone should make time for {x}|This song is about {x} and old friends",
    "de": "Ich denke jeden Morgen an {x}|Meine Familie liebt {x} über alles|Ohne {x} wäre das Leben langweilig|"
    "Viele Menschen reden gern über {x}|Wir sprachen den ganzen Abend über {x}|Meine Oma weiß alles über {x}|"
    "Niemand in unserer Straße hat etwas gegen {x}|Kinder stellen oft Fragen über {x}|"
    "Dieses Lied erzählt etwas über {x}|Am Wochenende freue ich mich besonders auf {x}",
    "sv": "Jag tänker på {x} varje morgon|Min familj älskar {x} mer än allt annat|Utan {x} vore livet tråkigt|"
    "Många människor pratar gärna om {x}|Vi pratade om {x} hela kvällen|Min mormor vet allt om {x}|"
    "Ingen på vår gata har något emot {x}|Barn ställer ofta frågor om {x}|Den här sången handlar om {x}|"
    "Alla borde ha tid för {x}",
    "es": "Pienso en {x} todas las mañanas|Mi familia adora {x} más que nada|Sin {x} la vida sería aburrida|"
    "Muchas personas disfrutan {x} con sus amigos|Hablamos sobre {x} toda la noche|Mi abuela sabe todo sobre {x}|"
    "Nadie en nuestra calle odia {x}|Los niños preguntan mucho sobre {x}|Esta canción habla sobre {x}|"
    "Nunca olvido {x} cuando viajo lejos",
    "fr": "Ma famille aime {x} plus que tout|Sans {x} la vie serait triste|Beaucoup de gens aiment {x} chaque jour|"
    "Nous adorons {x} depuis toujours|Ma mère connaît bien {x}|Personne dans notre rue ne déteste {x}|"
    "Mes enfants dessinent souvent {x} pour mamie|Cette chanson raconte {x} avec beaucoup de tendresse|"
    "Mon voisin compare toujours {x} avec son enfance|Tout le monde peut aimer {x} un peu",
    "zh": "我 每天 早上 都会 想起 {x}|我的 家人 非常 喜欢 {x}|没有 {x} 的 生活 会 很 无聊|很多 朋友 都 爱 谈论 {x}|"
    "昨天 晚上 我们 一直 在 聊 {x}|奶奶 对 {x} 什么 都 知道|孩子们 经常 问 关于 {x} 的 问题|这首 歌 唱的 是 {x}|"
    "忙完 一天 以后 最 好 的 就是 {x}|每个 人 都 应该 为 {x} 留 一点 时间",
}

_FORMS = {
    "en": ("one sentence", "{n} sentences", "{n} bullet points"),
    "de": ("einen Satz", "{n} Sätze", "{n} Stichpunkte"),
    "sv": ("en mening", "{n} meningar", "{n} punkter i en punktlista"),
    "es": ("una frase", "{n} frases", "una lista de {n} puntos"),
    "fr": ("une phrase", "{n} phrases", "une liste de {n} puces"),
    "zh": ("一句话", "{n}句话", "{n}个要点（每点一行，用“-”开头）"),
}

_TASKS = {
    "en": (
        "Write {f} about {x}.",
        "Give me {f} about {x}.",
        "Please write {f} about {x}.",
        "Can you write {f} about {x}?",
        "Could you come up with {f} about {x}?",
        "I need {f} about {x}.",
        "I'd like {f} about {x} for our newsletter.",
        "{f} about {x} please.",
        "Compose {f} on the topic of {x}.",
        "For my blog I want {f} about {x}.",
        "Topic: {x}. Write {f}.",
        "My teacher asked for {f} about {x}.",
        "Think of {x} and write {f} about that.",
        "write {f} on {x}.",
        "Let's practise writing. Give me {f} about {x}.",
    ),
    "de": (
        "Schreibe {f} zum Thema {x}.",
        "Bitte schreib mir {f} zum Thema {x}.",
        "Kannst du {f} zum Thema {x} schreiben?",
        "Thema: {x}. Ich brauche {f}.",
        "Ich hätte gern {f} zum Thema {x}.",
        "Für unseren Newsletter brauche ich {f} zum Thema {x}.",
    ),
    "sv": (
        "Skriv {f} om {x}.",
        "Kan du skriva {f} om {x}?",
        "Ge mig {f} om {x}, tack.",
        "Ämne: {x}. Jag behöver {f}.",
        "Jag skulle vilja ha {f} om {x}.",
        "Till vårt nyhetsbrev behöver jag {f} om {x}.",
    ),
    "es": (
        "Escribe {f} sobre {x}.",
        "¿Puedes escribir {f} sobre {x}?",
        "Dame {f} sobre {x}, por favor.",
        "Tema: {x}. Necesito {f}.",
        "Me gustaría tener {f} sobre {x}.",
        "Para nuestro boletín necesito {f} sobre {x}.",
    ),
    "fr": (
        "Écris {f} sur {x}.",
        "Peux-tu écrire {f} sur {x} ?",
        "Donne-moi {f} sur {x}, s'il te plaît.",
        "Sujet : {x}. J'attends {f}.",
        "Je voudrais {f} sur {x}.",
        "Pour notre bulletin il me faut {f} sur {x}.",
    ),
    "zh": (
        "写{f}，主题是{x}。",
        "请以{x}为主题写{f}。",
        "能写{f}谈谈{x}吗？",
        "主题：{x}。请写{f}。",
        "帮我写{f}，关于{x}。",
        "我们的简报需要{f}，关于{x}。",
    ),
}

_RULES = {
    "en": {
        "words": "use exactly {v} words|it must be {v} words long|write {v} words, no more and no less",
        "most_words": "use at most {v} words|no more than {v} words|keep it under {w} words",
        "upper": "write everything in capital letters|use only upper case|ALL CAPS",
        "lower": "write everything in lower case|use no capital letters|all lowercase",
        "letter": 'start with the letter "{v}"|the first letter must be {v}|begin with {v}',
        "start": 'start with the word "{v}"|the first word must be "{v}"|begin with "{v}"',
        "word": 'include the word "{v}"|use the word "{v}"|the word "{v}" must appear',
        "no_comma": "do not use any commas|no commas|avoid commas",
        "mark": "end with an exclamation mark|finish with an exclamation mark|put an exclamation mark at the end",
        "end": 'end with "{v}"|the last words must be "{v}"|finish with the words "{v}"',
        "avoid": 'do not use the word "{v}"|avoid the word "{v}"|never say "{v}"',
        "no_letter": 'do not use the letter "{v}" anywhere|avoid the letter "{v}"|no word may contain the letter {v}',
        "brackets": "put the whole answer in square brackets|wrap everything in [ and ]|use [ ] around it all",
    },
    "de": {
        "words": "verwende genau {v} Wörter|schreibe {v} Wörter, nicht mehr und nicht weniger",
        "most_words": "verwende höchstens {v} Wörter|nimm nicht mehr als {v} Wörter",
        "upper": "schreibe alles in Großbuchstaben|benutze nur Großbuchstaben",
        "lower": "schreibe alles in Kleinbuchstaben|benutze keine Großbuchstaben",
        "letter": "beginne mit dem Buchstaben {v}|fang mit dem Buchstaben „{v}“ an",
        "start": "beginne mit dem Wort „{v}“|fang mit „{v}“ an",
        "word": "verwende das Wort „{v}“|baue das Wort „{v}“ ein",
        "no_comma": "verwende keine Kommas|verzichte auf Kommas",
        "mark": "ende mit einem Ausrufezeichen|setze ans Ende ein Ausrufezeichen",
        "end": "ende mit „{v}“|höre mit den Worten „{v}“ auf",
        "avoid": "benutze das Wort „{v}“ nicht|vermeide das Wort „{v}“",
        "no_letter": "benutze nirgends den Buchstaben „{v}“|vermeide den Buchstaben {v}",
        "brackets": "setze die ganze Antwort in eckige Klammern|schreibe alles in [ und ]",
    },
    "sv": {
        "words": "använd exakt {v} ord|skriv {v} ord, varken fler eller färre",
        "most_words": "använd högst {v} ord|skriv inte mer än {v} ord",
        "upper": "skriv allt med versaler|använd bara stora bokstäver",
        "lower": "skriv allt med små bokstäver|använd inga stora bokstäver",
        "letter": "börja med bokstaven {v}|låt första bokstaven vara ”{v}”",
        "start": "börja med ordet ”{v}”|låt första ordet vara ”{v}”",
        "word": "använd ordet ”{v}”|ta med ordet ”{v}”",
        "no_comma": "använd inga kommatecken|undvik kommatecken",
        "mark": "avsluta med ett utropstecken|sätt ett utropstecken sist",
        "end": "sluta med ”{v}”|låt de sista orden vara ”{v}”",
        "avoid": "använd inte ordet ”{v}”|undvik ordet ”{v}”",
        "no_letter": "använd inte bokstaven ”{v}” någonstans|undvik bokstaven {v}",
        "brackets": "sätt hela svaret inom hakparentes|skriv allt inom [ och ]",
    },
    "es": {
        "words": "usa exactamente {v} palabras|escribe {v} palabras, ni más ni menos",
        "most_words": "usa como máximo {v} palabras|no uses más de {v} palabras",
        "upper": "escribe todo en mayúsculas|usa solo mayúsculas",
        "lower": "escribe todo en minúsculas|no uses mayúsculas",
        "letter": "empieza con la letra {v}|la primera letra debe ser «{v}»",
        "start": "empieza con la palabra «{v}»|la primera palabra debe ser «{v}»",
        "word": "incluye la palabra «{v}»|usa la palabra «{v}»",
        "no_comma": "no uses comas|evita las comas",
        "mark": "termina con un signo de exclamación|pon al final un signo de exclamación",
        "end": "termina con «{v}»|las últimas palabras deben ser «{v}»",
        "avoid": "no uses la palabra «{v}»|evita la palabra «{v}»",
        "no_letter": "no uses la letra «{v}» en ningún sitio|evita la letra {v}",
        "brackets": "pon toda la respuesta entre corchetes|escribe todo entre [ y ]",
    },
    "fr": {
        "words": "utilise exactement {v} mots|écris {v} mots, ni plus ni moins",
        "most_words": "utilise {v} mots au maximum|ne dépasse pas {v} mots",
        "upper": "écris tout en majuscules|utilise uniquement des majuscules",
        "lower": "écris tout en minuscules|n'utilise aucune majuscule",
        "letter": "commence par la lettre {v}|la première lettre doit être « {v} »",
        "start": "commence par le mot « {v} »|le premier mot doit être « {v} »",
        "word": "emploie le mot « {v} »|utilise le mot « {v} »",
        "no_comma": "n'utilise pas de virgule|évite les virgules",
        "mark": "termine par un point d'exclamation|mets un point d'exclamation à la fin",
        "end": "termine par « {v} »|les derniers mots doivent être « {v} »",
        "avoid": "n'utilise pas le mot « {v} »|évite le mot « {v} »",
        "no_letter": "n'utilise nulle part la lettre « {v} »|évite la lettre {v}",
        "brackets": "mets toute la réponse entre crochets|écris tout entre [ et ]",
    },
    "zh": {
        "words": "正好用{v}个汉字（不算标点）|一共{v}个字，不多也不少，标点不算",
        "most_words": "最多{v}个字|不要超过{v}个字",
        "start": "以“{v}”开头|开头必须是“{v}”",
        "word": "要包含“{v}”这个词|要用到“{v}”",
        "no_comma": "不要用逗号|避免使用逗号",
        "mark": "以感叹号结尾|最后用感叹号",
        "end": "以“{v}”结尾（后面可加标点）|最后几个字必须是“{v}”",
        "avoid": "不要用“{v}”这个词|避免“{v}”一词",
        "brackets": "把整个回答放在方括号[ ]里|全部写在[和]之间",
    },
}

_AVOIDABLE = {
    "en": "very really great good delicious wonderful and the is people love",
    "de": "sehr wirklich toll gut lecker wunderbar und die ist Menschen",
    "sv": "mycket verkligen fantastisk god härlig och det är människor",
    "es": "muy realmente gran bueno delicioso maravilloso y es personas",
    "fr": "très vraiment génial bon délicieux merveilleux et est gens",
    "zh": "很 非常 真的 美味 美丽 和 因为 人们",
}

# Rules that a level draws from; how many; how many sentences.
_LEVELS = {
    1: (("most_words", "word", "mark", "word"), 1, (1,)),
    2: (("most_words", "word", "mark", "start", "no_comma", "upper", "lower", "avoid"), 2, (1,)),
    3: (("words", "upper", "lower", "letter", "start", "word", "no_comma", "mark", "end", "brackets"), 2, (1, 2, 3)),
    4: (("words", "upper", "lower", "letter", "word", "no_comma", "mark", "end", "avoid", "brackets"), 3, (1, 2, 3)),
    5: (("words", "upper", "lower", "letter", "start", "word", "end", "avoid", "no_letter", "brackets"), 5, (2, 3, 4)),
}

_CLASHES = ({"upper", "lower"}, {"letter", "start"}, {"words", "most_words"})

_CJK = re.compile(r"[\u3400-\u9fff]")

_COMMON = {
    "en": "the of and is to in that it with for are on",
    "de": "der die das und ist nicht ein eine den mit auf für ich",
    "sv": "och att det som är en på för med jag av inte",
    "es": "el la los las de que y es un una con por para",
    "fr": "le la les de des et est un une dans pour que qui",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """An instruction.

    Parameters
    ----------
    kind : str
        A key of the table of rules.
    value : str
        The number, word, letter or ending that it is about, or nothing.
    """

    kind: str
    value: str = ""

    def followed(self, text: str) -> bool:
        """Whether `text`, the answer without any introduction, follows it."""
        return _CHECKS[self.kind](text, self.value)


def _plain(text: str) -> str:
    """`text` without brackets around it and marks of lists: what rules on words and letters are about."""
    text = text.strip().removeprefix("[").removesuffix("]")
    return (
        re.sub(r"^\s*(?:[-*•–]|\d+[.)、])\s*", "", text, flags=re.MULTILINE).replace("*", "").strip().strip("\"“”'«»„ ")
    )


def _counts(text: str) -> set[int]:
    """How many words one may count; of Chinese the characters."""
    text = _plain(text)
    if _CJK.search(text):
        return {len(_CJK.findall(text))}
    return {len([word for word in text.split() if re.search(r"\w", word)]), len(re.findall(r"[\w-]+", text))}


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", _plain(text).replace("’", "'"))


def _has(text: str, word: str) -> bool:
    if _CJK.search(word):
        return word in text
    return word.casefold() in [each.casefold() for each in _words(text)]


def _ends(text: str, words: str) -> bool:
    return _plain(text).rstrip(" .!?…。！？\"”“'»").casefold().endswith(words.casefold())


def _in_one_case(text: str, wanted: Callable[[str], str]) -> bool:
    text = _plain(text)
    return text == wanted(text) and any(letter.isalpha() for letter in text)


_CHECKS: dict[str, Callable[[str, str], bool]] = {
    "words": lambda text, value: int(value) in _counts(text),
    "most_words": lambda text, value: 0 < min(_counts(text)) <= int(value),
    "upper": lambda text, _: _in_one_case(text, str.upper),
    "lower": lambda text, _: _in_one_case(text, str.lower),
    "letter": lambda text, value: _plain(text)[:1].casefold() == value.casefold(),
    "start": lambda text, value: _plain(text).casefold().startswith(value.casefold()),
    "word": _has,
    "no_comma": lambda text, _: not re.search("[,，]", text),
    "mark": lambda text, _: _plain(text).endswith(("!", "！")),
    "end": _ends,
    "avoid": lambda text, value: not _has(text, value),
    "no_letter": lambda text, value: value.casefold() not in text.casefold(),
    "brackets": lambda text, _: text.strip().startswith("[") and text.strip().rstrip(".").endswith("]"),
}


def _value(rng: Random, kind: str, text: str, words: Sequence[str], language: str, topic: str) -> str | None:
    """What a rule of that kind must be about to hold for `text`; None where it has nothing to hold on to."""
    shortest = 2 if language == "zh" else 4
    free = [word for word in words if len(word) >= shortest and word not in topic and not word[0].isupper()]
    absent = [word for word in _AVOIDABLE[language].split() if not _has(text, word)]
    letters = [letter for letter in "bcdfghklmopsuvwy" if letter not in text.casefold()]
    gap = "" if language == "zh" else " "
    match kind:
        case "words":
            return str(min(_counts(text)))
        case "most_words":
            return str(min(_counts(text)) + rng.randint(6, 10))
        case "letter":
            return text[0].upper()
        case "start":
            return words[0]
        case "end":
            return gap.join(words[-2:])
        case "word":
            return rng.choice(free) if free else None
        case "avoid":
            return rng.choice(absent) if absent else None
        case "no_letter":
            return rng.choice(letters) if letters else None
        case _:
            return ""


def _rules(rng: Random, level: int, language: str, text: str, words: Sequence[str], topic: str) -> list[Rule]:
    """Instructions that `text` follows, as many as the level wants."""
    kinds, wanted, _ = _LEVELS[level]
    rules: list[Rule] = []
    for kind in rng.sample(kinds, len(kinds)):
        taken = {rule.kind for rule in rules}
        clash = kind in taken or any(kind in pair and taken & pair for pair in _CLASHES)
        clash = clash or (kind == "brackets" and "\n" in text)
        value = None if clash or kind not in _RULES[language] else _value(rng, kind, text, words, language, topic)
        if value is not None and len(rules) < wanted:
            rules.append(Rule(kind, value))
    return rules


def _written(text: str, rules: Sequence[Rule]) -> str:
    """`text` as its rules want it to look."""
    kinds = {rule.kind for rule in rules}
    if "mark" in kinds:
        text = text[:-1] + ("！" if text.endswith("。") else "!")
    if kinds & {"upper", "lower"}:
        text = text.upper() if "upper" in kinds else text.lower()
    return f"[{text}]" if "brackets" in kinds else text


def _worded(rng: Random, language: str, task: str, rules: Sequence[Rule]) -> str:
    """The request: the task and its rules, as a sentence, as sentences or as a list, before or behind."""
    texts = []
    for rule in rules:
        below = str(int(rule.value) + 1) if rule.kind == "most_words" else ""
        texts.append(rng.choice(_RULES[language][rule.kind].split("|")).format(v=rule.value, w=below))
    style = rng.randrange(6)
    gap = "" if language == "zh" else " "
    stop = "。" if language == "zh" else "."
    starts = [text[0].upper() + text[1:] for text in texts]
    if style == 0 and len(texts) > 1:
        return task + "\n" + "\n".join(f"{number}. {text}" for number, text in enumerate(starts, 1))
    if style == 1:
        return task + "\n\n" + "\n".join(f"- {text}" for text in texts)
    if style == 2:
        return gap.join(f"{text}{stop}" for text in starts) + gap + task
    if style == 3:
        return task + gap + gap.join(f"{text}{stop}" for text in starts)
    joined = ("，" if language == "zh" else ", ").join(texts)
    return task + gap + joined[0].upper() + joined[1:] + stop


def make(rng: Random, level: int, language: str) -> Item:
    """A small text to write, and instructions for it."""
    topic = rng.choice(_TOPICS[language].split("|"))
    count = rng.choice(_LEVELS[level][2])
    bullets = count > 1 and rng.random() < 0.4
    chosen = rng.sample(_SENTENCES[language].split("|"), count)
    stop = "。" if language == "zh" else "."
    words = [word for sentence in chosen for word in sentence.replace("{x}", topic).split()]
    sentences = [sentence.replace("{x}", topic) for sentence in chosen]
    if language == "zh":
        sentences = ["".join(sentence.split()) for sentence in sentences]
    lines = [("- " if bullets else "") + sentence + stop for sentence in sentences]
    text = ("\n" if bullets else "" if language == "zh" else " ").join(lines)
    rules = _rules(rng, level, language, text.removeprefix("- "), words, topic)
    form = _FORMS[language][0 if count == 1 else 2 if bullets else 1].format(n=count)
    task = rng.choice(_TASKS[language]).format(f=form, x=topic)
    request = _worded(rng, language, task[0].upper() + task[1:] if rng.random() < 0.9 else task, rules)

    def check(answer: Answer) -> bool:
        return follows(answer.text, language, topic, count, bullets, rules, request)

    return Item(conversation(rng, language, request), check, 30 + 25 * count, _written(text, rules))


def sentence_count(text: str) -> int:
    """Sentences of a text, an unfinished last one included."""
    return len(
        [part for part in re.split(r"[.!?…]+(?:[\"”»\]]|\s|$)|[。！？]+", _plain(text)) if re.search(r"\w", part)]
    )


def _foreign(text: str, language: str) -> bool:
    """Whether a text is in English although another language was asked for, or has no Chinese."""
    if language == "zh":
        return not _CJK.search(text)
    words = [word.casefold() for word in _words(text)]
    known = {each: sum(word in common.split() for word in words) for each, common in _COMMON.items()}
    return known["en" if language != "en" else "de"] > known[language] + 1


def _about(text: str, topic: str) -> bool:
    """Whether the topic, or a word with the same beginning, is in the text."""
    head = topic.split()[-1].casefold()
    return head[: max(3, len(head) - 2)] in folded(text)


def follows(
    text: str, language: str, topic: str, count: int, bullets: bool, rules: Sequence[Rule], request: str = ""
) -> bool:
    """Whether an answer is about the topic, has the form, and follows every rule; an introduction is overlooked."""
    if drones(text) or not text.strip() or folded(text) in folded(request):
        return False
    return any(
        _has_form(reading, count, bullets)
        and _about(reading, topic)
        and not _foreign(reading, language)
        and all(rule.followed(reading) for rule in rules)
        for reading in (text.strip(), *readings(text))
    )


def _varied(text: str) -> bool:
    """Whether a text is no single word over and over, as models write that are stuck."""
    said = [word.casefold() for word in _words(text)]
    return len(said) < 3 or len(set(said)) > 0.5 * len(said)


def _has_form(text: str, count: int, bullets: bool) -> bool:
    """So many sentences, or so many bullet points and nothing else, none of them endless."""
    lines = [line.strip() for line in text.strip().removeprefix("[").removesuffix("]").split("\n") if line.strip()]
    if bullets:
        marked = all(re.match(r"[-*•–]\s*\S|\d+[.)、]", line) for line in lines)
        return _varied(text) and len(lines) == count and marked and word_count(text) <= 40 * count
    return _varied(text) and sentence_count(text) == count and 3 <= word_count(text) <= 45 * count


FAMILY = Family("instructions", "following several instructions", make)

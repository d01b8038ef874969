"""Exam family: what only earlier turns of a conversation make clear."""

import re
from collections.abc import Callable
from itertools import pairwise
from random import Random

from router.decision import Turn
from router.exam.checks.answer_text import drones, folded, gives, gives_first, place_of, readings, word_count
from router.exam.content.people_and_sentences import NAMES, happening, short_happening
from router.exam.item import Answer, Family, Item
from router.exam.wording.courtesies import loosely, system_turns, typed

# One row a word: the same in each language of the exam, by "/".
_WORDS = (
    "dog/Hund/hund/perro/chien/狗 cat/Katze/katt/gato/chat/猫 house/Haus/hus/casa/maison/房子 "
    "bread/Brot/bröd/pan/pain/面包 water/Wasser/vatten/agua/eau/水 milk/Milch/mjölk/leche/lait/牛奶 "
    "book/Buch/bok/libro/livre/书 sun/Sonne/sol/sol/soleil/太阳 moon/Mond/måne/luna/lune/月亮 "
    "apple/Apfel/äpple/manzana/pomme/苹果 red/rot/röd/rojo/rouge/红色 green/grün/grön/verde/vert/绿色 "
    "school/Schule/skola/escuela/école/学校 friend/Freund/vän/amigo/ami/朋友 night/Nacht/natt/noche/nuit/夜晚 "
    "fish/Fisch/fisk/pez/poisson/鱼 tree/Baum/träd/árbol/arbre/树 table/Tisch/bord/mesa/table/桌子"
)
_ORDER = ("en", "de", "sv", "es", "fr", "zh")

_LANGUAGES = {
    "en": "English German Swedish Spanish French Chinese",
    "de": "Englisch Deutsch Schwedisch Spanisch Französisch Chinesisch",
    "sv": "engelska tyska svenska spanska franska kinesiska",
    "es": "inglés alemán sueco español francés chino",
    "fr": "anglais allemand suédois espagnol français chinois",
    "zh": "英语 德语 瑞典语 西班牙语 法语 汉语",
}

# Everything that is said, by language: variants by "|".
_SAID = {
    "en": {
        "word": "What does '{w}' mean in {l}?|How do you say '{w}' in {l}?|{w} in {l}?|Translate '{w}' into {l}.",
        "and_in": "And in {l}?|and {l}?|What about {l}?|How about in {l}?|Now in {l}, please.|same in {l}",
        "sum": "What is {a} + {b}?|{a} plus {b}?|Add {a} and {b}.",
        "plus": "And plus {c}?|Now add {c}.|plus another {c}?|What if I add {c} to that?|and {c} more?",
        "hello": "Hi, I'm {n}.|My name is {n}.|Hello! {n} here.|I am {n}, nice to meet you.|you can call me {n}",
        "hello_back": "Nice to meet you, {n}! How can I help?|Hello {n}, what can I do for you?",
        "name": "What's my name?|Do you remember my name?|what was my name again?|Who am I?|Can you tell me my name?",
        "flight": "My train leaves at {a} o'clock.|My appointment is at {a}.|The meeting starts at {a} o'clock.",
        "noted": "Noted.|All right, I'll remember that.|Okay!|Thanks for telling me.",
        "sorry": "Sorry, I meant {b}.|No wait, it's {b}, not {a}.|Correction: {b} o'clock.|It was moved to {b}.",
        "when": "So when is it?|So what time is it then?|when do I have to be there?|Tell me the time again.",
        "list": "Put {x}, {y} and {z} on my shopping list.|My shopping list: {x}, {y}, {z}.|"
        "I need to buy {x}, {y} and {z}.",
        "more": "Add {v}.|Also {v}, please.|oh and {v}|I forgot {v}.",
        "less": "I already have {x}, take it off.|Remove {x} again.|Actually no {x}.",
        "what": "What is on the list now?|Show me the list.|what do I have to buy?|Read me the list.",
        "shorter": "Make it shorter.|Can you shorten that?|shorter please|That's too long, cut it.|"
        "Say it in fewer words.",
        "long": "Describe the weekend of my friend.|Write a sentence about my friend.|Write something for my postcard.",
        "upper": "Now in capital letters.|Write that in capitals.|same in upper case please|ALL CAPS please.",
        "say": "Write a short sentence about a friend.|Give me an example sentence.|I need a sentence for a test.",
        "chat": "What's the weather like in Oslo in winter?#Cold and often snowy.|"
        "Do you like music?#I enjoy talking about it.|"
        "How far is the moon?#About 384,000 kilometres.|Any tip against a cold?#Rest, tea and patience.|"
        "What rhymes with house?#Mouse, for example.",
        "goods": "milk bread eggs butter rice apples coffee soap candles paper onions honey",
    },
    "de": {
        "word": "Was heißt „{w}“ auf {l}?|Wie sagt man „{w}“ auf {l}?|„{w}“ auf {l}?",
        "and_in": "Und auf {l}?|und {l}?|Jetzt bitte auf {l}.|Wie heißt das auf {l}?",
        "sum": "Was ist {a} + {b}?|Wie viel ist {a} plus {b}?",
        "plus": "Und plus {c}?|Jetzt noch {c} dazu.|und noch {c} mehr?",
        "hello": "Hallo, ich bin {n}.|Ich heiße {n}.|Mein Name ist {n}.",
        "hello_back": "Hallo {n}, wie kann ich helfen?|Schön, dich kennenzulernen, {n}!",
        "name": "Wie heiße ich?|Weißt du noch, wie ich heiße?|Wie war mein Name?|Wer bin ich?|Sag mir meinen Namen.",
        "flight": "Mein Zug fährt um {a} Uhr.|Mein Termin ist um {a} Uhr.|Die Sitzung beginnt um {a} Uhr.",
        "noted": "Notiert.|Alles klar.|Gut, ich merke es mir.",
        "sorry": "Entschuldigung, ich meinte {b} Uhr.|Nein, doch um {b} Uhr.|Es wurde auf {b} Uhr verschoben.",
        "when": "Also wann?|Um wie viel Uhr ist es also?|Sag mir die Uhrzeit noch einmal.|wann muss ich da sein?",
        "list": "Setz {x}, {y} und {z} auf die Einkaufsliste.|Ich muss {x}, {y} und {z} kaufen.",
        "more": "Und noch {v}.|Auch {v}, bitte.",
        "less": "{x} habe ich schon, bitte streichen.|Doch kein {x}. Nimm es von der Liste.",
        "what": "Was steht jetzt auf der Liste?|Zeig mir die Liste.|Was muss ich kaufen?",
        "shorter": "Mach es kürzer.|Kannst du das kürzen?|Kürzer bitte.|Das ist zu lang.",
        "long": "Schreib etwas über meine Bekannte.|Schreib einen Satz für meine Postkarte.",
        "upper": "Jetzt in Großbuchstaben.|Schreib das in Großbuchstaben.|Bitte alles groß schreiben.",
        "say": "Gib mir einen Beispielsatz.|Ich brauche einen kurzen Satz.",
        "chat": "Wie ist das Wetter im Winter in Oslo?#Kalt und oft verschneit.|"
        "Magst du Musik?#Ich spreche gern darüber.|"
        "Was hilft gegen Schnupfen?#Ruhe, Tee und Geduld.",
        "goods": "Milch Brot Butter Reis Kaffee Papier Honig Tee Salz Käse",
    },
    "sv": {
        "word": "Vad heter ”{w}” på {l}?|Hur säger man ”{w}” på {l}?|”{w}” på {l}?",
        "and_in": "Och på {l}?|och {l}?|Nu på {l}, tack.|Vad heter det på {l}?",
        "sum": "Vad är {a} + {b}?|Hur mycket är {a} plus {b}?",
        "plus": "Och plus {c}?|Lägg till {c}.|och {c} till?",
        "hello": "Hej, jag heter {n}.|Mitt namn är {n}.|Jag är {n}.",
        "hello_back": "Hej {n}, hur kan jag hjälpa dig?|Trevligt att träffas, {n}!",
        "name": "Vad heter jag?|Minns du vad jag heter?|Vad var mitt namn?|Vem är jag?|Säg mitt namn.",
        "flight": "Mitt tåg går klockan {a}.|Mitt möte är klockan {a}.|Jag har en tid klockan {a}.",
        "noted": "Noterat.|Okej!|Det kommer jag ihåg.",
        "sorry": "Förlåt, jag menade {b}.|Nej, klockan {b}.|Det flyttades till {b}.",
        "when": "Så när är det?|Vilken tid gäller?|Säg tiden igen.|när måste jag vara där?",
        "list": "Skriv {x}, {y} och {z} på inköpslistan.|Jag behöver köpa {x}, {y} och {z}.",
        "more": "Och {v}.|{v} också, tack.",
        "less": "{x} har jag redan, ta bort det.|Stryk {x} igen.",
        "what": "Vad står på listan nu?|Visa listan.|Vad ska jag köpa?",
        "shorter": "Gör det kortare.|Kan du korta ner det?|Kortare, tack.|Det är för långt.",
        "long": "Skriv något om min vän.|Skriv en mening till mitt vykort.",
        "upper": "Nu med stora bokstäver.|Skriv det med versaler.|Samma i versaler, tack.",
        "say": "Ge mig en exempelmening.|Jag behöver en kort mening.",
        "chat": "Hur är vintern i Oslo?#Kall och ofta snöig.|Gillar du musik?#Jag pratar gärna om det.|"
        "Vad hjälper mot snuva?#Vila, te och tålamod.",
        "goods": "mjölk bröd smör ris kaffe papper honung te salt ost",
    },
    "es": {
        "word": "¿Qué significa «{w}» en {l}?|¿Cómo se dice «{w}» en {l}?|«{w}» en {l}?",
        "and_in": "¿Y en {l}?|y en {l}|Ahora en {l}, por favor.|¿Cómo se dice en {l}?",
        "sum": "¿Cuánto es {a} + {b}?|¿Cuánto son {a} más {b}?",
        "plus": "¿Y más {c}?|Ahora suma {c}.|¿y {c} más?",
        "hello": "Hola, soy {n}.|Me llamo {n}.|Mi nombre es {n}.",
        "hello_back": "Hola {n}, ¿en qué puedo ayudarte?|¡Encantado, {n}!",
        "name": "¿Cómo me llamo?|¿Recuerdas mi nombre?|¿Cuál era mi nombre?|¿Quién soy?|Dime mi nombre.",
        "flight": "Mi tren sale a las {a}.|Tengo cita a las {a}.|La reunión empieza a las {a}.",
        "noted": "Anotado.|De acuerdo.|Vale, lo recordaré.",
        "sorry": "Perdón, quería decir a las {b}.|No, a las {b}.|Lo han cambiado a las {b}.",
        "when": "Entonces, ¿a qué hora es?|Repíteme la hora.|¿a qué hora tengo que estar?|¿Cuándo es?",
        "list": "Apunta {x}, {y} y {z} en la lista de la compra.|Tengo que comprar {x}, {y} y {z}.",
        "more": "Y {v}.|También {v}, por favor.",
        "less": "Ya tengo {x}, quítalo.|Quita {x} de la lista.",
        "what": "¿Qué hay ahora en la lista?|Muéstrame la lista.|¿Qué tengo que comprar?",
        "shorter": "Hazlo más corto.|¿Puedes acortarlo?|Más corto, por favor.|Es demasiado largo.",
        "long": "Escribe algo sobre mi amiga.|Escribe una frase para mi postal.",
        "upper": "Ahora en mayúsculas.|Escríbelo en mayúsculas.|Lo mismo en mayúsculas, por favor.",
        "say": "Dame una frase de ejemplo.|Necesito una frase corta.",
        "chat": "¿Cómo es el invierno en Oslo?#Frío y con nieve.|¿Te gusta la música?#Me gusta hablar de ella.|"
        "¿Qué ayuda contra el resfriado?#Descanso, té y paciencia.",
        "goods": "leche pan mantequilla arroz café jabón papel miel té queso",
    },
    "fr": {
        "word": "Que veut dire « {w} » en {l} ?|Comment dit-on « {w} » en {l} ?|« {w} » en {l} ?",
        "and_in": "Et en {l} ?|et en {l}|Maintenant en {l}, s'il te plaît.|Comment dit-on en {l} ?",
        "sum": "Combien font {a} + {b} ?|Combien font {a} plus {b} ?",
        "plus": "Et plus {c} ?|Ajoute encore {c}.|et {c} de plus ?",
        "hello": "Bonjour, je suis {n}.|Je m'appelle {n}.|Mon nom est {n}.",
        "hello_back": "Bonjour {n}, comment puis-je t'aider ?|Enchanté, {n} !",
        "name": "Comment je m'appelle ?|Te souviens-tu de mon nom ?|C'était quoi, mon nom ?|Qui suis-je ?|"
        "Dis-moi mon nom.",
        "flight": "Mon train part à {a} h.|J'ai rendez-vous à {a} h.|La réunion commence à {a} h.",
        "noted": "C'est noté.|D'accord.|Je m'en souviendrai.",
        "sorry": "Pardon, je voulais dire {b} h.|Non, à {b} h.|C'est reporté à {b} h.",
        "when": "Alors, c'est à quelle heure ?|Redis-moi l'heure.|à quelle heure dois-je y être ?|C'est quand ?",
        "list": "Mets {x}, {y} et {z} sur la liste de courses.|Je dois acheter : {x}, {y}, {z}.",
        "more": "Et aussi : {v}.|Ajoute {v}, s'il te plaît.",
        "less": "J'ai déjà {x}, enlève-le.|Retire {x} de la liste.",
        "what": "Qu'y a-t-il sur la liste maintenant ?|Montre-moi la liste.|Que dois-je acheter ?",
        "shorter": "Fais plus court.|Peux-tu raccourcir ?|Plus court, s'il te plaît.|C'est trop long.",
        "long": "Écris quelque chose sur mon amie.|Écris une phrase pour ma carte postale.",
        "upper": "Maintenant en majuscules.|Écris-le en majuscules.|La même chose en majuscules.",
        "say": "Donne-moi une phrase d'exemple.|J'ai besoin d'une phrase courte.",
        "chat": "Comment est l'hiver à Oslo ?#Froid et souvent neigeux.|Aimes-tu la musique ?#J'aime en parler.|"
        "Que faire contre un rhume ?#Du repos, du thé et de la patience.",
        "goods": "lait pain beurre riz café savon papier miel thé fromage",
    },
    "zh": {
        "word": "“{w}”用{l}怎么说？|“{w}”的{l}是什么？|把“{w}”翻译成{l}。",
        "and_in": "那{l}呢？|{l}怎么说？|再用{l}说一遍。|换成{l}。",
        "sum": "{a}加{b}等于多少？|{a}+{b}是多少？",
        "plus": "再加{c}呢？|再加上{c}。|如果再多{c}呢？",
        "hello": "你好，我是{n}。|我叫{n}。|我的名字是{n}。",
        "hello_back": "{n}，你好！有什么可以帮你？|很高兴认识你，{n}！",
        "name": "我叫什么名字？|还记得我的名字吗？|我是谁？|说一下我的名字。",
        "flight": "我的火车{a}点开。|我{a}点有个约会。|会议{a}点开始。",
        "noted": "记下了。|好的。|我会记住的。",
        "sorry": "不对，是{b}点。|说错了，{b}点。|改到{b}点了。",
        "when": "那到底是几点？|再说一遍时间。|我几点要到？|是什么时候？",
        "list": "把{x}、{y}和{z}加到购物清单。|我要买{x}、{y}和{z}。",
        "more": "还有{v}。|再加上{v}。",
        "less": "{x}已经有了，去掉。|把{x}从清单上删掉。",
        "what": "现在清单上有什么？|给我看看清单。|我要买什么？",
        "shorter": "短一点。|能缩短吗？|请说得更短。|太长了。",
        "long": "写点关于我朋友的话。|给我的明信片写一句话。",
        "upper": "",
        "say": "",
        "chat": "奥斯陆的冬天怎么样？#很冷，常常下雪。|你喜欢音乐吗？#我喜欢聊音乐。|感冒了怎么办？#多休息，多喝茶。",
        "goods": "牛奶 面包 黄油 大米 咖啡 肥皂 蜂蜜 茶叶 食盐 奶酪",
    },
}

Talk = list[Turn]


def _say(rng: Random, language: str, what: str, **values: object) -> str:
    text = rng.choice(_SAID[language][what].split("|"))
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", str(value))
    return text


def _chat(rng: Random, language: str, turns: int) -> Talk:
    """Turns about something else, which stand between what is told and what is asked."""
    talk: Talk = []
    for each in rng.sample(_SAID[language]["chat"].split("|"), min(3, turns)):
        question, _, reply = each.partition("#")
        talk += [Turn("user", question), Turn("assistant", reply)]
    return talk


def _other_language(rng: Random, level: int, language: str) -> tuple[Talk, Callable[[Answer], bool], str]:
    """The word for 'dog' in French, "chien", and in German; at high levels after further languages."""
    words = dict(zip(_ORDER, rng.choice(_WORDS.split(" ")).split("/"), strict=True))
    names = dict(zip(_ORDER, _LANGUAGES[language].split(" "), strict=True))
    targets = rng.sample([each for each in _ORDER if each != language and (level > 2 or each != "zh")], 2 + level // 4)
    first, *rest = targets
    talk = [
        Turn("user", _say(rng, language, "word", w=words[language], l=names[first])),
        Turn("assistant", words[first]),
    ]
    for each in rest:
        talk += [Turn("user", _say(rng, language, "and_in", l=names[each])), Turn("assistant", words[each])]
    last = rest[-1]
    right, wrong = words[last], [word for word in words.values() if folded(word) != folded(words[last])]
    asker = words[language]

    def check(answer: Answer) -> bool:
        others = [word for word in wrong if word != asker]
        return gives(answer.text, [right], others, most_words=25)

    return talk[:-1], check, right


def _sum(rng: Random, level: int, language: str) -> tuple[Talk, Callable[[Answer], bool], str]:
    """A sum, and a number added to it afterwards."""
    most = (10, 30, 90, 400, 4000)[level - 1]
    a, b, *further = (rng.randint(2, most) for _ in range(3 + level // 4))
    total = a + b
    talk = [Turn("user", _say(rng, language, "sum", a=a, b=b))]
    for number in further:
        talk += [Turn("assistant", str(total)), Turn("user", _say(rng, language, "plus", c=number))]
        total += number

    def check(answer: Answer) -> bool:
        numbers = re.findall(r"\d+(?:[.,]\d+)*", answer.text[:2000])
        plain = [number.replace(",", "").removesuffix(".") for number in numbers]
        return bool(plain) and plain[-1] == str(total) and word_count(answer.text) <= 40 and not drones(answer.text)

    return talk, check, str(total)


def _name(rng: Random, level: int, language: str) -> tuple[Talk, Callable[[Answer], bool], str]:
    """The name that the user told at the beginning, further back with each level."""
    name = rng.choice(NAMES[language])
    talk = [
        Turn("user", typed(rng, language, _say(rng, language, "hello", n=name), closing=False)),
        Turn("assistant", _say(rng, language, "hello_back", n=name)),
        *_chat(rng, language, level - 1),
        Turn("user", loosely(rng, _say(rng, language, "name"))),
    ]
    return talk, lambda answer: gives(answer.text, [name]), name


def _correction(rng: Random, level: int, language: str) -> tuple[Talk, Callable[[Answer], bool], str]:
    """A time that the user corrects, at high levels twice."""
    a, b, c = rng.sample(range(13, 24), 3)
    talk = [Turn("user", _say(rng, language, "flight", a=a)), Turn("assistant", _say(rng, language, "noted"))]
    times = [a, b, c][: 3 if level > 3 else 2]
    for before, after in pairwise(times):
        talk += [Turn("user", _say(rng, language, "sorry", a=before, b=after))]
        talk += [Turn("assistant", _say(rng, language, "noted"))]
    talk += _chat(rng, language, level // 2)
    talk.append(Turn("user", loosely(rng, _say(rng, language, "when"))))

    def forms(hour: int) -> list[str]:
        spoken = [f"{hour}", f"{hour}:00", f"{hour}.00", f"{hour}h", f"{hour} h"]
        return [*spoken, f"{hour - 12} pm", f"{hour - 12}:00 pm", f"{hour - 12} p.m."]

    right, wrong = forms(times[-1]), [form for hour in times[:-1] for form in forms(hour)]
    return talk, lambda answer: gives_first(answer.text, right, wrong), str(times[-1])


def _list(rng: Random, level: int, language: str) -> tuple[Talk, Callable[[Answer], bool], str]:
    """A shopping list that changes."""
    x, y, z, *more = rng.sample(_SAID[language]["goods"].split(" "), 3 + (level + 1) // 2)
    talk = [Turn("user", _say(rng, language, "list", x=x, y=y, z=z)), Turn("assistant", _say(rng, language, "noted"))]
    for each in more:
        talk += [Turn("user", _say(rng, language, "more", v=each)), Turn("assistant", _say(rng, language, "noted"))]
    gone = [x] if level > 1 else []
    for each in gone:
        talk += [Turn("user", _say(rng, language, "less", x=each)), Turn("assistant", _say(rng, language, "noted"))]
    talk.append(Turn("user", _say(rng, language, "what")))
    left = [each for each in (x, y, z, *more) if each not in gone]
    others = [each for each in _SAID[language]["goods"].split(" ") if each not in left]

    def check(answer: Answer) -> bool:
        plain = folded(answer.text)
        there = all(place_of(plain, each) >= 0 for each in left)
        return there and not any(place_of(plain, each) >= 0 for each in others) and word_count(answer.text) <= 60

    return talk, check, ", ".join(left)


def _shorter(rng: Random, level: int, language: str) -> tuple[Talk, Callable[[Answer], bool], str]:
    """Something to shorten that the assistant has said."""
    gap = "" if language == "zh" else " "
    name = rng.choice(NAMES[language])
    long: list[str] = []
    while len(long) < 1 + level:
        each = happening(rng, language, name)
        long += [] if each in long else [each]
    text = gap.join(long)
    talk = [
        Turn("user", _say(rng, language, "long")),
        Turn("assistant", text),
        Turn("user", loosely(rng, _say(rng, language, "shorter"))),
    ]

    def check(answer: Answer) -> bool:
        return any(is_shortened(reading, text) for reading in readings(answer.text))

    return talk, check, min(long, key=word_count)


def is_shortened(short: str, text: str) -> bool:
    """Whether `short` says in a fifth fewer words some of what `text` says, little else, and nothing twice."""
    pieces = r"[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]{4,}"
    words, known = re.findall(pieces, short.casefold()), set(re.findall(pieces, text.casefold()))
    sentences = [each.strip() for each in re.split(r"[.!?。]", short) if each.strip()]
    return (
        1 < word_count(short) <= 0.8 * word_count(text)
        and len(set(words) & known) >= 2
        and sum(word in known for word in words) >= 0.7 * len(words)
        and len(set(sentences)) == len(sentences)
    )


def _upper(rng: Random, level: int, language: str) -> tuple[Talk, Callable[[Answer], bool], str]:
    """Something to repeat in capitals that the assistant has said."""
    text = " ".join(short_happening(rng, language) for _ in range((level + 1) // 2))
    talk = [Turn("user", _say(rng, language, "say")), Turn("assistant", text)]
    talk += [Turn("user", loosely(rng, _say(rng, language, "upper")))]
    wanted = text.upper().rstrip(".")
    return talk, lambda answer: any(each.rstrip(".") == wanted for each in readings(answer.text)), text.upper()


def make(rng: Random, level: int, language: str) -> Item:
    """A conversation whose last turn refers to earlier ones."""
    kinds = [_other_language, _sum, _name, _correction, _list, _upper]
    if level > 1:
        kinds.append(_shorter)
    if language == "zh":  # no capitals
        kinds.remove(_upper)
    talk, check, expected = rng.choice(kinds)(rng, level, language)
    if expected.isdecimal() and rng.random() < 0.5:
        talk[-1] = Turn("user", typed(rng, language, talk[-1].text))
    room = 24 if len(expected) < 16 else min(90, 16 + len(expected.encode()) // 2)
    return Item((*system_turns(rng, language), *talk), check, room, expected)


FAMILY = Family("multi_turn", "references to earlier turns", make)

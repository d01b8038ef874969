"""Exam family: what nobody could know from the conversation; right is to say so. One item in four can be answered."""

import re
from collections.abc import Sequence
from random import Random

from router.exam.checks.answer_text import folded, gives, word_count
from router.exam.checks.written_answers import repeats
from router.exam.content.people_and_sentences import NAMES
from router.exam.item import Answer, Family, Item
from router.exam.wording.courtesies import conversation, loosely, short

# By language and level, separated by "|": questions without an answer. {n} is a name, {s} a surname that hardly exists,
# {d} a number, {f} a file, {p} a product that does not exist.
_HOPELESS = {
    (
        "en",
        1,
    ): "What is my name?|What's my name?|do you know my name|How old am I?|Where do I live?|What is my phone number?|"
    "What did I eat for breakfast today?|What am I wearing right now?|What is my sister's name?|When is my birthday?|"
    "What's my favourite colour?|Tell me my name.|Can you tell me how old my dog is?|What is my password?",
    ("en", 2): "What will the winning lottery numbers be tomorrow?|Which number am I thinking of?|"
    "What's in my left pocket?|I rolled a die. What did I get?|What will the weather be on {d} May next year?|"
    "Who will win the match next Saturday?|What did {n} say to me yesterday?|How many books are on my desk?|"
    "What time did I get up this morning?|How much money do I have in my bank account?|"
    "what number did I just write on my note?|Which card did I draw from the deck?|"
    "What was I dreaming about last night?",
    ("en", 3): "Summarise the attached file {f}.|What does the document {f} say about holidays?|"
    "What is on page {d} of my report?|Read {f} and tell me the total.|What does the picture I sent you show?|"
    "What was the subject of my last e-mail to {n}?|Who was at our meeting on Monday?|"
    "What's in the attachment?|How much was the invoice from {n} that I uploaded?|"
    "Please check the link I sent and give me its third headline.|What did we talk about in our last chat?|"
    "What is the Wi-Fi code of our office?|How many rows does {f} have?",
    ("en", 4): 'In which year was the composer {n} {s} born?|Who wrote the novel "The {p} of {s}"?|'
    "How much does the {p} {d} vacuum cleaner cost?|What is the capital of the country {s}?|"
    "Which team did the footballer {n} {s} play for?|When was the {s} Bridge in Leeds opened?|"
    "What is the phone number of the dentist {n} {s}?|How many employees does {p} {s} Ltd have?|"
    'What does the word "{t}" mean in Swedish?|Which film won the {s} Prize last year?|'
    'Name the author of the paper "{p} Networks for {s} Data".|What is the e-mail address of {n} {s}?',
    (
        "en",
        5,
    ): "Why did the physicist {n} {s} refuse the Nobel Prize in 19{d}?|"
    "In which chapter does Don Quixote visit Stockholm?|"
    'What was {n} {s}\'s main argument in the 19{d} book "The {p} Question"?|'
    "Which side effect of the drug {t} is the most common?|Who won the {s} Treaty negotiations of 18{d}?|"
    "How does the {s}-{p} theorem follow from Euler's formula?|What does section {d} of the {s} Act of 19{d} require?|"
    "How many goals did {n} {s} score in the 19{d} World Cup final?|"
    "Which port does the {p} {s} protocol use by default?|"
    "Explain in one sentence what the {t} function of Python's math module does.|"
    "What did Einstein say about {n} {s} in his letter of {d} May 19{d}?",
    ("de", 1): "Wie heiße ich?|Weißt du, wie ich heiße?|Wie alt bin ich?|Wo wohne ich?|Wann habe ich Geburtstag?|"
    "Was hatte ich heute zum Frühstück?|Wie ist meine Telefonnummer?|Wie heißt meine Schwester?",
    (
        "de",
        2,
    ): "Welche Lottozahlen werden morgen gezogen?|An welche Zahl denke ich gerade?|Was habe ich in meiner Hosentasche?|"
    "Ich habe gewürfelt. Was kam heraus?|Was hat {n} gestern zu mir gesagt?|Wie viele Bücher liegen auf meinem Tisch?|"
    "Wer gewinnt das Spiel am nächsten Samstag?|Wie viel Geld habe ich auf dem Konto?",
    ("de", 3): "Fasse die angehängte Datei {f} zusammen.|Was steht auf Seite {d} meines Berichts?|"
    "Was ist auf dem Bild, das ich dir geschickt habe?|Worum ging es in meiner letzten E-Mail an {n}?|"
    "Wie viele Zeilen hat {f}?|Lies {f} und nenne mir die Summe.|Wie lautet der WLAN-Code in unserem Büro?",
    ("de", 4): "In welchem Jahr wurde der Komponist {n} {s} geboren?|Wie viel kostet der Staubsauger {p} {d}?|"
    "Was ist die Hauptstadt des Landes {s}?|Für welchen Verein spielte der Fußballer {n} {s}?|"
    "Wie ist die E-Mail-Adresse von {n} {s}?|Wer schrieb den Roman „Die {p} von {s}“?",
    (
        "de",
        5,
    ): "Warum lehnte der Physiker {n} {s} 19{d} den Nobelpreis ab?|In welchem Kapitel besucht Don Quijote Stockholm?|"
    "Was verlangt Paragraf {d} des {s}-Gesetzes von 19{d}?|Welche Nebenwirkung des Medikaments {t} ist am häufigsten?|"
    "Wie viele Tore schoss {n} {s} im WM-Finale 19{d}?|Welchen Port nutzt das Protokoll {p} {s}?",
    ("sv", 1): "Vad heter jag?|Vet du vad jag heter?|Hur gammal är jag?|Var bor jag?|När fyller jag år?|"
    "Vad åt jag till frukost idag?|Vad har jag för telefonnummer?|Vad heter min syster?",
    ("sv", 2): "Vilka lottonummer dras i morgon?|Vilket tal tänker jag på?|Vad har jag i fickan?|"
    "Jag slog en tärning. Vad blev det?|Vad sa {n} till mig igår?|Hur många böcker ligger på mitt skrivbord?|"
    "Vem vinner matchen nästa lördag?|Hur mycket pengar har jag på kontot?",
    ("sv", 3): "Sammanfatta den bifogade filen {f}.|Vad står det på sidan {d} i min rapport?|"
    "Vad visar bilden som jag skickade?|Vad handlade mitt senaste mejl till {n} om?|Hur många rader har {f}?|"
    "Läs {f} och säg mig summan.|Vad är lösenordet till wifi på vårt kontor?",
    (
        "sv",
        4,
    ): "Vilket år föddes kompositören {n} {s}?|Vad kostar dammsugaren {p} {d}?|Vad heter huvudstaden i landet {s}?|"
    "Vilket lag spelade fotbollsspelaren {n} {s} i?|Vilken e-postadress har {n} {s}?|Vem skrev romanen ”{p} i {s}”?",
    (
        "sv",
        5,
    ): "Varför tackade fysikern {n} {s} nej till Nobelpriset 19{d}?|I vilket kapitel besöker Don Quijote Stockholm?|"
    "Vad kräver paragraf {d} i {s}-lagen från 19{d}?|Vilken biverkning av läkemedlet {t} är vanligast?|"
    "Hur många mål gjorde {n} {s} i VM-finalen 19{d}?|Vilken port använder protokollet {p} {s}?",
    ("es", 1): "¿Cómo me llamo?|¿Sabes cómo me llamo?|¿Cuántos años tengo?|¿Dónde vivo?|¿Cuándo es mi cumpleaños?|"
    "¿Qué he desayunado hoy?|¿Cuál es mi número de teléfono?|¿Cómo se llama mi hermana?",
    ("es", 2): "¿Qué números saldrán mañana en la lotería?|¿En qué número estoy pensando?|¿Qué llevo en el bolsillo?|"
    "He tirado un dado. ¿Qué ha salido?|¿Qué me dijo {n} ayer?|¿Cuántos libros hay en mi mesa?|"
    "¿Quién ganará el partido del próximo sábado?|¿Cuánto dinero tengo en mi cuenta?",
    (
        "es",
        3,
    ): "Resume el archivo adjunto {f}.|¿Qué pone en la página {d} de mi informe?|¿Qué se ve en la foto que te envié?|"
    "¿De qué trataba mi último correo a {n}?|¿Cuántas filas tiene {f}?|Lee {f} y dime el total.|"
    "¿Cuál es la clave del wifi de nuestra oficina?",
    ("es", 4): "¿En qué año nació el compositor {n} {s}?|¿Cuánto cuesta la aspiradora {p} {d}?|"
    "¿Cuál es la capital del país {s}?|¿En qué equipo jugó el futbolista {n} {s}?|"
    "¿Cuál es el correo electrónico de {n} {s}?|¿Quién escribió la novela «La {p} de {s}»?",
    (
        "es",
        5,
    ): "¿Por qué rechazó el físico {n} {s} el premio Nobel en 19{d}?|¿En qué capítulo visita Don Quijote Estocolmo?|"
    "¿Qué exige el artículo {d} de la ley {s} de 19{d}?|¿Cuál es el efecto secundario más común del fármaco {t}?|"
    "¿Cuántos goles marcó {n} {s} en la final del Mundial de 19{d}?|¿Qué puerto usa el protocolo {p} {s}?",
    ("fr", 1): "Comment je m'appelle ?|Sais-tu comment je m'appelle ?|Quel âge ai-je ?|Où est-ce que j'habite ?|"
    "Quand est mon anniversaire ?|Qu'ai-je mangé ce matin ?|Quel est mon numéro de téléphone ?|"
    "Comment s'appelle ma sœur ?",
    (
        "fr",
        2,
    ): "Quels numéros du loto sortiront demain ?|À quel nombre est-ce que je pense ?|Qu'y a-t-il dans ma poche ?|"
    "J'ai lancé un dé. Qu'est-ce que j'ai obtenu ?|Que m'a dit {n} hier ?|Combien de livres y a-t-il sur mon bureau ?|"
    "Qui gagnera le match samedi prochain ?|Combien d'argent ai-je sur mon compte ?",
    ("fr", 3): "Résume le fichier joint {f}.|Qu'est-ce qui est écrit à la page {d} de mon rapport ?|"
    "Que montre la photo que je t'ai envoyée ?|De quoi parlait mon dernier e-mail à {n} ?|"
    "Combien de lignes contient {f} ?|Lis {f} et donne-moi le total.|Quel est le code du wifi de notre bureau ?",
    ("fr", 4): "En quelle année est né le compositeur {n} {s} ?|Combien coûte l'aspirateur {p} {d} ?|"
    "Quelle est la capitale du pays {s} ?|Dans quel club a joué le footballeur {n} {s} ?|"
    "Quelle est l'adresse e-mail de {n} {s} ?|Qui a écrit le roman « La {p} de {s} » ?",
    ("fr", 5): "Pourquoi le physicien {n} {s} a-t-il refusé le prix Nobel en 19{d} ?|"
    "Dans quel chapitre Don Quichotte visite-t-il Stockholm ?|Qu'exige l'article {d} de la loi {s} de 19{d} ?|"
    "Quel est l'effet secondaire le plus fréquent du médicament {t} ?|"
    "Combien de buts {n} {s} a-t-il marqués en finale du Mondial 19{d} ?|Quel port utilise le protocole {p} {s} ?",
    (
        "zh",
        1,
    ): "我叫什么名字？|你知道我叫什么吗？|我今年多大？|我住在哪里？|我的生日是哪天？|我今天早饭吃了什么？|"
    "我的电话号码是多少？|我姐姐叫什么？",
    (
        "zh",
        2,
    ): "明天的彩票号码是多少？|我现在想的是哪个数字？|我口袋里有什么？|我掷了一个骰子，是几点？|{n}昨天对我说了什么？|"
    "我的书桌上有几本书？|下周六的比赛谁会赢？|我的银行账户里有多少钱？",
    (
        "zh",
        3,
    ): "请总结附件{f}。|我的报告第{d}页写了什么？|我发给你的照片上有什么？|我上次给{n}的邮件讲了什么？|{f}有多少行？|"
    "读一下{f}，告诉我总数。|我们办公室的无线网密码是什么？",
    (
        "zh",
        4,
    ): "作曲家{n}·{s}是哪一年出生的？|{p} {d}吸尘器多少钱？|{s}国的首都是哪里？|足球运动员{n}·{s}在哪个队踢过球？|"
    "{n}·{s}的电子邮箱是什么？|小说《{s}的{p}》是谁写的？",
    (
        "zh",
        5,
    ): "物理学家{n}·{s}为什么在19{d}年拒绝了诺贝尔奖？|堂吉诃德在第几章访问了斯德哥尔摩？|"
    "19{d}年《{s}法》第{d}条规定了什么？|"
    "药物{t}最常见的副作用是什么？|{n}·{s}在19{d}年世界杯决赛中进了几个球？|{p} {s}协议默认使用哪个端口？",
}

# Look-alikes with an answer: question, right answers by "/"; {n}, {m} are names, {d} and {e} numbers.
_ANSWERABLE = {
    "en": "My name is {n}. What is my name?#{n}|I'm {n} and my sister is {m}. What's my sister's name?#{m}|"
    "I am {d} years old. How old am I?#{d}|"
    "I have {d} euros in my account and nothing else. How much money do I have?#{d}|"
    'The file says: "The total is {d}." What total does the file give?#{d}|'
    "I'm thinking of the number {d}. Which number am I thinking of?#{d}|"
    "What is the capital of France?#Paris|Who wrote the play Hamlet?#Shakespeare|"
    "{n} told me yesterday that the bus leaves at {d}. When does the bus leave?#{d}|"
    "How many days does a week have?#7/seven|"
    "In my pocket there are {d} coins. How many coins are in my pocket?#{d}|"
    "What is the first name of the physicist Einstein?#Albert|"
    "Our office Wi-Fi code is {d}{e}. What is the code?#{d}{e}",
    "de": "Ich heiße {n}. Wie heiße ich?#{n}|Ich bin {d} Jahre alt. Wie alt bin ich?#{d}|"
    "In der Datei steht: „Die Summe ist {d}.“ Welche Summe steht in der Datei?#{d}|"
    "Was ist die Hauptstadt von Frankreich?#Paris|"
    "Meine Schwester heißt {m}. Wie heißt meine Schwester?#{m}|"
    "Ich denke an die Zahl {d}. An welche Zahl denke ich?#{d}|"
    "{n} sagte, der Bus fährt um {d} Uhr. Wann fährt der Bus?#{d}",
    "sv": "Jag heter {n}. Vad heter jag?#{n}|Jag är {d} år. Hur gammal är jag?#{d}|"
    "I filen står det: ”Summan är {d}.” Vilken summa står i filen?#{d}|Vad heter Frankrikes huvudstad?#Paris|"
    "Min syster heter {m}. Vad heter min syster?#{m}|Jag tänker på talet {d}. Vilket tal tänker jag på?#{d}|"
    "{n} sa att bussen går klockan {d}. När går bussen?#{d}",
    "es": "Me llamo {n}. ¿Cómo me llamo?#{n}|Tengo {d} años. ¿Cuántos años tengo?#{d}|"
    "El archivo dice: «El total es {d}.» ¿Qué total aparece en el archivo?#{d}|"
    "¿Cuál es la capital de Francia?#París/Paris|"
    "Mi hermana se llama {m}. ¿Cómo se llama mi hermana?#{m}|Pienso en el número {d}. ¿En qué número pienso?#{d}|"
    "{n} dijo que el autobús sale a las {d}. ¿A qué hora sale?#{d}",
    "fr": "Je m'appelle {n}. Comment je m'appelle ?#{n}|J'ai {d} ans. Quel âge ai-je ?#{d}|"
    "Le fichier dit : « Le total est {d}. » Quel total donne le fichier ?#{d}|"
    "Quelle est la capitale de l'Italie ?#Rome|"
    "Ma sœur s'appelle {m}. Comment s'appelle ma sœur ?#{m}|"
    "Je pense au nombre {d}. À quel nombre est-ce que je pense ?#{d}|"
    "{n} a dit que le bus part à {d} h. Quand part le bus ?#{d}/{d}h",
    "zh": "我叫{n}。我叫什么名字？#{n}|我今年{d}岁。我今年多大？#{d}|文件里写着：“总数是{d}。”文件里的总数是多少？#{d}|"
    "法国的首都是哪里？#巴黎|我姐姐叫{m}。我姐姐叫什么？#{m}|我想的数字是{d}。我想的是哪个数字？#{d}|{n}说公交车{d}点开。公交车几点开？#{d}",
}

_SURNAMES = (
    "Quellmark Vostrander Belquist Ottavane Drimsley Kavorrin Tessolby Marnwick Olvenstad Pruddock Hanvoort "
    "Corvasse Brindelow Yarrowmere Fenquist Galdorne Isterbach Lommerton Wexhaven"
)
_PRODUCTS = "Zentoro Veltrix Quandora Miravox Lumetta Novarix Trelliant Oskara Pavolin Cyntera Harvello Brezano"
_NONWORDS = "florbinol trasvekil quonderate mivestrol plindazide gromitacin suvelk dorintex"
_FILES = "report.pdf notes.txt budget.xlsx minutes.docx invoice_0417.pdf data.csv contract.pdf summary.doc"

# What says that somebody does not know, cannot see, or that there is no such thing.
_ADMITS = {
    "en": r"(?:do|does|did|can|could|would|have|has|is|am|are|was|were|will) ?n[o']?t\b|cannot|\bno (?:access|way|"
    r"information|record|such|idea|evidence|known|file|attachment|data|mention|memory|knowledge)|unable|impossible|unknown|"
    r"not (?:able|aware|familiar|possible|sure|know|provided|available|find|exist|real|have|see|certain)|"
    r"(?:please|could you|can you) (?:provide|share|tell|paste|upload|give|attach|clarify)|fictional|made up|"
    r"not .{0,30}(?:attached|shared)|never|nobody|no one|random|\b(?:send|show|give|paste) (?:me|it)\b",
    "de": r"wei(?:ß|ss) (?:\w+ )?(?:\w+ )?nicht|kann (?:\w+ ){0,6}nicht|nicht (?:bekannt|möglich|sehen|wissen|sagen|"
    r"zugreifen|vorher|"
    r"vorhanden|angehängt|existier|öffnen|lesen|finden)|kenne? (?:\w+ ){0,4}nicht|kein(?:e|en|er)?\b|unbekannt|"
    r"unmöglich|leider|"
    r"tut mir leid|(?:bitte|könntest du|kannst du) .{0,40}(?:mitteil|schick|nenn|sag|füg|gib|teil|hoch|bereit)|niemand|"
    r"\b(?:schicke?n?|sende?n?|zeige?n?|gib|geben)\b (?:sie )?mir",
    "sv": r"vet (?:\w+ )?inte|kan (?:\w+ )?(?:inte|tyvärr)|inte (?:veta|känner|känd|möjligt|se|säga|tillgång|hitta|"
    r"läsa|öppna|finns)|"
    r"känner (?:\w+ )?inte|ingen\b|inget\b|inga\b|okän[dt]|omöjligt|tyvärr|ledsen|vänligen|finns inte|har inte|"
    r"ingenting|"
    r"kan du (?:skicka|dela|berätta|ge|klistra)|framgår (?:\w+ )?inte|"
    r"\b(?:skicka|visa|ge) mig",
    "es": r"no (?:lo |la |los |las |te |me |se )*(?:sé|puedo|tengo|conozco|es posible|hay|existe|dispongo|sabría|"
    r"sabemos|veo|"
    r"encuentro|está|consta|visita|puede|logro)|imposible|desconocid|ningun|lo siento|lamento|nadie|"
    r"(?:podrías|puedes|por favor).{0,40}\b(?:proporcion|compart|decir|dar|env|indic|peg|adjunt)|"
    r"\b(?:env[ií]|manda|mánda|pása|muéstra|comp[aá]rte)\w*me\b",
    "fr": r"\b(?:ne|n')\s?(?:\w+'?\s?){1,5}(?:pas|aucun|jamais|rien|personne)|impossible|inconnu|aucun|désolé|"
    r"malheureusement|"
    r"je ne sais|je l'ignore|personne ne|(?:pourriez-vous|peux-tu|pouvez-vous|veuillez|merci de).{0,40}(?:fourn|"
    r"partag|donn|dire|"
    r"envoy|indiqu|coll|join)|"
    r"\b(?:envoie|envoyez|montre|montrez|donne|donnez|transmets|transmettez)-(?:moi|le-moi)",
    "zh": r"不知道|无法|不能|没有|不清楚|不了解|未知|不存在|抱歉|对不起|不可能|没法|看不到|不认识|查不到|找不到|"
    r"请(?:你|您)?(?:提供|告诉|上传|分享|发)|请把.{1,12}(?:发|贴|给)|并未|未能|从未",
}

_ADMISSIONS = {
    "en": "I don't know that; I have no information about it.",
    "de": "Das weiß ich nicht; darüber habe ich keine Informationen.",
    "sv": "Det vet jag inte; jag har ingen information om det.",
    "es": "No lo sé; no tengo información sobre eso.",
    "fr": "Je ne sais pas ; je n'ai aucune information à ce sujet.",
    "zh": "我不知道，我没有这方面的信息。",
}

# Beginnings of an invented answer.
_INVENTS = re.compile(
    r"(?<!vad )(?<!wie )(?<!cómo )(?<!comment )(?<!know )\b(?:your name is|your phone number is|you are \d+|"
    r"you live in|your birthday is|dein name ist|du heißt|du bist \d+|"
    r"du heter|ditt namn är|du är \d+|te llamas|tu nombre es|tienes \d+|tu t'appelles|ton nom est|tu as \d+)\b|"
    r"你叫(?!什么)|你的名字是"
)


def make(rng: Random, level: int, language: str) -> Item:
    """A question that cannot be answered, or one time in four one that can."""
    if rng.random() < 0.25:
        return _answerable(rng, level, language)
    question = rng.choice(_HOPELESS[language, level].split("|"))
    question = _filled(rng, language, question)
    if not re.search(r"[{\d]", question) and language != "zh":
        question = loosely(rng, question)
    turns = conversation(rng, language, short(rng, language, question))
    named = [*re.findall(r"\d+", question)]

    def check(answer: Answer) -> bool:
        return not repeats(answer.text, turns[-1].text) and admits(answer.text, language, question, named)

    return Item(turns, check, 40, _ADMISSIONS[language])


def _filled(rng: Random, language: str, question: str) -> str:
    """The question with names, numbers and inventions put in."""
    while "{d}" in question:
        question = question.replace("{d}", str(rng.randint(12, 89)), 1)
    return (
        question.replace("{n}", rng.choice(NAMES[language]))
        .replace("{s}", rng.choice(_SURNAMES.split()))
        .replace("{p}", rng.choice(_PRODUCTS.split()))
        .replace("{t}", rng.choice(_NONWORDS.split()))
        .replace("{f}", rng.choice(_FILES.split()))
    )


def _answerable(rng: Random, level: int, language: str) -> Item:
    """A look-alike; at high levels with a second person or number that could be mistaken for the answer."""
    question, _, right = rng.choice(_ANSWERABLE[language].split("|")).partition("#")
    name, other = rng.sample(NAMES[language], 2)
    number, further = rng.sample(range(10, 24), 2)
    for key, value in (("{n}", name), ("{m}", other), ("{d}", str(number)), ("{e}", str(further))):
        question, right = question.replace(key, value), right.replace(key, value)
    request = typed_around(rng, level, language, question)
    variants = right.split("/")
    turns = conversation(rng, language, short(rng, language, request))
    return Item(turns, lambda answer: gives(answer.text, variants, (), request), 24, variants[0])


_ASIDES = {
    "en": "By the way, I have been to {c} twice.|It is raining here today.|My neighbour has three cats.|"
    "I like long walks.",
    "de": "Übrigens war ich schon zweimal in {c}.|Heute regnet es hier.|Mein Nachbar hat drei Katzen.",
    "sv": "Jag har förresten varit i {c} två gånger.|Det regnar här idag.|Min granne har tre katter.",
    "es": "Por cierto, he estado dos veces en {c}.|Hoy llueve aquí.|Mi vecino tiene tres gatos.",
    "fr": "Au fait, je suis allé deux fois à {c}.|Il pleut ici aujourd'hui.|Mon voisin a trois chats.",
    "zh": "对了，我去过两次{c}。|今天这里在下雨。|我的邻居有三只猫。",
}


def typed_around(rng: Random, level: int, language: str, question: str) -> str:
    """`question` behind as many asides as half its level."""
    asides = rng.sample(_ASIDES[language].split("|"), level // 2)
    cities = ("Oslo", "Porto", "Genoa")
    gap = "" if language == "zh" else " "
    return gap.join([*(aside.replace("{c}", rng.choice(cities)) for aside in asides), question])


def admits(text: str, language: str, question: str, named: Sequence[str] = ()) -> bool:
    """Whether an answer says that it cannot know, and does not invent something all the same.

    Parameters
    ----------
    named : sequence of str
        Numbers of the question, which an answer may repeat. Another year or a list of numbers is an invention.
    """
    plain = folded(text).replace("`", "'")
    rest = plain.replace(folded(question), " ").strip()
    if not rest or word_count(rest) > 70 or _INVENTS.search(rest):
        return False
    numbers = [number for number in re.findall(r"\d+", rest) if number not in named]
    if len(numbers) >= 3 or any(len(number) >= 4 and not number.startswith("202") for number in numbers):
        return False
    return re.search(_ADMITS[language], rest) is not None


FAMILY = Family("unknowable", "saying what cannot be known", make)

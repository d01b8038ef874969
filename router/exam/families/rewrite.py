"""Rewriting under constraints that a program can check: tense, number, person, voice, length, tone, words to avoid."""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from router.decision import Turn
from router.exam.checks.written_answers import (
    CJK,
    copies,
    folded,
    is_in,
    rambles,
    says_any,
    says_part,
    speaks_as_assistant,
    unless_repeated,
    words,
)
from router.exam.content.marked_sentences import changed, with_changes
from router.exam.content.names_and_goods import CITIES, first_name, pool
from router.exam.item import Answer, Family, Item
from router.exam.wording.asking import elided
from router.exam.wording.openers import worded

CHANGES: Mapping[str, Mapping[str, tuple[Sequence[str], Sequence[str]]]] = {
    "en": {
        "past": (
            (
                "Rewrite this sentence in the past tense",
                "Put this into the past tense",
                "Change the verbs to past tense",
                "Turn this into past tense",
                "past tense:",
                "Write this as if it happened yesterday, in the past tense",
                "Convert this to the simple past",
                "How do I say this in the past tense?",
                "Rewrite in past tense:",
                "Change this text from present to past tense",
                "I need this in the past tense",
                "What would this be in the past tense?",
                "Make this past tense",
                "Rewrite this so that everything is in the past",
            ),
            (
                "{name} [walks|walked|was walking] to the station.",
                "She [opens|opened] the window and [looks|looked] outside.",
                "My brother [cooks|cooked|was cooking] dinner for the family.",
                "We [go|went|were going] to {city} by train.",
                "They [buy|bought] bread and [eat|ate] it in the park.",
                "{name} [writes|wrote|was writing] a long letter.",
                "The shop [closes|closed] at six.",
                "I [see|saw] many birds near the lake.",
                "The dog [runs|ran|was running] across the street.",
                "He [takes|took] the bus and [gets|got] off in {city}.",
                "{name} [teaches|taught] music in {city}.",
                "The children [swim|swam|were swimming] in the river.",
                "The meeting [begins|began] at nine and [ends|ended] at noon.",
                "I [drink|drank] coffee and [read|read] the news.",
                "The team [wins|won] the match.",
                "She [sings|sang|was singing] in the kitchen.",
                "He [forgets|forgot] his keys and [comes|came] back.",
                "The plane [leaves|left] early and [arrives|arrived] late.",
            ),
        ),
        "future": (
            (
                "Rewrite this in the future tense",
                "Put this sentence into the future with will",
                "future tense:",
                "Change this to future tense",
                "Say this as something that will happen tomorrow, in the future tense",
                "Turn this into the future",
                "How would this be in the future tense?",
                "Convert the verbs to the future",
                "Make this future tense",
                "I need this sentence in the future tense",
                "Write this in the future",
                "Rewrite this text as a plan for next week, in the future tense",
                "Express this in the future tense",
                "What is the future form of this sentence?",
            ),
            (
                "{name} [walks|will walk|is going to walk] to the station.",
                "We [visit|will visit|are going to visit] our aunt in {city}.",
                "The shop [opens|will open|is going to open] at ten.",
                "I [call|will call|am going to call] the doctor.",
                "She [bakes|will bake|is going to bake] a cake for {name}.",
                "They [play|will play|are going to play] chess in the evening.",
                "The bus [stops|will stop|is going to stop] near the school.",
                "He [paints|will paint|is going to paint] the kitchen yellow.",
            ),
        ),
        "plural": (
            (
                "Rewrite this sentence in the plural",
                "Put the nouns into the plural",
                "Change this from singular to plural",
                "plural:",
                "Make everything in this sentence plural",
                "Turn this into the plural form",
                "How does this sentence look in the plural?",
                "Rewrite so that there is more than one of each",
                "Convert singular to plural",
                "I need this in the plural",
                "Write the plural version of this sentence",
                "Use plural nouns and verbs instead of singular ones",
                "Transform this sentence into plural",
                "Say this about several instead of one",
            ),
            (
                "The [cat sleeps|cats sleep|cats are sleeping] on the [sofa|sofas|sofa].",
                "The [child plays|children play] with the [ball|balls|ball].",
                "The [man drives|men drive] a red car.",
                "The [tree loses|trees lose] its leaves.",
                "The [woman reads|women read] the [newspaper|newspapers|newspaper].",
                "The [box is|boxes are] too heavy.",
                "The [student needs|students need] [a new book|new books|a new book].",
                "The [knife was|knives were] on the [table|tables|table].",
                "The [city has|cities have] [a large park|large parks|a large park].",
                "[This mouse likes|These mice like] cheese.",
            ),
        ),
        "person": (
            (
                "Rewrite this in the third person, about a woman called {name}",
                "Change the first person to third person (she)",
                "Put this into the third person, use she",
                "Write this from the view of someone telling about her, third person",
                "third person (she):",
                "Change I to she and adapt the rest",
                "Turn this into third person singular, female",
                "Convert this to third person with she",
                "How does this read in the third person, with she instead of I?",
                "Make this third person, the person is {name}, a woman",
                "Rewrite this text so it is about her and not about me",
                "Replace I with she and fix the verbs",
                "I need this in the third person (she)",
                "From first to third person, female:",
            ),
            (
                "[I|She|{name}] [work|works] in a bank in {city}.",
                "[I|She|{name}] [live|lives] with [my|her] parents.",
                "[I|She|{name}] [have|has] two sisters and [like|likes] tennis.",
                "[I|She|{name}] [go|goes] to bed at ten.",
                "[I|She|{name}] [am|is] tired because [my|her] train was late.",
                "[I|She|{name}] [want|wants] to sell [my|her] car.",
                "[I|She|{name}] [play|plays] the piano and [teach|teaches] children.",
                "[I|She|{name}] [do|does] [my|her] homework in the library.",
            ),
        ),
        "negative": (
            (
                "Make this sentence negative",
                "Rewrite this sentence in the negative",
                "Negate this sentence",
                "negative form:",
                "Turn this into a negative sentence",
                "Say the opposite by adding not",
                "What is the negative of this sentence?",
                "Put this into the negative form",
                "Change this into a negation",
                "How do I negate this?",
                "I need the negative version of this sentence",
                "Write this sentence with not",
                "Convert this to a negative statement",
                "Make it say that this is not so",
            ),
            (
                "{name} [likes|does not like] spinach.",
                "The shop [is|is not] open on Sunday.",
                "We [have|do not have|have not] enough chairs.",
                "I [can|can not] swim.",
                "They [came|did not come] to the party in {city}.",
                "She [has|has not] seen the new film.",
                "The train [was|was not] late.",
                "He [will|will not] sell the house.",
                "{name} [speaks|does not speak] Italian.",
            ),
        ),
        "active": (
            (
                "Rewrite this in the active voice",
                "Change this from passive to active",
                "Put this sentence into active voice",
                "active voice:",
                "Turn the passive into active",
                "Make this sentence active",
                "How does this sound in active voice?",
                "Convert to active voice:",
                "Rewrite this so that the person who acts comes first (active voice)",
                "Avoid the passive in this sentence",
                "My teacher does not like the passive, use the active voice here",
                "Use the active instead of the passive",
                "Express this in the active voice",
                "I need this sentence in active form",
            ),
            (
                "[The wall was painted by {name}|{name} painted the wall].",
                "[The car was repaired by {name}|{name} repaired the car].",
                "[The cake was baked by {name}|{name} baked the cake].",
                "[The letter was signed by the manager|The manager signed the letter].",
                "[The parcel was delivered by a neighbour|A neighbour delivered the parcel].",
                "[The windows were cleaned by {name}|{name} cleaned the windows].",
                "[The song was written by {name}|{name} wrote the song].",
                "[The thief was caught by the police|The police caught the thief].",
                "[The bridge was built by a firm from {city}|A firm from {city} built the bridge].",
                "[The dinner was cooked by {name}|{name} cooked the dinner].",
                "[The tickets were bought by {name}|{name} bought the tickets].",
            ),
        ),
    },
    "de": {
        "past": (
            (
                "Setze diesen Satz ins Präteritum",
                "Schreibe das im Präteritum",
                "Ins Präteritum:",
                "Wie lautet das im Präteritum?",
                "Schreibe das so, als wäre es gestern gewesen, im Präteritum",
            ),
            (
                "{name} [geht|ging] zum Bahnhof.",
                "Wir [fahren|fuhren] nach {city}.",
                "Sie [öffnet|öffnete] das Fenster und [sieht|sah] hinaus.",
                "Mein Bruder [kocht|kochte] das Abendessen.",
                "Der Laden [schließt|schloss] um sechs.",
                "Er [nimmt|nahm] den Bus nach {city}.",
                "Die Kinder [spielen|spielten] im Garten.",
                "{name} [schreibt|schrieb] einen langen Brief.",
                "Der Hund [läuft|lief] über die Straße.",
            ),
        ),
        "negative": (
            (
                "Verneine diesen Satz",
                "Schreibe diesen Satz mit einer Verneinung",
                "Verneinung:",
                "Wie lautet die Verneinung?",
                "Mach daraus das Gegenteil mit nicht oder kein",
            ),
            (
                "{name} [mag|mag keinen] Spinat.",
                "Der Laden ist am Sonntag [offen|nicht offen].",
                "Ich kann [schwimmen|nicht schwimmen].",
                "Wir haben [Zeit|keine Zeit].",
                "Der Zug war [pünktlich|nicht pünktlich].",
                "{name} wohnt [in {city}|nicht in {city}].",
            ),
        ),
        "person": (
            (
                "Schreibe das in der dritten Person (sie)",
                "Ersetze ich durch sie und passe den Rest an",
                "Dritte Person (sie):",
                "Wie lautet das über eine Frau, mit sie statt ich?",
                "Erzähle das über sie statt über mich",
            ),
            (
                "[Ich|Sie] [arbeite|arbeitet] in einer Bank in {city}.",
                "[Ich|Sie] [wohne|wohnt] bei [meinen|ihren] Eltern.",
                "[Ich|Sie] [habe|hat] zwei Schwestern.",
                "[Ich|Sie] [gehe|geht] um zehn ins Bett.",
                "[Ich|Sie] [will|will] [mein|ihr] Auto verkaufen.",
            ),
        ),
    },
    "sv": {
        "past": (
            (
                "Skriv den här meningen i dåtid",
                "Sätt verben i preteritum",
                "Dåtid:",
                "Hur blir det här i dåtid?",
                "Skriv om det som om det hände i går",
            ),
            (
                "{name} [går|gick] till stationen.",
                "Vi [åker|åkte] till {city}.",
                "Hon [öppnar|öppnade] fönstret och [tittar|tittade] ut.",
                "Min bror [lagar|lagade] middag.",
                "Affären [stänger|stängde] klockan sex.",
                "Han [tar|tog] bussen till {city}.",
                "Barnen [leker|lekte] i trädgården.",
                "{name} [skriver|skrev] ett långt brev.",
                "Hunden [springer|sprang] över gatan.",
            ),
        ),
        "negative": (
            (
                "Gör meningen nekande",
                "Skriv den här meningen med inte",
                "Nekande form:",
                "Hur blir meningen nekande?",
                "Lägg till inte i meningen",
            ),
            (
                "{name} [gillar|gillar inte] spenat.",
                "Affären [är|är inte] öppen på söndag.",
                "Jag [kan|kan inte] simma.",
                "Tåget [var|var inte] sent.",
                "{name} [bor|bor inte] i {city}.",
                "Vi [hinner|hinner inte] med bussen.",
            ),
        ),
        "person": (
            (
                "Skriv det här i tredje person (hon)",
                "Byt jag mot hon och ändra resten",
                "Tredje person (hon):",
                "Hur blir det med hon i stället för jag?",
                "Berätta det här om henne i stället för om mig",
            ),
            (
                "[Jag|Hon] arbetar på en bank i {city}.",
                "[Jag|Hon] bor hos [mina|sina] föräldrar.",
                "[Jag|Hon] har två systrar.",
                "[Jag|Hon] vill sälja [min|sin] bil.",
                "[Jag|Hon] spelar piano och [mitt|hennes] barn sjunger.",
            ),
        ),
    },
    "es": {
        "past": (
            (
                "Escribe esta frase en pasado",
                "Pon los verbos en pretérito",
                "En pasado:",
                "¿Cómo queda esto en pasado?",
                "Escríbelo como si hubiera pasado ayer",
            ),
            (
                "{name} [camina|caminó|caminaba] a la estación.",
                "Nosotros [viajamos a|viajamos a] {city} y [comemos|comimos|comíamos] allí.",
                "Ella [abre|abrió|abría] la ventana y [mira|miró|miraba] afuera.",
                "Mi hermano [cocina|cocinó|cocinaba] la cena.",
                "La tienda [cierra|cerró|cerraba] a las seis.",
                "Él [toma|tomó|tomaba] el autobús a {city}.",
                "Los niños [juegan|jugaron|jugaban] en el jardín.",
                "{name} [escribe|escribió|escribía] una carta larga.",
                "El perro [corre|corrió|corría] por la calle.",
            ),
        ),
        "negative": (
            (
                "Pon esta frase en negativo",
                "Niega esta frase",
                "Forma negativa:",
                "¿Cuál es la negación de esta frase?",
                "Escribe esta frase con no",
            ),
            (
                "A {name} [le gustan|no le gustan] las espinacas.",
                "La tienda [abre|no abre] el domingo.",
                "Yo [sé|no sé] nadar.",
                "El tren [llegó|no llegó] tarde.",
                "{name} [vive|no vive] en {city}.",
                "Nosotros [tenemos|no tenemos] tiempo.",
            ),
        ),
        "person": (
            (
                "Escribe esto en tercera persona (ella)",
                "Cambia yo por ella y adapta el resto",
                "Tercera persona (ella):",
                "¿Cómo queda con ella en lugar de yo?",
                "Cuenta esto sobre ella y no sobre mí",
            ),
            (
                "[Trabajo|Trabaja] en un banco de {city}.",
                "[Vivo|Vive] con [mis|sus] padres.",
                "[Tengo|Tiene] dos hermanas.",
                "[Quiero|Quiere] vender [mi|su] coche.",
                "[Toco|Toca] el piano.",
            ),
        ),
    },
    "fr": {
        "past": (
            (
                "Mets cette phrase au passé",
                "Écris ceci au passé composé",
                "Au passé :",
                "Que donne cette phrase au passé ?",
                "Écris cela comme si c'était hier",
            ),
            (
                "{name} [marche|a marché|marchait|marcha] vers la gare.",
                "Nous [visitons|avons visité|visitions|visitâmes] {city}.",
                "Elle [ouvre|a ouvert|ouvrait|ouvrit] la fenêtre.",
                "Mon frère [prépare|a préparé|préparait|prépara] le dîner.",
                "Le magasin [ferme|a fermé|fermait|ferma] à six heures.",
                "Il [prend|a pris|prenait|prit] le bus pour {city}.",
                "Les enfants [jouent|ont joué|jouaient|jouèrent] dans le jardin.",
                "{name} [écrit|a écrit|écrivait|écrivit] une longue lettre.",
            ),
        ),
        "negative": (
            (
                "Mets cette phrase à la forme négative",
                "Écris le contraire avec ne et pas",
                "Forme négative :",
                "Quelle est la négation de cette phrase ?",
                "Transforme cette phrase en phrase négative",
            ),
            (
                "{name} [aime|n'aime pas] les épinards.",
                "Le magasin [est|n'est pas] ouvert le dimanche.",
                "Je [sais|ne sais pas] nager.",
                "Le train [était|n'était pas] en retard.",
                "{name} [habite|n'habite pas] à {city}.",
                "Nous [sommes|ne sommes pas] fatigués.",
            ),
        ),
        "person": (
            (
                "Mets ceci à la troisième personne (elle)",
                "Remplace je par elle et adapte le reste",
                "Troisième personne (elle) :",
                "Que devient la phrase avec elle au lieu de je ?",
                "Raconte cela d'elle et non de moi",
            ),
            (
                "[Je travaille|Elle travaille] dans une banque à {city}.",
                "[Je|Elle] [vis|vit] chez [mes|ses] parents.",
                "[J'ai|Elle a] deux sœurs.",
                "[Je|Elle] [veux|veut] vendre [ma|sa] voiture.",
                "[Je|Elle] [dors|dort] jusqu'à dix heures.",
            ),
        ),
    },
    "zh": {
        "negative": (
            (
                "把这句话改成否定句",
                "写出这句话的否定形式",
                "否定句：",
                "这句话的否定形式是什么？",
                "在句子里加上“不”或“没”",
            ),
            (
                "{name}[喜欢|不喜欢]吃菠菜。",
                "商店星期天[开门|不开门]。",
                "我[会|不会]游泳。",
                "{name}[住|不住]在{city}。",
                "我们[有|没有]时间。",
                "他昨天[去了|没去|没有去|没有去了]{city}。",
            ),
        ),
        "person": (
            (
                "把这句话改成第三人称（她）",
                "把“我”换成“她”",
                "第三人称（她）：",
                "用“她”来说这句话怎么说？",
                "改写成关于她的话，不是关于我的",
            ),
            (
                "[我|她]在{city}的一家银行工作。",
                "[我|她]和[我的父母|她的父母|父母]住在一起。",
                "[我|她]有两个姐姐。",
                "[我|她]想卖掉[我的车|她的车|自己的车]。",
                "[我|她]每天十点睡觉。",
            ),
        ),
    },
}
"""By language and kind: wordings of the request, and sentences with what must change in them."""

RUDE: Mapping[str, tuple[Sequence[str], Sequence[tuple[str, Sequence[Sequence[str]]]], str, str]] = {
    "en": (
        (
            "Make this more polite",
            "Rewrite this message politely",
            "Rephrase this in a friendly and professional way",
            "polite version:",
            "This sounds rude, make it polite",
            "Write this in a formal, polite tone",
            "Say this nicely",
            "Make this suitable for an email to a customer",
            "How can I say this politely?",
            "Turn this into a formal sentence",
            "Rewrite this so it sounds more professional",
            "Soften the tone of this message",
            "I can't send this to my boss, make it polite",
            "Change this into a courteous request",
        ),
        (
            ("Send me the {thing} now.", ()),
            ("I want the {thing} by Friday, got it?", (("friday",),)),
            ("Hey, where the hell is my {thing}?", ()),
            ("You forgot the {thing} again, idiot.", ()),
            ("Give me a new {thing}, this one is crap.", ()),
            ("Shut up and fix the {thing}.", ()),
            ("No way I pay for this stupid {thing}.", (("pay", "payment", "charge", "cost", "refund", "purchase"),)),
            ("Tell {name} to bring the damn {thing} on Monday.", (("{name}",), ("monday",))),
            ("Your {thing} is late. Hurry up, {name} is waiting in {city}!", (("{name}",), ("{city}",))),
            ("Come to {city} on Monday and bring the {thing}, or forget it.", (("{city}",), ("monday",))),
        ),
        "please could would kindly thank grateful appreciate may_i wonder mind_if you_mind possible like_to "
        "it_seems noticed "
        "remind",
        "hell idiot crap damn stupid got_it shut_up hurry_up forget_it",
    ),
    "de": (
        (
            "Formuliere das höflicher",
            "Schreibe diesen Satz freundlich und höflich",
            "Höflich:",
            "Wie sage ich das höflich?",
            "Das klingt grob, mach es höflich",
        ),
        (
            ("Schick mir sofort {thing}.", ()),
            ("Wo zum Teufel bleibt {thing}?", ()),
            ("Ich will {thing} bis Freitag, klar?", (("freitag",),)),
            ("Sag {name}, er soll am Montag endlich {thing} bringen, verdammt.", (("{name}",), ("montag",))),
            ("Halt den Mund und bring {thing} nach {city}.", (("{city}",),)),
        ),
        "bitte könnte würde dank freundlich gern möchte leider möglich dürfte wäre",
        "teufel verdammt sofort_! klar? mund",
    ),
    "sv": (
        (
            "Gör det här artigare",
            "Skriv den här meningen vänligt och artigt",
            "Artigt:",
            "Hur säger jag det här artigt?",
            "Det låter otrevligt, gör det artigt",
        ),
        (
            ("Skicka {thing} nu med en gång.", ()),
            ("Var fan är {thing}?", ()),
            ("Jag vill ha {thing} på fredag, fattar du?", (("fredag",),)),
            ("Säg åt {name} att ta med {thing} på måndag, för helvete.", (("{name}",), ("måndag",))),
            ("Håll käften och ta med {thing} till {city}.", (("{city}",),)),
        ),
        "skulle tack vänlig snäll gärna kan_du kan_ni uppskatta möjligt hoppas tyvärr vore",
        "fan fattar helvete käften",
    ),
    "es": (
        (
            "Escribe esto de forma más educada",
            "Haz que suene amable y formal",
            "Versión educada:",
            "¿Cómo digo esto con educación?",
            "Suena grosero, hazlo más cortés",
        ),
        (
            ("Mándame {thing} ya.", ()),
            ("¿Dónde demonios está {thing}?", ()),
            ("Quiero {thing} el viernes, ¿entiendes?", (("viernes",),)),
            ("Dile a {name} que traiga {thing} el lunes de una maldita vez.", (("{name}",), ("lunes",))),
            ("Cállate y lleva {thing} a {city}.", (("{city}",),)),
        ),
        "por_favor podría gracias agradec gustaría amable le_ruego querría pueda quisiera posible",
        "demonios maldita cállate",
    ),
    "fr": (
        (
            "Écris cela plus poliment",
            "Rends cette phrase aimable et polie",
            "Version polie :",
            "Comment dire cela poliment ?",
            "C'est impoli, reformule avec politesse",
        ),
        (
            ("Envoie-moi {thing} tout de suite.", ()),
            ("Où diable est {thing} ?", ()),
            ("Je veux {thing} vendredi, compris ?", (("vendredi",),)),
            ("Dis à {name} d'apporter {thing} lundi, bon sang.", (("{name}",), ("lundi",))),
            ("Tais-toi et apporte {thing} à {city}.", (("{city}",),)),
        ),
        "s'il_vous s'il_te pourri merci veuillez aimable souhait prie serai voudr grâce possible",
        "diable bon_sang tais-toi compris",
    ),
    "zh": (
        ("把这句话说得礼貌一些", "改成礼貌正式的说法", "礼貌版：", "这句话怎么说更有礼貌？", "这话太冲了，改得客气点"),
        (
            ("马上把{thing}发给我。", ()),
            ("我的{thing}到底在哪儿？", ()),
            ("星期五之前给我{thing}，听见没有？", (("星期五", "周五"),)),
            ("叫{name}星期一把该死的{thing}带来。", (("{name}",), ("星期一", "周一"))),
            ("闭嘴，把{thing}送到{city}。", (("{city}",),)),
        ),
        "请 谢 麻烦 您 劳驾 能否 可否 感激 抱歉",
        "到底 该死 闭嘴 听见没有",
    ),
}
"""By language: wordings, rude messages with what must stay of them, parts of polite words, words that must go."""

RUDE_THINGS: Mapping[str, Sequence[tuple[str, Sequence[str]]]] = {
    "en": tuple(
        (thing, (thing,))
        for thing in pool("report invoice parcel contract printer laptop ticket receipt order key chair offer manual")
    ),
    "de": (
        ("den Bericht", ("bericht",)),
        ("die Rechnung", ("rechnung",)),
        ("das Paket", ("paket",)),
        ("den Vertrag", ("vertrag",)),
        ("den Schlüssel", ("schlüssel",)),
        ("das Angebot", ("angebot",)),
    ),
    "sv": (
        ("rapporten", ("rapport",)),
        ("fakturan", ("faktura",)),
        ("paketet", ("paket",)),
        ("avtalet", ("avtal",)),
        ("nyckeln", ("nyckel",)),
        ("offerten", ("offert",)),
    ),
    "es": (
        ("el informe", ("informe",)),
        ("la factura", ("factura",)),
        ("el paquete", ("paquete",)),
        ("el contrato", ("contrato",)),
        ("la llave", ("llave",)),
        ("la oferta", ("oferta",)),
    ),
    "fr": (
        ("le rapport", ("rapport",)),
        ("la facture", ("facture",)),
        ("le colis", ("colis",)),
        ("le contrat", ("contrat",)),
        ("la clé", ("clé", "clef")),
        ("le devis", ("devis",)),
    ),
    "zh": tuple((thing, (thing,)) for thing in pool("报告 发票 包裹 合同 钥匙 报价单")),
}
"""Things in messages, with parts of words by which they are known again."""

POLITE_EXAMPLE: Mapping[str, str] = {
    "en": "Could you please see to the {thing}? {rest} Thank you.",
    "de": "Könnten Sie sich bitte um {thing} kümmern? {rest} Vielen Dank.",
    "sv": "Skulle du kunna ordna {thing}? {rest} Tack.",
    "es": "¿Podría ocuparse de {thing}, por favor? {rest} Gracias.",
    "fr": "Pourriez-vous vous occuper de {thing} ? {rest} Merci.",
    "zh": "请您处理一下{thing}，{rest}谢谢。",
}

LONG: Mapping[str, tuple[Sequence[str], Sequence[tuple[str, str]], Sequence[str], str]] = {
    "en": (
        (
            "Shorten this to at most {n} words",
            "Rewrite this in {n} words or fewer",
            "Make this shorter, maximum {n} words",
            "Cut this down to {n} words or less",
            "Say this in no more than {n} words",
            "Shorten to {n} words max:",
            "Condense this text into {n} words at most",
            "Can you say this in at most {n} words?",
            "Trim this to {n} words, keep the important facts",
            "Too long! Bring it to {n} words or fewer, but keep who, what and when",
            "Tighten this to max {n} words",
            "I have room for {n} words only, shorten this",
            "Summarize this in up to {n} words",
            "How would you put this in {n} words or fewer?",
        ),
        (
            (
                "I just wanted to let you know that {name}, who has been with us for many years now, is "
                "going to move to {city} in {month}, as far as I have heard.",
                "{name} is moving to {city} in {month}.",
            ),
            (
                "Due to the fact that there was a lot of snow on the roads during the night, the bus to "
                "{city} will, unfortunately, not be running until {day}, said {name}.",
                "The {city} bus is off until {day}, says {name}.",
            ),
            (
                "It has come to our attention that the meeting that {name} had planned for {day} in our "
                "{city} office, which many of you wanted to attend, has been cancelled.",
                "{name}'s meeting in {city} on {day} is cancelled.",
            ),
            (
                "We are really very happy and also a little bit proud to be able to tell all of you today "
                "that {name} has won the cooking contest that took place in {city} on {day}.",
                "{name} won the cooking contest in {city} on {day}.",
            ),
            (
                "As you may or may not have heard already from one of your colleagues, the new shop in "
                "{city}, which {name} is going to run, will finally open its doors on {day}.",
                "{name}'s new shop in {city} opens on {day}.",
            ),
            (
                "In view of the present situation, and after having thought about it for quite some time, "
                "{name} has decided to sell the old house in {city} before the end of {month}.",
                "{name} will sell the {city} house by {month}.",
            ),
        ),
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
        "Keep who, where and when.",
    ),
    "de": (
        (
            "Kürze das auf höchstens {n} Wörter",
            "Fasse das in maximal {n} Wörtern zusammen",
            "Sag das in höchstens {n} Wörtern",
            "Höchstens {n} Wörter:",
            "Kannst du das auf {n} Wörter oder weniger kürzen?",
        ),
        (
            (
                "Ich wollte nur kurz Bescheid geben, dass {name}, wie ich von einigen Leuten gehört habe, "
                "am {day} tatsächlich für längere Zeit nach {city} umziehen wird.",
                "{name} zieht am {day} nach {city} um.",
            ),
            (
                "Leider müssen wir Ihnen heute mitteilen, dass das Treffen, das {name} für {day} in "
                "{city} geplant hatte und auf das sich viele gefreut haben, nun doch ausfällt.",
                "Das Treffen von {name} {day} in {city} entfällt.",
            ),
            (
                "Wie Sie vielleicht schon von einer Kollegin gehört haben, wird der neue Laden in {city}, "
                "den {name} führen wird, nun endlich am {day} eröffnet.",
                "{name} eröffnet am {day} den Laden in {city}.",
            ),
        ),
        ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"),
        "Wer, wo und wann muss bleiben.",
    ),
    "sv": (
        (
            "Korta ner det här till högst {n} ord",
            "Sammanfatta det i max {n} ord",
            "Säg det här med högst {n} ord",
            "Högst {n} ord:",
            "Kan du korta det till {n} ord eller färre?",
        ),
        (
            (
                "Jag ville bara berätta att {name}, som jag har hört av flera andra på jobbet, faktiskt "
                "kommer att flytta till {city} på {day} för en längre tid.",
                "{name} flyttar till {city} på {day}.",
            ),
            (
                "Tyvärr måste vi i dag meddela att mötet som {name} hade planerat i {city} på {day}, och "
                "som så många såg fram emot, nu ändå är inställt.",
                "Mötet med {name} i {city} på {day} är inställt.",
            ),
            (
                "Som du kanske redan har hört av någon kollega kommer den nya butiken i {city}, som "
                "{name} ska driva, äntligen att öppna på {day}.",
                "{name} öppnar butiken i {city} på {day}.",
            ),
        ),
        ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag"),
        "Behåll vem, var och när.",
    ),
    "es": (
        (
            "Acorta esto a un máximo de {n} palabras",
            "Resume esto en {n} palabras como mucho",
            "Di esto en no más de {n} palabras",
            "Máximo {n} palabras:",
            "¿Puedes reducir esto a {n} palabras o menos?",
        ),
        (
            (
                "Solo quería contarte que {name}, según me han dicho varias personas del trabajo, se va a "
                "mudar de verdad a {city} el {day} por una larga temporada.",
                "{name} se muda a {city} el {day}.",
            ),
            (
                "Lamentablemente tenemos que comunicarles hoy que la reunión que {name} había preparado "
                "en {city} para el {day}, y que tantos esperaban, queda cancelada.",
                "La reunión de {name} en {city} el {day}, cancelada.",
            ),
            (
                "Como quizá ya hayas oído de algún compañero, la nueva tienda de {city}, que va a llevar "
                "{name}, abrirá por fin sus puertas el {day}.",
                "{name} abre su tienda en {city} el {day}.",
            ),
        ),
        ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado"),
        "Conserva quién, dónde y cuándo.",
    ),
    "fr": (
        (
            "Raccourcis ceci à {n} mots au maximum",
            "Résume cela en {n} mots au plus",
            "Dis cela en {n} mots maximum",
            "Maximum {n} mots :",
            "Peux-tu réduire cela à {n} mots ou moins ?",
        ),
        (
            (
                "Je voulais juste te dire que {name}, d'après ce que plusieurs personnes m'ont raconté au "
                "travail, va vraiment déménager à {city} {day} pour une longue période.",
                "{name} déménage à {city} {day}.",
            ),
            (
                "Nous devons malheureusement vous informer aujourd'hui que la réunion que {name} avait "
                "prévue à {city} {day}, et que beaucoup attendaient, est finalement annulée.",
                "La réunion de {name} à {city} {day} est annulée.",
            ),
            (
                "Comme tu l'as peut-être déjà appris par un collègue, le nouveau magasin de {city}, que "
                "{name} va diriger, ouvrira enfin ses portes {day}.",
                "{name} ouvre son magasin à {city} {day}.",
            ),
        ),
        ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"),
        "Garde qui, où et quand.",
    ),
    "zh": (
        (
            "把这段话缩短到{n}个字以内",
            "用不超过{n}个字概括",
            "{n}字以内：",
            "压缩成最多{n}个字",
            "能用{n}个字以内说清楚吗？",
        ),
        (
            (
                "我只是想告诉你，我从好几个同事那里听说，{name}真的要在{day}搬到{city}去，而且会在那里住上很长一段时间。",
                "{name}{day}搬到{city}。",
            ),
            (
                "很遗憾，我们今天不得不通知大家，{name}原定{day}在{city}召开的、很多人都期待的那场会议，现在还是取消了。",
                "{name}{day}在{city}的会议取消了。",
            ),
            (
                "也许你已经从同事那里听说了，{name}负责经营的那家位于{city}的新商店，终于要在{day}正式开门营业了。",
                "{name}在{city}的新店{day}开业。",
            ),
        ),
        ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六"),
        "保留人物、地点和时间。",
    ),
}
"""By language: wordings with a limit, long-winded sentences with short ones, days, a wish to keep the facts."""

MONTHS = ("April", "May", "June", "July", "September", "October")

LIMITS: Mapping[int, Sequence[int]] = {1: (20, 22), 2: (16, 18), 3: (14, 15), 4: (12, 13), 5: (9, 10)}
"""Words that are allowed, by level. In Chinese, twice as many characters."""

AVOID: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "en": (
        (
            "Rewrite this sentence without the word {words}",
            "Say the same without using {words}",
            "Rephrase this without {words}",
            "Avoid {words} in this sentence",
            "Write this again but do not use {words}",
            "Replace {words} by something else",
            "Do not say {words}, say it another way:",
            "How can I say this without {words}?",
            "Put this differently, {words} must not appear",
            "Paraphrase this sentence. Forbidden: {words}",
            "I use {words} too often, rewrite this without",
            "Can you express this without {words}?",
            "Give me another version of this sentence that does not contain {words}",
            "Find a way to write this without {words}",
        ),
        (
            "The [big] dog sleeps under the [small] table in the kitchen.",
            "{name} was [happy] because the train to {city} was on time.",
            "We had a [nice] evening with [good] food at the restaurant in {city}.",
            "The [quick] answer of {name} helped the [whole] team.",
            "It was very [cold] in {city} and the [streets] were empty.",
            "{name} bought a [cheap] jacket at the [new] shop.",
            "My neighbour is [angry] because the music is too [loud].",
            "The film about the sea was [boring] and the [seats] were hard.",
            "Our teacher gave us a [difficult] task for the [weekend].",
            "{name} was [sad] when the [old] tree fell in the storm.",
        ),
    ),
    "de": (
        (
            "Schreibe diesen Satz ohne das Wort {words}",
            "Sag das Gleiche, ohne {words} zu verwenden",
            "Ersetze {words} durch etwas anderes",
            "Ohne {words}:",
            "Wie kann ich das ohne {words} sagen?",
        ),
        (
            "Der [große] Hund schläft unter dem [kleinen] Tisch in der Küche.",
            "{name} war [froh], weil der Zug nach {city} pünktlich war.",
            "Das Essen im Restaurant in {city} war [gut] und sehr [billig].",
            "Der Nachbar ist [wütend], weil die Musik zu [laut] ist.",
        ),
    ),
    "sv": (
        (
            "Skriv om den här meningen utan ordet {words}",
            "Säg samma sak utan {words}",
            "Byt ut {words} mot något annat",
            "Utan {words}:",
            "Hur kan jag säga det utan {words}?",
        ),
        (
            "Den [stora] hunden sover under det [lilla] bordet i köket.",
            "{name} var [glad] eftersom tåget till {city} var i tid.",
            "Maten på restaurangen i {city} var [god] och mycket [billig].",
            "Grannen är [arg] eftersom musiken är för [hög].",
        ),
    ),
    "es": (
        (
            "Escribe esta frase sin la palabra {words}",
            "Di lo mismo sin usar {words}",
            "Cambia {words} por otra cosa",
            "Sin {words}:",
            "¿Cómo puedo decir esto sin {words}?",
        ),
        (
            "El perro [grande] duerme debajo de la mesa [pequeña] de la cocina.",
            "{name} estaba [contento] porque el tren a {city} llegó a tiempo.",
            "La comida del restaurante de {city} era [buena] y muy [barata].",
            "El vecino está [enfadado] porque la música está muy [alta].",
        ),
    ),
    "fr": (
        (
            "Réécris cette phrase sans le mot {words}",
            "Dis la même chose sans {words}",
            "Remplace {words} par autre chose",
            "Sans {words} :",
            "Comment dire cela sans {words} ?",
        ),
        (
            "Le chien [énorme] dort sous la [petite] table de la cuisine.",
            "{name} était [content] parce que le train pour {city} était à l'heure.",
            "Le repas au restaurant de {city} était [bon] et pas [cher].",
            "Le voisin est [furieux] parce que la musique est trop [forte].",
        ),
    ),
    "zh": (
        (
            "改写这句话，不要用“{words}”",
            "不用“{words}”，说同样的意思",
            "把“{words}”换成别的说法",
            "不要出现“{words}”：",
            "不用“{words}”怎么说这句话？",
        ),
        (
            "那只[大]狗睡在厨房的桌子下面。",
            "{name}很[高兴]，因为去{city}的火车准时到了。",
            "{city}那家餐馆的菜很[好吃]，也很[便宜]。",
            "邻居很[生气]，因为音乐声太[吵]了。",
        ),
    ),
}
"""By language: wordings, and sentences with the words that must go in brackets."""

OTHER_WORDS: Mapping[str, str] = {
    "en": "quite special",
    "de": "ganz besonders",
    "sv": "särskilt",
    "es": "especial",
    "fr": "spécial",
    "zh": "特别",
}
"""What stands for words to avoid in the example of a right answer."""

TAILS: Mapping[str, Sequence[str]] = {
    "en": ("Only the new version.", "Just give me the result.", "Don't add anything."),
    "de": ("Nur die neue Fassung.", "Füge nichts hinzu."),
    "sv": ("Bara den nya versionen.", "Lägg inte till något."),
    "es": ("Solo la nueva versión.", "No añadas nada."),
    "fr": ("Seulement la nouvelle version.", "N'ajoute rien."),
    "zh": ("只要改好的句子。", "不要添加别的内容。"),
}


def filled(rng: Random, text: str, language: str) -> tuple[str, dict[str, str]]:
    """A text with its name, city, day and month, and these."""
    slots = {
        "name": first_name(rng, language),
        "city": rng.choice(CITIES[language]),
        "day": rng.choice(LONG[language][2]),
        "month": rng.choice(MONTHS),
    }
    for slot, value in slots.items():
        text = text.replace("{" + slot + "}", value)
    return elided(text, language), slots


def a_change(rng: Random, level: int, language: str) -> Item:
    """Change tense, number, person or voice throughout a text of one sentence (levels 1 and 2) to four."""
    kind = rng.choice(list(CHANGES[language]))
    requests, sentences = CHANGES[language][kind]
    count = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4}[level]
    if level == 1:
        sentences = sorted(sentences, key=len)[: max(4, len(sentences) // 2)]
    name = first_name(rng, language)
    city = rng.choice(CITIES[language])
    drawn = rng.sample(sentences, count)
    chosen = [elided(each.replace("{name}", name).replace("{city}", city), language) for each in drawn]
    space = "" if language == "zh" else " "
    parts = [with_changes(rng, each, 9) for each in chosen]
    shown, wished = space.join(part[0] for part in parts), space.join(part[1] for part in parts)
    changes = [change for part in parts for change in part[2]]
    turns = worded(
        rng, language, [elided(each.replace("{name}", name), language) for each in requests], shown, TAILS[language]
    )
    return Item(turns, changed(wished, changes, spare=count), 20 + len(wished.encode()) // 2, wished)


def keeps(text: str, language: str, facts: Sequence[Sequence[str]], most_words: int, prompt: str) -> bool:
    """Whether a text is of the language, tells all facts, is no longer than allowed, and no copy of the prompt."""
    told = all(says_part(text, forms) for forms in facts)
    return told and is_in(text, language) and len(words(text)) <= most_words and not copies(text, prompt)


def a_polite_one(rng: Random, level: int, language: str) -> Item:
    """Make a rude message polite; from level 3 on, with facts that must stay."""
    requests, messages, polite_parts, rude = RUDE[language]
    fitting = [row for row in messages if bool(row[1]) == (level >= 3)]
    message, kept = rng.choice(fitting)
    thing, parts = rng.choice(RUDE_THINGS[language])
    shown, slots = filled(rng, message.replace("{thing}", thing), language)
    facts = [parts, *[[slots.get(form.strip("{}"), form) for form in forms] for forms in kept]]
    turns = worded(rng, language, requests, shown, TAILS[language])
    prompt = turns[-1].text
    marks = [part.replace("_", " ") for part in polite_parts.split()]
    banned = [word.replace("_", " ") for word in rude.split()]

    def check(answer: Answer) -> bool:
        text = answer.text
        polite = says_part(text, marks) and not says_any(text, banned)
        own_words = not rambles(text) and not speaks_as_assistant(text)
        return polite and own_words and keeps(text, language, facts, 70, prompt)

    rest = ", ".join(forms[0] for forms in facts[1:])
    expected = POLITE_EXAMPLE[language].format(thing=thing, rest=rest)
    return Item(turns, check, 60, expected)


def a_short_one(rng: Random, level: int, language: str) -> Item:
    """Shorten a long-winded sentence to a number of words; from level 4 on, who, where and when must stay."""
    requests, texts, _, wish = LONG[language]
    template, short = rng.choice(texts)
    both, slots = filled(rng, f"{template}\n{short}", language)
    shown, expected = both.split("\n")
    limit = rng.choice(LIMITS[level]) * (2 if language == "zh" else 1)
    facts = [slots[slot] for slot in ("name", "city", "day", "month") if "{" + slot + "}" in template]
    turns = worded(rng, language, [request.format(n=limit) for request in requests], shown, TAILS[language][1:])
    if level >= 4:
        turns = with_sentence(turns, wish)
    needed = len(facts) if level >= 4 else 2

    def fits(text: str) -> bool:
        told = sum(says_part(text, (fact,)) for fact in facts)
        own = is_in(text, language) and not copies(text, turns[-1].text)
        return 4 <= len(words(text)) <= limit and told >= needed and own

    return Item(turns, lambda answer: any(map(fits, versions(answer.text))), 24 + 2 * limit, expected)


def with_sentence(turns: Sequence[Turn], sentence: str) -> tuple[Turn, ...]:
    """A conversation whose last turn has one more sentence, on a line of its own."""
    *before, last = turns
    return (*before, Turn(last.role, f"{last.text}\n{sentence}"))


def versions(text: str) -> list[str]:
    """The whole text, the text after an introduction that ends in a colon, and the first line of each."""
    after = text.split(":", 1)[-1] if ":" in text[:90] else text
    return [text, after, after.strip().split("\n", 1)[0], text.strip().split("\n", 1)[0]]


def without_words(rng: Random, level: int, language: str) -> Item:
    """Say something without a word, from level 3 on without two."""
    requests, sentences = AVOID[language]
    two = level >= 3
    fitting = [row for row in sentences if row.count("[") >= (2 if two else 1)]
    template, _ = filled(rng, rng.choice(fitting), language)
    pieces = template.replace("]", "[").split("[")
    marked = pieces[1::2]
    banned = marked[:2] if two else [rng.choice(marked)]
    shown = "".join(pieces)
    bare = "".join("" if piece in banned else piece for piece in pieces)
    kept = [word for word in words(bare) if len(word) > 3 or CJK.search(word)]
    joint = {"en": " or ", "de": " oder ", "sv": " eller ", "es": " ni ", "fr": " ni ", "zh": "”和“"}[language].join(
        f'"{word}"' if language != "zh" and len(banned) == 1 and rng.random() < 0.5 else word for word in banned
    )
    turns = worded(rng, language, [request.format(words=joint) for request in requests], shown, TAILS[language])
    share = {1: 0.5, 2: 0.5, 3: 0.5, 4: 0.6, 5: 0.7}[level]

    def check(answer: Answer) -> bool:
        text = answer.text
        said = set(words(text))
        absent = not any(folded(word) in folded(text) if language == "zh" else folded(word) in said for word in banned)
        enough = sum(word in said for word in kept) >= share * len(kept)
        return absent and enough and len(words(text)) <= 2 * len(words(shown)) + 12 and is_in(text, language)

    expected = "".join(OTHER_WORDS[language] if piece in banned else piece for piece in pieces)
    return Item(turns, check, 24 + len(shown.encode()) // 2, expected)


KINDS: Sequence[Callable[[Random, int, str], Item]] = (
    a_change,
    a_change,
    a_change,
    a_polite_one,
    a_short_one,
    without_words,
)


def make(rng: Random, level: int, language: str) -> Item:
    """An item of a level: half of them change grammar, the others tone, length or words."""
    return unless_repeated(rng.choice(KINDS)(rng, level, language))


FAMILY = Family(name="rewrite", title="rewriting sentences: tense, person, tone, length", make=make)

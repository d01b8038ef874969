"""Logic with two to six premises: syllogisms, if-then, who sits where, who has what, and sequences of numbers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from router.exam.checks.final_answer import MOST_CHARACTERS, beside_question
from router.exam.checks.named_answers import NO, YES, fold, says_name, says_yes
from router.exam.checks.number_answers import says_number
from router.exam.content.everyday import PEOPLE
from router.exam.item import Answer, Family, Item
from router.exam.wording.asking import Wish, ask, elided, fill

_MAX_TOKENS = {1: 40, 2: 60, 3: 90, 4: 130, 5: 160}
_Texts = dict[str, Sequence[str]]

_KINDS = [
    "blim",
    "torp",
    "zarn",
    "quop",
    "felt",
    "drun",
    "mopp",
    "snaff",
    "glim",
    "wurk",
    "plon",
    "trid",
    "krell",
    "fonk",
    "bram",
    "jelp",
    "nork",
    "spiv",
    "dwell",
    "yark",
    "hulp",
    "stim",
    "garn",
    "vock",
]
_KINDS_ZH = [
    "布林",
    "托普",
    "扎恩",
    "库波",
    "菲特",
    "德隆",
    "莫普",
    "斯纳",
    "格利",
    "沃克",
    "普隆",
    "特里",
    "克雷",
    "冯克",
    "布拉",
    "杰普",
    "诺克",
    "斯皮",
    "约克",
    "胡普",
]
_PETS = ("Rex", "Bella", "Luna", "Momo", "Kira", "Nero", "Fips", "Tara", "Zora", "Pico")
_REAL: dict[str, Sequence[tuple[str, str, str, str]]] = {
    "en": (
        ("dogs", "animals", "a dog", "an animal"),
        ("roses", "flowers", "a rose", "a flower"),
        ("squares", "rectangles", "a square", "a rectangle"),
        ("cars", "vehicles", "a car", "a vehicle"),
        ("teachers", "employees", "a teacher", "an employee"),
        ("salmon", "fish", "a salmon", "a fish"),
    ),
    "de": (
        ("Hunde", "Tiere", "ein Hund", "ein Tier"),
        ("Rosen", "Blumen", "eine Rose", "eine Blume"),
        ("Quadrate", "Rechtecke", "ein Quadrat", "ein Rechteck"),
        ("Autos", "Fahrzeuge", "ein Auto", "ein Fahrzeug"),
        ("Lachse", "Fische", "ein Lachs", "ein Fisch"),
    ),
    "sv": (
        ("hundar", "djur", "en hund", "ett djur"),
        ("rosor", "blommor", "en ros", "en blomma"),
        ("kvadrater", "rektanglar", "en kvadrat", "en rektangel"),
        ("bilar", "fordon", "en bil", "ett fordon"),
        ("laxar", "fiskar", "en lax", "en fisk"),
    ),
    "es": (
        ("perros", "animales", "un perro", "un animal"),
        ("claveles", "vegetales", "un clavel", "un vegetal"),
        ("cuadrados", "rectángulos", "un cuadrado", "un rectángulo"),
        ("coches", "vehículos", "un coche", "un vehículo"),
        ("salmones", "peces", "un salmón", "un pez"),
    ),
    "fr": (
        ("chiens", "animaux", "un chien", "un animal"),
        ("chênes", "arbres", "un chêne", "un arbre"),
        ("carrés", "rectangles", "un carré", "un rectangle"),
        ("camions", "véhicules", "un camion", "un véhicule"),
        ("saumons", "poissons", "un saumon", "un poisson"),
    ),
    "zh": (
        ("狗", "动物", "狗", "动物"),
        ("玫瑰", "花", "玫瑰", "花"),
        ("正方形", "长方形", "正方形", "长方形"),
        ("汽车", "交通工具", "汽车", "交通工具"),
        ("三文鱼", "鱼", "三文鱼", "鱼"),
    ),
}
_ALL: _Texts = {
    "en": ("All {a} are {b}.", "Every one of the {a} belongs to the {b}."),
    "de": ("Alle {a} sind {b}.",),
    "sv": ("Alla {a} är {b}.",),
    "es": ("Todos los {a} son {b}.",),
    "fr": ("Tous les {a} sont des {b}.",),
    "zh": ("所有{a}都是{b}。",),
}
_NONE: _Texts = {
    "en": ("None of the {a} are {b}.",),
    "de": ("Keine {a} sind {b}.",),
    "sv": ("Inga {a} är {b}.",),
    "es": ("Ninguno de los {a} pertenece a los {b}.",),
    "fr": ("Aucun des {a} ne fait partie des {b}.",),
    "zh": ("没有一个{a}属于{b}。",),
}
_IS_A: _Texts = {
    "en": ("{x} is {a}.",),
    "de": ("{x} ist {a}.",),
    "sv": ("{x} är {a}.",),
    "es": ("{x} es {a}.",),
    "fr": ("{x} est {a}.",),
    "zh": ("{x}是{a}。",),
}
_IS_IT: _Texts = {
    "en": (
        "Is {x} {b}?",
        "Does it follow that {x} is {b}?",
        "True or false: {x} is {b}?",
        "Can we say that {x} is {b}?",
        "So, is {x} {b}?",
        "Is it true that {x} is {b}?",
        "yes or no: is {x} {b}?",
        "Would you say {x} is {b}, going by this?",
    ),
    "de": (
        "Ist {x} {b}?",
        "Folgt daraus, dass {x} {b} ist?",
        "Ja oder nein: Ist {x} {b}?",
        "Stimmt es, dass {x} {b} ist?",
        "Wahr oder falsch: {x} ist {b}?",
    ),
    "sv": (
        "Är {x} {b}?",
        "Följer det att {x} är {b}?",
        "Ja eller nej: är {x} {b}?",
        "Är det sant att {x} är {b}?",
        "Sant eller falskt: {x} är {b}?",
    ),
    "es": (
        "¿Es {x} {b}?",
        "¿Se deduce que {x} es {b}?",
        "Sí o no: ¿es {x} {b}?",
        "¿Es verdad que {x} es {b}?",
        "Verdadero o falso: {x} es {b}.",
    ),
    "fr": (
        "Est-ce que {x} est {b} ?",
        "Peut-on en déduire que {x} est {b} ?",
        "Oui ou non : {x} est-il {b} ?",
        "Est-il vrai que {x} est {b} ?",
        "Vrai ou faux : {x} est {b} ?",
    ),
    "zh": ("{x}是{b}吗?", "能推出{x}是{b}吗?", "是或否:{x}是{b}吗?", "{x}是{b},对吗?", "由此可知{x}是{b}吗?"),
}
_OR_OPEN: _Texts = {
    "en": (" Answer yes, no or cannot be determined.", " (yes / no / cannot be determined)"),
    "de": (" Antworte mit ja, nein oder unbestimmt.", " (ja / nein / unbestimmt)"),
    "sv": (" Svara ja, nej eller går inte att avgöra.", " (ja / nej / går inte att avgöra)"),
    "es": (" Responde sí, no o no se puede saber.", " (sí / no / no se puede saber)"),
    "fr": (" Réponds oui, non ou indéterminé.", " (oui / non / indéterminé)"),
    "zh": ("请回答:是的、不是,或无法确定。", "(是的/不是/无法确定)"),
}
_OPEN: _Texts = {
    "en": (
        "cannot be determined",
        "can't be determined",
        "can not be determined",
        "undetermined",
        "cannot determine",
        "cannot be concluded",
        "not enough information",
        "cannot say",
        "unknown",
        "not necessarily",
        "cannot conclude",
        "can't say",
        "cannot tell",
    ),
    "de": (
        "unbestimmt",
        "nicht bestimmbar",
        "nicht unbedingt",
        "kann man nicht sagen",
        "lässt sich nicht",
        "unklar",
        "nicht sicher",
    ),
    "sv": (
        "går inte att avgöra",
        "går ej att avgöra",
        "inte nödvändigtvis",
        "kan inte avgöras",
        "oklart",
        "går inte att säga",
    ),
    "es": (
        "no se puede saber",
        "no se puede determinar",
        "indeterminado",
        "no necesariamente",
        "no se sabe",
        "no es posible saber",
    ),
    "fr": (
        "indéterminé",
        "on ne peut pas savoir",
        "pas nécessairement",
        "pas forcément",
        "on ne sait pas",
        "impossible à dire",
        "impossible de savoir",
    ),
    "zh": ("无法确定", "不能确定", "不确定", "无法判断", "不一定", "未知"),
}

_CONDITIONS: dict[str, Sequence[tuple[str, str, str, str, str]]] = {
    # if, then, "it does not", "then" as a question, and the contrary of "if" as a question
    "en": (
        ("it rains", "the street gets wet", "The street does not get wet", "Does the street get wet", "Does it rain"),
        ("the lamp is on", "the cat wakes up", "The cat does not wake up", "Does the cat wake up", "Is the lamp on"),
        ("the shop is open", "the sign is green", "The sign is not green", "Is the sign green", "Is the shop open"),
        ("Tom is at home", "the radio plays", "The radio does not play", "Does the radio play", "Is Tom at home"),
        (
            "the battery is empty",
            "the phone is off",
            "The phone is not off",
            "Is the phone off",
            "Is the battery empty",
        ),
        ("it is Sunday", "the bakery is closed", "The bakery is not closed", "Is the bakery closed", "Is it Sunday"),
    ),
    "de": (
        ("es regnet", "wird die Straße nass", "Die Straße wird nicht nass", "Wird die Straße nass", "Regnet es"),
        (
            "die Lampe an ist",
            "wacht die Katze auf",
            "Die Katze wacht nicht auf",
            "Wacht die Katze auf",
            "Ist die Lampe an",
        ),
        (
            "der Laden offen ist",
            "ist das Schild grün",
            "Das Schild ist nicht grün",
            "Ist das Schild grün",
            "Ist der Laden offen",
        ),
        ("Tom zu Hause ist", "läuft das Radio", "Das Radio läuft nicht", "Läuft das Radio", "Ist Tom zu Hause"),
    ),
    "sv": (
        ("det regnar", "blir gatan våt", "Gatan blir inte våt", "Blir gatan våt", "Regnar det"),
        ("lampan är tänd", "vaknar katten", "Katten vaknar inte", "Vaknar katten", "Är lampan tänd"),
        ("affären är öppen", "är skylten grön", "Skylten är inte grön", "Är skylten grön", "Är affären öppen"),
        ("Tom är hemma", "spelar radion", "Radion spelar inte", "Spelar radion", "Är Tom hemma"),
    ),
    "es": (
        ("llueve", "la calle se moja", "La calle sigue seca y no se moja", "¿Se moja la calle", "¿Llueve"),
        (
            "la lámpara está encendida",
            "el gato se despierta",
            "El gato no se despierta",
            "¿Se despierta el gato",
            "¿Está encendida la lámpara",
        ),
        (
            "la tienda está abierta",
            "el cartel está verde",
            "El cartel no está verde",
            "¿Está verde el cartel",
            "¿Está abierta la tienda",
        ),
        ("Tomás está en casa", "suena la radio", "La radio no suena", "¿Suena la radio", "¿Está Tomás en casa"),
    ),
    "fr": (
        (
            "il pleut",
            "la rue est mouillée",
            "La rue n'est pas mouillée",
            "La rue est-elle mouillée",
            "Est-ce qu'il pleut",
        ),
        (
            "la lampe est allumée",
            "le chat se réveille",
            "Le chat ne se réveille pas",
            "Le chat se réveille-t-il",
            "La lampe est-elle allumée",
        ),
        (
            "le magasin est ouvert",
            "le panneau est vert",
            "Le panneau n'est pas vert",
            "Le panneau est-il vert",
            "Le magasin est-il ouvert",
        ),
        (
            "Thomas est chez lui",
            "la radio joue",
            "La radio ne joue pas",
            "La radio joue-t-elle",
            "Thomas est-il chez lui",
        ),
    ),
    "zh": (
        ("下雨", "街道就会湿", "街道没有湿", "街道会湿吗", "下雨了吗"),
        ("灯亮着", "猫就会醒", "猫没有醒", "猫会醒吗", "灯亮着吗"),
        ("商店开门", "牌子就是绿色的", "牌子没有变绿", "牌子会是绿色的吗", "商店开门了吗"),
        ("小明在家", "收音机就会响", "收音机没有响", "收音机会响吗", "小明在家吗"),
    ),
}
_NEGATED = {
    "en": re.compile(r"\bnot\b|n't\b"),
    "de": re.compile(r"\bnicht\b"),
    "sv": re.compile(r"\binte\b"),
    "es": re.compile(r"\bno\b"),
    "fr": re.compile(r"\bpas\b"),
    "zh": re.compile("没|不"),
}
_IF = {
    "en": "If {i}, {t}.",
    "de": "Wenn {i}, {t}.",
    "sv": "Om {i}, {t}.",
    "es": "Si {i}, {t}.",
    "fr": "Si {i}, {t}.",
    "zh": "如果{i},{t}。",
}
_GIVEN: dict[str, str] = {
    "en": "We know that {i}.",
    "de": "Es steht fest, dass {i}.",
    "sv": "Vi vet att {i}.",
    "es": "Sabemos que {i}.",
    "fr": "On sait que {i}.",
    "zh": "已知{i}。",
}

_LEFT_OF: _Texts = {
    "en": ("{x} sits directly left of {y}.", "{y} sits directly right of {x}."),
    "de": ("{x} sitzt direkt links von {y}.", "{y} sitzt direkt rechts von {x}."),
    "sv": ("{x} sitter direkt till vänster om {y}.", "{y} sitter direkt till höger om {x}."),
    "es": ("{x} se sienta justo a la izquierda de {y}.", "{y} se sienta justo a la derecha de {x}."),
    "fr": ("{x} se trouve juste à gauche de {y}.", "{y} se trouve juste à droite de {x}."),
    "zh": ("{x}紧挨着坐在{y}的左边。", "{y}紧挨着坐在{x}的右边。"),
}
_ROW: _Texts = {
    "en": (
        "{n} people sit in a row.",
        "There are {n} friends on a bench.",
        "{n} children sit side by side, seen from the front.",
    ),
    "de": ("{n} Personen sitzen in einer Reihe.", "{n} Freunde sitzen auf einer Bank."),
    "sv": ("{n} personer sitter på rad.", "{n} vänner sitter på en bänk."),
    "es": ("{n} personas están sentadas en fila.", "{n} amigos están sentados en un banco."),
    "fr": ("{n} personnes sont assises en rang.", "{n} amis sont assis sur un banc."),
    "zh": ("{n}个人坐成一排。", "{n}个朋友坐在长凳上。"),
}
_WHERE: dict[str, _Texts] = {
    "leftmost": {
        "en": (
            "Who sits at the far left?",
            "Who is on the far left?",
            "Which of them is leftmost?",
            "Name the person at the far left end.",
        ),
        "de": ("Wer sitzt ganz links?", "Wer ist ganz links?"),
        "sv": ("Vem sitter längst till vänster?", "Vem är längst till vänster?"),
        "es": ("¿Quién está en el extremo izquierdo?", "¿Quién ocupa el extremo izquierdo?"),
        "fr": ("Qui est tout à gauche ?", "Qui occupe la place tout à gauche ?"),
        "zh": ("谁坐在最左边?", "最左边的是谁?"),
    },
    "rightmost": {
        "en": (
            "Who sits at the far right?",
            "Who is on the far right?",
            "Which of them is rightmost?",
            "Name the person at the far right end.",
        ),
        "de": ("Wer sitzt ganz rechts?", "Wer ist ganz rechts?"),
        "sv": ("Vem sitter längst till höger?", "Vem är längst till höger?"),
        "es": ("¿Quién está en el extremo derecho?", "¿Quién ocupa el extremo derecho?"),
        "fr": ("Qui est tout à droite ?", "Qui occupe la place tout à droite ?"),
        "zh": ("谁坐在最右边?", "最右边的是谁?"),
    },
    "middle": {
        "en": ("Who sits in the middle?", "Who is in the middle?", "Which person has the middle seat?"),
        "de": ("Wer sitzt in der Mitte?", "Wer ist in der Mitte?"),
        "sv": ("Vem sitter i mitten?", "Vem är i mitten?"),
        "es": ("¿Quién se sienta en el medio?", "¿Quién está en el medio?"),
        "fr": ("Qui occupe la place du milieu ?", "Qui est au milieu ?"),
        "zh": ("谁坐在中间?", "中间的是谁?"),
    },
    "second": {
        "en": ("Who is second from the left?", "Who has the second seat from the left?"),
        "de": ("Wer sitzt als Zweiter von links?", "Wer hat den zweiten Platz von links?"),
        "sv": ("Vem sitter som nummer två från vänster?", "Vem har andra platsen från vänster?"),
        "es": ("¿Quién es el segundo por la izquierda?", "¿Quién ocupa el segundo asiento por la izquierda?"),
        "fr": ("Qui est le deuxième en partant de la gauche ?", "Qui a la deuxième place à partir de la gauche ?"),
        "zh": ("从左数第二个是谁?", "左起第二个人是谁?"),
    },
}
_WHERE_CLAIMS: dict[str, Sequence[str]] = {
    "leftmost": (
        "far left",
        "leftmost",
        "ganz links",
        "längst till vänster",
        "extremo izquierdo",
        "tout à gauche",
        "最左",
    ),
    "rightmost": (
        "far right",
        "rightmost",
        "ganz rechts",
        "längst till höger",
        "extremo derecho",
        "tout à droite",
        "最右",
    ),
    "middle": ("middle", "mitte", "medio", "milieu", "中间"),
    "second": ("second", "zweite", "nummer två", "andra platsen", "segundo", "deuxième", "第二"),
}

_THINGS: dict[str, Sequence[str]] = {
    "en": ("the dog", "the cat", "the bird", "the rabbit", "the fish", "the horse"),
    "de": ("den Hund", "die Katze", "den Vogel", "das Kaninchen", "den Fisch", "das Pferd"),
    "sv": ("hunden", "katten", "fågeln", "kaninen", "fisken", "hästen"),
    "es": ("el perro", "el gato", "el pájaro", "el conejo", "el pez", "el caballo"),
    "fr": ("le chien", "le chat", "l'oiseau", "le lapin", "le poisson", "le cheval"),
    "zh": ("狗", "猫", "鸟", "兔子", "鱼", "马"),
}
_EACH_ONE: _Texts = {
    "en": ("{p} each own a different one of these: {t}.", "Each of {p} has exactly one of {t}, all different."),
    "de": ("{p} haben je eines von diesen, alle verschieden: {t}.",),
    "sv": ("{p} har var sin av dessa, alla olika: {t}.",),
    "es": ("{p} tienen cada cual algo distinto de esta lista: {t}.",),
    "fr": ("{p} ont chacun un animal différent de cette liste : {t}.",),
    "zh": ("{p}每人各有一个,互不相同:{t}。",),
}
_HAS: dict[str, str] = {
    "en": "{x} has {t}.",
    "de": "{x} hat {t}.",
    "sv": "{x} har {t}.",
    "es": "{x} tiene {t}.",
    "fr": "{x} a {t}.",
    "zh": "{x}有{t}。",
}
_LACKS: dict[str, str] = {
    "en": "{x} does not have {t}.",
    "de": "{x} hat nicht {t}.",
    "sv": "{x} har inte {t}.",
    "es": "{x} no tiene {t}.",
    "fr": "{x} n'a pas {t}.",
    "zh": "{x}没有{t}。",
}
_OR = {"en": " or ", "de": " oder ", "sv": " eller ", "es": " ni ", "fr": " ni ", "zh": "或"}
_WHO_HAS: _Texts = {
    "en": ("Who has {t}?", "Who owns {t}?", "So who has {t}?", "Which person has {t}?", "{t} belongs to whom?"),
    "de": ("Wer hat {t}?", "Wer von ihnen hat {t}?", "Wem muss man zuordnen: {t}?"),
    "sv": ("Vem har {t}?", "Vem äger {t}?", "Vem av dem har {t}?"),
    "es": ("¿Quién tiene {t}?", "¿De quién es {t}?", "¿Cuál de ellos tiene {t}?"),
    "fr": ("Qui a {t} ?", "Lequel d'entre eux a {t} ?", "À qui appartient {t} ?"),
    "zh": ("谁有{t}?", "{t}是谁的?", "他们中谁有{t}?"),
}

_SEQUENCE: _Texts = {
    "en": (
        "What comes next: {s}, ...?",
        "Which number comes next? {s}, ?",
        "Continue the sequence: {s}",
        "{s}, ?",
        "What is the next number in the series {s}?",
        "next number: {s}, ...",
        "Find the next term: {s}, ...",
        "Complete the pattern {s}, __",
        "{s} - what's next?",
        "A puzzle: {s}, and then?",
        "Which number follows in {s}?",
        "Give me the next number of {s}.",
        "The sequence goes {s}. What number is next?",
        "IQ test question: {s}, ?",
    ),
    "de": (
        "Wie geht es weiter: {s}, ...?",
        "Welche Zahl kommt als nächste? {s}, ?",
        "Setze die Reihe um eine Zahl fort: {s}",
        "{s}, ?",
        "Was ist die nächste Zahl in der Folge {s}?",
    ),
    "sv": (
        "Vilket tal kommer sedan: {s}, ...?",
        "Vad är nästa tal? {s}, ?",
        "Fortsätt talföljden med ett tal: {s}",
        "{s}, ?",
        "Nästa tal i följden {s}?",
    ),
    "es": (
        "¿Qué número sigue: {s}, ...?",
        "¿Cuál es el siguiente número? {s}, ?",
        "Continúa la serie con un número: {s}",
        "{s}, ?",
        "¿Qué número viene después en la serie {s}?",
    ),
    "fr": (
        "Quel nombre vient ensuite : {s}, ... ?",
        "Quel est le nombre suivant ? {s}, ?",
        "Continue la suite d'un nombre : {s}",
        "{s}, ?",
        "Quel est le prochain nombre de la suite {s} ?",
    ),
    "zh": ("下一个数是什么:{s},...?", "接下来是哪个数?{s},?", "续写一个数:{s}", "{s},?", "数列{s}的下一个数是多少?"),
}


@dataclass(frozen=True, slots=True)
class _Task:
    question: str
    expected: str
    check: Callable[[Answer], bool]
    wish: Wish = "reasons"


def make(rng: Random, level: int, language: str) -> Item:
    """A puzzle with as many premises as the level asks for."""
    task = rng.choice(_TASKS[level])(rng, language)
    return Item(
        turns=ask(rng, language, task.question, task.wish),
        check=beside_question(elided(task.question, language), task.check),
        max_tokens=_MAX_TOKENS[level],
        expected=task.expected,
    )


def _real(rng: Random, language: str) -> _Task:
    """All A are B, x is an A: is x a B? Or none are B, where B is something else."""
    yes = rng.random() < 0.6
    (many, class_, one, member), (_, other, _, another) = rng.sample(_REAL[language], 2)
    link = (many, class_, one, member) if yes else (many, other, one, another)
    return _syllogism(rng, language, [link], yes, names=_PETS)


def _invented(classes: int, *, open_ended: bool, spare: int = 0) -> Callable[[Random, str], _Task]:
    """A chain over invented kinds of things; `spare` premises say something else."""

    def task(rng: Random, language: str) -> _Task:
        kinds = rng.sample(_KINDS_ZH if language == "zh" else _KINDS, classes + 2 * spare)
        forms = [_forms(kind, language) for kind in kinds]
        links = [(forms[i][0], forms[i + 1][0], forms[i][1], forms[i + 1][1]) for i in range(classes - 1)]
        others = [(forms[i][0], forms[i + 1][0]) for i in range(classes, classes + 2 * spare, 2)]
        kind = rng.choice(("yes", "no", "open")) if open_ended else rng.choice(("yes", "no"))
        if kind == "open":
            return _open(rng, language, links, others)
        return _syllogism(rng, language, links, kind == "yes", others, open_ended)

    return task


def _forms(kind: str, language: str) -> tuple[str, str]:
    """Several of a kind, and one with its article."""
    if language == "zh":
        return kind, kind
    if language == "de":
        return f"{kind.capitalize()}s", f"ein {kind.capitalize()}"
    article = {"en": "a", "sv": "en", "es": "un", "fr": "un"}[language]
    return f"{kind}s", f"{article} {kind}"


def _syllogism(
    rng: Random,
    language: str,
    links: Sequence[tuple[str, str, str, str]],
    yes: bool,
    others: Sequence[tuple[str, str]] = (),
    open_ended: bool = False,
    names: Sequence[str] = (),
) -> _Task:
    """Whether somebody of the first kind is of the last; not so if the last link says "none"."""
    person = rng.choice(names or PEOPLE[language])
    premises = [fill(rng, _ALL[language], a=many, b=more) for many, more, _, _ in links[:-1]]
    many, more, _, member = links[-1]
    premises.append(fill(rng, (_ALL if yes else _NONE)[language], a=many, b=more))
    premises += [fill(rng, _ALL[language], a=one, b=other) for one, other in others]
    premises.append(fill(rng, _IS_A[language], x=person, a=links[0][2]))
    if len(premises) > 2:
        rng.shuffle(premises)
    question = _joined([*premises, fill(rng, _IS_IT[language], x=person, b=member)], language)
    if open_ended:
        question += rng.choice(_OR_OPEN[language])
    agreeing, denying = _statements(person, member, language)
    ways = (NO, YES)[yes][language]
    if open_ended:
        check = says_name(
            (*ways, *(agreeing if yes else denying)),
            [(*(YES, NO)[yes][language], *(denying if yes else agreeing)), _OPEN[language]],
        )
    else:
        check = says_yes(yes, language, agreeing=agreeing, denying=denying)
    return _Task(question, ways[0], check)


def _open(
    rng: Random, language: str, links: Sequence[tuple[str, str, str, str]], others: Sequence[tuple[str, str]]
) -> _Task:
    """Somebody of the last kind may be of the first, or may not."""
    person = rng.choice(PEOPLE[language])
    premises = [fill(rng, _ALL[language], a=many, b=more) for many, more in [*[link[:2] for link in links], *others]]
    premises.append(fill(rng, _IS_A[language], x=person, a=links[-1][3]))
    rng.shuffle(premises)
    asked = fill(rng, _IS_IT[language], x=person, b=links[0][2])
    question = _joined([*premises, asked], language) + rng.choice(_OR_OPEN[language])
    no = tuple(way for way in NO[language] if way not in _OPEN[language])
    return _Task(question, _OPEN[language][0], says_name(_OPEN[language], [YES[language], no]))


def _statements(person: str, member: str, language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ways to say that it is so, and that it is not, in a sentence."""
    if language == "zh":
        return (f"{person}是{member}。", f"{person}是一个{member}"), (
            f"{person}不是{member}",
            f"{person}不属于{member}",
        )
    says = {
        "en": ((f"{person} is {member}",), (f"{person} is not {member}", f"{person} isn't {member}")),
        "de": ((f"{person} ist {member}",), (f"{person} ist k{member}", f"{person} ist nicht {member}")),
        "sv": ((f"{person} är {member}",), (f"{person} är inte {member}",)),
        "es": ((f"{person} es {member}",), (f"{person} no es {member}",)),
        "fr": ((f"{person} est {member}",), (f"{person} n'est pas {member}",)),
    }
    return says[language]


def _condition(*, backwards: bool) -> Callable[[Random, str], _Task]:
    """If A then B, and A: so B. Or backwards: if A then B, and not B: so not A."""

    def task(rng: Random, language: str) -> _Task:
        cause, effect, without, is_effect, is_cause = rng.choice(_CONDITIONS[language])
        mark = {"fr": " ?"}.get(language, "?")
        rule = _IF[language].format(i=cause, t=effect)
        stop = "。" if language == "zh" else "."
        fact = without + stop if backwards else _GIVEN[language].format(i=cause)
        question = _joined([rule, fact, (is_cause if backwards else is_effect) + mark], language)
        if backwards:
            denies = says_yes(False, language)
            return _Task(
                question, NO[language][0], lambda answer: denies(answer) or _is_negated(answer.text, cause, language)
            )
        agrees, statement = says_yes(True, language), fold(effect.replace("就", ""))
        return _Task(
            question,
            YES[language][0],
            lambda answer: agrees(answer) or fold(answer.text[:MOST_CHARACTERS]).strip().startswith(statement),
        )

    return task


def _is_negated(text: str, statement: str, language: str) -> bool:
    """Whether a text is one sentence that says the statement with a "not": The battery is not empty."""
    said = re.split(r"[.!。！]", fold(text[:MOST_CHARACTERS]).strip())
    if len(said) > 2 or any(part.strip() for part in said[1:]) or not _NEGATED[language].search(said[0]):
        return False
    if language == "zh":
        return statement[:2] in said[0] and len(said[0]) <= len(statement) + 6
    stems = [word[: max(3, len(word) - 2)] for word in re.findall(r"\w+", fold(statement)) if len(word) > 2]
    return all(stem in said[0] for stem in stems) and len(said[0].split()) <= len(statement.split()) + 5


def _seats(people: int, kinds: Sequence[str]) -> Callable[[Random, str], _Task]:
    def task(rng: Random, language: str) -> _Task:
        names = rng.sample(PEOPLE[language], people)
        facts = [fill(rng, _LEFT_OF[language], x=names[i], y=names[i + 1]) for i in range(people - 1)]
        rng.shuffle(facts)
        kind = rng.choice(kinds)
        right = {"leftmost": 0, "rightmost": people - 1, "middle": people // 2, "second": 1}[kind]
        opening = [fill(rng, _ROW[language], n=people)] if rng.random() < 0.6 else []
        question = _joined([*opening, *facts, fill(rng, _WHERE[kind][language])], language)
        return _named(question, names, right, _WHERE_CLAIMS[kind])

    return task


def _owners(people: int) -> Callable[[Random, str], _Task]:
    """Who has what, by elimination: the second lacks all but one of what the first leaves, and so on."""

    def task(rng: Random, language: str) -> _Task:
        names, things = rng.sample(PEOPLE[language], people), rng.sample(_THINGS[language], people)
        facts = [_HAS[language].format(x=names[0], t=things[0])]
        for i in range(1, people - 1):
            lacking = rng.sample(things[i + 1 :], people - i - 1)
            facts.append(_LACKS[language].format(x=names[i], t=_OR[language].join(lacking)))
        rng.shuffle(facts)
        shuffled = rng.sample(things, people)
        opening = fill(
            rng, _EACH_ONE[language], p=_listed(rng.sample(names, people), language), t=_listed(shuffled, language)
        )
        right = rng.randint(1, people - 1)
        asked = fill(rng, _WHO_HAS[language], t=things[right])
        question = _joined([opening, *facts, asked[0].upper() + asked[1:]], language)
        return _named(question, names, right, (things[right],))

    return task


def _named(question: str, names: Sequence[str], right: int, claims: Sequence[str]) -> _Task:
    rivals = [(name,) for name in names if name != names[right]]
    return _Task(question, names[right], says_name((names[right],), rivals, claims=claims))


def _sequence(rule: Callable[[Random], Sequence[int]]) -> Callable[[Random, str], _Task]:
    """Numbers of a rule; the last is asked for."""

    def task(rng: Random, language: str) -> _Task:
        *shown, hidden = rule(rng)
        while hidden in shown:
            *shown, hidden = rule(rng)
        question = fill(rng, _SEQUENCE[language], s=", ".join(map(str, shown)))
        return _Task(question, str(hidden), _continues(hidden, shown, language, question), "number")

    return task


def _continues(hidden: int, shown: Sequence[int], language: str, question: str) -> Callable[[Answer], bool]:
    """A check: the number is right that follows the shown ones if they are said again, or else the final one."""
    one_number = says_number(Decimal(hidden), language, question)
    after_shown = re.compile(re.escape(",".join(map(str, shown[-2:]))) + r",(-?\d+)")

    def check(answer: Answer) -> bool:
        said = after_shown.search("".join(answer.text[:MOST_CHARACTERS].split()).replace("*", ""))
        return int(said[1][:20]) == hidden if said else one_number(answer)

    return check


def _adding(steps: Sequence[int], shown: int) -> Callable[[Random], Sequence[int]]:
    def rule(rng: Random) -> Sequence[int]:
        start, step = rng.randint(1, 30), rng.choice(steps)
        start += -step * (shown + 1) if step < 0 else 0
        return [start + step * i for i in range(shown + 1)]

    return rule


def _multiplying(rng: Random) -> Sequence[int]:
    start, factor = rng.randint(1, 7), rng.choice((2, 2, 3, 4))
    return [start * factor**i for i in range(5)]


def _summing(rng: Random) -> Sequence[int]:
    """Each is the sum of the two before."""
    values = [rng.randint(1, 9), rng.randint(2, 12)]
    while len(values) < 7:
        values.append(values[-1] + values[-2])
    return values


def _growing(rng: Random) -> Sequence[int]:
    """The differences grow by the same number each time."""
    value, step, more = rng.randint(1, 20), rng.randint(1, 5), rng.randint(1, 4)
    values = [value]
    for _ in range(6):
        value, step = value + step, step + more
        values.append(value)
    return values


def _squares(rng: Random) -> Sequence[int]:
    start, extra = rng.randint(1, 9), rng.choice((0, 0, 1, -1, 2))
    return [(start + i) ** 2 + extra for i in range(6)]


def _in_turns(rng: Random) -> Sequence[int]:
    """Two sequences, one number of each in turn."""
    one, other = rng.randint(1, 20), rng.randint(30, 60)
    step, fall = rng.randint(2, 7), rng.randint(2, 5)
    return [one + step * (i // 2) if i % 2 == 0 else other - fall * (i // 2) for i in range(9)]


def _two_steps(rng: Random) -> Sequence[int]:
    """Times a number and plus another, each time."""
    value, factor, more = rng.randint(1, 6), rng.choice((2, 3)), rng.randint(1, 6)
    values = [value]
    for _ in range(5):
        value = value * factor + more
        values.append(value)
    return values


def _listed(things: Sequence[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(things)


def _joined(sentences: Sequence[str], language: str) -> str:
    return ("" if language == "zh" else " ").join(sentences)


_TASKS: dict[int, Sequence[Callable[[Random, str], _Task]]] = {
    1: (
        _real,
        _condition(backwards=False),
        _sequence(_adding((1, 2, 5, 10), 4)),
        _seats(2, ("leftmost", "rightmost")),
    ),
    2: (
        _invented(3, open_ended=False),
        _sequence(_adding((3, 4, 6, 7, -2, -3, -5), 5)),
        _seats(3, ("leftmost", "rightmost", "middle")),
        _owners(3),
    ),
    3: (
        _invented(3, open_ended=True),
        _sequence(_multiplying),
        _seats(4, ("leftmost", "rightmost")),
        _condition(backwards=True),
        _owners(4),
    ),
    4: (
        _invented(4, open_ended=True, spare=1),
        _sequence(_summing),
        _sequence(_squares),
        _seats(5, ("middle", "second")),
        _owners(5),
    ),
    5: (
        _invented(5, open_ended=True, spare=1),
        _sequence(_growing),
        _sequence(_in_turns),
        _sequence(_two_steps),
        _seats(6, ("second", "leftmost", "rightmost")),
        _owners(6),
    ),
}

FAMILY = Family(name="logic", title="logic puzzles with two to six premises", make=make)

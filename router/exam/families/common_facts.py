"""Common facts: capitals, authors, inventors, chemistry, animals, the body, space, sport, food, years."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random

from router.exam.checks.final_answer import MOST_CHARACTERS
from router.exam.checks.named_answers import fold, says_name
from router.exam.checks.number_answers import says_number
from router.exam.checks.written_answers import repeats
from router.exam.content.known_facts import FACTS, Fact
from router.exam.content.trivia import TRIVIA
from router.exam.item import LEVELS, Answer, Family, Item
from router.exam.wording.asking import ask, fill

_WORDINGS: dict[str, dict[str, Sequence[str]]] = {
    "capital": {
        "en": (
            "What's the capital of {}?",
            "What is the capital of {}?",
            "capital of {}",
            "what's {}'s capital city?",
            "Name the capital of {}.",
            "Which city is the capital of {}?",
            "Tell me the capital of {}.",
            "What is the capital city of {}?",
            "Do you know the capital of {}?",
            "The capital of {} is called what?",
            "Can you tell me what the capital of {} is?",
            "I'm planning a trip to the capital of {}. Which city is it?",
            "Please name {}'s capital.",
            "Complete the sentence: The capital of {} is ...",
            "We are learning capitals at school. What is the one of {}?",
            "{} - capital?",
        ),
        "de": (
            "Was ist die Hauptstadt {}?",
            "Wie heißt die Hauptstadt {}?",
            "Hauptstadt {}?",
            "Nenne die Hauptstadt {}.",
            "Welche Stadt ist die Hauptstadt {}?",
            "Kannst du mir sagen, wie die Hauptstadt {} heißt?",
        ),
        "sv": (
            "Vad heter huvudstaden i {}?",
            "Vilken är huvudstaden i {}?",
            "huvudstad i {}?",
            "Vilken stad är huvudstad i {}?",
            "Säg vad huvudstaden i {} heter.",
            "Vet du vad {}s huvudstad heter?",
        ),
        "es": (
            "¿Cuál es la capital {}?",
            "¿Cómo se llama la capital {}?",
            "capital {}",
            "Dime la capital {}.",
            "¿Qué ciudad es la capital {}?",
            "¿Sabes cuál es la capital {}?",
        ),
        "fr": (
            "Quelle est la capitale {} ?",
            "Comment s'appelle la capitale {} ?",
            "capitale {} ?",
            "Donne-moi la capitale {}.",
            "Quelle ville est la capitale {} ?",
            "Tu sais quelle est la capitale {} ?",
        ),
        "zh": (
            "{}的首都是哪里?",
            "{}的首都是什么?",
            "{}首都?",
            "哪个城市是{}的首都?",
            "你知道{}的首都吗?",
            "请告诉我{}的首都。",
        ),
    },
    "capital_of": {
        "en": (
            "{} is the capital of which country?",
            "Which country has {} as its capital?",
            "What country is {} the capital of?",
            "In which country is {}?",
            "{} is in what country?",
            "Which country is {} in?",
            "What country has the capital {}?",
            "Which nation's capital is {}?",
            "country of the city {}?",
            "Name the country whose capital is {}.",
            "Where is {}? I mean the country.",
            "I got a postcard from {}. Which country is that in?",
            "My flight goes to {}. What country is it in?",
            "Tell me the country {} belongs to.",
            "Of which country is {} the capital city?",
        ),
        "de": (
            "In welchem Land liegt {}?",
            "{} ist die Hauptstadt welches Landes?",
            "Welches Land hat {} als Hauptstadt?",
            "Zu welchem Land gehört {}?",
            "Von welchem Land ist {} die Hauptstadt?",
            "Land der Stadt {}?",
        ),
        "sv": (
            "I vilket land ligger {}?",
            "{} är huvudstad i vilket land?",
            "Vilket land har {} som huvudstad?",
            "Vilket lands huvudstad heter {}?",
            "Land för staden {}?",
        ),
        "es": (
            "¿En qué país está {}?",
            "¿De qué país es {} la capital?",
            "{} es la capital de qué país?",
            "¿Qué país tiene por capital {}?",
            "¿A qué país pertenece {}?",
        ),
        "fr": (
            "Dans quel pays se trouve {} ?",
            "De quel pays {} est-elle la capitale ?",
            "{}, c'est la capitale de quel pays ?",
            "Quel pays a pour capitale {} ?",
            "La ville {} est dans quel pays ?",
        ),
        "zh": ("{}是哪个国家的首都?", "{}在哪个国家?", "哪个国家的首都是{}?", "{}属于哪个国家?", "{}是哪国首都?"),
    },
    "continent": {
        "en": (
            "On which continent is {}?",
            "What continent is {} in?",
            "Which continent does {} belong to?",
            "{} is on what continent?",
            "continent of {}?",
            "Tell me which continent {} is on.",
            "Where is {}? Continent only.",
            "Name the continent where {} lies.",
            "In what part of the world, I mean which continent, is {}?",
            "Can you tell me the continent of {}?",
            "{} - which continent?",
            "To what continent does {} belong?",
            "Is {} in Europe, Asia, Africa, North America, South America or Oceania?",
            "I'm sorting countries by continent. Where does {} go?",
        ),
        "de": (
            "Auf welchem Kontinent liegt {}?",
            "Zu welchem Kontinent gehört {}?",
            "Kontinent: Wo liegt {}?",
            "In welchem Erdteil liegt {}?",
            "{}: welcher Kontinent?",
        ),
        "sv": (
            "På vilken kontinent ligger {}?",
            "I vilken världsdel ligger {}?",
            "Vilken världsdel hör {} till?",
            "{}: vilken världsdel?",
            "Säg vilken kontinent {} ligger på.",
        ),
        "es": (
            "¿En qué continente está {}?",
            "¿A qué continente pertenece {}?",
            "continente: {}",
            "Dime en qué continente queda {}.",
            "{}: ¿qué continente es?",
        ),
        "fr": (
            "Sur quel continent se trouve ce pays : {} ?",
            "À quel continent appartient ce pays : {} ?",
            "{} : quel continent ?",
            "Le pays {} est sur quel continent ?",
            "Dis-moi sur quel continent se situe {}.",
        ),
        "zh": ("{}在哪个洲?", "{}属于哪个大洲?", "{}位于哪个大洲?", "{}是哪个洲的国家?", "请说出{}所在的大洲。"),
    },
    "currency": {
        "en": (
            "What is the currency of {}?",
            "Which currency do they use in {}?",
            "currency of {}",
            "What money do people use in {}?",
            "What's the official currency of {}?",
            "How is the currency of {} called?",
            "With what currency do you pay in {}?",
            "I'm travelling to {}. What currency do I need?",
            "Name the currency of {}.",
            "Tell me what the money in {} is called.",
            "What currency does {} have?",
            "What do you pay with in {}?",
            "Which currency should I exchange my money to for a trip to {}?",
            "{} currency?",
        ),
        "de": (
            "Was ist die Währung {}?",
            "Wie heißt die Währung {}?",
            "Währung {}?",
            "Nenne die Währung {}.",
            "Ich verreise bald. Wie heißt das Geld {}?",
        ),
        "sv": (
            "Vilken valuta har {}?",
            "Vad heter valutan i {}?",
            "valuta i {}?",
            "Vad betalar man med i {}?",
            "Vilken valuta används i {}?",
        ),
        "es": (
            "¿Cuál es la moneda {}?",
            "¿Cómo se llama la moneda {}?",
            "moneda {}",
            "Dime la moneda oficial {}.",
            "Voy de viaje, ¿cuál es la moneda {}?",
        ),
        "fr": (
            "Quelle est la monnaie {} ?",
            "Comment s'appelle la monnaie {} ?",
            "monnaie {} ?",
            "Dis-moi la monnaie officielle {}.",
            "Je pars en voyage. Quelle est la devise {} ?",
        ),
        "zh": ("{}的货币是什么?", "{}用什么货币?", "{}货币叫什么?", "去{}旅行要换什么钱?", "请说出{}的官方货币。"),
    },
    "symbol": {
        "en": (
            "What is the chemical symbol for {}?",
            "chemical symbol of {}",
            "What's the symbol of {} in the periodic table?",
            "Which letters stand for {} in chemistry?",
            "How do you write {} as a chemical symbol?",
            "Give me the element symbol for {}.",
            "Tell me the chemical symbol of {}.",
            "What is {}'s symbol?",
            "Periodic table: {}?",
            "In chemistry, what's the abbreviation for {}?",
            "symbol for the element {}?",
            "What symbol does {} have in the periodic table of elements?",
            "Name the chemical symbol for {}.",
            "How is the element {} abbreviated?",
        ),
        "de": (
            "Was ist das chemische Symbol für {}?",
            "Chemisches Symbol für {}?",
            "Wie lautet das Elementsymbol von {}?",
            "Wie wird {} im Periodensystem abgekürzt?",
            "Nenne das Symbol von {}.",
        ),
        "sv": (
            "Vilket är det kemiska tecknet för {}?",
            "kemiskt tecken för {}?",
            "Hur förkortas {} i periodiska systemet?",
            "Vad är symbolen för grundämnet {}?",
            "Säg den kemiska beteckningen för {}.",
        ),
        "es": (
            "¿Cuál es el símbolo químico de este elemento: {}?",
            "símbolo químico: {}",
            "¿Con qué símbolo se escribe {} en química?",
            "¿Qué símbolo tiene {} en la tabla periódica?",
            "Dime el símbolo del elemento {}.",
        ),
        "fr": (
            "Quel est le symbole chimique de cet élément : {} ?",
            "symbole chimique : {} ?",
            "Quel symbole a l'élément {} dans le tableau périodique ?",
            "Donne le symbole de l'élément {}.",
            "Comment note-t-on l'élément {} en chimie ?",
        ),
        "zh": (
            "{}的化学符号是什么?",
            "{}的元素符号是什么?",
            "{}元素符号?",
            "元素周期表中{}怎么写?",
            "请写出{}的化学符号。",
        ),
    },
    "element": {
        "en": (
            "Which element has the symbol {}?",
            "What element is {}?",
            "What does {} stand for in the periodic table?",
            "{} is the chemical symbol of which element?",
            "element {}?",
            "In chemistry, {} means which element?",
            "Name the element with the symbol {}.",
            "What's the name of the chemical element {}?",
            "Tell me which element {} is.",
            "Which chemical element is abbreviated as {}?",
            "Periodic table, {} is what?",
            "What is the full name of the element {}?",
            "I see {} in the periodic table. What is it?",
            "The symbol {} belongs to which element?",
        ),
        "de": (
            "Welches Element hat das Symbol {}?",
            "Wofür steht {} im Periodensystem?",
            "Element {}?",
            "Wie heißt das chemische Element {}?",
            "{} ist das Symbol welches Elements?",
        ),
        "sv": (
            "Vilket grundämne har tecknet {}?",
            "Vad står {} för i periodiska systemet?",
            "grundämnet {}?",
            "Vad heter grundämnet med symbolen {}?",
            "{} är vilket grundämne?",
        ),
        "es": (
            "¿Qué elemento tiene el símbolo {}?",
            "¿Qué significa {} en la tabla periódica?",
            "elemento químico {}",
            "¿Cómo se llama el elemento {}?",
            "{} es el símbolo de qué elemento?",
        ),
        "fr": (
            "Quel élément a pour symbole {} ?",
            "Que signifie {} dans le tableau périodique ?",
            "élément chimique {} ?",
            "Comment s'appelle l'élément {} ?",
            "{}, c'est le symbole de quel élément ?",
        ),
        "zh": (
            "哪个元素的符号是{}?",
            "{}是什么元素?",
            "元素周期表中的{}是什么?",
            "{}代表哪个化学元素?",
            "化学符号{}是什么?",
        ),
    },
    "author": {
        "en": (
            "who wrote {}",
            "Who wrote {}?",
            "Who is the author of {}?",
            "author of {}",
            "Which author wrote {}?",
            "{} was written by whom?",
            "Who is {} by?",
            "Tell me who wrote {}.",
            "Name the author of {}.",
            "Do you know who wrote the book {}?",
            "Which writer do we owe {} to?",
            "I just finished {}. Who wrote it again?",
            'Who\'s the writer of "{}"?',
            'By whom is "{}"?',
            "{} - who is the author?",
        ),
        "de": (
            'Wer hat "{}" geschrieben?',
            "Wer schrieb {}?",
            "Autor von {}?",
            "Von wem ist das Buch „{}“?",
            'Wie heißt der Verfasser von "{}"?',
        ),
        "sv": (
            "Vem skrev {}?",
            'Vem har skrivit "{}"?',
            "Vem är författaren till {}?",
            "författare till {}?",
            "Vad heter den som skrev {}?",
        ),
        "es": (
            "¿Quién escribió {}?",
            '¿Quién es el autor de "{}"?',
            "autor: {}",
            "¿Quién ha escrito «{}»?",
            "Dime quién escribió {}.",
        ),
        "fr": (
            "Qui a écrit {} ?",
            "Qui est l'auteur de « {} » ?",
            "auteur du livre {} ?",
            "De qui est le livre « {} » ?",
            "Dis-moi qui a écrit {}.",
        ),
        "zh": ("《{}》是谁写的?", "谁写了《{}》?", "《{}》的作者是谁?", "《{}》作者?", "请问《{}》的作者叫什么?"),
    },
    "painter": {
        "en": (
            "Who painted {}?",
            "who is the painter of {}",
            "{} was painted by whom?",
            "Which artist painted {}?",
            "Name the artist who painted {}.",
            "Who made the painting {}?",
            "Tell me who painted {}.",
            "painter of {}?",
        ),
        "de": (
            "Wer hat {} gemalt?",
            "Wer malte {}?",
            "Welcher Künstler hat {} gemalt?",
            "Weißt du, wer {} gemalt hat?",
            "Von wem stammt das Bild? Gesucht ist, wer {} gemalt hat.",
        ),
        "sv": (
            "Vem målade {}?",
            "Vilken konstnär målade {}?",
            "Vem har målat {}?",
            "konstnären bakom {}?",
            "Säg vem som målade {}.",
        ),
        "es": (
            "¿Quién pintó {}?",
            "¿Qué pintor pintó {}?",
            "¿Quién es el autor del cuadro? Se trata de {}.",
            "Dime quién pintó {}.",
            "¿Sabes quién pintó {}?",
        ),
        "fr": (
            "Qui a peint {} ?",
            "Quel artiste a peint {} ?",
            "Tu sais qui a peint {} ?",
            "Dis-moi qui a peint {}.",
            "Quel est le nom du peintre qui a peint {} ?",
        ),
        "zh": ("{}是谁画的?", "谁画了{}?", "{}的作者是哪位画家?", "哪位画家创作了{}?", "请问{}是谁的作品?"),
    },
    "composer": {
        "en": (
            "Who composed {}?",
            "who is the composer of {}",
            "{} was composed by whom?",
            "Which composer wrote {}?",
            "Name the composer of {}.",
            "Who wrote the music of {}?",
            "Tell me who composed {}.",
            "composer of {}?",
        ),
        "de": (
            "Wer hat {} komponiert?",
            "Wer komponierte {}?",
            "Welcher Komponist schrieb {}?",
            "Weißt du, wer {} komponiert hat?",
            "Ich suche den Namen: Wer hat {} komponiert?",
        ),
        "sv": (
            "Vem komponerade {}?",
            "Vem har skrivit musiken till {}?",
            "Vilken tonsättare skrev {}?",
            "tonsättaren bakom {}?",
            "Säg vem som komponerade {}.",
        ),
        "es": (
            "¿Quién compuso {}?",
            "¿Qué compositor escribió {}?",
            "Dime quién compuso {}.",
            "¿Sabes quién compuso {}?",
            "Busco un nombre: ¿quién compuso {}?",
        ),
        "fr": (
            "Qui a composé {} ?",
            "Quel compositeur a écrit {} ?",
            "Dis-moi qui a composé {}.",
            "Tu sais qui a composé {} ?",
            "Je cherche un nom : qui a composé {} ?",
        ),
        "zh": ("{}是谁作曲的?", "谁创作了{}?", "{}的作曲家是谁?", "哪位作曲家写了{}?", "请问{}的作曲者是谁?"),
    },
    "inventor": {
        "en": (
            "Who invented {}?",
            "who was the inventor of {}",
            "{} was invented by whom?",
            "Which inventor gave us {}?",
            "Name the inventor of {}.",
            "Who is credited with inventing {}?",
            "Tell me who invented {}.",
            "Who came up with {}?",
        ),
        "de": (
            "Wer hat {} erfunden?",
            "Wer erfand {}?",
            "Weißt du, wer {} erfunden hat?",
            "Welcher Erfinder hat {} erfunden?",
            "Sag mir, wer {} erfunden hat.",
        ),
        "sv": (
            "Vem uppfann {}?",
            "Vem har uppfunnit {}?",
            "Vilken uppfinnare ligger bakom {}?",
            "Säg vem som uppfann {}.",
            "uppfinnaren av {}?",
        ),
        "es": (
            "¿Quién inventó {}?",
            "¿Qué inventor creó {}?",
            "Dime quién inventó {}.",
            "¿Sabes quién inventó {}?",
            "¿A quién se debe el invento? Hablo de {}.",
        ),
        "fr": (
            "Qui a inventé {} ?",
            "Dis-moi qui a inventé {}.",
            "Quel inventeur a créé {} ?",
            "Tu sais qui a inventé {} ?",
            "On doit à quel inventeur {} ?",
        ),
        "zh": ("{}是谁发明的?", "谁发明了{}?", "{}的发明者是谁?", "哪位发明家发明了{}?", "请问{}由谁发明?"),
    },
    "discoverer": {
        "en": (
            "Who discovered {}?",
            "which scientist discovered {}",
            "{} was discovered by whom?",
            "Which scientist is known for {}?",
            "Who is famous for {}?",
            "Name the scientist behind {}.",
            "Tell me who discovered {}.",
            "Who found {}?",
        ),
        "de": (
            "Wer hat {} entdeckt?",
            "Wer entdeckte {}?",
            "Welcher Mensch hat in der Wissenschaft {} entdeckt?",
            "Weißt du, wer {} entdeckt hat?",
            "Sag mir, wer {} entdeckt hat.",
        ),
        "sv": (
            "Vem upptäckte {}?",
            "Vilken forskare är känd för {}?",
            "Vem ligger bakom {}?",
            "Säg vem som upptäckte {}.",
            "Vem har upptäckt {}?",
        ),
        "es": (
            "¿Quién descubrió {}?",
            "¿Qué científico es conocido por {}?",
            "Dime quién descubrió {}.",
            "¿Sabes quién descubrió {}?",
            "¿A quién debemos {}?",
        ),
        "fr": (
            "Qui a découvert {} ?",
            "Quel savant est connu pour {} ?",
            "Dis-moi qui a découvert {}.",
            "Tu sais qui a découvert {} ?",
            "À qui doit-on {} ?",
        ),
        "zh": ("{}是谁发现的?", "谁提出或发现了{}?", "哪位科学家以{}闻名?", "{}归功于谁?", "请问是谁发现了{}?"),
    },
    "year": {
        "en": (
            "In what year was {}?",
            "When was {}?",
            "what year was {}",
            "year of {}?",
            "Which year saw {}?",
            "Tell me the year of {}.",
            "In which year did this happen: {}?",
            "What was the year of {}?",
            "Give me the year of {}.",
            "I need a date for my history homework: {}. Which year?",
            "{} - what year was that?",
            "Do you know the year of {}?",
            "Please tell me in what year {} took place.",
            "History quiz: the year of {}?",
        ),
        "de": (
            "In welchem Jahr war {}?",
            "Wann war {}?",
            "Jahreszahl gesucht: {}?",
            "Welches Jahr war das: {}?",
            "Sag mir bitte, in welchem Jahr {} war.",
        ),
        "sv": (
            "Vilket år var {}?",
            "När var {}?",
            "årtal för {}?",
            "Vilket år inträffade {}?",
            "Säg vilket år {} var.",
        ),
        "es": (
            "¿En qué año fue {}?",
            "¿Cuándo fue {}?",
            "año: {}",
            "Dime en qué año ocurrió {}.",
            "¿De qué año es {}?",
        ),
        "fr": (
            "En quelle année a eu lieu {} ?",
            "C'était quand, {} ?",
            "année : {} ?",
            "Dis-moi l'année : {}.",
            "De quelle année date {} ?",
        ),
        "zh": ("{}是哪一年?", "{}发生在哪一年?", "哪一年{}?", "{},年份是?", "请说出{}的年份。"),
    },
}

_BY_GRADE = {grade: [fact for fact in (*FACTS, *TRIVIA) if fact.grade == grade] for grade in LEVELS}
_SYMBOLS = frozenset(fact.right["en"][0] for fact in FACTS if fact.topic == "symbol")
_OR = {"en": r"\bor\b", "de": r"\boder\b", "sv": r"\beller\b", "es": r"\bo\b", "fr": r"\bou\b", "zh": "(?:或者?|还是)"}
_NAMESAKES = {"Herschel": ("Caroline Herschel", "John Herschel"), "赫歇尔": ("卡罗琳·赫歇尔", "约翰·赫歇尔")}
"""People who are not meant, by what they share with those who are."""

_CAPITALIZED = re.compile(r"(?<![A-Za-z0-9'’])([A-Z][a-z]?)(?![A-Za-z0-9'’])")


def make(rng: Random, level: int, language: str) -> Item:
    """A question about a fact of that grade, each topic as often as any other."""
    facts = _BY_GRADE[level]
    topics = sorted({_group(fact) for fact in facts})
    topic = rng.choice([*topics, "trivia", "trivia", "capital"])
    fact = rng.choice([fact for fact in facts if _group(fact) == topic])
    question = _question(rng, fact, language)
    number = fact.number is not None
    turns, is_right = ask(rng, language, question, "number" if number else "name"), _check(fact, language, question)
    return Item(
        turns=turns,
        check=lambda answer: not repeats(answer.text, turns[-1].text) and is_right(answer),
        max_tokens=32,
        expected=str(fact.number) if number else fact.right[language][0],
    )


def _group(fact: Fact) -> str:
    return "trivia" if fact.questions else fact.topic


def _question(rng: Random, fact: Fact, language: str) -> str:
    if fact.questions:
        return rng.choice(fact.questions[language])
    return fill(rng, _WORDINGS[fact.topic][language], fact.subject[language])


def _check(fact: Fact, language: str, question: str) -> Callable[[Answer], bool]:
    if fact.number is not None:
        least = Decimal(100) if fact.topic == "year" else Decimal(0)
        return says_number(fact.number, language, question, least=least, first=True, most=4)
    if fact.topic == "symbol":
        return _says_symbol(fact.right[language][0])
    right = fact.right[language]
    mine = {fold(way) for way in right}
    others = [_distinct(other.right[language], mine) for other in _same_topic(fact) if other.right]
    asked = fold(question)
    given = [ways for ways in others if any(fold(way) in asked for way in ways)]
    rivals = [ways for ways in others if ways and ways not in given]
    named = [(fact.subject[language],)] if fact.subject and fact.topic in ("capital", "capital_of") else []
    rivals += [_NAMESAKES[way] for way in right if way in _NAMESAKES]
    says_right = says_name(right, rivals, given=[*given, *named], most_words=80)
    return lambda answer: says_right(answer) and not _offers_another(answer.text, right, language)


def _offers_another(text: str, right: Sequence[str], language: str) -> bool:
    """Whether the right name stands beside an "or" and a name that is not another way to say it."""
    plain, ways = fold(text[:MOST_CHARACTERS]), "|".join(re.escape(fold(way)) for way in right)
    either = _OR[language]
    beside = rf"\b(?:{ways})\W{{1,3}}{either}\W{{1,2}}(?:the )?(?!{ways})|(?<!^){either}\W{{0,2}}(?:{ways})\b"
    if language == "zh":
        beside = rf"(?:{ways}){either}(?!{ways})|{either}(?:{ways})"
    found = re.search(beside, plain)
    return found is not None and not re.search(rf"(?:{ways})\W{{1,3}}{either}\W{{0,2}}(?:the )?(?:{ways})", plain)


def _same_topic(fact: Fact) -> Sequence[Fact]:
    return [other for other in (TRIVIA if fact.questions else FACTS) if other.topic == fact.topic]


def _distinct(ways: Sequence[str], mine: set[str]) -> tuple[str, ...]:
    """The ways to say a wrong answer, without those that say the right one too."""
    return () if any(fold(way) in mine for way in ways) else tuple(ways)


def _says_symbol(symbol: str) -> Callable[[Answer], bool]:
    """A check: the first symbol of an element that the answer writes is that one; a bare one may be in any case."""

    def check(answer: Answer) -> bool:
        text = answer.text[:1000].replace("*", " ").replace("`", " ")
        if text.strip(" .\n\"'").lower() == symbol.lower():
            return True
        said = [found for found in _CAPITALIZED.findall(text.replace("Au tableau", "")) if found in _SYMBOLS]
        return bool(said) and said[0] == symbol and len(set(said)) <= 2

    return check


FAMILY = Family(name="common_facts", title="common facts: capitals, authors, chemistry, years and more", make=make)

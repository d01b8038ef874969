"""Dates and times: weekdays, days between dates, times of day, opening hours, time zones, ages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from router.exam.checks.number_answers import numbers, says_number, written
from router.exam.checks.time_answers import WEEKDAYS, says_date, says_duration, says_time, says_weekday, written_date
from router.exam.checks.written_answers import repeats
from router.exam.content.everyday import PEOPLE
from router.exam.content.places import COUNTRIES
from router.exam.item import Answer, Family, Item
from router.exam.wording.asking import ask, fill

_MAX_TOKENS = {1: 32, 2: 40, 3: 70, 4: 100, 5: 130}
_Texts = dict[str, Sequence[str]]

_TOMORROW: dict[int, _Texts] = {
    1: {
        "en": (
            "Today is {d}. What day is tomorrow?",
            "If today is {d}, what day is it tomorrow?",
            "what day comes after {d}",
            "Which day follows {d}?",
            "It's {d} today. Which weekday will it be tomorrow?",
            "The day after {d} is which day?",
        ),
        "de": (
            "Heute ist {d}. Welcher Tag ist morgen?",
            "Welcher Wochentag kommt nach {d}?",
            "Wenn heute {d} ist, was ist dann morgen?",
        ),
        "sv": (
            "I dag är det {d}. Vilken dag är det i morgon?",
            "Vilken veckodag kommer efter {d}?",
            "Om det är {d} i dag, vilken dag är det i morgon?",
        ),
        "es": (
            "Hoy es {d}. ¿Qué día es mañana?",
            "¿Qué día viene después del {d}?",
            "Si hoy es {d}, ¿qué día será mañana?",
        ),
        "fr": (
            "Aujourd'hui, c'est {d}. Quel jour sera-t-on demain ?",
            "Quel jour vient après {d} ?",
            "Si on est {d}, quel jour est-ce demain ?",
        ),
        "zh": ("今天是{d},明天星期几?", "{d}的后一天是星期几?", "如果今天是{d},那么明天是星期几?"),
    },
    -1: {
        "en": (
            "Today is {d}. What day was yesterday?",
            "Which day comes before {d}?",
            "If today is {d}, what was yesterday?",
            "what day was it yesterday if today is {d}",
        ),
        "de": ("Heute ist {d}. Welcher Tag war gestern?", "Welcher Wochentag kommt vor {d}?"),
        "sv": ("I dag är det {d}. Vilken dag var det i går?", "Vilken veckodag kommer före {d}?"),
        "es": ("Hoy es {d}. ¿Qué día fue ayer?", "¿Qué día va antes del {d}?"),
        "fr": ("Aujourd'hui, c'est {d}. Quel jour était-on hier ?", "Quel jour vient avant {d} ?"),
        "zh": ("今天是{d},昨天星期几?", "{d}的前一天是星期几?"),
    },
}
_WEEKDAY_IN: _Texts = {
    "en": (
        "Today is {d}. What day of the week will it be in {n} days?",
        "If today is {d}, which weekday is it {n} days from now?",
        "What day is it {n} days after {d}?",
        "It is {d}. My parcel arrives in {n} days. Which weekday is that?",
        "{d} plus {n} days is which weekday?",
        "My appointment is {n} days after this {d}. What day of the week is it?",
        "what weekday is {n} days from {d}",
        "Starting on {d}, count {n} days ahead. Which day do you land on?",
        "Today's {d}. In {n} days I go on holiday. What day is that?",
        "The deadline is in {n} days and today is {d}. Weekday of the deadline?",
        "I start on a {d} and need {n} days. On which weekday am I done, {n} days later?",
        "Tell me the weekday {n} days after a {d}.",
        "Suppose it's {d}. Name the day {n} days later.",
        "{n} days from {d}: which day of the week?",
    ),
    "de": (
        "Heute ist {d}. Welcher Wochentag ist in {n} Tagen?",
        "Welcher Wochentag ist {n} Tage nach {d}?",
        "Es ist {d}. In {n} Tagen habe ich einen Termin. Welcher Wochentag ist das?",
        "{d} plus {n} Tage: welcher Wochentag?",
        "Wenn heute {d} ist, was für ein Tag ist dann in {n} Tagen?",
    ),
    "sv": (
        "I dag är det {d}. Vilken veckodag är det om {n} dagar?",
        "Vilken veckodag är det {n} dagar efter {d}?",
        "Det är {d}. Om {n} dagar har jag en tid. Vilken veckodag är det?",
        "{d} plus {n} dagar: vilken veckodag?",
        "Om det är {d} i dag, vilken dag är det om {n} dagar?",
    ),
    "es": (
        "Hoy es {d}. ¿Qué día de la semana será dentro de {n} días?",
        "¿Qué día de la semana es {n} días después del {d}?",
        "Es {d}. Tengo una cita dentro de {n} días. ¿Qué día de la semana es?",
        "{d} más {n} días: ¿qué día es?",
        "Si hoy es {d}, ¿qué día será en {n} días?",
    ),
    "fr": (
        "Aujourd'hui, c'est {d}. Quel jour de la semaine sera-t-on dans {n} jours ?",
        "Quel jour de la semaine est-ce {n} jours après {d} ?",
        "On est {d}. J'ai un rendez-vous dans {n} jours. Quel jour de la semaine est-ce ?",
        "{d} plus {n} jours : quel jour ?",
        "Si on est {d}, quel jour sera-t-on dans {n} jours ?",
    ),
    "zh": (
        "今天是{d},{n}天后是星期几?",
        "{d}之后{n}天是星期几?",
        "今天{d},我{n}天后有个预约,那天星期几?",
        "从{d}开始往后数{n}天,是星期几?",
        "如果今天是{d},再过{n}天是星期几?",
    ),
}
_WEEKDAY_OF: _Texts = {
    "en": (
        "{a} is a {d}. What weekday is {b} of the same year?",
        "If {a} falls on a {d}, on which weekday does {b} fall?",
        "This year {a} is a {d}. Which day of the week is {b}?",
    ),
    "de": (
        "Der {a} ist ein {d}. Welcher Wochentag ist der {b} im selben Jahr?",
        "Wenn der {a} ein {d} ist, was für ein Wochentag ist dann der {b}?",
    ),
    "sv": ("{a} är en {d}. Vilken veckodag är {b} samma år?", "Om {a} infaller på en {d}, vilken veckodag är då {b}?"),
    "es": (
        "El {a} es {d}. ¿Qué día de la semana es el {b} del mismo año?",
        "Si el {a} cae en {d}, ¿en qué día cae el {b}?",
    ),
    "fr": (
        "Le {a} est un {d}. Quel jour de la semaine est le {b} de la même année ?",
        "Si le {a} tombe un {d}, quel jour tombe le {b} ?",
    ),
    "zh": ("{a}是{d},同一年的{b}是星期几?", "如果{a}是{d},那么{b}是星期几?"),
}
_DATE_IN: _Texts = {
    "en": (
        "What date is {n} days after {a}?",
        "Today is {a}. What is the date in {n} days?",
        "{a} plus {n} days?",
        "A parcel was sent on {a} and takes {n} days. On which date does it arrive?",
        "I have {n} days from {a}. What's the last date, counting {n} days on?",
        "date {n} days from {a}",
        "Add {n} days to {a}.",
        "If the trial starts on {a} and ends {n} days later, what is the end date?",
        "It's {a} now. Which date will it be {n} days from now?",
        "My invoice from {a} is due in {n} days. When exactly?",
        "Count {n} days forward from {a}. Which date is it?",
        "The course begins {n} days after {a}. On what date?",
        "Which calendar date comes {n} days after {a}?",
        "please tell me the date {n} days past {a}",
    ),
    "de": (
        "Welches Datum ist {n} Tage nach dem {a}?",
        "Heute ist der {a}. Welches Datum ist in {n} Tagen?",
        "{a} plus {n} Tage?",
        "Eine Rechnung vom {a} ist in {n} Tagen fällig. An welchem Datum?",
        "Welcher Tag ist {n} Tage nach dem {a}?",
    ),
    "sv": (
        "Vilket datum är det {n} dagar efter {a}?",
        "I dag är det {a}. Vilket datum är det om {n} dagar?",
        "{a} plus {n} dagar?",
        "En räkning från {a} ska betalas om {n} dagar. Vilket datum?",
        "Lägg till {n} dagar till {a}.",
    ),
    "es": (
        "¿Qué fecha es {n} días después del {a}?",
        "Hoy es {a}. ¿Qué fecha será dentro de {n} días?",
        "{a} más {n} días",
        "Una factura del {a} vence en {n} días. ¿En qué fecha?",
        "Suma {n} días al {a}.",
    ),
    "fr": (
        "Quelle est la date {n} jours après le {a} ?",
        "Nous sommes le {a}. Quelle date sera-t-on dans {n} jours ?",
        "{a} plus {n} jours ?",
        "Une facture du {a} est à payer dans {n} jours. À quelle date ?",
        "Ajoute {n} jours au {a}.",
    ),
    "zh": (
        "{a}之后{n}天是几月几日?",
        "今天是{a},{n}天后是几月几日?",
        "{a}加{n}天是哪一天?",
        "{a}寄出的包裹{n}天后到,是几月几日?",
        "从{a}往后数{n}天是哪天?",
    ),
}
_LEAP = {
    "en": (" It is a leap year.", " (leap year)"),
    "de": (" Es ist ein Schaltjahr.",),
    "sv": (" Det är skottår.",),
    "es": (" Es año bisiesto.",),
    "fr": (" C'est une année bissextile.",),
    "zh": ("(闰年)",),
}
_NO_LEAP = {
    "en": (" It is not a leap year.", " (no leap year)"),
    "de": (" Es ist kein Schaltjahr.",),
    "sv": (" Det är inte skottår.",),
    "es": (" No es año bisiesto.",),
    "fr": (" Ce n'est pas une année bissextile.",),
    "zh": ("(平年)",),
}
_BETWEEN: _Texts = {
    "en": (
        "How many days are there from {a} to {b}?",
        "How many days is it from {a} until {b}?",
        "days between {a} and {b}?",
        "Today is {a}. How many days until {b}?",
        "My holiday starts on {b} and today is {a}. How many days do I have to wait?",
        "What is the difference in days between {a} and {b}?",
        "Number of days from {a} to {b}, not counting the first?",
    ),
    "de": (
        "Wie viele Tage sind es vom {a} bis zum {b}?",
        "Heute ist der {a}. Wie viele Tage noch bis zum {b}?",
        "Tage zwischen {a} und {b}?",
    ),
    "sv": (
        "Hur många dagar är det från {a} till {b}?",
        "I dag är det {a}. Hur många dagar är det kvar till {b}?",
        "dagar mellan {a} och {b}?",
    ),
    "es": (
        "¿Cuántos días hay del {a} al {b}?",
        "Hoy es {a}. ¿Cuántos días faltan para el {b}?",
        "días entre el {a} y el {b}",
    ),
    "fr": (
        "Combien de jours y a-t-il du {a} au {b} ?",
        "Nous sommes le {a}. Combien de jours jusqu'au {b} ?",
        "nombre de jours entre le {a} et le {b} ?",
    ),
    "zh": ("从{a}到{b}有多少天?", "今天是{a},离{b}还有多少天?", "{a}和{b}相差多少天?"),
}
_TIME_IN: _Texts = {
    "en": (
        "It is {t}. What time will it be in {x}?",
        "What time is it {x} after {t}?",
        "The film starts at {t} and lasts {x}. When does it end?",
        "My train leaves at {t} and the ride takes {x}. When do I arrive?",
        "{t} plus {x} is what time?",
        "If I put the cake in the oven at {t} for {x}, when is it done?",
        "The meeting begins at {t} and takes {x}. At what time is it over?",
        "time {x} after {t}?",
        "Set off at {t}, drive for {x}. Arrival time?",
        "It's {t} now. Tell me the time {x} later.",
        "A lesson of {x} starts at {t}. When is the end?",
        "I fell asleep at {t} and slept for {x}. When did I wake up?",
        "Add {x} to {t}.",
        "what's the time {x} from now if it's {t}",
    ),
    "de": (
        "Es ist {t} Uhr. Wie spät ist es in {x}?",
        "Der Film beginnt um {t} Uhr und dauert {x}. Wann ist er zu Ende?",
        "Mein Zug fährt um {t} Uhr ab, die Fahrt dauert {x}. Wann komme ich an?",
        "{t} Uhr plus {x}, wie spät ist das?",
        "Der Kuchen kommt um {t} Uhr für {x} in den Ofen. Wann ist er fertig?",
    ),
    "sv": (
        "Klockan är {t}. Vad är klockan om {x}?",
        "Filmen börjar {t} och varar i {x}. När slutar den?",
        "Tåget går {t} och resan tar {x}. När kommer jag fram?",
        "{t} plus {x}, vad blir klockan?",
        "Kakan sätts in i ugnen {t} och ska vara inne i {x}. När är den klar?",
    ),
    "es": (
        "Son las {t}. ¿Qué hora será dentro de {x}?",
        "La película empieza a las {t} y dura {x}. ¿A qué hora termina?",
        "Mi tren sale a las {t} y tarda {x}. ¿A qué hora llego?",
        "{t} más {x}, ¿qué hora es?",
        "El pastel entra al horno a las {t} durante {x}. ¿A qué hora está listo?",
    ),
    "fr": (
        "Il est {t}. Quelle heure sera-t-il dans {x} ?",
        "Le film commence à {t} et dure {x}. À quelle heure finit-il ?",
        "Mon train part à {t} et le trajet dure {x}. À quelle heure j'arrive ?",
        "{t} plus {x}, quelle heure est-ce ?",
        "Je mets le gâteau au four à {t} pour {x}. Quand est-il prêt ?",
    ),
    "zh": (
        "现在是{t},{x}后是几点?",
        "电影{t}开始,放映{x},几点结束?",
        "火车{t}出发,要开{x},几点到?",
        "{t}加{x}是几点?",
        "会议{t}开始,开{x},几点结束?",
    ),
}
_LASTS: _Texts = {
    "en": (
        "How many minutes is it from {a} to {b}?",
        "The meeting runs from {a} to {b}. How many minutes is that?",
        "minutes between {a} and {b}?",
        "I worked from {a} until {b}. How long is that in minutes?",
        "A bus leaves at {a} and arrives at {b}. How many minutes does the ride take?",
        "How long is it from {a} to {b}?",
    ),
    "de": (
        "Wie viele Minuten sind es von {a} Uhr bis {b} Uhr?",
        "Die Sitzung geht von {a} bis {b} Uhr. Wie viele Minuten dauert sie?",
        "Minuten zwischen {a} und {b}?",
        "Wie lange ist es von {a} bis {b} Uhr?",
    ),
    "sv": (
        "Hur många minuter är det från {a} till {b}?",
        "Mötet pågår från {a} till {b}. Hur många minuter är det?",
        "minuter mellan {a} och {b}?",
        "Hur länge är det från {a} till {b}?",
    ),
    "es": (
        "¿Cuántos minutos hay de las {a} a las {b}?",
        "La reunión es de {a} a {b}. ¿Cuántos minutos dura?",
        "minutos entre las {a} y las {b}",
        "¿Cuánto tiempo hay de las {a} a las {b}?",
    ),
    "fr": (
        "Combien de minutes y a-t-il de {a} à {b} ?",
        "La réunion dure de {a} à {b}. Combien de minutes est-ce ?",
        "minutes entre {a} et {b} ?",
        "Combien de temps y a-t-il de {a} à {b} ?",
    ),
    "zh": (
        "从{a}到{b}有多少分钟?",
        "会议从{a}开到{b},一共多少分钟?",
        "{a}和{b}之间有多少分钟?",
        "从{a}到{b}有多长时间?",
    ),
}
_OPEN: _Texts = {
    "en": (
        "The shop opens at {a} and closes at {b}. How many hours is it open?",
        "Opening hours: {a} to {b}. How many hours a day is that?",
        "The library is open from {a} until {b}. For how many hours?",
        "If a museum is open {a} - {b}, how many hours is it open per day?",
    ),
    "de": (
        "Der Laden öffnet um {a} und schließt um {b} Uhr. Wie viele Stunden ist er offen?",
        "Öffnungszeiten: {a} bis {b} Uhr. Wie viele Stunden sind das am Tag?",
    ),
    "sv": (
        "Butiken öppnar {a} och stänger {b}. Hur många timmar är den öppen?",
        "Öppettider: {a} till {b}. Hur många timmar om dagen är det?",
    ),
    "es": (
        "La tienda abre a las {a} y cierra a las {b}. ¿Cuántas horas está abierta?",
        "Horario: de {a} a {b}. ¿Cuántas horas al día son?",
    ),
    "fr": (
        "Le magasin ouvre à {a} et ferme à {b}. Combien d'heures est-il ouvert ?",
        "Horaires : de {a} à {b}. Combien d'heures par jour cela fait-il ?",
    ),
    "zh": ("商店{a}开门,{b}关门,一共开多少小时?", "营业时间:{a}到{b}。每天营业几小时?"),
}
_WEEK: _Texts = {
    "en": (
        (
            "Opening hours: Monday to Friday {a}-{b}, Saturday {c}-{e}, Sunday closed. How many "
            "hours a week is the shop open in total?"
        ),
        (
            "A shop is open {a} to {b} from Monday to Friday and {c} to {e} on Saturday. How many "
            "opening hours does that make per week?"
        ),
    ),
    "de": (
        (
            "Öffnungszeiten: Montag bis Freitag {a}-{b}, Samstag {c}-{e}, Sonntag geschlossen. "
            "Wie viele Stunden pro Woche ist insgesamt geöffnet?"
        ),
    ),
    "sv": (
        (
            "Öppettider: måndag till fredag {a}-{b}, lördag {c}-{e}, söndag stängt. Hur många "
            "timmar i veckan är det öppet totalt?"
        ),
    ),
    "es": (
        (
            "Horario: de lunes a viernes {a}-{b}, sábado {c}-{e}, domingo cerrado. ¿Cuántas horas "
            "en total abre a la semana?"
        ),
    ),
    "fr": (
        (
            "Horaires : du lundi au vendredi {a}-{b}, samedi {c}-{e}, fermé le dimanche. Combien "
            "d'heures par semaine est-ce ouvert en tout ?"
        ),
    ),
    "zh": ("营业时间:周一至周五{a}-{b},周六{c}-{e},周日休息。每周一共营业多少小时?",),
}
_ZONE: _Texts = {
    "en": (
        "{p} is {n} hours ahead of {q}. It is {t} in {q}. What time is it in {p}?",
        "When it's {t} in {q}, what time is it in {p}, which is {n} hours ahead?",
        "I call from {q} at {t}. {p} is {n} hours ahead. What's the local time there?",
        "time in {p} if it's {t} in {q} and {p} is {n} hours ahead?",
    ),
    "de": (
        "{p} ist {q} um {n} Stunden voraus. In {q} ist es {t} Uhr. Wie spät ist es in {p}?",
        "In {q} ist es {t} Uhr, in {p} {n} Stunden später. Wie viel Uhr ist es in {p}?",
    ),
    "sv": (
        "{p} ligger {n} timmar före {q}. I {q} är klockan {t}. Vad är klockan i {p}?",
        "Klockan är {t} i {q}. I {p} är den {n} timmar mer. Vad är klockan där?",
    ),
    "es": (
        "{p} va {n} horas por delante de {q}. En {q} son las {t}. ¿Qué hora es en {p}?",
        "Son las {t} en {q} y en {p} son {n} horas más. ¿Qué hora es allí?",
    ),
    "fr": (
        "{p} a {n} heures d'avance sur {q}. Il est {t} à {q}. Quelle heure est-il à {p} ?",
        "Il est {t} à {q} et à {p} il est {n} heures de plus. Quelle heure est-il là-bas ?",
    ),
    "zh": ("{p}比{q}早{n}个小时。{q}现在是{t},{p}几点?", "{q}是{t},{p}的时间快{n}个小时,那边几点?"),
}
_FLIGHT: _Texts = {
    "en": (
        (
            "A flight leaves {q} at {t} local time and takes {x}. {p} is {n} hours behind {q}. "
            "What is the local time on arrival in {p}?"
        ),
        (
            "I take off in {q} at {t}, fly for {x} and land in {p}, where clocks are {n} hours "
            "behind. What do the clocks there show when I land?"
        ),
    ),
    "de": (
        (
            "Ein Flug startet in {q} um {t} Uhr Ortszeit und dauert {x}. {p} liegt {n} Stunden "
            "zurück. Wie spät ist es bei der Ankunft in {p} (Ortszeit)?"
        ),
    ),
    "sv": (
        (
            "Ett flyg lyfter från {q} {t} lokal tid och tar {x}. {p} ligger {n} timmar efter. Vad "
            "är den lokala tiden vid landning i {p}?"
        ),
    ),
    "es": (
        (
            "Un vuelo sale de {q} a las {t}, hora local, y dura {x}. {p} va {n} horas por detrás. "
            "¿Qué hora local es al llegar a {p}?"
        ),
    ),
    "fr": (
        (
            "Un vol part de {q} à {t}, heure locale, et dure {x}. {p} a {n} heures de retard sur "
            "{q}. Quelle est l'heure locale à l'arrivée à {p} ?"
        ),
    ),
    "zh": ("航班当地时间{t}从{q}起飞,飞行{x}。{p}的时间比{q}晚{n}个小时。到达{p}时当地时间是几点?",),
}
_AGE: _Texts = {
    "en": (
        "{p} was born in {y}. How old does {p} turn in {z}?",
        "Someone born in {y} turns how old in {z}?",
        "{p} was born in {y}. What age will {p} reach in {z}?",
        "How old is a house in {z} if it was built in {y}?",
        "A company was founded in {y}. How many years old is it in {z}?",
        "born {y}, age in {z}?",
        "How many years are there between {y} and {z}?",
    ),
    "de": (
        "{p} wurde {y} geboren. Wie alt wird {p} im Jahr {z}?",
        "Ein Haus wurde {y} gebaut. Wie alt ist es {z}?",
        "Geboren {y}: Alter im Jahr {z}?",
    ),
    "sv": (
        "{p} föddes {y}. Hur gammal blir {p} år {z}?",
        "Ett hus byggdes {y}. Hur gammalt är det {z}?",
        "född {y}, ålder {z}?",
    ),
    "es": (
        "{p} nació en {y}. ¿Cuántos años cumple {p} en {z}?",
        "Una casa se construyó en {y}. ¿Cuántos años tiene en {z}?",
        "nacido en {y}, ¿edad en {z}?",
    ),
    "fr": (
        "Année de naissance de {p} : {y}. Quel âge a {p} en {z} ?",
        "Une maison a été construite en {y}. Quel âge a-t-elle en {z} ?",
        "né en {y}, âge en {z} ?",
    ),
    "zh": ("{p}出生于{y}年,{z}年满几岁?", "一座房子建于{y}年,到{z}年有多少年了?", "{y}年出生,{z}年多大?"),
}
_AGE_LATER: _Texts = {
    "en": (
        "{p} is {a} years old. {q} is {d} years younger. How old will {q} be in {n} years?",
        "{q} is {d} years younger than {p}, who is {a} now. What will {q}'s age be in {n} years?",
    ),
    "de": ("{p} ist {a} Jahre alt. {q} ist {d} Jahre jünger. Wie alt ist {q} in {n} Jahren?",),
    "sv": ("{p} är {a} år. {q} är {d} år yngre. Hur gammal är {q} om {n} år?",),
    "es": ("{p} tiene {a} años. {q} tiene {d} años menos. ¿Cuántos años tendrá {q} dentro de {n} años?",),
    "fr": ("{p} a {a} ans. {q} a {d} ans de moins. Quel âge aura {q} dans {n} ans ?",),
    "zh": ("{p}今年{a}岁,{q}比{p}小{d}岁。{n}年后{q}多少岁?",),
}
_SPANS = {
    "en": ("{h} hours", "{m} minutes", "{h} hours and {m} minutes"),
    "de": ("{h} Stunden", "{m} Minuten", "{h} Stunden und {m} Minuten"),
    "sv": ("{h} timmar", "{m} minuter", "{h} timmar och {m} minuter"),
    "es": ("{h} horas", "{m} minutos", "{h} horas y {m} minutos"),
    "fr": ("{h} heures", "{m} minutes", "{h} heures et {m} minutes"),
    "zh": ("{h}小时", "{m}分钟", "{h}小时{m}分钟"),
}


_ZONES = {
    "London": 0,
    "Lisbon": 0,
    "Berlin": 1,
    "Madrid": 1,
    "Stockholm": 1,
    "Cairo": 2,
    "Athens": 2,
    "Moscow": 3,
    "Nairobi": 3,
    "Bangkok": 7,
    "Hanoi": 7,
    "Beijing": 8,
    "Tokyo": 9,
    "Seoul": 9,
    "Canberra": 10,
    "Wellington": 12,
    "Buenos Aires": -3,
    "Santiago": -4,
    "Ottawa": -5,
    "Lima": -5,
    "Mexico City": -6,
}
"""Hours ahead of Greenwich, without summer time."""


@dataclass(frozen=True, slots=True)
class _Task:
    """A question; `number` is its answer where that is a number which must not stand in it."""

    question: str
    expected: str
    check: Callable[[Answer], bool]
    number: int | None = None


def make(rng: Random, level: int, language: str) -> Item:
    """A question about dates or times of that difficulty."""
    task = rng.choice(_TASKS[level])(rng, language)
    while task.number is not None and _stands_in(task, language):
        task = rng.choice(_TASKS[level])(rng, language)
    turns = ask(rng, language, task.question, "name")
    return Item(
        turns=turns,
        check=lambda answer: not repeats(answer.text, turns[-1].text) and task.check(answer),
        max_tokens=_MAX_TOKENS[level],
        expected=task.expected,
    )


def _stands_in(task: _Task, language: str) -> bool:
    return any(Decimal(task.number or 0) in said.readings for said in numbers(task.question, language))


def _next_day(rng: Random, language: str) -> _Task:
    today, step = rng.randrange(7), rng.choice((1, 1, -1))
    question = fill(rng, _TOMORROW[step][language], d=WEEKDAYS[language][today])
    return _weekday_task(question, (today + step) % 7, today, language)


def _weekday_in(low: int, high: int) -> Callable[[Random, str], _Task]:
    def task(rng: Random, language: str) -> _Task:
        today, days = rng.randrange(7), rng.randint(low, high)
        while days % 7 == 0:
            days = rng.randint(low, high)
        question = fill(rng, _WEEKDAY_IN[language], d=WEEKDAYS[language][today], n=days)
        return _weekday_task(question, (today + days) % 7, today, language)

    return task


def _weekday_of(rng: Random, language: str) -> _Task:
    """The weekday of a date from that of another, some months before."""
    first = _some_day(rng, 1, 8)
    second = first + timedelta(days=rng.randint(32, 110))
    while second.weekday() == first.weekday():
        second += timedelta(days=rng.randint(1, 5))
    if first < date(first.year, 3, 1) <= second:
        first, second = first + timedelta(days=62), second + timedelta(days=62)
    said = WEEKDAYS[language][first.weekday()]
    question = fill(
        rng, _WEEKDAY_OF[language], a=written_date(first, language), b=written_date(second, language), d=said
    )
    return _weekday_task(question, second.weekday(), first.weekday(), language)


def _weekday_task(question: str, right: int, given: int, language: str) -> _Task:
    return _Task(question, WEEKDAYS[language][right], says_weekday(right, [given], language))


def _date_in(low: int, high: int, *, same_month: bool) -> Callable[[Random, str], _Task]:
    def task(rng: Random, language: str) -> _Task:
        start, days = _some_day(rng, 1, 11), rng.randint(low, high)
        end = start + timedelta(days=days)
        while (start.month == end.month) != same_month or start.day == days or end.day == days:
            start, days = _some_day(rng, 1, 11), rng.randint(low, high)
            end = start + timedelta(days=days)
        question = fill(rng, _DATE_IN[language], a=written_date(start, language), n=days)
        question += _leap_note(rng, start, end, language)
        return _Task(question, written_date(end, language), says_date(end, question, language))

    return task


def _days_between(low: int, high: int) -> Callable[[Random, str], _Task]:
    def task(rng: Random, language: str) -> _Task:
        start, days = _some_day(rng, 1, 9), rng.randint(low, high)
        end = start + timedelta(days=days)
        question = fill(rng, _BETWEEN[language], a=written_date(start, language), b=written_date(end, language))
        question += _leap_note(rng, start, end, language)
        return _Task(question, str(days), says_number(Decimal(days), language, question), days)

    return task


def _leap_note(rng: Random, start: date, end: date, language: str) -> str:
    """Whether it is a leap year, where that makes a difference."""
    if not start < date(start.year, 3, 1) <= end:
        return ""
    return rng.choice((_LEAP if start.year % 4 == 0 else _NO_LEAP)[language])


def _some_day(rng: Random, first_month: int, last_month: int) -> date:
    return date(rng.choice((2023, 2024, 2025)), rng.randint(first_month, last_month), rng.randint(1, 28))


def _time_in(spans: Sequence[tuple[int, int]], step: int) -> Callable[[Random, str], _Task]:
    """A time after so many minutes, from one of the ranges."""

    def task(rng: Random, language: str) -> _Task:
        low, high = rng.choice(spans)
        start, length = step * rng.randint(360 // step, 1380 // step), step * rng.randint(low // step, high // step)
        question = fill(rng, _TIME_IN[language], t=_clock(rng, start, language), x=_span(length, language))
        return _Task(question, _plain_clock(start + length), says_time(start + length, question))

    return task


def _lasts(low: int, high: int) -> Callable[[Random, str], _Task]:
    def task(rng: Random, language: str) -> _Task:
        start, length = 5 * rng.randint(72, 220), 5 * rng.randint(low // 5, high // 5)
        times = (_plain_clock(start), _plain_clock(start + length))
        question = fill(rng, _LASTS[language], a=_local(times[0], language), b=_local(times[1], language))
        return _Task(question, str(length), says_duration(length, question, 1))

    return task


def _open_hours(rng: Random, language: str) -> _Task:
    opens, hours = rng.randint(6, 11), rng.randint(4, 12)
    question = fill(rng, _OPEN[language], a=f"{opens}:00", b=f"{opens + hours}:00")
    return _Task(question, str(hours), says_duration(60 * hours, question, 60), hours)


def _week_hours(rng: Random, language: str) -> _Task:
    opens, later, hours, fewer = (
        rng.randint(7, 10),
        rng.randint(9, 11),
        30 * rng.randint(15, 22),
        30 * rng.randint(6, 12),
    )
    times = [_plain_clock(minute) for minute in (60 * opens, 60 * opens + hours, 60 * later, 60 * later + fewer)]
    question = fill(rng, _WEEK[language], **dict(zip("abce", times, strict=True)))
    minutes = 5 * hours + fewer
    return _Task(question, written(Decimal(minutes) / 60, language), says_duration(minutes, question, 60))


def _zone(*, past_midnight: bool) -> Callable[[Random, str], _Task]:
    def task(rng: Random, language: str) -> _Task:
        place, other, ahead = _two_places(rng, language)
        minute = 15 * rng.randint(24, 95)
        while (minute + 60 * ahead >= 1440) != past_midnight:
            minute = 15 * rng.randint(12, 95)
        question = fill(rng, _ZONE[language], p=place, q=other, n=ahead, t=_clock(rng, minute, language))
        return _Task(question, _plain_clock(minute + 60 * ahead), says_time(minute + 60 * ahead, question))

    return task


def _flight(rng: Random, language: str) -> _Task:
    other, place, behind = _two_places(rng, language)
    start, length = 5 * rng.randint(100, 270), 5 * rng.randint(65, 150)
    while length % 60 == 0:
        length += 5
    question = fill(
        rng, _FLIGHT[language], p=place, q=other, n=behind, t=_clock(rng, start, language), x=_span(length, language)
    )
    end = start + length - 60 * behind
    return _Task(question, _plain_clock(end), says_time(end, question))


def _two_places(rng: Random, language: str) -> tuple[str, str, int]:
    """Two capitals, and by how many hours (two at least) the clocks of the first are ahead."""
    east, west = rng.sample(tuple(_ZONES), 2)
    while not 2 <= _ZONES[east] - _ZONES[west] <= 14:
        east, west = rng.sample(tuple(_ZONES), 2)
    names = {country.capital["en"]: country.capital[language] for country in COUNTRIES}
    return names[east], names[west], _ZONES[east] - _ZONES[west]


def _age(low: int, high: int) -> Callable[[Random, str], _Task]:
    def task(rng: Random, language: str) -> _Task:
        born, years = rng.randint(1921, 1999), rng.randint(low, high)
        question = fill(rng, _AGE[language], p=rng.choice(PEOPLE[language]), y=born, z=born + years)
        return _Task(question, str(years), says_number(Decimal(years), language, question), years)

    return task


def _age_later(rng: Random, language: str) -> _Task:
    one, other = rng.sample(PEOPLE[language], 2)
    age, less, years = rng.randint(24, 70), rng.randint(3, 19), rng.randint(4, 30)
    question = fill(rng, _AGE_LATER[language], p=one, q=other, a=age, d=less, n=years)
    result = age - less + years
    return _Task(question, str(result), says_number(Decimal(result), language, question), result)


def _clock(rng: Random, minute: int, language: str) -> str:
    """A time as it stands in questions: in English sometimes on a clock of twelve hours."""
    hour, rest = minute // 60 % 24, minute % 60
    if language == "en" and rng.random() < 0.4:
        return f"{(hour - 1) % 12 + 1}:{rest:02} {'am' if hour < 12 else 'pm'}"
    return _local(f"{hour}:{rest:02}", language)


def _local(clock: str, language: str) -> str:
    return clock.replace(":", "h") if language == "fr" else clock


def _plain_clock(minute: int) -> str:
    return f"{minute // 60 % 24}:{minute % 60:02}"


def _span(minutes: int, language: str) -> str:
    """A length of time in words; an hour and a bit is said in minutes, to keep the plural."""
    hours, rest = divmod(minutes, 60)
    if hours < 2:
        return _SPANS[language][1].format(m=minutes)
    return _SPANS[language][2 if rest else 0].format(h=hours, m=rest)


_TASKS: dict[int, Sequence[Callable[[Random, str], _Task]]] = {
    1: (_next_day, _weekday_in(2, 3), _time_in([(120, 180)], 60)),
    2: (_weekday_in(2, 6), _time_in([(15, 45), (120, 300)], 15), _open_hours, _age(5, 60), _days_between(2, 8)),
    3: (
        _weekday_in(8, 20),
        _time_in([(25, 115), (125, 175)], 5),
        _date_in(4, 20, same_month=True),
        _lasts(20, 110),
        _zone(past_midnight=False),
        _age_later,
    ),
    4: (
        _weekday_in(22, 60),
        _date_in(8, 30, same_month=False),
        _days_between(20, 50),
        _lasts(125, 395),
        _zone(past_midnight=True),
        _time_in([(200, 700)], 1),
    ),
    5: (
        _weekday_in(90, 400),
        _weekday_of,
        _date_in(45, 130, same_month=False),
        _days_between(70, 200),
        _week_hours,
        _flight,
    ),
}

FAMILY = Family(name="dates", title="dates and times", make=make)

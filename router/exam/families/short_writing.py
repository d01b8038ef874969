"""Writing short texts from given facts: product descriptions, invitations, e-mails, slogans, thank-you notes.

A check looks at what a program can see: whether the facts are there, the length, the language, and that the text
neither repeats itself nor speaks about the model.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from router.exam.checks.written_answers import (
    STOP_WORDS,
    copies,
    is_in,
    is_part_of,
    rambles,
    says_part,
    speaks_as_assistant,
    words,
)
from router.exam.content.names_and_goods import first_name
from router.exam.item import Answer, Family, Item
from router.exam.wording.asking import with_an
from router.exam.wording.openers import upper_first, worded

Fact = tuple[str, Sequence[str]]
"""Words for a fact, and parts of words by which a text shows that it tells it."""


def same(text: str) -> list[Fact]:
    """Facts that are known again by themselves; ``+`` joins several words."""
    return [(each.replace("+", " "), (each.replace("+", " "),)) for each in text.split()]


def with_stems(text: str) -> list[Fact]:
    """Facts written as ``words:stem:stem``; ``+`` joins several words."""
    rows = [each.replace("+", " ").split(":") for each in text.split()]
    return [(row[0], tuple(row[1:])) for row in rows]


SIGNS: Mapping[str, Sequence[str]] = {
    "euro": ("{x} euro", "{x} €", "{x}€", "€{x}", "€ {x}", "{x} eur"),
    "dollar": ("{x} dollar", "${x}", "$ {x}", "{x} usd", "{x}$"),
    "kronor": ("{x} kr", "{x}kr", "{x}:-", "{x} sek"),
    "元": ("{x}元", "{x} 元", "¥{x}", "{x}块", "人民币{x}"),
}
"""How amounts of a currency may be written."""


def prices(*amounts: str) -> list[Fact]:
    """Amounts such as ``19 euros``, known again in any of the usual ways to write them."""
    facts: list[Fact] = []
    for amount in amounts:
        signs = next(forms for name, forms in SIGNS.items() if name in amount.lower())
        number = re.sub(r"[^\d.]", "", amount)
        facts.append(
            (amount, tuple(sign.format(x=form) for sign in signs for form in (number, number.replace(".", ","))))
        )
    return facts


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of text in one language.

    Parameters
    ----------
    requests : sequence of str
        Wordings with a slot for the subject.
    subjects : sequence of Fact
        What the text is about.
    facts : sequence of sequences of Fact
        What it may be asked to mention: one of each row.
    opening : str
        How an example of a right answer begins.
    """

    requests: Sequence[str]
    subjects: Sequence[Fact]
    facts: Sequence[Sequence[Fact]]
    opening: str


MENTION: Mapping[str, Sequence[str]] = {
    "en": (
        "Mention: {facts}.",
        "Include {facts}.",
        "Facts: {facts}.",
        "It should mention {facts}.",
        "Details: {facts}.",
        "Don't forget {facts}.",
    ),
    "de": ("Erwähne: {facts}.", "Fakten: {facts}.", "Das soll vorkommen: {facts}."),
    "sv": ("Nämn: {facts}.", "Fakta: {facts}.", "Ta med: {facts}."),
    "es": ("Menciona: {facts}.", "Datos: {facts}.", "Incluye: {facts}."),
    "fr": ("Mentionne : {facts}.", "Faits : {facts}.", "À inclure : {facts}."),
    "zh": ("要提到：{facts}。", "信息：{facts}。", "内容包括：{facts}。"),
}

LIMIT: Mapping[str, Sequence[str]] = {
    "en": (
        "Use at most {n} words.",
        "No more than {n} words.",
        "Max {n} words.",
        "Keep it under {n} words.",
        "{n} words or fewer.",
    ),
    "de": ("Höchstens {n} Wörter.", "Maximal {n} Wörter."),
    "sv": ("Högst {n} ord.", "Max {n} ord."),
    "es": ("Máximo {n} palabras.", "No más de {n} palabras."),
    "fr": ("Maximum {n} mots.", "Pas plus de {n} mots."),
    "zh": ("不超过{n}个字。", "最多{n}个字。"),
}

BRIEF: Mapping[str, Sequence[str]] = {
    "en": ("Keep it short.", "One or two sentences.", "Just two sentences.", "Short please."),
    "de": ("Bitte kurz.", "Ein oder zwei Sätze."),
    "sv": ("Håll det kort.", "En eller två meningar."),
    "es": ("Que sea breve.", "Una o dos frases."),
    "fr": ("Fais court.", "Une ou deux phrases."),
    "zh": ("简短一点。", "一两句话。"),
}

DAYS: Mapping[str, str] = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "sv": "måndag tisdag onsdag torsdag fredag lördag söndag",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "zh": "星期一 星期二 星期三 星期四 星期五 星期六",
}

KINDS: Mapping[str, Mapping[str, Kind]] = {
    "en": {
        "product": Kind(
            (
                "Write a product description for a {x}",
                "Write a short product text for a {x}",
                "Describe a {x} for our online shop",
                "I sell a {x}, write an ad text for it",
                "product description: {x}",
                "Create a description of a {x} that makes people want to buy it",
                "Come up with a sales text for a {x}",
                "Can you write a description for the {x} in our shop?",
                "We have a new {x} in the shop and need a description of it",
                "Give me a catalogue text for a {x}",
                "Write an advertisement for a {x}",
                "Please draft a short description of a {x} for customers",
                "Compose a listing for a used {x}",
                "As a shop owner I need a few words about a {x}",
                "Write two sentences that sell a {x}",
            ),
            same(
                "mug backpack lamp chair jacket kettle bicycle tent notebook pillow blanket scarf teapot "
                "umbrella watch "
                "pan desk mirror candle wallet keyboard headset suitcase vase bottle hammock clock helmet sofa shelf"
            ),
            (
                with_stems("red:red blue:blue green:green black:black white:white yellow:yellow"),
                with_stems("wood:wood steel:steel cotton:cotton glass:glass leather:leather bamboo:bamboo wool:wool"),
                prices("19 euros", "25 dollars", "49 euros", "80 dollars", "120 dollars", "34.90 euros"),
                with_stems(
                    "made+in+Italy:ital handmade:hand two-year+warranty:warrant "
                    "free+delivery:deliver:shipping washable:wash"
                ),
            ),
            "Our {x} is just what you need:",
        ),
        "invitation": Kind(
            (
                "Write an invitation to a {x}",
                "Write a short invitation for a {x}",
                "Invite my friends to a {x}",
                "I am planning a {x}, write the invitation",
                "invitation text: {x}",
                "Help me invite people to a {x}",
                "Draft a friendly invitation to our {x}",
                "Can you write an invite for a {x}?",
                "Compose a message that invites the neighbours to a {x}",
                "We are having a {x}, please write an invitation",
                "Make an invitation card text for a {x}",
                "Write a text message inviting everyone to a {x}",
                "I need a short invitation to a {x} for my colleagues",
                "Create an invitation for a {x}",
            ),
            with_stems(
                "birthday+party:birthday garden+party:garden wedding:wedding picnic:picnic barbecue:barbecue:bbq "
                "housewarming:housewarming:house-warming dinner:dinner concert:concert "
                "game+night:game movie+night:movie flea+market:flea office+party:office reunion:reunion "
                "workshop:workshop"
            ),
            (
                same(DAYS["en"]),
                with_stems("7+pm:7 3+pm:3 11+am:11 8+pm:8 5+pm:5"),
                with_stems(
                    "in+the+park:park in+our+garden:garden at+the+lake:lake at+the+town+hall:hall "
                    "at+Maria's+house:maria"
                ),
                with_stems(
                    "bring+a+salad:salad bring+a+chair:chair live+music:music free+drinks:drink "
                    "no+gifts:gift children+welcome:child:kid"
                ),
            ),
            "You are warmly invited to our {x}:",
        ),
        "mail": Kind(
            (
                "Write an email to {x} that I can't come to the meeting",
                "Write a short email to my colleague {x} to cancel our meeting",
                "Draft a message to {x}, I have to move our appointment",
                "email to {x}: I will be late for the meeting",
                "Tell {x} by email that I have to cancel the meeting",
                "Can you write to {x} that our meeting must be moved?",
                "I need a polite email to {x} to cancel tomorrow's meeting",
                "Write a note to {x} saying I cannot attend the meeting",
                "Compose an e-mail to {x} about moving the meeting",
                "Help me tell {x} that I cannot make it to the meeting",
                "Write {x} a mail asking for another date for our meeting",
                "Send regrets to {x} for the meeting, write the mail",
                "Please write an email to {x} in which I cancel the meeting",
                "Formulate a mail to {x}: the meeting cannot take place",
            ),
            same("Anna Peter Laura Daniel Grace Oscar Helen Victor Sophie Mark"),
            (
                same(DAYS["en"]),
                with_stems(
                    "I+am+ill:ill:sick:unwell my+train+is+late:train my+car+broke+down:car dentist+appointment:dentist"
                ),
                with_stems("new+date+in+June:june new+date+next+week:next+week call+me+at+4+pm:4 new+date+in+May:may"),
                with_stems("the+report+is+ready:report the+contract+is+signed:contract the+budget+is+attached:budget"),
            ),
            "Dear {x}, I must cancel our meeting:",
        ),
        "slogan": Kind(
            (
                "Write a slogan for a {x}",
                "Give me a catchy slogan for a {x}",
                "I need a slogan for my {x}",
                "slogan for a {x}",
                "Come up with a short advertising line for a {x}",
                "Create a tagline for a {x}",
                "Invent a catchphrase for a {x}",
                "What would be a good slogan for a {x}?",
                "Think of a motto for a {x}",
                "Can you make up a slogan for our {x}?",
                "We are opening a {x} and need a slogan",
                "Suggest one slogan for a {x}",
                "A line for the window of a {x}, please",
                "Write one memorable sentence to advertise a {x}",
            ),
            same(
                "bakery bookshop gym café pet+shop flower+shop bike+shop hair+salon pizzeria hotel tea+house "
                "car+wash toy+store library"
            ),
            (
                with_stems(
                    "the+name+Sunrise:sunrise the+name+Oakhill:oakhill the+name+Bella:bella the+name+Corner:corner"
                ),
                with_stems("fresh:fresh friendly:friend fast:fast cheap:cheap since+1950:1950 open+all+night:night"),
                same("family heart home smile"),
            ),
            "The best {x}:",
        ),
        "thanks": Kind(
            (
                "Write a thank-you note to {x}",
                "Write a short thank you message to {x}",
                "I want to thank {x}, write a few lines",
                "thank-you card for {x}",
                "Help me say thanks to {x}",
                "Draft a warm thank-you message for {x}",
                "Can you write a thank you note for {x}?",
                "Compose a short note thanking {x}",
                "Put my thanks to {x} into nice words",
                "Write two sentences to thank {x}",
                "I need a thank-you text for {x}",
                "Create a message of thanks to {x}",
                "Say thank you to {x} in a short letter",
                "How could I thank {x} in writing? Write it for me",
            ),
            same("Anna Peter Laura Daniel Grace Oscar Helen Victor Sophie Mark Grandma Uncle+Joe"),
            (
                with_stems(
                    "the+flowers:flower the+book:book the+cake:cake the+scarf:scarf the+tickets:ticket "
                    "the+help+with+the+move:help"
                ),
                with_stems("my+birthday:birthday our+wedding:wedding last+weekend:weekend the+party:party"),
                with_stems(
                    "see+you+in+June:june see+you+in+London:london see+you+on+Sunday:sunday "
                    "see+you+at+Christmas:christmas"
                ),
                with_stems("the+children+loved+it:child:kid the+dog+loved+it:dog my+wife+loved+it:wife"),
            ),
            "Dear {x}, thank you so much!",
        ),
    },
    "de": {
        "product": Kind(
            (
                "Schreibe eine Produktbeschreibung für: {x}",
                "Schreibe einen kurzen Werbetext für unser Produkt {x}",
                "Produkttext: {x}",
                "Beschreibe das Produkt {x} für unseren Onlineshop",
                "Kannst du eine Produktbeschreibung zu {x} schreiben?",
                "Ich brauche einen Verkaufstext für das Produkt {x}",
            ),
            same("Tasse Rucksack Lampe Stuhl Jacke Fahrrad Zelt Kissen Koffer Vase Uhr Spiegel"),
            (
                with_stems("rot:rot blau:blau grün:grün schwarz:schwarz weiß:weiß"),
                with_stems("Holz:holz:hölz Stahl:stahl:stähl Baumwolle:baumwoll Glas:glas:gläs Leder:leder"),
                prices("19 Euro", "25 Euro", "49 Euro", "120 Euro"),
                with_stems("aus+Italien:ital handgemacht:hand zwei+Jahre+Garantie:garant"),
            ),
            "{x} – das ist genau das Richtige für Sie",
        ),
        "invitation": Kind(
            (
                "Schreibe eine Einladung: {x}",
                "Schreibe eine kurze Einladung zum Thema {x}",
                "Lade meine Freunde ein: {x}",
                "Einladungstext: {x}",
                "Kannst du eine Einladung für den Anlass {x} schreiben?",
            ),
            with_stems(
                "Geburtstagsfeier:geburtstag Gartenfest:garten Hochzeit:hochzeit Grillabend:grill "
                "Konzert:konzert Spieleabend:spiel"
            ),
            (
                same(DAYS["de"]),
                with_stems("19+Uhr:19 15+Uhr:15 11+Uhr:11 20+Uhr:20"),
                with_stems("im+Park:park am+See:see im+Rathaus:rathaus bei+Maria:maria"),
                with_stems("Salat+mitbringen:salat Stuhl+mitbringen:stuhl:stühl Livemusik:musik"),
            ),
            "Wir laden dich herzlich ein und freuen uns auf dich, der Anlass ist {x}",
        ),
        "mail": Kind(
            (
                "Schreibe eine E-Mail an {x}, dass ich nicht zur Sitzung kommen kann",
                "Sag {x} per E-Mail unser Treffen ab",
                "E-Mail an {x}: Ich komme zu spät zum Treffen",
                "Kannst du {x} schreiben, dass der Termin verschoben werden muss?",
                "Entwirf eine höfliche Absage an {x} für das Treffen",
            ),
            same("Anna Peter Laura Daniel Greta Jonas Klara Moritz"),
            (
                same(DAYS["de"]),
                with_stems("ich+bin+krank:krank mein+Zug+hat+Verspätung:zug Termin+beim+Zahnarzt:zahnarzt"),
                with_stems("neuer+Termin+im+Juni:juni neuer+Termin+nächste+Woche:nächste"),
                with_stems("der+Bericht+ist+fertig:bericht der+Vertrag+liegt+bei:vertrag"),
            ),
            "Hallo {x}, das Treffen muss ich leider absagen:",
        ),
        "thanks": Kind(
            (
                "Schreibe eine kurze Dankeskarte an {x}",
                "Ich möchte {x} danken, schreibe ein paar Zeilen",
                "Dankesbrief an {x}",
                "Kannst du einen kurzen Dank an {x} schreiben?",
                "Bedanke dich in meinem Namen bei {x}",
            ),
            same("Anna Peter Laura Daniel Greta Jonas Oma Klara"),
            (
                with_stems("die+Blumen:blume das+Buch:buch der+Kuchen:kuchen die+Hilfe+beim+Umzug:hilf"),
                with_stems("mein+Geburtstag:geburtstag unsere+Hochzeit:hochzeit das+Wochenende:wochenende"),
                with_stems("bis+Sonntag:sonntag bis+Juni:juni bis+Weihnachten:weihnacht"),
            ),
            "Hallo {x}, ich danke dir sehr für alles:",
        ),
    },
    "sv": {
        "product": Kind(
            (
                "Skriv en produktbeskrivning för: {x}",
                "Skriv en kort säljtext om {x}",
                "Produkttext: {x}",
                "Beskriv produkten {x} för vår webbutik",
                "Kan du skriva en annons för {x}?",
            ),
            with_stems(
                "mugg:mugg ryggsäck:ryggsäck lampa:lamp stol:stol jacka:jack cykel:cyk tält:tält kudde:kudd "
                "väska:väsk spegel:speg"
            ),
            (
                with_stems("röd:röd:rött blå:blå grön:grön svart:svart vit:vit"),
                with_stems("trä:trä stål:stål bomull:bomull glas:glas läder:läder"),
                prices("199 kronor", "250 kronor", "490 kronor"),
                with_stems("från+Italien:ital handgjord:hand två+års+garanti:garanti"),
            ),
            "{x} – det är precis den som du vill ha",
        ),
        "invitation": Kind(
            (
                "Skriv en inbjudan till {x}",
                "Skriv en kort inbjudan: {x}",
                "Bjud in mina vänner till {x}",
                "Inbjudan: {x}",
                "Kan du skriva en inbjudan till {x}?",
            ),
            with_stems(
                "födelsedagsfest:födelsedag trädgårdsfest:trädgård bröllop:bröllop grillkväll:grill "
                "konsert:konsert spelkväll:spel"
            ),
            (
                same(DAYS["sv"]),
                with_stems("klockan+19:19 klockan+15:15 klockan+11:11"),
                with_stems("i+parken:park vid+sjön:sjö hos+Maria:maria"),
                with_stems("ta+med+sallad:sallad ta+med+en+stol:stol levande+musik:musik"),
            ),
            "Du är så varmt välkommen till oss på {x}",
        ),
        "mail": Kind(
            (
                "Skriv ett mejl till {x} om att jag inte kan komma på mötet",
                "Avboka mötet med {x} i ett kort mejl",
                "Mejl till {x}: jag blir sen till mötet",
                "Kan du skriva till {x} att mötet måste flyttas?",
                "Skriv ett artigt mejl till {x} och ställ in mötet",
            ),
            same("Anna Erik Lars Karin Johan Elsa Nils Sara"),
            (
                same(DAYS["sv"]),
                with_stems("jag+är+sjuk:sjuk tåget+är+sent:tåg tandläkartid:tandläk"),
                with_stems("ny+tid+i+juni:juni ny+tid+nästa+vecka:nästa"),
                with_stems("rapporten+är+klar:rapport avtalet+är+klart:avtal"),
            ),
            "Hej {x}, jag kan inte komma på mötet:",
        ),
        "thanks": Kind(
            (
                "Skriv ett kort tackkort till {x}",
                "Jag vill tacka {x}, skriv några rader",
                "Tackbrev till {x}",
                "Kan du skriva ett kort tack till {x}?",
                "Tacka {x} i ett par meningar",
            ),
            same("Anna Erik Lars Karin Johan Elsa Mormor Sara"),
            (
                with_stems("blommorna:blom boken:bok kakan:kaka hjälpen+med+flytten:hjälp"),
                with_stems("min+födelsedag:födelsedag vårt+bröllop:bröllop helgen:helg"),
                with_stems("vi+ses+på+söndag:söndag vi+ses+i+juni:juni vi+ses+till+jul:jul"),
            ),
            "Hej {x}, tack så mycket för det som du har gett:",
        ),
    },
    "es": {
        "product": Kind(
            (
                "Escribe una descripción de producto: {x}",
                "Escribe un texto corto para vender el producto {x}",
                "Texto de producto: {x}",
                "Describe el producto {x} para nuestra tienda en línea",
                "¿Puedes escribir un anuncio para el producto {x}?",
            ),
            same("taza mochila lámpara silla chaqueta bicicleta almohada maleta reloj espejo"),
            (
                with_stems("rojo:roj azul:azul verde:verde negro:negr blanco:blanc"),
                with_stems("madera:madera acero:acero algodón:algodón cristal:cristal cuero:cuero"),
                prices("19 euros", "25 euros", "49 euros"),
                with_stems("hecho+en+Italia:ital hecho+a+mano:mano dos+años+de+garantía:garant"),
            ),
            "{x} – lo que necesitas para tu día a día y para los tuyos",
        ),
        "invitation": Kind(
            (
                "Escribe una invitación: {x}",
                "Escribe una invitación corta para este evento: {x}",
                "Invita a mis amigos: {x}",
                "Texto de invitación: {x}",
                "¿Puedes escribir una invitación para una {x}?",
            ),
            with_stems(
                "fiesta+de+cumpleaños:cumpleaños boda:boda barbacoa:barbacoa cena:cena merienda:merienda "
                "noche+de+juegos:juego"
            ),
            (
                same(DAYS["es"]),
                with_stems("a+las+19:19:7 a+las+11:11 a+las+20:20:8"),
                with_stems("en+el+parque:parque junto+al+lago:lago en+casa+de+María:maría"),
                with_stems("traer+ensalada:ensalada traer+una+silla:silla música+en+vivo:música"),
            ),
            "Te invitamos con gusto a la {x} en casa",
        ),
        "mail": Kind(
            (
                "Escribe un correo a {x} para decir que no puedo ir a la reunión",
                "Cancela la reunión con {x} en un correo breve",
                "Correo a {x}: llegaré tarde a la reunión",
                "¿Puedes escribir a {x} que hay que cambiar la fecha de la reunión?",
                "Redacta un correo amable a {x} para anular la reunión",
            ),
            same("Ana Luis Carmen Javier Marta Diego Elena Sergio"),
            (
                same(DAYS["es"]),
                with_stems("estoy+enfermo:enferm mi+tren+llega+tarde:tren cita+con+el+dentista:dentista"),
                with_stems("nueva+fecha+en+junio:junio nueva+fecha+la+próxima+semana:próxima"),
                with_stems("el+informe+está+listo:informe el+contrato+está+firmado:contrato"),
            ),
            "Hola {x}, la reunión se cancela:",
        ),
        "thanks": Kind(
            (
                "Escribe una nota de agradecimiento a {x}",
                "Quiero dar las gracias a {x}, escribe unas líneas",
                "Tarjeta de agradecimiento para {x}",
                "¿Puedes escribir un mensaje corto para dar las gracias a {x}?",
                "Da las gracias a {x} en dos frases",
            ),
            same("Ana Luis Carmen Javier Marta Diego Elena Abuela"),
            (
                with_stems("las+flores:flor el+libro:libro la+tarta:tarta la+ayuda+con+la+mudanza:ayud"),
                with_stems("mi+cumpleaños:cumpleaños nuestra+boda:boda el+fin+de+semana:semana"),
                with_stems("nos+vemos+el+domingo:domingo nos+vemos+en+junio:junio nos+vemos+en+Navidad:navidad"),
            ),
            "Hola {x}, muchas gracias por todo lo que haces:",
        ),
    },
    "fr": {
        "product": Kind(
            (
                "Écris une description de produit : {x}",
                "Écris un court texte de vente pour le produit {x}",
                "Texte de produit : {x}",
                "Décris le produit {x} pour notre boutique en ligne",
                "Peux-tu écrire une annonce pour le produit {x} ?",
            ),
            with_stems(
                "tasse:tasse sac+à+dos:sac lampe:lampe chaise:chaise veste:veste vélo:vélo tente:tente "
                "coussin:coussin valise:valise miroir:miroir"
            ),
            (
                with_stems("rouge:rouge bleu:bleu vert:vert noir:noir blanc:blanc"),
                with_stems("bois:bois acier:acier coton:coton verre:verre cuir:cuir"),
                prices("19 euros", "25 euros", "49 euros"),
                with_stems("fabriqué+en+Italie:ital fait+main:main garantie+de+deux+ans:garant"),
            ),
            "Découvrez {x}, le plaisir de la maison :",
        ),
        "invitation": Kind(
            (
                "Écris une invitation : {x}",
                "Écris une courte invitation pour cet événement : {x}",
                "Invite mes amis : {x}",
                "Texte d'invitation : {x}",
                "Peux-tu écrire une invitation pour notre {x} ?",
            ),
            with_stems(
                "fête+d'anniversaire:anniversaire mariage:mariage barbecue:barbecue dîner:dîner "
                "concert:concert soirée+jeux:jeu"
            ),
            (
                same(DAYS["fr"]),
                with_stems("à+19+heures:19 à+11+heures:11 à+20+heures:20"),
                with_stems("dans+le+parc:parc au+bord+du+lac:lac chez+Marie:marie"),
                with_stems("apporter+une+salade:salade apporter+une+chaise:chaise musique+en+direct:musique"),
            ),
            "Vous êtes tous invités chez nous pour {x} :",
        ),
        "mail": Kind(
            (
                "Écris un e-mail à {x} pour dire que je ne peux pas venir à la réunion",
                "Annule la réunion avec {x} dans un court e-mail",
                "E-mail à {x} : je serai en retard à la réunion",
                "Peux-tu écrire à {x} que la réunion doit être reportée ?",
                "Rédige un message poli à {x} pour annuler la réunion",
            ),
            same("Anne Luc Camille Julien Pierre Manon Hugo Sophie"),
            (
                same(DAYS["fr"]),
                with_stems("je+suis+malade:malade mon+train+est+en+retard:train rendez-vous+chez+le+dentiste:dentiste"),
                with_stems("nouvelle+date+en+juin:juin nouvelle+date+la+semaine+prochaine:prochaine"),
                with_stems("le+rapport+est+prêt:rapport le+contrat+est+signé:contrat"),
            ),
            "Bonjour {x}, la réunion est annulée :",
        ),
        "thanks": Kind(
            (
                "Écris une carte de remerciement à {x}",
                "Je veux remercier {x}, écris quelques lignes",
                "Mot de remerciement pour {x}",
                "Peux-tu écrire un court message pour remercier {x} ?",
                "Remercie {x} en deux phrases",
            ),
            same("Anne Luc Camille Julien Pierre Manon Mamie Sophie"),
            (
                with_stems("les+fleurs:fleur le+livre:livre le+gâteau:gâteau l'aide+pour+le+déménagement:aide"),
                with_stems("mon+anniversaire:anniversaire notre+mariage:mariage le+week-end:week"),
                with_stems("à+dimanche:dimanche à+Noël:noël on+se+voit+en+juin:juin"),
            ),
            "Bonjour {x}, je te dis un grand merci pour tout :",
        ),
    },
    "zh": {
        "product": Kind(
            (
                "为{x}写一段产品描述",
                "写一段{x}的广告文案",
                "产品介绍：{x}",
                "我们的网店要卖{x}，写个简短的介绍",
                "你能给{x}写一段商品描述吗？",
            ),
            same("杯子 背包 台灯 椅子 外套 自行车 帐篷 枕头 行李箱 镜子"),
            (
                with_stems("红色:红 蓝色:蓝 绿色:绿 黑色:黑 白色:白"),
                with_stems("木头:木 不锈钢:钢 纯棉:棉 玻璃:玻璃 真皮:皮"),
                prices("59元", "99元", "128元"),
                with_stems("意大利制造:意大利 手工制作:手工 保修两年:保修"),
            ),
            "这款{x}是您的好选择：",
        ),
        "invitation": Kind(
            ("写一封{x}的邀请函", "写一段简短的{x}邀请", "邀请朋友参加{x}", "{x}邀请词", "你能写一个{x}的邀请吗？"),
            same("生日聚会 婚礼 烧烤晚会 音乐会 游戏之夜 野餐"),
            (
                with_stems("星期六:星期六:周六 星期五:星期五:周五 星期天:星期天:周日:星期日"),
                with_stems("晚上7点:7:七 下午3点:3:三 上午11点:11:十一"),
                with_stems("在公园:公园 在湖边:湖 在王芳家:王芳"),
                with_stems("请带沙拉:沙拉 有现场音乐:音乐 请带椅子:椅子"),
            ),
            "诚挚邀请您参加{x}：",
        ),
        "mail": Kind(
            (
                "给{x}写一封邮件，说我不能参加会议",
                "写封短邮件给{x}，取消我们的会议",
                "给{x}的邮件：我开会要迟到了",
                "你能写信告诉{x}会议要改期吗？",
                "写一封礼貌的邮件向{x}说明会议取消",
            ),
            same("王芳 李伟 张敏 刘洋 陈静 赵磊"),
            (
                with_stems("星期一:星期一:周一 星期三:星期三:周三 星期五:星期五:周五"),
                with_stems("我生病了:病 火车晚点:火车 要看牙医:牙"),
                with_stems("改到六月:六月:6月 改到下周:下周:下星期"),
                with_stems("报告已经完成:报告 合同已经签好:合同"),
            ),
            "{x}您好，很抱歉我不能参加会议：",
        ),
        "thanks": Kind(
            (
                "给{x}写一张感谢卡",
                "我想感谢{x}，写几句话",
                "给{x}的感谢信",
                "你能写一段话感谢{x}吗？",
                "用两句话感谢{x}",
            ),
            same("王芳 李伟 张敏 刘洋 陈静 奶奶"),
            (
                with_stems("送的花:花 送的书:书 送的蛋糕:蛋糕 帮忙搬家:搬家"),
                with_stems("我的生日:生日 我们的婚礼:婚礼 上个周末:周末"),
                with_stems("星期天见:星期天:周日:星期日 六月见:六月:6月 春节见:春节"),
            ),
            "亲爱的{x}，非常感谢你：",
        ),
    },
}

PURPOSE: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {"mail": ("meeting", "appointment", "attend"), "thanks": ("thank", "grateful", "appreciat")},
    "de": {"mail": ("treffen", "termin", "sitzung", "meeting"), "thanks": ("dank",)},
    "sv": {"mail": ("möte", "träff"), "thanks": ("tack",)},
    "es": {"mail": ("reunión", "cita"), "thanks": ("gracias", "agradec")},
    "fr": {"mail": ("réunion", "rendez-vous"), "thanks": ("merci", "remerci")},
    "zh": {"mail": ("会",), "thanks": ("谢",)},
}
"""Parts of words without which a text of the kind has missed its purpose."""

PLANS: Mapping[int, tuple[int, Sequence[int]]] = {
    1: (0, (0,)),
    2: (1, (0,)),
    3: (2, (40, 45)),
    4: (3, (30, 35)),
    5: (4, (22, 25)),
}
"""By level: facts to mention, and the words allowed (0 for no limit). In Chinese, twice as many characters."""

UNLIMITED = 110
"""Words that a text without a limit may have: more is no short text."""


def written_well(facts: Sequence[Fact], language: str, least: int, most: int, text: str, prompt: str) -> bool:
    """Whether a text tells the facts in the language, within the length, once, and in its own words."""
    long_enough = least <= len(words(text)) <= most
    told = all(says_part(text, parts) for _, parts in facts)
    own = (
        not rambles(text, 2)
        and not copies(text, prompt)
        and not is_part_of(text, prompt)
        and not speaks_as_assistant(text)
    )
    # A slogan may do without small words, no other text can.
    small = least < 6 or language == "zh" or not set(STOP_WORDS[language].split()).isdisjoint(words(text))
    return long_enough and told and own and small and is_in(text, language) and not unfinished(text)


def after_introduction(text: str) -> str:
    """The text without "Here is a slogan:" before it."""
    first, mark, rest = text.strip().partition(":\n")
    return rest if mark and len(first) < 90 and "\n" not in first else text


def example(kind: Kind, subject: str, facts: Sequence[str], sender: str, language: str) -> str:
    """A right answer: its opening, the facts and, if it is among these, the name of the sender."""
    chinese = language == "zh"
    opening = upper_first(kind.opening.format(x=subject).rstrip(" :：!"))
    # Backwards, or the check would take it for a copy of the request.
    told = ("、" if chinese else ", ").join(fact for fact in reversed(facts) if fact != sender)
    colon = "：" if chinese else " : " if language == "fr" else ": "
    text = (f"{opening}{colon}{told}" if told else opening) + ("。" if chinese else ".")
    return f"{text} Best wishes, {sender}" if sender in facts else text


def unfinished(text: str) -> bool:
    """Whether a text stops where more must come: at a colon or a comma."""
    return text.rstrip(" \n*\"'”").endswith((":", "：", ",", "，", "、"))


def make(rng: Random, level: int, language: str) -> Item:
    """Ask for a short text with as many facts, and as short, as the level says."""
    name = rng.choice(list(KINDS[language]))
    kind = KINDS[language][name]
    subject = rng.choice(kind.subjects)
    count, limits = PLANS[level]
    rows = [kind.facts[place] for place in sorted(rng.sample(range(len(kind.facts)), min(count, len(kind.facts))))]
    facts = [rng.choice([fact for fact in row if not says_part(subject[0], fact[1])]) for row in rows]
    limit = rng.choice(limits) * (2 if language == "zh" else 1)
    limit = limit // 2 if name == "slogan" and limit else limit
    comma = "、" if language == "zh" else ", "
    sentences: list[str] = []
    if facts:
        sentences.append(rng.choice(MENTION[language]).format(facts=comma.join(shown for shown, _ in facts)))
    if limit:
        sentences.append(rng.choice(LIMIT[language]).format(n=limit))
    elif name != "slogan":
        sentences.append(rng.choice(BRIEF[language]))
    sender = first_name(rng, language)
    if name in ("mail", "thanks") and level in (2, 4) and language == "en" and sender not in subject[0]:
        sentences.append(rng.choice(("My name is {x}.", "Sign as {x}.", "It is from {x}.")).format(x=sender))
        facts.append((sender, (sender,)))
    requests = [request.format(x=subject[0]) for request in kind.requests]
    requests = list(map(with_an, requests)) if language == "en" else requests
    turns = worded(rng, language, requests)
    space = "" if language == "zh" else rng.choice((" ", " ", "\n"))
    *before, last = turns
    turns = (*before, type(last)(last.role, space.join([last.text, *sentences])))
    needed = facts if name == "slogan" else [subject, *facts]
    needed += [("", PURPOSE[language][name])] if name in PURPOSE[language] else []
    slogan = name == "slogan"
    usual = (30 if language == "zh" else 16) if slogan else UNLIMITED
    least, most = (2 if slogan else 6), limit or usual

    def check(answer: Answer) -> bool:
        parts = (answer.text, after_introduction(answer.text))
        return any(written_well(needed, language, least, most, text, turns[-1].text) for text in parts)

    expected = example(kind, subject[0], [shown for shown, _ in facts], sender, language)
    room = 30 if name == "slogan" else min(110, 30 + 2 * limit) if limit else 90
    return Item(turns, check, room, expected)


FAMILY = Family(name="short_writing", title="writing short texts from given facts", make=make)

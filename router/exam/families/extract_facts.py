"""Finding names, dates, times, amounts, numbers and places in a text."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from string import Formatter

from router.exam.checks.written_answers import copies, echoes, folded, says
from router.exam.content.names_and_goods import CITIES, SURNAMES, full_name, pool
from router.exam.item import Answer, Family, Item
from router.exam.wording.openers import worded

MONTHS: Mapping[str, Sequence[str]] = {
    "en": pool("January February March April May June July August September October November December"),
    "de": pool("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
    "sv": pool("januari februari mars april maj juni juli augusti september oktober november december"),
    "es": pool("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
    "fr": pool("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
    "zh": tuple(f"{month}月" for month in range(1, 13)),
}

DATE_FORMS: Mapping[str, Sequence[str]] = {
    "en": ("{day} {month}", "{month} {day}"),
    "de": ("{day}. {month}",),
    "sv": ("{day} {month}",),
    "es": ("{day} de {month}",),
    "fr": ("{day} {month}",),
    "zh": ("{month}{day}日",),
}

AMOUNT_FORMS: Mapping[str, Sequence[str]] = {
    "en": ("${x}", "£{x}", "€{x}", "{x} dollars", "{x} euros"),
    "de": ("{x} Euro", "{x} €"),
    "sv": ("{x} kronor", "{x} kr"),
    "es": ("{x} euros", "{x} €"),
    "fr": ("{x} euros", "{x} €"),
    "zh": ("{x}元",),
}

REQUESTS: Mapping[str, Sequence[str]] = {
    "en": (
        "Extract {what} from this text",
        "Find {what} in this message",
        "Tell me {what}",
        "Give me {what} from this note",
        "Look up {what} in this text",
        "Read this message and give me {what}",
        "Pick out {what}",
        "Get {what} out of this paragraph",
        "I need {what} from this text",
        "Write down {what}",
        "Identify {what} in this text",
        "Copy {what} from this note",
        "Can you see {what} in this message?",
        "Could you tell me {what}?",
        "Fill in {what}:",
        "extract {what}:",
        "State {what} given in this text",
    ),
    "de": (
        "Finde {what} in diesem Text",
        "Nenne {what}",
        "Gib mir {what} aus diesem Text",
        "Lies den Text und schreibe {what} heraus",
        "Kannst du mir {what} nennen?",
        "Ich brauche {what}",
    ),
    "sv": (
        "Hitta {what} i den här texten",
        "Skriv ut {what}",
        "Ge mig {what} från den här texten",
        "Läs texten och ange {what}",
        "Kan du säga {what}?",
        "Jag behöver {what}",
    ),
    "es": (
        "Extrae {what} de este texto",
        "Dame {what}",
        "Busca {what} en el mensaje",
        "Lee el texto y dime {what}",
        "¿Puedes decirme {what}?",
        "Necesito {what}",
    ),
    "fr": (
        "Extrais {what} de ce texte",
        "Donne-moi {what}",
        "Trouve {what} dans le message",
        "Lis le texte et indique {what}",
        "Peux-tu me dire {what} ?",
        "Il me faut {what}",
    ),
    "zh": (
        "从这段文字中提取{what}",
        "找出{what}",
        "告诉我{what}",
        "请阅读这段文字并写出{what}",
        "你能告诉我{what}吗？",
        "我需要{what}",
    ),
}

TAILS: Mapping[str, Sequence[str]] = {
    "en": ("Just that, nothing else.", "Keep it short.", "No full sentences.", "Answer in as few words as possible."),
    "de": ("Nur das, sonst nichts.", "Bitte kurz."),
    "sv": ("Bara det, inget annat.", "Kort svar."),
    "es": ("Solo eso, nada más.", "Respuesta corta."),
    "fr": ("Seulement cela, rien d'autre.", "Réponse courte."),
    "zh": ("只要这个，不要别的。", "简短回答。"),
}

AND: Mapping[str, str] = {"en": " and ", "de": " und ", "sv": " och ", "es": " y ", "fr": " et ", "zh": "和"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A kind of message in one language.

    Parameters
    ----------
    short, long : sequence of str
        Texts with slots: name, date, time, amount, number, place.
    nouns : mapping of str to str
        How each slot is asked for.
    asides : sequence of str
        Sentences about another name, date and so on, which nobody asks for.
    """

    short: Sequence[str]
    long: Sequence[str]
    nouns: Mapping[str, str]
    asides: Sequence[str]


SCENES: Mapping[str, Sequence[Scene]] = {
    "en": (
        Scene(
            (
                "Order {number} for {name} costs {amount}.",
                "{name} ordered on {date}, the total is {amount}.",
                "Your parcel {number} leaves for {place} on {date}.",
                "{name} paid {amount} for the chairs.",
            ),
            (
                "Dear {name}, thank you for your order {number}. The total of {amount} was charged to your "
                "card, and the "
                "parcel will arrive in {place} on {date}.",
                "We have packed order {number}. It goes to {name} in {place}, delivery is planned for {date}, and "
                "{amount} is to be paid at the door.",
                "Hi, this is {name} from {place}. My order {number} should have come on {date}, but it is "
                "not here, and "
                "I have already paid {amount}.",
            ),
            {
                "name": "the customer's name",
                "date": "the delivery date",
                "amount": "the total amount",
                "number": "the order number",
                "place": "the city",
            },
            (
                "The driver is called {name}.",
                "Our warehouse in {place} was closed last week.",
                "A gift card of {amount} is waiting for new members.",
                "Our catalogue has the number {number}.",
                "The summer sale ended on {date}.",
            ),
        ),
        Scene(
            (
                "{name} has an appointment on {date} at {time}.",
                "The meeting in {place} starts at {time}.",
                "Please come to {place} on {date}.",
                "The dentist sees {name} at {time}.",
            ),
            (
                "We are happy to confirm your appointment with {name} on {date} at {time} in our practice in {place}. "
                "The visit costs {amount}.",
                "Reminder: job interview with {name}, {date}, {time}, at the office in {place}. Travel costs of up to "
                "{amount} are paid back.",
                "Hello team, {name} will meet us in {place}. The appointment is on {date} and begins at {time}; lunch "
                "costs {amount} each.",
            ),
            {
                "name": "the name of the person",
                "date": "the date of the appointment",
                "time": "the time of the appointment",
                "place": "the city",
                "amount": "the cost",
            },
            (
                "This e-mail was written by {name} from the front desk.",
                "Our office in {place} has moved.",
                "The car park closes at {time}.",
                "A parking ticket would be {amount}.",
                "We are on holiday from {date}.",
            ),
        ),
        Scene(
            (
                "Booking {number}: {name}, arrival {date}.",
                "{name} booked a room in {place} for {amount}.",
                "The hotel in {place} costs {amount} a night.",
                "Booking number {number}, hotel in {place}.",
            ),
            (
                "Booking confirmation {number}: we look forward to seeing {name} at our hotel in {place}. "
                "Arrival is on "
                "{date}, and the price is {amount}.",
                "The flat in {place} is yours, {name}! You arrive on {date}, the price is {amount}, and your booking "
                "number is {number}.",
                "Dear {name}, the ferry to {place} leaves on {date}. The price is {amount}; show the booking number "
                "{number} at the counter.",
            ),
            {
                "name": "the guest's name",
                "date": "the date of arrival",
                "amount": "the price",
                "number": "the booking number",
                "place": "the city",
            },
            (
                "If you have questions, ask for {name} at the desk.",
                "Our second house in {place} is being painted.",
                "Breakfast would be another {amount}.",
                "The old form {number} is no longer in use.",
                "The pool opens again on {date}.",
            ),
        ),
        Scene(
            (
                "Cooking class with {name} on {date}, fee {amount}.",
                "The concert in {place} begins at {time}.",
                "{name} gives a talk in {place} on {date}.",
                "Tickets for the match in {place} cost {amount}.",
            ),
            (
                "On {date} at {time}, {name} will give a yoga class in {place}. The fee of {amount} is paid "
                "on the spot.",
                "Our next reading takes place in {place}: {name} presents a new book on {date}, doors open at {time}, "
                "tickets are {amount}.",
                "Save the date! {date}, {time}: garden workshop in {place}, led by {name}. The fee is {amount} with "
                "coffee.",
            ),
            {
                "name": "the name of the speaker or teacher",
                "date": "the date of the event",
                "time": "the starting time",
                "place": "the city",
                "amount": "the fee",
            },
            (
                "Last year's guest was {name}.",
                "A similar evening in {place} was sold out.",
                "The bar closes at {time}.",
                "Members got a discount of {amount} in the past.",
                "The club was founded on {date} many years ago.",
            ),
        ),
    ),
    "de": (
        Scene(
            (
                "Die Bestellung {number} von {name} kostet {amount}.",
                "Ihr Paket {number} kommt am {date} in {place} an.",
                "{name} hat {amount} für die Stühle bezahlt.",
            ),
            (
                "Guten Tag {name}, vielen Dank für Ihre Bestellung {number}. Der Gesamtbetrag von {amount} wurde "
                "abgebucht, das Paket kommt am {date} in {place} an.",
                "Die Bestellung {number} geht an {name} in {place}. Geliefert wird am {date}, an der Tür sind {amount} "
                "zu zahlen.",
            ),
            {
                "name": "den Namen des Kunden",
                "date": "das Lieferdatum",
                "amount": "den Gesamtbetrag",
                "number": "die Bestellnummer",
                "place": "die Stadt",
            },
            (
                "Der Fahrer heißt {name}.",
                "Unser Lager in {place} war letzte Woche geschlossen.",
                "Neue Mitglieder bekommen einen Gutschein über {amount}.",
                "Der Katalog hat die Nummer {number}.",
                "Der Ausverkauf endete am {date}.",
            ),
        ),
        Scene(
            (
                "{name} hat am {date} um {time} einen Termin.",
                "Das Treffen in {place} beginnt um {time}.",
                "Bitte kommen Sie am {date} nach {place}.",
            ),
            (
                "Wir bestätigen Ihren Termin bei {name} am {date} um {time} in unserer Praxis in {place}. Der Besuch "
                "kostet {amount}.",
                "Hallo zusammen, {name} trifft uns in {place}. Der Termin ist am {date} und beginnt um {time}, das "
                "Essen kostet {amount}.",
            ),
            {
                "name": "den Namen der Person",
                "date": "das Datum des Termins",
                "time": "die Uhrzeit des Termins",
                "place": "die Stadt",
                "amount": "die Kosten",
            },
            (
                "Diese Nachricht schrieb {name} vom Empfang.",
                "Unser Büro in {place} ist umgezogen.",
                "Das Parkhaus schließt um {time}.",
                "Ein Strafzettel läge bei {amount}.",
                "Ab dem {date} sind wir im Urlaub.",
            ),
        ),
        Scene(
            (
                "Buchung {number}: {name}, Anreise am {date}.",
                "{name} hat ein Zimmer in {place} für {amount} gebucht.",
                "Das Hotel in {place} kostet {amount} pro Nacht.",
            ),
            (
                "Buchungsbestätigung {number}: Wir freuen uns auf {name} in unserem Hotel in {place}. Die Anreise ist "
                "am {date}, der Preis beträgt {amount}.",
                "Guten Tag {name}, die Fähre nach {place} fährt am {date}. Der Preis beträgt {amount}, die "
                "Buchungsnummer lautet {number}.",
            ),
            {
                "name": "den Namen des Gastes",
                "date": "das Reisedatum",
                "amount": "den Preis",
                "number": "die Buchungsnummer",
                "place": "die Stadt",
            },
            (
                "Bei Fragen hilft {name} am Schalter.",
                "Unser zweites Haus in {place} wird gestrichen.",
                "Ein Frühstück käme auf weitere {amount}.",
                "Das alte Formular {number} gilt nicht mehr.",
                "Das Schwimmbad öffnet wieder am {date}.",
            ),
        ),
    ),
    "sv": (
        Scene(
            (
                "Beställning {number} från {name} kostar {amount}.",
                "Paketet {number} kommer till {place} den {date}.",
                "{name} betalade {amount} för stolarna.",
            ),
            (
                "Hej {name}, tack för din beställning {number}. Totalbeloppet {amount} har dragits från kortet och "
                "paketet kommer till {place} den {date}.",
                "Beställning {number} går till {name} i {place}. Leveransen sker den {date} och {amount} betalas vid "
                "dörren.",
            ),
            {
                "name": "kundens namn",
                "date": "leveransdatumet",
                "amount": "totalbeloppet",
                "number": "beställningsnumret",
                "place": "staden",
            },
            (
                "Föraren heter {name}.",
                "Vårt lager i {place} var stängt förra veckan.",
                "Nya medlemmar får ett presentkort på {amount}.",
                "Katalogen har nummer {number}.",
                "Rean slutade den {date}.",
            ),
        ),
        Scene(
            (
                "{name} har en tid den {date} klockan {time}.",
                "Mötet i {place} börjar klockan {time}.",
                "Välkommen till {place} den {date}.",
            ),
            (
                "Vi bekräftar din tid hos {name} den {date} klockan {time} på vår mottagning i {place}. Besöket kostar "
                "{amount}.",
                "Hej alla, {name} träffar oss i {place}. Mötet är den {date} och börjar klockan {time}, lunchen kostar "
                "{amount}.",
            ),
            {
                "name": "personens namn",
                "date": "datumet för mötet",
                "time": "klockslaget",
                "place": "staden",
                "amount": "kostnaden",
            },
            (
                "Det här mejlet skrevs av {name} i receptionen.",
                "Vårt kontor i {place} har flyttat.",
                "Garaget stänger klockan {time}.",
                "En parkeringsbot ligger på {amount}.",
                "Vi har semester från den {date}.",
            ),
        ),
        Scene(
            (
                "Bokning {number}: {name}, ankomst den {date}.",
                "{name} bokade ett rum i {place} för {amount}.",
                "Hotellet i {place} kostar {amount} per natt.",
            ),
            (
                "Bokningsbekräftelse {number}: vi ser fram emot att träffa {name} på vårt hotell i {place}. Ankomsten "
                "är den {date} och priset är {amount}.",
                "Hej {name}, färjan till {place} går den {date}. Priset är {amount} och bokningsnumret är {number}.",
            ),
            {
                "name": "gästens namn",
                "date": "resdatumet",
                "amount": "priset",
                "number": "bokningsnumret",
                "place": "staden",
            },
            (
                "Vid frågor hjälper {name} till i kassan.",
                "Vårt andra hus i {place} målas om.",
                "Frukost skulle bli ytterligare {amount}.",
                "Den gamla blanketten {number} gäller inte längre.",
                "Badet öppnar igen den {date}.",
            ),
        ),
    ),
    "es": (
        Scene(
            (
                "El pedido {number} de {name} cuesta {amount}.",
                "Su paquete {number} llega a {place} el {date}.",
                "{name} pagó {amount} por las sillas.",
            ),
            (
                "Hola {name}, gracias por su pedido {number}. El importe total de {amount} se cargó en su tarjeta y el "
                "paquete llegará a {place} el {date}.",
                "El pedido {number} va para {name} en {place}. La entrega es el {date} y se pagan {amount} en la "
                "puerta.",
            ),
            {
                "name": "el nombre del cliente",
                "date": "la fecha de entrega",
                "amount": "el importe total",
                "number": "el número de pedido",
                "place": "la ciudad",
            },
            (
                "El conductor se llama {name}.",
                "Nuestro almacén de {place} estuvo cerrado.",
                "Los nuevos socios reciben un vale de {amount}.",
                "El catálogo lleva el número {number}.",
                "Las rebajas terminaron el {date}.",
            ),
        ),
        Scene(
            (
                "{name} tiene una cita el {date} a las {time}.",
                "La reunión en {place} empieza a las {time}.",
                "Venga a {place} el {date}.",
            ),
            (
                "Confirmamos su cita con {name} el {date} a las {time} en nuestra consulta de {place}. La "
                "visita cuesta "
                "{amount}.",
                "Hola a todos, {name} nos espera en {place}. La cita es el {date} y empieza a las {time}; la comida "
                "cuesta {amount}.",
            ),
            {
                "name": "el nombre de la persona",
                "date": "la fecha de la cita",
                "time": "la hora de la cita",
                "place": "la ciudad",
                "amount": "el precio",
            },
            (
                "Este mensaje lo escribió {name} de recepción.",
                "Nuestra oficina de {place} se ha mudado.",
                "El aparcamiento cierra a las {time}.",
                "Una multa sería de {amount}.",
                "Estamos de vacaciones desde el {date}.",
            ),
        ),
        Scene(
            (
                "Reserva {number}: {name}, llegada el {date}.",
                "{name} reservó una habitación en {place} por {amount}.",
                "El hotel de {place} cuesta {amount} por noche.",
            ),
            (
                "Confirmación de la reserva {number}: esperamos a {name} en nuestro hotel de {place}. La llegada es el "
                "{date} y el precio es de {amount}.",
                "Hola {name}, el barco a {place} sale el {date}. El precio es de {amount} y el número de reserva es "
                "{number}.",
            ),
            {
                "name": "el nombre del huésped",
                "date": "la fecha del viaje",
                "amount": "el precio",
                "number": "el número de reserva",
                "place": "la ciudad",
            },
            (
                "Si tiene preguntas, {name} le ayuda en el mostrador.",
                "Nuestra segunda casa en {place} está en obras.",
                "El desayuno costaría otros {amount}.",
                "El antiguo formulario {number} ya no vale.",
                "La piscina abre de nuevo el {date}.",
            ),
        ),
    ),
    "fr": (
        Scene(
            (
                "La commande {number} de {name} coûte {amount}.",
                "Votre colis {number} arrive à {place} le {date}.",
                "{name} a payé {amount} pour les chaises.",
            ),
            (
                "Bonjour {name}, merci pour votre commande {number}. Le montant total de {amount} a été débité et le "
                "colis arrivera à {place} le {date}.",
                "La commande {number} part chez {name} à {place}. La livraison est prévue le {date} et {amount} sont à "
                "payer à la porte.",
            ),
            {
                "name": "le nom du client",
                "date": "la date de livraison",
                "amount": "le montant total",
                "number": "le numéro de commande",
                "place": "la ville",
            },
            (
                "Le chauffeur s'appelle {name}.",
                "Notre entrepôt de {place} était fermé.",
                "Les nouveaux membres reçoivent un bon de {amount}.",
                "Le catalogue porte le numéro {number}.",
                "Les soldes ont pris fin le {date}.",
            ),
        ),
        Scene(
            (
                "{name} a rendez-vous le {date} à {time}.",
                "La réunion à {place} commence à {time}.",
                "Venez à {place} le {date}.",
            ),
            (
                "Nous confirmons votre rendez-vous avec {name} le {date} à {time} dans notre cabinet à {place}. La "
                "visite coûte {amount}.",
                "Bonjour à tous, {name} nous attend à {place}. Le rendez-vous est le {date} et commence à {time} ; le "
                "repas coûte {amount}.",
            ),
            {
                "name": "le nom de la personne",
                "date": "la date du rendez-vous",
                "time": "l'heure du rendez-vous",
                "place": "la ville",
                "amount": "le prix",
            },
            (
                "Ce message a été écrit par {name} de l'accueil.",
                "Notre bureau de {place} a déménagé.",
                "Le parking ferme à {time}.",
                "Une amende serait de {amount}.",
                "Nous sommes en vacances à partir du {date}.",
            ),
        ),
        Scene(
            (
                "Réservation {number} : {name}, arrivée le {date}.",
                "{name} a réservé une chambre à {place} pour {amount}.",
                "L'hôtel à {place} coûte {amount} la nuit.",
            ),
            (
                "Confirmation de la réservation {number} : nous attendons {name} dans notre hôtel à {place}. L'arrivée "
                "est le {date} et le prix est de {amount}.",
                "Bonjour {name}, le bateau pour {place} part le {date}. Le prix est de {amount} et le numéro de "
                "réservation est {number}.",
            ),
            {
                "name": "le nom du client",
                "date": "la date du voyage",
                "amount": "le prix",
                "number": "le numéro de réservation",
                "place": "la ville",
            },
            (
                "Pour vos questions, {name} vous aide au guichet.",
                "Notre deuxième maison à {place} est en travaux.",
                "Le petit déjeuner coûterait encore {amount}.",
                "L'ancien formulaire {number} n'est plus valable.",
                "La piscine rouvre le {date}.",
            ),
        ),
    ),
    "zh": (
        Scene(
            ("{name}的订单{number}共{amount}。", "包裹{number}将于{date}送到{place}。", "{name}买椅子花了{amount}。"),
            (
                "{name}您好，感谢您的订单{number}。总金额{amount}已从卡中扣除，包裹将于{date}送到{place}。",
                "订单{number}寄给{place}的{name}，{date}送达，到货付款{amount}。",
            ),
            {"name": "客户姓名", "date": "送货日期", "amount": "总金额", "number": "订单号", "place": "城市"},
            (
                "司机叫{name}。",
                "我们在{place}的仓库上周关闭。",
                "新会员可得{amount}的礼品卡。",
                "产品目录的编号是{number}。",
                "促销已于{date}结束。",
            ),
        ),
        Scene(
            ("{name}在{date}{time}有预约。", "{place}的会议{time}开始。", "请于{date}来{place}。"),
            (
                "我们确认您与{name}的预约：{date}{time}，地点在{place}的诊所，费用为{amount}。",
                "大家好，{name}将在{place}与我们见面，时间是{date}{time}，午餐费用{amount}。",
            ),
            {"name": "见面人的姓名", "date": "预约日期", "time": "预约时间", "place": "城市", "amount": "费用"},
            (
                "此邮件由前台的{name}撰写。",
                "我们在{place}的办公室已经搬走了。",
                "停车场{time}关门。",
                "违章停车罚款{amount}。",
                "我们从{date}起放假。",
            ),
        ),
        Scene(
            (
                "预订号{number}：{name}，{date}入住。",
                "{name}花{amount}订了{place}的房间。",
                "{place}的酒店每晚{amount}。",
            ),
            (
                "预订确认{number}：{name}，欢迎入住我们在{place}的酒店。入住日期为{date}，价格为{amount}。",
                "{name}您好，去{place}的船{date}出发，票价{amount}，预订号是{number}。",
            ),
            {"name": "客人姓名", "date": "日期", "amount": "价格", "number": "预订号", "place": "城市"},
            (
                "如有问题请找前台{name}。",
                "我们在{place}的另一家店正在装修。",
                "早餐另收{amount}。",
                "旧表格{number}已经停用。",
                "泳池将在{date}重新开放。",
            ),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of a slot: how it stands in the text, and whether an answer tells it."""

    written: str
    told_in: Callable[[str], bool]


def a_name(rng: Random, language: str) -> Fact:
    """A whole name; the surname alone is enough."""
    name = full_name(rng, language)
    return Fact(name, lambda text: says(text, name.rsplit(" ", 1)[-1]))


def a_place(rng: Random, language: str) -> Fact:
    """A city."""
    place = rng.choice([city for city in CITIES[language] if city not in SURNAMES])
    return Fact(place, lambda text: says(text, place))


def a_number(rng: Random, language: str) -> Fact:
    """A number as on orders: digits, with letters now and then."""
    del language
    digits = rng.randrange(10000, 99999)
    number = rng.choice((f"{digits}", f"{rng.choice('ABKRTX')}-{digits}", f"{digits}-{rng.randrange(10, 99)}"))
    pattern = re.compile(rf"(?<![a-z0-9]){re.escape(number.lower())}(?![0-9])")
    return Fact(number, lambda text: bool(pattern.search(folded(text))))


def an_amount(rng: Random, language: str) -> Fact:
    """An amount of money in one of the ways that are usual in the language."""
    whole, cents = rng.randrange(12, 900), rng.choice(("", "", "50", "90", "95", "25"))
    mark = "." if language in ("en", "zh") else ","
    number = f"{whole}{mark}{cents}" if cents else str(whole)
    return amount(whole, cents, rng.choice(AMOUNT_FORMS[language]).format(x=number))


def amount(whole: int, cents: str, written: str) -> Fact:
    """An amount of money; an answer may leave out the currency, or zeros at the end."""
    own = {"dollars": "$", "euros": "€", "Euro": "€"}.get(written.rsplit(" ", 1)[-1], written[0])
    foreign = re.escape("".join(sign for sign in "$£€" if sign != own))
    ending = f"[.,]{cents}" + "?" * cents.endswith("0") if cents else "(?:[.,](?:00|-))?"
    pattern = re.compile(rf"(?<![\d.,{foreign}]){whole}{ending}(?![.,]?\d)")
    return Fact(written, lambda text: bool(pattern.search(folded(text))))


def a_time(rng: Random, language: str) -> Fact:
    """A time of day."""
    hour, minute = rng.randrange(8, 20), rng.choice(("00", "15", "30", "45"))
    half = rng.random() < 0.5 and language == "en"
    shown = f"{(hour - 1) % 12 + 1}:{minute} {'am' if hour < 12 else 'pm'}" if half else f"{hour}:{minute}"
    written = {"fr": f"{hour} h {minute}", "sv": f"{hour}.{minute}", "de": f"{hour}:{minute} Uhr"}.get(language, shown)
    hours = f"(?:{hour}|{hour - 12})" if hour > 12 else f"0?{hour}"
    minutes = (
        f"(?:\\s?[:.h]\\s?{minute}|\\s?h?(?=\\s*(?:am|pm|uhr|h|o'clock|[^\\d:.]|$)))"
        if minute == "00"
        else f"\\s?[:.h]\\s?{minute}"
    )
    pattern = re.compile(rf"(?<!\d){hours}{minutes}(?!\d)")
    return Fact(written, lambda text: bool(pattern.search(folded(text))))


def a_date(rng: Random, language: str) -> Fact:
    """A day and a month; an answer may write it in any order, or with digits."""
    day, month = rng.randrange(1, 29), rng.randrange(1, 13)
    name = MONTHS[language][month - 1]
    written = rng.choice(DATE_FORMS[language]).format(day=day, month=name)
    short = folded(name) if language == "zh" else folded(name)[:3] + r"\w*"
    pattern = re.compile(
        rf"(?<!\d)0?{day}(?:st|nd|rd|th|er|\.|:e)?\s*(?:of |de |d')?\s*{short}|(?<!\d){short}\s*(?:the )?0?{day}(?!\d)"
        rf"|(?<!\d)0?{day}[./-]\s?0?{month}(?!\d)|(?<!\d)0?{month}[./-]0?{day}(?!\d)"
    )
    return Fact(written, lambda text: bool(pattern.search(folded(text))))


KINDS: Mapping[str, Callable[[Random, str], Fact]] = {
    "name": a_name,
    "place": a_place,
    "number": a_number,
    "amount": an_amount,
    "time": a_time,
    "date": a_date,
}

PLANS: Mapping[int, tuple[bool, Sequence[int], Sequence[int]]] = {
    1: (False, (1,), (0,)),
    2: (True, (1,), (0,)),
    3: (True, (1, 2), (1,)),
    4: (True, (2, 3), (2,)),
    5: (True, (3, 4), (3, 4)),
}
"""By level: whether the text is a long one, how many facts are asked for, how many asides there are."""


def slots_of(template: str) -> list[str]:
    """The names of a template's slots, in their order."""
    return [name for _, name, _, _ in Formatter().parse(template) if name]


def fact(rng: Random, slot: str, language: str, avoid: Sequence[Fact] = ()) -> Fact:
    """A fact for a slot that cannot be taken for one of `avoid`, nor one of them for it."""
    made = KINDS[slot](rng, language)
    while any(made.told_in(old.written) or old.told_in(made.written) for old in avoid):
        made = KINDS[slot](rng, language)
    return made


def tells_just(wanted: Sequence[Fact], others: Sequence[Fact], material: str, prompt: str) -> Callable[[Answer], bool]:
    """A check that an answer tells the wanted facts, not those of the asides, and is no copy of text or prompt."""

    def check(answer: Answer) -> bool:
        text = answer.text[:1500]
        right = all(each.told_in(text) for each in wanted) and not any(each.told_in(text) for each in others)
        return right and not echoes(text, material, 0.6) and not copies(text, prompt)

    return check


def listed(language: str, phrases: Sequence[str]) -> str:
    """Phrases with commas and an "and"."""
    comma = "、" if language == "zh" else ", "
    return AND[language].join(part for part in (comma.join(phrases[:-1]), phrases[-1]) if part)


def make(rng: Random, level: int, language: str) -> Item:
    """Ask for facts of a message; from level 3 on, it holds other facts of the same kinds."""
    long, counts, aside_counts = PLANS[level]
    scene = rng.choice(SCENES[language])
    template = rng.choice(scene.long if long else scene.short)
    facts: dict[str, Fact] = {}
    for slot in slots_of(template):
        facts[slot] = fact(rng, slot, language, tuple(facts.values()))
    asked_for = rng.sample(sorted(facts), min(rng.choice(counts), len(facts)))
    asked_for.sort(key=list(facts).index)
    # Asides about what is asked for come first: they are what may be taken for it.
    asides = sorted(rng.sample(scene.asides, len(scene.asides)), key=lambda aside: slots_of(aside)[0] not in asked_for)[
        : rng.choice(aside_counts)
    ]
    others = {aside: fact(rng, slots_of(aside)[0], language, tuple(facts.values())) for aside in asides}
    filled = [aside.format(**{slots_of(aside)[0]: other.written}) for aside, other in others.items()]
    space = "" if language == "zh" else " "
    text = space.join([template.format(**{slot: each.written for slot, each in facts.items()}), *filled])
    what = listed(language, [scene.nouns[slot] for slot in asked_for])
    wanted = [facts[slot] for slot in asked_for]
    turns = worded(rng, language, [request.format(what=what) for request in REQUESTS[language]], text, TAILS[language])
    return Item(
        turns,
        tells_just(wanted, list(others.values()), text, turns[-1].text),
        16 + 16 * len(wanted),
        ", ".join(each.written for each in wanted),
    )


FAMILY = Family(name="extract_facts", title="finding names, dates, amounts and numbers in a text", make=make)

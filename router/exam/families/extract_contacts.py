"""Finding e-mail addresses, phone numbers and web addresses in a text."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from router.exam.checks.written_answers import copies, echoes, joined, unless_repeated
from router.exam.content.names_and_goods import domain, first_name, mail_address, phone_number, web_address
from router.exam.item import Answer, Family, Item
from router.exam.wording.openers import worded

MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,24})+", re.ASCII)
WEB = re.compile(r"(?:https?://|www\.)[^\s<>()\[\]{}\"'`*,;，。；、）]+", re.ASCII | re.IGNORECASE)
PHONE = re.compile(r"[+(]?\d[\d()/ .\-]{5,}\d")

SENTENCES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "mail": (
            "Write to {name} at {x}.",
            "You can reach {name} under {x}.",
            "For questions about the invoice, contact {x}.",
            "Please send your application to {x} by Friday.",
            "The new address of {name} is {x}.",
            "My e-mail is {x}.",
            "Photos of the damage go to {x}.",
            "{name} ({x}) will take over the project.",
            "Complaints are handled by {x}.",
            "To cancel the course, mail {x} two days before.",
            "cc {x} when you reply.",
            "Recipes can be sent to {x}.",
        ),
        "phone": (
            "Call {name} on {x}.",
            "Our number is {x}.",
            "The doctor's office can be reached at {x}.",
            "In an emergency ring {x}.",
            "{name}'s mobile is {x}.",
            "Tel. {x}, Monday to Friday.",
            "If the lift stops, dial {x}.",
            "The driver will answer under {x}.",
            "For table reservations phone {x}.",
            "Text {name} at {x} when you arrive.",
        ),
        "web": (
            "More at {x}.",
            "Tickets are sold on {x} only.",
            "The timetable is at {x} now.",
            "See {x} for prices.",
            "You will find the form here: {x}",
            "The manual can be downloaded from {x} for free.",
            "Book your seat at {x} today.",
            "{name} put the pictures on {x} yesterday.",
            "Our shop, {x}, is open all night.",
            "Read the news on {x} first.",
        ),
        "noise": (
            "The meeting starts at 9 and lasts two hours.",
            "Order 48213 was shipped on 3 May.",
            "{name} liked the soup, but the room was cold.",
            "Our office is on the second floor.",
            "Bring your own towel and a bottle of water.",
            "The jacket costs 79.90 and comes in blue.",
            "Follow us @happy_garden.",
            "We are closed on public holidays.",
            "Room 204 has a new projector.",
            "The train to the coast leaves from platform 7.",
            "Thank you for your patience last week.",
            "{name} will be on holiday until 14 August.",
        ),
    },
    "de": {
        "mail": (
            "Schreiben Sie an {x}.",
            "{name} ist unter {x} zu erreichen.",
            "Fragen zur Rechnung bitte an {x}.",
            "Bewerbungen gehen bis Freitag an {x}.",
            "Meine neue Adresse lautet {x}.",
            "{name} ({x}) übernimmt das Projekt.",
        ),
        "phone": (
            "Rufen Sie {name} unter {x} an.",
            "Unsere Nummer ist {x}.",
            "Die Praxis ist unter {x} erreichbar.",
            "Tel. {x}, montags bis freitags.",
            "Im Notfall wählen Sie {x}.",
        ),
        "web": (
            "Mehr dazu auf {x} im Netz.",
            "Karten gibt es nur bei {x} zu kaufen.",
            "Das Formular steht hier: {x}",
            "Die Preise finden Sie auf {x} unten.",
            "Die Anleitung liegt auf {x} bereit.",
        ),
        "noise": (
            "Die Sitzung beginnt um 9 Uhr und dauert zwei Stunden.",
            "Die Bestellung 48213 ging am 3. Mai heraus.",
            "{name} mochte die Suppe, aber der Raum war kalt.",
            "Unser Büro liegt im zweiten Stock.",
            "Die Jacke kostet 79,90 und ist blau.",
            "An Feiertagen haben wir geschlossen.",
            "Der Zug fährt von Gleis 7.",
        ),
    },
    "sv": {
        "mail": (
            "Skriv till {x}.",
            "{name} nås på {x}.",
            "Frågor om fakturan skickas till {x}.",
            "Ansökan mejlas till {x} senast fredag.",
            "Min nya adress är {x}.",
            "{name} ({x}) tar över projektet.",
        ),
        "phone": (
            "Ring {name} på {x}.",
            "Vårt nummer är {x}.",
            "Mottagningen nås på {x}.",
            "Tel. {x}, måndag till fredag.",
            "Vid fara, ring {x}.",
        ),
        "web": (
            "Läs mer på {x} i dag.",
            "Biljetter säljs bara på {x} nu.",
            "Blanketten finns här: {x}",
            "Priserna står på {x} längst ner.",
            "Handboken kan laddas ner från {x} gratis.",
        ),
        "noise": (
            "Mötet börjar klockan 9 och tar två timmar.",
            "Beställning 48213 skickades den 3 maj.",
            "{name} gillade soppan, men rummet var kallt.",
            "Vårt kontor ligger på andra våningen.",
            "Jackan kostar 799 kronor och är blå.",
            "På helgdagar har vi stängt.",
            "Tåget går från spår 7.",
        ),
    },
    "es": {
        "mail": (
            "Escriba a {x}.",
            "{name} atiende en {x}.",
            "Las dudas sobre la factura van a {x}.",
            "Envíe su solicitud a {x} antes del viernes.",
            "Mi nueva dirección es {x}.",
            "{name} ({x}) se encarga del proyecto.",
        ),
        "phone": (
            "Llame a {name} al {x}.",
            "Nuestro número es {x}.",
            "La consulta atiende en el {x}.",
            "Tel. {x}, de lunes a viernes.",
            "En caso de urgencia marque {x}.",
        ),
        "web": (
            "Más información en {x} cada día.",
            "Las entradas se venden solo en {x} por ahora.",
            "El formulario está aquí: {x}",
            "Los precios están en {x} abajo.",
            "El manual se descarga de {x} gratis.",
        ),
        "noise": (
            "La reunión empieza a las 9 y dura dos horas.",
            "El pedido 48213 salió el 3 de mayo.",
            "A {name} le gustó la sopa, pero hacía frío.",
            "La oficina está en el segundo piso.",
            "La chaqueta cuesta 79,90 y es azul.",
            "Los días festivos cerramos.",
            "El tren sale del andén 7.",
        ),
    },
    "fr": {
        "mail": (
            "Écrivez à {x}.",
            "{name} répond à l'adresse {x}.",
            "Pour la facture, contactez {x}.",
            "Envoyez votre candidature à {x} avant vendredi.",
            "Ma nouvelle adresse est {x}.",
            "{name} ({x}) reprend le projet.",
        ),
        "phone": (
            "Appelez {name} au {x}.",
            "Notre numéro est le {x}.",
            "Le cabinet est joignable au {x}.",
            "Tél. {x}, du lundi au vendredi.",
            "En cas d'urgence, composez le {x}.",
        ),
        "web": (
            "Plus d'informations sur {x} chaque jour.",
            "Les billets sont vendus sur {x} seulement.",
            "Le formulaire est ici : {x}",
            "Les prix sont sur {x} en bas.",
            "Le manuel se télécharge sur {x} gratuitement.",
        ),
        "noise": (
            "La réunion commence à 9 heures et dure deux heures.",
            "La commande 48213 est partie le 3 mai.",
            "{name} a aimé la soupe, mais il faisait froid.",
            "Le bureau est au deuxième étage.",
            "La veste coûte 79,90 et elle est bleue.",
            "Nous sommes fermés les jours fériés.",
            "Le train part du quai 7.",
        ),
    },
    "zh": {
        "mail": (
            "请写信到 {x} 。",
            "{name}的邮箱是 {x} 。",
            "发票问题请联系 {x} 。",
            "请在周五前把简历发到 {x} 。",
            "项目由{name}（ {x} ）负责。",
        ),
        "phone": (
            "请拨打 {x} 找{name}。",
            "我们的电话是 {x} 。",
            "诊所电话： {x} ，周一至周五。",
            "紧急情况请打 {x} 。",
            "{name}的手机号是 {x} 。",
        ),
        "web": (
            "详情见 {x} 。",
            "门票只在 {x} 出售。",
            "表格在这里： {x} ",
            "价格请看 {x} 。",
            "说明书可从 {x} 免费下载。",
        ),
        "noise": (
            "会议九点开始，开两个小时。",
            "订单48213于5月3日发货。",
            "{name}喜欢那碗汤，但是房间很冷。",
            "我们的办公室在二楼。",
            "这件外套79.90元，是蓝色的。",
            "节假日休息。",
            "火车从7号站台出发。",
        ),
    },
}
"""Sentences that hold a contact `x`, by its kind, and sentences that hold none."""

REQUESTS: Mapping[str, Sequence[str]] = {
    "en": (
        "Extract all {things} from this text",
        "Find the {things} in this text",
        "List every {thing} in this message",
        "Which {things} are mentioned in this text?",
        "Pull out the {things}",
        "What {things} does this text contain?",
        "Give me the {things} from this message",
        "Get the {things} out of this paragraph",
        "{things}:",
        "extract {things}:",
        "I only need the {things} from this note",
        "Read this message and tell me the {things} in it",
        "Copy the {things} out of this text",
        "Return only the {things} found in this text",
        "Look through this note and collect any {things}",
        "Go through this text and write down each {thing} you see",
    ),
    "de": (
        "Finde alle {things} in diesem Text",
        "Welche {things} stehen in diesem Text?",
        "Gib mir die {things} aus diesem Text",
        "Liste die {things} auf",
        "Nenne nur die {things}",
        "{things}:",
    ),
    "sv": (
        "Hitta alla {things} i den här texten",
        "Vilka {things} finns i texten?",
        "Plocka ut alla {things} ur den här texten",
        "Lista alla {things}",
        "Skriv bara de {things} som nämns",
        "{things}:",
    ),
    "es": (
        "Extrae {things} de este texto",
        "Busca {things} que aparecen en el texto",
        "Dame {things} de este texto",
        "Enumera {things} del mensaje",
        "Quiero solo {things}",
        "Saca {things}:",
    ),
    "fr": (
        "Extrais {things} de ce texte",
        "Trouve {things} dans le texte",
        "Donne-moi {things} de ce texte",
        "Relève {things} du message",
        "Je veux seulement {things}",
        "Sors {things} :",
    ),
    "zh": (
        "提取这段文字中的{things}",
        "找出所有{things}",
        "这段文字里有哪些{things}？",
        "列出文中的{things}",
        "只给我{things}",
        "{things}：",
    ),
}

THINGS: Mapping[str, Mapping[str, Sequence[tuple[str, str]]]] = {
    "en": {
        "mail": (("email addresses", "email address"), ("e-mail addresses", "e-mail address"), ("emails", "email")),
        "phone": (
            ("phone numbers", "phone number"),
            ("telephone numbers", "telephone number"),
            ("phone nos", "phone no"),
        ),
        "web": (("URLs", "URL"), ("links", "link"), ("web addresses", "web address"), ("urls", "url")),
        "mail phone": (("email addresses and phone numbers", "email address and phone number"),),
    },
    "de": {
        "mail": (("E-Mail-Adressen", ""), ("Mailadressen", "")),
        "phone": (("Telefonnummern", ""), ("Rufnummern", "")),
        "web": (("Links", ""), ("URLs", ""), ("Internetadressen", "")),
        "mail phone": (("E-Mail-Adressen und Telefonnummern", ""),),
    },
    "sv": {
        "mail": (("e-postadresser", ""), ("mejladresser", "")),
        "phone": (("telefonnummer", ""),),
        "web": (("länkar", ""), ("webbadresser", "")),
        "mail phone": (("e-postadresser och telefonnummer", ""),),
    },
    "es": {
        "mail": (("los correos electrónicos", ""), ("las direcciones de correo", ""), ("los emails", "")),
        "phone": (("los números de teléfono", ""), ("los teléfonos", "")),
        "web": (("los enlaces", ""), ("las URL", ""), ("las direcciones web", "")),
        "mail phone": (("los correos y los números de teléfono", ""),),
    },
    "fr": {
        "mail": (("les adresses e-mail", ""), ("les adresses électroniques", ""), ("les mails", "")),
        "phone": (("les numéros de téléphone", ""),),
        "web": (("les liens", ""), ("les URL", ""), ("les adresses web", "")),
        "mail phone": (("les adresses e-mail et les numéros de téléphone", ""),),
    },
    "zh": {
        "mail": (("邮箱地址", ""), ("电子邮件地址", ""), ("邮箱", "")),
        "phone": (("电话号码", ""), ("电话", "")),
        "web": (("网址", ""), ("链接", "")),
        "mail phone": (("邮箱和电话号码", ""),),
    },
}
"""What is looked for, in the plural and (where requests use it) in the singular."""

TAILS: Mapping[str, Sequence[str]] = {
    "en": ("One per line.", "Only the result, no explanation.", "Separate them with commas.", "No other text please."),
    "de": ("Eine pro Zeile.", "Nur das Ergebnis, keine Erklärung.", "Durch Kommas getrennt."),
    "sv": ("En per rad.", "Bara resultatet, ingen förklaring.", "Skilj dem åt med komma."),
    "es": ("Uno por línea.", "Solo el resultado, sin explicación.", "Separados por comas."),
    "fr": ("Un par ligne.", "Seulement le résultat, sans explication.", "Séparés par des virgules."),
    "zh": ("每行一个。", "只要结果，不要解释。", "用逗号分隔。"),
}

AT_FIRM: Mapping[str, Sequence[str]] = {
    "en": (
        "Which {things} in this text belong to {host}?",
        "Extract only the {things} at {host} from this text",
        "List the {things} of {host} and no others",
        "Find all {things} with the domain {host}",
        "From this message I need just the {host} {things}",
    ),
    "de": ("Welche {things} gehören zu {host}?", "Finde nur die {things} mit der Domain {host}"),
    "sv": ("Vilka {things} hör till {host}?", "Hitta bara de {things} som har domänen {host}"),
    "es": ("Extrae solo {things} del dominio {host}", "Dame {things} que pertenecen a {host}"),
    "fr": ("Extrais seulement {things} du domaine {host}", "Donne-moi {things} qui appartiennent à {host}"),
    "zh": ("只提取属于{host}的{things}", "哪些{things}的域名是{host}？"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What the text of a level holds: how many contacts that are wanted, contacts of other kinds, other sentences."""

    wanted: int
    others: int
    noise: int


PLANS: Mapping[int, Sequence[Plan]] = {
    1: (Plan(1, 0, 0), Plan(1, 0, 1)),
    2: (Plan(2, 0, 0), Plan(2, 0, 1), Plan(1, 1, 1)),
    3: (Plan(2, 1, 1), Plan(3, 0, 1), Plan(3, 1, 0)),
    4: (Plan(4, 1, 1), Plan(3, 2, 1), Plan(3, 2, 2)),
    5: (Plan(6, 2, 1), Plan(5, 3, 2)),
}


def digits_of(text: str) -> str:
    """The digits of a text."""
    return re.sub(r"\D", "", text)


def bare_address(text: str) -> str:
    """A web address without what may be left out: scheme, ``www.``, a slash or a stop at its end."""
    return re.sub(r"^(https?://)?(www\.)?", "", text.lower()).rstrip("./?!:_*")


def contacts_in(text: str) -> Mapping[str, Counter[str]]:
    """The contacts in a text by kind, each in a form that makes equal ones equal."""
    text = text[:4000]
    mails = Counter(found.lower().strip(".-+_") for found in MAIL.findall(text))
    without_mails = MAIL.sub(" ", text)
    webs = Counter(bare_address(found) for found in WEB.findall(without_mails))
    without_webs = WEB.sub(" ", without_mails)
    phones = Counter(digits_of(found) for line in without_webs.splitlines() for found in PHONE.findall(line))
    return {"mail": mails, "web": webs, "phone": phones}


def without_contacts(text: str) -> str:
    """The text around the contacts."""
    for pattern in (MAIL, WEB, PHONE):
        text = pattern.sub(" ", text[:4000])
    return text


def holds_just(kinds: Sequence[str], wanted: Sequence[str], material: str) -> Callable[[Answer], bool]:
    """A check that an answer holds all wanted contacts, no others, none over and over, and is no copy of the text."""
    held, around = contacts_in(material), without_contacts(material)
    expected = {kind: set(found) for kind, found in contacts_in("\n".join(wanted)).items()}

    def check(answer: Answer) -> bool:
        found = contacts_in(answer.text)
        right = all(set(found[kind]) == expected[kind] for kind in kinds)
        stray = any(set(found[kind]) & set(held[kind]) for kind in expected if kind not in kinds)
        once = all(count <= 3 for kind in kinds for count in found[kind].values())
        rest = without_contacts(answer.text)
        return (
            right
            and once
            and not stray
            and not echoes(rest, around, 0.5)
            and not copies(rest, around)
            and joined(around) not in joined(rest)
        )

    return check


def contact(rng: Random, kind: str, language: str, host: str) -> str:
    """A new contact of the kind."""
    if kind == "phone":
        return phone_number(rng, language)
    return mail_address(rng, host) if kind == "mail" else web_address(rng, host)


def distinct(rng: Random, kinds: Sequence[str], language: str, hosts: Sequence[str]) -> list[tuple[str, str]]:
    """A contact for each kind, with its kind, no two alike; the first ones at the first hosts."""
    chosen: list[tuple[str, str]] = []
    for place, kind in enumerate(kinds):
        made = contact(rng, kind, language, hosts[place])
        while any(made in old or old in made for _, old in chosen):
            made = contact(rng, kind, language, hosts[place])
        chosen.append((kind, made))
    return chosen


def told(rng: Random, language: str, contacts: Sequence[tuple[str, str]], noise: int) -> str:
    """A text with each contact in a sentence of its own, and other sentences among them."""
    pool = SENTENCES[language]
    sentences = {kind: rng.sample(pool[kind], min(len(pool[kind]), 12)) for kind in pool}
    lines = [sentences[kind].pop().format(x=found, name=first_name(rng, language)) for kind, found in contacts]
    lines += [sentences["noise"].pop().format(name=first_name(rng, language)) for _ in range(noise)]
    rng.shuffle(lines)
    return ("" if language == "zh" else " ").join(lines)


def all_of_a_kind(rng: Random, level: int, language: str) -> Item:
    """Find all contacts of one kind or two among others."""
    plan = rng.choice(PLANS[level])
    sort = rng.choice(("mail", "mail", "phone", "web") if level < 4 else ("mail", "phone", "web", "mail phone"))
    kinds = sort.split()
    other = [kind for kind in ("mail", "phone", "web") if kind not in kinds]
    most = 5  # sentences that each kind has in each language
    order = [kinds[place % len(kinds)] for place in range(min(plan.wanted, most * len(kinds)))]
    order += [rng.choice(other) if len(other) > 1 else other[0] for _ in range(plan.others)]
    made = distinct(rng, order, language, [domain(rng) for _ in order])
    text = told(rng, language, made, plan.noise)
    wanted = [found for kind, found in made if kind in kinds]
    return item(rng, language, REQUESTS[language], sort, text, wanted)


def of_one_firm(rng: Random, language: str) -> Item:
    """Find the mail addresses of one domain among those of others."""
    host = domain(rng)
    others = [other for other in (domain(rng) for _ in range(3)) if other != host]
    made = distinct(rng, ["mail"] * (2 + len(others)), language, [host, host, *others])
    text = told(rng, language, [*made[:2], *made[2:]][:5], 1)
    requests = [request.replace("{host}", host) for request in AT_FIRM[language]]
    return item(rng, language, requests, "mail", text, [found for _, found in made[:2]])


def item(rng: Random, language: str, requests: Sequence[str], sort: str, text: str, wanted: Sequence[str]) -> Item:
    """The item that asks for contacts of a sort."""
    plural, singular = rng.choice(THINGS[language][sort])
    asked = [request.format(things=plural, thing=singular) for request in requests]
    in_order = sorted(wanted, key=text.index)
    return Item(
        worded(rng, language, asked, text, TAILS[language]),
        holds_just(sort.split(), wanted, text),
        24 + 16 * len(wanted),
        "\n".join(in_order),
    )


def make(rng: Random, level: int, language: str) -> Item:
    """An item of a level; at levels 4 and 5 one in three asks for the addresses of one domain only."""
    if level >= 4 and rng.random() < (0.15 if level == 4 else 0.45):
        return unless_repeated(of_one_firm(rng, language))
    return unless_repeated(all_of_a_kind(rng, level, language))


FAMILY = Family(name="extract_contacts", title="finding mail addresses, phone numbers and links in a text", make=make)

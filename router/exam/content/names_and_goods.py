"""Names, places and addresses of everyday texts, for several families."""

from collections.abc import Mapping, Sequence
from random import Random


def pool(text: str) -> tuple[str, ...]:
    """The words of a text, to choose from."""
    return tuple(text.split())


FIRST_NAMES: Mapping[str, Sequence[str]] = {
    "en": pool(
        "Anna Ben Carla Daniel Emma Frank Grace Henry Isabel Jack Karen Liam Mia Noah Olivia Paul Quinn Rosa Sam Tina "
        "Victor Wendy Zoe Adam Bella Chris Diana Eric Fiona George Helen Ivan Julia Kevin Laura Marcus Nina "
        "Oscar Peter "
        "Rachel Simon Tara Priya Omar Yuki Lena Hugo Ruth"
    ),
    "de": pool(
        "Anna Jonas Lukas Sophie Klara Felix Moritz Greta Heike Jürgen Birgit Stefan Ursula Thomas Sabine Markus Petra "
        "Uwe Katrin Jan Lena Tobias Anke Dirk Frieda Emil Nele Paul Marie Karl"
    ),
    "sv": pool(
        "Anna Erik Lars Karin Johan Elsa Nils Sara Maja Oskar Gustav Ingrid Sven Linnea Emil Astrid Birgitta Mats Åsa "
        "Henrik Lovisa Viktor Hanna Axel Ebba Tove Jonas Malin Olle Kerstin"
    ),
    "es": pool(
        "Ana Luis Carmen Javier Lucía Pablo Marta Diego Elena Sergio Pilar Andrés Rosa Miguel Clara Raúl Inés Jorge "
        "Laura Manuel Sofía Tomás Beatriz Hugo Irene Álvaro Nuria Rubén Teresa Óscar"
    ),
    "fr": pool(
        "Anne Luc Camille Julien Chloé Pierre Manon Hugo Sophie Antoine Claire Nicolas Élise Marc Juliette Paul Léa "
        "Thomas Hélène Mathieu Inès Bruno Alice Gilles Nadia Olivier Louise Rémi Sylvie Victor"
    ),
    "zh": pool("王芳 李伟 张敏 刘洋 陈静 杨帆 赵磊 黄丽 周强 吴娜 徐明 孙悦 朱琳 马超 胡军 郭燕 林涛 何洁 高翔 罗兰"),
}

SURNAMES: Sequence[str] = pool(
    "Baker Keller Lindberg Moreau Garcia Novak Rossi Turner Walker Hansen Meyer Olsen Dupont Silva Brown Carter Evans "
    "Fischer Green Hughes Jensen King Larsen Miller Nilsson Ortiz Parker Quist Reed Schmidt Taylor Vogel Weber Young "
    "Zimmer Andersson Bergman Costa Dahl Ferrari"
)

CITIES: Mapping[str, Sequence[str]] = {
    "en": pool(
        "London Bristol Boston Chicago Dublin Leeds Seattle Toronto Glasgow Denver Oxford Sydney Melbourne Portland "
        "Austin Liverpool Cardiff Dallas Vancouver Auckland Belfast Houston Brighton Ottawa Perth Plymouth Sheffield "
        "Baltimore Memphis Nashville"
    ),
    "de": pool(
        "Hamburg Köln Leipzig Wien Bremen Dresden Stuttgart Freiburg Kassel Zürich Graz Mainz Bonn Erfurt Potsdam "
        "Rostock Lübeck Augsburg Salzburg Basel"
    ),
    "sv": pool(
        "Göteborg Malmö Uppsala Lund Umeå Örebro Västerås Linköping Kalmar Växjö Gävle Borås Luleå Falun Visby "
        "Karlstad Halmstad Jönköping Sundsvall Kiruna"
    ),
    "es": pool(
        "Madrid Sevilla Valencia Bilbao Granada Málaga Zaragoza Toledo Córdoba Salamanca León Burgos Cádiz Lima "
        "Bogotá Quito Montevideo Rosario Murcia Oviedo"
    ),
    "fr": pool(
        "Lyon Lille Nantes Bordeaux Toulouse Nice Rennes Strasbourg Grenoble Dijon Genève Bruxelles Tours Angers Metz "
        "Reims Montpellier Brest Nancy Rouen"
    ),
    "zh": pool("北京 上海 广州 深圳 杭州 南京 成都 武汉 西安 重庆 苏州 天津 青岛 厦门 长沙 大连 昆明 宁波 济南 郑州"),
}

FIRMS: Sequence[str] = pool(
    "northwind bluepeak oakhill sunrise brightline harbor quickfix greenleaf riverside maplestore cityprint novalux "
    "topgear hillside bookhouse freshfarm softworks petcare skyline homebase teaworld fastlane goldfish redbrick "
    "lakeview mountain coffeebar bikeshop sportium medica datapoint paperplane windmill seaside artroom tinytoys"
)

ENDINGS: Sequence[str] = ("com", "com", "com", "org", "net", "de", "se", "co.uk", "io", "eu")

MAILBOXES: Sequence[str] = pool("info sales support office contact hello jobs orders billing press team help")

PAGES: Sequence[str] = pool(
    "contact prices news events shop jobs about menu tickets booking docs help offers blog login map"
)

LATIN: Mapping[str, Sequence[str]] = {"zh": pool("wang li zhang liu chen yang zhao huang zhou wu")}


def first_name(rng: Random, language: str) -> str:
    """A first name of the language; in Chinese a whole name."""
    return rng.choice(FIRST_NAMES[language])


def full_name(rng: Random, language: str) -> str:
    """A name of two words, except in Chinese."""
    first = first_name(rng, language)
    return first if language == "zh" else f"{first} {rng.choice(SURNAMES)}"


def domain(rng: Random) -> str:
    """A domain such as ``blue-peak.org``; most have no hyphen."""
    name = rng.choice(FIRMS)
    if rng.random() < 0.2:
        name = f"{name}-{rng.choice(('shop', 'group', 'online', 'care', 'lab'))}"
    return f"{name}.{rng.choice(ENDINGS)}"


def mail_address(rng: Random, host: str) -> str:
    """An address at `host`: a mailbox, or a person in one of the usual forms."""
    first, last = rng.choice(FIRST_NAMES["en"]).lower(), rng.choice(SURNAMES).lower()
    forms = (rng.choice(MAILBOXES), first, f"{first}.{last}", f"{first[0]}.{last}", f"{first}{rng.randrange(10, 99)}")
    return f"{rng.choice(forms)}@{host}"


def phone_number(rng: Random, language: str) -> str:
    """A phone number in one of the forms that are usual in the language's countries."""

    def digits(count: int) -> str:
        return "".join(str(rng.randrange(2, 10)) for _ in range(count))

    forms = {
        "en": (
            f"555-{digits(4)}",
            f"({digits(3)}) 555-{digits(4)}",
            f"+1 {digits(3)} 555 {digits(4)}",
            f"020 {digits(4)} {digits(4)}",
        ),
        "de": (f"030 {digits(6)}", f"0171 {digits(7)}", f"+49 40 {digits(6)}", f"0221/{digits(6)}"),
        "sv": (
            f"08-{digits(3)} {digits(2)} {digits(2)}",
            f"070-{digits(3)} {digits(2)} {digits(2)}",
            f"+46 70 {digits(3)} {digits(4)}",
        ),
        "es": (
            f"91 {digits(3)} {digits(2)} {digits(2)}",
            f"6{digits(2)} {digits(3)} {digits(3)}",
            f"+34 6{digits(2)} {digits(3)} {digits(3)}",
        ),
        "fr": (
            f"01 {digits(2)} {digits(2)} {digits(2)} {digits(2)}",
            f"06 {digits(2)} {digits(2)} {digits(2)} {digits(2)}",
            f"+33 1 {digits(2)} {digits(2)} {digits(2)} {digits(2)}",
        ),
        "zh": (
            f"138{digits(4)}{digits(4)}",
            f"010-{digits(8)}",
            f"139 {digits(4)} {digits(4)}",
            f"400-{digits(3)}-{digits(4)}",
        ),
    }
    return rng.choice(forms[language])


def web_address(rng: Random, host: str) -> str:
    """A web address at `host`, with or without scheme and path."""
    path = rng.choice(("", f"/{rng.choice(PAGES)}", f"/{rng.choice(PAGES)}/{rng.randrange(10, 999)}"))
    return rng.choice(("https://", "https://www.", "http://", "www.")) + host + path

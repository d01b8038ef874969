"""People, goods and shops that questions of the exam are about, in its languages."""

from collections.abc import Sequence
from dataclasses import dataclass

from router.exam.item import LANGUAGES

_NAMES = {
    "en": """
Anna Ben Carla Daniel Emma Frank Grace Henry Isabel Jack Kate Liam Maria Noah Olivia Peter Quinn Rachel Sam Tina
Umar Vera Will Xenia Yusuf Zoe Alice Bob Chloe David Ella Fred Gina Harry Ivy James Karen Lucas Mia Nora Oscar
Paul Rosa Steve Tom Priya Ahmed Mei
    """,
    "de": """
Anna Ben Clara Daniel Emma Felix Greta Hans Ida Jonas Katrin Lukas Marie Niklas Olga Paul Rita Stefan Tina
Ulrich Vera Walter Yasmin Zoe Andreas Birgit Christian Doris Erik Frieda Georg Hanna Ingo Julia Karl Lena Moritz
Nina Otto Petra Sabine Thomas Ute Mehmet Aylin
    """,
    "sv": """
Anna Björn Cecilia David Elin Fredrik Greta Henrik Ida Johan Karin Lars Maja Nils Olivia Per Rut Sven Tove Ulf
Vera Wilma Ylva Åsa Astrid Bengt Carl Disa Erik Frida Gustav Hanna Ingrid Jonas Kajsa Linnea Magnus Nora Oskar
Pia Stina Tobias Amir Leila
    """,
    "es": """
Ana Bruno Carmen Diego Elena Felipe Gloria Hugo Inés Javier Laura Luis Marta Nicolás Olga Pablo Raquel Sergio
Teresa Víctor Alba Beatriz Carlos Daniel Emilio Fernando Gonzalo Isabel Jorge Lucía Manuel Nuria Óscar Pilar
Rosa Sofía Tomás Valeria Ximena Yolanda Zoe Andrés
    """,
    "fr": """
Anne Bruno Claire Denis Emma Fabien Gaëlle Hugo Inès Julien Karine Louis Marie Nicolas Océane Pierre Quentin
Rose Simon Théo Valérie William Yasmine Zoé Alain Brigitte Camille David Élodie François Gérard Hélène Isabelle
Jacques Laure Mathieu Noémie Olivier Pauline Rachid Sophie
    """,
    "zh": """
小明 小红 小丽 小刚 小华 小芳 小李 小王 小张 小陈 小林 小周 小吴 小郑 小孙 小马 小朱 小何 小高
小罗 李娜 王伟 张敏 刘洋 陈静 杨帆 赵磊 黄丽 周杰 吴倩 徐强 孙悦 马超 朱琳 胡军 郭敏 何欣 高峰
林涛 罗兰
    """,
}
PEOPLE: dict[str, Sequence[str]] = {language: tuple(names.split()) for language, names in _NAMES.items()}
"""First names by language."""


@dataclass(frozen=True, slots=True)
class Good:
    """Something that shops sell.

    Parameters
    ----------
    plural : mapping from language to str
        Several of them, as after a number; in Chinese with the measure word before it.
    cents : (int, int)
        Usual prices, from and to, in hundredths of a dollar, euro or pound.
    """

    plural: dict[str, str]
    cents: tuple[int, int]

    def name(self, language: str) -> str:
        """Its name in lists."""
        return self.plural[language][1:] if language == "zh" else self.plural[language]


_GOODS = """
apples|Äpfel|äpplen|manzanas|pommes|个苹果|20|90
bananas|Bananen|bananer|plátanos|bananes|根香蕉|20|80
oranges|Orangen|apelsiner|naranjas|oranges|个橙子|30|95
lemons|Zitronen|citroner|limones|citrons|个柠檬|30|90
eggs|Eier|ägg|huevos|œufs|个鸡蛋|20|60
rolls|Brötchen|frallor|panecillos|petits pains|个面包|30|150
croissants|Croissants|croissanter|cruasanes|croissants|个牛角包|100|250
cakes|Kuchen|kakor|pasteles|gâteaux|块蛋糕|800|3000
pizzas|Pizzen|pizzor|pizzas|pizzas|个披萨|600|1500
sandwiches|Sandwiches|smörgåsar|bocadillos|sandwichs|个三明治|250|800
pens|Kugelschreiber|pennor|bolígrafos|stylos|支圆珠笔|50|400
pencils|Bleistifte|blyertspennor|lápices|crayons|支铅笔|20|150
notebooks|Hefte|anteckningsböcker|cuadernos|cahiers|本笔记本|100|500
books|Bücher|böcker|libros|livres|本书|500|3000
folders|Ordner|pärmar|carpetas|classeurs|个文件夹|100|450
stamps|Briefmarken|frimärken|sellos|timbres|张邮票|60|180
envelopes|Umschläge|kuvert|sobres|enveloppes|个信封|10|60
batteries|Batterien|batterier|pilas|piles|节电池|80|300
light bulbs|Glühbirnen|glödlampor|bombillas|ampoules|个灯泡|200|900
candles|Kerzen|ljus|velas|bougies|支蜡烛|100|900
mugs|Tassen|muggar|tazas|tasses|个杯子|400|1500
plates|Teller|tallrikar|platos|assiettes|个盘子|300|1400
spoons|Löffel|skedar|cucharas|cuillères|把勺子|100|500
towels|Handtücher|handdukar|toallas|serviettes|条毛巾|500|2500
shirts|Hemden|skjortor|camisas|chemises|件衬衫|1500|6000
socks|Socken|strumpor|calcetines|chaussettes|双袜子|200|900
hats|Hüte|hattar|sombreros|chapeaux|顶帽子|1000|4500
scarves|Schals|halsdukar|bufandas|écharpes|条围巾|900|4000
umbrellas|Regenschirme|paraplyer|paraguas|parapluies|把雨伞|800|3500
backpacks|Rucksäcke|ryggsäckar|mochilas|sacs à dos|个背包|2000|9000
chairs|Stühle|stolar|sillas|chaises|把椅子|2500|12000
lamps|Lampen|lampor|lámparas|lampes|盏灯|1500|8000
cables|Kabel|kablar|cables|câbles|根数据线|500|2500
headphones|Kopfhörer|hörlurar|auriculares|casques|副耳机|1500|15000
keyboards|Tastaturen|tangentbord|teclados|claviers|个键盘|1500|9000
balls|Bälle|bollar|pelotas|ballons|个球|500|3000
tickets|Eintrittskarten|biljetter|entradas|billets|张门票|500|4000
flowers|Blumen|blommor|flores|fleurs|朵花|100|500
chocolate bars|Schokoladentafeln|chokladkakor|tabletas de chocolate|tablettes de chocolat|块巧克力|80|350
water bottles|Wasserflaschen|vattenflaskor|botellas de agua|bouteilles d'eau|瓶水|50|250
toothbrushes|Zahnbürsten|tandborstar|cepillos de dientes|brosses à dents|支牙刷|150|600
soaps|Seifen|tvålar|jabones|savons|块肥皂|100|500
"""


def _good(line: str) -> Good:
    *names, low, high = line.split("|")
    return Good(dict(zip(LANGUAGES, names, strict=True)), (int(low), int(high)))


GOODS = tuple(_good(line) for line in _GOODS.strip().splitlines())
"""Things that can be counted and bought."""

MONEY = {
    "en": ("dollars", "$"),
    "de": ("Euro", "€"),
    "sv": ("kronor", "kr"),
    "es": ("euros", "€"),
    "fr": ("euros", "€"),
    "zh": ("元", "元"),
}
"""What people pay with, by language: as a word and as a sign."""


def money(amount: str, language: str) -> str:
    """A written amount with its sign.

    >>> money("2.50", "en"), money("2,50", "de")
    ('$2.50', '2,50 €')
    """
    if language == "en":
        return f"${amount}"
    return f"{amount}{'' if language == 'zh' else ' '}{MONEY[language][1]}"

"""Facts that people ask for, with the ways to say them in each language, graded by how few people know them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from router.exam.content.places import CONTINENTS, COUNTRIES, Country
from router.exam.item import LANGUAGES

PerLanguage = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that can be known.

    Parameters
    ----------
    grade : int
        1 where everybody knows it, 5 where hardly anybody does.
    topic : str
        What it is about: a key of the wordings, or a topic of `questions`.
    subject : mapping from language to str
        What stands in the wording's place.
    right : mapping from language to sequence of str
        Ways to say the answer, if it is a name or a word.
    number : Decimal or None
        The answer, if it is a number.
    questions : mapping from language to sequence of str
        Whole questions, for facts that share no wording with others.
    """

    grade: int
    topic: str
    subject: Mapping[str, str] = field(default_factory=dict)
    right: PerLanguage = field(default_factory=dict)
    number: Decimal | None = None
    questions: PerLanguage = field(default_factory=dict)


_ALSO_COUNTRY: dict[str, Sequence[str]] = {
    "England": (
        "UK",
        "U.K.",
        "United Kingdom",
        "Great Britain",
        "Britain",
        "Vereinigtes Königreich",
        "Vereinigten Königreichs",
        "Großbritannien",
        "Storbritannien",
        "Reino Unido",
        "Gran Bretaña",
        "Royaume-Uni",
        "Grande-Bretagne",
        "英格兰",
    ),
    "the Netherlands": ("Holland", "Holanda", "Hollande", "Netherlands"),
    "South Korea": ("Korea", "Corea", "Corée", "大韩民国", "南韩"),
    "Turkey": ("Türkiye",),
    "Moldova": ("Moldau", "Moldawien"),
    "Mongolia": ("蒙古",),
}
_ALSO_CAPITAL: dict[str, Sequence[str]] = {
    "India": ("Delhi", "Neu Delhi", "Delhi", "德里"),
    "Ukraine": ("Kiev", "Kyjiw", "Kyiv"),
    "Peru": ("Lima",),
    "Brazil": ("Brasilia",),
    "Kazakhstan": ("Nur-Sultan",),
    "Mongolia": ("Ulan Bator", "Ulaan Baatar"),
    "Moldova": ("Kischinau", "Chisinau", "Kishinev"),
    "Mexico": ("Mexiko City", "Mexico D.F.", "CDMX"),
}

_NOT_BY_CONTINENT = ("Australia", "Russia", "Turkey", "the Netherlands", "the Philippines")
"""On two continents, named like theirs, or plural words."""

# grade | symbol | name in six languages
_ELEMENTS = """
1|O|oxygen|Sauerstoff|syre|oxígeno|oxygène|氧
1|H|hydrogen|Wasserstoff|väte|hidrógeno|hydrogène|氢
1|Au|gold|Gold|guld|oro|or|金
1|Fe|iron|Eisen|järn|hierro|fer|铁
2|C|carbon|Kohlenstoff|kol|carbono|carbone|碳
2|N|nitrogen|Stickstoff|kväve|nitrógeno|azote|氮
2|Ag|silver|Silber|silver|plata|argent|银
2|He|helium|Helium|helium|helio|hélium|氦
2|Cu|copper|Kupfer|koppar|cobre|cuivre|铜
2|Ca|calcium|Kalzium|kalcium|calcio|calcium|钙
2|Na|sodium|Natrium|natrium|sodio|sodium|钠
3|Pb|lead|Blei|bly|plomo|plomb|铅
3|K|potassium|Kalium|kalium|potasio|potassium|钾
3|Zn|zinc|Zink|zink|zinc|zinc|锌
3|Hg|mercury|Quecksilber|kvicksilver|mercurio|mercure|汞
3|Cl|chlorine|Chlor|klor|cloro|chlore|氯
3|Mg|magnesium|Magnesium|magnesium|magnesio|magnésium|镁
3|Al|aluminium|Aluminium|aluminium|aluminio|aluminium|铝
3|Sn|tin|Zinn|tenn|estaño|étain|锡
4|Ni|nickel|Nickel|nickel|níquel|nickel|镍
4|P|phosphorus|Phosphor|fosfor|fósforo|phosphore|磷
4|S|sulfur|Schwefel|svavel|azufre|soufre|硫
4|Ti|titanium|Titan|titan|titanio|titane|钛
4|Pt|platinum|Platin|platina|platino|platine|铂
4|Si|silicon|Silizium|kisel|silicio|silicium|硅
4|Ne|neon|Neon|neon|neón|néon|氖
4|Li|lithium|Lithium|litium|litio|lithium|锂
4|Co|cobalt|Kobalt|kobolt|cobalto|cobalt|钴
5|W|tungsten|Wolfram|volfram|wolframio|tungstène|钨
5|Sb|antimony|Antimon|antimon|antimonio|antimoine|锑
5|Mn|manganese|Mangan|mangan|manganeso|manganèse|锰
5|Mo|molybdenum|Molybdän|molybden|molibdeno|molybdène|钼
5|Sr|strontium|Strontium|strontium|estroncio|strontium|锶
5|Y|yttrium|Yttrium|yttrium|itrio|yttrium|钇
5|Bi|bismuth|Bismut|vismut|bismuto|bismuth|铋
5|Pd|palladium|Palladium|palladium|paladio|palladium|钯
"""
_ALSO_ELEMENT = {
    "aluminium": ("aluminum",),
    "sulfur": ("sulphur",),
    "tungsten": ("wolfram", "tungsteno"),
    "silicon": ("Silicium",),
    "calcium": ("Calcium",),
    "cobalt": ("Cobalt",),
    "bismuth": ("Wismut", "Bismuth"),
    "mercury": ("水银",),
}

# topic | grade | person: ways in Latin letters | in Chinese | the work in six languages
_CREATORS = """
author|1|Shakespeare|莎士比亚|Hamlet|Hamlet|Hamlet|Hamlet|Hamlet|哈姆雷特
author|1|Shakespeare|莎士比亚|Romeo and Juliet|Romeo und Julia|Romeo och Julia|Romeo y Julieta|Roméo et Juliette|罗密欧与朱丽叶
author|1|Rowling|罗琳|Harry Potter|Harry Potter|Harry Potter|Harry Potter|Harry Potter|哈利·波特
author|1|Tolkien|托尔金|The Lord of the Rings|Der Herr der Ringe|Sagan om ringen|El Señor de los Anillos|Le Seigneur des anneaux|魔戒
author|2|Orwell/Eric Blair|奥威尔|Animal Farm|Farm der Tiere|Djurfarmen|Rebelión en la granja|La Ferme des animaux|动物农场
author|1|Cervantes|塞万提斯|Don Quixote|Don Quijote|Don Quijote|Don Quijote|Don Quichotte|堂吉诃德
author|2|Tolstoy/Tolstoi/Tolstoj|托尔斯泰|War and Peace|Krieg und Frieden|Krig och fred|Guerra y paz|Guerre et Paix|战争与和平
author|2|Austen|奥斯汀/奥斯丁|Pride and Prejudice|Stolz und Vorurteil|Stolthet och fördom|Orgullo y prejuicio|Orgueil et Préjugés|傲慢与偏见
author|2|Saint-Exupéry/Saint Exupery|圣埃克苏佩里/圣-埃克苏佩里/圣·埃克苏佩里|The Little Prince|Der kleine Prinz|Lille prinsen|El principito|Le Petit Prince|小王子
author|2|Lindgren|林格伦|Pippi Longstocking|Pippi Langstrumpf|Pippi Långstrump|Pippi Calzaslargas|Fifi Brindacier|长袜子皮皮
author|2|Dickens|狄更斯|Oliver Twist|Oliver Twist|Oliver Twist|Oliver Twist|Oliver Twist|雾都孤儿
author|2|Dostoevsky/Dostoyevsky/Dostojewski/Dostojewskij/Dostojevskij/Dostoievski/Dostoyevski/Dostoïevski|陀思妥耶夫斯基|Crime and Punishment|Schuld und Sühne|Brott och straff|Crimen y castigo|Crime et Châtiment|罪与罚
author|2|Homer/Homero/Homère/Homeros|荷马|the Odyssey|die Odyssee|Odysséen|la Odisea|l'Odyssée|奥德赛
author|2|Carroll/Dodgson|卡罗尔|Alice in Wonderland|Alice im Wunderland|Alice i Underlandet|Alicia en el país de las maravillas|Alice au pays des merveilles|爱丽丝梦游仙境
author|2|Shelley|雪莱|Frankenstein|Frankenstein|Frankenstein|Frankenstein|Frankenstein|弗兰肯斯坦
author|3|Hugo|雨果|Les Misérables|Die Elenden|Samhällets olycksbarn|Los miserables|Les Misérables|悲惨世界
author|3|Goethe|歌德|Faust|Faust|Faust|Fausto|Faust|浮士德
author|3|Melville|梅尔维尔|Moby-Dick|Moby-Dick|Moby Dick|Moby Dick|Moby Dick|白鲸记
author|3|Hemingway|海明威|The Old Man and the Sea|Der alte Mann und das Meer|Den gamle och havet|El viejo y el mar|Le Vieil Homme et la Mer|老人与海
author|3|Stoker|斯托克|Dracula|Dracula|Dracula|Drácula|Dracula|德古拉
author|3|Kafka|卡夫卡|The Metamorphosis|Die Verwandlung|Förvandlingen|La metamorfosis|La Métamorphose|变形记
author|3|Fitzgerald|菲茨杰拉德|The Great Gatsby|Der große Gatsby|Den store Gatsby|El gran Gatsby|Gatsby le Magnifique|了不起的盖茨比
author|3|García Márquez/Márquez|马尔克斯|One Hundred Years of Solitude|Hundert Jahre Einsamkeit|Hundra år av ensamhet|Cien años de soledad|Cent ans de solitude|百年孤独
author|3|Twain/Clemens|马克·吐温/马克吐温|Tom Sawyer|Tom Sawyer|Tom Sawyer|Tom Sawyer|Tom Sawyer|汤姆·索亚历险记
author|3|Verne|凡尔纳|Around the World in Eighty Days|In 80 Tagen um die Welt|Jorden runt på 80 dagar|La vuelta al mundo en ochenta días|Le Tour du monde en quatre-vingts jours|八十天环游地球
author|3|Brontë|勃朗特|Wuthering Heights|Sturmhöhe|Svindlande höjder|Cumbres borrascosas|Les Hauts de Hurlevent|呼啸山庄
author|3|Dante/Alighieri|但丁|the Divine Comedy|die Göttliche Komödie|Den gudomliga komedin|la Divina comedia|la Divine Comédie|神曲
author|4|Eco|艾柯/埃科|The Name of the Rose|Der Name der Rose|Rosens namn|El nombre de la rosa|Le Nom de la rose|玫瑰的名字
author|4|Huxley|赫胥黎|Brave New World|Schöne neue Welt|Du sköna nya värld|Un mundo feliz|Le Meilleur des mondes|美丽新世界
author|4|Salinger|塞林格|The Catcher in the Rye|Der Fänger im Roggen|Räddaren i nöden|El guardián entre el centeno|L'Attrape-cœurs|麦田里的守望者
author|4|Flaubert|福楼拜|Madame Bovary|Madame Bovary|Madame Bovary|Madame Bovary|Madame Bovary|包法利夫人
author|4|Swift|斯威夫特|Gulliver's Travels|Gullivers Reisen|Gullivers resor|Los viajes de Gulliver|Les Voyages de Gulliver|格列佛游记
author|4|Camus|加缪|The Stranger|Der Fremde|Främlingen|El extranjero|L'Étranger|局外人
author|4|Mann|托马斯·曼/托马斯曼|The Magic Mountain|Der Zauberberg|Bergtagen|La montaña mágica|La Montagne magique|魔山
author|4|Ibsen|易卜生|A Doll's House|Nora oder Ein Puppenheim|Ett dockhem|Casa de muñecas|Une maison de poupée|玩偶之家
author|5|Bulgakov/Bulgakow/Boulgakov|布尔加科夫|The Master and Margarita|Der Meister und Margarita|Mästaren och Margarita|El maestro y Margarita|Le Maître et Marguerite|大师与玛格丽特
author|5|Lagerlöf/Lagerlof|拉格洛夫|The Wonderful Adventures of Nils|Nils Holgersson|Nils Holgersson|El maravilloso viaje de Nils Holgersson|Le Merveilleux Voyage de Nils Holgersson|骑鹅旅行记
author|5|Achebe|阿契贝|Things Fall Apart|Alles zerfällt|Allt går sönder|Todo se desmorona|Tout s'effondre|瓦解
author|5|Lampedusa|兰佩杜萨|The Leopard|Der Leopard|Leoparden|El Gatopardo|Le Guépard|豹
author|5|Musil|穆齐尔|The Man Without Qualities|Der Mann ohne Eigenschaften|Mannen utan egenskaper|El hombre sin atributos|L'Homme sans qualités|没有个性的人
author|5|Gogol|果戈理|Dead Souls|Die toten Seelen|Döda själar|Almas muertas|Les Âmes mortes|死魂灵
author|5|Steinbeck|斯坦贝克|East of Eden|Jenseits von Eden|Öster om Eden|Al este del Edén|À l'est d'Éden|伊甸之东
painter|1|Leonardo/da Vinci/Vinci|达芬奇/达·芬奇|the Mona Lisa|die Mona Lisa|Mona Lisa|la Mona Lisa|la Joconde|蒙娜丽莎
painter|2|van Gogh/Gogh|梵高/凡高|The Starry Night|die Sternennacht|Stjärnenatten|La noche estrellada|La Nuit étoilée|星月夜
painter|3|Munch|蒙克|The Scream|den Schrei|Skriet|El grito|Le Cri|呐喊
painter|2|Michelangelo/Miguel Ángel/Michel-Ange|米开朗基罗/米开朗琪罗|the ceiling of the Sistine Chapel|die Decke der Sixtinischen Kapelle|taket i Sixtinska kapellet|el techo de la Capilla Sixtina|le plafond de la chapelle Sixtine|西斯廷教堂天顶画
painter|3|Picasso|毕加索|Guernica|Guernica|Guernica|el Guernica|Guernica|格尔尼卡
painter|3|Dalí|达利|The Persistence of Memory|Die Beständigkeit der Erinnerung|Minnets envishet|La persistencia de la memoria|La Persistance de la mémoire|记忆的永恒
painter|4|Vermeer|维米尔/弗美尔|Girl with a Pearl Earring|Das Mädchen mit dem Perlenohrring|Flicka med pärlörhänge|La joven de la perla|La Jeune Fille à la perle|戴珍珠耳环的少女
painter|4|Rembrandt|伦勃朗|The Night Watch|Die Nachtwache|Nattvakten|La ronda de noche|La Ronde de nuit|夜巡
painter|4|Klimt|克里姆特|The Kiss|den Kuss|Kyssen|El beso|Le Baiser|吻
painter|5|Delacroix|德拉克罗瓦|Liberty Leading the People|Die Freiheit führt das Volk|Friheten på barrikaderna|La libertad guiando al pueblo|La Liberté guidant le peuple|自由引导人民
painter|5|Velázquez|委拉斯开兹/委拉斯凯兹|Las Meninas|Las Meninas|Las Meninas|Las meninas|Les Ménines|宫娥
composer|2|Mozart|莫扎特|The Magic Flute|die Zauberflöte|Trollflöjten|La flauta mágica|La Flûte enchantée|魔笛
composer|2|Vivaldi|维瓦尔第|The Four Seasons|Die vier Jahreszeiten|De fyra årstiderna|Las cuatro estaciones|Les Quatre Saisons|四季
composer|2|Beethoven|贝多芬|Ode to Joy in the Ninth Symphony|die Ode an die Freude in der 9. Sinfonie|musiken till Till glädjen i nionde symfonin|la Oda a la Alegría de la Novena sinfonía|l'Ode à la joie de la Neuvième symphonie|第九交响曲《欢乐颂》
composer|3|Tchaikovsky/Tschaikowsky/Tschaikowski/Tjajkovskij/Chaikovski/Chaikovsky/Tchaïkovski|柴可夫斯基|Swan Lake|Schwanensee|Svansjön|El lago de los cisnes|Le Lac des cygnes|天鹅湖
composer|4|Bizet|比才|Carmen|Carmen|Carmen|Carmen|Carmen|卡门
composer|4|Wagner|瓦格纳|The Ring of the Nibelung|den Ring des Nibelungen|Nibelungens ring|El anillo del nibelungo|L'Anneau du Nibelung|尼伯龙根的指环
composer|4|Verdi|威尔第|Aida|Aida|Aida|Aida|Aïda|阿依达
composer|5|Mussorgsky/Mussorgski/Musorgskij/Mussorgskij/Moussorgski/Musorgski/Musorgsky|穆索尔斯基|Pictures at an Exhibition|Bilder einer Ausstellung|Tavlor på en utställning|Cuadros de una exposición|Tableaux d'une exposition|图画展览会
composer|5|Smetana|斯美塔那|The Moldau|Die Moldau|Moldau|El Moldava|La Moldau|沃尔塔瓦河
inventor|1|Bell|贝尔|the telephone|das Telefon|telefonen|el teléfono|le téléphone|电话
inventor|1|Edison|爱迪生|the light bulb|die Glühbirne|glödlampan|la bombilla|l'ampoule électrique|电灯泡
inventor|2|Gutenberg|古腾堡/谷登堡|the printing press with movable type in Europe|den Buchdruck mit beweglichen Lettern in Europa|boktryckarkonsten med lösa typer i Europa|la imprenta de tipos móviles en Europa|l'imprimerie à caractères mobiles en Europe|欧洲的活字印刷术
inventor|2|Watt|瓦特|the improved steam engine that drove the Industrial Revolution|die verbesserte Dampfmaschine der industriellen Revolution|den förbättrade ångmaskinen under industriella revolutionen|la máquina de vapor mejorada de la Revolución Industrial|la machine à vapeur améliorée de la révolution industrielle|推动工业革命的改良蒸汽机
inventor|2|Nobel|诺贝尔|dynamite|das Dynamit|dynamiten|la dinamita|la dynamite|炸药(达纳炸药)
inventor|2|Berners-Lee/Berners Lee|伯纳斯-李/伯纳斯李|the World Wide Web|das World Wide Web|World Wide Web|la World Wide Web|le World Wide Web|万维网
inventor|3|Braille|布莱叶|the writing system for blind people that is read by touch|die Punktschrift für Blinde|punktskriften för blinda|el sistema de lectura con puntos para ciegos|l'écriture en points pour aveugles|盲文
inventor|4|Röntgen/Roentgen|伦琴|X-ray photographs|die Durchleuchtung mit X-Strahlen|fotografering med X-strålar|la fotografía con rayos X|la radiographie aux rayons X|X射线照片
inventor|4|Volta|伏打/伏特|the first electric battery|die erste elektrische Batterie|det första elektriska batteriet|la primera pila eléctrica|la première pile électrique|第一个电池
inventor|5|Otis|奥的斯|the safety elevator|den absturzsicheren Aufzug|den fallsäkra hissen|el ascensor con freno de seguridad|l'ascenseur à frein de sécurité|安全电梯
inventor|5|Zeppelin|齐柏林|the rigid airship|das Starrluftschiff|det styva luftskeppet|el dirigible rígido|le dirigeable rigide|硬式飞艇
discoverer|1|Newton|牛顿|the law of gravity|das Gravitationsgesetz|tyngdlagen|la ley de la gravedad|la loi de la gravitation|万有引力定律
discoverer|2|Fleming|弗莱明|penicillin|das Penicillin|penicillinet|la penicilina|la pénicilline|青霉素
discoverer|2|Einstein|爱因斯坦|the theory of relativity|die Relativitätstheorie|relativitetsteorin|la teoría de la relatividad|la théorie de la relativité|相对论
discoverer|1|Darwin|达尔文|the theory of evolution by natural selection|die Evolutionstheorie der natürlichen Auslese|evolutionsteorin om naturligt urval|la teoría de la evolución por selección natural|la théorie de l'évolution par sélection naturelle|自然选择的进化论
discoverer|3|Curie/Skłodowska|居里|radium|das Radium|radium|el radio|le radium|镭
discoverer|3|Mendel|孟德尔|the laws of heredity with pea plants|die Vererbungsregeln an Erbsen|ärftlighetslagarna hos ärtor|las leyes de la herencia con guisantes|les lois de l'hérédité avec des pois|豌豆的遗传规律
discoverer|4|Harvey|哈维|the circulation of the blood|den großen Blutkreislauf|blodomloppet|la circulación de la sangre|la circulation du sang|血液循环
discoverer|5|Herschel|赫歇尔|the planet Uranus|den Planeten Uranus|planeten Uranus|el planeta Urano|la planète Uranus|天王星
"""  # noqa: E501

# grade | year | event in six languages
_EVENTS = """
1|1945|the end of the Second World War|das Ende des Zweiten Weltkriegs|andra världskrigets slut|el final de la Segunda Guerra Mundial|la fin de la Seconde Guerre mondiale|第二次世界大战结束
1|1969|the first moon landing with people|die erste bemannte Mondlandung|den första bemannade månlandningen|la primera llegada del hombre a la Luna|le premier pas de l'homme sur la Lune|人类首次登月
1|1492|Columbus' first voyage to America|die erste Amerikafahrt des Kolumbus|Columbus första resa till Amerika|el primer viaje de Colón a América|le premier voyage de Christophe Colomb en Amérique|哥伦布首次到达美洲
1|1989|the fall of the Berlin Wall|der Fall der Berliner Mauer|Berlinmurens fall|la caída del Muro de Berlín|la chute du mur de Berlin|柏林墙倒塌
1|1914|the beginning of the First World War|der Beginn des Ersten Weltkriegs|första världskrigets utbrott|el comienzo de la Primera Guerra Mundial|le début de la Première Guerre mondiale|第一次世界大战爆发
2|1789|the start of the French Revolution|der Beginn der Französischen Revolution|franska revolutionens början|el inicio de la Revolución francesa|le début de la Révolution française|法国大革命爆发
2|1776|the American Declaration of Independence|die amerikanische Unabhängigkeitserklärung|USA:s självständighetsförklaring|la Declaración de Independencia de Estados Unidos|la déclaration d'indépendance des États-Unis|美国独立宣言发表
2|1912|the sinking of the Titanic|der Untergang der Titanic|Titanics förlisning|el hundimiento del Titanic|le naufrage du Titanic|泰坦尼克号沉没
2|1918|the end of the First World War|das Ende des Ersten Weltkriegs|första världskrigets slut|el final de la Primera Guerra Mundial|la fin de la Première Guerre mondiale|第一次世界大战结束
2|1939|the beginning of the Second World War|der Beginn des Zweiten Weltkriegs|andra världskrigets utbrott|el comienzo de la Segunda Guerra Mundial|le début de la Seconde Guerre mondiale|第二次世界大战爆发
2|1990|the German reunification|die deutsche Wiedervereinigung|Tysklands återförening|la reunificación de Alemania|la réunification de l'Allemagne|德国统一
3|1917|the Russian October Revolution|die russische Oktoberrevolution|ryska oktoberrevolutionen|la Revolución rusa de Octubre|la révolution d'Octobre en Russie|俄国十月革命
3|1986|the Chernobyl nuclear disaster|die Reaktorkatastrophe von Tschernobyl|kärnkraftsolyckan i Tjernobyl|el accidente nuclear de Chernóbil|la catastrophe nucléaire de Tchernobyl|切尔诺贝利核事故
3|1963|the assassination of John F. Kennedy|die Ermordung von John F. Kennedy|mordet på John F. Kennedy|el asesinato de John F. Kennedy|l'assassinat de John F. Kennedy|肯尼迪遇刺
3|1961|Yuri Gagarin's first flight into space|der erste Weltraumflug von Juri Gagarin|Jurij Gagarins första rymdfärd|el primer vuelo espacial de Yuri Gagarin|le premier vol spatial de Youri Gagarine|加加林首次进入太空
3|1815|the Battle of Waterloo|die Schlacht bei Waterloo|slaget vid Waterloo|la batalla de Waterloo|la bataille de Waterloo|滑铁卢战役
3|1066|the Battle of Hastings|die Schlacht bei Hastings|slaget vid Hastings|la batalla de Hastings|la bataille d'Hastings|黑斯廷斯战役
3|1991|the dissolution of the Soviet Union|die Auflösung der Sowjetunion|Sovjetunionens upplösning|la disolución de la Unión Soviética|la dissolution de l'Union soviétique|苏联解体
4|1453|the fall of Constantinople|der Fall von Konstantinopel|Konstantinopels fall|la caída de Constantinopla|la chute de Constantinople|君士坦丁堡陷落
4|1986|the explosion of the space shuttle Challenger|die Explosion der Raumfähre Challenger|rymdfärjan Challengers explosion|la explosión del transbordador Challenger|l'explosion de la navette Challenger|挑战者号航天飞机爆炸
4|1215|the signing of Magna Carta|die Unterzeichnung der Magna Carta|undertecknandet av Magna Charta|la firma de la Carta Magna|la signature de la Magna Carta|大宪章签署
4|1957|the launch of Sputnik 1|der Start von Sputnik 1|uppskjutningen av Sputnik 1|el lanzamiento del Sputnik 1|le lancement de Spoutnik 1|斯普特尼克1号发射
4|1666|the Great Fire of London|der Große Brand von London|den stora branden i London|el gran incendio de Londres|le grand incendie de Londres|伦敦大火
4|1869|the opening of the Suez Canal|die Eröffnung des Suezkanals|Suezkanalens öppnande|la apertura del canal de Suez|l'ouverture du canal de Suez|苏伊士运河通航
4|1994|Nelson Mandela's election as president of South Africa|die Wahl von Nelson Mandela zum Präsidenten Südafrikas|valet av Nelson Mandela till Sydafrikas president|la elección de Nelson Mandela como presidente de Sudáfrica|l'élection de Nelson Mandela à la présidence de l'Afrique du Sud|曼德拉当选南非总统
5|1648|the Peace of Westphalia|der Westfälische Friede|westfaliska freden|la Paz de Westfalia|les traités de Westphalie|威斯特伐利亚和约签订
5|1755|the great Lisbon earthquake|das große Erdbeben von Lissabon|den stora jordbävningen i Lissabon|el gran terremoto de Lisboa|le grand tremblement de terre de Lisbonne|里斯本大地震
5|1883|the great eruption of Krakatoa|der große Ausbruch des Krakatau|Krakataus stora utbrott|la gran erupción del Krakatoa|la grande éruption du Krakatoa|喀拉喀托火山大爆发
5|1571|the Battle of Lepanto|die Seeschlacht von Lepanto|slaget vid Lepanto|la batalla de Lepanto|la bataille de Lépante|勒班陀海战
5|1709|the Battle of Poltava|die Schlacht bei Poltawa|slaget vid Poltava|la batalla de Poltava|la bataille de Poltava|波尔塔瓦战役
5|1598|the Edict of Nantes|das Edikt von Nantes|ediktet i Nantes|el Edicto de Nantes|l'édit de Nantes|南特敕令颁布
5|1707|the union of England and Scotland into Great Britain|die Vereinigung von England und Schottland zu Großbritannien|unionen mellan England och Skottland till Storbritannien|la unión de Inglaterra y Escocia en Gran Bretaña|l'union de l'Angleterre et de l'Écosse en Grande-Bretagne|英格兰与苏格兰合并
"""  # noqa: E501

# grade | country in English | its currency in six languages
_CURRENCIES = """
1|Japan|yen|Yen|yen|yen|yen|日元/日圆
1|France|euro/euros|Euro|euro|euro/euros|euro/euros|欧元
1|England|pound/pounds/pound sterling|Pfund|pund/brittiska pund|libra/libras/libra esterlina|livre/livres/livre sterling|英镑
1|Sweden|krona/kronor/Swedish krona|Krone/Schwedische Krone/Kronen|krona/kronor/svenska kronor|corona/coronas/corona sueca|couronne/couronnes/couronne suédoise|克朗
2|Russia|ruble/rouble/rubles|Rubel|rubel|rublo/rublos|rouble/roubles|卢布
2|India|rupee/rupees/Indian rupee|Rupie/Indische Rupie/Rupien|rupie/rupier/indisk rupie|rupia/rupias/rupia india|roupie/roupies/roupie indienne|卢比
2|China|yuan/renminbi|Yuan/Renminbi|yuan/renminbi|yuan/renminbi|yuan/renminbi|人民币
2|Switzerland|franc/Swiss franc/francs|Franken/Schweizer Franken|franc/schweizisk franc/schweizerfranc|franco/franco suizo/francos|franc/franc suisse/francs|瑞士法郎/法郎
2|Mexico|peso/pesos/Mexican peso|Peso/Mexikanischer Peso|peso/pesos/mexikansk peso|peso/pesos/peso mexicano|peso/pesos/peso mexicain|比索
3|Turkey|lira/Turkish lira|Lira/Türkische Lira|lira/turkisk lira|lira/liras/lira turca|livre/livre turque/lire|里拉
3|Brazil|real/reais/Brazilian real|Real/Brasilianischer Real|real/brasiliansk real|real/reales/real brasileño|réal/real/réal brésilien|雷亚尔
3|South Korea|won|Won|won|won|won|韩元/韩圆
3|Poland|zloty/złoty/zlotys|Zloty/Złoty|zloty|zloty/złoty/esloti|zloty/złoty|兹罗提
3|Thailand|baht|Baht|baht|baht|baht|泰铢
4|Hungary|forint|Forint|forint|forinto/florín/florín húngaro/forint|forint|福林
4|Vietnam|dong/đồng|Dong|dong|dong|dong|越南盾/盾
4|Peru|sol/nuevo sol|Sol|sol|sol/nuevo sol|sol|索尔
4|Ukraine|hryvnia|Hrywnja/Hryvnja/Griwna|hryvnja|grivna/hryvnia/grivnia|hryvnia/grivna|格里夫纳
5|Mongolia|tugrik/tögrög/togrog|Tugrik/Tögrög|tugrik/tögrög|tugrik|tugrik/togrog|图格里克
5|Ghana|cedi|Cedi|cedi|cedi|cedi|塞地
5|Ethiopia|birr|Birr|birr|birr|birr|比尔
5|Bhutan|ngultrum|Ngultrum|ngultrum|ngultrum|ngultrum|努尔特鲁姆
5|Zambia|kwacha|Kwacha|kwacha|kwacha|kwacha|克瓦查
"""  # noqa: E501


def _same(text: str) -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, text)


def _capitals(country: Country) -> Fact:
    everywhere = {*country.capital.values(), *_ALSO_CAPITAL.get(country.of["en"], ())}
    right = {
        language: (
            country.capital[language],
            *sorted(everywhere - {country.capital[language], country.name(language)}),
        )
        for language in LANGUAGES
    }
    return Fact(country.grade, "capital", country.of, right)


def _capital_of(country: Country) -> Fact:
    right = {language: (country.name(language), *_ALSO_COUNTRY.get(country.of["en"], ())) for language in LANGUAGES}
    return Fact(min(5, country.grade + 1), "capital_of", country.capital, right)


def _continent(country: Country) -> Fact:
    subject = {language: country.name(language) for language in LANGUAGES}
    genitive = country.of["de"].split()[0]
    subject["de"] = {"der": "die ", "des": "der "}.get(genitive, "") + subject["de"]
    return Fact(country.grade, "continent", subject, CONTINENTS[country.continent])


def _element_facts(line: str) -> tuple[Fact, Fact]:
    grade, symbol, *names = line.split("|")
    name = dict(zip(LANGUAGES, names, strict=True))
    also = _ALSO_ELEMENT.get(name["en"], ())
    right = {language: (name[language], *also) for language in LANGUAGES}
    return (
        Fact(int(grade), "symbol", name, dict.fromkeys(LANGUAGES, (symbol,))),
        Fact(int(grade), "element", _same(symbol), right),
    )


def _creator(line: str) -> Fact:
    topic, grade, latin, chinese, *works = line.split("|")
    right = dict.fromkeys(LANGUAGES, tuple(latin.split("/"))) | {
        "zh": (*chinese.split("/"), *latin.split("/")),
    }
    return Fact(int(grade), topic, dict(zip(LANGUAGES, works, strict=True)), right)


def _event(line: str) -> Fact:
    grade, year, *events = line.split("|")
    return Fact(int(grade), "year", dict(zip(LANGUAGES, events, strict=True)), number=Decimal(year))


def _currency(line: str) -> Fact:
    grade, english, *names = line.split("|")
    country = next(country for country in COUNTRIES if country.of["en"] == english)
    right = {language: tuple(ways.split("/")) for language, ways in zip(LANGUAGES, names, strict=True)}
    return Fact(int(grade), "currency", country.of, right)


def _all_facts() -> tuple[Fact, ...]:
    return (
        *map(_capitals, COUNTRIES),
        *map(_capital_of, COUNTRIES),
        *(_continent(country) for country in COUNTRIES if country.of["en"] not in _NOT_BY_CONTINENT),
        *(fact for line in _ELEMENTS.strip().splitlines() for fact in _element_facts(line)),
        *map(_creator, _CREATORS.strip().splitlines()),
        *map(_event, _EVENTS.strip().splitlines()),
        *map(_currency, _CURRENCIES.strip().splitlines()),
    )


FACTS = _all_facts()
"""Facts that share their wordings with others of their topic."""

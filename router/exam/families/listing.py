"""Naming some members of a category: "three fruits, comma separated"; checked against large sets."""

import re
from collections.abc import Callable
from random import Random

from router.exam.checks.said import plain, sentences, words
from router.exam.item import Answer, Family, Item
from router.exam.wording.phrasing import conversation

# Each row: the category as it is asked for; its members. "/" parts names of the same thing.
_OPEN = {
    "en": """
fruits; apple pear banana orange mandarin/tangerine/clementine lemon lime grapefruit grape strawberry raspberry \
blackberry blueberry cranberry gooseberry currant/blackcurrant/redcurrant cherry plum peach nectarine apricot mango \
papaya pineapple kiwi/kiwifruit melon/cantaloupe/honeydew watermelon pomegranate fig date coconut avocado lychee \
guava passionfruit persimmon quince dragonfruit starfruit jackfruit tomato olive rhubarb durian pomelo mulberry \
elderberry berry/berries
vegetables; carrot potato tomato onion garlic leek cucumber pepper lettuce cabbage cauliflower broccoli spinach \
kale pea bean/green_bean beet/beetroot radish celery zucchini/courgette eggplant/aubergine pumpkin squash/\
butternut_squash turnip parsnip asparagus artichoke corn/sweet_corn/maize fennel mushroom chard/swiss_chard \
sweet_potato okra shallot/scallion/spring_onion ginger bell_pepper brussels_sprout arugula/rocket lentil yam \
cassava endive kohlrabi watercress chickpea soybean bok_choy
colours; red blue green yellow orange purple violet pink brown black white grey/gray turquoise beige gold/golden \
silver indigo cyan magenta maroon teal lime navy/navy_blue olive crimson lavender scarlet peach coral salmon cream \
ivory tan khaki mauve burgundy amber aqua light_blue dark_blue dark_green light_green rust mint emerald charcoal \
bronze plum
animals; dog cat horse cow pig sheep goat chicken duck goose rabbit mouse rat hamster lion tiger elephant giraffe \
zebra monkey gorilla chimpanzee bear polar_bear panda wolf fox deer moose/elk kangaroo koala camel donkey hedgehog \
squirrel beaver otter seal whale dolphin shark fish snake crocodile alligator lizard turtle/tortoise frog toad \
eagle owl parrot penguin ostrich swan pigeon/dove crow/raven bat hippopotamus/hippo rhinoceros/rhino leopard \
cheetah jaguar ant bee butterfly spider bird hen rooster turkey badger buffalo bison antelope gazelle hyena sloth \
lemur octopus crab salmon hawk falcon bull ox pony guinea_pig raccoon skunk llama alpaca baboon armadillo anteater \
walrus meerkat mole weasel ferret puma/cougar panther lynx iguana chameleon peacock flamingo sparrow robin seagull \
jellyfish lobster
musical instruments; piano guitar/electric_guitar/acoustic_guitar violin viola cello double_bass bass/bass_guitar \
flute clarinet oboe bassoon saxophone trumpet trombone tuba horn/french_horn harp drum/drum_kit/drum_set organ \
accordion harmonica recorder banjo ukulele mandolin lute xylophone tambourine triangle bagpipe keyboard/\
electric_keyboard synthesizer cymbal harpsichord piccolo lyre sitar bongo maracas bells/glockenspiel timpani \
percussion marimba fiddle voice
sports; football/soccer basketball volleyball handball tennis table_tennis/ping_pong badminton golf hockey/\
ice_hockey/field_hockey rugby cricket baseball swimming running cycling rowing sailing skiing snowboarding skating/\
ice_skating/figure_skating boxing judo karate wrestling fencing archery athletics/track_and_field gymnastics \
climbing/rock_climbing surfing diving american_football softball squash water_polo lacrosse weightlifting triathlon \
marathon skateboarding curling bowling horse_riding/equestrian kayaking canoeing hiking yoga darts
pieces of furniture; table chair sofa/couch bed wardrobe/closet desk shelf/bookshelf/bookcase cupboard/cabinet \
dresser/chest_of_drawers armchair stool bench nightstand/bedside_table coffee_table dining_table dining_chair \
rocking_chair drawer recliner ottoman sideboard lamp office_chair bunk_bed cot/crib mirror loveseat end_table/\
side_table chest tv_stand rug futon
items of clothing; shirt t-shirt trousers/pants jeans skirt dress jacket coat sweater/jumper/pullover sock shoe \
boot hat cap scarf glove tie belt shorts blouse suit underwear pyjamas/pajamas hoodie cardigan vest bra tights/\
leggings swimsuit sandal sneaker/trainer raincoat top blazer
jobs; teacher doctor nurse baker butcher carpenter plumber electrician mechanic pilot farmer engineer lawyer judge \
police_officer/policeman firefighter cook/chef waiter/waitress hairdresser/barber dentist journalist writer/author \
painter/artist actor/actress musician singer programmer/software_developer/software_engineer/developer accountant \
architect secretary driver/bus_driver/truck_driver cashier gardener tailor librarian scientist pharmacist vet/\
veterinarian photographer soldier manager salesperson/sales_representative translator designer/graphic_designer \
receptionist cleaner builder paramedic professor data_analyst/data_scientist consultant marketing_manager \
project_manager social_worker psychologist therapist surgeon
drinks; water coffee tea milk juice/orange_juice/apple_juice lemonade wine/red_wine/white_wine beer cola/coke/\
coca-cola soda hot_chocolate/cocoa smoothie whisky/whiskey vodka gin rum cider champagne milkshake espresso \
cappuccino latte iced_tea/ice_tea green_tea black_tea mineral_water/sparkling_water/tonic_water kombucha brandy \
ginger_ale martini margarita mojito tequila lemon_water pepsi sprite coconut_water energy_drink
""",
    "de": """
Obstsorten; Apfel/Äpfel Birne Banane Orange/Apfelsine Mandarine/Clementine Zitrone Limette Grapefruit Traube/\
Weintraube Erdbeere Himbeere Brombeere Heidelbeere/Blaubeere Stachelbeere Johannisbeere Kirsche Pflaume/Zwetschge \
Pfirsich Nektarine Aprikose/Marille Mango/Mangos Papaya/Papayas Ananas Kiwi/Kiwis Melone Wassermelone Granatapfel/\
Granatäpfel Feige Dattel Kokosnuss Avocado Quitte Litschi
Farben; Rot Blau Grün Gelb Orange Lila/Violett Rosa/Pink Braun Schwarz Weiß Grau Türkis Beige Gold Silber Hellblau \
Dunkelblau Hellgrün Dunkelgrün Purpur Magenta Cyan
Tiere; Hund Katze Pferd Kuh/Kühe Schwein Schaf Ziege Huhn/Hühner Ente Gans/Gänse Kaninchen/Hase Maus/Mäuse Ratte \
Hamster Löwe Tiger Elefant Giraffe Zebra Affe Gorilla Bär Eisbär Panda Wolf/Wölfe Fuchs/Füchse Hirsch Reh Elch \
Känguru Koala Kamel Esel Igel Eichhörnchen Biber Robbe Wal Delfin/Delphin Hai Fisch Schlange Krokodil Schildkröte \
Frosch/Frösche Adler Eule Papagei Pinguin Strauß Schwan Taube Vogel/Vögel Biene Ameise Schmetterling Spinne Nashorn \
Nilpferd Leopard
Sportarten; Fußball Basketball Volleyball Handball Tennis Tischtennis Badminton Golf Hockey/Eishockey Rugby \
Schwimmen Laufen Radfahren/Radsport Rudern Segeln Skifahren/Ski Turnen Boxen Judo Karate Ringen Fechten \
Leichtathletik Klettern Reiten Baseball Surfen Tanzen Wandern Snowboarden Yoga Joggen
Berufe; Lehrer/Lehrerin Arzt/Ärztin Krankenpfleger/Krankenschwester Bäcker/Bäckerin Metzger/Fleischer Tischler/\
Schreiner Klempner Elektriker Mechaniker/Mechatroniker Pilot Bauer/Landwirt Ingenieur Anwalt/Rechtsanwalt Richter \
Polizist Feuerwehrmann Koch Kellner Friseur Zahnarzt Journalist Schriftsteller/Autor Maler Schauspieler Musiker \
Sänger Programmierer Architekt Verkäufer Gärtner Schneider Apotheker Tierarzt Fotograf Soldat Fahrer/Busfahrer \
Buchhalter Informatiker
""",
    "sv": """
frukter; äpple päron banan/bananer apelsin mandarin/klementin citron lime grapefrukt druva/vindruva jordgubbe/\
jordgubbar hallon björnbär blåbär krusbär vinbär körsbär plommon persika nektarin aprikos mango papaya ananas kiwi \
melon vattenmelon granatäpple fikon dadel/dadlar kokosnöt/kokosnötter avokado lingon litchi
färger; röd/rött blå/blått grön/grönt gul/gult orange lila/violett rosa brun/brunt svart vit/vitt grå/grått turkos \
beige guld silver ljusblå mörkblå ljusgrön mörkgrön cerise
djur; hund katt häst ko/kor gris får get anka höna/kyckling gås/gäss kanin hare mus/möss råtta lejon tiger/tigrar \
elefant giraff zebra apa gorilla björn isbjörn panda varg räv rådjur/hjort älg känguru kamel åsna igelkott ekorre \
bäver säl val delfin haj fisk orm krokodil sköldpadda groda örn uggla papegoja pingvin struts svan duva fågel/\
fåglar bi myra fjäril spindel noshörning flodhäst
sporter; fotboll basket/basketboll volleyboll/volleyball handboll tennis bordtennis badminton golf ishockey/hockey \
innebandy bandy simning löpning cykling rodd segling skidåkning/skidor gymnastik boxning judo karate brottning \
fäktning friidrott klättring ridning baseball rugby orientering
yrken; lärare läkare sjuksköterska bagare slaktare snickare rörmokare elektriker mekaniker pilot bonde/lantbrukare \
ingenjör advokat domare polis brandman kock kypare/servitör frisör tandläkare journalist författare målare \
skådespelare musiker sångare programmerare arkitekt försäljare/säljare trädgårdsmästare skräddare apotekare \
veterinär fotograf soldat chaufför/busschaufför ekonom städare
""",
    "es": """
frutas; manzana pera plátano/banana/banano naranja mandarina limón/limones lima pomelo/toronja uva fresa frambuesa \
mora arándano cereza ciruela melocotón/melocotones/durazno nectarina albaricoque mango papaya piña/ananá kiwi melón/\
melones sandía granada higo dátil coco aguacate guayaba maracuyá caqui
colores; rojo azul/azules verde amarillo naranja/anaranjado morado/violeta/púrpura rosa/rosado marrón/café negro \
blanco gris turquesa beige dorado plateado celeste granate lila magenta cian índigo
animales; perro gato caballo vaca cerdo oveja cabra gallina pollo pato ganso conejo ratón/ratones rata león/leones \
tigre elefante jirafa cebra mono gorila oso panda lobo zorro ciervo alce canguro koala camello burro erizo ardilla \
castor foca ballena delfín/delfines tiburón/tiburones pez/peces serpiente cocodrilo tortuga rana águila búho loro \
pingüino avestruz cisne paloma pájaro abeja hormiga mariposa araña rinoceronte hipopótamo leopardo toro
deportes; fútbol baloncesto/básquetbol voleibol balonmano tenis tenis_de_mesa bádminton golf hockey rugby natación \
atletismo ciclismo remo vela esquí gimnasia boxeo judo kárate lucha esgrima escalada equitación béisbol surf críquet
profesiones; profesor/profesora/maestro/maestra médico/médica/doctor/doctora enfermero/enfermera panadero carnicero \
carpintero fontanero/plomero electricista mecánico piloto agricultor/granjero ingeniero/ingeniera abogado/abogada \
juez policía bombero cocinero/chef camarero/mesero peluquero dentista periodista escritor/escritora pintor actor/\
actriz músico cantante programador/programadora arquitecto/arquitecta vendedor jardinero sastre farmacéutico \
veterinario/veterinaria fotógrafo soldado conductor contador/contable psicólogo científico diseñador
""",
    "fr": """
fruits; pomme poire banane orange mandarine/clémentine citron lime pamplemousse raisin fraise framboise mûre \
myrtille groseille cassis cerise prune pêche nectarine abricot mangue papaye ananas kiwi melon pastèque grenade \
figue datte coco/noix_de_coco avocat litchi kaki goyave coing
couleurs; rouge bleu vert jaune orange violet rose brun/marron noir blanc gris turquoise beige doré/or argenté/\
argent mauve bordeaux indigo magenta cyan pourpre
animaux; chien chat cheval/chevaux vache cochon mouton chèvre poule poulet canard oie lapin souris rat lion tigre \
éléphant girafe zèbre singe gorille ours panda loup renard cerf élan kangourou koala chameau/chameaux âne hérisson \
écureuil castor phoque baleine dauphin requin poisson serpent crocodile tortue grenouille aigle hibou perroquet \
pingouin/manchot autruche cygne pigeon oiseau/oiseaux abeille fourmi papillon araignée rhinocéros hippopotame léopard
sports; football basket/basketball/basket-ball volleyball/volley/volley-ball handball/hand-ball tennis ping-pong/\
tennis_de_table badminton golf hockey rugby natation athlétisme cyclisme aviron voile ski gymnastique boxe judo \
karaté lutte escrime escalade équitation baseball surf course/course_à_pied danse
métiers; professeur/enseignant/instituteur médecin/docteur infirmier/infirmière boulanger boucher menuisier/\
charpentier plombier électricien mécanicien pilote agriculteur/fermier ingénieur avocat juge policier pompier \
cuisinier/chef serveur coiffeur dentiste journaliste écrivain peintre acteur musicien chanteur programmeur/\
développeur architecte vendeur jardinier couturier/tailleur pharmacien vétérinaire photographe soldat chauffeur \
comptable secrétaire
""",
    "zh": """
水果; 苹果 梨/梨子 香蕉 橙子/橙/甜橙 橘子/桔子 柠檬 青柠 柚子/葡萄柚/西柚 葡萄 草莓 树莓/覆盆子 黑莓 蓝莓 樱桃/\
车厘子 李子 桃子/桃/水蜜桃 杏/杏子 芒果 木瓜 菠萝/凤梨 猕猴桃/奇异果 哈密瓜/甜瓜 西瓜 石榴 无花果 枣/红枣 椰子 荔枝 \
龙眼 山竹 榴莲 火龙果 柿子 枇杷 杨梅 百香果 牛油果
颜色; 红色/红 蓝色/蓝 绿色/绿 黄色/黄 橙色/橙/橘色 紫色/紫 粉色/粉红色/粉红 棕色/褐色 黑色/黑 白色/白 灰色/灰 青色 \
金色 银色 天蓝色 深蓝色 米色
动物; 狗 猫 马 牛 猪 羊/绵羊/山羊 鸡 鸭/鸭子 鹅 兔子/兔 老鼠/鼠 狮子 老虎/虎 大象/象 长颈鹿 斑马 猴子/猴 大猩猩 熊 \
熊猫/大熊猫 狼 狐狸 鹿 袋鼠 考拉 骆驼 驴 刺猬 松鼠 海豹 鲸鱼/鲸 海豚 鲨鱼 鱼 蛇 鳄鱼 乌龟 青蛙 老鹰/鹰 猫头鹰 鹦鹉 \
企鹅 鸵鸟 天鹅 鸽子 鸟 蜜蜂 蚂蚁 蝴蝶 蜘蛛 犀牛 河马 豹子/豹 北极熊
运动; 足球 篮球 排球 手球 网球 乒乓球 羽毛球 高尔夫/高尔夫球 曲棍球 冰球 橄榄球 游泳 跑步 骑自行车/自行车/骑行 划船/\
赛艇 滑雪 体操 拳击 柔道 空手道 击剑 田径 攀岩 骑马/马术 棒球 滑冰 瑜伽 武术 太极 跳水
职业; 教师/老师 医生 护士 面包师 屠夫 木匠 水管工 电工 机械师/修理工 飞行员 农民 工程师 律师 法官 警察 消防员 厨师 \
服务员 理发师/美发师 牙医 记者 作家 画家 演员 音乐家 歌手 程序员 建筑师 销售员/售货员 园丁 裁缝 药剂师 兽医 摄影师 \
军人/士兵 司机 会计 设计师 科学家
""",
}
_CLOSED = {
    "en": """
days of the week; Monday Tuesday Wednesday Thursday Friday Saturday Sunday
months; January February March April May June July August September October November December
seasons; spring summer autumn/fall winter
planets of our solar system; Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune
continents; Africa Asia Europe North_America South_America Australia/Oceania Antarctica
capitals in Europe; Paris Berlin Madrid Rome London Lisbon Vienna Brussels Amsterdam Copenhagen Stockholm Oslo \
Helsinki Warsaw Prague Budapest Bucharest Sofia Athens Dublin Bern/Berne Zagreb Belgrade Ljubljana Bratislava \
Vilnius Riga Tallinn Kyiv/Kiev Minsk Moscow Reykjavik/Reykjavík Luxembourg/Luxembourg_City Valletta Sarajevo Skopje \
Tirana Podgorica Chisinau/Chișinău Monaco Vaduz Nicosia Edinburgh Pristina Andorra_la_Vella San_Marino Vatican_City \
Ankara
countries in Europe; France Germany Spain Italy United_Kingdom/UK/England/Great_Britain/Scotland/Wales Portugal \
Austria Belgium Netherlands/Holland Denmark Sweden Norway Finland Poland Czech_Republic/Czechia Hungary Romania \
Bulgaria Greece Ireland Switzerland Croatia Serbia Slovenia Slovakia Lithuania Latvia Estonia Ukraine Belarus \
Russia Iceland Luxembourg Malta Bosnia/Bosnia-Herzegovina North_Macedonia/Macedonia Albania Montenegro Moldova \
Monaco Liechtenstein Cyprus Kosovo Andorra San_Marino Vatican_City/Vatican Turkey/Türkiye
""",
    "de": """
Wochentage; Montag Dienstag Mittwoch Donnerstag Freitag Samstag/Sonnabend Sonntag
Monate; Januar/Jänner Februar März April Mai Juni Juli August September Oktober November Dezember
Jahreszeiten; Frühling/Frühjahr Sommer Herbst Winter
Planeten unseres Sonnensystems; Merkur Venus Erde Mars Jupiter Saturn Uranus Neptun
Hauptstädte in Europa; Paris Berlin Madrid Rom London Lissabon Wien Brüssel Amsterdam Kopenhagen Stockholm Oslo \
Helsinki Warschau Prag Budapest Bukarest Sofia Athen Dublin Bern Zagreb Belgrad Ljubljana/Laibach Bratislava/\
Pressburg Vilnius Riga Tallinn Kiew/Kyjiw Minsk Moskau Reykjavik/Reykjavík Luxemburg Valletta Sarajevo Skopje \
Tirana Podgorica Monaco Vaduz Nikosia
Länder in Europa; Frankreich Deutschland Spanien Italien Großbritannien/England/Vereinigtes_Königreich/Schottland \
Portugal Österreich Belgien Niederlande/Holland Dänemark Schweden Norwegen Finnland Polen Tschechien Ungarn \
Rumänien Bulgarien Griechenland Irland Schweiz Kroatien Serbien Slowenien Slowakei Litauen Lettland Estland Ukraine \
Belarus/Weißrussland Russland Island Luxemburg Malta Albanien Montenegro Moldau/Moldawien Türkei Bosnien \
Nordmazedonien Zypern Liechtenstein Monaco
""",
    "sv": """
veckodagar; måndag tisdag onsdag torsdag fredag lördag söndag
månader; januari februari mars april maj juni juli augusti september oktober november december
årstider; vår sommar höst vinter
planeter i vårt solsystem; Merkurius Venus jorden/Tellus Mars Jupiter Saturnus Uranus Neptunus
huvudstäder i Europa; Paris Berlin Madrid Rom London Lissabon Wien Bryssel Amsterdam Köpenhamn Stockholm Oslo \
Helsingfors Warszawa Prag Budapest Bukarest Sofia Aten Dublin Bern Zagreb Belgrad Ljubljana Bratislava Vilnius Riga \
Tallinn Kiev/Kyjiv Minsk Moskva Reykjavik/Reykjavík Luxemburg Valletta Sarajevo Skopje Tirana Monaco
länder i Europa; Frankrike Tyskland Spanien Italien Storbritannien/England/Skottland Portugal Österrike Belgien \
Nederländerna/Holland Danmark Sverige Norge Finland Polen Tjeckien Ungern Rumänien Bulgarien Grekland Irland \
Schweiz Kroatien Serbien Slovenien Slovakien Litauen Lettland Estland Ukraina Belarus/Vitryssland Ryssland Island \
Luxemburg Malta Albanien Montenegro Moldavien Turkiet Cypern
""",
    "es": """
días de la semana; lunes martes miércoles jueves viernes sábado domingo
meses; enero febrero marzo abril mayo junio julio agosto septiembre/setiembre octubre noviembre diciembre
estaciones del año; primavera verano otoño invierno
planetas del sistema solar; Mercurio Venus Tierra Marte Júpiter Saturno Urano Neptuno
capitales de Europa; París Berlín Madrid Roma Londres Lisboa Viena Bruselas Ámsterdam Copenhague Estocolmo Oslo \
Helsinki Varsovia Praga Budapest Bucarest Sofía Atenas Dublín Berna Zagreb Belgrado Liubliana Bratislava Vilna Riga \
Tallin/Tallinn Kiev/Kyiv Minsk Moscú Reikiavik Luxemburgo La_Valeta/Valeta Sarajevo Skopje Tirana Mónaco
países de Europa; Francia Alemania España Italia Reino_Unido/Inglaterra Portugal Austria Bélgica Países_Bajos/\
Holanda Dinamarca Suecia Noruega Finlandia Polonia República_Checa/Chequia Hungría Rumanía/Rumania Bulgaria Grecia \
Irlanda Suiza Croacia Serbia Eslovenia Eslovaquia Lituania Letonia Estonia Ucrania Bielorrusia Rusia Islandia \
Luxemburgo Malta Albania Montenegro Moldavia Turquía Chipre Mónaco
""",
    "fr": """
jours de la semaine; lundi mardi mercredi jeudi vendredi samedi dimanche
mois de l'année; janvier février mars avril mai juin juillet août septembre octobre novembre décembre
saisons; printemps été automne hiver
planètes du système solaire; Mercure Vénus Terre Mars Jupiter Saturne Uranus Neptune
capitales européennes; Paris Berlin Madrid Rome Londres Lisbonne Vienne Bruxelles Amsterdam Copenhague Stockholm \
Oslo Helsinki Varsovie Prague Budapest Bucarest Sofia Athènes Dublin Berne Zagreb Belgrade Ljubljana Bratislava \
Vilnius Riga Tallinn Kiev/Kyiv Minsk Moscou Reykjavik Luxembourg Valette/La_Valette Sarajevo Skopje Tirana Monaco
pays d'Europe; France Allemagne Espagne Italie Royaume-Uni/Angleterre Portugal Autriche Belgique Pays-Bas/Hollande \
Danemark Suède Norvège Finlande Pologne République_tchèque/Tchéquie Hongrie Roumanie Bulgarie Grèce Irlande Suisse \
Croatie Serbie Slovénie Slovaquie Lituanie Lettonie Estonie Ukraine Biélorussie Russie Islande Luxembourg Malte \
Albanie Monténégro Moldavie Turquie Chypre Monaco
""",
    "zh": """
星期里的日子; 星期一/周一 星期二/周二 星期三/周三 星期四/周四 星期五/周五 星期六/周六 星期日/星期天/周日
月份; 一月/1月 二月/2月 三月/3月 四月/4月 五月/5月 六月/6月 七月/7月 八月/8月 九月/9月 十月/10月 十一月/11月 十二月/\
12月
季节; 春天/春季/春 夏天/夏季/夏 秋天/秋季/秋 冬天/冬季/冬
太阳系行星; 水星 金星 地球 火星 木星 土星 天王星 海王星
欧洲国家的首都; 巴黎 柏林 马德里 罗马 伦敦 里斯本 维也纳 布鲁塞尔 阿姆斯特丹 哥本哈根 斯德哥尔摩 奥斯陆 赫尔辛基 \
华沙 布拉格 布达佩斯 布加勒斯特 索非亚 雅典 都柏林 伯尔尼 萨格勒布 贝尔格莱德 维尔纽斯 里加 塔林 基辅 明斯克 莫斯科 \
雷克雅未克 卢森堡 布拉迪斯拉发 卢布尔雅那
欧洲国家; 法国 德国 西班牙 意大利 英国 葡萄牙 奥地利 比利时 荷兰 丹麦 瑞典 挪威 芬兰 波兰 捷克 匈牙利 罗马尼亚 \
保加利亚 希腊 爱尔兰 瑞士 克罗地亚 塞尔维亚 斯洛文尼亚 斯洛伐克 立陶宛 拉脱维亚 爱沙尼亚 乌克兰 白俄罗斯 俄罗斯 \
冰岛 卢森堡 马耳他 阿尔巴尼亚
""",
}
_NUMBERS = {
    "en": {"even": "even numbers between {a} and {b}", "odd": "odd numbers between {a} and {b}",
           "prime": "prime numbers between {a} and {b}", "multiple": "multiples of {m} between {a} and {b}"},
    "de": {"even": "gerade Zahlen zwischen {a} und {b}", "odd": "ungerade Zahlen zwischen {a} und {b}",
           "prime": "Primzahlen zwischen {a} und {b}", "multiple": "Vielfache von {m} zwischen {a} und {b}"},
    "sv": {"even": "jämna tal mellan {a} och {b}", "odd": "udda tal mellan {a} och {b}",
           "prime": "primtal mellan {a} och {b}", "multiple": "multiplar av {m} mellan {a} och {b}"},
    "es": {"even": "números pares entre {a} y {b}", "odd": "números impares entre {a} y {b}",
           "prime": "números primos entre {a} y {b}", "multiple": "múltiplos de {m} entre {a} y {b}"},
    "fr": {"even": "nombres pairs entre {a} et {b}", "odd": "nombres impairs entre {a} et {b}",
           "prime": "nombres premiers entre {a} et {b}", "multiple": "multiples de {m} entre {a} et {b}"},
    "zh": {"even": "{a}到{b}之间的偶数", "odd": "{a}到{b}之间的奇数",
           "prime": "{a}到{b}之间的质数", "multiple": "{a}到{b}之间{m}的倍数"},
}  # fmt: skip
_COUNTS = {
    "en": ("two", "three", "four", "five", "six", "seven", "eight"),
    "de": ("zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht"),
    "sv": ("två", "tre", "fyra", "fem", "sex", "sju", "åtta"),
    "es": ("dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho"),
    "fr": ("deux", "trois", "quatre", "cinq", "six", "sept", "huit"),
    "zh": ("两个", "三个", "四个", "五个", "六个", "七个", "八个"),
}
_ASKING = {
    "en": (
        "Name {n} {what}{how}.",
        "List {n} {what}{how}.",
        "{n} {what}{how}",
        "Give me {n} {what}{how}.",
        "Give {n} examples of {what}{how}.",
        "Can you name {n} {what}{how}?",
        "What are {n} {what}? Write them{how}.",
        "Write down {n} {what}{how}.",
        "I need {n} {what}{how}.",
        "Tell me {n} {what}{how}",
        "Please list {n} {what}{how}.",
        "For a quiz I need {n} {what}{how}.",
        "My son has to write {n} {what}{how}. Which could he take?",
        "Think of {n} {what}{how}.",
        "Could you give me {n} {what} please{how}",
        "list of {n} {what}{how}",
    ),
    "de": (
        "Nenne {n} {what}{how}.",
        "{n} {what}{how}",
        "Zähle {n} {what} auf{how}.",
        "Gib mir {n} {what}{how}.",
        "Kannst du {n} {what} nennen{how}?",
        "Für ein Quiz brauche ich {n} {what}{how}.",
    ),
    "sv": (
        "Nämn {n} {what}{how}.",
        "{n} {what}{how}",
        "Räkna upp {n} {what}{how}.",
        "Ge mig {n} {what}{how}.",
        "Kan du nämna {n} {what}{how}?",
        "Jag behöver {n} {what} till ett quiz{how}.",
    ),
    "es": (
        "Nombra {n} {what}{how}.",
        "{n} {what}{how}",
        "Escribe {n} {what}{how}.",
        "Dame {n} {what}{how}.",
        "¿Puedes decirme {n} {what}{how}?",
        "Para un concurso necesito {n} {what}{how}.",
    ),
    "fr": (
        "Cite {n} {what}{how}.",
        "{n} {what}{how}",
        "Écris {n} {what}{how}.",
        "Donne-moi {n} {what}{how}.",
        "Peux-tu citer {n} {what}{how} ?",
        "Pour un quiz, il me faut {n} {what}{how}.",
    ),
    "zh": (
        "请说出{n}{what}{how}。",
        "{n}{what}{how}",
        "列出{n}{what}{how}。",
        "给我{n}{what}{how}。",
        "你能说出{n}{what}吗{how}?",
        "我出题需要{n}{what}{how}。",
    ),
}
# How the list shall be written; "" leaves it open.
_COMMAS = {
    "en": (
        ", comma separated",
        " separated by commas",
        ", comma-separated",
        " in one line, with commas between them",
        " (comma separated)",
    ),
    "de": (", durch Kommas getrennt", ", mit Komma getrennt", " in einer Zeile, mit Kommas getrennt"),
    "sv": (", separerade med komma", ", kommaseparerat", " på en rad med komma mellan"),
    "es": (", separados por comas", ", separadas por comas", " en una línea, con comas"),
    "fr": (", séparés par des virgules", ", séparées par des virgules", " sur une ligne, avec des virgules"),
    "zh": (",用逗号分隔", ",用顿号或逗号隔开", ",写在一行里,用逗号分开"),
}
_LINES = {
    "en": (", one per line", " as a bulleted list", ", each on a new line", " (one a line)", " as a numbered list"),
    "de": (", eins pro Zeile", " als Liste mit Punkten", ", jeweils in einer neuen Zeile"),
    "sv": (", en per rad", " som en punktlista", ", var och en på en ny rad"),
    "es": (", uno por línea", " en una lista con viñetas", ", cada uno en una línea"),
    "fr": (", un par ligne", " sous forme de liste à puces", ", chacun sur une nouvelle ligne"),
    "zh": (",每行一个", ",用项目符号列出", ",各写一行"),
}
_SORTED = {
    "en": ", in alphabetical order",
    "de": ", alphabetisch sortiert",
    "sv": ", i bokstavsordning",
    "es": ", en orden alfabético",
    "fr": ", par ordre alphabétique",
}
_LETTER = {
    "en": " that start with {x}",
    "de": " mit dem Anfangsbuchstaben {x}",
    "sv": " som börjar på {x}",
    "es": " que empiecen por {x}",
    "fr": " qui commencent par {x}",
}
_WITHOUT = {
    "en": " other than {x}",
    "de": " außer {x}",
    "sv": " förutom {x}",
    "es": " excepto {x}",
    "fr": " sauf {x}",
    "zh": "(不要{x})",
}
_BULLET = re.compile(r"^\s*(?:[-•·+–]\s*|\(?\d{1,2}[.):、]\s+|\(?\d{1,2}[.)、](?=\D))\s*")
_ARTICLE = re.compile(
    r"^(?:(?:and|a|an|the|und|der|die|das|ein|eine|och|en|ett|y|e|el|la|los|las|un|una|et|le|les|une) |l'|和|以及)+"
)
_TAIL = re.compile(r"\s*(?:\([^)]*\)|[.!?。]+)\s*$")
_GLOSS = re.compile(r"\s+[-–—:]\s+.*$|:.*$")
_PLURALS = ("", "s", "es", "e", "n", "en", "er", "ar", "or", "r", "a", "x")


def names_in(text: str) -> tuple[list[str], int]:
    r"""What an answer lists, and on how many lines; sentences around a list are passed over.

    >>> names_in("Sure! Here they are:\n1. Apples\n2. **Pears** - sweet")
    (['apples', 'pears'], 2)
    """
    lines = plain(re.sub(r"(?m)^\s*[*]\s+", "- ", text)).splitlines()
    marked = [line for line in lines if _BULLET.match(line)]
    if marked:
        lines = marked
    elif len(lines) > 1 and (lines[0].endswith((":", "!")) or len(words(lines[0])) > 8):
        lines = lines[1:]
    elif lines and ":" in lines[0]:
        lines[0] = lines[0].split(":", 1)[1]
    if not marked and lines and re.search(r"[,、]", lines[0]):
        lines = sentences(lines[0])[:1]
    names = []
    for line in lines:
        line = _BULLET.sub("", line)
        if len(lines) > 1:
            line = _GLOSS.sub("", line)
        line = line.replace(" and herzegovina", "")
        line = re.sub(r",? (?:and|und|och|y|et) |和|以及", ", ", line)
        names += [
            name
            for part in re.split(r"[,;、]", line)
            if (name := _TAIL.sub("", _ARTICLE.sub("", part.strip())).strip())
        ]
    return names, len(lines)


class _Members:
    """The members of a category, found in singular and plural."""

    def __init__(self, row: str) -> None:
        groups = [entry.replace("_", " ").split("/") for entry in row.split()]
        self.shown = [group[0] for group in groups]
        self._of: dict[str, str] = {}
        for group in groups:
            for form in group:
                for ending in _PLURALS if form.isascii() or form[0] < "\u3000" else ("",):
                    self._of.setdefault(plain(form) + ending, group[0])
                if form.endswith("y"):
                    self._of.setdefault(plain(form)[:-1] + "ies", group[0])
                if form.endswith(("e", "a")):
                    for ending in ("or", "n", "r"):
                        self._of.setdefault(plain(form)[:-1] + ending, group[0])

    def find(self, name: str) -> str | None:
        """The member that is meant."""
        return self._of.get(name)


def _rows(table: str) -> list[tuple[str, _Members]]:
    rows = (row.split("; ", 1) for row in table.strip().splitlines())
    return [(what, _Members(members)) for what, members in rows]


_OPEN_ROWS = {language: _rows(table) for language, table in _OPEN.items()}
_CLOSED_ROWS = {language: _rows(table) for language, table in _CLOSED.items()}


def lists(
    text: str,
    n: int,
    find: Callable[[str], str | None],
    layout: str = "",
    fits: Callable[[str], bool] = bool,
    in_order: bool = False,
) -> bool:
    """Whether an answer lists `n` different members of a category and nothing else.

    Parameters
    ----------
    text : str
        The answer.
    n : int
        How many are asked for.
    find : callable
        The member that a name stands for, or None.
    layout : {"", "commas", "lines"}
        How they shall be written; "" leaves it open.
    fits : callable
        Whether a name, as written, fulfils what else is asked.
    in_order : bool
        Whether they shall stand in alphabetical order.
    """
    if len(text) > 1500:
        return False
    names, n_lines = names_in(text)
    found = [find(name) for name in names]
    if len(names) != n or None in found or len(set(found)) != n or not all(map(fits, names)):
        return False
    if layout and (n_lines == 1) != (layout == "commas"):
        return False
    return not in_order or names == sorted(names)


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def _numbers(rng: Random, level: int, language: str) -> tuple[str, list[str]]:
    """What numbers are asked for, and all that there are."""
    kind = rng.choice({1: ("even", "odd"), 2: ("even", "odd")}.get(level, ("prime", "multiple")))
    low = rng.choice((0, 10, 20)) if level <= 2 else rng.randrange(10, 40) if level == 3 else rng.randrange(40, 160)
    factor = rng.randrange(3, 8) if level == 3 else rng.randrange(7, 14)
    high = low + (20 if level <= 2 else 12 * factor)
    tests: dict[str, Callable[[int], bool]] = {
        "even": lambda number: number % 2 == 0,
        "odd": lambda number: number % 2 == 1,
        "prime": _is_prime,
        "multiple": lambda number: number % factor == 0,
    }
    members = [str(number) for number in range(low, high + 1) if tests[kind](number)]
    return _NUMBERS[language][kind].format(a=low, b=high, m=factor), members


def _layout(rng: Random, level: int, language: str) -> tuple[str, str]:
    """How the list shall be written, and the words that say so."""
    layout = rng.choice(("commas", "commas", "lines", "") if level > 1 else ("commas", ""))
    if not layout:
        return "", ""
    return layout, rng.choice((_COMMAS if layout == "commas" else _LINES)[language])


_LEAST_MEMBERS = {1: 1, 2: 1, 3: 9, 4: 16, 5: 16}
"""How large a category must be at each level: months and seasons are no test for a good model."""


def _make(rng: Random, level: int, language: str) -> Item:
    layout, how = _layout(rng, level, language)
    n = rng.randrange(*{1: (2, 5), 2: (3, 6), 3: (4, 7), 4: (5, 8), 5: (6, 9)}[level])
    fits: Callable[[str], bool] = bool
    in_order = False
    if rng.random() < 0.2:
        what, shown = _numbers(rng, level, language)
        find: Callable[[str], str | None] = {name: name for name in shown}.get
    else:
        rows = _OPEN_ROWS[language] if level <= 2 or rng.random() < 0.6 else _CLOSED_ROWS[language]
        if level <= 2 and rng.random() < 0.3:
            rows = _CLOSED_ROWS[language]
        what, members = rng.choice([row for row in rows if len(row[1].shown) >= _LEAST_MEMBERS[level]])
        shown, find = members.shown, members.find
        if level >= 3:
            what, shown, fits, in_order, how = _harder(rng, level, language, n, what, members, how)
    n = min(n, len(shown) - (1 if level < 3 else 0))
    picked = rng.sample(list(shown), n)
    if in_order:
        picked.sort(key=str.casefold)
    turns = conversation(rng, language, _ASKING[language], n=_count(rng, language, n), what=what, how=how)

    def check(answer: Answer) -> bool:
        return lists(answer.text, n, find, layout, fits, in_order)

    expected = ("\n" if layout == "lines" else ", ").join(picked)
    return Item(turns, check, max_tokens=16 + 10 * n, expected=expected)


def _count(rng: Random, language: str, n: int) -> str:
    if n > 8 or rng.random() < 0.4:
        return f"{n}个" if language == "zh" else str(n)
    return _COUNTS[language][n - 2] if n > 1 else str(n)


def _harder(
    rng: Random, level: int, language: str, n: int, what: str, members: _Members, how: str
) -> tuple[str, list[str], Callable[[str], bool], bool, str]:
    """A further demand: not these members, a first letter, alphabetical order."""
    shown = members.shown
    letters = [x for x in "abcdefghklmprst" if sum(plain(name)[0] == x for name in shown) >= n]
    if level >= 4 and language in _LETTER and letters and rng.random() < 0.5:
        letter = rng.choice(letters)
        fitting = [name for name in shown if plain(name)[0] == letter]
        return what + _LETTER[language].format(x=letter.upper()), fitting, lambda name: name[0] == letter, False, how
    in_order = level == 5 and language in _SORTED and rng.random() < 0.6 and all(name.isascii() for name in shown)
    if in_order:
        how = _SORTED[language] + how
    left_out = rng.sample(list(shown), 2 if level == 3 else 3)
    fitting = [name for name in shown if name not in left_out]
    what += _WITHOUT[language].format(x=("、" if language == "zh" else ", ").join(left_out))
    return what, fitting, lambda name: members.find(name) not in left_out, in_order, how


FAMILY = Family(name="listing", title="naming members of a category", make=_make)

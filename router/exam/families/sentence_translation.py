"""Translating everyday sentences between the exam's six languages.

Sentences are built from parallel parts, ``[variant|variant|…]``: the first is shown, and a translation must hold \
one of
each part's variants. Whatever else it holds must be a small word of its language (articles, pronouns, \
prepositions), so
that invented words do not pass while word order and the choice between formal and informal are free.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from router.exam.checks.said import HAN, pattern, plain, readings, words
from router.exam.content.language_names import NAMES
from router.exam.item import LANGUAGES, Answer, Family, Item
from router.exam.wording.phrasing import conversation

_SHORT = """
[Good morning]! ; [Guten Morgen]! ; [God morgon|Godmorgon]! ; ¡[Buenos días|Buen día]! ; [Bonjour]! ; [早上好|早安|\
早晨好]!
[Good night]! ; [Gute Nacht]! ; [God natt|Godnatt]! ; ¡[Buenas noches]! ; [Bonne nuit]! ; [晚安]!
[Thank you|Thanks] [very much|so much|a lot]. ; [Vielen Dank|Danke|Herzlichen Dank]. ; [Tack så mycket|Stort tack|\
Tusen tack]. ; [Muchas gracias]. ; [Merci] [beaucoup|infiniment]. ; [非常感谢|谢谢|多谢|十分感谢|非常感激].
[How] are you? ; [Wie geht|Wie gehts] es dir? ; [Hur mår|Hur är det|Hur står det|Läget] du? ; ¿[Cómo está*|Qué \
tal]? ; [Comment] [allez-vous|vas-tu|vas tu|allez vous|ça va|tu vas|vous allez|va]? ; [你好吗|您好吗|你怎么样|\
你还好吗|最近怎么样|你最近好吗|你最近怎么样|近来]?
[Where] is the [station|train station|railway station]? ; [Wo] [ist|befindet|finde|liegt] der [Bahnhof]? ; [Var] \
[är|ligger|finns] [stationen|tågstationen|järnvägsstationen]? ; ¿[Dónde] [está|queda|se encuentra|se ubica] la \
[estación|estación de tren|estación de trenes]? ; [Où] [est|se trouve] la [gare|station]? ; [车站|火车站]在[哪里|\
哪儿|何处|什么地方]?
I [am|'m] [tired|exhausted]. ; Ich [bin] [müde]. ; Jag [är] [trött]. ; [Estoy|Me siento] [cansad*]. ; Je [suis] \
[fatigué*]. ; 我[累|疲倦|疲惫|困]了。
I [don't|do not] [understand|get it]. ; Ich [verstehe|verstehe] [nicht|kein*]. ; Jag [förstår] [inte|ej]. ; [No] \
[entiendo|comprendo|lo entiendo]. ; Je [ne comprends|comprends|saisis] [pas|rien]. ; 我[不明白|不懂|不理解|听不懂|\
没听懂|看不懂|不太明白]。
What is your [name]? ; [Wie heißt|Wie heißen|Wie ist dein Name|Was ist dein Name|Wie lautet dein Name|Wie ist Ihr \
Name|Was ist Ihr Name] du? ; [Vad heter|Vad är ditt namn] du? ; ¿[Cómo te llamas|Cómo se llama|Cuál es tu nombre|\
Cuál es su nombre]? ; [Comment t'appelles-tu|Comment vous appelez-vous|Comment tu t'appelles|Quel est ton nom|Quel \
est votre nom|Comment t'appelles tu|Comment vous appelez vous]? ; 你[叫什么|的名字|名字|贵姓|如何称呼|怎么称呼|姓名]?
[See you|Until|See ya|Till] [tomorrow]! ; [Bis] [morgen]! ; [Vi ses|Ses|Hej då] [imorgon|i morgon]! ; ¡[Hasta|Nos \
vemos|Te veo|Nos veremos] [mañana]! ; [À|A|On se voit|Rendez-vous] [demain]! ; [明天] [见]!
I [love|like|enjoy] [music]. ; Ich [liebe|mag|höre gern] [Musik]. ; Jag [älskar|gillar|tycker om] [musik]. ; Me \
[encanta|gusta|Amo] la [música]. ; J'[aime|adore|aime bien] la [musique]. ; 我[爱|喜欢|喜爱|热爱] [音乐]。
Do you [speak] [English]? ; [Sprichst|Sprechen] du [Englisch]? ; [Talar|Pratar] du [engelska]? ; ¿[Hablas|Habla|\
Hablan|Habláis] [inglés]? ; [Parlez|Parles|Parles-tu|Parlez-vous] vous [anglais]? ; 你[会说|讲|说|会讲] [英语|\
英文]吗?
[Happy] [birthday]! ; [Alles Gute|Herzlichen Glückwunsch|Alles Liebe] zum [Geburtstag]! ; [Grattis|Gratulerar|\
Grattis på] på [födelsedagen]! ; ¡[Feliz|Felices] [cumpleaños]! ; [Joyeux|Bon|Heureux] [anniversaire]! ; [生日] \
[快乐]!
The [book] is on the [table|desk]. ; Das [Buch] [liegt|ist|steht] auf dem [Tisch]. ; [Boken] [ligger|är|står] på \
[bordet]. ; El [libro] [está] [sobre|encima|en] la [mesa]. ; Le [livre] [est|se trouve] sur la [table]. ; [书] \
[在]桌[子上|上|面上]。
I [need|require] [help|assistance]. ; Ich [brauche|benötige] [Hilfe|Unterstützung]. ; Jag [behöver] [hjälp]. ; \
[Necesito|Me hace falta|Preciso] [ayuda]. ; J'ai [besoin] d'[aide|aide]. ; 我[需要|要] [帮助|帮忙|协助]。
The [weather] is [nice|beautiful|good|lovely|fine|great] [today]. ; Das [Wetter] ist [heute] [schön|gut|herrlich]. \
; [Vädret] är [fint|bra|vackert|skönt] [idag|i dag]. ; [Hoy] [hace|el tiempo] [buen tiempo|está bueno|es bueno|buen|\
bueno|bonito|agradable|está bonito]. ; Il fait [beau|bon] [aujourd'hui]. ; [今天] [天气] [好|不错|晴朗|棒|很好]。
My [brother] is [ten|10]. ; Mein [Bruder] ist [zehn|10] Jahre alt. ; Min [bror] är [tio|10] år gammal. ; Mi \
[hermano] tiene [diez|10] años. ; Mon [frère] a [dix|10] ans. ; 我[弟弟|哥哥|兄弟] [十岁|10岁|十 岁]。
[Excuse me|Sorry|I'm sorry|Pardon|Pardon me|I apologize]. ; [Entschuldigung|Entschuldigen|Verzeihung|Tut mir leid|\
Es tut mir leid|Entschuldige]. ; [Ursäkta|Förlåt|Jag ber om ursäkt|Ursäkta mig]. ; [Perdón|Disculpe|Disculpa|Lo \
siento|Perdone|Perdona|Perdóname]. ; [Excusez-moi|Pardon|Désolé*|Excuse-moi|Je suis désolé*|Je m'excuse]. ; [对不起|\
不好意思|抱歉|打扰一下|请问|劳驾|很抱歉]。
[How much|What] does it [cost|is it|is this]? ; [Was|Wie viel|Wieviel] [kostet] das? ; [Vad|Hur mycket] [kostar] \
det? ; ¿[Cuánto] [cuesta|vale|es|sale]? ; [Combien] ça [coûte|coute|fait|vaut|ça coûte|coûte-t-il|est-ce que ça \
coûte]? ; 这个[多少钱|要多少钱|价格|什么价]?
We are [hungry]. ; Wir [haben|sind] [Hunger|hungrig]. ; Vi är [hungriga]. ; [Tenemos|Estamos] [hambre|hambrientos|\
hambrientas]. ; Nous [avons|sommes|on a] [faim|affamé*]. ; 我们[饿]了。
The [train] is [late|delayed]. ; Der [Zug] [ist zu spät|hat Verspätung|ist verspätet|kommt zu spät|ist spät|\
verspätet|spät dran]. ; [Tåget] är [sent|försenat]. ; El [tren] [llega tarde|está retrasado|va con retraso|tiene \
retraso|se retrasa|está atrasado|viene tarde|va tarde|está demorado|se ha retrasado|trae retraso]. ; Le [train] est \
[en retard|retardé|retard]. ; [火车|列车] [晚点|误点|迟到|延误|晚]了。
"""

_NEAREST = """
the [nearest|closest] [pharmacy|chemist*|drugstore] ; die [nächste|nächstgelegene|nächsten|nächster] [Apotheke] ; \
[närmaste|närmsta] [apotek|apoteket] ; la [farmacia|botica] [más cercana|más próxima] ; la [pharmacie] la [plus \
proche|plus près] ; [最近|附近]的[药店|药房]
the [nearest|closest] [bus stop] ; die [nächste|nächstgelegene|nächsten|nächstgelegenen|nächster|nächstes] \
[Bushaltestelle|Haltestelle] ; [närmaste|närmsta] \
[busshållplats|busshållplatsen|hållplats] ; la [parada de autobús|parada de bus|parada del autobús|parada de \
autobuses|parada de guagua] [más cercana|más próxima] ; l'[arrêt de bus|arrêt d'autobus|arrêt du bus] le [plus \
proche|plus près] ; [最近|附近]的[公交站|公交车站|公共汽车站|巴士站|汽车站]
the [nearest|closest] [bank] ; die [nächste|nächstgelegene|nächsten|nächstgelegenen|nächster|nächstes] [Bank] ; \
[närmaste|närmsta] [bank|banken] ; el [banco] \
[más cercano|más próximo] ; la [banque] la [plus proche|plus près] ; [最近|附近]的[银行]
the [nearest|closest] [hospital] ; das [nächste|nächstgelegene|nächsten|nächstgelegenen|nächster|nächstes] \
[Krankenhaus|Spital|Hospital|Klinik*] ; [närmaste|\
närmsta] [sjukhus|sjukhuset] ; el [hospital] [más cercano|más próximo] ; l'[hôpital] le [plus proche|plus près] ; \
[最近|附近]的[医院]
the [nearest|closest] [supermarket|grocery store] ; der [nächste|nächstgelegene|nächsten|nächstgelegenen|nächster|\
nächstes] [Supermarkt] ; [närmaste|närmsta] \
[stormarknad*|snabbköp*|mataffär*|supermarket|matbutik*|livsmedelsbutik*] ; el [supermercado|súper] [más cercano|\
más próximo] ; le [supermarché] le [plus proche|plus près] ; [最近|附近]的[超市]
the [nearest|closest] [post office] ; das [nächste|nächstgelegene|nächsten|nächstgelegenen|nächster|nächstes] \
[Postamt|Post|Postfiliale|Postbüro|Poststelle] ; \
[närmaste|närmsta] [postkontor|postkontoret|posten] ; la [oficina de correos|oficina postal|correos] [más cercana|\
más próxima] ; le [bureau de poste|poste] le [plus proche|plus près] ; [最近|附近]的[邮局]
the [nearest|closest] [police station] ; die [nächste|nächstgelegene|nächsten|nächstgelegenen|nächster|nächstes] \
[Polizeiwache|Polizeistation|\
Polizeidienststelle|Polizeirevier|Wache] ; [närmaste|närmsta] [polisstation|polisstationen] ; la [comisaría|\
estación de policía|comisaría de policía] [más cercana|más próxima] ; le [commissariat|poste de police|commissariat \
de police|gendarmerie] le [plus proche|plus près] ; [最近|附近]的[警察局|派出所|公安局|警局]
the [nearest|closest] [bakery|baker*] ; die [nächste|nächstgelegene|nächsten|nächstgelegenen|nächster|nächstes] \
[Bäckerei|Bäcker] ; [närmaste|närmsta] [bageri|\
bageriet|bagare*] ; la [panadería] [más cercana|más próxima] ; la [boulangerie] la [plus proche|plus près] ; [最近|\
附近]的[面包店|面包房|烘焙店]
the [nearest|closest] [library] ; die [nächste|nächstgelegene|nächsten|nächstgelegenen|nächster|nächstes] \
[Bibliothek|Bücherei] ; [närmaste|närmsta] \
[bibliotek|biblioteket] ; la [biblioteca] [más cercana|más próxima] ; la [bibliothèque] la [plus proche|plus près] \
; [最近|附近]的[图书馆]
the [nearest|closest] [hotel] ; das [nächste|nächstgelegene|nächsten|nächstgelegenen|nächster|nächstes] [Hotel] ; \
[närmaste|närmsta] [hotell|hotellet] ; el \
[hotel] [más cercano|más próximo] ; l'[hôtel] le [plus proche|plus près] ; [最近|附近]的[酒店|宾馆|旅馆|饭店]
the [nearest|closest] [petrol station|gas station|service station|filling station] ; die [nächste|nächstgelegene|\
nächsten|nächstgelegenen|nächster|nächstes] \
[Tankstelle] ; [närmaste|närmsta] [bensinstation|bensinstationen|bensinmack*|mack*] ; la [gasolinera|estación de \
servicio|gasolinería|bencinera|estación de gasolina] [más cercana|más próxima] ; la [station-service|station \
service|station essence|station d'essence] la [plus proche|plus près] ; [最近|附近]的[加油站]
the [nearest|closest] [cash machine|ATM|cashpoint|cash dispenser] ; der [nächste|nächstgelegene|nächsten|\
nächstgelegenen|nächster|nächstes] [Geldautomat|\
Bankomat|Geldautomaten|Bancomat] ; [närmaste|närmsta] [bankomat|bankomaten|uttagsautomat*] ; el [cajero automático|\
cajero] [más cercano|más próximo] ; le [distributeur automatique|distributeur|distributeur de billets|guichet \
automatique|DAB] le [plus proche|plus près] ; [最近|附近]的[取款机|自动取款机|ATM机|ATM|提款机|自动柜员机]
"""

_WANT = """
a [cup] of [coffee] ; eine [Tasse] [Kaffee] ; en [kopp] [kaffe] ; una [taza] de [café] ; une [tasse] de [café] ; \
一[杯] [咖啡]
a [glass] of [water] ; ein [Glas] [Wasser] ; ett [glas] [vatten] ; un [vaso] de [agua] ; un [verre] d'[eau] ; \
一[杯] [水]
a [cup] of [tea] ; eine [Tasse] [Tee] ; en [kopp] [te] ; una [taza] de [té] ; une [tasse] de [thé] ; 一[杯] [茶]
a [bottle] of [red wine] ; eine [Flasche] [Rotwein|roten Wein|roter Wein] ; en [flaska] [rödvin|rött vin] ; una \
[botella] de [vino tinto|tinto] ; une [bouteille] de [vin rouge] ; 一[瓶] [红酒|红葡萄酒]
a [ticket] to [Berlin] ; eine [Fahrkarte|Karte|Ticket|Fahrschein] nach [Berlin] ; en [biljett] till [Berlin] ; un \
[billete|boleto|pasaje|tiquete] a [Berlín|Berlin] ; un [billet|ticket] pour [Berlin] ; 一张去[柏林]的[票|车票|机票|\
火车票]
[two|2] [kilos|kilograms|kg|kilo] of [apples] ; [zwei|2] [Kilo|kg|Kilogramm] [Äpfel] ; [två|2] [kilo|kg|kilogram] \
[äpplen] ; [dos|2] [kilos|kg|kilogramos] de [manzanas] ; [deux|2] [kilos|kg|kilogrammes] de [pommes] ; [两公斤|\
2公斤|两千克|二公斤|2千克|四斤] [苹果]
a [table] for [two|2] ; einen [Tisch] für [zwei|2] Personen ; ett [bord] för [två|2] personer ; una [mesa] para \
[dos|2] personas ; une [table] pour [deux|2] personnes ; 一张[两人|双人|二人|两个人|2人]的[桌子|桌|餐桌]
a [room] with a [view] of the [sea|ocean] ; ein [Zimmer] [mit Meerblick|mit Blick auf das Meer|mit Blick aufs Meer|\
mit Seeblick|mit Aussicht auf das Meer|mit Blick auf die See] ; ett [rum] med [havsutsikt|utsikt över havet|utsikt \
mot havet|sjöutsikt] ; una [habitación|cuarto] con [vista*] al [mar] ; une [chambre] avec [vue] sur la [mer] ; \
一间[海景|看海|能看到海|可以看到海]的[房间|房]
a [slice|piece] of [cake] ; ein [Stück] [Kuchen|Torte] ; en [bit|skiva] [tårta|kaka] ; un [trozo|pedazo|porción|\
rebanada] de [tarta|pastel|torta] ; un [morceau|part|tranche] de [gâteau] ; 一[块|片] [蛋糕]
the [menu] ; die [Speisekarte|Karte|Menü] ; [menyn|matsedeln] ; el [menú|carta] ; le [menu|carte] ; [菜单]
the [bill|check] ; die [Rechnung] ; [notan|räkningen] ; la [cuenta|factura] ; l'[addition|note|facture] ; [账单|\
买单|结账]
a [new] [phone|telephone|mobile|cell phone|mobile phone] ; ein [neues] [Telefon|Handy|Smartphone|Mobiltelefon] ; en \
[ny] [telefon|mobil|mobiltelefon] ; un [teléfono|móvil|celular] [nuevo] ; un [nouveau] [téléphone|portable] ; \
一部[新]的[手机|电话]
a [warm] [jacket|coat] ; eine [warme] [Jacke] ; en [varm] [jacka] ; una [chaqueta|chamarra|campera] [caliente|\
abrigada|cálida|de abrigo] ; une [veste|blouson] [chaude] ; 一件[暖和|保暖|温暖|厚]的[夹克|外套]
"""

_WHO = """
my [sister] ; meine [Schwester] ; min [syster] ; mi [hermana] ; ma [sœur|soeur] ; 我[姐姐|妹妹|姐妹]
my [brother] ; mein [Bruder] ; min [bror|broder] ; mi [hermano] ; mon [frère] ; 我[哥哥|弟弟|兄弟]
our [neighbour|neighbor] ; unser [Nachbar|Nachbarin] ; vår [granne] ; nuestro [vecino|vecina] ; notre [voisin|\
voisine] ; 我们的[邻居]
my [mother|mom|mum] ; meine [Mutter|Mama|Mutti] ; min [mamma|mor] ; mi [madre|mamá] ; ma [mère|maman] ; 我[妈妈|母亲]
her [father|dad] ; ihr [Vater|Papa] ; hennes [pappa|far] ; su [padre|papá] ; son [père|papa] ; 她[爸爸|父亲]
the [teacher|professor] ; der [Lehrer|Lehrerin] ; [läraren|lärarinnan] ; el [profesor|maestro|profesora|maestra] ; \
le [professeur|enseignant|prof|maître] ; [老师|教师]
my [boss|manager] ; mein [Chef|Chefin|Vorgesetzter|Boss] ; min [chef] ; mi [jefe|jefa] ; mon [chef|patron|patronne|\
responsable|boss] ; 我的[老板|上司|领导|经理]
our [daughter] ; unsere [Tochter] ; vår [dotter] ; nuestra [hija] ; notre [fille] ; 我们的[女儿]
his [grandmother|grandma] ; seine [Großmutter|Oma] ; hans [mormor|farmor] ; su [abuela] ; sa [grand-mère|grand mère|\
mamie] ; 他的[奶奶|外婆|祖母|姥姥|外祖母]
the [doctor|physician] ; der [Arzt|Ärztin|Doktor] ; [läkaren|doktorn] ; el [médico|doctor|médica|doctora] ; le \
[médecin|docteur] ; [医生|大夫]
"""

_IS_WHERE = """
is [at home|home] ; ist [zu Hause|daheim|zuhause] ; är [hemma] ; [está] en [casa] ; est à la [maison|chez] ; [在家]
is [at work|working] ; ist [bei der Arbeit|auf der Arbeit|auf Arbeit|arbeiten] ; är [på jobbet|på arbetet] ; está \
en el [trabajo|trabajando] ; est au [travail|bureau|boulot] ; [在上班|在工作|上班]
is [on holiday|on vacation|on holidays] ; ist [im Urlaub|in den Ferien|auf Urlaub] ; är [på semester|ledig] ; está \
de [vacaciones] ; est en [vacances] ; [在度假|在休假|度假|休假|在放假]
is in the [hospital] ; ist im [Krankenhaus|Spital|Hospital] ; är [på sjukhus*|på sjukhuset|i sjukhus*] ; está en el \
[hospital] ; est à l'[hôpital] ; [住院|在医院|医院]
is in the [kitchen] ; ist in der [Küche] ; är i [köket] ; está en la [cocina] ; est dans la [cuisine] ; 在[厨房]
is in the [garden|yard|backyard] ; ist im [Garten] ; är i [trädgården] ; está en el [jardín] ; est dans le [jardin] \
; 在[花园|院子]里
"""

_GOES = """
is [going|driving|walking|goes|go|travelling|traveling|heading] to the [station|train station|railway station] ; \
[geht|fährt|gehen|fahren] {when} \
zum [Bahnhof] ; [går|åker|gå|åka|kör|ska] till [stationen|tågstationen|järnvägsstationen] ; [va|irá|ir] a la \
[estación|estación de tren|estación de trenes] \
; [va|ira|aller|se rend] à la [gare|station] ; [去] [车站|火车站]
is [going|goes|go|seeing] to the [dentist] ; [geht|gehen] {when} zum [Zahnarzt|Zahnärztin] ; [går|ska|gå] till \
[tandläkaren] \
; [va|irá|ir] al [dentista] ; [va|ira|aller|se rend] chez le [dentiste] ; [去]看[牙医|牙科|牙]
is [going|goes|go] to the [cinema|movies|movie theater|movie theatre|theater] ; [geht|gehen] {when} ins [Kino] ; \
[går|\
gå|ska] på [bio|biografen] ; [va|irá|ir] al [cine] ; [va|ira|aller] au [cinéma|ciné] ; [去] [看电影|电影院]
is [working|works|going to work|will work|work] ; [arbeitet|arbeiten] {when} ; [jobbar|arbetar|jobba|arbeta] ; \
[trabaja|\
trabajará|trabajar|trabajando] ; [travaille|travaillera|travailler] ; [上班|工作|要上班]
is [flying|travelling|flies|traveling|fly|travels] to [London] ; [fliegt|fliegen|reist] {when} nach [London] ; \
[flyger|flyga|\
reser] till [London] ; [vuela|volará|volar|viaja|viajará] a [Londres] ; [prend l'avion|vole|s'envole|prendra \
l'avion|va en avion|part en avion] pour [Londres] ; [飞往|飞|坐飞机去|乘飞机去|飞去|飞到] [伦敦]
is [baking|making|bakes|going to bake|bake|make|makes] a [cake] ; [backt|bäckt|backen] {when} einen [Kuchen] ; \
[bakar|baka] en \
[tårta|kaka] ; [hornea|hace|hará|va a hacer|hornear|horneará|preparará|prepara|hacer] un [pastel|tarta|bizcocho|\
torta|queque] ; [fait|prépare|fera|préparera|faire|préparer|cuit] un [gâteau] ; [烤|做|烘焙|烘烤] [蛋糕]
is [cleaning|cleans|going to clean|clean|washing] the [windows] ; [putzt|reinigt|putzen|reinigen] {when} die \
[Fenster] ; [putsar|\
tvättar|putsa|rengör] [fönstren|fönster] ; [limpia|limpiará|limpiar|lava|limpiando] las [ventanas] ; [nettoie|lave|\
nettoiera|nettoyer|lavera|laver] les [fenêtres|vitres] ; [擦|清洗|清洁|打扫] [窗户|窗]
is [visiting|visits|going to visit|seeing|visit] [old] [friends] ; [besucht|besuchen|trifft] {when} [alte] \
[Freunde] ; \
[besöker|hälsar på|besöka|hälsa på|träffar] [gamla] [vänner|kompisar] ; [visita|visitará|visitar|ver|va a ver] a \
[viejos|antiguos] [amigos] ; [rend visite|visite|voit|rendra visite|rendre visite|va voir|visitera] à de [vieux|\
anciens] [amis] ; 去[拜访|看望|看|见|探望|访问] [老朋友|旧友|老友]
"""

_WHEN = """
[tomorrow morning] ; [morgen früh|morgen Vormittag|morgen am Morgen|morgen Morgen] ; [imorgon bitti|i morgon bitti|\
imorgon förmiddag|i morgon förmiddag|imorgon på morgonen|imorgon morgon|i morgon på morgonen] ; [mañana por la \
mañana|mañana en la mañana|mañana temprano] ; [demain matin] ; [明天早上|明早|明天上午|明晨]
on [Monday] ; am [Montag] ; på [måndag] ; el [lunes|este lunes] ; [lundi] ; [星期一|周一|礼拜一]
[this evening|tonight] ; [heute Abend|abends] ; [ikväll|i kväll] ; [esta noche|esta tarde|hoy por la noche|hoy por \
la tarde] ; [ce soir] ; [今晚|今天晚上|晚上|傍晚]
on [Thursday afternoon] ; am [Donnerstagnachmittag|Donnerstag Nachmittag|Donnerstag am Nachmittag] ; på [torsdag \
eftermiddag|torsdagseftermiddag|torsdag på eftermiddagen|torsdagens eftermiddag] ; el [jueves por la tarde|jueves \
en la tarde] ; [jeudi après-midi|jeudi après midi|jeudi dans l'après-midi] ; [星期四下午|周四下午|礼拜四下午]
[next week] ; [nächste Woche|in der nächsten Woche|kommende Woche|nächster Woche] ; [nästa vecka] ; [la próxima \
semana|la semana que viene|próxima semana|la semana próxima|semana siguiente] ; la [semaine prochaine] ; [下周|\
下星期|下个星期|下礼拜]
at [eight o'clock|8 o'clock|eight|8] ; um [acht|8|8:00|8.00] Uhr ; [klockan åtta|klockan 8|kl. 8|kl 8|åtta|8] ; a \
las [ocho|8|8:00] ; à [huit heures|8 heures|8h|huit|8 h] ; [八点|8点|八时]
on [Saturday] ; am [Samstag|Sonnabend] ; på [lördag] ; el [sábado] ; [samedi] ; [星期六|周六|礼拜六]
in [two|2] [days] ; in [zwei|2] [Tagen] ; om [två|2] [dagar] ; en [dos|2|dentro de dos] [días] ; dans [deux|2] \
[jours] ; [两天后|两天之后|两天以后|2天后|后天|过两天|再过两天]
"""

_NEWS = """
the [train] is [late|delayed] ; der [Zug] [hat Verspätung|ist verspätet|kommt zu spät|ist zu spät|spät dran] ; \
[tåget] är [försenat|sent] ; el [tren] [llega tarde|tiene retraso|está retrasado|va con retraso|se retrasa|viene \
tarde|va tarde|está atrasado|lleva retraso] ; le [train] est [en retard|retard] ; [火车|列车] [晚点|误点|延误|迟到|\
晚]了
the [car] is [broken|out of order|broke down|broken down] ; das [Auto|Wagen] ist [kaputt|defekt] ; [bilen] är \
[trasig|sönder] ; el [coche|auto|carro] [está averiado|está roto|está estropeado|se ha roto|se ha averiado|está \
descompuesto|está dañado|no funciona|se averió|se rompió] ; la [voiture] est [en panne|cassée|panne] ; [车|汽车] \
[坏|出故障|故障|抛锚]了
the [shop|store] is [closed|shut] ; der [Laden|Geschäft] [ist geschlossen|hat geschlossen|geschlossen|ist zu|hat \
zu] ; [affären|butiken] är [stängd] ; la [tienda] está [cerrada] ; le [magasin|boutique] est [fermé*] ; [商店|店] \
[关门|关|打烊|停业]了
we have [no|not any|don't have] [time] ; wir haben [keine] [Zeit] ; vi har [ingen|inte] [tid] ; [no] tenemos \
[tiempo] ; nous [n'avons pas|avons pas|n'avons plus] de [temps] ; 我们[没有|没] [时间]
the [weather] is [bad|terrible|poor] ; das [Wetter] ist [schlecht|schlechtes] ; [vädret] är [dåligt] ; [hace mal \
tiempo|tiempo está malo|tiempo es malo|clima es malo|clima está malo|clima está mal|mal clima|mal tiempo|tiempo \
está mal] ; il \
[fait mauvais|temps est mauvais|temps est moche|mauvais temps] ; [天气] [不好|很差|糟糕|差|恶劣|坏]
I have [lost] my [keys|key] ; ich habe meine [Schlüssel] [verloren] ; jag har [tappat|förlorat|tappat bort|blivit \
av med] mina [nycklar] ; he [perdido|perdí|extraviado] mis [llaves] ; j'ai [perdu] mes [clés|clefs] ; 我的[钥匙] \
[丢|弄丢|不见|遗失|掉]了
the [children|kids] are [ill|sick|unwell] ; die [Kinder] sind [krank] ; [barnen] är [sjuka] ; los [niños] están \
[enfermos|malos] ; les [enfants] sont [malades] ; [孩子|孩子们|小孩] [生病|病]了
the [water] is too [cold] ; das [Wasser] ist [zu] [kalt] ; [vattnet] är [för] [kallt] ; el [agua] está [demasiado|\
muy] [fría|frío] ; l'[eau] est [trop] [froide] ; [水] [太冷|太凉|冷|凉]了
the [room] is too [small] ; das [Zimmer|Raum] ist [zu] [klein] ; [rummet] är [för] [litet] ; la [habitación|cuarto|\
sala] es [demasiado|muy] [pequeña|pequeño] ; la [chambre|pièce|salle] est [trop] [petite] ; [房间] [太小|小]了
the [milk] is [in the fridge|in the refrigerator] ; die [Milch] ist im [Kühlschrank] ; [mjölken] [är|står|finns] i \
[kylskåpet|kylen] ; la [leche] está en la [nevera|refrigerador|frigorífico|heladera|refrigeradora] ; le [lait] est \
dans le [frigo|réfrigérateur|frigidaire] ; [牛奶]在[冰箱]里
"""

_REQUEST = """
please [call|phone|ring] me [before] [lunch|noon]. ; bitte [rufen|ruf|rufe] Sie mich [vor] dem [Mittagessen|Mittag] \
an. ; [ring] mig [före|innan] [lunch|lunchen]. ; por favor, [llámame|llámeme|me llame|llama] [antes] del [almuerzo|\
comida|almorzar|comer]. ; [appelez-moi|appelle-moi|appelez|appelle|téléphonez|téléphone|appeler] [avant] le \
[déjeuner|midi], s'il vous plaît. ; 请在[午饭前|午餐前|吃午饭之前|午餐之前|中午之前|中午前|午饭之前|\
吃午饭前]给我[打电话|致电|来电]。
please [bring] a [bottle] of [water]. ; bitte [bringen|bring|bringe] Sie eine [Flasche] [Wasser] mit. ; [ta|ha] med \
en [flaska] [vatten], tack. ; por favor, [trae|traiga|tráigame|tráeme|trae|lleve] una [botella] de [agua]. ; \
[apporte|apportez|amène|amenez|apporte-moi] une [bouteille] d'[eau], s'il te plaît. ; 请[带|拿|带来|拿来] [一瓶水|\
瓶水|瓶 水]。
could you [close|shut] the [window]? ; könnten Sie das [Fenster] [schließen|zumachen]? ; skulle du kunna [stänga] \
[fönstret]? ; ¿podría [cerrar] la [ventana]? ; pourriez-vous [fermer] la [fenêtre]? ; 你能[关上|关|关闭|关一下|把] \
[窗户|窗]吗?
please [send] me the [address] by [email|e-mail|mail]. ; bitte [schicken|senden|schick|send|schicke|sende] Sie mir \
die [Adresse|Anschrift] per [E-Mail|Mail|email]. ; [skicka] [adressen] till mig via [e-post|mejl|mail|e-mail|epost|\
mejlen]. ; por favor, [envíame|envíeme|mándame|mándeme|enviarme|me envíe] la [dirección] por [correo electrónico|\
email|correo|e-mail|mail]. ; [envoyez-moi|envoie-moi|envoyez|envoie|envoyer] l'[adresse] par [e-mail|mail|email|\
courriel|courrier électronique], s'il vous plaît. ; 请用[电子邮件|邮件|电邮|邮箱]把[地址] [发|寄|发送]给我。
can we [meet] at [seven|7|seven o'clock|7 o'clock]? ; können wir uns um [sieben|7] Uhr [treffen]? ; kan vi [träffas|\
ses|mötas] [klockan sju|klockan 7|kl. 7|kl 7|sju]? ; ¿podemos [vernos|quedar|encontrarnos|reunirnos|juntarnos] a \
las [siete|7]? ; pouvons-nous nous [voir|rencontrer|retrouver] à [sept heures|7 heures|7h|sept|7 h]? ; \
我们可以在[七点|7点] [见面|碰面|见|会面|碰头]吗?
could you [help] me with the [suitcases|luggage|baggage]? ; könnten Sie mir mit den [Koffern|Gepäck] [helfen]? ; \
kan du [hjälpa] mig med [väskorna|resväskorna|bagaget]? ; ¿podría [ayudarme|ayudar] con las [maletas|equipaje|\
valijas]? ; pourriez-vous [m'aider|aider] avec les [valises|bagages]? ; 你能[帮] 我[拿|搬|提|忙]一下[行李|行李箱|\
箱子|手提箱]吗?
please [wait] for us in front of the [hotel]. ; bitte [warten|warte] Sie [vor] dem [Hotel] auf uns. ; [vänta] på \
oss [framför|utanför] [hotellet]. ; por favor, [espérenos|espéranos|espere|espérennos|espera] [delante|frente|\
enfrente|afuera|fuera] del [hotel]. ; [attendez-nous|attends-nous|attendez|attends|attendre] [devant] l'[hôtel], \
s'il vous plaît. ; 请在[酒店|宾馆|旅馆|饭店] [门口|前面|门前|前|外面] [等]我们。
"""

_POOLS = {
    name: tuple(dict(zip(LANGUAGES, line.split(" ; "), strict=True)) for line in table.strip().splitlines())
    for name, table in (
        ("short", _SHORT),
        ("nearest", _NEAREST),
        ("want", _WANT),
        ("who", _WHO),
        ("is_where", _IS_WHERE),
        ("goes", _GOES),
        ("when", _WHEN),
        ("news", _NEWS),
        ("request", _REQUEST),
    )
}

_FRAMES = {
    1: """
{short} ; {short} ; {short} ; {short} ; {short} ; {short}
""",
    2: """
[Where] is {nearest}? ; [Wo] [ist|finde|befindet|gibt|liegt] {nearest}? ; [Var] [ligger|är|finns|hittar] {nearest}? \
; ¿[Dónde] [está|queda|encuentro|encuentra|hay] {nearest}? ; [Où] [est|se trouve|trouver|trouve] {nearest}? ; \
{nearest}在[哪里|哪儿|什么地方|何处]?
I would [like] {want}, [please]. ; Ich [möchte|hätte|nehme] {want}, [bitte|gern*]. ; Jag [skulle vilja|vill|önskar] \
ha {want}, [tack|gärna|snälla|skulle]. ; [Quisiera|Me gustaría|Quiero|Querría] {want}, [por favor]. ; Je [voudrais|\
aimerais|souhaiterais|souhaite|veux] {want}, [s'il vous plaît|s'il te plaît]. ; [请|麻烦|谢谢]给我{want}。
{who} {is_where}. ; {who} {is_where}. ; {who} {is_where}. ; {who} {is_where}. ; {who} {is_where}. ; {who}{is_where}。
{news}. ; {news}. ; {news}. ; {news}. ; {news}. ; {news}。
""",
    3: """
{who} {goes} {when}. ; {who} {goes}. ; {who} {goes} {when}. ; {who} {goes} {when}. ; {who} {goes} {when}. ; \
{who}{when}{goes}。
{news}, but {who} {is_where}. ; {news}, [aber|doch|jedoch] {who} {is_where}. ; {news}, men {who} {is_where}. ; \
{news}, pero {who} {is_where}. ; {news}, mais {who} {is_where}. ; {news},但是{who}{is_where}。
{request} ; {request} ; {request} ; {request} ; {request} ; {request}
""",
    4: """
{who} {goes} {when}, [because|since|as] {news}. ; {who} {goes}, [denn|weil|da] {news}. ; {who} {goes} {when}, [för|\
eftersom|därför att] {news}. ; {who} {goes} {when}, [porque|ya que|pues|puesto que] {news}. ; {who} {goes} {when}, \
[car|parce que|parce qu'|puisque] {news}. ; [因为|由于]{news},所以{who}{when}{goes}。
{news}. {request} ; {news}. {request} ; {news}. {request} ; {news}. {request} ; {news}. {request} ; {news}。{request}
""",
    5: """
{who} {goes} {when}, but {news}. {request} ; {who} {goes}, aber {news}. {request} ; {who} {goes} {when}, men \
{news}. {request} ; {who} {goes} {when}, pero {news}. {request} ; {who} {goes} {when}, mais {news}. {request} ; \
{who}{when}{goes},但是{news}。{request}
{request} {who} {goes} {when}, [because|since|as] {news}. ; {request} {who} {goes}, [denn|weil|da] {news}. ; \
{request} {who} {goes} {when}, [för|eftersom|därför att] {news}. ; {request} {who} {goes} {when}, [porque|ya que|\
pues|puesto que] {news}. ; {request} {who} {goes} {when}, [car|parce que|puisque|parce qu'] {news}. ; \
{request}{who}{when}{goes},[因为|由于]{news}。
""",
}

_SMALL = {
    "en": """a an the this that these those it its it's i i'm i'd i've me my mine we we're we've us our you you're
        your he he's she she's his her hers him they their them is are am was be been being has have had do
        does did will would could can may shall should to of on in at by for from with and but or so very too
        there here please going get want wants like 's now o'clock pm am just up out some any however yet
        though outside front email via both off come comes""",
    "de": """der die das den dem des ein eine einen einem einer eines ich mich mir mein meine meinen meinem meiner
        wir uns unser unsere unseren unserem du dich dir dein deine sie ihr ihre ihren ihrem ihn ihm er seine
        sein seinen seiner es ist sind bin hat haben habe hätte wird werden würde will möchte könnte könnten
        können kann kannst könntest in im am an auf zu zum zur nach mit von vom bei für um und aber oder so
        sehr uhr bitte gern gerne hier da dort gerade jetzt alt jahre sich denn dass vor ab""",
    "sv": """var god vänlig en ett den det de dem jag mig min mitt mina vi oss vår vårt våra du dig din ditt dina
        ni er han hans hon hennes sin sitt sina är har hade ska skall skulle vill kan kunna att i på till
        från med av om för och men eller så väldigt mycket här där nu tack snälla vänligen gärna ha få få
        gammal år som klockan kl mot vid ut ner upp igen""",
    "es": """el la los las un una unos unas lo le les yo me mi mis nosotros nos nuestro nuestra nuestros tú te ti
        tu tus usted ustedes él ella ellos su sus se es está están estoy estamos son soy ha he han hay tiene
        tenemos va van voy vas a al ir de del en con por para y e pero o muy demasiado que favor podría
        podrías puede puedes podemos aquí ahora hoy ser estar sin embargo las quisiera""",
    "fr": """veuillez merci le la les l un une des du de d je j me m moi mon ma mes nous notre nos tu te t toi ton
        ta tes vous votre vos il elle ils elles son sa ses se s est sont suis es êtes ai a as avons ont avez
        à au aux en dans sur pour par avec chez et mais ou très trop que qu'il qu ce cet cette ça c'est ici y
        là plaît plait s'il si pouvez pourriez pouvez-vous pourriez-vous pourrais-tu peux-tu pouvons-nous
        peut pouvons peux pourrais peut-on est-ce on nous-nous va aller bien l'on alors heures""",
    "zh": """的了吗呢吧着过我你您他她它们是在有和与个一位这那也就都很会要将去来到请能可以想给把得里
        上下之间张部件家所以但因为
        可不过而且已经太非常用对帮现被让话么些条向从后前当""",
}
_SMALL_WORDS = {
    language: frozenset(text.split() if language != "zh" else "".join(text.split()))
    for language, text in _SMALL.items()
}
_NEGATIONS = pattern(
    ("not", "no", "don't", "doesn't", "isn't", "nicht", "kein*", "inte", "ingen", "n'est", "pas", "没有")
)
_PART = re.compile(r"\[([^\]]+)\]")
_ELISION = re.compile(r"\b(?:l|d|j|m|t|s|n|c|qu)'", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in one language: as it is shown, and what a translation into this language must hold."""

    language: str
    shown: str
    parts: Sequence[tuple[str, ...]]

    @classmethod
    def read(cls, language: str, notation: str) -> "Sentence":
        """Read the notation with ``[variants]``."""
        parts = tuple(tuple(part.split("|")) for part in _PART.findall(notation))
        shown = _PART.sub(lambda match: match.group(1).split("|")[0].rstrip("*"), notation).replace("*", "")
        return cls(language, _tidy(language, shown), parts)

    def is_said_by(self, answer: str) -> bool:
        """Whether the answer, or what it quotes or sets on a line, is this sentence."""
        found = readings(answer)
        if not found or len(words(found[0])) > 3 * len(words(plain(self.shown))) + 30:
            return False
        return any(self._matches(reading) for reading in found)

    def _matches(self, text: str) -> bool:
        if self.language == "zh":
            text = re.sub(rf"(?<=[{HAN}])\s+(?=[{HAN}])", "", text)
        left = text
        for part in self.parts:
            finder = pattern(part)
            if not finder.search(text):
                return False
            left = finder.sub(" ", left)
        return self._only_small_words(left)

    def _only_small_words(self, left: str) -> bool:
        shown = plain(self.shown)
        if _NEGATIONS.search(left) and not _NEGATIONS.search(shown):
            return False
        small = _SMALL_WORDS[self.language] | set(words(shown))
        unknown = [word for word in words(_ELISION.sub(" ", left)) if word not in small]
        return len(unknown) <= (len(self.parts) // 3 if self.language == "zh" else len(self.parts) // 5)


def _tidy(language: str, shown: str) -> str:
    """Spaces, capitals and ends as they should be."""
    if language == "zh":
        return re.sub(r"\s+", "", shown)
    shown = re.sub(r"\s+([,.!?])", r"\1", " ".join(shown.split()))
    shown = re.sub(r"(?<=['’]) ", "", shown)
    shown = re.sub(r"\?\s*\.", "?", shown)
    return re.sub(r"(^|[.?!] )(¿?)(\w)", lambda match: match.group(1) + match.group(2) + match.group(3).upper(), shown)


_ASKING = {
    "en": (
        "Translate to {target}: {text}",
        "Translate into {target}: {text}",
        "Translate the following sentence to {target}.\n\n{text}",
        "Translate this {source} text to {target}: {text}",
        "{target}: {text}",
        "{source} to {target}: {text}",
        'How do you say "{text}" in {target}?',
        'how would I say "{text}" in {target}',
        'What is "{text}" in {target}?',
        "Please translate this into {target}: {text}",
        "Can you put this into {target} for me?\n{text}",
        "{text}\n\nTranslate the above to {target}.",
        "{text}\n^ in {target} please",
        "I need to write this to a customer in {target}: {text}",
        "I'm on a trip and don't speak {target}. How do I say: {text}",
        'Give me a translation of "{text}" into {target}',
        "We're putting up a note in the office. {target} version of this, please: {text}",
        "You are a translator. Translate from {source} to {target}.\n{text}",
        "Could you tell me what this would be in {target}? {text}",
        "Translation task ({source} -> {target}):\n{text}",
    ),
    "de": (
        "Übersetze auf {target}: {text}",
        "Übersetze den folgenden Satz auf {target}.\n\n{text}",
        'Wie sagt man "{text}" auf {target}?',
        "Was heißt „{text}“ auf {target}?",
        "{target}: {text}",
        "Bitte auf {target} übersetzen: {text}",
        "{text}\n\nDas bitte auf {target}.",
        "Ich bin auf Reisen. Wie sage ich auf {target}: {text}",
    ),
    "sv": (
        "Översätt till {target}: {text}",
        "Översätt följande mening till {target}.\n\n{text}",
        'Hur säger man "{text}" på {target}?',
        "Vad blir ”{text}” på {target}?",
        "{target}: {text}",
        "Kan du översätta detta till {target}? {text}",
        "{text}\n\nSkriv det på {target}, tack.",
    ),
    "es": (
        "Traduce al {target}: {text}",
        "Traduce la siguiente frase al {target}.\n\n{text}",
        '¿Cómo se dice "{text}" en {target}?',
        "{target}: {text}",
        "¿Puedes traducir esto al {target}? {text}",
        "Por favor, traduce al {target}: {text}",
        "{text}\n\nPásalo al {target}, por favor.",
    ),
    "fr": (
        "Traduis en {target} : {text}",
        "Traduis la phrase suivante en {target}.\n\n{text}",
        "Comment dit-on « {text} » en {target} ?",
        "{target} : {text}",
        "Peux-tu traduire ceci en {target} ? {text}",
        "Traduction en {target}, s'il te plaît : {text}",
        "{text}\n\nMets cela en {target}, s'il te plaît.",
    ),
    "zh": (
        "翻译成{target}:{text}",
        "请把下面的句子翻译成{target}。\n\n{text}",
        "“{text}”用{target}怎么说?",
        "{target}:{text}",
        "帮我把这句话翻译成{target}:{text}",
        "{text}\n\n请译成{target}。",
        "我在旅行,这句话{target}怎么说?{text}",
    ),
}
_BRIEF = {
    "en": ("Just the translation, please.", "Only give the translation.", "Reply with the translation only."),
    "de": ("Nur die Übersetzung, bitte.", "Ohne Erklärung."),
    "sv": ("Bara översättningen, tack.", "Utan förklaring."),
    "es": ("Solo la traducción.", "Sin explicaciones."),
    "fr": ("Seulement la traduction.", "Sans explication."),
    "zh": ("只要译文。", "不要解释。"),
}
_ROOM = {1: 24, 2: 36, 3: 48, 4: 72, 5: 100}


def _filled(frame: str, fillers: Mapping[str, Mapping[str, str]]) -> dict[str, Sentence]:
    """The frame's sentence in each language."""
    by_language = dict(zip(LANGUAGES, frame.split(" ; "), strict=True))
    return {
        language: Sentence.read(language, _put_in(notation, {name: row[language] for name, row in fillers.items()}))
        for language, notation in by_language.items()
    }


def _put_in(notation: str, parts: Mapping[str, str]) -> str:
    """The parts in their slots; a part may have a slot itself, as the German verb has that is followed by the time."""
    return notation.format(**parts).format(**parts)


def _make(rng: Random, level: int, language: str) -> Item:
    frame = rng.choice(_FRAMES[level].strip().splitlines())
    fillers = {name: rng.choice(rows) for name, rows in _POOLS.items()}
    sentences = _filled(frame, fillers)
    others = [code for code in LANGUAGES if code != language]
    other = rng.choice(others)
    source, target = (language, other) if rng.random() < 0.75 else (other, language)
    asked, wanted = sentences[source], sentences[target]
    turns = conversation(
        rng,
        language,
        _ASKING[language],
        _BRIEF[language],
        text=asked.shown,
        source=NAMES[language][source][0],
        target=NAMES[language][target][0],
    )

    def check(answer: Answer) -> bool:
        return wanted.is_said_by(answer.text)

    return Item(turns, check, max_tokens=_ROOM[level], expected=wanted.shown)


FAMILY = Family(name="sentence_translation", title="translating sentences", make=_make)

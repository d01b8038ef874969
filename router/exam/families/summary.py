"""Summaries in a sentence or in so many words: whether they hold the facts that matter, and keep to their length."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from router.exam.checks.said import HAN, affirms, pattern, plain, says, sentences, words
from router.exam.item import Answer, Family, Item
from router.exam.wording.phrasing import conversation

# Each row: what the text says; sentences that matter less; the facts, the weightiest first, each with its "/" forms.
_TEXTS = {
    "en": """
Hi all, our {topic} meeting will not be on {day} but on {new_day} at {hour} o'clock. We meet in room {n}.; {name} \
cannot come on {day} because of a trip.|Coffee and biscuits will be there.|Please bring your laptops.|The agenda \
follows in a separate mail.|Let me know if you have questions.|I hope you all had a nice weekend.|Last month's \
minutes are on the shared drive.; {new_day}; meeting/meet/moved/rescheduled/postponed; {hour}; room {n}/{n}
Dear residents, the water will be turned off on {new_day} from {hour} o'clock because a pipe in {street} has to be \
repaired. The work takes about {n} minutes.; Please fill a few bottles beforehand.|Washing machines should not be \
used.|The lift keeps working as usual.|We are sorry for the trouble.|The neighbouring buildings have had the same \
repair already.|Questions are answered by {name} in the office.|Please close the taps in your kitchen and bathroom.|\
A notice hangs at the entrance as well; {new_day}; water; {hour}; pipe/repair*; {n}
The library in {street} will close on {new_day} for renovation and reopen in {n} weeks. Until then, books can be \
returned at the town hall.; The reading room gets new lamps and chairs.|The building dates from the fifties.|The \
children's corner will be twice as big.|{name}, who runs the library, is looking forward to it.|The city pays for \
the work.|Readers had asked for longer opening hours.|Online loans are not affected.|The café stays open; library/\
libraries; {new_day}; closed/clos*/renovat*/shut*/reopen*; {n}; town hall
I bought this {thing} for {n} euros and after a week the {part} broke. The shop refused to give me my money back.; \
The parcel arrived in two days.|It comes in three colours.|My neighbour {name} has the same one.|The manual is only \
in small print.|I had read many good reviews before.|At first I liked the look of it.|I used it mostly at weekends.|\
I had it delivered to my office; {thing}; broke/broken/break*/broken down/stopped working/damaged/malfunction*/\
defective/faulty/fail*; refund/money/refus*/reimburs*; {n}
Minutes: the club decided to buy a new {thing} for {n} euros. {name} will order it by {new_day}.; Fourteen members \
were present.|The old one is beyond repair.|The treasurer reported a small surplus.|The summer party was a success.|\
Somebody left an umbrella in the hall.|The next meeting has no date yet.|The coffee machine needs cleaning.|The \
chair thanked everybody and closed the meeting at nine; {thing}; buy/buy*/bought/purchas*/order*/get/acquire*; \
{name}; {new_day}; {n}
""",
    "de": """
Hallo zusammen, unsere Besprechung zum Thema {topic} ist nicht am {day}, sondern am {new_day} um {hour} Uhr. Wir \
treffen uns in Raum {n}.; {name} ist am {day} auf Reisen.|Kaffee und Kekse gibt es auch.|Bitte bringt eure Laptops \
mit.|Die Tagesordnung kommt in einer eigenen Mail.|Meldet euch bei Fragen.|Ich hoffe, ihr hattet ein schönes \
Wochenende.|Das letzte Protokoll liegt im Ordner.; {new_day}; Besprechung/Treffen/Meeting/verschoben/verlegt/\
treffen/Termin; {hour}; {n}
Liebe Mieter, am {new_day} wird ab {hour} Uhr das Wasser abgestellt, weil ein Rohr in der {street} repariert wird. \
Die Arbeit dauert etwa {n} Minuten.; Bitte füllen Sie vorher einige Flaschen.|Waschmaschinen sollten nicht laufen.|\
Der Aufzug fährt wie gewohnt.|Wir bitten um Verständnis.|Fragen beantwortet {name} im Büro.|Drehen Sie bitte alle \
Hähne zu.|Ein Zettel hängt auch am Eingang.; {new_day}; Wasser/Wasser*; {hour}; Rohr/Rohr*/repar*/Reparatur*; {n}
Ich habe für {n} Euro einen neuen Artikel gekauft ({thing}), und nach einer Woche ging er kaputt. Das Geschäft will \
mir mein Geld nicht zurückgeben.; Das Paket kam nach zwei Tagen.|Es gibt ihn in drei Farben.|Mein Nachbar {name} \
hat den gleichen.|Die Anleitung ist sehr klein gedruckt.|Ich hatte viele gute Bewertungen gelesen.|Anfangs gefiel \
mir das Aussehen.|Ich habe ihn meist am Wochenende benutzt.; {thing}; kaputt/kaputt*/defekt*/ging/kaputtgegangen; \
Geld/Rückerstattung/erstatt*/Erstattung; {n}
Protokoll: Der Verein kauft für {n} Euro ein neues Gerät ({thing}). {name} bestellt es bis {new_day}.; Vierzehn \
Mitglieder waren da.|Das alte lässt sich nicht mehr reparieren.|In der Kasse ist ein kleiner Überschuss.|Das \
Sommerfest war ein Erfolg.|Jemand hat einen Schirm vergessen.|Die Kaffeemaschine muss gereinigt werden.|Um neun war \
die Sitzung zu Ende.; {thing}; kauft/kauf*/bestell*/Anschaffung/anschaff*; {new_day}; {n}
Die Bücherei in der {street} schließt am {new_day} wegen Renovierung und öffnet in {n} Wochen wieder. Bis dahin \
kann man Bücher im Rathaus zurückgeben.; Der Lesesaal bekommt neue Lampen und Stühle.|Das Haus stammt aus den \
Fünfzigern.|Die Kinderecke wird doppelt so groß.|{name} leitet das Haus und freut sich.|Die Stadt bezahlt die \
Arbeiten.|Viele hatten längere Zeiten gewünscht.|Das Café bleibt geöffnet.; Bücherei/Bibliothek; {new_day}; \
schließt/schließ*/geschlossen/Renovierung/renoviert/zu; {n}
""",
    "sv": """
Hej alla, vårt möte om {topic} blir inte på {day} utan på {new_day} klockan {hour}. Vi ses i rum {n}.; {name} är \
bortrest på {day}.|Det finns kaffe och kakor.|Ta med era datorer.|Dagordningen kommer i ett eget mejl.|Hör av er om \
ni har frågor.|Jag hoppas att ni haft en trevlig helg.|Förra protokollet ligger i mappen.; {new_day}*; möte/möte*/\
ses/träff*/flytta*; {hour}; {n}
Till alla boende: på {new_day} stängs vattnet av från klockan {hour} eftersom ett rör på {street} ska lagas. \
Arbetet tar ungefär {n} minuter.; Fyll gärna några flaskor innan.|Använd inte tvättmaskiner.|Hissen går som \
vanligt.|Vi ber om ursäkt för besväret.|{name} på kontoret svarar på frågor.|Stäng alla kranar, tack.|En lapp \
sitter också vid porten.; {new_day}*; vattnet/vatt*; {hour}; röret/rör*/lag*/repar*; {n}
Jag köpte en ny vara ({thing}) för {n} euro och efter en vecka gick den sönder. Butiken vill inte ge mig pengarna \
tillbaka.; Paketet kom efter två dagar.|Den finns i tre färger.|Min granne {name} har en likadan.|Bruksanvisningen \
har väldigt liten text.|Jag hade läst många bra omdömen.|Först tyckte jag om utseendet.|Jag använde den mest på \
helgerna.; {thing}*; sönder/trasig*/gick; pengar/pengar*/återbetal*; {n}
Protokoll: föreningen köper en ny apparat ({thing}) för {n} euro. {name} beställer den före {new_day}.; Fjorton \
medlemmar var där.|Den gamla går inte att laga.|Kassan visar ett litet överskott.|Sommarfesten blev lyckad.|Någon \
har glömt ett paraply.|Kaffebryggaren måste rengöras.|Mötet slutade klockan nio.; {thing}*; köper/köp*/beställ*/\
skaffa*; {new_day}*; {n}
Biblioteket på {street} stänger på {new_day} för renovering och öppnar igen om {n} veckor. Till dess kan man lämna \
böcker i stadshuset.; Läsesalen får nya lampor och stolar.|Huset är från femtiotalet.|Barnhörnan blir dubbelt så \
stor.|{name}, som är chef där, ser fram emot det.|Kommunen betalar arbetet.|Många ville ha längre tider.|Kaféet är \
öppet som vanligt.; biblioteket/bibliotek*; {new_day}*; stänger/stäng*/renover*; {n}
""",
    "es": """
Hola a todos: nuestra reunión sobre {topic} no será el {day}, sino el {new_day} a las {hour}. Nos vemos en la sala \
{n}.; {name} está de viaje el {day}.|Habrá café y galletas.|Traed vuestros portátiles.|El orden del día va en otro \
correo.|Avisadme si tenéis preguntas.|Espero que hayáis pasado un buen fin de semana.|El acta anterior está en la \
carpeta.; {new_day}; reunión/reunir*/cambi*/traslad*/aplaz*; {hour}; {n}
Estimados vecinos: el {new_day} se cortará el agua desde las {hour} porque hay que reparar una tubería en la calle \
{street}. El trabajo dura unos {n} minutos.; Llenen antes algunas botellas.|No usen la lavadora.|El ascensor \
funciona como siempre.|Perdonen las molestias.|{name} responde a las preguntas en la oficina.|Cierren todos los \
grifos, por favor.|También hay un aviso en la entrada.; {new_day}; agua; {hour}; tubería/tubería*/repar*; {n}
Compré un artículo nuevo ({thing}) por {n} euros y a la semana se rompió. La tienda no quiere devolverme el \
dinero.; El paquete llegó en dos días.|Lo hay en tres colores.|Mi vecino {name} tiene el mismo.|El manual tiene una \
letra muy pequeña.|Había leído muchas opiniones buenas.|Al principio me gustó el aspecto.|Lo usaba sobre todo los \
fines de semana.; {thing}; rompió/roto/rota/averi*/estrope*/dejó/defectuos*; dinero/devol*/reembols*; {n}
Acta: el club compra un aparato nuevo ({thing}) por {n} euros. {name} lo pedirá antes del {new_day}.; Asistieron \
catorce socios.|El viejo ya no se puede arreglar.|La caja tiene un pequeño superávit.|La fiesta de verano fue un \
éxito.|Alguien olvidó un paraguas.|Hay que limpiar la cafetera.|La sesión terminó a las nueve.; {thing}; compra/\
compr*/adquir*/ped*; {new_day}; {n}
La biblioteca de la calle {street} cierra el {new_day} por reformas y vuelve a abrir en {n} semanas. Hasta entonces \
los libros se devuelven en el ayuntamiento.; La sala de lectura tendrá lámparas y sillas nuevas.|El edificio es de \
los años cincuenta.|El rincón infantil será el doble de grande.|{name}, el director, está muy contento.|La ciudad \
paga las obras.|Muchos pedían un horario más largo.|El café sigue abierto.; biblioteca; {new_day}; cierra/cerr*/\
reform*/renov*/cierre; {n}
""",
    "fr": """
Bonjour à tous, notre réunion sur le sujet « {topic} » n'aura pas lieu {day} mais {new_day} à {hour} heures. On se \
retrouve en salle {n}.; {name} est en voyage {day}.|Il y aura du café et des biscuits.|Apportez vos ordinateurs.|\
L'ordre du jour suit dans un autre message.|Dites-moi si vous avez des questions.|J'espère que vous avez passé un \
bon week-end.|Le dernier compte rendu est dans le dossier.; {new_day}; réunion/report*/déplac*/reuni*; {hour}; {n}
Chers habitants, l'eau sera coupée {new_day} à partir de {hour} heures, car il faut réparer une conduite rue \
{street}. Les travaux durent environ {n} minutes.; Remplissez quelques bouteilles avant.|N'utilisez pas les \
machines à laver.|L'ascenseur marche comme d'habitude.|Veuillez nous excuser pour la gêne.|{name} répond aux \
questions au bureau.|Fermez tous les robinets, s'il vous plaît.|Une affiche se trouve aussi à l'entrée.; {new_day}; \
eau; {hour}; conduite/conduite*/répar*/tuyau*/travaux; {n}
J'ai acheté un nouvel article ({thing}) pour {n} euros et il s'est cassé après une semaine. Le magasin refuse de me \
rembourser.; Le colis est arrivé en deux jours.|Il existe en trois couleurs.|Mon voisin {name} a le même.|La notice \
est imprimée en tout petit.|J'avais lu beaucoup de bons avis.|Au début, son aspect me plaisait.|Je m'en servais \
surtout le week-end.; {thing}; cassé/cass*/panne/défectueu*/abîm*; remboursement/rembours*/argent; {n}
Compte rendu : le club achète un nouvel appareil ({thing}) pour {n} euros. {name} le commandera avant {new_day}.; \
Quatorze membres étaient présents.|L'ancien n'est plus réparable.|La caisse a un petit excédent.|La fête d'été a \
été un succès.|Quelqu'un a oublié un parapluie.|Il faut nettoyer la machine à café.|La séance s'est terminée à neuf \
heures.; {thing}; achète/achet*/achat/command*/acquér*; {new_day}; {n}
La bibliothèque de la rue {street} ferme {new_day} pour rénovation et rouvre dans {n} semaines. D'ici là, les \
livres peuvent être rendus à la mairie.; La salle de lecture aura des lampes et des chaises neuves.|Le bâtiment \
date des années cinquante.|Le coin des enfants sera deux fois plus grand.|{name}, le directeur, s'en réjouit.|La \
ville paie les travaux.|Beaucoup voulaient des horaires plus longs.|Le café reste ouvert.; bibliothèque; {new_day}; \
ferme/ferm*/rénov*; {n}
""",
    "zh": """
各位好,我们关于{topic}的会议不在{day},改到{new_day}{hour}点。地点是{n}会议室。; {name}{day}要出差。|\
现场有咖啡和饼干。|请带上笔记本电脑。|议程会另发邮件。|有问题请告诉我。|希望大家周末过得愉快。|\
上次的会议记录在共享文件夹里。; {new_day}; 会; {hour}点/{hour}; {n}
各位住户:因为{street}的水管要维修,{new_day}{hour}点起停水。维修大约需要{n}分钟。; 请提前接好几瓶水。|\
请不要使用洗衣机。|电梯照常运行。|给您带来不便,敬请谅解。|有问题请到办公室找{name}。|请关好所有水龙头。|\
门口也贴了通知。; {new_day}; 水; {hour}点/{hour}; 水管/维修/修; {n}
我花{n}元买了一个{thing},用了一个星期就坏了。商店不肯退钱。; 包裹两天就到了。|有三种颜色可选。|\
我的邻居{name}也有一个。|说明书的字很小。|之前我看了很多好评。|刚开始我挺喜欢它的外观。|我一般周末才用。; {thing}; \
坏/故障/损坏; 退; {n}
会议记录:俱乐部决定花{n}元买一台新的{thing}。{name}在{new_day}之前下单。; 十四名会员出席。|旧的已经修不好了。|\
财务略有结余。|夏季聚会很成功。|有人把雨伞落在大厅了。|咖啡机需要清洗。|会议九点结束。; {thing}; 买/购; {new_day}; \
{n}
{street}的图书馆{new_day}起闭馆装修,{n}周后重新开放。在此期间可以到市政厅还书。; 阅览室会换新的灯和椅子。|\
这栋楼建于五十年代。|儿童区会扩大一倍。|馆长{name}非常期待。|费用由市里承担。|读者曾希望延长开放时间。|\
咖啡厅照常营业。; 图书馆; {new_day}; 闭馆/装修/关闭/关; {n}
""",
}
# A good summary of each text above, in the same order; {new_day} is the day that holds in the end.
_SUMMARIES = {
    "en": (
        "The meeting is on {new_day} at {hour}.",
        "The water is off on {new_day} from {hour} on.",
        "The library closes on {new_day} for {n} weeks.",
        "The {thing} broke and the shop refused a refund.",
        "{name} will buy a new {thing}.",
    ),
    "de": (
        "Die Besprechung ist am {new_day} um {hour} Uhr.",
        "Am {new_day} ab {hour} Uhr kein Wasser.",
        "Das Gerät ({thing}) ging kaputt, ohne Rückerstattung.",
        "Der Verein kauft bis {new_day} ein Gerät ({thing}).",
        "Die Bücherei schließt ab {new_day}.",
    ),
    "sv": (
        "Mötet blir på {new_day} klockan {hour}.",
        "På {new_day} stängs vattnet från {hour}.",
        "Varan ({thing}) gick sönder, inga pengar tillbaka.",
        "Föreningen köper {thing} före {new_day}.",
        "Biblioteket stänger på {new_day}.",
    ),
    "es": (
        "La reunión será el {new_day} a las {hour}.",
        "El {new_day} no hay agua desde las {hour}.",
        "El {thing} se rompió, sin devolución del dinero.",
        "El club compra un {thing} antes del {new_day}.",
        "La biblioteca cierra el {new_day}.",
    ),
    "fr": (
        "La réunion aura lieu {new_day} à {hour} heures.",
        "Plus d'eau {new_day} à partir de {hour} heures.",
        "Article ({thing}) cassé, sans aucun remboursement.",
        "Le club achète un appareil ({thing}) avant {new_day}.",
        "La bibliothèque ferme {new_day}.",
    ),
    "zh": (
        "会议改到{new_day}{hour}点。",
        "{new_day}{hour}点起停水。",
        "{thing}坏了,商店不肯退钱。",
        "俱乐部要买{thing},{new_day}前下单。",
        "图书馆{new_day}起闭馆。",
    ),
}
_SLOTS = {
    "en": {
        "topic": "budget|website|summer party|sales|safety|planning|trade fair",
        "thing": "kettle|toaster|printer|vacuum cleaner|lawn mower|projector|coffee machine|tent|drill",
        "part": "lid|handle|switch|motor|cable",
        "street": "Mill Street|Park Road|Station Street|Garden Lane|Church Road",
        "name": "Anna|Mr Brown|Carla|Oliver|Ms Singh|Tom",
        "day": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday",
    },
    "de": {
        "topic": "Budget|Webseite|Sommerfest|Verkauf|Messe|Umzug",
        "thing": "Wasserkocher|Toaster|Drucker|Staubsauger|Rasenmäher|Beamer",
        "street": "Mühlstraße|Parkstraße|Bahnhofstraße|Gartenstraße",
        "name": "Herr Braun|Felix|Herr Yilmaz|Jonas|Tim",
        "day": "Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag",
    },
    "sv": {
        "topic": "budgeten|webbplatsen|sommarfesten|mässan|flytten",
        "thing": "vattenkokare|brödrost|skrivare|dammsugare|gräsklippare|projektor",
        "street": "Kvarngatan|Parkvägen|Stationsgatan|Trädgårdsgatan",
        "name": "Erik|Johan|Lars|Nils|Olle",
        "day": "måndag|tisdag|onsdag|torsdag|fredag|lördag",
    },
    "es": {
        "topic": "el presupuesto|la página web|la fiesta de verano|la feria|la mudanza",
        "thing": "hervidor|tostador|ventilador|aspirador|cortacésped|proyector",
        "street": "del Molino|del Parque|de la Estación|del Jardín",
        "name": "Diego|Bruno|Felipe|Javier|Pablo",
        "day": "lunes|martes|miércoles|jueves|viernes|sábado",
    },
    "fr": {
        "topic": "budget|site web|fête d'été|salon|déménagement",
        "thing": "mixeur|grille-pain|ventilateur|aspirateur|projecteur|radiateur",
        "street": "du Moulin|du Parc|de la Gare|du Jardin",
        "name": "Bruno|Denis|Fabien|Jules|Louis",
        "day": "lundi|mardi|mercredi|jeudi|vendredi|samedi",
    },
    "zh": {
        "topic": "预算|网站|夏季聚会|展会|搬家",
        "thing": "水壶|烤面包机|打印机|吸尘器|割草机|投影仪",
        "street": "磨坊街|公园路|车站街|花园巷",
        "name": "小王|李娜|张伟|刘芳|陈明",
        "day": "星期一|星期二|星期三|星期四|星期五|星期六",
    },
}
_CORRECTION = {
    "en": "Correction, sent later: it is not {new_day} but {last_day}, everything else stays as it is.",
    "de": "Korrektur von eben: nicht {new_day}, sondern {last_day}, alles andere bleibt.",
    "sv": "Rättelse i efterhand: inte {new_day} utan {last_day}, allt annat gäller.",
    "es": "Corrección posterior: no es el {new_day}, sino el {last_day}; lo demás sigue igual.",
    "fr": "Correction de dernière minute : pas {new_day} mais {last_day}, le reste ne change pas.",
    "zh": "更正:不是{new_day},而是{last_day},其他不变。",
}
_SENTENCE = {
    "en": (
        "Summarize in one sentence: {text}",
        "Summarize this in one sentence.\n\n{text}",
        "{text}\n\nSum this up in a single sentence.",
        "{text}\n\nOne-sentence summary please.",
        "Can you summarise the following message in one sentence?\n{text}",
        "tl;dr in one sentence: {text}",
        "What does this say, in one sentence? {text}",
        "I don't have time to read this. One sentence, please: {text}",
        "Give me the gist of this in one sentence: {text}",
        "Condense this into one sentence for our newsletter:\n{text}",
        "Write a one-sentence summary of the text below.\n\n{text}",
        "My boss wants the main point of this in one sentence. {text}",
        "Shorten to one sentence: {text}",
        "Please boil this down to a single sentence.\n{text}",
    ),
    "de": (
        "Fasse in einem Satz zusammen: {text}",
        "{text}\n\nBitte in einem Satz zusammenfassen.",
        "Worum geht es hier? Ein Satz genügt.\n\n{text}",
        "Kannst du das in einem Satz zusammenfassen?\n{text}",
        "Kürze auf einen Satz: {text}",
    ),
    "sv": (
        "Sammanfatta i en mening: {text}",
        "{text}\n\nSammanfatta det i en mening, tack.",
        "Vad handlar det här om? En mening räcker.\n\n{text}",
        "Kan du sammanfatta detta i en mening?\n{text}",
        "Korta ner till en mening: {text}",
    ),
    "es": (
        "Resume en una frase: {text}",
        "{text}\n\nResúmelo en una sola frase.",
        "¿De qué trata esto? En una frase.\n\n{text}",
        "¿Puedes resumir esto en una frase?\n{text}",
        "Redúcelo a una frase: {text}",
    ),
    "fr": (
        "Résume en une phrase : {text}",
        "{text}\n\nRésume cela en une seule phrase.",
        "De quoi s'agit-il ? En une phrase.\n\n{text}",
        "Peux-tu résumer ceci en une phrase ?\n{text}",
        "Réduis à une phrase : {text}",
    ),
    "zh": (
        "用一句话概括:{text}",
        "{text}\n\n请用一句话总结。",
        "这段话讲了什么?一句话就行。\n\n{text}",
        "你能用一句话概括下面的内容吗?\n{text}",
        "请压缩成一句话:{text}",
    ),
}
_WORDS = {
    "en": (
        "Summarize in at most {n} words: {text}",
        "{text}\n\nSummary, max {n} words.",
        "Give me a summary of no more than {n} words.\n\n{text}",
        "Shorten this to {n} words or fewer: {text}",
        "I need this as a text message, {n} words at most. {text}",
        "tldr (under {n} words)\n{text}",
    ),
    "de": ("Fasse in höchstens {n} Wörtern zusammen: {text}", "{text}\n\nZusammenfassung, maximal {n} Wörter."),
    "sv": ("Sammanfatta med högst {n} ord: {text}", "{text}\n\nSammanfattning, max {n} ord."),
    "es": ("Resume en un máximo de {n} palabras: {text}", "{text}\n\nResumen, máximo {n} palabras."),
    "fr": ("Résume en {n} mots au maximum : {text}", "{text}\n\nRésumé, {n} mots maximum."),
    "zh": ("用不超过{n}个字概括:{text}", "{text}\n\n请总结,最多{n}个字。"),
}
_NEVER = re.compile(r"\b(?:never|nie|niemals|aldrig|nunca|jamais)\b|从不|从未|绝不")
_NO_WATER = re.compile(r"\b(?:no|kein|inget|no hay|(?:pas|plus) d')\s*(?:water|wasser|vatten|agua|eau)\b")
_OFTEN_NEGATED = {"water", "Wasser", "vattnet", "agua", "eau", "水"} | {
    "refund",
    "Rückerstattung",
    "Geld",
    "pengar",
    "dinero",
    "argent",
    "remboursement",
    "退",
}
"""Facts that are often said with a "not": no water, no refund."""

_N_SENTENCES = {1: 2, 2: 3, 3: 5, 4: 7, 5: 9}
_N_FACTS = {1: 2, 2: 2, 3: 2, 4: 3, 5: 3}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a summary must keep to.

    Parameters
    ----------
    text : str
        What is summarised.
    facts : sequence
        Facts that it must hold, each as the forms that it may take.
    outdated : sequence of str
        What the text itself takes back, and a summary must not repeat.
    most_words : int or None
        The most words that it may have; None if it shall be one sentence.
    """

    text: str
    facts: Sequence[tuple[str, ...]]
    outdated: Sequence[str]
    most_words: int | None

    def is_met_by(self, answer: str) -> bool:
        """Whether an answer is such a summary; a line before it that ends in a colon does not count."""
        lines = [line for line in plain(answer).splitlines() if line]
        if len(lines) > 1 and lines[0].endswith(":"):
            lines = lines[1:]
        summary = " ".join(lines)
        summary = summary.split("summary:", 1)[-1].strip().replace(";", ",")
        length, whole = len(words(summary)), len(words(plain(self.text)))
        if self.most_words is not None:
            # A word too many is nothing that a reader would mind.
            short = length <= self.most_words + 1
        else:
            short = len(sentences(summary)) <= 1 and length < 0.9 * whole and length <= 60
        if not short or any(says(summary, (value,)) for value in self.outdated):
            return False
        told = all(says(summary, forms) for forms in self.facts)
        return told and self._is_sentence(summary) and not self._denies(summary)

    def _is_sentence(self, summary: str) -> bool:
        """Whether there are words beside the facts: "library, Monday" says nothing of either."""
        chinese = re.search(f"[{HAN}]", summary) is not None
        rest = pattern(form for forms in self.facts for form in forms).sub(" ", plain(summary))
        return len(words(summary)) >= (6 if chinese else 4) and bool(words(rest))

    def _denies(self, summary: str) -> bool:
        """Whether a fact stands behind a "never", or behind a "not" that the text does not have."""
        if _NEVER.search(summary) and not _NEVER.search(plain(self.text)):
            return True
        facts = [forms for forms in self.facts if not _OFTEN_NEGATED & set(forms)]
        rest = _NO_WATER.sub("", plain(summary))
        return any(not affirms(rest, forms) for forms in facts)


def _make(rng: Random, level: int, language: str) -> Item:
    row, short = rng.choice(list(zip(_TEXTS[language].strip().splitlines(), _SUMMARIES[language], strict=True)))
    told, more, *facts = (part.strip() for part in row.split(";"))
    slots = {name: rng.choice(values.split("|")) for name, values in _SLOTS[language].items()}
    slots["day"], slots["new_day"], slots["last_day"] = rng.sample(_SLOTS[language]["day"].split("|"), 3)
    slots["n"], slots["hour"] = str(rng.randrange(20, 80)), str(rng.randrange(2, 12))
    parts = [sentence.format(**slots) for sentence in rng.sample(more.split("|"), min(_N_SENTENCES[level] - 2, 7))]
    after = rng.randrange(len(parts) + 1)
    parts.insert(after, told.format(**slots))
    forms = [tuple(form.format(**slots) for form in fact.split("/")) for fact in facts[: _N_FACTS[level]]]
    outdated: tuple[str, ...] = ()
    if level == 5 and "{new_day}" in facts[0]:
        parts.append(_CORRECTION[language].format(**slots))
        forms[0] = (slots["last_day"] + "*",)
        outdated = (slots["new_day"],)
    text = ("" if language == "zh" else " ").join(part if part[-1] in ".。?!" else part + "." for part in parts)
    needed = sum(len(words(plain(form[0]))) for form in forms)
    limit = None
    if level >= 3 and rng.random() < 0.6:
        limit = (needed + {3: 18, 4: 13, 5: 10}[level]) * (2 if language == "zh" else 1) // 5 * 5
    wanted = Wanted(text, forms, outdated, limit)
    templates = _SENTENCE[language] if limit is None else _WORDS[language]
    turns = conversation(rng, language, templates, text=text, n=str(limit))
    expected = short.format(**slots | ({"new_day": slots["last_day"]} if outdated else {}))

    def check(answer: Answer) -> bool:
        return wanted.is_met_by(answer.text)

    return Item(turns, check, max_tokens=70, expected=expected)


FAMILY = Family(name="summary", title="summaries of a few sentences", make=_make)

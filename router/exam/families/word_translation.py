"""Translating single words and short phrases between the exam's six languages, in any direction."""

import re
from random import Random

from router.exam.checks.said import plain, readings, says, words
from router.exam.content.language_names import NAMES
from router.exam.item import LANGUAGES, Answer, Family, Item
from router.exam.wording.phrasing import conversation

_WORDS = {
    1: """
house/home; Haus; hus; casa; maison; 房子/房屋/家
water; Wasser; vatten; agua; eau; 水
book; Buch; bok; libro; livre; 书/书籍/书本
dog; Hund; hund; perro; chien; 狗
cat; Katze; katt; gato; chat; 猫
bread; Brot; bröd; pan; pain; 面包
milk; Milch; mjölk; leche; lait; 牛奶/奶
red; rot; röd; rojo/roja; rouge; 红色/红/红色的
green; grün; grön; verde; vert/verte; 绿色/绿/绿色的
day; Tag; dag; día; jour; 天/日/白天
night/evening; Nacht; natt; noche; nuit; 夜晚/夜/晚上/夜间
hello/hi; hallo/guten Tag; hej/hallå; hola; bonjour/salut; 你好/您好
thank you/thanks; danke/dankeschön/vielen Dank; tack; gracias; merci; 谢谢/谢谢你/感谢
goodbye/bye/farewell; auf Wiedersehen/tschüss; hej då/adjö; adiós/hasta luego; au revoir/adieu; 再见
friend/pal; Freund/Freundin; vän/kompis; amigo/amiga; ami/amie; 朋友
school; Schule; skola; escuela/colegio; école; 学校
car/automobile; Auto/Wagen; bil; coche/carro/auto; voiture; 汽车/车/轿车
sun; Sonne; sol; sol; soleil; 太阳
moon; Mond; måne; luna; lune; 月亮/月球
apple; Apfel; äpple; manzana; pomme; 苹果
mother/mom/mum; Mutter; mor/mamma/moder; madre; mère; 母亲/妈妈
father/dad; Vater; far/pappa/fader; padre; père; 父亲/爸爸
yes; ja; ja; sí; oui; 是/是的/对
please; bitte; snälla/tack/var god; por favor; s'il vous plaît/s'il te plaît; 请
tree; Baum; träd; árbol; arbre; 树/树木
city/town; Stadt; stad; ciudad; ville/cité; 城市
five; fünf; fem; cinco; cinq; 五/5
ten; zehn; tio; diez; dix; 十/10
big/large/great/tall; groß; stor; grande/gran; grand/grande/gros; 大/大的
small/little; klein; liten; pequeño/pequeña/chico; petit/petite; 小/小的
love; Liebe; kärlek; amor; amour; 爱/爱情
black; schwarz; svart; negro/negra; noir/noire; 黑色/黑/黑色的
white; weiß; vit; blanco/blanca; blanc/blanche; 白色/白/白色的
fish; Fisch; fisk; pescado/pez; poisson; 鱼
good morning/good day; guten Morgen; god morgon; buenos días; bonjour; 早上好/早安/早
winter; Winter; vinter; invierno; hiver; 冬天/冬季
summer; Sommer; sommar; verano; été; 夏天/夏季
door/gate; Tür; dörr; puerta; porte; 门
coffee; Kaffee; kaffe; café; café; 咖啡
""",
    2: """
kitchen/cuisine; Küche; kök; cocina; cuisine; 厨房
window; Fenster; fönster; ventana; fenêtre; 窗户/窗/窗子
chair; Stuhl; stol; silla; chaise; 椅子
bridge; Brücke; bro; puente; pont; 桥/桥梁
bicycle/bike; Fahrrad/Rad; cykel; bicicleta/bici; vélo/bicyclette; 自行车/单车/脚踏车
airport; Flughafen; flygplats; aeropuerto; aéroport; 机场/飞机场
pharmacy/drugstore/chemist; Apotheke; apotek; farmacia; pharmacie; 药店/药房
hospital/clinic; Krankenhaus/Klinik/Spital; sjukhus; hospital; hôpital; 医院
breakfast; Frühstück; frukost; desayuno; petit déjeuner/petit-déjeuner; 早餐/早饭
dinner/supper/lunch; Abendessen; middag/kvällsmat; cena; dîner/souper; 晚餐/晚饭/正餐
butter; Butter; smör; mantequilla; beurre; 黄油/奶油
cheese; Käse; ost; queso; fromage; 奶酪/芝士/乳酪
potato; Kartoffel; potatis; patata/papa; pomme de terre/patate; 土豆/马铃薯
strawberry; Erdbeere; jordgubbe; fresa/frutilla; fraise; 草莓
chicken/hen/poultry; Huhn/Hähnchen/Hühnchen/Hühnerfleisch; kyckling/höna; pollo; poulet; 鸡/鸡肉
horse; Pferd; häst; caballo; cheval; 马
bird; Vogel; fågel; pájaro/ave; oiseau; 鸟
rain; Regen; regn; lluvia; pluie; 雨/下雨
snow; Schnee; snö; nieve; neige; 雪
forest/wood/woods; Wald; skog; bosque/selva; forêt/bois; 森林/树林
happy/glad/content/cheerful/joyful; glücklich/froh; lycklig/glad; feliz/contento/contenta; heureux/heureuse/\
content; 快乐/高兴/幸福/快乐的/开心
cheap/inexpensive; billig/günstig/preiswert; billig; barato/barata; bon marché/pas cher; 便宜/便宜的
expensive; teuer; dyr; caro/cara/costoso; cher/chère/coûteux; 贵/昂贵/贵的/昂贵的
to sleep; schlafen; sova; dormir; dormir; 睡觉/睡
to write; schreiben; skriva; escribir; écrire; 写/书写/写作
to buy; kaufen; köpa; comprar; acheter; 买/购买
to drink/drink; trinken; dricka; beber/tomar; boire; 喝/饮
to swim; schwimmen; simma/bada; nadar; nager; 游泳
tomorrow/morning; morgen; imorgon/i morgon; mañana; demain; 明天
yesterday; gestern; igår/i går; ayer; hier; 昨天
Monday; Montag; måndag; lunes; lundi; 星期一/周一/礼拜一
Wednesday; Mittwoch; onsdag; miércoles; mercredi; 星期三/周三/礼拜三
Saturday; Samstag/Sonnabend; lördag; sábado; samedi; 星期六/周六/礼拜六
teacher/professor/master/educator; Lehrer/Lehrerin; lärare; profesor/profesora/maestro/maestra; professeur/\
enseignant/enseignante/maître/prof; 老师/教师
doctor/physician; Arzt/Ärztin/Doktor; läkare/doktor; médico/médica/doctor/doctora; médecin/docteur; 医生/大夫
shoe; Schuh; sko; zapato; chaussure/soulier; 鞋/鞋子
shirt; Hemd; skjorta; camisa; chemise; 衬衫/衬衣
key/wrench; Schlüssel; nyckel; llave; clé/clef; 钥匙
money/silver; Geld; pengar; dinero; argent; 钱/金钱
question; Frage; fråga; pregunta/cuestión; question; 问题/提问
eleven; elf; elva; once; onze; 十一/11
twenty; zwanzig; tjugo; veinte; vingt; 二十/20
""",
    3: """
blanket/cover/ceiling/duvet; Decke; filt/täcke; manta/cobija/frazada; couverture; 毯子/毛毯/被子
pillow/cushion; Kissen/Kopfkissen; kudde; almohada; oreiller; 枕头
knife; Messer; kniv; cuchillo; couteau; 刀/刀子/小刀
fork; Gabel; gaffel; tenedor; fourchette; 叉子/叉/餐叉
spoon; Löffel; sked; cuchara; cuillère/cuiller; 勺子/汤匙/调羹/勺
stairs/staircase/ladder/stairway/steps; Treppe/Treppen; trappa/trappor; escalera/escaleras; escalier/escaliers; 楼梯
roof/ceiling/rooftop; Dach; tak/yttertak; techo/tejado; toit; 屋顶/房顶
umbrella; Regenschirm/Schirm; paraply; paraguas; parapluie; 雨伞/伞
glove/mitten; Handschuh; handske/vante; guante; gant; 手套
neighbour/neighbor; Nachbar/Nachbarin; granne; vecino/vecina; voisin/voisine; 邻居
receipt/ticket; Quittung/Beleg/Kassenbon/Kassenzettel; kvitto; recibo; reçu/ticket de caisse; 收据/收条/发票
invoice/bill; Rechnung; faktura/räkning; factura; facture; 发票/账单
appointment/date/quote/meeting; Termin/Verabredung; avtalad tid/tid/möte/avtal; cita; rendez-vous; 约会/预约/约定
holiday/vacation/public holiday/holidays; Feiertag/Urlaub/Ferien; semester/helgdag/ledighet/lov/helg; vacaciones/\
día festivo/fiesta/festivo; vacances/jour férié/congé/fête; 假期/假日/节日/休假
carrot; Karotte/Möhre/Mohrrübe/Rübli; morot; zanahoria; carotte; 胡萝卜/红萝卜
garlic; Knoblauch; vitlök; ajo; ail; 大蒜/蒜
onion; Zwiebel; lök; cebolla; oignon; 洋葱
mushroom/sponge/fungus; Pilz/Champignon; svamp/champinjon; seta/hongo/champiñón; champignon; 蘑菇
rabbit/hare/bunny; Kaninchen/Hase; kanin; conejo; lapin; 兔子/兔
butterfly; Schmetterling/Falter; fjäril; mariposa; papillon; 蝴蝶
squirrel; Eichhörnchen; ekorre; ardilla; écureuil; 松鼠
duck/drake; Ente; anka/and; pato; canard; 鸭子/鸭
knee; Knie; knä; rodilla; genou; 膝盖/膝
elbow; Ellbogen/Ellenbogen; armbåge; codo; coude; 肘/手肘/肘部/胳膊肘
fever/temperature; Fieber; feber; fiebre; fièvre; 发烧/发热/热度
cough; Husten; hosta; tos; toux; 咳嗽
towel/napkin/bath towel; Handtuch; handduk; toalla; serviette; 毛巾
mirror; Spiegel; spegel; espejo; miroir/glace; 镜子/镜
to forget; vergessen; glömma/glömma bort; olvidar; oublier; 忘记/忘
to borrow/lend/loan; ausleihen/leihen/borgen; låna; tomar prestado/pedir prestado; emprunter; 借/借用/借入
to laugh; lachen; skratta; reír/reírse; rire; 笑/大笑
to clean/scrub/wash; putzen/reinigen/säubern/sauber machen; städa/rengöra/göra rent/putsa; limpiar; nettoyer; 打扫/\
清洁/清理/清洗
tired; müde; trött; cansado/cansada; fatigué/fatiguée; 累/疲倦/疲惫/累的/疲劳
angry/upset/mad/furious; wütend/böse/verärgert/zornig/sauer; arg; enojado/enfadado/enojada/enfadada; en colère/\
fâché/fâchée; 生气/愤怒/生气的/愤怒的
empty; leer; tom; vacío/vacía; vide; 空/空的
heavy/difficult/hard; schwer; tung; pesado/pesada; lourd/lourde; 重/沉重/重的/沉
weather forecast/weather report; Wettervorhersage/Wetterbericht; väderprognos/väderleksrapport; pronóstico del \
tiempo/previsión meteorológica/previsión del tiempo; météo/prévisions météo/prévision météo/bulletin météo/\
prévisions météorologiques; 天气预报
traffic light/stoplight/traffic lights; Ampel/Verkehrsampel; trafikljus/trafiksignal; semáforo; feu de circulation/\
feu/feux de signalisation/feu tricolore/feu rouge; 红绿灯/交通灯/交通信号灯
fire brigade/fire department/firefighters/fire service; Feuerwehr; brandkår/räddningstjänst; bomberos/cuerpo de \
bomberos; pompiers/sapeurs-pompiers; 消防队/消防局
happy birthday; alles Gute zum Geburtstag/herzlichen Glückwunsch zum Geburtstag; grattis på födelsedagen/grattis; \
feliz cumpleaños; joyeux anniversaire/bon anniversaire; 生日快乐
good luck/much success; viel Glück/viel Erfolg; lycka till; buena suerte/suerte/mucha suerte; bonne chance; \
祝你好运/好运/祝好运
""",
    4: """
sieve/strainer/colander/sifter; Sieb; sil/såll/sikt; colador/tamiz/cedazo; passoire/tamis; 筛子/滤网/筛/漏勺
shoelace/lace; Schnürsenkel/Schuhband/Schuhbändel; skosnöre/skorem/skosnören; cordón/cordón de zapato/agujeta; \
lacet/lacet de chaussure; 鞋带
screwdriver; Schraubenzieher/Schraubendreher; skruvmejsel; destornillador/desarmador; tournevis; 螺丝刀/起子/改锥
hammer; Hammer; hammare; martillo; marteau; 锤子/铁锤/榔头
ladder/stairs/staircase; Leiter; stege; escalera/escalera de mano; échelle; 梯子
bucket/pail/cube; Eimer; hink/spann; cubo/balde/cubeta; seau; 桶/水桶
drawer/box; Schublade/Schubfach; låda/byrålåda; cajón/gaveta; tiroir; 抽屉
curtain/drape/drapes; Vorhang/Gardine; gardin/ridå; cortina; rideau; 窗帘/帘子
candle/light/sail; Kerze; ljus/stearinljus; vela/candela; bougie/chandelle; 蜡烛
wallet/purse; Geldbörse/Brieftasche/Portemonnaie/Geldbeutel; plånbok; cartera/billetera; portefeuille/\
porte-monnaie; 钱包/皮夹
eyebrow; Augenbraue/Braue; ögonbryn; ceja; sourcil; 眉毛/眉
wrist/doll; Handgelenk; handled; muñeca; poignet; 手腕/腕
ankle/knuckle; Knöchel/Fußknöchel/Fußgelenk; fotled/ankel/vrist; tobillo; cheville; 脚踝/踝/脚腕
hedgehog; Igel; igelkott; erizo; hérisson; 刺猬
owl; Eule/Uhu; uggla; búho/lechuza; hibou/chouette; 猫头鹰
seal; Robbe/Seehund; säl; foca; phoque; 海豹
plum/prune; Pflaume/Zwetschge; plommon; ciruela; prune; 李子/梅子
cucumber; Gurke; gurka; pepino; concombre; 黄瓜
cinnamon; Zimt; kanel; canela; cannelle; 肉桂/桂皮
flour; Mehl; mjöl/vetemjöl; harina; farine; 面粉
lawyer/attorney/avocado/solicitor; Anwalt/Rechtsanwalt/Anwältin/Rechtsanwältin; advokat/jurist; abogado/abogada; \
avocat/avocate; 律师
plumber; Klempner/Installateur; rörmokare; fontanero/plomero/gasfitero; plombier; 水管工/管道工
carpenter/joiner/cabinetmaker; Zimmermann/Schreiner/Tischler; snickare/timmerman; carpintero/carpintera; \
charpentier/menuisier; 木匠/木工
deadline/term/due date/closing date/time limit/timeframe; Frist/Abgabetermin/Termin/Stichtag; tidsfrist/sista dag/\
frist/deadline/slutdatum; plazo/fecha límite/fecha tope; date limite/échéance/délai; 截止日期/期限/最后期限/截止时间
warranty/guarantee; Garantie/Gewährleistung; garanti; garantía; garantie; 保修/保修期/质保/担保/保证
landlord/owner/lessor; Vermieter/Vermieterin/Hauswirt; hyresvärd/värd; casero/propietario/arrendador/dueño; \
propriétaire/bailleur; 房东
salary/wage/pay/wages; Gehalt/Lohn; lön; salario/sueldo; salaire; 工资/薪水/薪金
to complain/lament; sich beschweren/beschweren/klagen/sich beklagen/meckern; klaga; quejarse; se plaindre; 抱怨/投诉
to promise; versprechen; lova; prometer; promettre; 答应/承诺/许诺/保证
to whisper; flüstern; viska; susurrar/cuchichear; chuchoter/murmurer; 低语/耳语/悄悄说/窃窃私语/私语
to sweep/brush; fegen/kehren; sopa; barrer; balayer; 扫/打扫/扫地
to peel; schälen; skala; pelar; éplucher/peler; 剥/削/剥皮/削皮/去皮
jealous/envious; eifersüchtig/neidisch; svartsjuk/avundsjuk; celoso/celosa; jaloux/jalouse; 嫉妒/妒忌/嫉妒的/吃醋
stubborn/obstinate/pigheaded/headstrong; stur/eigensinnig/hartnäckig/dickköpfig; envis/tjurskallig; terco/testarudo/\
obstinado/terca/tozudo; têtu/têtue/obstiné/entêté; 固执/顽固/倔强/固执的/顽固的
damp/moist/humid/wet; feucht/klamm; fuktig; húmedo/húmeda; humide; 潮湿/潮湿的/湿的/湿润
seldom/rarely/hardly ever/rare; selten; sällan; rara vez/raramente/pocas veces; rarement; 很少/难得/罕见/不常
the day after tomorrow; übermorgen; i övermorgon/övermorgon; pasado mañana; après-demain/le surlendemain; 后天
enjoy your meal/bon appetit/bon appétit/enjoy/enjoy the meal/have a nice meal; guten Appetit/Mahlzeit; smaklig \
måltid; buen provecho/que aproveche; bon appétit; 祝你用餐愉快/慢用/祝你胃口好/请慢用/用餐愉快/祝您用餐愉快
get well soon/speedy recovery/get well/get better soon; gute Besserung; krya på dig; que te mejores/que se mejore/\
que te mejores pronto/recupérate pronto; bon rétablissement/rétablis-toi vite; 早日康复/祝你早日康复
driving licence/driver's license/driving license/driver's licence/driving permit; Führerschein/Fahrerlaubnis/\
Führerausweis; körkort; permiso de conducir/carné de conducir/licencia de conducir/carnet de conducir; permis de \
conduire/permis; 驾照/驾驶执照/驾驶证
""",
    5: """
wheelbarrow/barrow/handcart/pushcart; Schubkarre/Schubkarren; skottkärra; carretilla; brouette; 独轮车/手推车
thimble; Fingerhut; fingerborg; dedal; dé à coudre/dé; 顶针
ladle/soup spoon/soup ladle; Schöpfkelle/Kelle/Suppenkelle/Schöpflöffel; slev/soppslev; cucharón/cazo; louche; \
长柄勺/汤勺/勺子
rolling pin/roller; Nudelholz/Teigrolle/Wellholz/Nudelwalker; brödkavel/kavel; rodillo/rodillo de cocina; rouleau à \
pâtisserie/rouleau; 擀面杖/擀面棍
spirit level/level/bubble level; Wasserwaage; vattenpass; nivel/nivel de burbuja; niveau à bulle/niveau; 水平仪/\
水平尺
hinge; Scharnier/Angel/Türangel; gångjärn; bisagra/gozne; charnière/gond; 铰链/合页
gutter/rain gutter/roof gutter/eavestrough; Dachrinne/Regenrinne/Rinne/Rinnstein/Gosse; hängränna/takränna/ränna/\
rännsten; canalón/canaleta/alcantarilla/cuneta; gouttière/caniveau; 排水沟/檐槽/屋檐排水槽/水槽/天沟/雨水槽
scarecrow; Vogelscheuche; fågelskrämma; espantapájaros; épouvantail; 稻草人
dragonfly; Libelle; trollslända; libélula; libellule; 蜻蜓
woodpecker; Specht; hackspett; pájaro carpintero/carpintero; pic/pivert/pic-vert; 啄木鸟
badger; Dachs; grävling; tejón; blaireau; 獾
caterpillar/larva; Raupe; larv/fjärilslarv; oruga; chenille; 毛毛虫/毛虫
gooseberry; Stachelbeere; krusbär; grosella espinosa/uva espina/uva crespa; groseille à maquereau; 醋栗/鹅莓
parsnip; Pastinake; palsternacka; chirivía/pastinaca; panais; 欧洲防风草/欧洲萝卜/欧防风/防风草根/欧洲防风
thyme; Thymian; timjan; tomillo; thym; 百里香
measles; Masern; mässling; sarampión; rougeole; 麻疹
sprain/strain; Verstauchung; stukning/vrickning; esguince/torcedura; entorse/foulure; 扭伤
dizziness/vertigo/giddiness; Schwindel/Schwindelgefühl; yrsel; mareo/vértigo/mareos; vertige/étourdissement/\
vertiges; 头晕/眩晕/晕眩
mortgage/home loan/mortgage loan; Hypothek; bolån/inteckning/hypotek/hypotekslån; hipoteca; hypothèque/prêt \
hypothécaire/crédit immobilier; 抵押贷款/按揭/房贷/抵押/按揭贷款
bankruptcy; Konkurs/Insolvenz/Bankrott/Pleite; konkurs/bankrutt; bancarrota/quiebra; faillite/banqueroute; 破产
inheritance/legacy/heritage; Erbe/Erbschaft; arv; herencia; héritage; 遗产/继承
shareholder/stockholder; Aktionär/Aktionärin/Anteilseigner/Gesellschafter/Aktieninhaber; aktieägare; accionista; \
actionnaire; 股东
midwife; Hebamme; barnmorska; partera/comadrona/matrona; sage-femme; 助产士/接生婆
blacksmith/smith; Schmied/Hufschmied; smed; herrero; forgeron; 铁匠
godmother/godparent; Patin/Patentante/Taufpatin/Gotte; gudmor/fadder; madrina; marraine; 教母
brother-in-law/stepbrother; Schwager; svåger; cuñado; beau-frère; 姐夫/妹夫/大舅子/小舅子/内兄/内弟/大伯/小叔子/连襟
leap year; Schaltjahr; skottår; año bisiesto; année bissextile; 闰年
dusk/twilight/nightfall; Abenddämmerung/Dämmerung; skymning; crepúsculo/anochecer/atardecer; crépuscule; 黄昏/薄暮/\
傍晚/暮色
to sneeze; niesen; nysa; estornudar; éternuer; 打喷嚏/喷嚏
to knit; stricken; sticka; tejer/hacer punto/tricotar; tricoter; 编织/织/针织
to stutter/stammer; stottern; stamma; tartamudear; bégayer; 口吃/结巴
to haggle/bargain; feilschen/handeln; pruta/köpslå; regatear; marchander; 讨价还价/砍价/还价
to be homesick/homesickness/homesick/to have homesickness; Heimweh haben; ha hemlängtan/längta hem; tener nostalgia/\
echar de menos mi casa/tener morriña/extrañar mi hogar; avoir le mal du pays/avoir le mal de pays; 想家/思乡/想念家乡
frugal/thrifty/economical; sparsam/genügsam/bescheiden; sparsam; frugal/austero/ahorrativo; frugal/économe; 节俭/\
节俭的/俭朴/节约
clumsy/awkward; ungeschickt/tollpatschig/unbeholfen; klumpig/fumlig/klantig; torpe/patoso; maladroit/gauche/\
maladroite; 笨拙/笨手笨脚/笨拙的
thirsty; durstig; törstig; sediento/sedienta; assoiffé/assoiffée; 口渴/渴/口渴的
better late than never; besser spät als nie/lieber spät als nie; bättre sent än aldrig; más vale tarde que nunca/\
mejor tarde que nunca; mieux vaut tard que jamais; 迟做总比不做好/晚做总比不做好/迟到总比不到好/迟来总比不来好/\
晚到总比不到好/迟做总比不做强
out of order/out of service/broken; außer Betrieb/defekt/kaputt; ur funktion/trasig; fuera de servicio/averiado; \
hors service/en panne; 故障/坏了/出故障/发生故障/停用
no trespassing/no entry/entry prohibited/keep out/no admittance/do not enter/trespassing prohibited; Betreten \
verboten/kein Zutritt/Zutritt verboten; tillträde förbjudet/obehöriga äga ej tillträde; prohibido el paso/prohibida \
la entrada/no pasar; défense d'entrer/entrée interdite/accès interdit; 禁止入内/禁止进入/闲人免进/禁止擅入
""",
}


def _rows(table: str) -> tuple[dict[str, tuple[str, ...]], ...]:
    rows = (line.split("; ") for line in table.strip().splitlines())
    return tuple(
        {language: tuple(forms.split("/")) for language, forms in zip(LANGUAGES, row, strict=True)} for row in rows
    )


_ROWS = {level: _rows(table) for level, table in _WORDS.items()}

_ASKING = {
    "en": (
        'Translate "{text}" to {target}',
        "Translate to {target}: {text}",
        "Translate into {target}: {text}",
        "{target}: {text}",
        "{text} in {target}?",
        'What is "{text}" in {target}?',
        'What\'s the {target} word for "{text}"?',
        'How do you say "{text}" in {target}?',
        "how do i say '{text}' in {target}",
        'What does "{text}" mean in {target}?',
        'Please translate the {source} "{text}" into {target}.',
        "Can you translate this to {target} for me? {text}",
        "{text}\n\nTranslate to {target}.",
        "{source} to {target}: {text}",
        'I\'m making flash cards. What goes on the {target} side of "{text}"?',
        "I'm travelling next week and need the {target} for '{text}'.",
        'Give me the {target} translation of "{text}".',
        "Word: {text}\nFrom: {source}\nTo: {target}\nTranslation:",
        "My daughter has vocabulary homework. {source} to {target}: {text} = ?",
        'The label says "{text}" in {source}. What would that be in {target}?',
    ),
    "de": (
        'Übersetze "{text}" auf {target}.',
        "Übersetze auf {target}: {text}",
        'Wie sagt man "{text}" auf {target}?',
        'Was heißt "{text}" auf {target}?',
        "{text} auf {target}?",
        "{target}: {text}",
        "Bitte auf {target} übersetzen: {text}",
        "Ich lerne Vokabeln. Was heißt „{text}“ auf {target}?",
        "{text}\n\nBitte auf {target}.",
    ),
    "sv": (
        'Översätt "{text}" till {target}.',
        "Översätt till {target}: {text}",
        'Vad heter "{text}" på {target}?',
        'Hur säger man "{text}" på {target}?',
        "{text} på {target}?",
        "{target}: {text}",
        "Kan du översätta det här till {target}? {text}",
        "Jag pluggar glosor. Vad blir ”{text}” på {target}?",
    ),
    "es": (
        'Traduce "{text}" al {target}.',
        "Traduce al {target}: {text}",
        '¿Cómo se dice "{text}" en {target}?',
        '¿Qué es "{text}" en {target}?',
        "¿{text} en {target}?",
        "{target}: {text}",
        "Por favor, traduce esto al {target}: {text}",
        "Estoy estudiando vocabulario. ¿Cómo se dice «{text}» en {target}?",
    ),
    "fr": (
        'Traduis "{text}" en {target}.',
        "Traduire en {target} : {text}",
        'Comment dit-on "{text}" en {target} ?',
        "Que veut dire « {text} » en {target} ?",
        "{text} en {target} ?",
        "{target} : {text}",
        "Peux-tu traduire ceci en {target} ? {text}",
        "Je révise mon vocabulaire. Comment dit-on « {text} » en {target} ?",
    ),
    "zh": (
        "把“{text}”翻译成{target}。",
        "翻译成{target}:{text}",
        "“{text}”用{target}怎么说?",
        "{text}的{target}是什么?",
        "请将下面的词翻译成{target}:{text}",
        "{target}:{text}",
        "我在背单词,“{text}”用{target}怎么说?",
        "{text}\n\n请译成{target}。",
    ),
}
_BRIEF = {
    "en": ("Just the translation, please.", "Only the word.", "Answer with the translation only.", "No explanation."),
    "de": ("Nur die Übersetzung.", "Bitte ohne Erklärung."),
    "sv": ("Bara översättningen.", "Ingen förklaring, tack."),
    "es": ("Solo la traducción.", "Sin explicaciones."),
    "fr": ("Seulement la traduction.", "Sans explication."),
    "zh": ("只要译文。", "不需要解释。"),
}
_EASY_OTHERS = {"en": ("es", "fr", "de"), "de": ("en",), "sv": ("en",), "es": ("en",), "fr": ("en",), "zh": ("en",)}
_LEADING = re.compile(
    r"^(?:(?:the|an?|to|der|die|das|eine?|zu|en|ett|att|el|los|las?|una?|les?|une|du|des|il|lo) |"
    r"l'|¡|¿|[-•]\s*|\d+[.)]\s*)+"
)
_TRAILING = re.compile(r"\s*\([^)]*\)?|[\s.!?,;。!?,;]+$")


def _bare(text: str) -> str:
    """A reading without article, brackets and punctuation."""
    return _TRAILING.sub("", _LEADING.sub("", _TRAILING.sub("", text).strip())).strip()


def is_translation(answer: str, accepted: tuple[str, ...]) -> bool:
    """Whether an answer gives one of the accepted translations, and not a choice of words among which it is."""
    forms = {_bare(plain(form)) for form in accepted}
    found = readings(answer)
    if not found or len(words(found[0])) > 24:
        return False
    pieces = [_bare(part) for part in re.split(r"[,;/、\n]| (?:or|oder|eller|o|ou) |或", plain(answer))]
    if len(pieces) > 1 and all(len(words(piece)) <= 2 for piece in pieces):
        return all(piece in forms for piece in pieces if piece)
    if any(_bare(reading) in forms for reading in found):
        return True
    return len(found[0].split(",")) <= 2 and len(plain(answer).splitlines()) <= 2 and says(answer, accepted)


def _pair(rng: Random, level: int, language: str) -> tuple[str, str]:
    """Source and target: one of them mostly is the language that is asked in."""
    others = _EASY_OTHERS[language] if level == 1 else tuple(other for other in LANGUAGES if other != language)
    other = rng.choice(others)
    if level >= 4 and rng.random() < 0.25:
        third = rng.choice([code for code in LANGUAGES if code not in (language, other)])
        return other, third
    return (language, other) if rng.random() < 0.65 else (other, language)


def _make(rng: Random, level: int, language: str) -> Item:
    while True:
        row = rng.choice(_ROWS[level])
        source, target = _pair(rng, level, language)
        text, accepted = row[source][0], row[target]
        if not is_translation(text, accepted):  # "Hotel" would translate itself
            break
    turns = conversation(
        rng,
        language,
        _ASKING[language],
        _BRIEF[language],
        text=text,
        source=NAMES[language][source][0],
        target=NAMES[language][target][0],
    )
    prompt = turns[-1].text

    def check(answer: Answer) -> bool:
        return is_translation(answer.text, accepted) and plain(answer.text) != plain(prompt)

    return Item(turns, check, max_tokens=24, expected=accepted[0])


FAMILY = Family(name="word_translation", title="translating words and short phrases", make=_make)

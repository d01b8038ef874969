"""Word problems of one to six steps: things that change hands, shopping, travel, recipes, shared bills, wages."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random

from router.exam.checks.number_answers import numbers, says_number, written
from router.exam.content.everyday import GOODS, PEOPLE, Good, money
from router.exam.item import Family, Item
from router.exam.wording.asking import ask, fill

_MAX_TOKENS = {1: 60, 2: 80, 3: 110, 4: 140, 5: 160}
_Texts = dict[str, Sequence[str]]
_Task = tuple[str, Decimal]
"""A problem and its answer."""

_START: _Texts = {
    "en": (
        "{p} has {n} {g}.",
        "{p} starts with {n} {g}.",
        "At first {p} has {n} {g}.",
        "There are {n} {g} in {p}'s box.",
    ),
    "de": ("{p} hat {n} {g}.", "Am Anfang hat {p} {n} {g}.", "In der Kiste von {p} sind {n} {g}."),
    "sv": ("{p} har {n} {g}.", "Från början har {p} {n} {g}.", "I en låda har {p} {n} {g}."),
    "es": ("{p} tiene {n} {g}.", "Al principio {p} tiene {n} {g}.", "En la caja de {p} hay {n} {g}."),
    "fr": ("{p} a {n} {g}.", "Au début, {p} a {n} {g}.", "{p} possède {n} {g}."),
    "zh": ("{p}有{n}{g}。", "一开始{p}有{n}{g}。", "{p}的箱子里有{n}{g}。"),
}
_BUYS: _Texts = {
    "en": ("{p} buys {n} more.", "Then {p} buys another {n}.", "{p} gets {n} more at the market."),
    "de": ("{p} kauft {n} dazu.", "Dann kauft {p} noch {n}."),
    "sv": ("{p} köper {n} till.", "Sedan köper {p} ytterligare {n}."),
    "es": ("{p} compra {n} más.", "Luego {p} compra {n} unidades más."),
    "fr": ("{p} en achète encore {n}.", "Puis {p} en achète {n} de plus."),
    "zh": ("{p}又买了{n}{m}。", "然后{p}再买{n}{m}。"),
}
_RECEIVES: _Texts = {
    "en": ("{q} gives {p} {n} more.", "{p} is given {n} by {q}."),
    "de": ("{q} schenkt {p} noch {n}.", "{p} bekommt {n} von {q}."),
    "sv": ("{q} ger {p} {n} till.", "{p} får {n} av {q}."),
    "es": ("{q} le regala {n} más a {p}.", "{p} recibe {n} de {q}."),
    "fr": ("{q} en donne {n} à {p}.", "{p} en reçoit {n} de {q}."),
    "zh": ("{q}又给了{p}{n}{m}。", "{p}从{q}那里得到{n}{m}。"),
}
_GIVES: _Texts = {
    "en": ("{p} gives {n} to {q}.", "{q} takes {n} of them.", "{p} sells {n} to {q}."),
    "de": ("{p} gibt {q} {n} davon.", "{q} nimmt {n} davon.", "{p} verkauft {n} an {q}."),
    "sv": ("{p} ger {n} till {q}.", "{q} tar {n} av dem.", "{p} säljer {n} till {q}."),
    "es": ("{p} le da {n} a {q}.", "{q} se lleva {n}.", "{p} le vende {n} a {q}."),
    "fr": ("{p} en donne {n} à {q}.", "{q} en prend {n}.", "{p} en vend {n} à {q}."),
    "zh": ("{p}给了{q}{n}{m}。", "{q}拿走了{n}{m}。", "{p}卖给{q}{n}{m}。"),
}
_LOSES: _Texts = {
    "en": ("{p} loses {n}.", "Then {n} are used up.", "{n} of them get damaged and are thrown away."),
    "de": ("{p} verliert {n}.", "Dann werden {n} verbraucht."),
    "sv": ("{p} tappar bort {n}.", "Sedan går {n} åt."),
    "es": ("{p} pierde {n}.", "Después se gastan {n}."),
    "fr": ("{p} en perd {n}.", "Ensuite, {n} sont perdus pour de bon."),
    "zh": ("{p}丢了{n}{m}。", "然后用掉了{n}{m}。"),
}
_PACKS: _Texts = {
    "en": ("{p} buys {k} packs with {n} in each.", "Then {k} boxes of {n} each arrive for {p}."),
    "de": ("{p} kauft {k} Packungen mit je {n} Stück.", "Dann kommen {k} Kisten mit je {n} Stück für {p}."),
    "sv": ("{p} köper {k} förpackningar med {n} i varje.", "Sedan kommer {k} lådor med {n} i varje till {p}."),
    "es": ("{p} compra {k} paquetes con {n} en cada uno.", "Luego llegan para {p} {k} cajas con {n} en cada una."),
    "fr": ("{p} achète {k} paquets de {n} chacun.", "Puis {k} boîtes de {n} chacune arrivent pour {p}."),
    "zh": ("{p}买了{k}包,每包{n}{m}。", "然后{p}收到{k}箱,每箱{n}{m}。"),
}
_DOUBLES: _Texts = {
    "en": ("The next day {p} doubles the number.", "{q} brings {p} as many as {p} has by then."),
    "de": ("Am nächsten Tag verdoppelt {p} die Anzahl.", "{q} bringt {p} so viele, wie {p} gerade hat."),
    "sv": ("Nästa dag fördubblar {p} antalet.", "{q} ger {p} lika många som {p} har just då."),
    "es": ("Al día siguiente {p} duplica la cantidad.", "{q} le trae a {p} tantos como {p} tiene en ese momento."),
    "fr": ("Le lendemain, {p} double ce nombre.", "{q} en apporte à {p} autant que {p} en a alors."),
    "zh": ("第二天{p}的数量翻了一倍。", "{q}又给{p}带来和{p}当时一样多的数量。"),
}
_HALVES: _Texts = {
    "en": ("{p} gives half of them to {q}.", "Then {p} keeps one half and gives {q} the other half."),
    "de": ("{p} gibt {q} die Hälfte davon.", "Dann behält {p} die Hälfte, die andere bekommt {q}."),
    "sv": ("{p} ger hälften till {q}.", "Sedan behåller {p} hälften och ger {q} resten."),
    "es": ("{p} le da la mitad a {q}.", "Luego {p} se queda con la mitad y da el resto a {q}."),
    "fr": ("{p} en donne la moitié à {q}.", "Puis {p} en garde la moitié et donne le reste à {q}."),
    "zh": ("{p}把一半给了{q}。", "然后{p}留下一半,另一半给{q}。"),
}
_HOW_MANY: _Texts = {
    "en": (
        "How many {g} does {p} have now?",
        "How many does {p} have in the end?",
        "How many {g} are left with {p}?",
        "What is the number of {g} that {p} has now?",
        "So how many {g} has {p} got?",
        "How many {g} does that make for {p}?",
    ),
    "de": ("Wie viele {g} hat {p} jetzt?", "Wie viele hat {p} am Ende?", "Wie viele {g} bleiben {p}?"),
    "sv": ("Hur många {g} har {p} nu?", "Hur många har {p} till slut?", "Hur många {g} har {p} kvar?"),
    "es": (
        "¿Qué cantidad de {g} tiene {p} ahora?",
        "¿Con qué cantidad de {g} se queda {p} al final?",
        "¿Cuál es el total de {g} de {p} ahora?",
    ),
    "fr": ("Combien {g} a {p} maintenant ?", "Combien en a {p} à la fin ?", "Combien {g} reste-t-il à {p} ?"),
    "zh": ("{p}现在有多少{g}?", "最后{p}有多少{g}?", "{p}还剩多少{g}?"),
}

_PRICE_OF_SOME: _Texts = {
    "en": (
        "{p} buys {n} {g} at {a} each. How much does {p} pay?",
        "What do {n} {g} cost if one costs {a}?",
        "One of these {g} costs {a}. {p} needs {n}. What is the total price?",
        "{n} {g} at {a} apiece, what is the total?",
    ),
    "de": (
        "{p} kauft {n} {g} zu je {a}. Wie viel kostet das?",
        "Was kosten {n} {g}, wenn das Stück {a} kostet?",
        "{n} {g} zum Stückpreis von {a}: Was macht das zusammen?",
    ),
    "sv": (
        "{p} köper {n} {g} för {a} styck. Vad kostar det?",
        "Vad kostar {n} {g} om priset är {a} per styck?",
        "{n} {g} à {a}, vad blir summan?",
    ),
    "es": (
        "{p} compra {n} {g} a {a} la unidad. ¿Cuánto paga?",
        "¿Cuánto cuestan {n} {g} a {a} la unidad?",
        "{n} {g} a {a} por unidad, ¿cuál es el total?",
    ),
    "fr": (
        "{p} achète {n} {g} à {a} pièce. Combien paie {p} ?",
        "Combien coûtent {n} {g} à {a} l'unité ?",
        "{n} {g} à {a} pièce, quel est le total ?",
    ),
    "zh": ("{p}买了{n}{g},单价{a},一共要付多少钱?", "单价{a},{n}{g}一共多少钱?", "{n}{g},每{m}{a},总价是多少?"),
}
_TWO_GOODS: _Texts = {
    "en": (
        "{p} buys {n} {g} at {a} each and {k} {h} at {b} each.",
        "In {p}'s basket there are {n} {g} ({a} each) and {k} {h} ({b} each).",
        "My shopping: {n} {g} for {a} apiece, {k} {h} for {b} apiece.",
    ),
    "de": (
        "{p} kauft {n} {g} zu je {a} und {k} {h} zu je {b}.",
        "Im Korb von {p}: {n} {g} (je {a}) und {k} {h} (je {b}).",
    ),
    "sv": (
        "{p} köper {n} {g} för {a} styck och {k} {h} för {b} styck.",
        "I {p}s korg: {n} {g} ({a} styck) och {k} {h} ({b} styck).",
    ),
    "es": (
        "{p} compra {n} {g} a {a} la unidad y {k} {h} a {b} la unidad.",
        "En la cesta de {p}: {n} {g} (a {a} cada pieza) y {k} {h} (a {b} cada pieza).",
    ),
    "fr": (
        "{p} achète {n} {g} à {a} pièce et {k} {h} à {b} pièce.",
        "{p} met dans son panier {n} {g} ({a} pièce) et {k} {h} ({b} pièce).",
    ),
    "zh": ("{p}买了{n}{g}(单价{a})和{k}{h}(单价{b})。", "{p}的购物篮里有{n}{g},单价{a};还有{k}{h},单价{b}。"),
}
_DISCOUNT: _Texts = {
    "en": ("There is a discount of {d}% on everything.", "With a voucher, {d}% is taken off the whole sum."),
    "de": ("Auf alles gibt es {d}% Rabatt.", "Mit einem Gutschein werden {d}% von der Summe abgezogen."),
    "sv": ("Det är {d}% rabatt på allt.", "Med en kupong dras {d}% av från hela summan."),
    "es": ("Hay un descuento del {d}% en todo.", "Con un cupón se descuenta el {d}% del total."),
    "fr": ("Il y a {d}% de réduction sur tout.", "Avec un bon, on enlève {d}% du total."),
    "zh": ("全部商品优惠{d}%(即减价{d}%)。", "用优惠券,总价减去{d}%。"),
}
_TOTAL: _Texts = {
    "en": (
        "How much is it in total?",
        "What is the total?",
        "How much does that cost altogether?",
        "What do they have to pay?",
    ),
    "de": ("Wie viel kostet das zusammen?", "Was ist die Gesamtsumme?", "Wie viel ist zu zahlen?"),
    "sv": ("Vad kostar det tillsammans?", "Vad blir totalsumman?", "Hur mycket är det att betala?"),
    "es": ("¿Cuánto cuesta todo?", "¿Cuál es el total?", "¿Cuánto hay que pagar?"),
    "fr": ("Combien cela coûte-t-il en tout ?", "Quel est le total ?", "Combien faut-il payer ?"),
    "zh": ("一共多少钱?", "总价是多少?", "总共要付多少钱?"),
}
_CHANGE: _Texts = {
    "en": (
        "The payment is made with {c}. How much change is there?",
        "How much money is left from {c}?",
        "What is the change from {c}?",
    ),
    "de": ("Bezahlt wird mit {c}. Wie viel Wechselgeld gibt es?", "Wie viel bleibt von {c} übrig?"),
    "sv": ("Betalningen görs med {c}. Hur mycket växel blir det?", "Hur mycket blir kvar av {c}?"),
    "es": ("Se paga con {c}. ¿Cuánto es el cambio?", "¿Cuánto dinero queda de {c}?"),
    "fr": ("On paie avec {c}. Combien de monnaie rend-on ?", "Combien reste-t-il de {c} ?"),
    "zh": ("付了{c},应找回多少钱?", "{c}还剩多少钱?"),
}

_SHARE: _Texts = {
    "en": (
        "{n} {g} are shared equally among {k} children. How many does each child get?",
        "{p} divides {n} {g} fairly between {k} friends. How many does each friend get?",
        "If {k} people share {n} {g} equally, how many does each one get?",
        "{n} {g} are packed into {k} bags, the same number in each. How many are in one bag?",
    ),
    "de": (
        "{n} {g} werden gerecht auf {k} Kinder verteilt. Wie viele bekommt jedes Kind?",
        "{k} Leute teilen sich {n} {g}. Wie viele bekommt jeder?",
    ),
    "sv": (
        "{n} {g} delas lika mellan {k} barn. Hur många får varje barn?",
        "{k} personer delar lika på {n} {g}. Hur många får var och en?",
    ),
    "es": (
        "Se reparten {n} {g} a partes iguales entre {k} niños. ¿Qué cantidad recibe cada niño?",
        "{k} personas se reparten {n} {g} por igual. ¿Qué cantidad le toca a cada una?",
    ),
    "fr": (
        "On partage {n} {g} également entre {k} enfants. Combien chaque enfant en reçoit-il ?",
        "{k} personnes se partagent {n} {g} à parts égales. Combien chacune en a-t-elle ?",
    ),
    "zh": ("把{n}{g}平均分给{k}个孩子,每个孩子得到多少?", "{k}个人平分{n}{g},每人得到多少?"),
}
_BILL: _Texts = {
    "en": (
        "{k} friends share a restaurant bill of {a}. They add a tip of {d}%. How much does each of them pay?",
        "The bill is {a}, plus {d}% tip, split evenly between {k} people. What does each person pay?",
    ),
    "de": (
        "{k} Freunde teilen sich eine Rechnung von {a} und geben {d}% Trinkgeld dazu. Wie viel zahlt jeder?",
        "Die Rechnung ist {a}, dazu {d}% Trinkgeld, geteilt durch {k} Personen. Was zahlt jede Person?",
    ),
    "sv": (
        "{k} vänner delar på en nota på {a} och lägger till {d}% dricks. Hur mycket betalar var och en?",
        "Notan är {a} plus {d}% dricks och delas lika på {k} personer. Vad betalar varje person?",
    ),
    "es": (
        "{k} amigos comparten una cuenta de {a} y añaden un {d}% de propina. ¿Cuánto paga cada uno?",
        "La cuenta es de {a} más un {d}% de propina, a repartir entre {k} personas. ¿Cuánto paga cada persona?",
    ),
    "fr": (
        "{k} amis partagent une addition de {a} et ajoutent {d}% de pourboire. Combien paie chacun ?",
        "L'addition est de {a}, plus {d}% de pourboire, partagée entre {k} personnes. Combien paie chaque personne ?",
    ),
    "zh": ("{k}个朋友平分{a}的餐费,另加{d}%的小费,每人付多少钱?", "账单是{a},加{d}%小费,由{k}个人平摊,每人付多少?"),
}

_DISTANCE: _Texts = {
    "en": (
        "A train travels at {v} km/h for {t} hours. How far does it go in km?",
        "{p} drives for {t} hours at {v} km/h. How many kilometers is that?",
        "How far do you get in {t} hours at {v} km/h?",
        "A bus goes {v} km each hour. How many km does it cover in {t} hours?",
    ),
    "de": (
        "Ein Zug fährt {t} Stunden mit {v} km/h. Wie viele Kilometer legt er zurück?",
        "{p} fährt {t} Stunden lang {v} km/h. Wie weit kommt {p} in km?",
    ),
    "sv": (
        "Ett tåg kör i {v} km/h under {t} timmar. Hur många kilometer blir det?",
        "{p} kör {t} timmar i {v} km/h. Hur långt kommer {p} i km?",
    ),
    "es": (
        "Un tren va a {v} km/h durante {t} horas. ¿Cuántos kilómetros recorre?",
        "{p} conduce {t} horas a {v} km/h. ¿Cuántos km recorre?",
    ),
    "fr": (
        "Un train roule à {v} km/h pendant {t} heures. Combien de kilomètres parcourt-il ?",
        "{p} roule {t} heures à {v} km/h. Combien de km cela fait-il ?",
    ),
    "zh": ("一列火车以每小时{v}公里的速度行驶{t}小时,走了多少公里?", "{p}以每小时{v}公里开车{t}小时,一共开了多少公里?"),
}
_TWO_LEGS: _Texts = {
    "en": (
        "{p} rides {t} hours at {v} km/h, then {u} hours at {w} km/h. How many km is that altogether?",
        "First a car goes {v} km/h for {t} hours, after that {w} km/h for {u} hours. What is the whole distance in km?",
    ),
    "de": ("{p} fährt {t} Stunden mit {v} km/h und dann {u} Stunden mit {w} km/h. Wie viele km sind das insgesamt?",),
    "sv": ("{p} kör {t} timmar i {v} km/h och sedan {u} timmar i {w} km/h. Hur många km blir det sammanlagt?",),
    "es": ("{p} viaja {t} horas a {v} km/h y luego {u} horas a {w} km/h. ¿Cuántos km son en total?",),
    "fr": ("{p} roule {t} heures à {v} km/h, puis {u} heures à {w} km/h. Combien de km cela fait-il en tout ?",),
    "zh": ("{p}先以每小时{v}公里行驶{t}小时,再以每小时{w}公里行驶{u}小时,一共多少公里?",),
}
_FUEL: _Texts = {
    "en": (
        "A car needs {l} liters of fuel per 100 km. A liter costs {a}. What does the fuel for a trip of {s} km cost?",
        "{p} drives {s} km. The car uses {l} liters per 100 km and fuel is {a} a liter. How much does the fuel cost?",
    ),
    "de": ("Ein Auto braucht {l} Liter auf 100 km, ein Liter kostet {a}. Was kostet der Treibstoff für {s} km?",),
    "sv": ("En bil drar {l} liter per 100 km och en liter kostar {a}. Vad kostar bränslet för {s} km?",),
    "es": ("Un coche gasta {l} litros cada 100 km y un litro cuesta {a}. ¿Cuánto cuesta el combustible para {s} km?",),
    "fr": (
        "Une voiture consomme {l} litres aux 100 km et un litre coûte {a}. Combien coûte le carburant pour {s} km ?",
    ),
    "zh": ("一辆车每100公里耗油{l}升,每升{a}。行驶{s}公里的油费是多少?",),
}
_FUEL_SHARED: _Texts = {
    "en": (
        "{k} people share a trip there and back; one way is {s} km. The car needs {l} "
        "liters per 100 km, a liter costs {a}, "
        "and the motorway fee is {f} in total. How much does each person pay?",
    ),
    "de": (
        "{k} Personen teilen sich eine Fahrt hin und zurück; eine Strecke ist {s} km. "
        "Das Auto braucht {l} Liter auf 100 km, "
        "ein Liter kostet {a}, die Maut insgesamt {f}. Wie viel zahlt jede Person?",
    ),
    "sv": (
        "{k} personer delar på en resa fram och tillbaka; en väg är {s} km. Bilen drar "
        "{l} liter per 100 km, en liter kostar "
        "{a} och vägavgiften är totalt {f}. Hur mycket betalar varje person?",
    ),
    "es": (
        "{k} personas comparten un viaje de ida y vuelta; cada trayecto es de {s} km. El "
        "coche gasta {l} litros cada 100 km, "
        "el litro cuesta {a} y el peaje total es de {f}. ¿Cuánto paga cada persona?",
    ),
    "fr": (
        "{k} personnes partagent un aller-retour ; un trajet fait {s} km. La voiture "
        "consomme {l} litres aux 100 km, le litre "
        "coûte {a} et le péage coûte {f} en tout. Combien paie chaque personne ?",
    ),
    "zh": ("{k}个人分摊往返费用,单程{s}公里。汽车每100公里耗油{l}升,每升{a},过路费共{f}。每人付多少钱?",),
}
_RECIPE: _Texts = {
    "en": (
        "A recipe for {k} people needs {n} g of {i}. How many grams do I need for {m} people?",
        "For {k} servings I use {n} g of {i}. How much, in grams, for {m} servings?",
        "{n} g of {i} is enough for {k} people. How many grams are needed for {m}?",
    ),
    "de": (
        "Ein Rezept für {k} Personen braucht {n} g {i}. Wie viel Gramm brauche ich für {m} Personen?",
        "Für {k} Portionen nehme ich {n} g {i}. Wie viel Gramm für {m} Portionen?",
    ),
    "sv": (
        "Ett recept för {k} personer kräver {n} g {i}. Hur många gram behövs för {m} personer?",
        "Till {k} portioner tar jag {n} g {i}. Hur många gram till {m} portioner?",
    ),
    "es": (
        "Una receta para {k} personas lleva {n} g de {i}. ¿Cuántos gramos necesito para {m} personas?",
        "Para {k} raciones uso {n} g de {i}. ¿Cuántos gramos para {m} raciones?",
    ),
    "fr": (
        "Une recette pour {k} personnes demande {n} g de {i}. Combien de grammes faut-il pour {m} personnes ?",
        "Pour {k} portions, j'utilise {n} g de {i}. Combien de grammes pour {m} portions ?",
    ),
    "zh": ("{k}人份的食谱需要{n}克{i},{m}人份需要多少克?", "做{k}份要用{n}克{i},做{m}份要多少克?"),
}
_INGREDIENTS: _Texts = {
    "en": ("flour", "sugar", "rice", "butter", "cheese", "pasta", "minced meat", "spinach"),
    "de": ("Mehl", "Zucker", "Reis", "Butter", "Käse", "Nudeln", "Hackfleisch", "Spinat"),
    "sv": ("mjöl", "socker", "ris", "smör", "ost", "pasta", "köttfärs", "spenat"),
    "es": ("harina", "azúcar", "arroz", "mantequilla", "queso", "pasta", "carne picada", "lentejas"),
    "fr": ("farine", "sucre", "riz", "beurre", "fromage", "pâtes", "viande hachée", "lentilles"),
    "zh": ("面粉", "糖", "大米", "黄油", "奶酪", "面条", "肉末", "菠菜"),
}
_WAGE: _Texts = {
    "en": (
        "{p} earns {a} an hour and works {t} hours a week. What does {p} earn in {k} weeks?",
        "Working {t} hours a week at {a} an hour, how much does {p} make in {k} weeks?",
    ),
    "de": ("{p} verdient {a} pro Stunde und arbeitet {t} Stunden pro Woche. Wie viel verdient {p} in {k} Wochen?",),
    "sv": ("{p} tjänar {a} i timmen och arbetar {t} timmar i veckan. Hur mycket tjänar {p} på {k} veckor?",),
    "es": ("{p} gana {a} por hora y trabaja {t} horas a la semana. ¿Cuánto gana {p} en {k} semanas?",),
    "fr": ("{p} gagne {a} de l'heure et travaille {t} heures par semaine. Combien gagne {p} en {k} semaines ?",),
    "zh": ("{p}每小时挣{a},每周工作{t}小时。{k}周一共挣多少钱?",),
}
_SAVING: _Texts = {
    "en": (
        "{p} earns {a} an hour and works {t} hours a week. {d}% goes to taxes and {f} a week to rent and food. "
        "How much does {p} have left after {k} weeks?",
    ),
    "de": (
        "{p} verdient {a} pro Stunde und arbeitet {t} Stunden pro Woche. {d}% gehen für "
        "Steuern ab, {f} pro Woche für Miete "
        "und Essen. Wie viel bleibt {p} nach {k} Wochen?",
    ),
    "sv": (
        "{p} tjänar {a} i timmen och arbetar {t} timmar i veckan. {d}% går till skatt "
        "och {f} i veckan till hyra och mat. "
        "Hur mycket har {p} kvar efter {k} veckor?",
    ),
    "es": (
        "{p} gana {a} por hora y trabaja {t} horas a la semana. El {d}% se va en "
        "impuestos y {f} por semana en alquiler y "
        "comida. ¿Cuánto le queda a {p} después de {k} semanas?",
    ),
    "fr": (
        "{p} gagne {a} de l'heure et travaille {t} heures par semaine. {d}% partent en "
        "impôts et {f} par semaine en loyer et "
        "nourriture. Combien reste-t-il à {p} après {k} semaines ?",
    ),
    "zh": ("{p}每小时挣{a},每周工作{t}小时。其中{d}%交税,每周房租和伙食{f}。{k}周后{p}还剩多少钱?",),
}


def make(rng: Random, level: int, language: str) -> Item:
    """A problem of as many steps as the level asks for, whose answer does not stand in it."""
    problem, result = rng.choice(_TASKS[level])(rng, language)
    while result <= 0 or any(result in mention.readings for mention in numbers(problem, language)):
        problem, result = rng.choice(_TASKS[level])(rng, language)
    return Item(
        turns=ask(rng, language, problem, "reasons"),
        check=says_number(result, language, problem, tolerance=Decimal("0.006") if result % 1 else Decimal(0)),
        max_tokens=_MAX_TOKENS[level],
        expected=written(result, language),
    )


def _story(steps: int, most: int) -> Callable[[Random, str], _Task]:
    """Somebody's things after so many changes."""

    def task(rng: Random, language: str) -> _Task:
        person, good = rng.choice(PEOPLE[language]), rng.choice(GOODS)
        have = rng.randint(most // 3, most)
        told = [fill(rng, _START[language], p=person, n=have, g=good.plural[language])]
        for _ in range(steps):
            texts, have, values = _change(rng, have, most)
            other = rng.choice([name for name in PEOPLE[language] if name != person])
            told.append(fill(rng, texts[language], p=person, q=other, m=good.plural[language][:1], **values))
        told.append(fill(rng, _HOW_MANY[language], p=person, g=_how_many_of(good, language)))
        return _told(told, language), Decimal(have)

    return task


def _change(rng: Random, have: int, most: int) -> tuple[_Texts, int, dict[str, int]]:
    """What happens to somebody who has so many: its wordings, how many there are then, and its numbers."""
    number, packs = rng.randint(2, max(3, most // 2)), rng.randint(2, 5)
    kind = rng.choice(("buys", "receives", "gives", "gives", "loses", "packs", "doubles", "halves"))
    if kind in ("gives", "loses") and have > number + 1:
        return (_GIVES if kind == "gives" else _LOSES), have - number, {"n": number}
    if kind == "packs":
        size = max(2, number // 2)
        return _PACKS, have + packs * size, {"n": size, "k": packs}
    if kind == "doubles" and have < 4 * most:
        return _DOUBLES, 2 * have, {}
    if kind == "halves" and have % 2 == 0 and have > 3:
        return _HALVES, have // 2, {}
    return (_RECEIVES if kind == "receives" else _BUYS), have + number, {"n": number}


def _how_many_of(good: Good, language: str) -> str:
    """What stands behind "how many": in French with its "de"."""
    name = good.name(language)
    return f"de {name}" if language == "fr" else name


def _price_of_some(rng: Random, language: str) -> _Task:
    good, number = rng.choice(GOODS), rng.randint(3, 12)
    price = _round_price(rng, good)
    problem = fill(
        rng, _PRICE_OF_SOME[language], p=rng.choice(PEOPLE[language]), n=number, g=good.plural[language],
        m=good.plural[language][:1], a=_money(price, language),
    )  # fmt: skip
    return problem, price * number


def _basket(rng: Random, language: str) -> tuple[str, Decimal]:
    """Two kinds of goods in a sentence, and what they cost."""
    one, other = rng.sample(GOODS, 2)
    number, count = rng.randint(2, 9), rng.randint(2, 9)
    price, cost = _price(rng, one), _price(rng, other)
    told = fill(
        rng, _TWO_GOODS[language], p=rng.choice(PEOPLE[language]), n=number, g=one.plural[language],
        a=_money(price, language), k=count, h=other.plural[language], b=_money(cost, language),
    )  # fmt: skip
    return told, price * number + cost * count


def _total(rng: Random, language: str) -> _Task:
    told, cost = _basket(rng, language)
    return _told([told, rng.choice(_TOTAL[language])], language), cost


def _change_money(rng: Random, language: str) -> _Task:
    told, cost = _basket(rng, language)
    return _told([told, fill(rng, _CHANGE[language], c=_money(_note(cost), language))], language), _note(cost) - cost


def _discounted_change(rng: Random, language: str) -> _Task:
    told, cost = _basket(rng, language)
    percent = rng.choice((10, 15, 20, 25, 30, 40))
    rest = cost * (100 - percent) / 100
    discount = fill(rng, _DISCOUNT[language], d=percent)
    change = fill(rng, _CHANGE[language], c=_money(_note(cost), language))
    return _told([told, discount, change], language), _cents(_note(cost) - rest)


def _shared(most: int) -> Callable[[Random, str], _Task]:
    def task(rng: Random, language: str) -> _Task:
        each, people, good = rng.randint(2, most), rng.randint(3, 9), rng.choice(GOODS)
        problem = fill(
            rng, _SHARE[language], p=rng.choice(PEOPLE[language]), n=each * people, k=people, g=good.plural[language]
        )
        return problem, Decimal(each)

    return task


def _bill(rng: Random, language: str) -> _Task:
    people, percent, amount = rng.randint(3, 8), rng.choice((5, 10, 15, 20)), rng.randint(4, 40)
    bill = Decimal(5 * amount * people)
    problem = fill(rng, _BILL[language], k=people, a=_money(bill, language), d=percent)
    return problem, _cents(bill * (100 + percent) / 100 / people)


def _distance(rng: Random, language: str) -> _Task:
    speed, hours = rng.choice((40, 50, 60, 70, 80, 90, 110, 120)), rng.randint(2, 6)
    return fill(rng, _DISTANCE[language], p=rng.choice(PEOPLE[language]), v=speed, t=hours), Decimal(speed * hours)


def _two_legs(rng: Random, language: str) -> _Task:
    speed, slower = 5 * rng.randint(9, 26), 5 * rng.randint(3, 8)
    hours, more = rng.randint(2, 7), rng.randint(2, 5)
    problem = fill(rng, _TWO_LEGS[language], p=rng.choice(PEOPLE[language]), v=speed, t=hours, w=slower, u=more)
    return problem, Decimal(speed * hours + slower * more)


def _fuel(rng: Random, language: str) -> _Task:
    liters, price, distance = rng.randint(4, 9), _liter_price(rng), 50 * rng.randint(3, 16)
    problem = fill(
        rng, _FUEL[language], p=rng.choice(PEOPLE[language]), l=liters, a=_money(price, language), s=distance
    )
    return problem, _cents(price * liters * distance / 100)


def _fuel_shared(rng: Random, language: str) -> _Task:
    people, liters, price, distance = rng.randint(2, 5), rng.randint(4, 9), _liter_price(rng), 50 * rng.randint(3, 16)
    fee = rng.randint(8, 40)
    problem = fill(
        rng, _FUEL_SHARED[language], k=people, l=liters, a=_money(price, language), s=distance,
        f=_money(Decimal(fee), language),
    )  # fmt: skip
    return problem, _cents((price * liters * 2 * distance / 100 + fee) / people)


def _recipe(rng: Random, language: str) -> _Task:
    people, each, more = rng.choice((2, 3, 4, 6)), 5 * rng.randint(6, 30), rng.choice((5, 7, 8, 9, 10, 12, 15))
    ingredient = rng.choice(_INGREDIENTS[language])
    problem = fill(rng, _RECIPE[language], k=people, n=people * each, m=more, i=ingredient)
    return problem, Decimal(each * more)


def _wage(rng: Random, language: str) -> _Task:
    wage, hours, weeks = rng.randint(12, 38), rng.randint(12, 40), rng.randint(2, 8)
    problem = fill(
        rng, _WAGE[language], p=rng.choice(PEOPLE[language]), a=_money(Decimal(wage), language), t=hours, k=weeks
    )
    return problem, Decimal(wage * hours * weeks)


def _saving(rng: Random, language: str) -> _Task:
    wage, hours, weeks, percent = rng.randint(18, 38), rng.randint(30, 40), rng.randint(3, 9), 5 * rng.randint(3, 7)
    costs = 10 * rng.randint(12, 28)
    problem = fill(
        rng, _SAVING[language], p=rng.choice(PEOPLE[language]), a=_money(Decimal(wage), language), t=hours, k=weeks,
        d=percent, f=_money(Decimal(costs), language),
    )  # fmt: skip
    return problem, _cents((Decimal(wage * hours) * (100 - percent) / 100 - costs) * weeks)


def _told(sentences: Sequence[str], language: str) -> str:
    return ("" if language == "zh" else " ").join(sentences)


def _price(rng: Random, good: Good) -> Decimal:
    return Decimal(10 * rng.randint(good.cents[0] // 10, good.cents[1] // 10)) / 100


def _round_price(rng: Random, good: Good) -> Decimal:
    """A price in whole units, or in halves for what is cheap."""
    price = _price(rng, good)
    return Decimal(int(price)) if price >= 2 else Decimal("0.5")


def _liter_price(rng: Random) -> Decimal:
    return Decimal(rng.choice((150, 160, 165, 170, 175, 180, 190, 200))) / 100


def _note(cost: Decimal) -> Decimal:
    """The smallest note that is enough."""
    return next(Decimal(note) for note in (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if note > cost)


def _money(amount: Decimal, language: str) -> str:
    text = str(amount.quantize(Decimal(1))) if amount % 1 == 0 else str(_cents(amount))
    return money(text if language in ("en", "zh") else text.replace(".", ","), language)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


_TASKS: dict[int, Sequence[Callable[[Random, str], _Task]]] = {
    1: (_story(1, 10), _story(1, 20), _shared(6)),
    2: (_story(2, 20), _price_of_some, _shared(14), _distance),
    3: (_story(3, 40), _total, _recipe, _two_legs),
    4: (_story(4, 80), _change_money, _bill, _fuel, _wage),
    5: (_story(6, 150), _discounted_change, _fuel_shared, _saving),
}

FAMILY = Family(name="word_problems", title="word problems of one to six steps", make=make)

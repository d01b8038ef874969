"""Facts of which each needs a question of its own: animals, body, space, units, sport, food, nature, arts."""

from decimal import Decimal

from router.exam.content.known_facts import Fact
from router.exam.item import LANGUAGES

# A block a fact: "grade topic number", then a question a language in their order; "question = answer" where it is a
# word. Ways to ask or to answer are parted by "/".
_BLOCKS = """
1 animal 8
How many legs does a spider have?/number of legs of a spider?/a spider has how many legs?
Wie viele Beine hat eine Spinne?/Anzahl der Beine einer Spinne?
Hur många ben har en spindel?
¿Cuántas patas tiene una araña?
Combien de pattes a une araignée ?
蜘蛛有几条腿?/一只蜘蛛有多少条腿?

1 animal 6
How many legs does an insect have?/how many legs do ants have?
Wie viele Beine hat ein Insekt?/Wie viele Beine hat eine Ameise?
Hur många ben har en insekt?/Hur många ben har en myra?
¿Cuántas patas tiene un insecto?/¿Cuántas patas tiene una hormiga?
Combien de pattes a un insecte ?/Combien de pattes a une fourmi ?
昆虫有几条腿?/蚂蚁有几条腿?

1 calendar 7
How many days are there in a week?/days in a week?/How many days does a week have?
Wie viele Tage hat eine Woche?
Hur många dagar är det på en vecka?
¿Cuántos días tiene una semana?
Combien de jours y a-t-il dans une semaine ?
一周有几天?

1 calendar 12
How many months are in a year?/how many months does a year have
Wie viele Monate hat ein Jahr?
Hur många månader har ett år?
¿Cuántos meses tiene un año?
Combien de mois y a-t-il dans une année ?
一年有几个月?

1 calendar 366
How many days does a leap year have?/days in a leap year?
Wie viele Tage hat ein Schaltjahr?
Hur många dagar har ett skottår?
¿Cuántos días tiene un año bisiesto?
Combien de jours compte une année bissextile ?
闰年有多少天?

2 calendar 29
How many days does February have in a leap year?
Wie viele Tage hat der Februar in einem Schaltjahr?
Hur många dagar har februari under ett skottår?
¿Cuántos días tiene febrero en un año bisiesto?
Combien de jours a février une année bissextile ?
闰年的二月有多少天?

1 units 60
How many minutes are in an hour?/minutes in an hour?
Wie viele Minuten hat eine Stunde?
Hur många minuter går det på en timme?
¿Cuántos minutos tiene una hora?
Combien de minutes y a-t-il dans une heure ?
一小时有多少分钟?

1 units 1000
How many meters are in a kilometer?/how many metres make a kilometre?
Wie viele Meter hat ein Kilometer?
Hur många meter är en kilometer?
¿Cuántos metros tiene un kilómetro?
Combien de mètres y a-t-il dans un kilomètre ?
一公里等于多少米?

2 units 3600
How many seconds are there in one hour?/seconds per hour?
Wie viele Sekunden hat eine Stunde?
Hur många sekunder går det på en timme?
¿Cuántos segundos hay en una hora?
Combien de secondes y a-t-il dans une heure ?
一小时有多少秒?

2 units 12
How many items are in a dozen?/What number is a dozen?/how many eggs is a dozen eggs
Wie viele Stück sind ein Dutzend?
Hur många är ett dussin?
¿Cuántas unidades son una docena?
Combien d'unités y a-t-il dans une douzaine ?
一打是多少个?

3 units 1024
How many bytes are in one kibibyte (KiB)?/how many bytes does a kibibyte have
Wie viele Byte hat ein Kibibyte (KiB)?
Hur många byte är en kibibyte (KiB)?
¿Cuántos bytes tiene un kibibyte (KiB)?
Combien d'octets y a-t-il dans un kibioctet (Kio) ?
一个KiB(kibibyte)等于多少字节?

4 units 1852
How many meters are there in a nautical mile?/length of a nautical mile in metres?
Wie viele Meter hat eine Seemeile?
Hur många meter är en nautisk mil?
¿Cuántos metros tiene una milla náutica?
Combien de mètres fait un mille marin ?
一海里等于多少米?

1 space
Which planet do we live on?/What is the name of our planet? = Earth/the Earth
Auf welchem Planeten leben wir?/Wie heißt unser Planet? = Erde
Vilken planet bor vi på? = jorden/tellus
¿En qué planeta vivimos? = Tierra
Sur quelle planète vivons-nous ? = Terre
我们生活在哪颗行星上? = 地球

1 space
What is the closest star to Earth?/Which star gives us light by day? = sun
Welcher Stern ist der Erde am nächsten? = Sonne
Vilken stjärna ligger närmast jorden? = solen/sol
¿Cuál es la estrella más cercana a la Tierra? = sol
Quelle est l'étoile la plus proche de la Terre ? = soleil
离地球最近的恒星是什么? = 太阳

2 space
What is the largest planet in the solar system?/which planet is the biggest in our solar system/Biggest planet? = Jupiter
Welcher ist der größte Planet im Sonnensystem?/Wie heißt der größte Planet? = Jupiter
Vilken är den största planeten i solsystemet? = Jupiter
¿Cuál es el planeta más grande del sistema solar? = Júpiter
Quelle est la plus grande planète du système solaire ? = Jupiter
太阳系中最大的行星是哪一颗? = 木星

2 space
Which planet is closest to the sun?/What's the nearest planet to the sun? = Mercury
Welcher Planet ist der Sonne am nächsten? = Merkur
Vilken planet ligger närmast solen? = Merkurius
¿Qué planeta está más cerca del Sol? = Mercurio
Quelle planète est la plus proche du Soleil ? = Mercure
离太阳最近的行星是哪一颗? = 水星

2 space
Which planet is called the red planet?/What planet is known as the Red Planet? = Mars
Welcher Planet heißt der rote Planet? = Mars
Vilken planet kallas den röda planeten? = Mars
¿Qué planeta se conoce como el planeta rojo? = Marte
Quelle planète est surnommée la planète rouge ? = Mars
哪颗行星被称为红色星球? = 火星

2 space 8
How many planets are in the solar system?/number of planets in our solar system?
Wie viele Planeten hat das Sonnensystem?
Hur många planeter finns det i solsystemet?
¿Cuántos planetas hay en el sistema solar?
Combien de planètes y a-t-il dans le système solaire ?
太阳系有几颗行星?

3 space
Which planet is famous for its large rings?/What planet has the most visible rings? = Saturn
Welcher Planet ist für seine großen Ringe bekannt? = Saturn
Vilken planet är känd för sina stora ringar? = Saturnus
¿Qué planeta es famoso por sus grandes anillos? = Saturno
Quelle planète est connue pour ses grands anneaux ? = Saturne
哪颗行星以巨大的光环闻名? = 土星

3 space
What galaxy do we live in?/What is the name of our galaxy? = Milky Way
Wie heißt unsere Galaxie? = Milchstraße
Vad heter vår galax? = Vintergatan
¿Cómo se llama nuestra galaxia? = Vía Láctea
Comment s'appelle notre galaxie ? = Voie lactée
我们所在的星系叫什么? = 银河系/银河

4 space
What is the largest moon of Saturn?/Saturn's biggest moon? = Titan
Wie heißt der größte Mond des Saturn? = Titan
Vad heter Saturnus största måne? = Titan
¿Cuál es la luna más grande de Saturno? = Titán
Quelle est la plus grande lune de Saturne ? = Titan
土星最大的卫星叫什么? = 土卫六/泰坦

4 space
What is the largest moon in the solar system?/Which moon is the biggest of all in our solar system? = Ganymede
Wie heißt der größte Mond im Sonnensystem? = Ganymed
Vad heter solsystemets största måne? = Ganymedes
¿Cuál es la luna más grande del sistema solar? = Ganímedes
Quelle est la plus grande lune du système solaire ? = Ganymède
太阳系最大的卫星叫什么? = 木卫三/盖尼米德

5 space
What is the highest volcano on Mars?/name of the tallest volcano of the planet Mars? = Olympus Mons/Mount Olympus
Wie heißt der höchste Vulkan auf dem Mars? = Olympus Mons
Vad heter den högsta vulkanen på Mars? = Olympus Mons
¿Cómo se llama el volcán más alto de Marte? = Monte Olimpo/Olympus Mons
Comment s'appelle le plus haut volcan de Mars ? = Olympus Mons/mont Olympe
火星上最高的火山叫什么? = 奥林帕斯山/奥林匹斯山/奥林波斯山

2 animal
What is the fastest land animal?/Which animal runs fastest?/fastest animal on land? = cheetah
Welches ist das schnellste Landtier?/Welches Tier läuft am schnellsten? = Gepard
Vilket är det snabbaste landdjuret? = gepard/geparden
¿Cuál es el animal terrestre más rápido? = guepardo/chita
Quel est l'animal terrestre le plus rapide ? = guépard
陆地上跑得最快的动物是什么? = 猎豹

1 animal
What is the tallest animal in the world?/Which animal has the longest neck? = giraffe
Welches ist das größte Landtier mit langem Hals?/Welches Tier hat den längsten Hals? = Giraffe
Vilket djur har längst hals?/Vilket är världens högsta djur? = giraff/giraffen
¿Cuál es el animal más alto del mundo?/¿Qué animal tiene el cuello más largo? = jirafa
Quel est l'animal le plus grand en hauteur ?/Quel animal a le plus long cou ? = girafe
世界上最高的动物是什么?/脖子最长的动物是什么? = 长颈鹿

2 animal
What is the largest animal in the world?/Which animal is the heaviest on earth? = blue whale/blue whales
Welches ist das größte Tier der Welt? = Blauwal
Vilket är världens största djur? = blåval/blåvalen
¿Cuál es el animal más grande del mundo? = ballena azul
Quel est le plus gros animal du monde ? = baleine bleue/rorqual bleu
世界上最大的动物是什么? = 蓝鲸

2 animal
What do you call a baby dog?/what's a young dog called? = puppy/pup
Wie heißt ein junger Hund? = Welpe
Vad kallas en hunds unge? = valp
¿Cómo se llama la cría del perro? = cachorro
Comment s'appelle le petit du chien ? = chiot
狗的幼崽叫什么? = 小狗/幼犬/狗崽

1 animal
Which animal says meow?/What animal goes meow? = cat
Welches Tier macht miau? = Katze
Vilket djur säger mjau? = katt/katten
¿Qué animal dice miau? = gato
Quel animal fait miaou ? = chat
什么动物会喵喵叫? = 猫

1 animal
Which animal gives us milk on most farms?/What animal does most milk come from? = cow/cows
Von welchem Tier kommt die meiste Milch? = Kuh/Kühe/Kühen
Vilket djur kommer den mesta mjölken från? = ko/kon/kor
¿De qué animal viene la mayor parte de la leche? = vaca/vacas
De quel animal vient la plupart du lait ? = vache/vaches
大部分牛奶来自什么动物? = 奶牛/母牛/牛

3 animal 3
How many hearts does an octopus have?/number of hearts of an octopus?
Wie viele Herzen hat ein Oktopus?
Hur många hjärtan har en bläckfisk?
¿Cuántos corazones tiene un pulpo?
Combien de cœurs a une pieuvre ?
章鱼有几颗心脏?

3 animal
What do pandas mostly eat?/main food of the giant panda? = bamboo
Was fressen Pandas hauptsächlich? = Bambus
Vad äter pandor mest? = bambu
¿Qué comen principalmente los pandas? = bambú
Que mangent surtout les pandas ? = bambou
大熊猫主要吃什么? = 竹子/竹

3 animal
What is the only mammal that can truly fly?/which mammals can fly by themselves = bat/bats
Welches Säugetier kann richtig fliegen? = Fledermaus/Fledermäuse
Vilket däggdjur kan flyga på riktigt? = fladdermus/fladdermöss/fladdermusen
¿Cuál es el único mamífero que puede volar? = murciélago/murciélagos
Quel est le seul mammifère capable de voler ? = chauve-souris
唯一真正会飞的哺乳动物是什么? = 蝙蝠

4 animal
What is a female fox called?/word for a female fox? = vixen
Wie nennt man einen weiblichen Fuchs in der Jägersprache? = Fähe/Fähin
Vad kallas hanen hos älg? = älgtjur/tjur
¿Cómo se llama la hembra del caballo? = yegua
Comment s'appelle la femelle du sanglier ? = laie
蝌蚪长大后变成什么动物? = 青蛙/蛙/蟾蜍

4 animal
What is a group of crows called?/collective noun for crows? = murder
Wie nennt man das Junge vom Wildschwein? = Frischling
Vad kallas vildsvinets ungar? = kultingar/kulting
¿Cómo se llama un grupo de peces que nadan juntos? = cardumen/banco
Comment s'appelle le petit du sanglier ? = marcassin
蚕主要吃什么植物的叶子? = 桑

2 body
What is the largest organ of the human body?/biggest organ of a human? = skin
Welches ist das größte Organ des Menschen? = Haut
Vilket är människans största organ? = huden/hud
¿Cuál es el órgano más grande del cuerpo humano? = piel
Quel est le plus grand organe du corps humain ? = peau
人体最大的器官是什么? = 皮肤

1 body
Which organ pumps blood through the body?/What organ pumps our blood? = heart
Welches Organ pumpt das Blut durch den Körper? = Herz
Vilket organ pumpar blodet genom kroppen? = hjärtat/hjärta
¿Qué órgano bombea la sangre por el cuerpo? = corazón
Quel organe pompe le sang dans le corps ? = cœur/coeur
哪个器官把血液输送到全身? = 心脏

1 body 5
How many fingers are on one hand?/fingers on a hand, thumb included?
Wie viele Finger hat eine Hand?
Hur många fingrar har en hand?
¿Cuántos dedos tiene una mano?
Combien de doigts a une main ?
一只手有几根手指?

2 body 32
How many teeth does an adult human normally have?/number of adult teeth including wisdom teeth?
Wie viele Zähne hat ein Erwachsener mit Weisheitszähnen?
Hur många tänder har en vuxen människa med visdomständer?
¿Cuántos dientes tiene un adulto, con las muelas del juicio?
Combien de dents a un adulte, avec les dents de sagesse ?
成年人一般有多少颗牙齿(含智齿)?

3 body 206
How many bones does an adult human have?/number of bones in the adult body?
Wie viele Knochen hat ein erwachsener Mensch?
Hur många ben finns i en vuxen människas skelett?
¿Cuántos huesos tiene un adulto?
Combien d'os a un adulte ?
成年人有多少块骨头?

3 body
What is the longest bone in the human body?/longest human bone? = femur/thigh bone/thighbone
Welches ist der längste Knochen des Menschen? = Oberschenkelknochen/Femur
Vilket är kroppens längsta ben i skelettet? = lårbenet/lårben/femur
¿Cuál es el hueso más largo del cuerpo humano? = fémur
Quel est l'os le plus long du corps humain ? = fémur
人体最长的骨头是哪一块? = 股骨/大腿骨

4 body
In which organ is insulin made?/Which organ produces insulin? = pancreas
In welchem Organ wird Insulin gebildet? = Bauchspeicheldrüse/Pankreas
I vilket organ bildas insulin? = bukspottkörteln/bukspottkörtel/pankreas
¿En qué órgano se produce la insulina? = páncreas
Dans quel organe l'insuline est-elle produite ? = pancréas
胰岛素在哪个器官中产生? = 胰腺/胰脏

4 body
What is the smallest bone in the human body?/smallest human bone? = stapes/stirrup
Welches ist der kleinste Knochen des Menschen? = Steigbügel/Stapes
Vilket är människans minsta ben? = stigbygeln/stigbygel/stapes
¿Cuál es el hueso más pequeño del cuerpo humano? = estribo
Quel est le plus petit os du corps humain ? = étrier/stapès
人体最小的骨头是哪一块? = 镫骨

5 body 12
How many pairs of cranial nerves do humans have?/number of cranial nerve pairs?
Wie viele Hirnnervenpaare hat der Mensch?
Hur många par kranialnerver har människan?
¿Cuántos pares de nervios craneales tiene el ser humano?
Combien de paires de nerfs crâniens a l'être humain ?
人有多少对脑神经?

1 nature
What is the chemical formula of water?/formula for water?/water chemical formula = H2O
Wie lautet die chemische Formel von Wasser? = H2O
Vad är den kemiska formeln för vatten? = H2O
¿Cuál es la fórmula química del agua? = H2O
Quelle est la formule chimique de l'eau ? = H2O
水的化学式是什么? = H2O

2 nature
What is the chemical formula for carbon dioxide?/formula of carbon dioxide? = CO2
Wie lautet die Formel von Kohlendioxid? = CO2
Vad är formeln för koldioxid? = CO2
¿Cuál es la fórmula del dióxido de carbono? = CO2
Quelle est la formule du dioxyde de carbone ? = CO2
二氧化碳的化学式是什么? = CO2

3 nature
What is the chemical formula of table salt?/formula for common salt? = NaCl
Wie lautet die chemische Formel von Kochsalz? = NaCl
Vad är den kemiska formeln för koksalt? = NaCl
¿Cuál es la fórmula química de la sal común? = NaCl
Quelle est la formule chimique du sel de table ? = NaCl
食盐的化学式是什么? = NaCl

4 nature
What is the chemical formula of ammonia?/formula for ammonia? = NH3
Wie lautet die Formel von Ammoniak? = NH3
Vad är formeln för ammoniak? = NH3
¿Cuál es la fórmula del amoníaco? = NH3
Quelle est la formule de l'ammoniac ? = NH3
氨的化学式是什么? = NH3

5 nature
What is the chemical formula of sulfuric acid?/formula for sulphuric acid? = H2SO4
Wie lautet die Formel von Schwefelsäure? = H2SO4
Vad är formeln för svavelsyra? = H2SO4
¿Cuál es la fórmula del ácido sulfúrico? = H2SO4
Quelle est la formule de l'acide sulfurique ? = H2SO4
硫酸的化学式是什么? = H2SO4

1 nature 100
At how many degrees Celsius does water boil at sea level?/boiling point of water in celsius?
Bei wie viel Grad Celsius kocht Wasser?/Siedepunkt von Wasser in Grad Celsius?
Vid hur många grader Celsius kokar vatten?
¿A cuántos grados Celsius hierve el agua?
À combien de degrés Celsius l'eau bout-elle ?
水在多少摄氏度沸腾?

2 nature
Which gas do plants take in from the air?/What gas do plants need for photosynthesis? = carbon dioxide/CO2
Welches Gas nehmen Pflanzen für die Photosynthese auf? = Kohlendioxid/Kohlenstoffdioxid/CO2
Vilken gas tar växter upp vid fotosyntesen? = koldioxid/CO2
¿Qué gas toman las plantas del aire para la fotosíntesis? = dióxido de carbono/CO2
Quel gaz les plantes absorbent-elles pour la photosynthèse ? = dioxyde de carbone/CO2/gaz carbonique
植物进行光合作用时吸收什么气体? = 二氧化碳/CO2

2 nature
What is the highest mountain in the world?/Which mountain is the tallest on Earth? = Everest/Qomolangma
Welcher ist der höchste Berg der Welt? = Everest
Vilket är världens högsta berg? = Everest
¿Cuál es la montaña más alta del mundo? = Everest
Quelle est la plus haute montagne du monde ? = Everest
世界最高的山峰是哪座? = 珠穆朗玛/珠峰/圣母峰

2 nature
What is the largest ocean on Earth?/biggest ocean? = Pacific
Welcher ist der größte Ozean der Erde? = Pazifik/Pazifischer Ozean/Pazifische Ozean/Stiller Ozean
Vilket är världens största hav? = Stilla havet
¿Cuál es el océano más grande de la Tierra? = Pacífico
Quel est le plus grand océan de la Terre ? = Pacifique
地球上最大的海洋是哪个? = 太平洋

3 nature
What is the hardest natural material?/hardest mineral? = diamond
Welches ist das härteste natürliche Mineral? = Diamant
Vilket är det hårdaste naturliga mineralet? = diamant
¿Cuál es el mineral natural más duro? = diamante
Quel est le minéral naturel le plus dur ? = diamant
天然最硬的矿物是什么? = 金刚石/钻石

3 nature
What is the largest hot desert in the world?/biggest hot desert? = Sahara
Welche ist die größte heiße Wüste der Welt? = Sahara
Vilken är världens största heta öken? = Sahara
¿Cuál es el desierto cálido más grande del mundo? = Sahara/Sáhara
Quel est le plus grand désert chaud du monde ? = Sahara
世界上最大的热带沙漠是哪个? = 撒哈拉

4 nature
What is the deepest lake in the world?/deepest lake on earth? = Baikal
Welcher ist der tiefste See der Welt? = Baikalsee/Baikal
Vilken är världens djupaste sjö? = Bajkalsjön/Bajkal
¿Cuál es el lago más profundo del mundo? = Baikal
Quel est le lac le plus profond du monde ? = Baïkal
世界上最深的湖是哪个? = 贝加尔

4 nature
Which gas makes up most of the Earth's atmosphere?/What is the main gas in air? = nitrogen
Aus welchem Gas besteht Luft zum größten Teil? = Stickstoff
Vilken gas består luft mest av? = kväve
¿Qué gas forma la mayor parte del aire? = nitrógeno
Quel gaz compose la plus grande partie de l'air ? = azote
空气中含量最多的气体是什么? = 氮气/氮

5 nature
What is the deepest known place in the oceans called?/deepest point of the Mariana Trench? = Challenger Deep
Wie heißt die tiefste bekannte Stelle der Weltmeere im Marianengraben? = Challengertief/Challenger-Tief/Challenger Deep/Witjastief
Vad heter den djupaste kända platsen i Marianergraven? = Challengerdjupet/Challenger Deep
¿Cómo se llama el punto más profundo de la fosa de las Marianas? = abismo de Challenger/abismo Challenger/Challenger Deep
Comment s'appelle le point le plus profond de la fosse des Mariannes ? = Challenger Deep/fosse Challenger
马里亚纳海沟最深处叫什么? = 挑战者深渊/挑战者海渊

5 nature
What is the largest island in the Mediterranean after Sicily?/second-largest Mediterranean island? = Sardinia
Welche ist die zweitgrößte Insel im Mittelmeer? = Sardinien
Vilken är den näst största ön i Medelhavet? = Sardinien
¿Cuál es la segunda isla más grande del Mediterráneo? = Cerdeña
Quelle est la deuxième plus grande île de la Méditerranée ? = Sardaigne
地中海第二大岛是哪个? = 撒丁岛/萨丁岛/撒丁

1 colours
What color is the sky on a clear day?/colour of a clear sky by day? = blue
Welche Farbe hat der Himmel an einem klaren Tag? = blau
Vilken färg har himlen en klar dag? = blå/blått
¿De qué color es el cielo en un día despejado? = azul
De quelle couleur est le ciel par beau temps ? = bleu/bleue
晴天的天空是什么颜色? = 蓝

1 colours
What color do you get if you mix blue and yellow?/blue and yellow paint make which color? = green
Welche Farbe ergibt Blau und Gelb gemischt? = grün
Vilken färg blir det om man blandar blått och gult? = grön/grönt
¿Qué color sale al mezclar azul y amarillo? = verde
Quelle couleur obtient-on en mélangeant du bleu et du jaune ? = vert
蓝色和黄色混合是什么颜色? = 绿

2 colours
What color do red and white paint make when mixed?/mixing red and white gives? = pink
Welche Farbe entsteht aus Rot und Weiß? = rosa/pink
Vilken färg blir rött och vitt tillsammans? = rosa
¿Qué color resulta de mezclar rojo y blanco? = rosa/rosado
Quelle couleur donne un mélange de rouge et de blanc ? = rose
红色和白色混合是什么颜色? = 粉

1 sport 11
How many players of one football (soccer) team are on the field?/players per soccer team on the pitch?
Wie viele Spieler einer Fußballmannschaft stehen auf dem Feld?
Hur många spelare har ett fotbollslag på planen?
¿Cuántos jugadores de un equipo de fútbol hay en el campo?
Combien de joueurs d'une équipe de football sont sur le terrain ?
足球比赛中一队有多少名球员在场上?

2 sport 5
How many players of a basketball team are on the court at once?/how many rings are in the Olympic symbol?
Wie viele Ringe hat das olympische Symbol?/Wie viele Spieler hat ein Basketballteam auf dem Feld?
Hur många ringar har den olympiska symbolen?
¿Cuántos anillos tiene el símbolo olímpico?
Combien d'anneaux compte le symbole olympique ?
奥运会会旗上有几个圆环?

2 sport 64
How many squares does a chessboard have?/number of squares on a chess board?
Wie viele Felder hat ein Schachbrett?
Hur många rutor har ett schackbräde?
¿Cuántas casillas tiene un tablero de ajedrez?
Combien de cases a un échiquier ?
国际象棋棋盘有多少个格子?

3 sport
In which sport is there a "home run"?/Which sport uses the words pitcher and home run? = baseball
In welcher Sportart gibt es einen Homerun? = Baseball
I vilken sport finns homerun? = baseboll/baseball
¿En qué deporte hay un "home run"? = béisbol
Dans quel sport parle-t-on de "home run" ? = baseball/base-ball
"本垒打"是哪项运动的术语? = 棒球

3 sport 18
How many holes does a full round of golf have?/holes on a standard golf course?
Wie viele Löcher hat eine ganze Golfrunde?
Hur många hål har en hel golfrunda?
¿Cuántos hoyos tiene un campo de golf completo?
Combien de trous compte un parcours de golf complet ?
标准高尔夫球场有多少个洞?

4 sport
In which city were the 1992 Summer Olympics held?/host city of the 1992 Summer Games? = Barcelona
In welcher Stadt waren die Olympischen Sommerspiele 1992? = Barcelona
I vilken stad hölls sommar-OS 1992? = Barcelona
¿En qué ciudad fueron los Juegos Olímpicos de verano de 1992? = Barcelona
Dans quelle ville ont eu lieu les Jeux olympiques d'été de 1992 ? = Barcelone
1992年夏季奥运会在哪座城市举行? = 巴塞罗那

4 sport 147
What is the maximum break in snooker without a free ball?/highest regular break in snooker?
Was ist das höchste normale Break beim Snooker?
Vilket är det högsta vanliga breaket i snooker?
¿Cuál es la tacada máxima normal en snooker?
Quel est le break maximal normal au snooker ?
斯诺克正常情况下单杆最高分是多少?

5 sport
Which country won the first football World Cup in 1930?/winner of the 1930 FIFA World Cup? = Uruguay
Welches Land gewann 1930 die erste Fußball-Weltmeisterschaft? = Uruguay
Vilket land vann den första fotbolls-VM 1930? = Uruguay
¿Qué país ganó el primer Mundial de fútbol en 1930? = Uruguay
Quel pays a gagné la première Coupe du monde de football en 1930 ? = Uruguay
哪个国家赢得了1930年第一届足球世界杯? = 乌拉圭

1 food
Which fruit is wine made from?/What fruit do you make wine from? = grape/grapes
Aus welcher Frucht macht man Wein? = Traube/Trauben/Weintrauben/Weintraube
Av vilken frukt gör man vin? = druvor/druva/vindruvor
¿De qué fruta se hace el vino? = uva/uvas
Avec quel fruit fait-on le vin ? = raisin/raisins
香槟是用什么水果酿的? = 葡萄

1 food
What do bees make that we eat?/Which sweet food do bees make? = honey
Was stellen Bienen her, das wir essen? = Honig
Vad gör bin som vi äter? = honung
¿Qué alimento dulce hacen las abejas? = miel
Quel aliment sucré les abeilles fabriquent-elles ? = miel
蜜蜂酿造什么食物? = 蜂蜜/蜜

2 food
What is the main ingredient of guacamole?/guacamole is made of which fruit? = avocado/avocados
Was ist die Hauptzutat von Guacamole? = Avocado/Avocados
Vilken är huvudingrediensen i guacamole? = avokado
¿Cuál es el ingrediente principal del guacamole? = aguacate/palta/aguacates
Quel est l'ingrédient principal du guacamole ? = avocat/avocats
墨西哥guacamole酱的主要原料是什么水果? = 鳄梨/牛油果

2 food
Which country does pizza come from?/pizza comes from what country? = Italy
Aus welchem Land kommt die Pizza? = Italien
Vilket land kommer pizzan från? = Italien
¿De qué país viene la pizza? = Italia
De quel pays vient la pizza ? = Italie
披萨起源于哪个国家? = 意大利

3 food
What is tofu made from?/Which bean is tofu made of? = soy/soybeans/soybean/soya/soya beans
Woraus wird Tofu gemacht? = Soja/Sojabohnen/Sojabohne/Sojamilch
Vad görs tofu av? = sojabönor/soja/sojaböna/sojamjölk
¿De qué se hace el tofu? = soja/soya
À partir de quoi fait-on le tofu ? = soja
豆腐是用什么豆做的? = 黄豆/大豆

3 food
Which spice is the most expensive in the world by weight?/most expensive spice? = saffron
Welches ist das teuerste Gewürz der Welt? = Safran
Vilken är världens dyraste krydda? = saffran
¿Cuál es la especia más cara del mundo? = azafrán
Quelle est l'épice la plus chère du monde ? = safran
世界上最贵的香料是什么? = 藏红花/番红花

4 food
From which plant is tequila made?/What plant do they make tequila from? = agave
Aus welcher Pflanze wird Tequila gemacht? = Agave/Agaven
Av vilken växt görs tequila? = agave/agaven
¿De qué planta se hace el tequila? = agave
À partir de quelle plante fait-on la tequila ? = agave
特基拉酒(tequila)是用什么植物酿的? = 龙舌兰

4 food
Which vitamin does sunlight help the skin to make?/sunlight gives us which vitamin? = vitamin D
Welches Vitamin bildet die Haut bei Sonnenlicht? = Vitamin D
Vilket vitamin bildas i huden av solljus? = D-vitamin/vitamin D
¿Qué vitamina produce la piel con el sol? = vitamina D
Quelle vitamine la peau fabrique-t-elle au soleil ? = vitamine D
皮肤在阳光下合成哪种维生素? = 维生素D/维生素 D/维他命D

5 food
What is the pigment that gives carrots their orange colour?/orange pigment in carrots? = carotene/beta-carotene/carotenoids/beta carotene
Welcher Farbstoff macht Karotten orange? = Carotin/Beta-Carotin/Karotin/Betacarotin/Beta-Karotin
Vilket färgämne gör morötter orange? = karoten/betakaroten/beta-karoten
¿Qué pigmento da a las zanahorias su color naranja? = caroteno/betacaroteno/beta-caroteno/carotenoides
Quel pigment donne aux carottes leur couleur orange ? = carotène/bêta-carotène/bêtacarotène/carotène bêta
什么色素使胡萝卜呈橙色? = 胡萝卜素

2 letters 26
How many letters does the English alphabet have?/letters in the English alphabet?
Wie viele Buchstaben hat das englische Alphabet?
Hur många bokstäver har det engelska alfabetet?
¿Cuántas letras tiene el alfabeto inglés?
Combien de lettres a l'alphabet anglais ?
英语字母表有多少个字母?

3 shapes 6
How many faces does a cube have?/number of sides (faces) of a cube?
Wie viele Flächen hat ein Würfel?
Hur många sidor har en kub?
¿Cuántas caras tiene un cubo?
Combien de faces a un cube ?
立方体有几个面?

1 shapes 3
How many sides does a triangle have?/number of sides of a triangle?
Wie viele Seiten hat ein Dreieck?
Hur många sidor har en triangel?
¿Cuántos lados tiene un triángulo?
Combien de côtés a un triangle ?
三角形有几条边?

4 shapes 12
How many edges does a cube have?/number of edges of a cube?
Wie viele Kanten hat ein Würfel?
Hur många kanter har en kub?
¿Cuántas aristas tiene un cubo?
Combien d'arêtes a un cube ?
立方体有多少条棱?

5 shapes 30
How many edges does a regular icosahedron have?/edges of an icosahedron?
Wie viele Kanten hat ein Ikosaeder?
Hur många kanter har en ikosaeder?
¿Cuántas aristas tiene un icosaedro?
Combien d'arêtes a un icosaèdre ?
正二十面体有多少条棱?

3 music 88
How many keys does a standard piano have?/number of keys on a piano?
Wie viele Tasten hat ein normales Klavier?
Hur många tangenter har ett vanligt piano?
¿Cuántas teclas tiene un piano normal?
Combien de touches a un piano standard ?
标准钢琴有多少个键?

2 music 6
How many strings does a normal guitar have?/strings on a guitar?
Wie viele Saiten hat eine normale Gitarre?
Hur många strängar har en vanlig gitarr?
¿Cuántas cuerdas tiene una guitarra normal?
Combien de cordes a une guitare classique ?
普通吉他有几根弦?

4 music 4
How many strings does a violin have?/number of violin strings?
Wie viele Saiten hat eine Geige?
Hur många strängar har en fiol?
¿Cuántas cuerdas tiene un violín?
Combien de cordes a un violon ?
小提琴有几根弦?

5 music 47
How many strings does a concert harp usually have?/number of strings of a pedal harp?
Wie viele Saiten hat eine Konzertharfe üblicherweise?
Hur många strängar har en konsertharpa vanligtvis?
¿Cuántas cuerdas suele tener un arpa de concierto?
Combien de cordes a en général une harpe de concert ?
音乐会竖琴通常有多少根弦?
"""  # noqa: E501


def _fact(block: str) -> Fact:
    head, *lines = block.splitlines()
    grade, topic, *number = head.split()
    questions, right = {}, {}
    for language, line in zip(LANGUAGES, lines, strict=True):
        asked, _, answers = line.partition(" = ")
        questions[language] = tuple(asked.split("/"))
        right[language] = tuple(answers.split("/"))
    if number:
        return Fact(int(grade), topic, number=Decimal(number[0]), questions=questions)
    return Fact(int(grade), topic, right=right, questions=questions)


TRIVIA = tuple(_fact(block) for block in _BLOCKS.strip().split("\n\n"))
"""Facts with questions of their own."""

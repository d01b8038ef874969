"""People, places and what they do on ordinary days, in six languages: the material of several families."""

from random import Random

_LATIN_NAMES = (
    "Anna Ben Carla David Elena Felix Greta Hugo Ines Jonas Karin Leo Maria Nils Olga Pablo Rosa Samuel Tara Umar "
    "Vera Walter Yasmin Zoe Aisha Bruno Celine Dario Edith Farid Gloria Henrik Ida Jakob Klara Lars Mona Nadia Oscar "
    "Petra Rafael Sofia Theo Ursula Viktor Wanda Ximena Yusuf"
)

_CHINESE_NAMES = (
    "王芳 李伟 张敏 刘洋 陈静 杨帆 赵磊 黄丽 周杰 吴娟 徐强 孙燕 胡军 朱琳 高峰 林涛 何霞 郭明 马超 罗兰 梁晨 宋佳 "
    "郑浩 谢婷 韩雪 唐亮 冯刚 于洁 董欣 萧然 程飞 曹颖 袁野 邓超 许诺 傅蓉 沈星 曾瑜 彭博 吕梅"
)

NAMES = {
    **{language: tuple(_LATIN_NAMES.split()) for language in ("en", "de", "sv", "es", "fr")},
    "zh": tuple(_CHINESE_NAMES.split()),
}

TIMES = {
    "en": "On Monday|On Tuesday|On Friday|Yesterday|Last week|In the morning|After lunch|Before work|At noon|"
    "In the evening|On Sunday|Two days ago",
    "de": "Am Montag|Am Dienstag|Am Freitag|Gestern|Letzte Woche|Am Morgen|Nach dem Mittagessen|Vor der Arbeit|"
    "Gegen Mittag|Am Abend|Am Sonntag|Vor zwei Tagen",
    "sv": "På måndagen|På tisdagen|På fredagen|Igår|Förra veckan|På morgonen|Efter lunchen|Före jobbet|"
    "Vid middagstid|På kvällen|På söndagen|För två dagar sedan",
    "es": "El lunes|El martes|El viernes|Ayer|La semana pasada|Por la mañana|Después de comer|Antes del trabajo|"
    "Al mediodía|Por la noche|El domingo|Hace dos días",
    "fr": "Lundi,|Mardi,|Vendredi,|Hier,|La semaine dernière,|Le matin,|Après le déjeuner,|Avant le travail,|"
    "À midi,|Le soir,|Dimanche,|Il y a deux jours,",
    "zh": "星期一|星期二|星期五|昨天|上周|早上|午饭后|上班前|中午|晚上|星期天|两天前",
}

# A verb and the rest of the sentence, since Swedish and German put the person between them.
ACTIONS = {
    "en": "bought|two tickets for the concert~found|a blue umbrella on the bus~baked|an apple cake for the neighbours~"
    "repaired|the old bicycle in the yard~wrote|a long letter to the bank~moved|the printer to the second floor~"
    "ordered|new chairs for the meeting room~watered|the plants by the window~missed|the train by three minutes~"
    "called|the dentist about an appointment~painted|the kitchen wall light green~lost|a glove near the station~"
    "borrowed|a ladder from the caretaker~cooked|soup for the whole team~cleaned|the windows of the office~"
    "returned|four books to the library~sold|an old camera at the flea market~walked|the dog around the lake~"
    "forgot|the password of the printer~planted|tomatoes behind the house~visited|the museum of technology~"
    "sent|the invoice to the customer~tried|a new recipe with lentils~met|a former teacher at the market~"
    "learned|three songs on the guitar~packed|the boxes for the move",
    "de": "kaufte|zwei Karten für das Konzert~"
    "fand|einen blauen Schirm im Bus~backte|einen Apfelkuchen für die Nachbarn~"
    "reparierte|das alte Fahrrad im Hof~schrieb|einen langen Brief an die Bank~trug|den Drucker in den zweiten Stock~"
    "bestellte|neue Stühle für das Büro~goss|die Pflanzen am Fenster~verpasste|den Zug um drei Minuten~"
    "strich|die Küchenwand hellgrün~verlor|einen Handschuh am Bahnhof~lieh|sich beim Hausmeister eine Leiter~"
    "kochte|Suppe für das ganze Team~putzte|die Fenster im Büro~brachte|vier Bücher in die Bibliothek~"
    "verkaufte|eine alte Kamera auf dem Flohmarkt~vergaß|das Passwort des Druckers~pflanzte|Tomaten hinter dem Haus~"
    "besuchte|das Technikmuseum~schickte|dem Kunden die Rechnung~traf|eine frühere Lehrerin auf dem Markt~"
    "lernte|drei Lieder auf der Gitarre~packte|die Kisten für den Umzug",
    "sv": "köpte|två biljetter till konserten~hittade|ett blått paraply på bussen~bakade|en äppelkaka till grannarna~"
    "lagade|den gamla cykeln på gården~skrev|ett långt brev till banken~flyttade|skrivaren till andra våningen~"
    "beställde|nya stolar till kontoret~vattnade|växterna vid fönstret~missade|tåget med tre minuter~"
    "målade|köksväggen ljusgrön~tappade|en handske vid stationen~lånade|en stege av vaktmästaren~"
    "kokade|soppa till hela laget~putsade|fönstren på kontoret~lämnade|tillbaka fyra böcker till biblioteket~"
    "sålde|en gammal kamera på loppmarknaden~glömde|skrivarens lösenord~planterade|tomater bakom huset~"
    "besökte|tekniska museet~skickade|fakturan till kunden~träffade|en gammal lärare på torget~"
    "lärde|sig tre låtar på gitarr~packade|lådorna inför flytten",
    "es": "compró|dos entradas para el concierto~encontró|un paraguas azul en el autobús~"
    "preparó|una tarta de manzana para los vecinos~arregló|la bicicleta vieja en el patio~"
    "escribió|una carta larga al banco~llevó|la impresora al segundo piso~pidió|sillas nuevas para la oficina~"
    "regó|las plantas de la ventana~perdió|el tren por tres minutos~pintó|la pared de la cocina de verde claro~"
    "perdió|un guante cerca de la estación~pidió|prestada una escalera al conserje~cocinó|sopa para todo el equipo~"
    "limpió|las ventanas de la oficina~devolvió|cuatro libros a la biblioteca~vendió|una cámara vieja en el mercadillo~"
    "olvidó|la contraseña de la impresora~plantó|tomates detrás de la casa~visitó|el museo de la técnica~"
    "envió|la factura al cliente~encontró|a una antigua profesora en el mercado~"
    "aprendió|tres canciones con la guitarra~preparó|las cajas para la mudanza",
    "fr": "a acheté|deux billets pour le concert~a trouvé|un parapluie bleu dans le bus~"
    "a préparé|une tarte aux pommes pour les voisins~a réparé|le vieux vélo dans la cour~"
    "a écrit|une longue lettre à la banque~a monté|l'imprimante au deuxième étage~"
    "a commandé|des chaises neuves pour le bureau~a arrosé|les plantes de la fenêtre~"
    "a manqué|le train de trois minutes~a peint|le mur de la cuisine en vert clair~a perdu|un gant près de la gare~"
    "a emprunté|une échelle au gardien~a cuisiné|une soupe pour toute l'équipe~a lavé|les vitres du bureau~"
    "a rendu|quatre livres à la bibliothèque~a vendu|un vieil appareil photo aux puces~"
    "a oublié|le mot de passe de l'imprimante~a planté|des tomates derrière la maison~"
    "a visité|le musée des techniques~a envoyé|la facture au client~a croisé|une ancienne professeure au marché~"
    "a appris|trois chansons à la guitare~a rempli|les cartons pour le déménagement",
    "zh": "买了|两张音乐会的票~在公交车上捡到了|一把蓝色的雨伞~给邻居做了|一个苹果蛋糕~在院子里修好了|那辆旧自行车~"
    "给银行写了|一封长信~"
    "把打印机|搬到了二楼~给会议室订了|新椅子~给窗边的花|浇了水~晚了三分钟|没赶上火车~给牙医|打了电话~把厨房的墙|刷成了浅绿色~"
    "在车站附近丢了|一只手套~向管理员借了|一把梯子~给大家煮了|一锅汤~擦了|办公室的窗户~还了|图书馆的四本书~在旧货市场卖了|一台旧相机~"
    "带狗|在湖边散步~忘了|打印机的密码~在房子后面种了|西红柿~参观了|科技馆~给客户寄了|发票~试了|一道扁豆新菜~在菜市场遇见了|以前的老师~"
    "用吉他学会了|三首歌~收拾好了|搬家的箱子",
}

_TIMES = {language: tuple(times.split("|")) for language, times in TIMES.items()}
_ACTIONS = {
    language: tuple(tuple(action.split("|")) for action in actions.split("~")) for language, actions in ACTIONS.items()
}


def happening(rng: Random, language: str, name: str | None = None) -> str:
    """A sentence about what somebody did: "On Friday Anna bought two tickets for the concert."."""
    name = name or rng.choice(NAMES[language])
    time = rng.choice(_TIMES[language])
    verb, rest = rng.choice(_ACTIONS[language])
    if language == "zh":
        return f"{time}{name}{verb}{rest}。"
    if language in ("de", "sv"):
        return f"{time} {verb} {name} {rest}."
    return f"{time} {name} {verb} {rest}."


def short_happening(rng: Random, language: str) -> str:
    """The same without a time: "Anna bought two tickets for the concert."."""
    name = rng.choice(NAMES[language])
    verb, rest = rng.choice(_ACTIONS[language])
    return f"{name}{verb}{rest}。" if language == "zh" else f"{name} {verb} {rest}."

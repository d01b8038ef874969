"""Repairing spelling and grammar of sentences and words."""

from collections.abc import Mapping, Sequence
from random import Random

from router.exam.checks.written_answers import folded, unless_repeated, words
from router.exam.content.marked_sentences import changed, marks_in, with_changes
from router.exam.content.names_and_goods import CITIES, first_name, pool
from router.exam.item import Answer, Family, Item
from router.exam.wording.openers import worded

SENTENCES: Mapping[str, Sequence[str]] = {
    "en": (
        "She [go|goes] to [scool|school] by bus.",
        "The [whether|weather] is [beatiful|beautiful] today.",
        "I [dont|don't|do not] [no|know] where my keys [is|are].",
        "[Their|There] [is|are] [to|too] many cars in {city}.",
        "{name} [have|has] two [dogs'|dogs] and a [hampster|hamster].",
        "We [was|were] very [tierd|tired] after the [jurney|journey] to {city}.",
        "He [recieved|received] a [leter|letter] from his [freind|friend] {name}.",
        "My sister [dont|doesn't|does not] like [vegetebles|vegetables].",
        "Can you [borrow|lend] me [youre|your] [umbrela|umbrella], {name}?",
        "I will [definately|definitely] come [tommorow|tomorrow] [evning|evening].",
        "The [resturant|restaurant] in {city} was [realy|really] [expencive|expensive].",
        "Please send me the [adress|address] [befor|before] [wensday|Wednesday].",
        "{name} [writed|wrote] an [intresting|interesting] book about {city}.",
        "[Its|It's|It is] a good idea to [seperate|separate] the [bisness|business] from the house.",
        "The children [plays|play] in the [gardin|garden] [everyday|every day].",
        "We look [foward|forward] to [meating|meeting] you [agian|again] in {city}.",
        "[Your|You're|You are] the best [techer|teacher] in the [hole|whole] school.",
        "We [has|have] a new [colleage|colleague] from {city}, her name [are|is] {name}.",
        "He [runned|ran] faster [then|than] his [brothr|brother].",
        "This [excercise|exercise] is much [more easy|easier] than the [las|last] one.",
        "{name} [buyed|bought] [bred|bread], [chese|cheese] and milk at the market.",
        "The [goverment|government] [want|wants] to build a new [brige|bridge] in {city}.",
        "I [cant|can't|cannot|can not] find the [recipt|receipt] for the [jaket|jacket].",
        "[Whos|Who's|Who is] coming to the [meating|meeting] on [monday|Monday]?",
        "The [libary|library] is [closd|closed] on [sundays|Sundays].",
        "She [sing|sings] [beautifull|beautifully] and [play|plays] the piano.",
        "There [was|were] [alot|a lot] of people at the [stasion|station].",
        "My [nieghbour|neighbour|neighbor] [grow|grows] [tomatos|tomatoes] on the balcony.",
        "The doctor [adviced|advised] {name} to drink more [watter|water] and [sleap|sleep] longer.",
        "I [has|have] never [saw|seen] such a big [buiding|building] before.",
        "We [should of|should have] [leaved|left] [erlier|earlier].",
        "The soup [taste|tastes] [delicius|delicious], but the [potatos|potatoes] are [to|too] salty.",
        "Every [studant|student] [need|needs] a pen and a [notbook|notebook].",
        "The train to {city} [leave|leaves] in five [minuts|minutes] from [plattform|platform] two.",
        "{name} and {other} [is|are] good [freinds|friends] since [their|they] met in {city}.",
        "Could you [plese|please] [explane|explain] this [agian|again]?",
        "The [beggining|beginning] of the film was [boring|boring], but the end was [exiting|exciting].",
        "I [accidentaly|accidentally] [breaked|broke] a [glas|glass] at the party in {city}.",
        "It is [neccessary|necessary] to [chek|check] the [batery|battery] first.",
        "Last year we [go|went] on [hollidays|holiday|holidays] in {city} and [swimmed|swam] in the sea.",
        "[Me and {name}|{name} and I|{name} and me] [was|were] at the [cinima|cinema].",
        "The [shoping|shopping] list [are|is] on the [refridgerator|refrigerator].",
        "His English is [more better|better] [then|than] mine, but his [speling|spelling] is bad.",
        "[Yestarday|Yesterday] the team [losed|lost] the [mach|match] in {city}.",
        "Our [costumers|customers] [is|are] [happi|happy] with the [servise|service].",
        "The [informations|information] on your [websight|website] [are|is] not up to date.",
        "If I [would have|had] more time, I would [lern|learn] [spanish|Spanish].",
        "{name} [dont|doesn't|does not] [wants|want] to [loose|lose] her [job's|job].",
        "The bus was late, so we [arived|arrived] in {city} [to|too] late for the [consert|concert].",
        "We are [sory|sorry] for the [inconvinience|inconvenience] and [hopes|hope] to see you [agen|again].",
    ),
    "de": (
        "Ich [gehen|gehe] heute in die [Schulle|Schule].",
        "Das [Weter|Wetter] ist heute sehr [schöhn|schön].",
        "{name} [hast|hat] einen [grosen|großen] Hund.",
        "Wir [fährt|fahren] morgen mit dem [Zuk|Zug] nach {city}.",
        "Er hat mir [gester|gestern] einen [Brif|Brief] [geschriben|geschrieben].",
        "Die Kinder [spielt|spielen] im [Gartn|Garten].",
        "Ich weiß nicht, [das|dass] sie [kommen|kommt].",
        "Könnten Sie mir [bite|bitte] die [Adrese|Adresse] [schiken|schicken]?",
        "Die [Supe|Suppe] [schmekt|schmeckt] sehr gut.",
        "[Vieleicht|Vielleicht] [komen|kommen] wir am [Mitwoch|Mittwoch] nach {city}.",
        "Meine Schwester [arbeiten|arbeitet] in einem [Krankenhauß|Krankenhaus] in {city}.",
        "Ich habe das [Packet|Paket] noch nicht [bekomen|bekommen].",
        "{name} und {other} [ist|sind] gute [Freude|Freunde].",
        "Der [Termien|Termin] ist um zehn [Ur|Uhr] im [ersten|ersten] [Stok|Stock].",
        "Gestern [bin|habe] ich ein [neus|neues] [Farrad|Fahrrad] gekauft.",
        "Das Auto ist [schneler|schneller] [wie|als] der Bus.",
        "Wir [freuhen|freuen] uns auf [eueren|euren|eueren] [Besuh|Besuch].",
        "Die [Rechnug|Rechnung] [must|muss] bis [Freitak|Freitag] bezahlt werden.",
        "Trotz [dem|des] Regens [gingt|ging] {name} [spatzieren|spazieren].",
        "Am [wochenende|Wochenende] [besuche|besuchen] wir unsere [Großeltan|Großeltern] in {city}.",
    ),
    "sv": (
        "Jag [går|går] till [skollan|skolan] varje dag.",
        "Vädret är [mycke|mycket] [fin|fint] i dag.",
        "{name} har en [stort|stor] [hunnd|hund].",
        "Vi [åka|åker] till {city} i [moron|morgon].",
        "Han [skrivde|skrev] ett långt [bref|brev] till sin [ven|vän].",
        "Barnen [leka|leker] i [tregården|trädgården].",
        "Kan du [skika|skicka] mig [adresen|adressen]?",
        "Soppan [smaka|smakar] [got|gott].",
        "[Kanshe|Kanske] kommer vi på [onsda|onsdag].",
        "Min [sister|syster] [arbeta|arbetar] på ett [sjukhuss|sjukhus] i {city}.",
        "Jag har inte [fåt|fått] mitt [pacet|paket] än.",
        "{name} och {other} är [goda|goda] [vener|vänner].",
        "Mötet [börja|börjar] [klokkan|klockan] tio.",
        "I går [köpade|köpte] jag en ny [sykel|cykel] i {city}.",
        "Bilen är [snabare|snabbare] [en|än] bussen.",
        "Vi ser fram [imot|emot] att [träfa|träffa] er.",
        "[Räknigen|Räkningen] måste [betala|betalas] på [freda|fredag].",
        "[Tåggen|Tåget] till {city} är [försennat|försenat] med tio [minutter|minuter].",
    ),
    "es": (
        "Yo [va|voy] a la [escuella|escuela] cada día.",
        "Hoy [ase|hace] muy buen [tienpo|tiempo].",
        "{name} [tengo|tiene] un perro muy [grando|grande].",
        "Mañana [vamo|vamos] a {city} en [trén|tren].",
        "Él me [escrivió|escribió] una [kartas|carta].",
        "Los niños [juega|juegan] en el [jardin|jardín].",
        "¿Puedes [enbiarme|enviarme] la [direcion|dirección]?",
        "La sopa [estan|está] muy [rico|rica].",
        "Mi [ermana|hermana] [trabajo|trabaja] en un [ospital|hospital] de {city}.",
        "Todavía no he [recivido|recibido] el [pakete|paquete].",
        "{name} y {other} [es|son] buenos [amigo|amigos].",
        "La reunión [enpieza|empieza] a las [dies|diez].",
        "Ayer [compre|compré] una [visicleta|bicicleta] [nuevo|nueva].",
        "El coche es más [rapido|rápido] [como|que] el autobús.",
        "Nos vemos el [miercoles|miércoles] en la [estasion|estación] de {city}.",
        "La [faktura|factura] se [deven|debe] pagar antes del [biernes|viernes].",
        "[Ay|Hay] [mucho|muchas] personas en la [plasa|plaza].",
        "Me [gustan|gusta] mucho [bailár|bailar] y [cosinar|cocinar].",
    ),
    "fr": (
        "Je [va|vais] à [l'ecole|l'école] tous les jours.",
        "Il [fais|fait] très [beaux|beau] aujourd'hui.",
        "{name} [as|a] un [grande|grand] chien.",
        "Demain nous [allont|allons] à {city} en [trin|train].",
        "Il m'a [écris|écrit] une longue [letre|lettre].",
        "Les enfants [joue|jouent] dans le [jardain|jardin].",
        "Pouvez-vous [m'envoyez|m'envoyer] votre [addresse|adresse] ?",
        "La soupe est très [bon|bonne] mais un peu [trot|trop] salée.",
        "Ma [seur|sœur|soeur] [travailles|travaille] dans un [hopital|hôpital] à {city}.",
        "Je n'ai pas encore [reçut|reçu] le [coli|colis].",
        "{name} et {other} [est|sont] de bons [ami|amis].",
        "La réunion [comence|commence] à [disse|dix] heures.",
        "Hier j'ai [acheter|acheté] un [nouvel|nouveau] vélo [a|à] {city}.",
        "La voiture est plus [rapid|rapide] [comme|que] le bus.",
        "On se [voient|voit] [mercredie|mercredi] à la [garre|gare].",
        "La [factur|facture] doit être [payer|payée] avant [vendredit|vendredi].",
        "[Ses|C'est] une très bonne [idé|idée].",
        "Mes parents [habite|habitent] dans une petite [meson|maison] à {city}.",
    ),
    "zh": (
        "我[以|已]经吃过[反|饭]了。",
        "今天的天[汽|气]很[号|好]。",
        "他跑[的|得]很[块|快]。",
        "我们明天[再|在]{city}见[免|面]。",
        "{name}[作|坐]火车去{city}。",
        "妹妹在[医元|医院]工[做|作]。",
        "请把地[止|址]发[该|给]我。",
        "孩子们高兴[的|地]在花[圆|园]里玩。",
        "我还没有收到包[果|裹]。",
        "会[意|议]十点开[使|始]。",
        "昨天我买了一本新[数|书]，在路[尚|上]看。",
        "汽车[笔|比]公共汽车[块|快]。",
        "我[门|们]是好[明|朋]友。",
        "这[到|道]菜很好[池|吃]。",
        "{name}的中文说[的|得]很[留|流]利。",
        "[欢|欢]迎[你门|你们]来{city}旅[行|行]。",
        "老师让我们[带|带]上铅[比|笔]和本[仔|子]。",
        "周末我[想|想]去图书[官|馆]看[数|书]。",
    ),
}

WORDS: Mapping[str, Sequence[str]] = {
    "en": pool(
        "recieve|receive adress|address tommorow|tomorrow definately|definitely seperate|separate "
        "freind|friend beleive|believe neccessary|necessary occured|occurred untill|until wich|which "
        "becuase|because thier|their goverment|government enviroment|environment buisness|business "
        "calender|calendar libary|library restaraunt|restaurant accomodation|accommodation embarass|embarrass "
        "begining|beginning beautifull|beautiful collegue|colleague experiance|experience foriegn|foreign "
        "gaurantee|guarantee immediatly|immediately knowlege|knowledge maintainance|maintenance "
        "noticable|noticeable posession|possession priviledge|privilege rythm|rhythm succesful|successful "
        "suprise|surprise temperture|temperature vaccum|vacuum wierd|weird sincerly|sincerely "
        "millenium|millennium questionaire|questionnaire"
    ),
    "de": pool(
        "Addresse|Adresse Packet|Paket villeicht|vielleicht nähmlich|nämlich Rytmus|Rhythmus "
        "Standart|Standard agressiv|aggressiv Gallerie|Galerie Terasse|Terrasse ziehmlich|ziemlich "
        "Kommitee|Komitee endgültich|endgültig Tehater|Theater Fahrad|Fahrrad Geschänk|Geschenk "
        "tolerrant|tolerant Maschiene|Maschine vorraus|voraus Zuverlässichkeit|Zuverlässigkeit"
    ),
    "sv": pool(
        "adres|adress tilsammans|tillsammans nogrant|noggrant cykkel|cykel resturang|restaurang "
        "abonemang|abonnemang komunikation|kommunikation kansje|kanske jätekul|jättekul "
        "bibblioteket|biblioteket terass|terrass egentlien|egentligen imorron|imorgon parallel|parallell"
    ),
    "es": pool(
        "haver|haber escuella|escuela tambien|también vover|volver ospital|hospital jente|gente "
        "carácteres|caracteres nesesario|necesario visicleta|bicicleta hiva|iba avía|había exelente|excelente "
        "conoser|conocer orrible|horrible alludar|ayudar arbol|árbol"
    ),
    "fr": pool(
        "adress|adresse aujourdhui|aujourd'hui apartement|appartement beaucou|beaucoup toujour|toujours "
        "bibliotèque|bibliothèque aceuil|accueil comencer|commencer professionel|professionnel "
        "maleureusement|malheureusement restorant|restaurant hopital|hôpital necessaire|nécessaire "
        "aprentissage|apprentissage"
    ),
}
"""Words as they are often misspelt, with the right spelling."""

REQUESTS: Mapping[str, Sequence[str]] = {
    "en": (
        "Correct the spelling and grammar of this sentence",
        "Fix the mistakes in this sentence",
        "Correct the errors",
        "Correct this",
        "Proofread this sentence",
        "Fix the spelling",
        "Find and correct the mistakes",
        "Rewrite this sentence without mistakes",
        "correct:",
        "fix grammar:",
        "Repair the spelling of this text",
        "Can you check this for errors and give me the right version?",
        "What is the correct version of this sentence?",
        "Edit this for grammar and spelling",
        "Correct this sentence for me, my English is not good",
        "Make this grammatically correct",
        "Clean up the typos in this message",
        "Fix all typos, I wrote this quickly",
        "Check my spelling",
        "How do I write this correctly?",
    ),
    "de": (
        "Korrigiere diesen Satz",
        "Verbessere die Fehler",
        "Berichtige Rechtschreibung und Grammatik",
        "Schreibe diesen Satz ohne Fehler",
        "Korrektur:",
        "Wie schreibt man das richtig?",
        "Prüfe das auf Fehler und gib mir die richtige Fassung",
    ),
    "sv": (
        "Rätta den här meningen",
        "Rätta stavfelen",
        "Korrigera stavning och grammatik",
        "Skriv om den här meningen utan fel",
        "Rätta:",
        "Hur skriver man det här rätt?",
    ),
    "es": (
        "Corrige esta frase",
        "Corrige los errores",
        "Corrige la ortografía y la gramática",
        "Escribe esta frase sin faltas",
        "Corrección:",
        "¿Cómo se escribe esto correctamente?",
    ),
    "fr": (
        "Corrige cette phrase",
        "Corrige les fautes",
        "Corrige l'orthographe et la grammaire",
        "Réécris cette phrase sans fautes",
        "Correction :",
        "Comment écrit-on cela correctement ?",
    ),
    "zh": ("改正这句话里的错别字", "修改这句话", "请改错", "找出错别字并改正", "改错：", "这句话正确的写法是什么？"),
}

WORD_REQUESTS: Mapping[str, Sequence[str]] = {
    "en": (
        "How do you spell {word} correctly?",
        "What is the correct spelling of {word}?",
        "Correct the spelling: {word}",
        "spell check {word}",
        "Is {word} spelled right? If not, give the right spelling",
        "Fix this word: {word}",
        "Correct this misspelled word: {word}",
        "I always write {word}, how is it really spelled?",
        "correct spelling {word}",
        "Give me the right spelling of {word}",
        "Someone wrote {word}. What should it be?",
        "What word is {word} meant to be, and how is it spelled?",
        "My spell checker marks {word}, what is right?",
        "{word} - fix the typo",
    ),
    "de": (
        "Wie schreibt man {word} richtig?",
        "Korrigiere das Wort {word}",
        "Richtige Schreibweise von {word}?",
        "Das Wort {word} ist falsch geschrieben, wie ist es richtig?",
        "Verbessere: {word}",
    ),
    "sv": (
        "Hur stavas {word} rätt?",
        "Rätta ordet {word}",
        "Vad är rätt stavning av {word}?",
        "Ordet {word} är felstavat, hur ska det vara?",
        "Rätta stavningen: {word}",
    ),
    "es": (
        "¿Cómo se escribe {word} correctamente?",
        "Corrige la palabra {word}",
        "¿Cuál es la ortografía correcta de {word}?",
        "La palabra {word} está mal escrita, ¿cómo es?",
        "Corrige: {word}",
    ),
    "fr": (
        "Comment écrit-on {word} correctement ?",
        "Corrige le mot {word}",
        "Quelle est la bonne orthographe de {word} ?",
        "Le mot {word} est mal écrit, quelle est la bonne forme ?",
        "Corrige : {word}",
    ),
}

TAILS: Mapping[str, Sequence[str]] = {
    "en": (
        "Just the corrected sentence.",
        "Only the corrected version, no explanation.",
        "Don't change anything else.",
    ),
    "de": ("Nur den richtigen Satz.", "Ohne Erklärung.", "Ändere sonst nichts."),
    "sv": ("Bara den rätta meningen.", "Utan förklaring.", "Ändra inget annat."),
    "es": ("Solo la frase correcta.", "Sin explicación.", "No cambies nada más."),
    "fr": ("Seulement la phrase correcte.", "Sans explication.", "Ne change rien d'autre."),
    "zh": ("只写改好的句子。", "不要解释。", "其他不要改。"),
}


def filled(rng: Random, sentence: str, language: str) -> str:
    """The sentence with names and a city."""
    name = first_name(rng, language)
    other = rng.choice([each for each in ("Maria", "Alex", "Robin") if each != name]) if language != "zh" else "小明"
    return sentence.replace("{name}", name).replace("{other}", other).replace("{city}", rng.choice(CITIES[language]))


def a_sentence(rng: Random, level: int, language: str) -> Item:
    """Repair a sentence with as many slips as the level says; from level 4 on, two sentences."""
    pool = SENTENCES[language]
    if level >= 4:
        first, second = rng.sample([each for each in pool if marks_in(each) >= 2], 2)
        space = "" if language == "zh" else " "
        parts = [
            with_changes(rng, filled(rng, first, language), level // 2),
            with_changes(rng, filled(rng, second, language), level - 2),
        ]
        wrong, right = space.join(part[0] for part in parts), space.join(part[1] for part in parts)
        slips = [slip for part in parts for slip in part[2]]
    else:
        fitting = [each for each in pool if marks_in(each) >= min(level, 2) and (level > 1 or len(each) < 75)]
        wrong, right, slips = with_changes(rng, filled(rng, rng.choice(fitting), language), level)
    wrong = wrong[:-1] if rng.random() < 0.2 else wrong
    wrong = wrong.lower() if rng.random() < 0.12 and language not in ("de", "zh") else wrong
    turns = worded(rng, language, REQUESTS[language], wrong, TAILS[language])
    return Item(turns, changed(right, slips, spare=len(words(right)) >= 8), 24 + len(right.encode()) // 2, right)


def a_word(rng: Random, language: str) -> Item:
    """Give the right spelling of one word."""
    wrong, right = rng.choice(WORDS[language]).split("|")
    quoted = rng.choice(("{}", '"{}"', "'{}'", '"{}"')).format(wrong)
    turns = worded(rng, language, [request.format(word=quoted) for request in WORD_REQUESTS[language]])

    def check(answer: Answer) -> bool:
        said = words(answer.text)
        return folded(right) in said[:40] and len(said) <= 80

    return Item(turns, check, 30, right)


def make(rng: Random, level: int, language: str) -> Item:
    """An item of a level; at the two lowest, one in four asks for a single word."""
    if level <= 2 and language in WORDS and rng.random() < 0.25:
        return unless_repeated(a_word(rng, language))
    return unless_repeated(a_sentence(rng, level, language))


FAMILY = Family(name="spelling", title="correcting spelling and grammar", make=make)

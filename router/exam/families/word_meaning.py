"""Synonyms, antonyms, short definitions, rhymes and plurals of words."""

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

from router.exam.checks.written_answers import folded, is_in, joined, rambles, says_part, unless_repeated, words
from router.exam.content.names_and_goods import pool
from router.exam.item import Answer, Family, Item
from router.exam.wording.openers import worded

REQUESTS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "synonym": (
            "Give me a synonym for {w}",
            "What is another word for {w}?",
            "What's a synonym of {w}?",
            "Find a word that means the same as {w}",
            "synonym for {w}",
            "synonym: {w}",
            "Which word has the same meaning as {w}?",
            "Name a synonym for the word {w}",
            "I keep writing {w}, what could I use instead?",
            "Suggest another word for {w}",
            "How else can I say {w}?",
            "A different word for {w} please",
            "Tell me a word similar to {w}",
            "Can you replace {w} with one other word?",
            "I need another word for {w} in my essay",
        ),
        "synonyms": (
            "Give me three synonyms for {w}",
            "List three words that mean the same as {w}",
            "three synonyms of {w}",
            "What are three other words for {w}?",
            "Name three synonyms for {w}",
            "I need three words that could replace {w}",
            "Find 3 synonyms of the word {w}",
            "3 other words for {w}",
            "Can you tell me three words similar to {w}?",
            "Which three words mean about the same as {w}?",
            "Suggest three alternatives to the word {w}",
            "Write down three synonyms of {w}",
            "My essay says {w} all the time, give me three other words",
            "three words instead of {w}",
        ),
        "antonym": (
            "What is the opposite of {w}?",
            "Give me the antonym of {w}",
            "Opposite of {w}?",
            "antonym: {w}",
            "What's the opposite of the word {w}?",
            "Name the opposite of {w}",
            "Which word means the opposite of {w}?",
            "Tell me an antonym for {w}",
            "Find the word that is the contrary of {w}",
            "the opposite of {w} is",
            "I need a word that means the reverse of {w}",
            "What word says the opposite of {w}?",
            "Can you give me an antonym for {w}?",
            "What is the antonym of {w}?",
        ),
        "definition": (
            "What does {w} mean?",
            "Define {w}",
            "Give me a short definition of {w}",
            "What is the meaning of {w}?",
            "Explain the word {w} in one sentence",
            "meaning of {w}",
            "definition: {w}",
            "What is meant by {w}?",
            "Explain {w} to a child in one sentence",
            "My son asked what {w} means, what do I say?",
            "In a few words, what is {w}?",
            "Define the word {w} briefly",
            "Tell me what {w} means",
            "How would a dictionary explain {w}?",
        ),
        "rhyme": (
            "What rhymes with {w}?",
            "Give me a word that rhymes with {w}",
            "Find a rhyme for {w}",
            "rhyme for {w}",
            "rhymes with {w}:",
            "Name a word rhyming with {w}",
            "I need a rhyme for {w} in my poem",
            "Which word rhymes with {w}?",
            "Tell me one word that rhymes with {w}",
            "Can you find me a rhyme for {w}?",
            "I am writing a song, what rhymes with {w}?",
            "Suggest a word that ends like {w}, a rhyme",
            "One rhyme for the word {w} please",
            "Think of something that rhymes with {w}",
        ),
        "plural": (
            "What is the plural of {w}?",
            "Give me the plural of {w}",
            "plural of {w}",
            "plural: {w}",
            "How do you form the plural of {w}?",
            "One {w}, two ...?",
            "What's the plural form of the word {w}?",
            "Write the plural of {w}",
            "I have one {w}. What is the word if I have several?",
            "Tell me the plural of {w}",
            "How do I say {w} in the plural?",
            "Put the word {w} in the plural",
            "Is it an irregular plural? {w}",
            "Turn {w} into plural",
        ),
    },
    "de": {
        "synonym": (
            "Nenne ein Synonym für {w}",
            "Was ist ein anderes Wort für {w}?",
            "Synonym: {w}",
            "Welches Wort bedeutet das Gleiche wie {w}?",
            "Wie kann man {w} noch sagen?",
        ),
        "antonym": (
            "Was ist das Gegenteil von {w}?",
            "Nenne das Gegenteil von {w}",
            "Gegenteil: {w}",
            "Wie heißt das Gegenteil von {w}?",
            "Welches Wort ist das Gegenteil von {w}?",
        ),
        "plural": (
            "Wie lautet die Mehrzahl von {w}?",
            "Nenne den Plural von {w}",
            "Plural: {w}",
            "Was ist der Plural von {w}?",
            "Wie heißt es, wenn es mehrere sind: {w}?",
        ),
        "definition": (
            "Was bedeutet {w}?",
            "Erkläre {w} in einem Satz",
            "Bedeutung von {w}?",
            "Definiere {w} kurz",
            "Was ist mit {w} gemeint?",
        ),
    },
    "sv": {
        "synonym": (
            "Ge mig en synonym till {w}",
            "Vad är ett annat ord för {w}?",
            "Synonym: {w}",
            "Vilket ord betyder samma sak som {w}?",
            "Hur kan man annars säga {w}?",
        ),
        "antonym": (
            "Vad är motsatsen till {w}?",
            "Ge mig motsatsen till {w}",
            "Motsats: {w}",
            "Vilket ord är motsatsen till {w}?",
            "Vad heter motsatsen till {w}?",
        ),
        "plural": (
            "Vad heter {w} i plural?",
            "Skriv {w} i plural",
            "Plural: {w}",
            "Hur böjs {w} i plural?",
            "Vad säger man om det är flera: {w}?",
        ),
        "definition": (
            "Vad betyder {w}?",
            "Förklara {w} i en mening",
            "Betydelse av {w}?",
            "Definiera {w} kort",
            "Vad menas med {w}?",
        ),
    },
    "es": {
        "synonym": (
            "Dame un sinónimo de {w}",
            "¿Cuál es otra palabra para {w}?",
            "Sinónimo: {w}",
            "¿Qué palabra significa lo mismo que {w}?",
            "¿Cómo se puede decir {w} de otra manera?",
        ),
        "antonym": (
            "¿Cuál es el contrario de {w}?",
            "Dame el antónimo de {w}",
            "Antónimo: {w}",
            "¿Qué palabra es lo opuesto de {w}?",
            "Di lo contrario de {w}",
        ),
        "plural": (
            "¿Cuál es el plural de {w}?",
            "Escribe el plural de {w}",
            "Plural: {w}",
            "¿Cómo se dice {w} en plural?",
            "Pon {w} en plural",
        ),
        "definition": (
            "¿Qué significa {w}?",
            "Explica {w} en una frase",
            "¿Significado de {w}?",
            "Define {w} brevemente",
            "¿Qué quiere decir {w}?",
        ),
    },
    "fr": {
        "synonym": (
            "Donne-moi un synonyme de {w}",
            "Quel est un autre mot pour {w} ?",
            "Synonyme : {w}",
            "Quel mot veut dire la même chose que {w} ?",
            "Comment dire {w} autrement ?",
        ),
        "antonym": (
            "Quel est le contraire de {w} ?",
            "Donne l'antonyme de {w}",
            "Contraire : {w}",
            "Quel mot est le contraire de {w} ?",
            "Dis le contraire de {w}",
        ),
        "plural": (
            "Quel est le pluriel de {w} ?",
            "Écris le pluriel de {w}",
            "Pluriel : {w}",
            "Comment dit-on {w} au pluriel ?",
            "Mets {w} au pluriel",
        ),
        "definition": (
            "Que signifie {w} ?",
            "Explique {w} en une phrase",
            "Définition de {w} ?",
            "Définis {w} brièvement",
            "Que veut dire {w} ?",
        ),
    },
    "zh": {
        "synonym": (
            "“{w}”的近义词是什么？",
            "给我一个“{w}”的同义词",
            "近义词：{w}",
            "还有什么词和“{w}”意思一样？",
            "“{w}”还可以怎么说？",
        ),
        "antonym": (
            "“{w}”的反义词是什么？",
            "给我“{w}”的反义词",
            "反义词：{w}",
            "哪个词和“{w}”意思相反？",
            "写出“{w}”的反义词",
        ),
        "definition": (
            "“{w}”是什么意思？",
            "用一句话解释“{w}”",
            "“{w}”的含义？",
            "简单说明一下“{w}”",
            "“{w}”指的是什么？",
        ),
    },
}

SYNONYMS: Mapping[str, Sequence[str]] = {
    "en": (
        "big: large huge great enormous giant massive vast sizable substantial gigantic immense",
        "happy: glad joyful cheerful pleased delighted content merry joyous elated jolly thrilled",
        "fast: quick rapid speedy swift fleet hasty brisk",
        "beautiful: pretty lovely gorgeous attractive handsome stunning good-looking charming exquisite elegant fair",
        "sad: unhappy sorrowful miserable gloomy down melancholy depressed blue heartbroken mournful dejected upset",
        "small: little tiny mini miniature petite compact minute minor",
        "begin: start commence initiate launch open",
        "smart: clever intelligent bright brilliant wise sharp quick witty",
        "hard: difficult tough challenging firm solid demanding tricky rigid stiff arduous",
        "angry: mad furious cross irate annoyed enraged upset irritated livid incensed",
        "buy: purchase acquire get obtain procure",
        "help: assist aid support assistance",
        "end: finish conclusion close stop finale conclude terminate ending termination",
        "tired: exhausted weary sleepy fatigued drowsy worn-out drained",
        "easy: simple effortless straightforward uncomplicated plain",
        "rich: wealthy affluent prosperous well-off moneyed",
        "scared: afraid frightened terrified fearful startled anxious",
        "strange: odd weird peculiar unusual curious bizarre unfamiliar uncommon",
        "important: significant crucial vital essential key major critical",
        "funny: amusing humorous hilarious comical entertaining witty comic laughable",
        "quiet: silent calm still peaceful hushed noiseless tranquil",
        "brave: courageous bold fearless valiant heroic daring gallant",
        "answer: reply response respond solution",
        "rude: impolite discourteous disrespectful ill-mannered uncivil insolent impertinent",
        "choose: select pick opt decide elect",
        "wrong: incorrect false mistaken erroneous inaccurate untrue",
        "famous: well-known renowned celebrated noted popular prominent eminent",
        "shy: timid bashful reserved introverted reticent",
        "empty: vacant void hollow bare unoccupied blank",
        "lucky: fortunate blessed",
        "stubborn: obstinate headstrong pigheaded adamant inflexible determined persistent tenacious unyielding",
        "frugal: thrifty economical sparing saving prudent penny-wise",
        "reluctant: unwilling hesitant disinclined averse loath",
        "meticulous: careful thorough precise painstaking scrupulous detailed fastidious exacting diligent",
        "lethargic: sluggish listless tired lazy inactive weary drowsy languid apathetic torpid",
        "candid: frank honest open sincere straightforward outspoken truthful direct forthright blunt",
        "abundant: plentiful ample copious profuse bountiful plenteous",
        "obsolete: outdated old-fashioned outmoded archaic antiquated dated disused",
        "diligent: hardworking industrious assiduous studious hard-working conscientious meticulous persistent",
        "ephemeral: short-lived fleeting transient brief momentary transitory temporary passing",
        "garrulous: talkative chatty loquacious wordy verbose gossipy",
        "placid: calm peaceful serene tranquil quiet composed",
        "ubiquitous: omnipresent everywhere universal pervasive widespread ever-present",
        "laconic: terse brief concise short curt succinct pithy",
        "querulous: complaining petulant peevish whining irritable grumbling fretful",
    ),
    "de": (
        "schnell: rasch flott flink zügig geschwind eilig",
        "schön: hübsch wunderschön attraktiv reizend herrlich",
        "groß: riesig gewaltig enorm mächtig",
        "Auto: Wagen Pkw Fahrzeug Kraftfahrzeug",
        "beginnen: anfangen starten loslegen",
        "traurig: betrübt bekümmert niedergeschlagen unglücklich",
        "klug: intelligent schlau gescheit clever weise",
        "reden: sprechen plaudern sagen",
        "wütend: zornig sauer verärgert erbost böse",
        "ruhig: still leise friedlich gelassen",
        "Arzt: Doktor Mediziner",
        "selten: rar kaum",
        "geizig: knauserig knickrig sparsam",
        "tapfer: mutig furchtlos kühn",
        "eigensinnig: stur dickköpfig starrköpfig trotzig eigenwillig",
        "emsig: fleißig eifrig arbeitsam",
    ),
    "sv": (
        "snabb: rask kvick fort hastig",
        "vacker: fin snygg skön",
        "stor: enorm väldig jättestor",
        "glad: lycklig munter nöjd",
        "börja: starta inleda påbörja",
        "ledsen: sorgsen bedrövad nedstämd",
        "klok: smart vis intelligent förståndig",
        "prata: tala samtala snacka",
        "arg: ilsken förbannad sur vred",
        "tyst: stilla ljudlös lugn",
        "läkare: doktor",
        "modig: tapper djärv orädd",
        "envis: tjurig ihärdig halsstarrig",
        "flitig: arbetsam idog",
    ),
    "es": (
        "rápido: veloz ligero pronto",
        "bonito: hermoso lindo bello precioso guapo",
        "grande: enorme gigante inmenso amplio",
        "contento: feliz alegre satisfecho",
        "empezar: comenzar iniciar",
        "triste: apenado afligido infeliz melancólico",
        "inteligente: listo sabio astuto",
        "hablar: charlar conversar decir",
        "enfadado: enojado furioso molesto irritado",
        "tranquilo: calmado sereno quieto sosegado",
        "médico: doctor",
        "valiente: valeroso audaz bravo",
        "terco: testarudo obstinado tozudo cabezota",
        "tacaño: avaro mezquino agarrado",
    ),
    "fr": (
        "rapide: vite prompt véloce",
        "beau: joli magnifique superbe splendide",
        "grand: énorme immense vaste géant",
        "content: heureux joyeux satisfait ravi",
        "commencer: débuter démarrer entamer",
        "triste: malheureux chagriné morose mélancolique",
        "intelligent: malin brillant futé astucieux",
        "parler: discuter bavarder dire causer",
        "fâché: furieux énervé irrité mécontent en-colère",
        "calme: tranquille paisible serein",
        "médecin: docteur",
        "courageux: brave vaillant audacieux",
        "têtu: obstiné entêté buté",
        "avare: radin pingre",
    ),
    "zh": (
        "高兴: 开心 快乐 愉快 欢喜 喜悦",
        "美丽: 漂亮 好看 美 秀丽",
        "巨大: 庞大 宏大 很大 硕大",
        "聪明: 聪慧 智慧 机灵 伶俐 机智",
        "开始: 开端 起始 着手",
        "伤心: 难过 悲伤 悲痛 伤感",
        "安静: 宁静 寂静 平静 清静",
        "勇敢: 英勇 无畏 大胆",
        "固执: 顽固 执拗 倔强",
        "勤劳: 勤奋 勤快 辛勤",
        "吝啬: 小气 抠门",
        "著名: 有名 知名 闻名 出名",
    ),
}
"""Words from common to rare, with their synonyms."""

ANTONYMS: Mapping[str, Sequence[str]] = {
    "en": (
        "hot: cold cool chilly",
        "big: small little tiny",
        "up: down",
        "day: night",
        "happy: sad unhappy",
        "fast: slow",
        "old: young new",
        "open: closed close shut",
        "rich: poor",
        "light: dark heavy darkness",
        "early: late",
        "full: empty",
        "strong: weak",
        "clean: dirty",
        "wet: dry",
        "love: hate hatred",
        "buy: sell",
        "easy: hard difficult",
        "loud: quiet soft silent",
        "first: last",
        "win: lose",
        "cheap: expensive costly dear",
        "wide: narrow",
        "thick: thin",
        "deep: shallow",
        "remember: forget",
        "brave: cowardly afraid fearful timid coward",
        "accept: refuse reject decline",
        "success: failure",
        "arrive: leave depart",
        "ancient: modern new recent",
        "generous: stingy selfish mean greedy miserly",
        "increase: decrease reduce decline lower reduction",
        "polite: rude impolite",
        "guilty: innocent",
        "temporary: permanent lasting",
        "abundant: scarce rare sparse",
        "minimum: maximum",
        "expand: contract shrink",
        "humble: proud arrogant",
        "artificial: natural real genuine",
        "transparent: opaque",
        "optimist: pessimist",
        "vague: clear precise specific definite",
        "diligent: lazy idle negligent careless",
        "benign: malignant malign harmful malicious",
        "verbose: concise terse succinct brief laconic",
        "frugal: wasteful extravagant lavish spendthrift prodigal",
    ),
    "de": (
        "groß: klein",
        "heiß: kalt",
        "schnell: langsam",
        "Tag: Nacht",
        "alt: jung neu",
        "offen: geschlossen zu",
        "reich: arm",
        "hell: dunkel",
        "früh: spät",
        "voll: leer",
        "stark: schwach",
        "laut: leise ruhig",
        "teuer: billig günstig preiswert",
        "kaufen: verkaufen",
        "gewinnen: verlieren",
        "breit: schmal eng",
        "tief: flach hoch seicht",
        "fleißig: faul",
        "mutig: feige ängstlich",
        "Anfang: Ende Schluss",
        "großzügig: geizig kleinlich",
        "schuldig: unschuldig",
        "vorübergehend: dauerhaft ständig permanent bleibend",
        "bescheiden: überheblich arrogant eitel unbescheiden anspruchsvoll",
    ),
    "sv": (
        "stor: liten",
        "varm: kall",
        "snabb: långsam",
        "dag: natt",
        "gammal: ung ny",
        "öppen: stängd sluten",
        "rik: fattig",
        "ljus: mörk mörker",
        "tidig: sen",
        "full: tom",
        "stark: svag",
        "dyr: billig",
        "köpa: sälja",
        "vinna: förlora",
        "bred: smal",
        "djup: grund",
        "flitig: lat",
        "modig: feg rädd",
        "början: slut slutet",
        "generös: snål",
        "skyldig: oskyldig",
        "tillfällig: permanent varaktig",
    ),
    "es": (
        "grande: pequeño chico",
        "caliente: frío",
        "rápido: lento",
        "día: noche",
        "viejo: joven nuevo",
        "abierto: cerrado",
        "rico: pobre",
        "claro: oscuro",
        "temprano: tarde",
        "lleno: vacío",
        "fuerte: débil",
        "caro: barato",
        "comprar: vender",
        "ganar: perder",
        "ancho: estrecho angosto",
        "profundo: superficial somero",
        "trabajador: vago perezoso holgazán",
        "valiente: cobarde",
        "principio: fin final",
        "generoso: tacaño egoísta avaro",
        "culpable: inocente",
        "escaso: abundante",
    ),
    "fr": (
        "grand: petit",
        "chaud: froid",
        "rapide: lent",
        "jour: nuit",
        "vieux: jeune neuf nouveau",
        "ouvert: fermé",
        "riche: pauvre",
        "clair: sombre foncé obscur",
        "tôt: tard",
        "plein: vide",
        "fort: faible",
        "cher: bon-marché pas-cher abordable",
        "acheter: vendre",
        "gagner: perdre",
        "large: étroit",
        "profond: superficiel peu-profond",
        "travailleur: paresseux fainéant",
        "courageux: lâche peureux",
        "début: fin",
        "généreux: avare radin égoïste",
        "coupable: innocent",
        "éphémère: durable éternel permanent",
    ),
    "zh": (
        "大: 小",
        "热: 冷",
        "快: 慢",
        "白天: 夜晚 黑夜 晚上",
        "老: 年轻 少 新 嫩",
        "开: 关",
        "富有: 贫穷 贫困",
        "光明: 黑暗",
        "强: 弱",
        "便宜: 贵 昂贵",
        "买: 卖",
        "胜利: 失败",
        "宽: 窄",
        "深: 浅",
        "勤劳: 懒惰 懒",
        "勇敢: 胆小 懦弱 怯懦",
        "开始: 结束",
        "慷慨: 吝啬 小气",
        "谦虚: 骄傲 自大 傲慢",
        "暂时: 永久 长久 永远",
    ),
}
"""Words from common to rare, with their opposites."""

DEFINITIONS: Mapping[str, Sequence[str]] = {
    "en": (
        "baker: bread bake cake pastr",
        "library: book",
        "umbrella: rain sun",
        "teacher: teach school student educat",
        "hospital: sick ill medical patient doctor",
        "island: water sea ocean surrounded",
        "winter: cold season",
        "calendar: date day month year",
        "passport: travel identity document",
        "breakfast: morning first+meal",
        "orphan: parent",
        "widow: husband spouse died dead",
        "vegetarian: meat",
        "thermometer: temperature",
        "compass: north direction",
        "bilingual: two+languages language",
        "insomnia: sleep",
        "drought: rain water dry",
        "refund: money back return",
        "deadline: time date due limit",
        "invoice: bill pay payment amount",
        "tenant: rent lease",
        "carpenter: wood",
        "florist: flower",
        "antidote: poison toxin venom",
        "nocturnal: night",
        "philanthropist: donat money charit welfare giving gives",
        "arboretum: tree plant botan",
        "numismatist: coin currency",
        "somnambulist: sleep walk",
        "misanthrope: people human mankind dislike hate",
        "palindrome: backward both+directions reverse same",
    ),
    "de": (
        "Bäcker: brot back gebäck",
        "Bibliothek: buch büch",
        "Regenschirm: regen nass",
        "Insel: wasser meer umgeben",
        "Frühstück: morgen morgens erste+mahlzeit",
        "Rechnung: geld betrag zahl kosten",
        "Mieter: miete wohnung",
        "Vegetarier: fleisch",
        "Dürre: regen wasser trocken",
        "Schlaflosigkeit: schlaf",
        "Witwe: mann gestorben tod",
        "nachtaktiv: nacht",
    ),
    "sv": (
        "bagare: bröd bak",
        "bibliotek: böcker bok",
        "paraply: regn",
        "ö: vatten hav land",
        "frukost: morgon",
        "faktura: betal pengar belopp",
        "hyresgäst: hyr bostad lägenhet",
        "vegetarian: kött",
        "torka: regn vatten torr",
        "sömnlöshet: sov sömn",
        "änka: man make död",
        "nattaktiv: natt",
    ),
    "es": (
        "panadero: pan",
        "biblioteca: libro",
        "paraguas: lluvia",
        "isla: agua mar tierra",
        "desayuno: mañana primera+comida",
        "factura: pago dinero cobr pagar importe",
        "inquilino: alquil",
        "vegetariano: carne",
        "sequía: lluvia agua",
        "insomnio: dormir sueño",
        "viuda: marido esposo muri fallec",
        "nocturno: noche",
    ),
    "fr": (
        "boulanger: pain",
        "bibliothèque: livre",
        "parapluie: pluie",
        "île: eau mer terre",
        "petit déjeuner: matin premier+repas",
        "facture: pay argent montant somme",
        "locataire: lou loyer location",
        "végétarien: viande",
        "sécheresse: pluie eau",
        "insomnie: dormir sommeil",
        "veuve: mari époux mort décéd",
        "nocturne: nuit",
    ),
    "zh": (
        "面包师: 面包 烘",
        "图书馆: 书",
        "雨伞: 雨",
        "岛: 水 海 陆地",
        "早餐: 早",
        "发票: 付 钱 金额 凭证 款",
        "房客: 租 房",
        "素食者: 肉 素 蔬菜",
        "干旱: 雨 水 干",
        "失眠: 睡",
        "寡妇: 丈夫 死 去世",
        "夜行性: 夜 晚上",
    ),
}
"""Words from common to rare, with parts of words one of which every explanation holds; ``+`` joins several words."""

RHYMES: Sequence[str] = (
    "cat: hat bat mat rat sat fat that flat pat chat at",
    "day: way say play may stay pay gray grey today bay ray away they hay tray",
    "sun: fun run one done son bun gun won none begun",
    "night: light right bright fight sight might white kite tight flight bite quite knight",
    "tree: free see sea me bee be key knee we three tea agree",
    "house: mouse blouse spouse grouse",
    "rain: train pain gain brain main plane lane cane again chain plain",
    "star: car far bar jar guitar are",
    "time: climb lime crime dime prime chime",
    "blue: true new you shoe two do through few view who glue zoo flew",
    "song: long wrong strong belong along gong",
    "moon: soon spoon tune noon june balloon",
    "ball: tall fall call wall small all hall mall",
    "cake: lake make take bake snake wake break shake steak fake rake",
    "ring: sing king thing bring spring wing sting swing string",
    "dream: team cream stream seem scream beam gleam theme",
    "fire: desire wire tire choir hire higher liar buyer inspire",
    "heart: part start art smart cart chart apart",
    "snow: go show know low slow no so grow flow blow toe though",
    "bread: red head bed said dead led fed spread thread",
    "stone: bone phone alone throne zone own known grown tone",
    "flower: power hour tower shower sour our",
    "money: honey funny sunny bunny",
    "ocean: motion lotion devotion notion potion emotion commotion",
    "mountain: fountain",
    "station: nation vacation relation creation location education celebration",
    "sorrow: tomorrow borrow",
    "laughter: after rafter thereafter",
)
"""English words from easy to hard to rhyme, with rhymes."""

PLURALS: Mapping[str, Sequence[str]] = {
    "en": pool(
        "car:cars dog:dogs book:books box:boxes bus:buses baby:babies city:cities story:stories "
        "watch:watches dish:dishes "
        "child:children man:men woman:women foot:feet tooth:teeth mouse:mice goose:geese person:people knife:knives "
        "leaf:leaves wolf:wolves life:lives shelf:shelves half:halves potato:potatoes tomato:tomatoes hero:heroes "
        "piano:pianos sheep:sheep fish:fish|fishes deer:deer ox:oxen louse:lice crisis:crises analysis:analyses "
        "phenomenon:phenomena criterion:criteria cactus:cacti|cactuses fungus:fungi|funguses bacterium:bacteria "
        "axis:axes thesis:theses appendix:appendices|appendixes mother-in-law:mothers-in-law "
        "passer-by:passers-by alumnus:alumni corpus:corpora|corpuses larva:larvae|larvas"
    ),
    "de": pool(
        "Hund:Hunde Auto:Autos Buch:Bücher Haus:Häuser Kind:Kinder Apfel:Äpfel Stuhl:Stühle Lampe:Lampen Tisch:Tische "
        "Stadt:Städte Mann:Männer Frau:Frauen Zahn:Zähne Wort:Wörter|Worte Baum:Bäume Nacht:Nächte "
        "Vogel:Vögel Museum:Museen "
        "Thema:Themen Praktikum:Praktika Atlas:Atlanten|Atlasse Kaktus:Kakteen Lexikon:Lexika Globus:Globen|Globusse"
    ),
    "sv": pool(
        "bil:bilar hund:hundar bok:böcker hus:hus barn:barn äpple:äpplen stol:stolar lampa:lampor bord:bord "
        "stad:städer "
        "man:män kvinna:kvinnor tand:tänder ord:ord träd:träd natt:nätter fågel:fåglar museum:museer öga:ögon öra:öron "
        "gås:gäss mus:möss fot:fötter"
    ),
    "es": pool(
        "perro:perros coche:coches libro:libros casa:casas flor:flores ciudad:ciudades lápiz:lápices pez:peces "
        "luz:luces vez:veces árbol:árboles canción:canciones jardín:jardines inglés:ingleses rey:reyes "
        "lunes:lunes crisis:crisis paraguas:paraguas carácter:caracteres régimen:regímenes joven:jóvenes"
    ),
    "fr": pool(
        "chien:chiens voiture:voitures livre:livres maison:maisons fleur:fleurs cheval:chevaux journal:journaux "
        "bateau:bateaux gâteau:gâteaux jeu:jeux œil:yeux nez:nez prix:prix souris:souris genou:genoux bijou:bijoux "
        "travail:travaux animal:animaux hôpital:hôpitaux vitrail:vitraux festival:festivals bal:bals"
    ),
}
"""Nouns from regular to odd, with their plurals."""

TAILS: Mapping[str, Sequence[str]] = {
    "en": ("One word only.", "Just the word.", "No explanation."),
    "de": ("Nur ein Wort.", "Ohne Erklärung."),
    "sv": ("Bara ett ord.", "Ingen förklaring."),
    "es": ("Solo una palabra.", "Sin explicación."),
    "fr": ("Un seul mot.", "Sans explication."),
    "zh": ("只写一个词。", "不要解释。"),
}


def of_level(rows: Sequence[str], level: int) -> Sequence[str]:
    """The part of rows, sorted from easy to hard, that belongs to a level; neighbours overlap."""
    share = len(rows) / 6
    return rows[round((level - 1) * share) : round((level + 1) * share)]


def row(text: str) -> tuple[str, list[str]]:
    """A word, and what belongs to it."""
    word, _, others = text.partition(": ")
    return word, [
        other.replace("-", " ") if other in ("en-colère", "bon-marché", "pas-cher", "peu-profond") else other
        for other in others.split()
    ]


def named(text: str, accepted: Sequence[str], word: str, language: str) -> list[str]:
    """The accepted words that a text names, besides the word that was asked about."""
    if language == "zh":
        held = folded(text).replace(word, " ")
        return [each for each in accepted if each in held]
    held = joined(text).replace(joined(word), " ")
    return [each for each in accepted if joined(each) in held]


def candidates(text: str, word: str) -> int:
    """How many words a text offers as answers: pieces of one to three words."""
    pieces = re.split(r"[,;/、，\n]|\bor\b|\band\b|\boder\b|\bund\b", text[:400])
    return sum(1 <= len(words(each)) <= 3 and folded(word) != folded(each) for each in pieces)


def names_one(accepted: Sequence[str], word: str, language: str, needed: int = 1) -> Callable[[Answer], bool]:
    """A check that an answer names enough accepted words early on, and not many others beside them."""

    def check(answer: Answer) -> bool:
        text = answer.text
        early = text[: 120 if language == "zh" else 260]
        found = named(early, accepted, word, language)
        few = candidates(early, word) <= max(4, 2 * len(found) + 1)
        return len(found) >= needed and few and not rambles(text, 4)

    return check


def explains(parts: Sequence[str], word: str, language: str) -> Callable[[Answer], bool]:
    """A check that an answer explains a word: a few words in the language, with one that an explanation must hold."""
    wanted = [part.replace("+", " ") for part in parts]

    def check(answer: Answer) -> bool:
        text = answer.text
        rest = folded(text).replace(folded(word), " ")
        least = 4 if language == "zh" else 3
        return len(words(rest)) >= least and says_part(rest, wanted) and is_in(text, language) and not rambles(text, 2)

    return check


def quoted(rng: Random, word: str) -> str:
    """The word, in quotes more often than not."""
    return rng.choice(("{}", '"{}"', "'{}'", '"{}"')).format(word)


def ask(rng: Random, language: str, kind: str, word: str) -> Sequence[str]:
    """Wordings of a request about a word."""
    shown = word if language == "zh" else quoted(rng, word)
    return [request.format(w=shown) for request in REQUESTS[language][kind]]


def a_synonym(rng: Random, level: int, language: str) -> Item:
    """Name a synonym; at levels 4 and 5, in English, often three."""
    word, accepted = row(rng.choice(of_level(SYNONYMS[language], level)))
    three = language == "en" and level >= 4 and len(accepted) >= 6 and rng.random() < 0.5
    kind, needed = ("synonyms", 3) if three else ("synonym", 1)
    turns = worded(rng, language, ask(rng, language, kind, word), tails=() if three else TAILS[language])
    expected = ", ".join(accepted[:needed])
    return Item(turns, names_one(accepted, word, language, needed), 24 + 8 * needed, expected)


def an_antonym(rng: Random, level: int, language: str) -> Item:
    """Name the opposite."""
    word, accepted = row(rng.choice(of_level(ANTONYMS[language], level)))
    turns = worded(rng, language, ask(rng, language, "antonym", word), tails=TAILS[language])
    return Item(turns, names_one(accepted, word, language), 30, accepted[0])


EXAMPLE: Mapping[str, str] = {
    "en": "It is a word that has to do with {x}.",
    "de": "Das ist ein Wort, das mit {x} zu tun hat.",
    "sv": "Det är ett ord som har med {x} att göra.",
    "es": "Es una palabra que tiene que ver con {x}.",
    "fr": "C'est un mot qui est en rapport avec {x}.",
    "zh": "这个词与{x}有关。",
}


def a_definition(rng: Random, level: int, language: str) -> Item:
    """Say what a word means."""
    word, _, others = rng.choice(of_level(DEFINITIONS[language], level)).partition(": ")
    parts = others.split()
    turns = worded(rng, language, ask(rng, language, "definition", word))
    return Item(turns, explains(parts, word, language), 50, EXAMPLE[language].format(x=parts[0].replace("+", " ")))


def a_rhyme(rng: Random, level: int, language: str) -> Item:
    """Name a rhyme."""
    word, accepted = row(rng.choice(of_level(RHYMES, level)))
    turns = worded(rng, language, ask(rng, language, "rhyme", word), tails=TAILS[language])
    return Item(turns, names_one(accepted, word, language), 30, accepted[0])


def a_plural(rng: Random, level: int, language: str) -> Item:
    """Name the plural."""
    word, _, plural = rng.choice(of_level(PLURALS[language], level)).partition(":")
    accepted = plural.split("|")
    turns = worded(rng, language, ask(rng, language, "plural", word), tails=TAILS[language])

    def check(answer: Answer) -> bool:
        said = joined(answer.text[:200])
        count = sum(said.count(joined(each)) for each in accepted)
        # A plural that is like the singular must be more than the word repeated in "the plural of X".
        repeated = said.count(joined(word)) if word in accepted else 0
        return (
            count > 0 and (not repeated or count >= 2 or len(words(answer.text)) <= 3) and not rambles(answer.text, 4)
        )

    return Item(turns, check, 30, accepted[0])


MAKERS: Mapping[str, Callable[[Random, int, str], Item]] = {
    "synonym": a_synonym,
    "antonym": an_antonym,
    "definition": a_definition,
    "rhyme": a_rhyme,
    "plural": a_plural,
}


def make(rng: Random, level: int, language: str) -> Item:
    """An item of a level: the rarer the word, the higher."""
    kinds = [kind for kind in MAKERS if kind in REQUESTS[language]]
    return unless_repeated(MAKERS[rng.choice(kinds)](rng, level, language))


FAMILY = Family(name="word_meaning", title="synonyms, opposites, meanings, rhymes and plurals of words", make=make)

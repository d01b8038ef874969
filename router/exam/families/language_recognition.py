"""Telling which language a text is written in, well beyond the six that the exam asks in."""

from random import Random

from router.exam.checks.said import chosen, pattern, plain, repeats, words
from router.exam.content.language_names import NAMES
from router.exam.item import Answer, Family, Item
from router.exam.wording.phrasing import conversation

_TEXTS = {
    "en": """Where did you put the scissors?|The meeting was moved to Friday afternoon.|My grandmother bakes bread \
every Sunday.|
        We are out of milk again.|He wrote his name on the first page.|It will probably rain at the weekend.""",
    "de": """Wo hast du die Schere hingelegt?|Die Besprechung wurde auf Freitagnachmittag verschoben.|
        Meine Oma backt jeden Sonntag Brot.|Wir haben schon wieder keine Milch mehr.|Am Wochenende wird es wohl \
regnen.|
        Der Schlüssel liegt unter der Matte.""",
    "sv": """Var har du lagt saxen?|Mötet har flyttats till fredag eftermiddag.|Min mormor bakar bröd varje söndag.|
        Nu är mjölken slut igen.|Det blir nog regn i helgen.|Nyckeln ligger under mattan.|Jag hinner inte handla \
före klockan sex.""",
    "es": """¿Dónde has dejado las tijeras?|La reunión se cambió al viernes por la tarde.|Mi abuela hace pan todos \
los domingos.|
        Otra vez nos hemos quedado sin leche.|El fin de semana seguramente lloverá.|La llave está debajo de la \
alfombra.""",
    "fr": """Où as-tu mis les ciseaux ?|La réunion a été déplacée à vendredi après-midi.|Ma grand-mère fait du pain \
chaque dimanche.|
        Il n'y a plus de lait.|Il va sûrement pleuvoir ce week-end.|La clé est sous le tapis.""",
    "zh": """你把剪刀放在哪里了?|会议改到星期五下午了。|我奶奶每个星期天都烤面包。|牛奶又喝完了。|\
周末可能会下雨。|钥匙在垫子下面。""",
    "it": """Dove hai messo le forbici?|La riunione è stata spostata a venerdì pomeriggio.|Mia nonna fa il pane \
ogni domenica.|
        Il latte è finito di nuovo.|Nel fine settimana pioverà di sicuro.|La chiave è sotto lo zerbino.""",
    "ru": """Куда ты положил ножницы?|Совещание перенесли на пятницу.|Моя бабушка печёт хлеб каждое воскресенье.|
        Молоко опять закончилось.|В выходные, наверное, будет дождь.|Ключ лежит под ковриком.|Этот магазин ещё \
открыт?""",
    "ja": """はさみをどこに置きましたか。|会議は金曜日の午後に変わりました。|祖母は毎週日曜日にパンを焼きます。|
        牛乳がまたなくなりました。|週末はたぶん雨でしょう。|鍵はマットの下にあります。""",
    "pt": """Onde você colocou a tesoura?|A reunião foi adiada para sexta-feira à tarde.|Minha avó faz pão todos os \
domingos.|
        Não temos mais leite.|No fim de semana deve chover.|A chave está debaixo do tapete.""",
    "nl": """Waar heb je de schaar neergelegd?|De vergadering is verplaatst naar vrijdagmiddag.|Mijn oma bakt elke \
zondag brood.|
        De melk is alweer op.|Het gaat dit weekend waarschijnlijk regenen.|De sleutel ligt onder de mat.""",
    "ko": """가위를 어디에 두었어요?|회의가 금요일 오후로 바뀌었습니다.|할머니는 일요일마다 빵을 구우세요.|우유가 \
또 떨어졌어요.|
        주말에는 아마 비가 올 거예요.|열쇠는 매트 밑에 있습니다.""",
    "ar": """أين وضعت المقص؟|تم نقل الاجتماع إلى مساء الجمعة.|جدتي تخبز الخبز كل يوم أحد.|لقد نفد الحليب مرة أخرى.|
        من المحتمل أن تمطر في نهاية الأسبوع.|المفتاح تحت السجادة.""",
    "el": """Πού έβαλες το ψαλίδι;|Η συνάντηση μεταφέρθηκε στην Παρασκευή.|Η γιαγιά μου φτιάχνει ψωμί κάθε Κυριακή.|
        Τελείωσε πάλι το γάλα.|Το Σαββατοκύριακο μάλλον θα βρέξει.|Το κλειδί είναι κάτω από το χαλί.""",
    "he": """איפה שמת את המספריים?|הפגישה נדחתה ליום שישי.|סבתא שלי אופה לחם כל יום ראשון.|שוב נגמר החלב.|
        כנראה ירד גשם בסוף השבוע.|המפתח נמצא מתחת לשטיח.""",
    "hi": """तुमने कैंची कहाँ रखी है?|बैठक शुक्रवार दोपहर को होगी।|मेरी दादी हर रविवार को रोटी बनाती हैं।|दूध फिर \
से खत्म हो गया है।|
        सप्ताहांत में शायद बारिश होगी।|चाबी चटाई के नीचे है।""",
    "th": """คุณวางกรรไกรไว้ที่ไหน|การประชุมเลื่อนไปเป็นวันศุกร์|คุณยายของฉันอบขนมปังทุกวันอาทิตย์|นมหมดอีกแล้ว|\
สุดสัปดาห์นี้ฝนน่าจะตก|กุญแจอยู่ใต้พรม""",
    "pl": """Gdzie położyłeś nożyczki?|Spotkanie przeniesiono na piątek po południu.|Moja babcia piecze chleb w \
każdą niedzielę.|
        Znowu skończyło się mleko.|W weekend pewnie będzie padać deszcz.|Klucz leży pod wycieraczką.""",
    "tr": """Makası nereye koydun?|Toplantı cuma öğleden sonraya alındı.|Büyükannem her pazar ekmek yapar.|Süt yine \
bitmiş.|
        Hafta sonu büyük ihtimalle yağmur yağacak.|Anahtar paspasın altında.""",
    "da": """Hvor har du lagt saksen henne?|Mødet er blevet flyttet til fredag eftermiddag.|Min bedstemor bager \
brød hver søndag.|
        Nu er der ikke mere mælk.|Det bliver nok regnvejr i weekenden.|Jeg har købt nogle æbler og en smule kød til \
aftensmad.|
        Hvad koster det at tage af sted?""",
    "no": """Hvor har du lagt saksa hen?|Møtet er flyttet til fredag ettermiddag.|Bestemoren min baker brød hver \
søndag.|
        Nå er det tomt for melk igjen.|Det blir nok regn i helga.|Jeg har kjøpt noen epler og litt kjøtt til middag.|
        Hva koster det å dra av gårde med båten?""",
    "fi": """Mihin laitoit sakset?|Kokous siirrettiin perjantai-iltapäivään.|Isoäitini leipoo leipää joka \
sunnuntai.|Maito on taas loppu.|
        Viikonloppuna sataa varmaankin vettä.|Avain on maton alla.""",
    "cs": """Kam jsi dal nůžky?|Schůzka byla přesunuta na páteční odpoledne.|Moje babička peče chleba každou \
neděli.|Zase došlo mléko.|
        O víkendu bude nejspíš pršet.|Klíč je pod rohožkou.""",
    "hu": """Hová tetted az ollót?|Az értekezletet péntek délutánra tették át.|A nagymamám minden vasárnap kenyeret \
süt.|Megint elfogyott a tej.|
        A hétvégén valószínűleg esni fog.|A kulcs a lábtörlő alatt van.""",
    "ro": """Unde ai pus foarfeca?|Ședința a fost mutată vineri după-amiază.|Bunica mea face pâine în fiecare \
duminică.|
        S-a terminat din nou laptele.|La sfârșitul săptămânii probabil va ploua.|Cheia este sub covoraș.""",
    "uk": """Куди ти поклав ножиці?|Нараду перенесли на п'ятницю.|Моя бабуся пече хліб щонеділі.|Молоко знову \
закінчилося.|
        На вихідних, мабуть, буде дощ.|Ключ лежить під килимком.|Чи цей магазин ще відчинений?""",
    "vi": """Bạn để cái kéo ở đâu rồi?|Cuộc họp đã được dời sang chiều thứ Sáu.|Bà tôi nướng bánh mì vào mỗi Chủ \
nhật.|Lại hết sữa rồi.|
        Cuối tuần này có lẽ trời sẽ mưa.|Chìa khóa ở dưới tấm thảm.""",
    "id": """Di mana kamu menaruh gunting itu?|Rapat dipindahkan ke Jumat sore.|Nenek saya membuat roti setiap hari \
Minggu.|Susunya sudah habis lagi.|
        Akhir pekan ini mungkin akan hujan.|Kuncinya ada di bawah keset.""",
    "sk": """Kam si dal nožnice?|Stretnutie bolo presunuté na piatok popoludní.|Moja babka pečie chlieb každú \
nedeľu.|Zase sa minulo mlieko.|
        Cez víkend bude pravdepodobne pršať.|Kľúč je pod rohožkou.""",
    "hr": """Gdje si stavio škare?|Sastanak je premješten na petak poslijepodne.|Moja baka peče kruh svake \
nedjelje.|Opet je nestalo mlijeka.|
        Za vikend će vjerojatno padati kiša.|Ključ je ispod otirača.""",
    "ca": """On has posat les tisores?|La reunió s'ha ajornat fins divendres a la tarda.|La meva àvia fa pa cada \
diumenge.|
        Ens hem tornat a quedar sense llet.|Aquest cap de setmana segurament plourà.|La clau és sota l'estora.""",
    "sw": """Umeweka wapi mkasi?|Mkutano umehamishiwa Ijumaa alasiri.|Bibi yangu huoka mkate kila Jumapili.|Maziwa \
yamekwisha tena.|
        Labda mvua itanyesha mwishoni mwa wiki.|Ufunguo uko chini ya zulia.""",
    "et": """Kuhu sa käärid panid?|Koosolek lükati reede pärastlõunale.|Minu vanaema küpsetab igal pühapäeval \
leiba.|Piim sai jälle otsa.|
        Nädalavahetusel hakkab vist vihma sadama.|Võti on mati all.""",
    "lt": """Kur padėjai žirkles?|Susirinkimas perkeltas į penktadienio popietę.|Mano močiutė kiekvieną sekmadienį \
kepa duoną.|Pienas vėl baigėsi.|
        Savaitgalį tikriausiai lis.|Raktas yra po kilimėliu.""",
    "eu": """Non utzi dituzu guraizeak?|Bilera ostiral arratsaldera aldatu dute.|Nire amonak ogia egiten du \
igandero.|Berriro amaitu da esnea.|
        Asteburuan seguruenik euria egingo du.|Giltza alfonbraren azpian dago.""",
    "is": """Hvar settirðu skærin?|Fundinum var frestað fram á föstudag.|Amma mín bakar brauð á hverjum sunnudegi.|\
Mjólkin er aftur búin.|
        Það rignir líklega um helgina.|Lykillinn er undir mottunni.""",
    "cy": """Ble rhoist ti'r siswrn?|Mae'r cyfarfod wedi symud i brynhawn Gwener.|Mae fy mam-gu yn pobi bara bob \
dydd Sul.|
        Does dim llaeth ar ôl eto.|Bydd hi'n bwrw glaw dros y penwythnos.|Mae'r allwedd o dan y mat.""",
    "ga": """Cár chuir tú an siosúr?|Cuireadh an cruinniú siar go tráthnóna Dé hAoine.|Déanann mo sheanmháthair \
arán gach Domhnach.|
        Tá an bainne imithe arís.|Is dócha go mbeidh báisteach ann ag an deireadh seachtaine.|Tá an eochair faoin \
mata.""",
}
_BY_LANGUAGE = {code: tuple(part.strip() for part in text.split("|")) for code, text in _TEXTS.items()}

_KNOWN = ("en", "de", "es", "fr", "zh", "it", "ru", "ja")
_COMMON = (*_KNOWN, "pt", "nl", "sv", "ko", "ar", "el", "hi", "he", "th")
_LESS_COMMON = ("pl", "tr", "da", "no", "fi", "cs", "hu", "ro", "uk", "vi", "id", "sv", "nl", "pt")
_RARE = ("sk", "hr", "ca", "sw", "et", "lt", "eu", "is", "cy", "ga", "uk", "no", "da", "hu", "ro", "fi")
_ALIKE = (
    ("da", "no", "sv", "is"),
    ("cs", "sk", "pl", "hr"),
    ("pt", "es", "ca", "it", "ro"),
    ("uk", "ru"),
    ("et", "fi", "hu", "lt"),
    ("cy", "ga", "eu"),
    ("sw", "id", "tr", "vi"),
)
_FRAGMENTS = {
    "da": (
        "nogle æbler",
        "hvad hedder du",
        "af sted",
        "på arbejde i morgen tidlig",
        "jeg hedder",
        "farvel og tak for mad",
    ),
    "no": ("noen epler", "hva heter du", "av gårde", "ikke noe å takke for", "jeg heter", "ukentlig handletur"),
    "sv": ("några äpplen", "vad heter du", "jag heter", "inte så farligt", "hej då och tack", "lördag kväll"),
    "cs": ("dobrý večer, jak se máte", "příští týden", "děkuji, není zač", "čerstvé ovoce", "třetí patro"),
    "sk": ("dobrý večer, ako sa máte", "budúci týždeň", "ďakujem, nie je za čo", "čerstvé ovocie", "tretie poschodie"),
    "pl": (
        "dobry wieczór, jak się masz",
        "w przyszłym tygodniu",
        "dziękuję, nie ma za co",
        "świeże owoce",
        "trzecie piętro",
    ),
    "hr": ("dobra večer, kako ste", "sljedeći tjedan", "hvala, nema na čemu", "svježe voće", "treći kat"),
    "pt": ("amanhã de manhã", "muito obrigado", "não há pão", "as crianças estão lá fora", "até logo"),
    "es": ("mañana por la mañana", "muchas gracias", "no hay pan", "los niños están fuera", "hasta luego"),
    "ca": ("demà al matí", "moltes gràcies", "no hi ha pa", "els nens són fora", "fins aviat"),
    "it": ("domani mattina", "molte grazie", "non c'è pane", "i bambini sono fuori", "a più tardi"),
    "ro": ("mâine dimineață", "mulțumesc mult", "nu este pâine", "copiii sunt afară", "pe curând"),
    "uk": ("дякую за гостинність", "що це таке", "наступного тижня", "свіжі яблука є", "де їдальня"),
    "ru": ("спасибо за гостеприимство", "что это такое", "на следующей неделе", "свежие яблоки есть", "где столовая"),
    "et": ("tere hommikust", "suur tänu", "järgmisel nädalal", "kas sa räägid", "kolmas korrus"),
    "fi": ("hyvää huomenta", "kiitos paljon", "ensi viikolla", "puhutko sinä", "kolmas kerros"),
    "hu": ("jó reggelt", "köszönöm szépen", "jövő héten", "beszélsz velem", "harmadik emelet"),
    "lt": ("labas rytas", "labai ačiū", "kitą savaitę", "ar kalbi", "trečias aukštas"),
}

_ASKING = {
    "en": (
        "Which language is this? {text}",
        "What language is this: {text}",
        "What language is this written in?\n\n{text}",
        'What language is "{text}"?',
        "{text}\n\nWhich language is that?",
        "{text}\n\nWhat language is this text in?",
        "Identify the language: {text}",
        "Detect the language of the following text: {text}",
        "language? {text}",
        "Name the language of this sentence: {text}",
        "Can you tell me what language this is? {text}",
        "I got this message from a customer and can't read it. What language is it in?\n{text}",
        "A note was stuck to my door: {text} Which language is this?",
        "My new neighbour said this to me: {text} What language does she speak?",
        "We need to forward this ticket to the right team. Language of the ticket?\n\n{text}",
        "Found this on an old postcard. Please tell me the language. {text}",
        "Text: {text}\nLanguage:",
        "In what language would someone write '{text}'?",
        "Please identify which language the text below is written in.\n{text}",
    ),
    "de": (
        "Welche Sprache ist das? {text}",
        "In welcher Sprache ist das geschrieben?\n\n{text}",
        "{text}\n\nWas ist das für eine Sprache?",
        "Erkenne die Sprache: {text}",
        "Sprache? {text}",
        "Ein Kunde hat uns das geschickt: {text} Welche Sprache ist das?",
        "Text: {text}\nSprache:",
    ),
    "sv": (
        "Vilket språk är det här? {text}",
        "På vilket språk är detta skrivet?\n\n{text}",
        "{text}\n\nVad är det för språk?",
        "Identifiera språket: {text}",
        "Språk? {text}",
        "En kund skickade oss det här: {text} Vilket språk är det?",
        "Text: {text}\nSpråk:",
    ),
    "es": (
        "¿Qué idioma es este? {text}",
        "¿En qué idioma está escrito esto?\n\n{text}",
        "{text}\n\n¿Qué idioma es?",
        "Identifica el idioma: {text}",
        "¿Idioma? {text}",
        "Un cliente nos ha enviado esto: {text} ¿En qué lengua está?",
        "Texto: {text}\nIdioma:",
    ),
    "fr": (
        "Quelle est cette langue ? {text}",
        "Dans quelle langue est-ce écrit ?\n\n{text}",
        "{text}\n\nC'est quelle langue ?",
        "Identifie la langue : {text}",
        "Langue ? {text}",
        "Un client nous a envoyé ceci : {text} De quelle langue s'agit-il ?",
        "Texte : {text}\nLangue :",
    ),
    "zh": (
        "这是什么语言?{text}",
        "下面的文字是用什么语言写的?\n\n{text}",
        "{text}\n\n这是哪种语言?",
        "识别语言:{text}",
        "语言?{text}",
        "一位客户发来这段话:{text} 请问这是哪国语言?",
        "文本:{text}\n语言:",
    ),
}
_TWO = {
    "en": (
        "This text mixes two languages. Which ones?\n{text}",
        "Which two languages are used here? {text}",
        "{text}\n\nName both languages.",
        "Two people wrote this chat, each in their own language. Which languages?\n\n{text}",
        "what 2 languages are these: {text}",
    ),
    "de": ("Welche zwei Sprachen kommen hier vor? {text}", "{text}\n\nNenne beide Sprachen."),
    "sv": ("Vilka två språk används här? {text}", "{text}\n\nNämn båda språken."),
    "es": ("¿Qué dos idiomas aparecen aquí? {text}", "{text}\n\nNombra los dos idiomas."),
    "fr": ("Quelles sont les deux langues utilisées ici ? {text}", "{text}\n\nNomme les deux langues."),
    "zh": ("这里用了哪两种语言?{text}", "{text}\n\n请说出这两种语言。"),
}
_EITHER = {
    "en": ("Is this {a} or {b}? {text}", "{text}\n{a} or {b}?", "{a}, {b} or {c}? {text}"),
    "de": ("Ist das {a} oder {b}? {text}", "{text}\n{a}, {b} oder {c}?"),
    "sv": ("Är det här {a} eller {b}? {text}", "{text}\n{a}, {b} eller {c}?"),
    "es": ("¿Esto es {a} o {b}? {text}", "{text}\n¿{a}, {b} o {c}?"),
    "fr": ("Est-ce {a} ou {b} ? {text}", "{text}\nEst-ce {a}, {b} ou {c} ?"),
    "zh": ("这是{a}还是{b}?{text}", "{text}\n这是{a}、{b}还是{c}?"),
}
_BRIEF = {
    "en": ("Just the name of the language.", "Answer in one word.", "One word please."),
    "de": ("Nur den Namen der Sprache.", "Antworte mit einem Wort."),
    "sv": ("Bara språkets namn.", "Svara med ett ord."),
    "es": ("Solo el nombre del idioma.", "Responde con una palabra."),
    "fr": ("Seulement le nom de la langue.", "Réponds en un mot."),
    "zh": ("只写语言名称。", "请用一个词回答。"),
}


def _forms(language: str) -> dict[str, tuple[str, ...]]:
    """The names of all languages, in the language that is asked in and in English."""
    return {code: (*forms, *NAMES["en"][code]) for code, forms in NAMES[language].items()}


def names_both(answer: str, language: str, codes: tuple[str, str]) -> bool:
    """Whether an answer names both languages and no third."""
    text = plain(answer)
    named = {code for code, forms in _forms(language).items() if pattern(forms).search(text)}
    return named == set(codes) and len(words(text)) <= 60


def _text(rng: Random, level: int, code: str) -> str:
    if level == 5 and code in _FRAGMENTS:
        return rng.choice(_FRAGMENTS[code])
    return " ".join(rng.sample(_BY_LANGUAGE[code], 2 if level <= 2 else 1))


def _code(rng: Random, level: int, language: str) -> str:
    if level == 5:
        return rng.choice(rng.choice(_ALIKE))
    pool = {1: _KNOWN, 2: _COMMON, 3: _LESS_COMMON, 4: _RARE}[level]
    return rng.choice([code for code in pool if code != language or level == 1])


def _make(rng: Random, level: int, language: str) -> Item:
    if level >= 4 and rng.random() < 0.25:
        return _two_languages(rng, level, language)
    code = _code(rng, level, language)
    text = _text(rng, level, code)
    templates, slots = _ASKING[language], {}
    if rng.random() < 0.2:
        alike = next((group for group in _ALIKE if code in group), _COMMON)
        others = rng.sample([other for other in (alike if level >= 3 else _COMMON) if other != code], 1)
        others += rng.sample([other for other in _COMMON if other not in (code, *others)], 1)
        offered = [code, *others]
        rng.shuffle(offered)
        if offered[2] == code:
            offered[0], offered[2] = offered[2], offered[0]
        templates = _EITHER[language]
        slots = {slot: NAMES[language][other][0] for slot, other in zip("abc", offered, strict=True)}
    turns = conversation(rng, language, templates, _BRIEF[language], text=text, **slots)
    forms = _forms(language)

    def check(answer: Answer) -> bool:
        return not repeats(answer.text, turns[-1].text) and chosen(answer.text, forms) == code

    return Item(turns, check, max_tokens=24, expected=NAMES[language][code][0])


def _two_languages(rng: Random, level: int, language: str) -> Item:
    pool = [code for code in (_LESS_COMMON if level == 4 else (*_RARE, *_LESS_COMMON)) if code != language]
    first = rng.choice(pool)
    second = rng.choice([code for code in pool if code != first])
    text = " ".join(rng.choice(_BY_LANGUAGE[code]) for code in (first, second))
    turns = conversation(rng, language, _TWO[language], text=text)
    names = NAMES[language]

    def check(answer: Answer) -> bool:
        return names_both(answer.text, language, (first, second))

    return Item(turns, check, max_tokens=32, expected=f"{names[first][0]}, {names[second][0]}")


FAMILY = Family(name="language_recognition", title="telling which language a text is in", make=_make)

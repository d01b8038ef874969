"""Sorting, numbering, joining and changing the case of lists and sentences."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from random import Random

from router.exam.checks.written_answers import WORD, folded, unless_repeated, without_fence, words
from router.exam.content.names_and_goods import CITIES, FIRST_NAMES, pool
from router.exam.item import Answer, Family, Item
from router.exam.wording.openers import worded

REQUESTS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "sort": (
            "Sort this list alphabetically",
            "Put these words in alphabetical order",
            "Arrange the words from A to Z",
            "Order these alphabetically",
            "alphabetical order:",
            "sort a-z:",
            "Alphabetize this list",
            "Bring these items into alphabetical order",
            "Rewrite the list in alphabetical order",
            "What is the alphabetical order of these words?",
            "How would these be sorted alphabetically?",
            "Sort the following items by name",
            "Give me these in ABC order",
            "List these items alphabetically",
            "I need this list sorted from A to Z",
        ),
        "sort down": (
            "Sort this list in reverse alphabetical order",
            "Arrange the words from Z to A",
            "Put these in reverse alphabetical order",
            "Order the items alphabetically, but backwards, Z first",
            "sort z-a:",
            "List these from Z to A",
            "Sort these words descending by name",
            "I need these in descending alphabetical order",
            "Rewrite the list from Z to A",
            "Alphabetize this list in reverse",
            "Can I have these sorted from Z down to A?",
            "reverse alphabetical:",
            "Bring the words into descending alphabetical order",
            "Sort the items, last letter of the alphabet first",
        ),
        "numbers": (
            "Sort these numbers from smallest to largest",
            "Put the numbers in ascending order",
            "Order these numbers, smallest first",
            "Arrange these from lowest to highest",
            "ascending order:",
            "sort ascending:",
            "Sort the numbers in increasing order",
            "What are these numbers in order, smallest to biggest?",
            "List these numbers from low to high",
            "Rank the numbers from smallest to greatest",
            "Rewrite the numbers in rising order",
            "Bring these numbers in the right order, lowest first",
            "Sort this list numerically",
            "I need the numbers ordered from least to greatest",
        ),
        "numbers down": (
            "Sort these numbers from largest to smallest",
            "Put the numbers in descending order",
            "Order these numbers, biggest first",
            "Arrange these from highest to lowest",
            "descending order:",
            "sort descending:",
            "Sort the numbers in decreasing order",
            "What are these numbers in order, largest first?",
            "List these numbers from high to low",
            "Rank the numbers from greatest to smallest",
            "Rewrite the numbers in falling order",
            "Bring these numbers in order, highest first",
            "Sort this list numerically, largest first",
            "I need the numbers ordered from greatest to least",
        ),
        "reverse": (
            "Reverse this list",
            "Reverse the order of these items",
            "Write the list backwards, last item first",
            "Put these in the opposite order",
            "reverse order:",
            "Flip the order of this list",
            "List the items from last to first",
            "Give me the list in reverse order",
            "Turn the list around so the last one comes first",
            "Start with the last item and end with the first",
            "Rewrite this list in reverse order",
            "Can you read the list back to front?",
            "What is this list in reverse order?",
            "Invert the order of the items",
        ),
        "unique": (
            "Remove the duplicates from this list",
            "Delete repeated items",
            "List each item only once",
            "Remove doubles and keep the order",
            "dedupe:",
            "Take out the duplicates",
            "Clean this list so that nothing appears twice",
            "Give me the list without repeats",
            "Which different items are in this list?",
            "Deduplicate this list",
            "Drop the entries that appear a second time",
            "Keep only the first of each item",
            "I need the unique items of this list",
            "Filter out duplicates",
        ),
        "upper": (
            "Write this in capital letters",
            "Convert this sentence to uppercase",
            "Make everything uppercase",
            "uppercase:",
            "Put this in all caps",
            "Change this to upper case",
            "Write the sentence in ALL CAPS",
            "Turn all letters into capitals",
            "How does this look in capital letters?",
            "Capitalize every letter",
            "Rewrite this sentence in block capitals",
            "all caps:",
            "I need this in upper case",
            "Give me this sentence in capitals",
        ),
        "lower": (
            "Write this in lower case",
            "Convert this sentence to lowercase",
            "Make everything lowercase",
            "lowercase:",
            "Change this to small letters",
            "Remove all capital letters by making them small",
            "Turn all letters into lower case",
            "How does this look in lowercase?",
            "Rewrite this sentence in lowercase letters only",
            "Stop the shouting and write this in lower case",
            "I need this in lower case",
            "all lower case:",
            "Give me this sentence without any capitals",
            "Put this in small letters",
        ),
        "title": (
            "Capitalize the first letter of every word",
            "Write this in title case",
            "Convert this to title case",
            "title case:",
            "Start every word with a capital letter",
            "Make this a headline with each word capitalized",
            "Put this heading in title case",
            "Give each word a capital first letter",
            "Rewrite this as a title with capitals",
            "How does this look in title case?",
            "Change this to Title Case",
            "Capitalise each word",
            "I need this heading in title case",
            "Turn this into a title-case headline",
        ),
        "numbered": (
            "Make a numbered list of these",
            "Number these items",
            "Turn this into a numbered list",
            "Write these as a numbered list",
            "numbered list:",
            "Put numbers in front of the items, one per line",
            "Format these as 1., 2., 3. and so on",
            "Rewrite this list with numbers",
            "List these with numbers",
            "Convert this to a numbered list",
            "Can I have these as a numbered list?",
            "Give every item a number, starting at 1",
            "I want this as an ordered list with numbers",
            "Create a numbered list from this list",
        ),
        "bullets": (
            "Make a bullet list of these",
            "Turn this into bullet points",
            "Write these as bullet points",
            "Convert this to a bulleted list",
            "bullet points:",
            "Put each item on its own line with a dash",
            "Format these as a bullet list",
            "Rewrite this list with bullets",
            "List these as bullets",
            "Give me these as bullet points",
            "Can I have these as bullet points?",
            "Break this up into bullet points",
            "Use one bullet for each item",
            "I want these in a bulleted list",
        ),
        "commas": (
            "Join these with commas on one line",
            "Make this a comma separated list",
            "Put everything on one line, separated by commas",
            "comma separated:",
            "Write these on a single line with commas",
            "Turn this list into one line with commas",
            "Convert the lines to a comma-separated list",
            "Give me these separated by commas",
            "Combine these lines into one, use commas",
            "Replace the line breaks by commas",
            "Can I have these on one line with commas between them?",
            "Rewrite this as one comma-separated line",
            "I need this list in one line, commas between the items",
            "Format as a, b, c on one line",
        ),
    },
    "de": {
        "sort": (
            "Sortiere diese Liste alphabetisch",
            "Ordne die Wörter von A bis Z",
            "Bringe das in alphabetische Reihenfolge",
            "Alphabetisch sortieren:",
            "Kannst du diese Liste nach dem Alphabet ordnen?",
        ),
        "sort down": (
            "Sortiere diese Liste von Z bis A",
            "Ordne die Wörter rückwärts nach dem Alphabet",
            "Absteigend alphabetisch sortieren:",
            "Kannst du das von Z nach A ordnen?",
            "Bringe die Wörter in umgekehrte alphabetische Reihenfolge",
        ),
        "numbers": (
            "Sortiere die Zahlen von klein nach groß",
            "Ordne diese Zahlen aufsteigend",
            "Bringe die Zahlen in die richtige Reihenfolge, die kleinste zuerst",
            "Aufsteigend sortieren:",
            "Kannst du die Zahlen der Größe nach ordnen, beginnend mit der kleinsten?",
        ),
        "numbers down": (
            "Sortiere die Zahlen von groß nach klein",
            "Ordne diese Zahlen absteigend",
            "Die größte Zahl zuerst:",
            "Absteigend sortieren:",
            "Kannst du die Zahlen ordnen, die größte zuerst?",
        ),
        "reverse": (
            "Drehe diese Liste um",
            "Schreibe die Liste in umgekehrter Reihenfolge",
            "Beginne mit dem letzten Eintrag und ende mit dem ersten",
            "Umgekehrte Reihenfolge:",
            "Kannst du diese Liste von hinten nach vorn schreiben?",
        ),
        "unique": (
            "Entferne die doppelten Einträge",
            "Nenne jeden Eintrag nur einmal",
            "Lösche alles, was doppelt vorkommt",
            "Ohne Doppelte:",
            "Kannst du aus der Liste die Wiederholungen streichen?",
        ),
        "upper": (
            "Schreibe das in Großbuchstaben",
            "Wandle diesen Satz in Großbuchstaben um",
            "Alles groß schreiben:",
            "Setze alles in Großbuchstaben",
            "Wie sieht das in Großbuchstaben aus?",
        ),
        "lower": (
            "Schreibe das in Kleinbuchstaben",
            "Wandle diesen Satz in Kleinbuchstaben um",
            "Alles klein schreiben:",
            "Mach alle Buchstaben klein",
            "Wie sieht das in Kleinbuchstaben aus?",
        ),
        "numbered": (
            "Mach daraus eine nummerierte Liste",
            "Nummeriere die Einträge, einer pro Zeile",
            "Nummerierte Liste:",
            "Schreibe das als Liste mit 1., 2., 3.",
            "Kann ich das als nummerierte Liste haben?",
        ),
        "bullets": (
            "Mach daraus eine Liste mit Aufzählungspunkten",
            "Schreibe jeden Eintrag mit einem Strich in eine eigene Zeile",
            "Stichpunkte:",
            "Wandle das in Stichpunkte um",
            "Kann ich das als Aufzählung mit Punkten haben?",
        ),
        "commas": (
            "Schreibe das in eine Zeile, durch Kommas getrennt",
            "Verbinde die Zeilen mit Kommas",
            "Mit Kommas in einer Zeile:",
            "Mach daraus eine kommagetrennte Liste",
            "Kann ich das in einer Zeile mit Kommas haben?",
        ),
    },
    "sv": {
        "sort": (
            "Sortera den här listan i bokstavsordning",
            "Ordna orden från A till Ö",
            "Ställ orden i alfabetisk ordning",
            "I bokstavsordning:",
            "Kan du sortera listan alfabetiskt?",
        ),
        "sort down": (
            "Sortera orden i omvänd bokstavsordning",
            "Ordna orden baklänges efter alfabetet",
            "Omvänd bokstavsordning:",
            "Kan du sortera listan fallande efter alfabetet?",
            "Sortera listan alfabetiskt, men med sista bokstaven först",
        ),
        "numbers": (
            "Sortera talen från minst till störst",
            "Ordna talen i stigande ordning",
            "Skriv talen med det minsta först",
            "Stigande ordning:",
            "Kan du sortera talen från lägst till högst?",
        ),
        "numbers down": (
            "Sortera talen från störst till minst",
            "Ordna talen i fallande ordning",
            "Skriv talen med det största först",
            "Fallande ordning:",
            "Kan du sortera talen från högst till lägst?",
        ),
        "reverse": (
            "Vänd på den här listan",
            "Skriv listan i omvänd ordning",
            "Börja med det sista och sluta med det första",
            "Omvänd ordning:",
            "Kan du skriva listan baklänges, med det sista först?",
        ),
        "unique": (
            "Ta bort dubbletterna",
            "Skriv varje sak bara en gång",
            "Stryk allt som förekommer två gånger",
            "Utan dubbletter:",
            "Kan du rensa listan från upprepningar?",
        ),
        "upper": (
            "Skriv det här med stora bokstäver",
            "Gör om meningen till versaler",
            "Allt med versaler:",
            "Byt till stora bokstäver",
            "Hur ser det ut med stora bokstäver?",
        ),
        "lower": (
            "Skriv det här med små bokstäver",
            "Gör om meningen till gemener",
            "Allt med gemener:",
            "Byt till små bokstäver",
            "Hur ser det ut med små bokstäver?",
        ),
        "numbered": (
            "Gör en numrerad lista",
            "Numrera sakerna, en per rad",
            "Numrerad lista:",
            "Skriv det som en lista med 1., 2., 3.",
            "Kan jag få det som en numrerad lista?",
        ),
        "bullets": (
            "Gör en punktlista",
            "Skriv varje sak på en egen rad med ett streck",
            "Punktlista:",
            "Gör om det till punkter",
            "Kan jag få det som en punktlista?",
        ),
        "commas": (
            "Skriv allt på en rad med komma emellan",
            "Sätt ihop raderna med kommatecken",
            "På en rad med komma:",
            "Gör en kommaseparerad lista",
            "Kan jag få det på en rad med komma emellan?",
        ),
    },
    "es": {
        "sort": (
            "Ordena esta lista alfabéticamente",
            "Pon las palabras de la A a la Z",
            "Pon esto en orden alfabético",
            "Orden alfabético:",
            "¿Puedes ordenar esta lista por el abecedario?",
        ),
        "sort down": (
            "Ordena las palabras de la Z a la A",
            "Pon la lista en orden alfabético inverso",
            "Orden alfabético inverso:",
            "¿Puedes ordenar esto de la Z a la A?",
            "Ordena alfabéticamente, pero al revés",
        ),
        "numbers": (
            "Ordena los números de menor a mayor",
            "Pon los números en orden ascendente",
            "Escribe los números empezando por el más pequeño",
            "De menor a mayor:",
            "¿Puedes ordenar estos números de menor a mayor?",
        ),
        "numbers down": (
            "Ordena los números de mayor a menor",
            "Pon los números en orden descendente",
            "Escribe los números empezando por el más grande",
            "De mayor a menor:",
            "¿Puedes ordenar estos números de mayor a menor?",
        ),
        "reverse": (
            "Invierte esta lista",
            "Escribe la lista en orden inverso",
            "Empieza por el último y acaba por el primero",
            "Orden inverso:",
            "¿Puedes dar la vuelta a esta lista?",
        ),
        "unique": (
            "Elimina los duplicados",
            "Escribe cada elemento una sola vez",
            "Quita lo que está repetido",
            "Sin repetidos:",
            "¿Puedes quitar las repeticiones de la lista?",
        ),
        "upper": (
            "Escribe esto en mayúsculas",
            "Convierte esta frase a mayúsculas",
            "Todo en mayúsculas:",
            "Pon todas las letras en mayúscula",
            "¿Cómo queda esto en mayúsculas?",
        ),
        "lower": (
            "Escribe esto en minúsculas",
            "Convierte esta frase a minúsculas",
            "Todo en minúsculas:",
            "Pon todas las letras en minúscula",
            "¿Cómo queda esto en minúsculas?",
        ),
        "numbered": (
            "Haz una lista numerada",
            "Numera los elementos, uno por línea",
            "Lista numerada:",
            "Escribe esto como lista con 1., 2., 3.",
            "¿Puedes hacer una lista numerada con esto?",
        ),
        "bullets": (
            "Haz una lista con viñetas",
            "Escribe cada elemento en su línea con un guion",
            "Viñetas:",
            "Convierte esto en una lista de puntos",
            "¿Puedes poner esto en viñetas?",
        ),
        "commas": (
            "Escribe todo en una línea separado por comas",
            "Une las líneas con comas",
            "En una línea con comas:",
            "Haz una lista separada por comas",
            "¿Puedes poner esto en una línea con comas?",
        ),
    },
    "fr": {
        "sort": (
            "Trie cette liste par ordre alphabétique",
            "Range les mots de A à Z",
            "Mets ces mots dans l'ordre alphabétique",
            "Ordre alphabétique :",
            "Peux-tu classer cette liste par ordre alphabétique ?",
        ),
        "sort down": (
            "Range les mots de Z à A",
            "Trie cette liste par ordre alphabétique inverse",
            "Ordre alphabétique inverse :",
            "Peux-tu classer ces mots de Z à A ?",
            "Classe cette liste en partant de la fin de l'alphabet",
        ),
        "numbers": (
            "Trie les nombres du plus petit au plus grand",
            "Mets les nombres dans l'ordre croissant",
            "Écris les nombres en commençant par le plus petit",
            "Ordre croissant :",
            "Peux-tu ranger ces nombres du plus petit au plus grand ?",
        ),
        "numbers down": (
            "Trie les nombres du plus grand au plus petit",
            "Mets les nombres dans l'ordre décroissant",
            "Écris les nombres en commençant par le plus grand",
            "Ordre décroissant :",
            "Peux-tu ranger ces nombres du plus grand au plus petit ?",
        ),
        "reverse": (
            "Inverse cette liste",
            "Écris la liste dans l'ordre inverse",
            "Commence par le dernier et finis par le premier",
            "Ordre inverse :",
            "Peux-tu retourner cette liste, le dernier en premier ?",
        ),
        "unique": (
            "Supprime les doublons",
            "Écris chaque élément une seule fois",
            "Enlève ce qui est répété",
            "Sans doublons :",
            "Peux-tu enlever les répétitions de la liste ?",
        ),
        "upper": (
            "Écris ceci en majuscules",
            "Convertis cette phrase en majuscules",
            "Tout en majuscules :",
            "Mets toutes les lettres en majuscules",
            "Que donne cette phrase en majuscules ?",
        ),
        "lower": (
            "Écris ceci en minuscules",
            "Convertis cette phrase en minuscules",
            "Tout en minuscules :",
            "Mets toutes les lettres en minuscules",
            "Que donne cette phrase en minuscules ?",
        ),
        "numbered": (
            "Fais une liste numérotée",
            "Numérote les éléments, un par ligne",
            "Liste numérotée :",
            "Écris ceci comme une liste avec 1., 2., 3.",
            "Peux-tu en faire une liste numérotée ?",
        ),
        "bullets": (
            "Fais une liste à puces",
            "Écris chaque élément sur une ligne avec un tiret",
            "Liste à puces :",
            "Transforme cela en puces",
            "Peux-tu mettre cela en liste à puces ?",
        ),
        "commas": (
            "Écris tout sur une ligne avec des virgules",
            "Relie les lignes par des virgules",
            "Sur une ligne avec des virgules :",
            "Fais une liste séparée par des virgules",
            "Peux-tu mettre cela sur une ligne avec des virgules ?",
        ),
    },
    "zh": {
        "numbers": (
            "把这些数字从小到大排列",
            "按升序排列这些数字",
            "从小到大排序：",
            "这些数字从小到大怎么排？",
            "将数字排序，最小的在前",
        ),
        "numbers down": (
            "把这些数字从大到小排列",
            "按降序排列这些数字",
            "从大到小排序：",
            "这些数字从大到小怎么排？",
            "将数字排序，最大的在前",
        ),
        "reverse": (
            "把列表倒过来",
            "按相反的顺序写出这些词",
            "倒序：",
            "从最后一个写到第一个",
            "能把这个列表反过来吗？",
        ),
        "unique": ("去掉重复的项", "每一项只写一次", "去重：", "删除列表中的重复内容", "能把重复的去掉吗？"),
        "numbered": (
            "写成带编号的列表",
            "给每一项编号，每行一个",
            "编号列表：",
            "用1. 2. 3.的形式列出",
            "能做成带编号的列表吗？",
        ),
        "bullets": (
            "写成项目符号列表",
            "每项单独一行，前面加短横线",
            "项目符号列表：",
            "把它们改成要点列表",
            "能用项目符号列出来吗？",
        ),
        "commas": (
            "写成一行，用逗号隔开",
            "用逗号把这些词连起来",
            "用逗号分隔：",
            "把这些行合并成一行，中间用逗号",
            "能用逗号隔开写在一行吗？",
        ),
    },
}
"""Wordings by operation. In Chinese there is no case, and no order of words that everybody knows."""

THEN: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "upper": ("Write them in capital letters.", "All caps please."),
        "numbered": ("Number the result.", "Give the result as a numbered list.", "Put numbers before the items."),
        "bullets": ("Use bullet points.", "Start each line with a dash."),
        "commas": ("Put the result on one line, separated by commas.", "Answer on one line with commas."),
    },
    "de": {
        "upper": ("Schreibe sie in Großbuchstaben.",),
        "numbered": ("Nummeriere das Ergebnis.",),
        "bullets": ("Jeder Eintrag bekommt eine Zeile mit Strich davor.",),
        "commas": ("Schreibe das Ergebnis in eine Zeile, durch Kommas getrennt.",),
    },
    "sv": {
        "upper": ("Skriv dem med stora bokstäver.",),
        "numbered": ("Numrera resultatet.",),
        "bullets": ("Använd en punktlista.",),
        "commas": ("Skriv resultatet på en rad med komma emellan.",),
    },
    "es": {
        "upper": ("Escríbelos en mayúsculas.",),
        "numbered": ("Numera el resultado.",),
        "bullets": ("Usa viñetas.",),
        "commas": ("Escribe el resultado en una línea separado por comas.",),
    },
    "fr": {
        "upper": ("Écris-les en majuscules.",),
        "numbered": ("Numérote le résultat.",),
        "bullets": ("Utilise une liste à puces.",),
        "commas": ("Écris le résultat sur une ligne avec des virgules.",),
    },
    "zh": {
        "numbered": ("给结果编号。",),
        "bullets": ("使用项目符号。",),
        "commas": ("结果写在一行，用逗号隔开。",),
    },
}
"""Second wishes, at the higher levels."""

TAILS: Mapping[str, Sequence[str]] = {
    "en": ("Only the result.", "No explanation.", "Just the answer, nothing else."),
    "de": ("Nur das Ergebnis.", "Keine Erklärung."),
    "sv": ("Bara resultatet.", "Ingen förklaring."),
    "es": ("Solo el resultado.", "Sin explicación."),
    "fr": ("Seulement le résultat.", "Sans explication."),
    "zh": ("只要结果。", "不要解释。"),
}

WORDS: Mapping[str, Sequence[str]] = {
    "en": pool(
        "apple banana cherry grape lemon mango orange peach pear plum kiwi melon apricot papaya pineapple "
        "pepper carrot "
        "cabbage onion potato tomato spinach garlic bean table chair carpet mirror candle bottle basket bucket button "
        "blanket pillow pencil paper printer phone camera ticket wallet window garden guitar violin piano drum tiger "
        "lion zebra monkey rabbit horse donkey eagle falcon parrot penguin dolphin shark salmon bread butter cheese "
        "yogurt honey sugar flour rice noodles soup salad coffee water juice kettle ladder hammer screw needle thread "
        "jacket shirt sweater trousers scarf glove helmet boots island river mountain valley desert forest village"
    ),
    "de": pool(
        "Apfel Banane Kirsche Traube Zitrone Mango Orange Birne Pflaume Melone Paprika Karotte Zwiebel "
        "Kartoffel Tomate "
        "Spinat Bohne Tisch Stuhl Teppich Spiegel Kerze Flasche Korb Eimer Knopf Decke Kissen Bleistift Papier Drucker "
        "Kamera Fenster Garten Gitarre Klavier Tiger Zebra Affe Hase Pferd Esel Adler Falke Papagei Delfin Lachs Brot "
        "Butter Honig Zucker Mehl Reis Nudeln Suppe Salat Kaffee Wasser Leiter Hammer Nadel Jacke Hemd Hose Handschuh "
        "Helm Stiefel Insel Fluss Berg Tal Wald Dorf"
    ),
    "sv": pool(
        "banan citron mango apelsin melon paprika morot potatis tomat spenat bord stol matta spegel flaska korg hink "
        "knapp filt kudde penna papper skrivare kamera biljett gitarr piano tiger lejon zebra apa kanin delfin lax "
        "socker ris nudlar soppa sallad kaffe vatten juice stege hammare skruv jacka skjorta byxor halsduk handske "
        "hjälm berg dal skog by lampa dator telefon tidning cykel buss"
    ),
    "es": pool(
        "manzana cereza uva mango naranja pera ciruela melocotón kiwi pimiento zanahoria cebolla patata "
        "tomate espinaca "
        "mesa silla alfombra espejo vela botella cesta cubo manta almohada papel impresora cartera ventana guitarra "
        "tigre cebra mono conejo caballo burro halcón loro delfín pan queso yogur miel arroz sopa ensalada agua zumo "
        "escalera martillo aguja hilo chaqueta camisa bufanda guante casco botas isla bosque valle desierto"
    ),
    "fr": pool(
        "pomme banane cerise raisin citron mangue orange poire prune melon poivron carotte oignon tomate table chaise "
        "tapis miroir bougie bouteille panier seau bouton coussin crayon papier billet jardin guitare violon piano "
        "tigre lion singe lapin cheval aigle faucon perroquet dauphin saumon pain beurre fromage yaourt miel sucre "
        "farine riz soupe salade jus marteau aiguille veste chemise gant casque montagne village"
    ),
    "zh": pool(
        "苹果 香蕉 樱桃 葡萄 柠檬 芒果 橙子 桃子 西瓜 土豆 番茄 洋葱 菠菜 桌子 椅子 地毯 镜子 蜡烛 瓶子 篮子 "
        "毛毯 枕头 铅笔 打印机 手机 "
        "相机 钱包 窗户 花园 吉他 钢琴 老虎 狮子 斑马 猴子 兔子 鹦鹉 企鹅 海豚 面包 黄油 奶酪 蜂蜜 米饭 面条 "
        "沙拉 咖啡 果汁 梯子 锤子"
    ),
}
"""Things whose alphabetical order does not depend on letters with marks."""

SENTENCES: Mapping[str, Sequence[str]] = {
    "en": (
        "The {thing} is on the {place}",
        "We need a new {thing} for {name}",
        "{name} forgot the {thing} in {city}",
        "Please bring the {thing} to {city} on Monday",
        "{name} and {other} met in {city} last Summer",
        "Our shop in {city} sells every {thing} at half price",
        "My neighbour {name} found a {thing} near the old station in {city}",
        "After the Concert {name} gave the {thing} to {other} and went home to {city}",
    ),
    "de": (
        "Der Schlüssel liegt bei {name}",
        "Wir treffen uns morgen in {city}",
        "{name} hat in {city} ein Fahrrad gekauft",
        "Bitte bringen Sie die Unterlagen am Montag nach {city} mit",
        "Nach dem Konzert fuhr {name} mit {other} zurück nach {city} zu den Eltern",
    ),
    "sv": (
        "Nyckeln ligger hos {name}",
        "Vi ses i morgon i {city}",
        "{name} köpte en cykel i {city}",
        "Ta med papperen till mötet i {city} på måndag",
        "Efter konserten åkte {name} med {other} tillbaka till {city} för att vila",
    ),
    "es": (
        "La llave la tiene {name}",
        "Nos vemos mañana en {city}",
        "{name} compró una bicicleta en {city}",
        "Traiga los documentos a la oficina de {city} el lunes",
        "Después del concierto {name} volvió con {other} a {city} para descansar",
    ),
    "fr": (
        "La clé est chez {name}",
        "Nous nous voyons demain à {city}",
        "{name} a acheté un vélo à {city}",
        "Apportez les documents au bureau de {city} lundi matin",
        "Après le concert {name} est rentrée avec {other} à {city} pour se reposer",
    ),
}

COUNTS: Mapping[int, Sequence[int]] = {1: (3,), 2: (4, 5), 3: (6, 7), 4: (8, 9), 5: (11, 12)}
"""Items of a list, by level."""

SMALL_WORDS = pool("a an and at by for in near of on or the to")
"""Words that many titles keep small."""

ENUMERATOR = re.compile(r"^[ \t]*[*_]*\(?\d{1,2}[.):]+[*_]*[ \t]+(?=\S)", re.MULTILINE)
BULLET = re.compile(r"^[ \t]*[-*+•–—·][ \t]+(?=\S)", re.MULTILINE)


def cased_words(text: str) -> list[str]:
    """The words of a text as they are written."""
    return WORD.findall(re.sub(r"[*_]+", "", text[:4000]))


def places(answer: Sequence[str], items: Sequence[Sequence[str]]) -> list[tuple[int, int, int]]:
    """Where items stand among the words of an answer: the item's number, the first word, the word after the last."""
    found: list[tuple[int, int, int]] = []
    longest_first = sorted(range(len(items)), key=lambda number: -len(items[number]))
    at = 0
    while at < len(answer):
        for number in longest_first:
            end = at + len(items[number])
            if list(answer[at:end]) == list(items[number]):
                found.append((number, at, end))
                at = end - 1
                break
        at += 1
    return found


def ends_there(tail: str) -> bool:
    """Whether what follows the last item is no further item: nothing, or a sentence of its own."""
    if re.match(r"[^\w\n]*\n[ \t]*([-*+•]|\(?\d{1,2}[.):])[ \t]*\S", tail):
        return False
    first = re.split(r"[.!?。！？]|\n\s*\n", tail, maxsplit=1)[0]
    said = words(first)
    return not said or (len(said) >= 4 and not re.search(r"[,，、\n]", first.strip()))


def lists_in_order(text: str, expected: Sequence[str], given: Sequence[str]) -> bool:
    """Whether a text ends its list in the expected order, with nothing between, and nothing after it.

    The text may repeat the list as it was given before that.
    """
    bare = ENUMERATOR.sub("", text[:4000])
    distinct = list(dict.fromkeys(expected))
    items = [words(each) for each in distinct]
    answer = words(bare)
    found = places(answer, items)
    order = [distinct[number] for number, _, _ in found]
    if order[-len(expected) :] != list(expected):
        return False
    if len(order) > len(expected) and order[: -len(expected)] not in (list(given), list(expected)):
        return False
    last = found[-len(expected) :]
    gaps = sum(after[1] - before[2] for before, after in pairwise(last))
    if gaps > max(1, len(expected) // 3):
        return False
    # What follows the last occurrence of the last item, as it was written.
    end = [match.end() for match in re.finditer(re.escape(expected[-1]), bare, re.IGNORECASE)]
    return bool(end) and ends_there(bare[end[-1] :])


def laid_out_as(text: str, layout: str, items: Sequence[str]) -> bool:
    """Whether the items stand as wished: one a line with numbers or bullets, or on one line with commas."""
    if layout == "numbered":
        return len(ENUMERATOR.findall(text)) == len(items)
    if layout == "bullets":
        return len(BULLET.findall(text)) == len(items)
    if layout == "commas":
        # The last comma may be an "and".
        rows = [row for row in map(folded, text.splitlines()) if all(folded(each) in row for each in items)]
        return any(len(re.findall(r"[,，、]", row)) >= len(items) - 2 for row in rows)
    return True


def check_list(expected: Sequence[str], given: Sequence[str], layout: str, upper: bool) -> Callable[[Answer], bool]:
    """A check that an answer lists the items in the order and in the layout that were asked for."""

    def check(answer: Answer) -> bool:
        text = without_fence(answer.text)
        cased = not upper or all(each.upper() in text for each in expected)
        return cased and laid_out_as(text, layout, expected) and lists_in_order(text, expected, given)

    return check


def holds_run(said: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the wanted words stand next to one another."""
    return any(list(said[at : at + len(wanted)]) == list(wanted) for at in range(len(said) - len(wanted) + 1))


def check_case(expected: str, operation: str) -> Callable[[Answer], bool]:
    """A check that an answer holds the sentence in the case that was asked for, and little else."""
    wanted = cased_words(expected)
    softer = [word.lower() if place and word.lower() in SMALL_WORDS else word for place, word in enumerate(wanted)]

    def check(answer: Answer) -> bool:
        said = cased_words(answer.text)
        right = holds_run(said, wanted) or (operation == "title" and holds_run(said, softer))
        return right and len(said) <= 3 * len(wanted) + 20

    return check


def list_text(layout: str, items: Sequence[str]) -> str:
    """The items in a layout."""
    if layout == "numbered":
        return "\n".join(f"{number}. {each}" for number, each in enumerate(items, 1))
    if layout == "bullets":
        return "\n".join(f"- {each}" for each in items)
    return ", ".join(items)


def items_for(rng: Random, operation: str, language: str, count: int) -> list[str]:
    """Items for an operation: numbers, things, or names."""
    if operation.startswith("numbers"):
        return [str(number) for number in rng.sample(range(1, rng.choice((30, 100, 1000))), count)]
    pool = WORDS[language]
    if language in ("en", "zh") and rng.random() < 0.25:
        pool = rng.choice((FIRST_NAMES[language], CITIES[language]))
    return rng.sample(pool, min(count, len(pool)))


def reordered(operation: str, items: Sequence[str]) -> list[str]:
    """The items in the order that an operation gives."""
    if operation.startswith("numbers"):
        return sorted(items, key=int, reverse=operation.endswith("down"))
    if operation.startswith("sort"):
        return sorted(items, key=str.casefold, reverse=operation.endswith("down"))
    if operation == "reverse":
        return list(items[::-1])
    return list(dict.fromkeys(items))


def a_list(rng: Random, level: int, language: str, operation: str) -> Item:
    """Reorder a list; at levels 4 and 5 often with a second wish about its form."""
    items = items_for(rng, operation, language, rng.choice(COUNTS[level]))
    if operation == "unique":
        for _ in range(1 + level // 2):
            items.insert(rng.randrange(2, len(items) + 1), rng.choice(items))
    expected = reordered(operation, items)
    if expected == items and operation in ("sort", "sort down", "numbers", "numbers down"):
        items = [*items[1:], items[0]]
    layout = operation if operation in ("numbered", "bullets", "commas") else ""
    # Capital digits do not exist, and "1. 13" is hard to read for a check as well.
    unfit = ("upper", "numbered") if operation.startswith("numbers") else ()
    wishes = [wish for wish in THEN[language] if wish not in unfit]
    wish = rng.choice(wishes) if level >= 4 and not layout and rng.random() < 0.7 else ""
    sources = ("\n",) if operation == "commas" else (", ", ", ", ",", " ", "; ", "\n")
    material = rng.choice(sources if " " not in "".join(items) else sources[:1]).join(items)
    turns = worded(rng, language, REQUESTS[language][operation], material, TAILS[language])
    if wish:
        *before, last = turns
        sentence = rng.choice(THEN[language][wish])
        turns = (*before, type(last)(last.role, f"{last.text}\n{sentence}"))
    layout = layout or ("" if wish == "upper" else wish)
    shown = [each.upper() for each in expected] if wish == "upper" else expected
    room = 20 + sum(2 + len(each.encode()) // 3 + (4 if layout else 2) for each in expected)
    check = check_list(expected, items, layout, wish == "upper")
    return Item(turns, check, room, list_text(layout, shown))


def a_case(rng: Random, level: int, language: str, operation: str) -> Item:
    """Change the case of a sentence, longer by level; at levels 4 and 5 of several."""
    pool = SENTENCES[language]
    middle = (level - 1) * (len(pool) - 1) // 4
    chosen = [pool[min(middle + rng.randrange(0, 2), len(pool) - 1)]]
    if level >= 4:
        chosen.append(rng.choice(pool))
    names = rng.sample(FIRST_NAMES[language], 2)
    text = ". ".join(chosen).format(
        thing=rng.choice([word for word in WORDS[language] if not word.endswith("s") and word[0] not in "aeiou"]),
        place=rng.choice(("table", "shelf", "floor", "balcony", "kitchen counter", "top shelf")),
        name=names[0],
        other=names[1],
        city=rng.choice(CITIES[language]),
    )
    if operation == "upper":
        expected = text.upper()
    elif operation == "lower":
        text = text.upper() if rng.random() < 0.5 else text
        expected = text.lower()
    else:
        text = text.lower()
        expected = " ".join(word.capitalize() for word in text.split())
    turns = worded(rng, language, REQUESTS[language][operation], text, TAILS[language])
    return Item(turns, check_case(expected, operation), 24 + len(text.encode()) // 2, expected)


def make(rng: Random, level: int, language: str) -> Item:
    """An item of a level: one operation on a list or a sentence."""
    operation = rng.choice(list(REQUESTS[language]))
    if operation in ("upper", "lower", "title"):
        return unless_repeated(a_case(rng, level, language, operation))
    return unless_repeated(a_list(rng, level, language, operation))


FAMILY = Family(name="reorder_text", title="sorting, numbering and changing the case of lists", make=make)

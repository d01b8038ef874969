"""Whether a review or message is positive, negative, neutral or mixed; at high levels in a roundabout or ironic way."""

from collections.abc import Mapping, Sequence
from random import Random

from router.exam.checks.said import chosen, repeats
from router.exam.item import Answer, Family, Item
from router.exam.wording.phrasing import conversation

_THINGS = {
    "en": (
        "the kettle|the headphones case|the backpack|this lamp|the vacuum cleaner|the coffee machine|this tent|"
        "the keyboard|the blender|this jacket|the phone case|the office chair"
    ),
    "de": (
        "der Wasserkocher|der Rucksack|diese Lampe|der Staubsauger|die Kaffeemaschine|dieses Zelt|die Tastatur|"
        "der Mixer|diese Jacke|der Bürostuhl"
    ),
    "sv": (
        "vattenkokaren|ryggsäcken|den här lampan|dammsugaren|kaffebryggaren|tältet|tangentbordet|mixern|"
        "den här jackan|kontorsstolen"
    ),
    "es": (
        "el hervidor|la mochila|esta lámpara|la aspiradora|la cafetera|esta tienda de campaña|el teclado|"
        "la batidora|esta chaqueta|la silla de oficina"
    ),
    "fr": (
        "la bouilloire|le sac à dos|cette lampe|l'aspirateur|la cafetière|cette tente|le clavier|le mixeur|"
        "cette veste|la chaise de bureau"
    ),
    "zh": "这个水壶|这个背包|这盏台灯|这台吸尘器|这台咖啡机|这顶帐篷|这个键盘|这台搅拌机|这件夹克|这把办公椅",
}

# good, bad: said outright; fact: no judgement; good_hint, bad_hint: only to be inferred;
# irony: bad, in words of praise; turn_good, turn_bad: a whole review whose end decides.
_REVIEWS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "en": {
        "place": {
            "good": (
                "The food was delicious.|We loved the friendly staff.|What a wonderful evening!|"
                "The room was spotless and quiet.|Best pizza I've had in years.|Great service, lovely view.|"
                "The breakfast was fantastic.|A beautiful garden and very kind hosts."
            ),
            "bad": (
                "The soup was cold and the waiter rude.|The room was dirty.|Terrible service.|"
                "We waited an hour and the fish was awful.|The bed was horrible and the street noisy.|"
                "I was very disappointed with the breakfast.|Overpriced and bland.|The bathroom smelled disgusting."
            ),
            "fact": (
                "We had a table by the window.|The restaurant is on Mill Street.|Our room was on the third floor.|"
                "Breakfast is served from seven to ten.|We stayed for two nights in May.|There are eight tables."
            ),
            "good_hint": (
                "We have already booked again for next month.|My kids asked when we can go back.|"
                "We stayed three hours longer than planned.|There was nothing left on any of our plates."
            ),
            "bad_hint": (
                "We left before dessert and ate at home.|Next time I'll bring my own sandwich.|"
                "I have slept better in a train station.|It was the last time we went there.|"
                "The waiter forgot us twice, and then our order."
            ),
            "irony": (
                "Lovely, a hair in my soup. Exactly what I was hoping for.|"
                "Great place if you enjoy waiting ninety minutes for a cold burger.|"
                "What a treat: a sea view of the car park, for only 200 euros.|"
                "Sure, who needs hot water in a hotel anyway. Five stars for comedy.|"
                "Congratulations to the chef: I didn't know you could burn a salad."
            ),
            "turn_good": (
                "I expected the worst after reading the other reviews and the queue was long, but in the end we "
                "had a marvellous meal and would go again.|The street looks ugly and I nearly turned round; I'm so "
                "glad I didn't, it was our best dinner of the trip."
            ),
            "turn_bad": (
                "The menu looks gorgeous and the photos promise a lot. Sadly nothing that came out of the kitchen "
                "was any good, and we won't return.|My friends had praised the place for weeks and the lobby is "
                "pretty, yet our stay was a letdown from start to finish."
            ),
        },
        "product": {
            "good": (
                "I love it.|{it} works perfectly.|Excellent quality for the price.|"
                "{it} does exactly what I wanted, very happy.|Great value, fast delivery.|Highly recommended!|"
                "I'm really impressed.|Fantastic, I use it every day."
            ),
            "bad": (
                "I hate it.|{it} stopped working after a week.|Poor quality, very disappointed.|Waste of money.|"
                "{it} arrived broken and nobody answers my mails.|Do not buy this.|"
                "Awful. It makes a terrible noise.|I regret buying it."
            ),
            "fact": (
                "I bought it in March.|The parcel weighs two kilos.|It comes in blue and grey.|"
                "The manual has twelve pages.|{it} was delivered on Tuesday.|I ordered it for my office."
            ),
            "good_hint": (
                "I ordered a second one for my sister the same day.|My husband keeps stealing it from me.|"
                "After three years of daily use it still looks like new.|"
                "If I lost it, I would buy the same one again tomorrow."
            ),
            "bad_hint": (
                "It's back in the box and on its way to the shop.|Three days later I was using my old one again.|"
                "I wouldn't give it to my worst enemy.|The only thing that works is the sticker.|"
                "My money would have been safer in the lottery."
            ),
            "irony": (
                "Oh great, it broke on day two. Just what I needed before the holidays.|"
                "Brilliant design: {it} only falls apart when you use it.|"
                "Wonderful. Now I own the most expensive paperweight in town.|"
                "Thanks a lot for the 'free gift', a screw that was missing somewhere else.|"
                "Amazing battery, it lasts almost long enough to switch it on."
            ),
            "turn_good": (
                "The box was damaged and I was ready to send everything back. Then I tried it, and now I wouldn't "
                "want to be without it.|Setting it up was a pain and the manual is useless, but since then {it} "
                "has made me happy every single day."
            ),
            "turn_bad": (
                "It looks stunning, and the first day I was thrilled. Since then {it} has failed me so often that "
                "I want my money back.|Fast delivery, nice packaging, friendly note inside. If only the thing "
                "itself were not complete rubbish."
            ),
        },
        "service": {
            "good": (
                "The support team was super helpful.|Thank you so much, the problem was solved in five minutes!|"
                "The new app is a joy to use.|I'm delighted with the course.|Our guide was excellent.|"
                "Such a friendly and quick reply, thank you!"
            ),
            "bad": (
                "Your app crashes all the time.|I've been on hold for an hour, this is unacceptable.|"
                "The technician never showed up and I'm furious.|The course was boring and useless.|"
                "Worst customer service ever.|I'm fed up with your late deliveries."
            ),
            "fact": (
                "My customer number is 4471.|I have changed my address.|The course starts on Monday at nine.|"
                "I use the app on a tablet.|The appointment was on the fourth of June.|"
                "Please send the invoice to our office."
            ),
            "good_hint": (
                "I told all my colleagues to call you first.|I have just renewed my subscription for three more "
                "years.|Nobody has ever explained it to me so patiently."
            ),
            "bad_hint": (
                "I have cancelled my subscription.|After the fourth call I fixed it myself.|"
                "Next time I'll ask your competitor.|I'm still waiting for the reply you promised three weeks ago."
            ),
            "irony": (
                "Wow, another update that deletes my files. Just what I needed.|"
                "Great hotline! I now know every note of your waiting music by heart.|"
                "Thank you for the quick answer after only six weeks.|Fantastic course, I finally caught up on my "
                "sleep."
            ),
            "turn_good": (
                "The first technician made it worse and I was angry, but the second one stayed until nine in the "
                "evening and did a superb job. Hats off!|I've complained about you often. This time everything was "
                "perfect, and I want to say so."
            ),
            "turn_bad": (
                "The woman on the phone was charming and promised everything. None of it happened, and I'm taking "
                "my business elsewhere.|I recommended you for years and liked your old app a lot. The new one is a "
                "disaster."
            ),
        },
    },
    "de": {
        "place": {
            "good": (
                "Das Essen war köstlich.|Sehr freundliches Personal, wir waren begeistert.|"
                "Was für ein wunderbarer Abend!|Das Zimmer war sauber und ruhig.|Die beste Pizza seit Jahren.|"
                "Das Frühstück war fantastisch."
            ),
            "bad": (
                "Die Suppe war kalt und der Kellner unhöflich.|Das Zimmer war schmutzig.|Furchtbarer Service.|"
                "Wir haben eine Stunde gewartet, und der Fisch war scheußlich.|"
                "Ich war vom Frühstück sehr enttäuscht.|Viel zu teuer und ohne Geschmack."
            ),
            "fact": (
                "Wir hatten einen Tisch am Fenster.|Das Restaurant liegt in der Mühlstraße.|"
                "Unser Zimmer war im dritten Stock.|Frühstück gibt es von sieben bis zehn."
            ),
            "good_hint": (
                "Wir haben für nächsten Monat schon wieder gebucht.|Die Kinder fragen, wann wir wieder hingehen.|"
                "Auf den Tellern blieb kein Krümel übrig."
            ),
            "bad_hint": (
                "Wir sind vor dem Nachtisch gegangen und haben zu Hause gegessen.|"
                "Auf dem Bahnhof habe ich schon besser geschlafen.|Das war unser letzter Besuch dort."
            ),
            "irony": (
                "Toll, ein Haar in der Suppe. Genau das hatte ich mir gewünscht.|"
                "Super Lokal, wenn man gern neunzig Minuten auf kalte Pommes wartet.|"
                "Wer braucht im Hotel schon warmes Wasser? Fünf Sterne für den Humor."
            ),
            "turn_good": (
                "Nach den anderen Bewertungen hatte ich das Schlimmste erwartet, und die Schlange war lang, aber "
                "am Ende war es ein großartiges Essen, wir kommen wieder."
            ),
            "turn_bad": (
                "Die Karte klingt herrlich, und die Fotos versprechen viel. Leider war nichts davon genießbar, wir "
                "kommen nicht wieder."
            ),
        },
        "product": {
            "good": (
                "Ich liebe es.|{it} funktioniert einwandfrei.|Ausgezeichnete Qualität für den Preis.|"
                "Sehr empfehlenswert!|Ich bin wirklich beeindruckt.|Super, schnelle Lieferung und tolle Verarbeitung."
            ),
            "bad": (
                "Nach einer Woche war alles kaputt.|Schlechte Qualität, ich bin sehr enttäuscht.|"
                "Rausgeworfenes Geld.|{it} kam beschädigt an und niemand antwortet.|Nicht kaufen!|"
                "Ich bereue den Kauf."
            ),
            "fact": (
                "Ich habe es im März gekauft.|Das Paket wiegt zwei Kilo.|Es gibt ihn in Blau und Grau.|"
                "Die Anleitung hat zwölf Seiten."
            ),
            "good_hint": (
                "Am selben Tag habe ich noch eins für meine Schwester bestellt.|"
                "Nach drei Jahren täglichem Gebrauch sieht alles aus wie neu.|Ich würde es morgen wieder kaufen."
            ),
            "bad_hint": (
                "Es liegt wieder im Karton und geht zurück.|Drei Tage später habe ich wieder mein altes benutzt.|"
                "Das Einzige, was hält, ist der Aufkleber."
            ),
            "irony": (
                "Na toll, am zweiten Tag kaputt. Genau das habe ich vor dem Urlaub gebraucht.|"
                "Geniales Design: {it} fällt nur auseinander, wenn man ihn benutzt.|"
                "Herzlichen Dank für den teuersten Briefbeschwerer der Stadt."
            ),
            "turn_good": (
                "Der Karton war beschädigt, und ich wollte schon alles zurückschicken. Dann habe ich es "
                "ausprobiert, und jetzt möchte ich nicht mehr darauf verzichten."
            ),
            "turn_bad": (
                "Sieht wunderschön aus, und am ersten Tag war ich begeistert. Seitdem nur Ärger, ich will mein "
                "Geld zurück."
            ),
        },
        "service": {
            "good": (
                "Der Kundendienst war sehr hilfsbereit.|Vielen Dank, das Problem war in fünf Minuten gelöst!|"
                "Die neue App macht richtig Spaß.|Mit dem Kurs bin ich sehr zufrieden."
            ),
            "bad": (
                "Ihre App stürzt ständig ab.|Ich hänge seit einer Stunde in der Warteschleife, das ist "
                "unverschämt.|Der Techniker ist nie gekommen, ich bin stinksauer.|"
                "Der Kurs war langweilig und nutzlos."
            ),
            "fact": (
                "Meine Kundennummer ist 4471.|Ich habe eine neue Adresse.|Der Kurs beginnt am Montag um neun.|"
                "Bitte senden Sie die Rechnung an unser Büro."
            ),
            "good_hint": (
                "Ich habe Sie gleich allen Kollegen weiterempfohlen.|Ich habe eben mein Abo um drei Jahre verlängert."
            ),
            "bad_hint": (
                "Ich habe mein Abo gekündigt.|Nach dem vierten Anruf habe ich es selbst repariert.|"
                "Nächstes Mal frage ich die Konkurrenz."
            ),
            "irony": (
                "Super, wieder ein Update, das meine Dateien löscht. Genau was mir gefehlt hat.|"
                "Tolle Hotline! Ihre Wartemusik kann ich jetzt auswendig.|"
                "Danke für die schnelle Antwort nach nur sechs Wochen."
            ),
            "turn_good": (
                "Der erste Techniker hat alles schlimmer gemacht, und ich war wütend, aber der zweite blieb bis "
                "neun Uhr abends und hat hervorragend gearbeitet. Hut ab!"
            ),
            "turn_bad": (
                "Die Dame am Telefon war reizend und hat alles versprochen. Nichts davon ist passiert, ich wechsle "
                "den Anbieter."
            ),
        },
    },
    "sv": {
        "place": {
            "good": (
                "Maten var utsökt.|Vi älskade den trevliga personalen.|Vilken underbar kväll!|"
                "Rummet var rent och tyst.|Den bästa pizzan på flera år.|Frukosten var fantastisk."
            ),
            "bad": (
                "Soppan var kall och kyparen oförskämd.|Rummet var smutsigt.|Hemsk service.|"
                "Vi väntade en timme och fisken var äcklig.|Jag blev mycket besviken på frukosten.|"
                "Alldeles för dyrt och smaklöst."
            ),
            "fact": (
                "Vi fick ett bord vid fönstret.|Restaurangen ligger på Kvarngatan.|"
                "Vårt rum låg på tredje våningen.|Frukost serveras mellan sju och tio."
            ),
            "good_hint": (
                "Vi har redan bokat igen till nästa månad.|Barnen frågar när vi ska dit igen.|"
                "Det fanns inte en smula kvar på tallrikarna."
            ),
            "bad_hint": (
                "Vi gick före efterrätten och åt hemma.|Jag har sovit bättre på en tågstation.|"
                "Det var sista gången vi gick dit."
            ),
            "irony": (
                "Härligt, ett hårstrå i soppan. Precis vad jag hade hoppats på.|"
                "Toppenställe om man gillar att vänta nittio minuter på kalla pommes.|"
                "Vem behöver varmvatten på ett hotell? Fem stjärnor för humorn."
            ),
            "turn_good": (
                "Efter de andra omdömena väntade jag mig det värsta, och kön var lång, men till slut blev det en "
                "fantastisk måltid och vi kommer tillbaka."
            ),
            "turn_bad": (
                "Menyn låter underbar och bilderna lovar mycket. Tyvärr gick inget av det att äta, och vi kommer "
                "inte tillbaka."
            ),
        },
        "product": {
            "good": (
                "Jag älskar den.|{it} fungerar perfekt.|Utmärkt kvalitet för priset.|Rekommenderas varmt!|"
                "Jag är verkligen imponerad.|Snabb leverans och jättebra kvalitet."
            ),
            "bad": (
                "Efter en vecka gick allt sönder.|Dålig kvalitet, jag är mycket besviken.|Bortkastade pengar.|"
                "{it} var trasig när paketet kom och ingen svarar.|Köp inte den här.|Jag ångrar köpet."
            ),
            "fact": (
                "Jag köpte den i mars.|Paketet väger två kilo.|Den finns i blått och grått.|"
                "Bruksanvisningen har tolv sidor."
            ),
            "good_hint": (
                "Samma dag beställde jag en till åt min syster.|Efter tre års daglig användning ser den ut som ny.|"
                "Jag skulle köpa den igen i morgon."
            ),
            "bad_hint": (
                "Den ligger i kartongen igen och ska skickas tillbaka.|"
                "Tre dagar senare använde jag min gamla igen.|Det enda som håller är klistermärket."
            ),
            "irony": (
                "Jaha, sönder redan dag två. Precis vad jag behövde inför semestern.|"
                "Genial design: {it} går bara sönder när man använder den.|"
                "Tack så mycket för stans dyraste brevpress."
            ),
            "turn_good": (
                "Kartongen var skadad och jag tänkte skicka tillbaka allt. Sedan provade jag den, och nu vill jag "
                "inte vara utan den."
            ),
            "turn_bad": (
                "Den är jättesnygg och första dagen var jag överlycklig. Sedan dess bara problem, och jag vill ha "
                "pengarna tillbaka."
            ),
        },
        "service": {
            "good": (
                "Kundtjänsten var mycket hjälpsam.|Tusen tack, problemet löstes på fem minuter!|"
                "Den nya appen är en fröjd att använda.|Jag är väldigt nöjd med kursen."
            ),
            "bad": (
                "Er app kraschar hela tiden.|Jag har suttit i telefonkö i en timme, det är oacceptabelt.|"
                "Teknikern dök aldrig upp och jag är rasande.|Kursen var tråkig och värdelös."
            ),
            "fact": (
                "Mitt kundnummer är 4471.|Jag har bytt adress.|Kursen börjar på måndag klockan nio.|"
                "Skicka fakturan till vårt kontor."
            ),
            "good_hint": (
                "Jag har redan tipsat alla mina kollegor om er.|Jag har just förlängt mitt abonnemang med tre år."
            ),
            "bad_hint": (
                "Jag har sagt upp mitt abonnemang.|Efter fjärde samtalet lagade jag det själv.|"
                "Nästa gång frågar jag er konkurrent."
            ),
            "irony": (
                "Toppen, ännu en uppdatering som raderar mina filer. Precis vad jag behövde.|"
                "Fin telefonkö! Nu kan jag er väntmusik utantill.|Tack för det snabba svaret, efter bara sex veckor."
            ),
            "turn_good": (
                "Den första teknikern gjorde det värre och jag var arg, men den andra stannade till nio på kvällen "
                "och gjorde ett strålande jobb. Hatten av!"
            ),
            "turn_bad": (
                "Kvinnan i telefonen var förtjusande och lovade allt. Inget av det hände, så jag byter leverantör."
            ),
        },
    },
    "es": {
        "place": {
            "good": (
                "La comida estaba deliciosa.|Nos encantó el personal, muy amable.|¡Qué noche tan maravillosa!|"
                "La habitación estaba limpia y era tranquila.|La mejor pizza en años.|El desayuno fue fantástico."
            ),
            "bad": (
                "La sopa estaba fría y el camarero fue grosero.|La habitación estaba sucia.|Un servicio horrible.|"
                "Esperamos una hora y el pescado estaba malísimo.|El desayuno me decepcionó mucho.|"
                "Carísimo y sin sabor."
            ),
            "fact": (
                "Teníamos una mesa junto a la ventana.|El restaurante está en la calle del Molino.|"
                "Nuestra habitación estaba en la tercera planta.|El desayuno se sirve de siete a diez."
            ),
            "good_hint": (
                "Ya hemos vuelto a reservar para el mes que viene.|Los niños preguntan cuándo volvemos.|"
                "No quedó ni una miga en los platos."
            ),
            "bad_hint": (
                "Nos fuimos antes del postre y cenamos en casa.|He dormido mejor en una estación de tren.|"
                "Fue la última vez que fuimos."
            ),
            "irony": (
                "Qué bien, un pelo en la sopa. Justo lo que esperaba.|Un sitio genial si te gusta esperar noventa "
                "minutos por unas patatas frías.|¿Quién necesita agua caliente en un hotel? Cinco estrellas por el "
                "humor."
            ),
            "turn_good": (
                "Después de leer otras opiniones esperaba lo peor, y la cola era larga, pero al final fue una "
                "comida estupenda y volveremos."
            ),
            "turn_bad": (
                "La carta suena maravillosa y las fotos prometen mucho. Por desgracia no se podía comer nada, y no "
                "volveremos."
            ),
        },
        "product": {
            "good": (
                "Me encanta.|{it} funciona perfectamente.|Excelente calidad por el precio.|¡Muy recomendable!|"
                "Estoy realmente impresionada.|Envío rápido y una calidad estupenda."
            ),
            "bad": (
                "Dejó de funcionar a la semana.|Mala calidad, estoy muy decepcionado.|Dinero tirado a la basura.|"
                "{it} llegó con daños y nadie contesta.|No lo compren.|Me arrepiento de la compra."
            ),
            "fact": (
                "Lo compré en marzo.|El paquete pesa dos kilos.|Está disponible en azul y gris.|"
                "El manual tiene doce páginas."
            ),
            "good_hint": (
                "El mismo día pedí otro para mi hermana.|Después de tres años de uso diario sigue como nuevo.|"
                "Mañana mismo lo compraría otra vez."
            ),
            "bad_hint": (
                "Ya está otra vez en la caja, camino de la tienda.|A los tres días volví a usar el viejo.|"
                "Lo único que aguanta es la pegatina."
            ),
            "irony": (
                "Genial, roto al segundo día. Justo lo que necesitaba antes de las vacaciones.|"
                "Un diseño brillante: {it} solo se rompe cuando se usa.|"
                "Muchas gracias por el pisapapeles más caro de la ciudad."
            ),
            "turn_good": (
                "La caja llegó dañada y estaba a punto de devolverlo todo. Luego lo probé, y ahora no podría vivir "
                "sin él."
            ),
            "turn_bad": (
                "Es precioso y el primer día estaba encantada. Desde entonces solo problemas, y quiero que me "
                "devuelvan el dinero."
            ),
        },
        "service": {
            "good": (
                "El equipo de atención al cliente fue muy servicial.|¡Muchas gracias, el problema se resolvió en "
                "cinco minutos!|Da gusto usar la nueva aplicación.|Estoy muy contento con el curso."
            ),
            "bad": (
                "Su aplicación se cierra todo el tiempo.|Llevo una hora esperando al teléfono, es inaceptable.|"
                "El técnico nunca vino y estoy furioso.|El curso fue aburrido e inútil."
            ),
            "fact": (
                "Mi número de cliente es 4471.|He cambiado de dirección.|El curso empieza el lunes a las nueve.|"
                "Envíen la factura a nuestra oficina."
            ),
            "good_hint": (
                "Ya les he hablado de ustedes a todos mis compañeros.|Acabo de renovar mi suscripción por tres años."
            ),
            "bad_hint": (
                "He cancelado mi suscripción.|Después de la cuarta llamada lo arreglé yo mismo.|"
                "La próxima vez preguntaré a la competencia."
            ),
            "irony": (
                "Genial, otra actualización que borra mis archivos. Justo lo que me faltaba.|"
                "¡Qué gran servicio telefónico! Ya me sé su música de espera de memoria.|"
                "Gracias por la rápida respuesta, después de solo seis semanas."
            ),
            "turn_good": (
                "El primer técnico lo empeoró todo y me enfadé, pero el segundo se quedó hasta las nueve de la "
                "noche e hizo un trabajo magnífico. ¡Me quito el sombrero!"
            ),
            "turn_bad": (
                "La señora del teléfono fue encantadora y lo prometió todo. Nada de eso ocurrió, así que me cambio "
                "de empresa."
            ),
        },
    },
    "fr": {
        "place": {
            "good": (
                "Le repas était délicieux.|Nous avons adoré le personnel, très aimable.|"
                "Quelle soirée merveilleuse !|La chambre était propre et calme.|"
                "La meilleure pizza depuis des années.|Le petit déjeuner était fantastique."
            ),
            "bad": (
                "La soupe était froide et le serveur impoli.|La chambre était sale.|Un service horrible.|"
                "On a attendu une heure et le poisson était immangeable.|Le petit déjeuner m'a beaucoup déçu.|"
                "Hors de prix et sans goût."
            ),
            "fact": (
                "Nous avions une table près de la fenêtre.|Le restaurant se trouve rue du Moulin.|"
                "Notre chambre était au troisième étage.|Le petit déjeuner est servi de sept à dix heures."
            ),
            "good_hint": (
                "Nous avons déjà réservé pour le mois prochain.|Les enfants demandent quand on y retourne.|"
                "Il ne restait pas une miette dans les assiettes."
            ),
            "bad_hint": (
                "Nous sommes partis avant le dessert et avons mangé à la maison.|J'ai mieux dormi dans une gare.|"
                "C'était la dernière fois que nous y allions."
            ),
            "irony": (
                "Super, un cheveu dans ma soupe. Exactement ce que j'espérais.|"
                "Endroit génial si vous aimez attendre quatre-vingt-dix minutes des frites froides.|"
                "Qui a besoin d'eau chaude à l'hôtel ? Cinq étoiles pour l'humour."
            ),
            "turn_good": (
                "Après avoir lu les autres avis, je craignais le pire, et la file était longue, mais au final ce "
                "fut un repas magnifique et nous reviendrons."
            ),
            "turn_bad": (
                "La carte fait rêver et les photos promettent beaucoup. Hélas, rien n'était mangeable et nous ne "
                "reviendrons pas."
            ),
        },
        "product": {
            "good": (
                "Je l'adore.|{it} marche parfaitement.|Excellente qualité pour le prix.|Je recommande vivement !|"
                "Je suis vraiment impressionné.|Livraison rapide et très belle qualité."
            ),
            "bad": (
                "En panne au bout d'une semaine.|Mauvaise qualité, je suis très déçue.|"
                "De l'argent jeté par les fenêtres.|{it} ne marche pas et personne ne répond.|N'achetez pas ça.|"
                "Je regrette mon achat."
            ),
            "fact": (
                "Je l'ai acheté en mars.|Le colis pèse deux kilos.|Il existe en bleu et en gris.|"
                "La notice a douze pages."
            ),
            "good_hint": (
                "Le jour même, j'en ai commandé un autre pour ma sœur.|"
                "Après trois ans d'usage quotidien, on le dirait neuf.|Je le rachèterais demain."
            ),
            "bad_hint": (
                "Il est de nouveau dans son carton, direction le magasin.|"
                "Trois jours plus tard, je réutilisais l'ancien.|La seule chose qui tient, c'est l'autocollant."
            ),
            "irony": (
                "Génial, cassé dès le deuxième jour. Juste ce qu'il me fallait avant les vacances.|"
                "Conception brillante : {it} ne casse que quand on s'en sert.|"
                "Merci beaucoup pour le presse-papiers le plus cher de la ville."
            ),
            "turn_good": (
                "Le carton était abîmé et j'allais tout renvoyer. Puis je l'ai essayé, et maintenant je ne "
                "pourrais plus m'en passer."
            ),
            "turn_bad": (
                "Il est magnifique et le premier jour j'étais ravie. Depuis, que des ennuis, et je veux être "
                "remboursée."
            ),
        },
        "service": {
            "good": (
                "Le service client a été très serviable.|Merci beaucoup, le problème a été réglé en cinq minutes !|"
                "La nouvelle application est un vrai plaisir.|Je suis très content de la formation."
            ),
            "bad": (
                "Votre application plante tout le temps.|J'attends au téléphone depuis une heure, c'est "
                "inacceptable.|Le technicien n'est jamais venu et je suis furieux.|"
                "La formation était ennuyeuse et inutile."
            ),
            "fact": (
                "Mon numéro de client est le 4471.|J'ai changé d'adresse.|"
                "La formation commence lundi à neuf heures.|Merci d'envoyer la facture à notre bureau."
            ),
            "good_hint": (
                "J'ai déjà parlé de vous à tous mes collègues.|Je viens de renouveler mon abonnement pour trois ans."
            ),
            "bad_hint": (
                "J'ai résilié mon abonnement.|Après le quatrième appel, je l'ai réparé moi-même.|"
                "La prochaine fois, j'irai voir la concurrence."
            ),
            "irony": (
                "Super, encore une mise à jour qui efface mes fichiers. Il ne me manquait plus que ça.|"
                "Formidable, cette hotline ! Je connais maintenant votre musique d'attente par cœur.|"
                "Merci pour cette réponse rapide, après seulement six semaines."
            ),
            "turn_good": (
                "Le premier technicien a tout aggravé et j'étais en colère, mais le second est resté jusqu'à neuf "
                "heures du soir et a fait un travail superbe. Chapeau !"
            ),
            "turn_bad": (
                "La dame au téléphone était charmante et a tout promis. Rien n'a été fait, je change de fournisseur."
            ),
        },
    },
    "zh": {
        "place": {
            "good": (
                "菜非常好吃。|我们很喜欢热情的服务员。|真是一个美好的夜晚!|房间干净又安静。|"
                "这是我多年来吃过最好的披萨。|早餐棒极了。"
            ),
            "bad": (
                "汤是冷的,服务员态度很差。|房间很脏。|服务太糟糕了。|我们等了一个小时,鱼还特别难吃。|"
                "早餐让我非常失望。|又贵又难吃。"
            ),
            "fact": "我们坐在靠窗的位置。|这家餐厅在磨坊街。|我们的房间在三楼。|早餐时间是七点到十点。",
            "good_hint": "我们已经订好了下个月的位子。|孩子们一直问什么时候再去。|盘子里一点都没剩下。",
            "bad_hint": "我们没等甜点就走了,回家才吃饱。|我在火车站都睡得比这好。|那是我们最后一次去那里。",
            "irony": (
                "太好了,汤里有根头发,正是我想要的。|如果你喜欢等九十分钟吃冷薯条,这里真是好地方。|"
                "住酒店谁还需要热水呢?为这幽默感给五颗星。"
            ),
            "turn_good": "看了别人的评价,我本来做了最坏的打算,队也排得很长,但最后这顿饭非常精彩,我们还会再来。",
            "turn_bad": "菜单看起来很诱人,照片也很漂亮。可惜没有一道菜能吃,我们不会再来了。",
        },
        "product": {
            "good": "我太喜欢了。|{it}非常好用。|质量很好,价格实惠。|强烈推荐!|真的让我很惊喜。|发货快,做工精细。",
            "bad": (
                "用了一个星期就坏了。|质量很差,非常失望。|浪费钱。|{it}收到时就是坏的,客服也不理人。|千万别买。|"
                "我后悔买了它。"
            ),
            "fact": "我是三月份买的。|包裹重两公斤。|有蓝色和灰色两种。|说明书有十二页。",
            "good_hint": "当天我又给妹妹订了一个。|每天用,用了三年还像新的一样。|要是丢了,我明天还会买同一款。",
            "bad_hint": "它已经装回盒子,寄回商店了。|三天以后我又用回旧的了。|唯一结实的是那张贴纸。",
            "irony": (
                "真棒,第二天就坏了,正好赶在我放假之前。|设计太天才了:{it}只在使用的时候才会坏。|"
                "多谢,我现在有了全城最贵的镇纸。"
            ),
            "turn_good": "箱子破了,我本来打算全部退货。后来试了一下,现在我已经离不开它了。",
            "turn_bad": "外观很漂亮,第一天我高兴极了。可从那以后问题不断,我要求退款。",
        },
        "service": {
            "good": "客服非常热心。|太感谢了,问题五分钟就解决了!|新版应用用起来很舒服。|我对课程非常满意。",
            "bad": (
                "你们的应用老是闪退。|我在电话里等了一个小时,真让人无法接受。|师傅根本没来,我非常生气。|"
                "课程又无聊又没用。"
            ),
            "fact": "我的客户号是4471。|我的地址变了。|课程星期一九点开始。|请把发票寄到我们办公室。",
            "good_hint": "我已经把你们介绍给所有同事了。|我刚刚又续订了三年。",
            "bad_hint": "我已经取消订阅了。|打了四次电话以后,我自己修好了。|下次我去找别家。",
            "irony": (
                "真好,又一次更新把我的文件删光了,我正需要这个呢。|热线太棒了!你们的等待音乐我都会背了。|"
                "感谢你们的快速回复,只用了六个星期。"
            ),
            "turn_good": "第一位师傅越修越糟,我很生气,但第二位一直忙到晚上九点,修得非常好,真心佩服!",
            "turn_bad": "电话里的女士很亲切,什么都答应了。结果一件也没办到,我要换一家公司。",
        },
    },
}

_BUT = {
    "en": " However, | On the other hand, | But ",
    "de": " Allerdings: | Andererseits: | Aber: ",
    "sv": " Däremot: | Å andra sidan: | Men: ",
    "es": " Sin embargo: | Por otro lado: | Pero: ",
    "fr": " Par contre : | D'un autre côté : | Mais : ",
    "zh": "不过,|但是,|另一方面,",
}
_LABELS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {"positive": ("positive",), "negative": ("negative",), "neutral": ("neutral",), "mixed": ("mixed",)},
    "de": {
        "positive": ("positiv*",),
        "negative": ("negativ*",),
        "neutral": ("neutral*",),
        "mixed": ("gemischt*",),
    },
    "sv": {"positive": ("positiv*",), "negative": ("negativ*",), "neutral": ("neutral*",), "mixed": ("bland*",)},
    "es": {
        "positive": ("positiv*",),
        "negative": ("negativ*",),
        "neutral": ("neutr*",),
        "mixed": ("mixto", "mixta", "mezclad*"),
    },
    "fr": {
        "positive": ("positif*", "positive*"),
        "negative": ("négatif*", "négative*", "negatif", "negative"),
        "neutral": ("neutre*",),
        "mixed": ("mitigé*", "mixte*", "partagé*"),
    },
    "zh": {
        "positive": ("积极", "正面", "好评", "肯定"),
        "negative": ("消极", "负面", "差评", "否定"),
        "neutral": ("中性", "中立"),
        "mixed": ("混合", "好坏参半", "复杂"),
    },
}
_SHOWN = {
    "en": {"positive": "positive", "negative": "negative", "neutral": "neutral", "mixed": "mixed"},
    "de": {"positive": "positiv", "negative": "negativ", "neutral": "neutral", "mixed": "gemischt"},
    "sv": {"positive": "positivt", "negative": "negativt", "neutral": "neutralt", "mixed": "blandat"},
    "es": {"positive": "positivo", "negative": "negativo", "neutral": "neutro", "mixed": "mixto"},
    "fr": {"positive": "positif", "negative": "négatif", "neutral": "neutre", "mixed": "mitigé"},
    "zh": {"positive": "正面", "negative": "负面", "neutral": "中性", "mixed": "混合"},
}
_YES_NO: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "yes": ("yes", "yeah", "yep", "likes", "liked", "loves", "loved", "enjoyed", "satisfied", "happy", "pleased"),
        "no": (
            "no",
            "nope",
            "doesn't like",
            "does not like",
            "don't like",
            "didn't like",
            "did not like",
            "dislike*",
            "not satisfied",
            "not happy",
            "isn't happy",
            "is not happy",
            "unhappy",
            "dissatisfied",
            "not pleased",
            "disappointed",
        ),
    },
    "de": {
        "yes": ("ja", "zufrieden", "gefällt"),
        "no": ("nein", "unzufrieden", "nicht zufrieden", "gefällt es nicht", "gefällt ihm nicht", "gefällt ihr nicht"),
    },
    "sv": {"yes": ("ja", "jo", "nöjd", "gillar"), "no": ("nej", "missnöjd", "inte nöjd", "gillar inte")},
    "es": {
        "yes": ("sí", "si", "satisfech*", "content*", "le gusta", "le gustó"),
        "no": (
            "no",
            "insatisfech*",
            "no está satisfech*",
            "no está content*",
            "descontent*",
            "no le gusta",
            "no le gustó",
        ),
    },
    "fr": {
        "yes": ("oui", "satisfait*", "content*"),
        "no": ("non", "insatisfait*", "mécontent*", "pas satisfait*", "pas content*", "n'est pas satisfait*"),
    },
    "zh": {
        "yes": ("是", "是的", "喜欢", "满意", "会"),
        "no": ("不", "不是", "不喜欢", "不满意", "不太满意", "不太喜欢", "不是很满意", "没有", "否", "不会"),
    },
}

_AMONG = {
    "en": (
        "Classify the sentiment as {labels}: {text}",
        "Classify the sentiment of this review as {labels}.\n\n{text}",
        "Is the sentiment of this review {labels}? {text}",
        "{text}\n\nIs this {labels}?",
        "{text}\n\nSentiment ({labels})?",
        "{labels}? {text}",
        "Label the following customer message as {labels}.\n{text}",
        "What is the sentiment of the text below: {labels}?\n\n{text}",
        "Sentiment analysis. Options: {labels}.\nText: {text}\nSentiment:",
        "Please tell me whether this comment is {labels}: {text}",
        "Would you say this feedback is {labels}? {text}",
        "I'm sorting survey answers. Is this one {labels}? {text}",
        "Decide if the writer's opinion is {labels}. {text}",
        "Tag with one of {labels}: {text}",
        "can you rate the tone of this as {labels}\n{text}",
    ),
    "de": (
        "Ist diese Bewertung {labels}? {text}",
        "Stimmung ({labels}): {text}",
        "{text}\n\nIst das {labels}?",
        "Ordne die Kundenmeinung ein als {labels}:\n{text}",
        "Bestimme die Stimmung des folgenden Textes: {labels}.\n\n{text}",
        "Wir werten eine Umfrage aus. Ist diese Antwort {labels}? {text}",
    ),
    "sv": (
        "Är det här omdömet {labels}? {text}",
        "Känsla ({labels}): {text}",
        "{text}\n\nÄr detta {labels}?",
        "Klassificera kundens åsikt som {labels}:\n{text}",
        "Bestäm tonen i följande text: {labels}.\n\n{text}",
        "Vi går igenom en enkät. Är det här svaret {labels}? {text}",
    ),
    "es": (
        "¿Esta reseña es {labels}? {text}",
        "Sentimiento ({labels}): {text}",
        "{text}\n\n¿El sentimiento es {labels}?",
        "Clasifica la opinión del cliente como {labels}:\n{text}",
        "Determina el sentimiento del siguiente texto: {labels}.\n\n{text}",
        "Estamos revisando una encuesta. ¿Este comentario es {labels}? {text}",
    ),
    "fr": (
        "Cet avis est-il {labels} ? {text}",
        "Sentiment ({labels}) : {text}",
        "{text}\n\nEst-ce {labels} ?",
        "Classe l'avis du client comme {labels} :\n{text}",
        "Détermine le sentiment du texte suivant : {labels}.\n\n{text}",
        "Nous dépouillons un sondage. Ce commentaire est-il {labels} ? {text}",
    ),
    "zh": (
        "这条评论是{labels}?{text}",
        "情感分类({labels}):{text}",
        "{text}\n\n这是{labels}?",
        "请把下面的顾客意见分为{labels}:\n{text}",
        "判断下面文字的情感倾向:{labels}。\n\n{text}",
        "我们在整理问卷,这条回答是{labels}?{text}",
    ),
}
_FREE = {
    "en": (
        'Classify the sentiment of "{text}"',
        "What's the sentiment? {text}",
        "sentiment: {text}",
        "What is the sentiment of this review?\n{text}",
        "Analyze the sentiment of this sentence: {text}",
    ),
    "de": ("Welche Stimmung hat dieser Text, positiv oder negativ? {text}", "Positiv oder negativ: {text}"),
    "sv": ("Är tonen positiv eller negativ? {text}", "Positivt eller negativt: {text}"),
    "es": ("¿Qué sentimiento expresa, positivo o negativo? {text}", "Positivo o negativo: {text}"),
    "fr": ("Quel est le sentiment, positif ou négatif ? {text}", "Positif ou négatif : {text}"),
    "zh": ("这句话的情感是正面还是负面?{text}", "正面还是负面:{text}"),
}
_LIKES = {
    "en": (
        "Does the customer like it? {text}",
        "{text}\n\nIs the customer satisfied?",
        "Is this customer happy? {text}",
        "Read this review and tell me if the customer is happy (yes or no): {text}",
        "{text}\nyes or no: did they like it?",
        "Did the writer like it? {text}",
        "A guest wrote: {text} Was the guest pleased?",
    ),
    "de": (
        "Ist der Kunde zufrieden? {text}",
        "{text}\n\nIst die Kundin zufrieden, ja oder nein?",
        "Gefällt es dem Kunden? {text}",
    ),
    "sv": ("Är kunden nöjd? {text}", "{text}\n\nÄr kunden nöjd, ja eller nej?", "Gillar kunden det? {text}"),
    "es": (
        "¿Está contento el cliente? {text}",
        "{text}\n\n¿Está satisfecho el cliente, sí o no?",
        "¿Le gustó al cliente? {text}",
    ),
    "fr": (
        "Le client est-il content ? {text}",
        "{text}\n\nLe client est-il satisfait, oui ou non ?",
        "Est-ce que le client est satisfait ? {text}",
    ),
    "zh": ("顾客满意吗?{text}", "{text}\n\n顾客喜欢吗?", "这位顾客满意吗,是还是不是?{text}"),
}
_BRIEF = {
    "en": ("One word.", "Answer with just the label.", "Just one word please, no explanation."),
    "de": ("Ein Wort genügt.", "Bitte ohne Erklärung."),
    "sv": ("Ett ord räcker.", "Utan förklaring."),
    "es": ("Con una palabra basta.", "Sin explicación."),
    "fr": ("Un mot suffit.", "Sans explication."),
    "zh": ("一个词就行。", "不用解释。"),
}
_OR = {"en": " or ", "de": " oder ", "sv": " eller ", "es": " o ", "fr": " ou ", "zh": "还是"}
_COMMA = {"zh": "、"}


def _labels(rng: Random, language: str, offered: Sequence[str]) -> str:
    """The labels as they are listed: "positive, negative or neutral", "positive/negative/neutral"."""
    shown = [_SHOWN[language][label] for label in offered]
    if rng.random() < 0.25 and language != "zh":
        return "/".join(shown)
    return _COMMA.get(language, ", ").join(shown[:-1]) + _OR[language] + shown[-1]


def _review(rng: Random, level: int, language: str, label: str, turning: bool) -> str:
    """A review with that label, as hard to see through as the level says.

    One that turns round is left out where "mixed" is among the answers: some would call it that.
    """
    pools = _REVIEWS[language][rng.choice(("place", "product", "service"))]

    def some(kind: str, n: int = 1) -> list[str]:
        return rng.sample(pools[kind].split("|"), n)

    if label == "neutral":
        parts = some("fact", min(level, 3))
    elif label == "mixed":
        first, second = ("good", "bad") if rng.random() < 0.5 else ("bad", "good")
        parts = [some(first)[0] + rng.choice(_BUT[language].split("|")) + some(second)[0]]
        parts += some("fact") if level == 5 else []
    else:
        side = "good" if label == "positive" else "bad"
        if level <= 2:
            parts = some(side, level)
        elif level == 3:
            parts = some("fact") + some(f"{side}_hint")
        elif level == 4:
            parts = some(f"turn_{side}") if turning and rng.random() < 0.6 else some(f"{side}_hint") + some("fact", 2)
        else:
            ironic = label == "negative" and (not turning or rng.random() < 0.7)
            turn = f"turn_{side}" if turning else f"{side}_hint"
            before, after = some("fact", 2)
            parts = [before, *(some("irony") if ironic else some(turn)), after]
    text = ("" if language == "zh" else " ").join(parts)
    thing = rng.choice(_THINGS[language].split("|"))
    if language == "zh":
        return text.replace("{it}", thing)
    return _filled(text, thing)


def _filled(text: str, thing: str) -> str:
    """The thing in place of its slot, with a capital where a sentence begins."""
    for before in ("", ". ", "! ", "? "):
        start = before + "{it}"
        if before:
            text = text.replace(start, before + thing[0].upper() + thing[1:])
        elif text.startswith(start):
            text = thing[0].upper() + thing[1:] + text[len(start) :]
    return text.replace("{it}", thing)


def _label(rng: Random, level: int, kinds: Sequence[str]) -> str:
    """Which label the review shall have; harder levels have fewer of the plain ones."""
    if level == 1:
        return rng.choice(("positive", "negative"))
    if level == 5 and "negative" in kinds and rng.random() < 0.4:
        return "negative"
    return rng.choice(kinds)


def _make(rng: Random, level: int, language: str) -> Item:
    way = rng.random()
    forms: Mapping[str, Sequence[str]]
    slots = {}
    offered = ["positive", "negative"]
    if way < 0.25:
        label = _label(rng, level, ("positive", "negative"))
        templates, forms = _LIKES[language], _YES_NO[language]
        right = "yes" if label == "positive" else "no"
        expected = forms[right][0]
    else:
        if way >= 0.45:
            offered += ["neutral"] if level <= 3 or rng.random() < 0.4 else ["neutral", "mixed"]
        label = right = _label(rng, level, offered)
        forms, expected = _LABELS[language], _SHOWN[language][label]
        templates = _FREE[language] if len(offered) == 2 and rng.random() < 0.4 else _AMONG[language]
        if rng.random() < 0.3:
            rng.shuffle(offered)
        slots = {"labels": _labels(rng, language, offered)}
    text = _review(rng, level, language, label, "mixed" not in offered)
    turns = conversation(rng, language, templates, _BRIEF[language], text=text, **slots)

    def check(answer: Answer) -> bool:
        return not repeats(answer.text, turns[-1].text) and chosen(answer.text, forms) == right

    return Item(turns, check, max_tokens=20, expected=expected)


FAMILY = Family(name="sentiment", title="telling whether a review is positive or negative", make=_make)

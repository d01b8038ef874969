"""Putting messages under one of several labels: topic, department, intent, urgency, spam or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from router.exam.checks.said import chosen, repeats
from router.exam.item import Answer, Family, Item
from router.exam.wording.phrasing import conversation

# Each row: kind of label; label; forms that an answer may use; messages.
_TABLES = {
    "en": """
topic; sports; sports/sport; {name} scored twice in the second half and the team won 3-1.|The marathon in {city} \
was won by a runner from Kenya.|She trains at the swimming pool five times a week for the championship.|The referee \
showed a red card after ten minutes.|Ticket sales for the handball final start on {day}.
topic; politics; politics/political; Parliament votes on the new tax law on {day}.|The mayor of {city} will not \
stand for re-election.|The minister resigned after the coalition talks failed.|Turnout in the local elections was \
lower than four years ago.|The government and the opposition agreed on a compromise.
topic; technology; technology/tech/technological; The new phone has a faster chip and a better camera.|An update \
fixes three security holes in the browser.|Researchers in {city} built a robot that folds shirts.|The laptop's \
battery lasts fourteen hours.|More and more companies keep their data in the cloud.
topic; cooking; cooking/food/cuisine; Chop the onions and fry them in butter until golden.|Let the dough rest for \
an hour before you bake it.|{name} adds a pinch of cinnamon to the tomato sauce.|Serve the lentil soup with fresh \
bread and parsley.|Whisk the eggs with sugar, then fold in the flour.
topic; health; health/medicine/medical/healthcare; Drink plenty of water and rest if you have a fever.|The clinic \
in {city} offers free flu vaccinations on {day}.|A daily walk lowers blood pressure.|The doctor prescribed drops \
for the infected ear.|Too little sleep weakens the immune system.
topic; travel; travel/traveling/tourism; The night train from {city} arrives at seven in the morning.|Our hotel was \
two streets from the beach.|You need a passport that is valid for six months.|The ferry to the island leaves every \
{day}.|We hiked through the national park with a guide.
department; billing; billing/invoice*/payment*; I was charged twice for order {n}.|The amount on invoice {n} does \
not match what we agreed.|Can I pay by bank transfer instead of by card?|My card was declined although there is \
money in the account.
department; shipping; shipping/delivery; My parcel {n} should have arrived on {day}, where is it?|The tracking page \
has not changed for a week.|Please send the package to my office in {city} instead.|The courier left the box at the \
wrong house.
department; technical support; technical support/technical/tech support/support; The app closes as soon as I open \
the camera.|I get error {n} when I start the program.|The printer is connected but nothing comes out.|Since the \
update the screen stays black.
department; account; account/accounts/login; I forgot my password and cannot log in.|How do I change the e-mail \
address in my profile?|Please delete my user account.|Somebody else seems to be logged in under my name.
department; returns; returns/return/refund*; The shoes are too small, I'd like to send them back.|Where do I find \
the return label for order {n}?|I want to exchange the blue jacket for a red one.|The vase arrived in pieces and I \
want to give it back.
intent; order; order/purchase/ordering; We'd like twenty boxes of printer paper, please.|Put me down for two \
tickets for {day}.|I'll take the large blue one, please send it to {city}.
intent; cancellation; cancellation/cancel/cancelling/canceling; Please cancel my subscription at the end of the \
month.|I won't be needing the room on {day} after all.|{name} can't come, so take the booking off the list.
intent; question; question/inquiry/enquiry; What time do you open on {day}?|Does the bike come with lights?|Is \
there a car park near your shop in {city}?
intent; complaint; complaint/complaining/complain; This is the third time that the milk you sold me was sour.|Your \
driver was rude to my mother and I expect an apology.|I have been waiting for a call back since {day}, that's not \
acceptable.
intent; thanks; thanks/thank/gratitude/praise/appreciation; {name} was so patient with me today, what a great \
colleague!|Just wanted to say how grateful I am for your help on {day}.|The flowers were beautiful, you made my \
wife very happy.
urgency; high; high/urgent; Water is pouring through the ceiling of the server room right now!|Nobody in the {city} \
office can log in and the customers are queueing.|The heating failed, there are babies in the house and it is minus \
ten outside.|We must have the contract within the hour or we lose the client.
urgency; medium; medium/moderate/normal; The second printer is jammed; we can use the first one until {day}.|Please \
send me the figures by the end of the week.|One of the two lifts is out of order, could somebody look at it this \
week?
urgency; low; low/not urgent/non-urgent; When you have nothing better to do, the picture in the hall hangs a bit \
crooked.|It would be nice to have a different colour for the buttons some day.|No hurry at all: {name} would like a \
copy of the old brochure for the archive.
spam; spam; spam/junk; CONGRATULATIONS!!! You have been selected to receive a FREE iPhone. Click here now!|Earn \
5000 dollars a week from home, no experience needed, reply today!|Your parcel is held. Pay 1.99 at http://\
parcel-fee.example to release it.|Cheap pills without prescription, 80% off, only today!!!|Dear friend, I am a \
prince and want to transfer 12 million dollars to your account.
spam; not spam; not spam/no spam/not junk/ham/legitimate/non-spam/isn't spam; Hi {name}, are we still meeting in \
{city} on {day}?|The minutes of yesterday's meeting are attached. Regards, {name}|Your dentist appointment is on \
{day} at 10:30.|Mum, I missed the bus and will be home at six.|Could you send me the slides from {day}? Thanks, \
{name}
settled; billing; ; The question about my invoice is settled, thank you. Now something else:
settled; shipping; ; The parcel from last week has arrived by now. But:
settled; technical support; ; The error on my computer is gone. Another matter:
settled; account; ; My login works again, thanks. Today I write because of this:
settled; returns; ; I have kept the shoes in the end. Something different:
""",
    "de": """
topic; Sport; Sport/sportlich; {name} traf in der zweiten Halbzeit zweimal, und die Mannschaft gewann 3:1.|Den \
Marathon in {city} gewann ein Läufer aus Kenia.|Der Schiedsrichter zeigte nach zehn Minuten die rote Karte.|Sie \
trainiert fünfmal pro Woche für die Meisterschaft.
topic; Politik; Politik/politisch; Das Parlament stimmt am {day} über das neue Steuergesetz ab.|Die Bürgermeisterin \
von {city} tritt nicht wieder an.|Der Minister trat zurück, nachdem die Koalitionsgespräche gescheitert waren.|Die \
Wahlbeteiligung war niedriger als vor vier Jahren.
topic; Technik; Technik/Technologie/technisch; Das neue Handy hat einen schnelleren Chip und eine bessere Kamera.|\
Ein Update schließt drei Sicherheitslücken im Browser.|Forscher in {city} bauten einen Roboter, der Hemden faltet.|\
Der Akku des Laptops hält vierzehn Stunden.
topic; Kochen; Kochen/Küche/Essen; Die Zwiebeln hacken und in Butter goldbraun braten.|Den Teig vor dem Backen eine \
Stunde ruhen lassen.|{name} gibt eine Prise Zimt in die Tomatensoße.|Die Linsensuppe mit frischem Brot und \
Petersilie servieren.
topic; Gesundheit; Gesundheit/Medizin/medizinisch; Bei Fieber viel trinken und sich ausruhen.|Die Klinik in {city} \
bietet am {day} kostenlose Grippeimpfungen an.|Ein täglicher Spaziergang senkt den Blutdruck.|Die Ärztin verschrieb \
Tropfen gegen die Ohrenentzündung.
topic; Reisen; Reisen/Reise/Tourismus; Der Nachtzug aus {city} kommt um sieben Uhr an.|Unser Hotel lag zwei Straßen \
vom Strand entfernt.|Die Fähre zur Insel fährt jeden {day}.|Man braucht einen Reisepass, der noch sechs Monate gilt.
department; Rechnung; Rechnung*/Buchhaltung/Zahlung*; Bestellung {n} wurde mir zweimal berechnet.|Der Betrag auf \
Rechnung {n} stimmt nicht.|Kann ich statt mit Karte auch per Überweisung zahlen?
department; Versand; Versand/Lieferung; Mein Paket {n} sollte am {day} kommen, wo ist es?|Die Sendungsverfolgung \
hat sich seit einer Woche nicht geändert.|Der Bote hat den Karton beim falschen Haus abgegeben.
department; Technik; Technik/technisch*; Die App schließt sich, sobald ich die Kamera öffne.|Beim Start des \
Programms kommt Fehler {n}.|Seit dem Update bleibt der Bildschirm schwarz.
department; Konto; Konto/Benutzerkonto/Kundenkonto; Ich habe mein Passwort vergessen und komme nicht mehr hinein.|\
Wie ändere ich die E-Mail-Adresse in meinem Profil?|Bitte löschen Sie mein Benutzerprofil.
department; Rückgabe; Rückgabe/Rücksendung/Retoure*; Die Schuhe sind zu klein, ich möchte sie zurückschicken.|Wo \
finde ich das Rücksendeetikett für Bestellung {n}?|Ich möchte die blaue Jacke gegen eine rote tauschen.
intent; Bestellung; Bestellung/bestellen; Wir hätten gern zwanzig Kartons Druckerpapier.|Ich nehme den großen \
blauen, bitte nach {city} schicken.|Bitte zwei Karten für {day} für mich.
intent; Kündigung; Kündigung/kündigen/Stornierung; Bitte beenden Sie mein Abo zum Monatsende.|Den Vertrag möchte \
ich nicht verlängern, er soll im Mai auslaufen.|Ich trete zum nächsten Monat aus dem Verein aus.
intent; Frage; Frage/Anfrage; Wann öffnen Sie am {day}?|Ist beim Fahrrad das Licht dabei?|Gibt es bei Ihrem Laden \
in {city} einen Parkplatz?
intent; Beschwerde; Beschwerde/Reklamation; Schon zum dritten Mal war die Milch von Ihnen sauer.|Ihr Fahrer war \
unverschämt zu meiner Mutter.|Seit {day} warte ich auf den Rückruf, so geht das nicht.
intent; Dank; Dank/Danke/Lob; {name} war heute so geduldig mit mir, eine tolle Kollegin!|Ich wollte nur sagen, wie \
froh ich über Ihre Hilfe am {day} war.|Die Blumen waren herrlich, meine Frau hat sich sehr gefreut.
urgency; hoch; hoch/hohe*/dringend; Im Serverraum läuft gerade Wasser durch die Decke!|Im Büro in {city} kann sich \
niemand anmelden, und die Kunden stehen Schlange.|Die Heizung ist ausgefallen, es sind Babys im Haus und draußen \
minus zehn Grad.
urgency; mittel; mittel/mittlere*/normal; Der zweite Drucker klemmt, bis {day} kommen wir mit dem ersten aus.|Bitte \
schicken Sie mir die Zahlen bis Ende der Woche.|Einer der beiden Aufzüge steht, könnte diese Woche jemand nachsehen?
urgency; niedrig; niedrig/niedrige*/gering/nicht dringend; Wenn Sie mal gar nichts zu tun haben: Das Bild im Flur \
hängt etwas schief.|Irgendwann wäre eine andere Farbe für die Knöpfe schön.|Hat überhaupt keine Eile: {name} hätte \
gern die alte Broschüre fürs Archiv.
spam; Spam; Spam; HERZLICHEN GLÜCKWUNSCH!!! Sie haben ein GRATIS-iPhone gewonnen. Hier klicken!|5000 Euro pro Woche \
von zu Hause verdienen, ohne Vorkenntnisse!|Ihr Paket wird zurückgehalten. Zahlen Sie 1,99 auf http://\
paket-gebuehr.example.|Lieber Freund, ich bin ein Prinz und möchte 12 Millionen auf Ihr Konto überweisen.
spam; kein Spam; kein Spam/nicht Spam/keine Spam*; Hallo {name}, bleibt es bei unserem Treffen in {city} am {day}?|\
Anbei das Protokoll der Sitzung von gestern. Gruß, {name}|Ihr Zahnarzttermin ist am {day} um 10:30 Uhr.|Mama, ich \
habe den Bus verpasst und bin um sechs zu Hause.
settled; Rechnung; ; Die Frage zur Rechnung hat sich erledigt. Nun etwas anderes:
settled; Versand; ; Das Paket von letzter Woche ist inzwischen da. Aber:
settled; Technik; ; Der Fehler am Computer ist weg. Eine andere Sache:
settled; Konto; ; Mein Login geht wieder, danke. Heute schreibe ich deshalb:
settled; Rückgabe; ; Die Schuhe behalte ich nun doch. Etwas anderes:
""",
    "sv": """
topic; sport; sport/idrott; {name} gjorde två mål i andra halvlek och laget vann med 3-1.|Maratonloppet i {city} \
vanns av en löpare från Kenya.|Domaren visade rött kort efter tio minuter.|Hon tränar fem gånger i veckan inför \
mästerskapet.
topic; politik; politik/politiskt; Riksdagen röstar om den nya skattelagen på {day}.|Borgmästaren i {city} ställer \
inte upp till omval.|Ministern avgick när regeringsförhandlingarna misslyckades.|Valdeltagandet var lägre än för \
fyra år sedan.
topic; teknik; teknik/teknologi; Den nya telefonen har en snabbare processor och bättre kamera.|En uppdatering \
täpper till tre säkerhetshål i webbläsaren.|Forskare i {city} har byggt en robot som viker skjortor.|Datorns \
batteri räcker i fjorton timmar.
topic; matlagning; matlagning/mat/kök; Hacka löken och stek den gyllene i smör.|Låt degen vila en timme innan du \
gräddar den.|{name} har en nypa kanel i tomatsåsen.|Servera linssoppan med nybakat bröd och persilja.
topic; hälsa; hälsa/medicin/sjukvård/vård; Drick mycket vatten och vila om du har feber.|Kliniken i {city} ger \
gratis influensavaccin på {day}.|En daglig promenad sänker blodtrycket.|Läkaren skrev ut droppar mot \
öroninflammationen.
topic; resor; resor/resa/turism; Nattåget från {city} kommer fram klockan sju.|Vårt hotell låg två gator från \
stranden.|Färjan till ön går varje {day}.|Man behöver ett pass som gäller i sex månader till.
department; faktura; faktura*/betalning*/fakturering; Jag har fått betala två gånger för order {n}.|Beloppet på \
faktura {n} stämmer inte.|Kan jag betala med överföring i stället för kort?
department; leverans; leverans*/frakt; Mitt paket {n} skulle komma på {day}, var är det?|Spårningen har inte \
ändrats på en vecka.|Budet lämnade lådan vid fel hus.
department; teknik; teknik/teknisk*; Appen stängs så fort jag öppnar kameran.|Jag får fel {n} när jag startar \
programmet.|Sedan uppdateringen är skärmen svart.
department; konto; konto/kontot/inloggning; Jag har glömt mitt lösenord och kommer inte in.|Hur byter jag \
e-postadress i min profil?|Ta bort min användarprofil, tack.
department; retur; retur*/returer; Skorna är för små, jag vill skicka tillbaka dem.|Var hittar jag etiketten för \
att skicka tillbaka order {n}?|Jag vill byta den blå jackan mot en röd.
intent; beställning; beställning*/beställa/order; Vi vill ha tjugo kartonger skrivarpapper.|Jag tar den stora blå, \
skicka den till {city}.|Två biljetter till {day}, tack.
intent; avbokning; avbokning/avboka/uppsägning; Vi behöver inte rummet på {day} längre.|{name} kan inte komma, så \
stryk oss från listan.|Jag vill inte ha kvar tiden på {day}.
intent; fråga; fråga/förfrågan; När öppnar ni på {day}?|Ingår det lampor till cykeln?|Finns det parkering vid er \
butik i {city}?
intent; klagomål; klagomål/klagan/reklamation; Det är tredje gången som mjölken från er är sur.|Er chaufför var \
oförskämd mot min mamma.|Jag har väntat på samtalet sedan i {day}s, så kan det inte gå till.
intent; tack; tack/beröm/tacksamhet; {name} var så tålmodig med mig i dag, vilken fin kollega!|Jag ville bara säga \
hur glad jag är för er hjälp.|Blommorna var underbara, min fru blev så glad.
urgency; hög; hög/högt/brådskande/akut; Det forsar vatten genom taket i serverrummet just nu!|Ingen på kontoret i \
{city} kan logga in och kunderna köar.|Värmen har slutat fungera, det finns spädbarn i huset och det är minus tio \
ute.
urgency; medel; medel/mellan/medelhög/normal; Den andra skrivaren har hakat upp sig, vi klarar oss med den första \
till {day}.|Skicka mig siffrorna före veckans slut.|En av de två hissarna står stilla, kan någon titta på den i \
veckan?
urgency; låg; låg/lågt/inte brådskande; När ni inte har något annat att göra: tavlan i hallen hänger lite snett.|\
Det vore trevligt med en annan färg på knapparna någon gång.|Det är absolut ingen brådska: {name} vill ha den gamla \
broschyren till arkivet.
spam; spam; spam/skräp*; GRATTIS!!! Du har vunnit en GRATIS iPhone. Klicka här!|Tjäna 50 000 kronor i veckan \
hemifrån, utan erfarenhet!|Ditt paket hålls kvar. Betala 19 kr på http://paketavgift.example.|Kära vän, jag är \
prins och vill föra över 12 miljoner till ditt konto.
spam; inte spam; inte spam/ej spam/ingen spam/inte skräp*; Hej {name}, ses vi fortfarande i {city} på {day}?|\
Bifogat finns protokollet från gårdagens möte. Hälsningar, {name}|Din tandläkartid är på {day} klockan 10.30.|\
Mamma, jag missade bussen och är hemma klockan sex.
settled; faktura; ; Frågan om fakturan är löst. Nu till något annat:
settled; leverans; ; Paketet från förra veckan har kommit nu. Men:
settled; teknik; ; Felet på datorn är borta. En annan sak:
settled; konto; ; Inloggningen fungerar igen, tack. I dag skriver jag om detta:
settled; retur; ; Skorna behåller jag ändå. Något annat:
""",
    "es": """
topic; deportes; deporte/deportes/deportivo; {name} marcó dos goles en la segunda parte y el equipo ganó 3-1.|El \
maratón de {city} lo ganó un corredor de Kenia.|El árbitro mostró la tarjeta roja a los diez minutos.|Entrena cinco \
veces por semana para el campeonato.
topic; política; política/político; El parlamento vota el {day} la nueva ley de impuestos.|La alcaldesa de {city} \
no se presentará a la reelección.|El ministro dimitió tras el fracaso de las negociaciones de gobierno.|La \
participación en las elecciones fue más baja que hace cuatro años.
topic; tecnología; tecnología/tecnológico/técnica; El nuevo móvil tiene un chip más rápido y mejor cámara.|Una \
actualización corrige tres fallos de seguridad del navegador.|Investigadores de {city} construyeron un robot que \
dobla camisas.|La batería del portátil dura catorce horas.
topic; cocina; cocina/comida/gastronomía; Pica las cebollas y fríelas en mantequilla hasta que se doren.|Deja \
reposar la masa una hora antes de hornearla.|{name} añade una pizca de canela a la salsa de tomate.|Sirve la sopa \
de lentejas con pan y perejil.
topic; salud; salud/medicina/sanidad; Bebe mucha agua y descansa si tienes fiebre.|La clínica de {city} vacuna \
gratis contra la gripe el {day}.|Un paseo diario baja la presión arterial.|La doctora recetó gotas para la \
infección de oído.
topic; viajes; viaje/viajes/turismo; El tren nocturno de {city} llega a las siete de la mañana.|Nuestro hotel \
estaba a dos calles de la playa.|El ferri a la isla sale cada {day}.|Se necesita un pasaporte válido por seis meses.
department; facturación; facturación/factura*/pago*; Me han cobrado dos veces el pedido {n}.|El importe de la \
factura {n} no es correcto.|¿Puedo pagar por transferencia en vez de con tarjeta?
department; envíos; envío/envíos/entrega*; Mi paquete {n} debía llegar el {day}, ¿dónde está?|El seguimiento no ha \
cambiado en una semana.|El repartidor dejó la caja en otra casa.
department; soporte técnico; soporte técnico/soporte/técnico; La aplicación se cierra en cuanto abro la cámara.|Me \
sale el error {n} al iniciar el programa.|Desde la actualización la pantalla se queda negra.
department; cuenta; cuenta/cuentas/acceso; He olvidado mi contraseña y no puedo entrar.|¿Cómo cambio el correo \
electrónico de mi perfil?|Por favor, borren mi usuario.
department; devoluciones; devolución/devoluciones; Los zapatos me quedan pequeños, quiero mandarlos de vuelta.|\
¿Dónde está la etiqueta para mandar de vuelta el pedido {n}?|Quiero cambiar la chaqueta azul por una roja.
intent; pedido; pedido/pedir/compra/encargo; Queremos veinte cajas de papel de impresora, por favor.|Me llevo el \
azul grande, envíenlo a {city}.|Dos entradas para el {day}, por favor.
intent; cancelación; cancelación/cancelar/anulación; Por favor, den de baja mi suscripción a fin de mes.|Al final \
no necesitaré la habitación del {day}.|{name} no puede venir, así que quiten la reserva.
intent; pregunta; pregunta/consulta; ¿A qué hora abren el {day}?|¿La bicicleta viene con luces?|¿Hay aparcamiento \
cerca de su tienda de {city}?
intent; queja; queja/reclamación; Es la tercera vez que la leche que me venden está agria.|Su conductor fue grosero \
con mi madre.|Llevo desde el {day} esperando su llamada, esto no puede ser.
intent; agradecimiento; agradecimiento/gracias/elogio; {name} tuvo hoy mucha paciencia conmigo, ¡qué gran \
compañera!|Solo quería decirles cuánto me ayudaron el {day}.|Las flores eran preciosas, mi mujer está feliz.
urgency; alta; alta/alto/urgente; ¡Está cayendo agua del techo en la sala de servidores ahora mismo!|Nadie de la \
oficina de {city} puede entrar al sistema y los clientes hacen cola.|La calefacción no funciona, hay bebés en casa \
y estamos a diez bajo cero.
urgency; media; media/medio/normal; La segunda impresora está atascada; nos apañamos con la primera hasta el {day}.|\
Por favor, mándeme las cifras antes del fin de semana.|Uno de los dos ascensores no va, ¿podría mirarlo alguien \
esta semana?
urgency; baja; baja/bajo/no urgente/no es urgente; Cuando no tengan nada mejor que hacer, el cuadro del pasillo \
está un poco torcido.|Algún día estaría bien otro color para los botones.|Sin ninguna prisa: {name} quisiera el \
folleto antiguo para el archivo.
spam; spam; spam/correo basura; ¡¡¡FELICIDADES!!! Ha ganado un iPhone GRATIS. ¡Haga clic aquí!|¡Gane 5000 euros a \
la semana desde casa sin experiencia!|Su paquete está retenido. Pague 1,99 en http://tasa-paquete.example.|Querido \
amigo, soy un príncipe y quiero transferir 12 millones a su cuenta.
spam; no spam; no spam/no es spam/no es correo basura/legítimo; Hola, {name}, ¿sigue en pie lo de {city} el {day}?|\
Adjunto el acta de la reunión de ayer. Saludos, {name}|Su cita con el dentista es el {day} a las 10:30.|Mamá, he \
perdido el autobús y llego a las seis.
settled; facturación; ; Lo de la factura ya está resuelto. Ahora otra cosa:
settled; envíos; ; El paquete de la semana pasada ya llegó. Pero:
settled; soporte técnico; ; El error del ordenador ya no aparece. Otro asunto:
settled; cuenta; ; Ya puedo entrar otra vez, gracias. Hoy escribo por esto:
settled; devoluciones; ; Al final me quedo con los zapatos. Algo distinto:
""",
    "fr": """
topic; sport; sport/sports/sportif; {name} a marqué deux fois en seconde mi-temps et l'équipe a gagné 3 à 1.|Le \
marathon de {city} a été gagné par un coureur kényan.|L'arbitre a sorti le carton rouge après dix minutes.|Elle \
s'entraîne cinq fois par semaine pour le championnat.
topic; politique; politique; Le parlement vote {day} la nouvelle loi sur les impôts.|La maire de {city} ne se \
représentera pas.|Le ministre a démissionné après l'échec des négociations de coalition.|La participation aux \
élections a été plus faible qu'il y a quatre ans.
topic; technologie; technologie/technique; Le nouveau téléphone a une puce plus rapide et un meilleur appareil \
photo.|Une mise à jour corrige trois failles de sécurité du navigateur.|Des chercheurs de {city} ont construit un \
robot qui plie les chemises.|La batterie de l'ordinateur tient quatorze heures.
topic; cuisine; cuisine/gastronomie; Hachez les oignons et faites-les dorer au beurre.|Laissez reposer la pâte une \
heure avant de l'enfourner.|{name} met une pincée de cannelle dans la sauce tomate.|Servez la soupe de lentilles \
avec du pain et du persil.
topic; santé; santé/médecine/médical; Buvez beaucoup d'eau et reposez-vous en cas de fièvre.|La clinique de {city} \
vaccine gratuitement contre la grippe {day}.|Une marche quotidienne fait baisser la tension.|La médecin a prescrit \
des gouttes contre l'otite.
topic; voyage; voyage/voyages/tourisme; Le train de nuit de {city} arrive à sept heures.|Notre hôtel était à deux \
rues de la plage.|Le ferry pour l'île part chaque {day}.|Il faut un passeport valable encore six mois.
department; facturation; facturation/facture*/paiement*; J'ai été débité deux fois pour la commande {n}.|Le montant \
de la facture {n} n'est pas correct.|Puis-je payer par virement plutôt que par carte ?
department; livraison; livraison*/expédition; Mon colis {n} devait arriver {day}, où est-il ?|Le suivi n'a pas \
changé depuis une semaine.|Le livreur a laissé le carton devant la mauvaise maison.
department; technique; technique/support technique/assistance technique; L'application se ferme dès que j'ouvre \
l'appareil photo.|J'ai l'erreur {n} au démarrage du programme.|Depuis la mise à jour, l'écran reste noir.
department; compte; compte/comptes; J'ai oublié mon mot de passe et je ne peux plus me connecter.|Comment changer \
l'adresse e-mail de mon profil ?|Merci de supprimer mon profil d'utilisateur.
department; retours; retour/retours; Les chaussures sont trop petites, je voudrais les renvoyer.|Où trouver \
l'étiquette pour renvoyer la commande {n} ?|Je veux échanger la veste bleue contre une rouge.
intent; commande; commande/commander/achat; Nous voudrions vingt cartons de papier pour imprimante.|Je prends le \
grand bleu, à envoyer à {city}.|Deux billets pour {day}, s'il vous plaît.
intent; annulation; annulation/annuler/résiliation; Merci de mettre fin à mon abonnement à la fin du mois.|\
Finalement, je n'aurai pas besoin de la chambre {day}.|{name} ne peut pas venir, retirez-nous de la liste.
intent; question; question/demande d'information; À quelle heure ouvrez-vous {day} ?|Le vélo est-il vendu avec des \
lampes ?|Y a-t-il un parking près de votre magasin de {city} ?
intent; réclamation; réclamation/plainte; C'est la troisième fois que votre lait est tourné.|Votre chauffeur a été \
grossier avec ma mère.|J'attends votre appel depuis {day}, ce n'est pas normal.
intent; remerciement; remerciement*/merci/compliment*; {name} a été si patiente avec moi aujourd'hui, quelle \
collègue formidable !|Je voulais juste dire combien votre aide m'a été précieuse {day}.|Les fleurs étaient \
superbes, ma femme est ravie.
urgency; haute; haute/élevée/urgent*/élevé; L'eau coule du plafond dans la salle des serveurs en ce moment même !|\
Personne au bureau de {city} ne peut se connecter et les clients font la queue.|Le chauffage est en panne, il y a \
des bébés dans la maison et il fait moins dix.
urgency; moyenne; moyenne/moyen/normale; La deuxième imprimante est bloquée ; la première suffit jusqu'à {day}.|\
Merci de m'envoyer les chiffres avant la fin de la semaine.|L'un des deux ascenseurs est arrêté, quelqu'un \
pourrait-il passer cette semaine ?
urgency; basse; basse/faible/pas urgent*/bas; Quand vous n'aurez rien d'autre à faire : le tableau du couloir est \
un peu de travers.|Un jour, une autre couleur pour les boutons serait sympa.|Rien ne presse : {name} aimerait \
l'ancienne brochure pour les archives.
spam; spam; spam/pourriel/indésirable; FÉLICITATIONS !!! Vous avez gagné un iPhone GRATUIT. Cliquez ici !|Gagnez \
5000 euros par semaine chez vous, sans expérience !|Votre colis est bloqué. Payez 1,99 sur http://\
frais-colis.example.|Cher ami, je suis un prince et je veux virer 12 millions sur votre compte.
spam; pas spam; pas spam/pas du spam/pas un spam/non spam/légitime/pas indésirable/non-spam; Bonjour {name}, on se \
voit toujours à {city} {day} ?|Ci-joint le compte rendu de la réunion d'hier. Cordialement, {name}|Votre \
rendez-vous chez le dentiste est {day} à 10h30.|Maman, j'ai raté le bus, je rentre à six heures.
settled; facturation; ; La question de la facture est réglée. Autre chose :
settled; livraison; ; Le colis de la semaine dernière est arrivé. Mais :
settled; technique; ; L'erreur sur mon ordinateur a disparu. Autre sujet :
settled; compte; ; Je peux de nouveau me connecter, merci. Aujourd'hui, j'écris pour ceci :
settled; retours; ; Finalement, je garde les chaussures. Sinon :
""",
    "zh": """
topic; 体育; 体育/运动; {name}下半场进了两个球,球队3比1获胜。|{city}马拉松的冠军是一名肯尼亚选手。|\
开场十分钟裁判就出示了红牌。|为了锦标赛,她每周训练五次。
topic; 政治; 政治/时政; 议会将在{day}表决新的税法。|{city}市长不再参加连任竞选。|组阁谈判失败后,部长辞职了。|\
这次选举的投票率比四年前低。
topic; 科技; 科技/技术; 新手机的芯片更快,摄像头也更好。|这次更新修复了浏览器的三个安全漏洞。|\
{city}的研究人员造出了会叠衬衫的机器人。|这台笔记本电脑的电池能用十四个小时。
topic; 美食; 美食/烹饪/做饭/饮食; 把洋葱切碎,用黄油炒至金黄。|面团烤之前要静置一个小时。|\
{name}在番茄酱里加了一点肉桂。|扁豆汤配新鲜面包和香菜一起上桌。
topic; 健康; 健康/医疗/医学; 发烧时要多喝水、多休息。|{city}的诊所{day}免费接种流感疫苗。|每天散步可以降低血压。|\
医生给发炎的耳朵开了滴剂。
topic; 旅游; 旅游/旅行; 从{city}开来的夜车早上七点到站。|我们的酒店离海滩只有两条街。|去岛上的渡轮每个{day}开。|\
护照的有效期必须在六个月以上。
department; 账单; 账单/付款/支付/财务; 订单{n}扣了我两次钱。|发票{n}上的金额不对。|我可以不用卡,改用银行转账吗?
department; 物流; 物流/配送/快递/发货; 我的包裹{n}应该{day}到的,现在在哪儿?|运单信息一个星期没有更新了。|\
送货员把箱子放到别人家门口了。
department; 技术支持; 技术支持/技术; 一打开相机,应用就闪退。|启动程序时出现错误{n}。|更新之后屏幕一直是黑的。
department; 账户; 账户/账号/登录; 我忘了密码,登不进去。|怎么修改个人资料里的邮箱?|请注销我的用户。
department; 退货; 退货/退换/退换货; 鞋子太小了,我想寄回去。|订单{n}的寄回标签在哪里?|我想把蓝色夹克换成红色的。
intent; 订购; 订购/下单/订单/购买; 我们要二十箱打印纸。|我要那个大号蓝色的,请寄到{city}。|请给我留两张{day}的票。
intent; 取消; 取消/退订; 月底以后我不再续订了,请停掉。|{day}的房间我不需要了。|{name}来不了,把我们的预订去掉吧。
intent; 咨询; 咨询/询问/提问/问题; 你们{day}几点开门?|自行车带车灯吗?|你们{city}的店附近有停车场吗?
intent; 投诉; 投诉/抱怨; 这已经是第三次买到酸掉的牛奶了。|你们的司机对我母亲很没礼貌。|\
我从{day}一直等你们回电话,太不像话了。
intent; 感谢; 感谢/表扬/致谢; {name}今天对我特别有耐心,真是好同事!|就想说一声,{day}多亏了你们帮忙。|\
花很漂亮,我太太高兴极了。
urgency; 高; 高/紧急; 机房天花板正在漏水!|{city}办公室没有人能登录,客户都在排队。|暖气坏了,家里有婴儿,外面零下十度。
urgency; 中; 中/中等/一般; 第二台打印机卡纸了,{day}之前先用第一台。|请在本周内把数字发给我。|\
两部电梯有一部停了,这周能来看看吗?
urgency; 低; 低/不紧急/不急; 您哪天闲着没事的时候,走廊的画有点歪。|以后有机会的话,按钮换个颜色会更好看。|\
完全不着急:{name}想要一份旧手册存档。
spam; 垃圾邮件; 垃圾邮件/垃圾; 恭喜!!!您被选中免费获得iPhone一部,立即点击!|在家轻松月入五万,无需经验,马上回复!|\
您的包裹被扣留,请到http://parcel-fee.example支付1.99元。|亲爱的朋友,我是一位王子,想把一千二百万转到您的账户。
spam; 正常邮件; 正常邮件/正常/不是垃圾邮件/非垃圾邮件/不是垃圾; {name}你好,我们{day}还在{city}见面吗?|\
附件是昨天会议的记录。{name}|您的牙医预约在{day}上午10:30。|妈妈,我没赶上公交车,六点到家。
settled; 账单; ; 发票的事已经解决了。现在说另一件事:
settled; 物流; ; 上周的包裹已经收到了。不过:
settled; 技术支持; ; 电脑的错误已经没有了。另外:
settled; 账户; ; 我又能登录了,谢谢。今天写信是因为:
settled; 退货; ; 鞋子我还是留下了。另一件事:
""",
}
_SLOTS = {
    "en": {
        "name": "Anna|Ben|Carla|Dr Patel|Mr Jones|Olivia|Sam|Priya",
        "city": "Leeds|Chicago|Oslo|Dublin|Toronto|Lisbon|Perth",
        "day": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday",
    },
    "de": {
        "name": "Anna|Lena|Paula|Frau Weber|Sofia|Miriam",
        "city": "Köln|Bremen|Wien|Zürich|Leipzig|Kiel",
        "day": "Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag",
    },
    "sv": {
        "name": "Anna|Erik|Karin|Olle|Maja|Johan",
        "city": "Lund|Umeå|Malmö|Uppsala|Bergen|Åbo",
        "day": "måndag|tisdag|onsdag|torsdag|fredag|lördag",
    },
    "es": {
        "name": "Ana|Lucía|Carmen|Elena|Marta|Sofía",
        "city": "Sevilla|Bilbao|Lima|Bogotá|Valencia|Quito",
        "day": "lunes|martes|miércoles|jueves|viernes|sábado",
    },
    "fr": {
        "name": "Anne|Camille|Sophie|Julie|Madame Morel|Inès",
        "city": "Lyon|Nantes|Genève|Lille|Bordeaux|Québec",
        "day": "lundi|mardi|mercredi|jeudi|vendredi|samedi",
    },
    "zh": {
        "name": "小王|李娜|张伟|陈老师|刘芳|小林",
        "city": "杭州|成都|西安|青岛|广州|南京",
        "day": "星期一|星期二|星期三|星期四|星期五|星期六",
    },
}

_KINDS = {
    "en": {"topic": "topic", "department": "department", "intent": "intent", "urgency": "urgency", "spam": "type"},
    "de": {"topic": "Thema", "department": "Abteilung", "intent": "Absicht", "urgency": "Dringlichkeit", "spam": "Art"},
    "sv": {"topic": "ämne", "department": "avdelning", "intent": "avsikt", "urgency": "prioritet", "spam": "typ"},
    "es": {
        "topic": "tema",
        "department": "departamento",
        "intent": "intención",
        "urgency": "urgencia",
        "spam": "tipo",
    },
    "fr": {"topic": "thème", "department": "service", "intent": "intention", "urgency": "urgence", "spam": "type"},
    "zh": {"topic": "主题", "department": "部门", "intent": "意图", "urgency": "紧急程度", "spam": "类型"},
}
_ASKING = {
    "en": (
        "Classify the {kind} of this message as {labels}: {text}",
        "Which {kind} fits best: {labels}?\n\n{text}",
        "{text}\n\n{kind}: {labels}?",
        "{labels}? {text}",
        "Assign one of these labels: {labels}.\n\n{text}",
        "Categorize: {text}\nOptions: {labels}",
        "Sort this into {labels}: {text}",
        "Categories: {labels}\nMessage: {text}\nCategory:",
        "Would you file this under {labels}? {text}",
        "I need to tag incoming mail. Tags are {labels}. Mail: {text}",
        "You route messages in our inbox. Possible values for {kind}: {labels}. Here is the next one.\n{text}",
        "Please classify the following text by {kind} ({labels}).\n{text}",
        "what's the {kind} here, {labels}? {text}",
        "{text}\n\nPick the right {kind} from {labels}.",
        "Label this text with its {kind}. Choose from {labels}.\nText: {text}",
        "Is this {labels}? {text}",
    ),
    "de": (
        "Ordne die Nachricht ein ({labels}): {text}",
        "{kind}: {labels}? {text}",
        "Welche Kategorie passt: {labels}?\n\n{text}",
        "{text}\n\nIst das {labels}?",
        "Kategorien: {labels}\nNachricht: {text}\nKategorie:",
        "Ich sortiere unsere Post nach: {labels}. Wohin gehört das? {text}",
    ),
    "sv": (
        "Klassificera meddelandet ({labels}): {text}",
        "{kind}: {labels}? {text}",
        "Vilken kategori passar: {labels}?\n\n{text}",
        "{text}\n\nÄr det här {labels}?",
        "Kategorier: {labels}\nMeddelande: {text}\nKategori:",
        "Jag sorterar vår post efter {labels}. Vart hör det här? {text}",
    ),
    "es": (
        "Clasifica el mensaje ({labels}): {text}",
        "{kind}: ¿{labels}? {text}",
        "¿Qué categoría corresponde: {labels}?\n\n{text}",
        "{text}\n\n¿Es {labels}?",
        "Categorías: {labels}\nMensaje: {text}\nCategoría:",
        "Estoy ordenando el correo en {labels}. ¿Dónde va este? {text}",
    ),
    "fr": (
        "Classe ce message ({labels}) : {text}",
        "{kind} : {labels} ? {text}",
        "Quelle catégorie convient : {labels} ?\n\n{text}",
        "{text}\n\nEst-ce {labels} ?",
        "Catégories : {labels}\nMessage : {text}\nCatégorie :",
        "Je trie notre courrier selon : {labels}. Où va celui-ci ? {text}",
    ),
    "zh": (
        "给这条消息分类({labels}):{text}",
        "{kind}:{labels}?{text}",
        "下面这条属于哪一类:{labels}?\n\n{text}",
        "{text}\n\n这是{labels}?",
        "类别:{labels}\n消息:{text}\n类别是:",
        "我在整理邮件,分为{labels}。这封归哪一类?{text}",
    ),
}
_BOTH = {
    "en": (
        "Give department ({labels}) and urgency ({more}) of this message: {text}",
        "{text}\n\nDepartment: {labels}? Urgency: {more}?",
        "Two labels, please. First one of {labels}, second one of {more}.\n\n{text}",
    ),
    "de": (
        "Bestimme Abteilung ({labels}) und Dringlichkeit ({more}): {text}",
        "{text}\n\nAbteilung: {labels}? Dringlichkeit: {more}?",
    ),
    "sv": (
        "Ange avdelning ({labels}) och prioritet ({more}): {text}",
        "{text}\n\nAvdelning: {labels}? Prioritet: {more}?",
    ),
    "es": (
        "Indica departamento ({labels}) y urgencia ({more}): {text}",
        "{text}\n\n¿Departamento: {labels}? ¿Urgencia: {more}?",
    ),
    "fr": (
        "Indique le service ({labels}) et l'urgence ({more}) : {text}",
        "{text}\n\nService : {labels} ? Urgence : {more} ?",
    ),
    "zh": ("请给出部门({labels})和紧急程度({more}):{text}", "{text}\n\n部门:{labels}?紧急程度:{more}?"),
}
_BRIEF = {
    "en": ("Just the label.", "Answer with the label only.", "No explanation, please."),
    "de": ("Nur die Kategorie.", "Bitte ohne Erklärung."),
    "sv": ("Bara kategorin.", "Utan förklaring."),
    "es": ("Solo la categoría.", "Sin explicación."),
    "fr": ("Seulement la catégorie.", "Sans explication."),
    "zh": ("只写类别。", "不要解释。"),
}
_OR = {"en": "or", "de": "oder", "sv": "eller", "es": "o", "fr": "ou", "zh": "还是"}
_HASTE = {
    "en": {
        "high": "We cannot work until this is solved, please act at once!",
        "low": "Take your time, this can wait for weeks.",
    },
    "de": {
        "hoch": "Bis das gelöst ist, steht hier alles still, bitte sofort handeln!",
        "niedrig": "Lassen Sie sich ruhig Wochen Zeit damit.",
    },
    "sv": {
        "hög": "Vi kan inte arbeta förrän detta är löst, gör något genast!",
        "låg": "Ta god tid på er, det kan vänta i flera veckor.",
    },
    "es": {
        "alta": "No podemos trabajar hasta que se resuelva, ¡actúen de inmediato!",
        "baja": "Tómense su tiempo, esto puede esperar semanas.",
    },
    "fr": {
        "haute": "Tout est bloqué tant que ce n'est pas réglé, agissez tout de suite !",
        "basse": "Prenez votre temps, cela peut attendre des semaines.",
    },
    "zh": {"高": "不解决我们就没法工作,请立刻处理!", "低": "慢慢来,等几个星期也没关系。"},
}


@dataclass(frozen=True, slots=True)
class _Label:
    name: str
    forms: tuple[str, ...]
    messages: tuple[str, ...]


def _read(table: str) -> dict[str, dict[str, _Label]]:
    kinds: dict[str, dict[str, _Label]] = {}
    for row in table.strip().splitlines():
        kind, name, forms, messages = row.split("; ", 3)
        kinds.setdefault(kind, {})[name] = _Label(name, tuple(forms.split("/")), tuple(messages.split("|")))
    return kinds


_LABELS = {language: _read(table) for language, table in _TABLES.items()}


def _listed(rng: Random, language: str, names: Sequence[str]) -> str:
    """The labels as they are listed: "a, b or c", "a/b/c", "a | b | c"."""
    style = rng.random()
    if style < 0.2:
        return "/".join(names)
    if style < 0.4:
        return ("、" if language == "zh" else ", ").join(names)
    if language == "zh":
        return "、".join(names[:-1]) + _OR[language] + names[-1]
    return ", ".join(names[:-1]) + f" {_OR[language]} " + names[-1]


def _kind(rng: Random, level: int) -> str:
    return rng.choice(
        {
            1: ("spam", "spam", "topic"),
            2: ("topic", "department", "urgency", "spam"),
            3: ("topic", "department", "intent", "urgency"),
            4: ("department", "intent", "urgency"),
            5: ("department", "intent"),
        }[level]
    )


_MANY = {1: 2, 2: 3, 3: 5, 4: 5, 5: 5}


def _message(rng: Random, language: str, label: _Label) -> str:
    slots = {name: rng.choice(values.split("|")) for name, values in _SLOTS[language].items()}
    return rng.choice(label.messages).format(n=rng.randrange(10_000, 99_999), **slots)


def _offered(rng: Random, labels: Mapping[str, _Label], right: str, n: int) -> list[str]:
    """The right label and others, shuffled unless they have an order of their own."""
    others = [name for name in labels if name != right]
    names = [right, *rng.sample(others, min(n - 1, len(others)))]
    rng.shuffle(names)
    return names


def _make(rng: Random, level: int, language: str) -> Item:
    kind = _kind(rng, level)
    labels = _LABELS[language][kind]
    right = rng.choice(list(labels))
    names = _offered(rng, labels, right, _MANY[level])
    forms = {name: labels[name].forms for name in names}
    text = _message(rng, language, labels[right])
    gap = "" if language == "zh" else " "
    if kind == "department" and level >= 4:
        settled = _LABELS[language]["settled"]
        other = rng.choice([name for name in settled if name != right])
        text = settled[other].messages[0] + gap + text
    if kind == "department" and level == 5:
        return _with_urgency(rng, language, text, right, forms)
    templates = _ASKING[language]
    shown = _listed(rng, language, names)
    expected = right
    if level == 5:
        codes = rng.sample("BFGHKPRW", len(names))
        shown = ", ".join(f"{code} = {name}" for code, name in zip(codes, names, strict=True))
        expected = codes[names.index(right)]
        forms = {code: (code, name) for code, name in zip(codes, names, strict=True)}
    turns = conversation(
        rng, language, templates, _BRIEF[language], text=text, kind=_KINDS[language][kind], labels=shown
    )

    def check(answer: Answer) -> bool:
        return not repeats(answer.text, turns[-1].text) and chosen(answer.text, forms) == expected

    return Item(turns, check, max_tokens=20, expected=expected)


def _with_urgency(rng: Random, language: str, text: str, right: str, forms: Mapping[str, Sequence[str]]) -> Item:
    """Asks for department and urgency of the same message."""
    urgency, sentence = rng.choice(list(_HASTE[language].items()))
    urgencies = _LABELS[language]["urgency"]
    text += ("" if language == "zh" else " ") + sentence
    turns = conversation(
        rng,
        language,
        _BOTH[language],
        text=text,
        labels=_listed(rng, language, list(forms)),
        more=_listed(rng, language, list(urgencies)),
    )
    levels = {name: label.forms for name, label in urgencies.items()}

    def check(answer: Answer) -> bool:
        if repeats(answer.text, turns[-1].text):
            return False
        return chosen(answer.text, forms) == right and chosen(answer.text, levels) == urgency

    return Item(turns, check, max_tokens=32, expected=f"{right}, {urgency}")


FAMILY = Family(name="classification", title="putting messages under labels", make=_make)

//! Words of texts, and word lists of the checks.

/// Checks whether a list of words contains a word.
pub(super) fn contains(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}

/// Checks whether a list of phrases, which are separated by commas, contains a phrase.
pub(super) fn contains_phrase(list: &str, phrase: &str) -> bool {
    list.split(',').any(|listed| listed.trim() == phrase)
}

/// Checks whether a text begins with one of a list of words.
pub(super) fn contains_start(list: &str, text: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| text.starts_with(listed))
}

/// Returns the last two words of a text, in lower case.
pub(super) fn last_words(text: &str) -> (String, String) {
    let rest = text.trim_end_matches(|c: char| c.is_whitespace() || ":„“\"".contains(c));
    let last = last_word(rest);
    let rest = rest.trim_end_matches(char::is_alphabetic).trim_end();
    (last_word(rest), last)
}

/// Returns the word at the end of a text in lower case, or the end of it if it is long.
pub(super) fn last_word(text: &str) -> String {
    let word: Vec<char> = text.chars().rev().take_while(|c| c.is_alphabetic()).take(20).collect();
    word.into_iter().rev().flat_map(char::to_lowercase).collect()
}

/// Words of programs and people for a missing value. `Nan` is not among them, because it is a name.
pub(super) const EMPTY_VALUES: &str = "
    null Null NULL nil nan NaN NaT none None NONE undefined N/A n/a NA <NA> n.a. N.A. k.A. (blank) (empty) (leer) (vide)
    (vacío) <leer> - -- --- – — ? ?? .
";

/// Missing values between brackets, in lower case. Without brackets they may be ordinary words.
pub(super) const EMPTY_MARKS: &str = "
    null, undefined, nan, nil, n/a, na, no value, novalue, no data, no name, not set, not provided, not available,
    not found, no entry, missing, missing value, unset, unknown value, kein wert, keine angabe, nicht angegeben,
    kein name, keine daten, ohne angabe, leerer wert, sans valeur, aucune valeur, non renseigné, non défini, sin valor,
    sin datos, no definido, no disponible, senza valore, nessun valore, non definito, non disponibile, sem valor,
    não definido, não informado, geen waarde, niet ingevuld, onbekend, brak wartości, brak danych, inget värde,
    ingen værdi, ingen verdi, ei arvoa, нет значения, нет данных, не указано
";

/// Words that mark a text as a draft at its beginning or between brackets, in lower case.
pub(super) const DRAFT_MARKS: &str = "
    draft entwurf brouillon borrador bozza rascunho utkast udkast kladde szkic koncept wip fixme tbd tbc tba
    luonnos черновик чернетка návrh vázlat taslak placeholder platzhalter unfinished unfertig
";

/// Words after `DRAFT` in an ordinary text, in lower case.
pub(super) const AFTER_DRAFT: &str = "
    beer beers ale ales lager cider picks pick day night season stops excluders horses horse kings
";

/// Words before `DRAFT` in an ordinary text, in lower case.
pub(super) const BEFORE_DRAFT: &str = "
    on the a an of our your this that final first second rough fantasy cold fresh best beer
";

/// Words for the text of a draft, and words of the usual filler text, in lower case.
pub(super) const DRAFT_WORDS: &str = "
    platzhaltertext blindtext blindtexte beispieltext mustertext fülltext dummytext placeholdertext voorbeeldtekst
    platshållartext pladsholdertekst plassholdertekst placeholdertekst opvultekst consectetur consectetuer adipiscing
    adipisicing incididunt reprehenderit excepteur cupidatat
";

/// Letters of Western languages that became quotation marks and signs, because text of DOS was read as Windows-1252:
/// `M„dchen`, `caf‚s`.
pub(super) const UNLIKELY_LETTERS: &str = "„‚‡ˆ‰";

/// Words after a name or number that is the subject of a sentence, in lower case. None is a word of a language in which
/// `null` is a number.
pub(super) const AFTER_VALUE: &str = "
    is are has have now today off from your our with est sont está están jest já
";

/// Words before the value that `null` replaces at the end of a clause, in lower case.
pub(super) const BEFORE_VALUE: &str = "
    at from with your our dear by visiting meet pour chez votre notre para con tu su nuestro por com seu
";

/// Things that have a name or a code of their own, in languages in which `null` is a number, in lower case. What is counted
/// or numbered, such as hours, points and versions, is not among them.
pub(super) const NAMED_THINGS: &str = "
    gutschein gutscheincode gutscheinkarte rabattcode aktionscode promocode code bestellung bestellnummer auftrag
    auftragsnummer angebot termin paket paketnummer lieferung sendung rechnung rechnungsnummer kunde kundin
    kundennummer buchung buchungsnummer reservierung ticket artikel produkt modell tarif vertrag konto firma marke
    filiale stadt ort straße strasse frau herr familie name vorname nachname berater beraterin ansprechpartner ansprechpartnerin trainer
    trainerin kurs workshop webinar hotel zimmer gewinn gewinncode postleitzahl
    código pedido cupón reserva cita factura commande réservation facture ordine codice encomenda
    rabattkode kupong gavekort bestilling bestillingen ordre ordren pakke pakken tilbud tilbudet avtale avtalen kunden
    fru
";

/// Words after the name of such a thing, in lower case.
pub(super) const AFTER_NAMED: &str = "
    ist sind hat haben wird werden wurde wurden war wartet warten liegt steht kommt läuft gilt endet beginnt startet
    ya es tiene llega será est sera è
    freut kann darf muss soll heute jetzt bald und oder er har ble blir vil kan venter kommer gjelder utløper nå og
";

/// Words between which and a verb `null` is ordinary: `the answer is null and void`.
pub(super) const BEFORE_NUMBER: &str = "
    is are was be a the an of to than or from von bei auf unter über word
";

/// The words of LibreOffice before the number of an error: `Err:502`.
pub(super) const ERROR_CODES: &str =
    "Err Error Fehler Erreur Errore Erro Błąd Fout Fel Fejl Feil Hiba Chyba Ошибка";

/// Other whole texts for a missing value, in lower case.
pub(super) const EMPTY_TEXTS: &str = "
    na n.a k.a \\n leer empty blank vide vacío vuoto vazio leeg tom puste
";

/// Values of checkboxes, as spreadsheets write them.
pub(super) const BOOLEANS: &str = "
    TRUE FALSE true false WAHR FALSCH VRAI FAUX VERDADERO FALSO VERDADEIRO VERO WAAR ONWAAR PRAWDA FAŁSZ SANT FALSKT
    SAND FALSK ИСТИНА ЛОЖЬ TOSI EPÄTOSI PRAVDA NEPRAVDA IGAZ HAMIS DOĞRU YANLIŞ
";

/// Words whose last letter was lost, in lower case: `Caf?`, `Gro?`. They are no words of their own.
pub(super) const WITHOUT_LAST_LETTER: &str = "
    caf caff voil citt qualit novit libert universit attivit perch poich gro flei aqu tamb
";

/// Phrases for a value that is not known yet.
pub(super) const DRAFT_VALUES: &str = "
    TODO, TBD, tbd, TBC, tbc, TBA, tba, FIXME, xxx, XXX, asdf, Loading..., Loading…, Wird geladen..., Chargement...,
    Cargando..., Carregando..., Caricamento...
";

/// Whole texts that are drafts, in lower case.
pub(super) const DRAFT_TEXTS: &str = "
    todo, fixme, loading, test, tests, testing, test test, test test test, this is a test, test text, dies ist ein test,
    prueba, essai, prova, teste, asdf, asdfasdf, asdfgh, qwerty, qwertz, foo, bar, foo bar, abc, xx, blah, bla bla,
    blabla, text, your text, your text here, text here, your text goes here, text goes here, your headline here,
    headline here, your copy here, your script here, your script goes here, script goes here, your message here,
    add text here, type here, hier text einfügen, text einfügen, text hier einfügen, hier steht ihr text, ihr text hier,
    dein text hier, texto aquí, tu texto aquí, su texto aquí, inserte texto aquí, seu texto aqui, texto aqui,
    insira o texto aqui, votre texte ici, texte ici, insérez votre texte ici, il tuo testo qui, testo qui,
    inserisci testo qui, tekst hier, uw tekst hier, jouw tekst hier, tutaj wpisz tekst, tekst tutaj, bla bla bla, sample text, insert text here, enter text here, script,
    script here, hello world, placeholder, dummy, dummy text, draft, tk, wip, placeholder text, filler text, blah blah, blah blah blah, text text, text text text, textbaustein, twój tekst, twój tekst tutaj, draft text,
    text to come, copy to come, lorem, dolor sit amet, text follows, text pending, pending, to be defined, to be determined, to be confirmed,
    to be added, to be written, coming, see above, same as above, as above, ditto, dito, idem, no text, text folgt, text folgt noch, text kommt noch, folgt, folgt noch, kommt noch, noch offen, offen,
    wird noch ergänzt, wird ergänzt, wird nachgereicht, siehe oben, wie oben, platzhalter, entwurf, mustertext, kein text,
    noch kein text, texte à venir, texte fictif, faux texte, à compléter, à définir, à venir, voir ci-dessus,
    sans texte, exemple de texte, texto de ejemplo, texto de relleno, texto de prueba, texto pendiente, pendiente,
    por definir, por completar, a definir, ver arriba, sin texto, testo segnaposto, testo di prova, testo di esempio,
    testo da inserire, da definire, da completare, da inserire, in attesa, vedi sopra, texto de exemplo,
    texto de teste, a completar, ver acima, sem texto, tekst volgt, volgt, volgt nog, nog invullen, nader te bepalen,
    zie boven, do uzupełnienia, tekst zastępczy, do ustalenia, jak wyżej, brak tekstu, text kommer, tekst følger,
    teksti puuttuu, текст, текст будет позже, здесь будет текст, заглушка, уточняется, テキスト, サンプルテキスト,
    ダミーテキスト, 未定, 仮テキスト, 待定, 占位符, 示例文本
";

/// Error values of spreadsheets, in the languages of Excel, LibreOffice and Google Sheets.
#[rustfmt::skip]
pub(super) const ERRORS: &[&str] = &[
    // English
    "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#ERROR!", "#FIELD!",
    "#BLOCKED!", "#UNKNOWN!", "#CONNECT!", "#GETTING_DATA", "#PYTHON!", "#BUSY!", "#EXTERNAL!", "#TIMEOUT!", "#DIV/0",
    // Turkish; Italian and Portuguese in LibreOffice
    "#YOK", "#N/DISP",
    // German
    "#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#ÜBERLAUF!",
    // French
    "#VALEUR!", "#NOM?", "#NOM ?", "#NOMBRE!", "#NUL!",
    // Spanish
    "#N/D", "#¡REF!", "#¡VALOR!", "#¿NOMBRE?", "#¡NUM!", "#¡DIV/0!", "#¡NULO!", "#¡DESBORDAMIENTO!",
    // Portuguese and Italian
    "#VALOR!", "#NOME?", "#NÚM!", "#NULO!", "#RIF!", "#VALORE!", "#NULLO!",
    // Dutch
    "#N/B", "#VERW!", "#WAARDE!", "#NAAM?", "#GETAL!", "#LEEG!", "#DEEL/0!",
    // Swedish, Danish, Norwegian
    "#SAKNAS", "#REFERENS!", "#VÄRDEFEL!", "#NAMN?", "#OGILTIGT!", "#DIVISION/0!", "#I/T", "#REFERENCE!", "#VÆRDI!",
    "#VERDI!", "#NAVN?",
    // Finnish
    "#PUUTTUU", "#VIITTAUS!", "#ARVO!", "#NIMI?", "#LUKU!", "#JAKO/0!",
    // Polish
    "#ADR!", "#ARG!", "#NAZWA?", "#LICZBA!", "#DZIEL/0!",
    // Czech
    "#NENÍ_K_DISPOZICI", "#ODKAZ!", "#HODNOTA!", "#NÁZEV?", "#ČÍSLO!", "#DĚLENÍ_NULOU!",
    // Hungarian
    "#HIÁNYZIK", "#HIV!", "#ÉRTÉK!", "#NÉV?", "#SZÁM!", "#ZÉRÓOSZTÓ!",
    // Russian
    "#Н/Д", "#ССЫЛКА!", "#ЗНАЧ!", "#ИМЯ?", "#ЧИСЛО!", "#ПУСТО!", "#ДЕЛ/0!",
    // Turkish
    "#BAŞV!", "#DEĞER!", "#AD?", "#SAYI!", "#SAYI/0!",
];

/// Words beside the digits of a bare amount or date, in lower case.
pub(super) const AMOUNT_WORDS: &str = "
    eur usd gbp chf sek nok dkk pln czk huf ron bgn rub uah try inr jpy cny krw brl mxn cad aud nzd sgd hkd zar aed
    euro euros kr zł kč ft lei лв руб грн tl rs us r e t z am pm h utc gmt jan feb mar apr may jun jul aug sep sept
    oct nov dec january february march april june july august september october november december mon tue wed thu
    fri sat sun monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag
    samstag sonntag januar februar märz mai juni juli oktober dezember 年 月 日 円 元 원
";

/// Names of fields of persons and companies, which may stand alone between guillemets.
pub(super) const PERSON_FIELDS: &str = "
    name names firstname fname lastname lname surname fullname forename nickname vorname nachname anrede firmenname
    prénom prenom nom nombre apellido apellidos nome cognome sobrenome apelido voornaam achternaam naam förnamn
    efternamn namn fornavn etternavn navn etunimi sukunimi imię imie nazwisko jméno příjmení meno priezvisko
    keresztnév vezetéknév prenume nume prezime salutation
";

/// Names of other fields.
pub(super) const FIELDS: &str = "
    company companyname business brand organization organisation employer product products service offer price
    amount discount date city town location address country state street zip email mail phone mobile website url
    link domain industry title job position role department customer client recipient contact username id code
    coupon number nr text headline topic cta variable value field placeholder insert tbd todo xxx merge greeting
    language niche feature benefit store shop
    firma unternehmen produkt produktname preis betrag rabatt datum stadt ort straße strasse adresse land telefon
    webseite kunde kundenname empfänger titel branche plz
    entreprise société produit prix ville pays téléphone titre lien
    empresa compañía producto produto precio preço ciudad cidade fecha data correo teléfono telefone cliente título
    enlace oferta
    azienda prodotto prezzo città telefono titolo indirizzo
    bedrijf bedrijfsnaam prijs stad plaats klant företag pris kund virksomhed bedrift yritys tuote hinta nimi
    kaupunki
    firmy produktu cena miasto město mesto název név cég termék ár companie produs preț oraș isim ad adı soyad
    şirket ürün fiyat şehir
    имя фамилия компания продукт товар цена город дата телефон клиент имʼя ім'я ім’я прізвище компанія місто ціна
    име фирма град όνομα επώνυμο εταιρεία
    姓名 名字 公司 产品 名前 氏名 会社名 商品名 이름 회사
";

/// Words before the name of a field: `first name`, `your name`.
pub(super) const QUALIFIERS: &str = "
    first last full middle given family company customer client contact user product business brand job your my our
    the insert enter add current new phone email store shop
";

/// First words that ask for a value, in lower case: `[insert offer here]`, `[your company]`.
pub(super) const REQUESTS: &str = "
    insert enter add your fill replace dein deine deinen ihr ihre ihren votre tu su seu
";

/// Last words that ask for a value, in lower case: `[Vorname einfügen]`.
pub(super) const REQUESTS_AT_END: &str = "
    einfügen einsetzen eintragen eingeben ergänzen ersetzen einfuegen ergaenzen invullen invoegen
";

/// Last words that say where a value goes, in lower case: `[first name here]`.
pub(super) const HERE: &str = "here hier aquí aqui ici qui tutaj";

/// Short words inside a name in title case.
pub(super) const SMALL_WORDS: &str = "
    of the a an and or for to de du des del della do da di la le der die das und van het here
";

/// Names of fields that are no words of a language, in lower case.
pub(super) const BARE_FIELDS: &str = "
    firstname lastname fname lname fullname companyname username productname firmenname kundenname cityname
";

/// What follows a name in Japanese.
pub(super) const HONORIFICS: &str = "様 さま さん 氏 先生 殿 株式会社 会社 店";

/// Prepositions between the name of a field and its owner: `nom du client`.
pub(super) const OF: &str = "
    of de du del della do da dell der des van
";

/// First or last words of audio tags for voices, in lower case.
pub(super) const AUDIO_TAGS: &str = "
    laugh laughs laughing laughter chuckle chuckles chuckling giggle giggles giggling whisper whispers whispering
    whispered sigh sighs sighing exhale exhales inhale inhales breath breathes breathing gasp gasps gasping gulp
    gulps swallows cough coughs coughing sniff sniffs sneeze sneezes yawn yawns cry cries crying sob sobs sobbing
    shout shouts shouting yell yells scream screams sing sings singing hum hums humming whistle whistles groan
    groans moans snorts snores wheezing pause pauses beat silence break wait excited excitedly happy happily sad
    sadly angry angrily annoyed appalled thoughtful surprised curious crazy sarcastic sarcastically mischievously
    nervous nervously calm calmly cheerful cheerfully playful playfully confident confidently serious seriously warm
    warmly soft softly quiet quietly loud loudly fast slow slowly quickly rushed deadpan dramatic dramatically
    emphasized emphatic hesitates hesitant stammers stutters tired sleepy awe relieved frustrated impressed
    delighted amazed confused concerned reassuring encouraging friendly enthusiastic enthusiastically professional
    conversational strong voice tone accent says speaking smiles smiling grins winks nods music jingle applause
    clapping cheering cheers explosion gunshot footsteps knock knocks bell ringing ding drumroll beep beeps buzz click pop woo fx sound sounds
    noise noises ambience inaudible lacht lachen lachend kichert flüstert flüsternd seufzt fröhlich begeistert rit
    rires chuchote soupir soupire pausa risas ríe susurra suspira ride ri risos skratt skrattar lach смеётся смех
    пауза шёпотом
";

/// Keys of keyboards and buttons, which are ordinary in brackets, in lower case.
pub(super) const KEYS: &str = "
    enter return esc escape tab shift ctrl control strg alt altgr option cmd command win windows fn space spacebar
    backspace delete del insert home end ins pgup pgdn caps lock up down left right print ok eingabe eingabetaste umschalt
    entf leertaste pos entrée entree échap maj suppr espace intro supr mayús invio esci maiusc canc f
";

/// Verbs before the name of a key or a button, and the nouns of these, in lower case.
pub(super) const PRESSES: &str = "
    press click tap hit select choose push hold type button key drücke drücken drück drücken klicke klicken klick tippe
    tippen wähle wählen taste button auf appuyez appuie cliquez clique touche sélectionnez pulsa pulse presiona haz clic
    tecla botón clique pressione toque aperte tecla botão premi premere clicca seleziona tasto druk klik tik toets
    naciśnij kliknij wybierz
";

/// Words between a verb and the name of a key, in lower case.
pub(super) const ARTICLES: &str = "
    the on a your die den der das sur la le les el los en il lo su o no na em de op het w
";

/// Words before a code that customers enter, in lower case.
pub(super) const CODES: &str = "
    code codes coupon promo voucher gutscheincode rabattcode gutschein rabatt aktionscode código codigo cupón cupom codice
    coupons kortingscode kod kode rabattkod rabatkode koodi kód код промокод
";

/// Single words that are ordinary in brackets, in lower case: labels, and pronouns that an editor changed.
pub(super) const LABELS: &str = "
    ad anzeige werbung sponsored publicité publicidad reklam new neu nouveau nuevo novo nuovo sale update live free
    official video hd vip exclusive sic sold yes no spoiler advertisement promo
    i we you he she it they this that these those
";

/// Patterns of dates and times, in lower case.
pub(super) const DATE_PATTERNS: &str = "
    dd.mm.yyyy dd/mm/yyyy dd-mm-yyyy mm/dd/yyyy mm-dd-yyyy yyyy-mm-dd yyyy/mm/dd dd.mm.yy dd/mm/yy mm/dd/yy tt.mm.jjjj
    tt.mm.jj jj/mm/aaaa jj.mm.aaaa dd/mm/aaaa dd-mm-aaaa gg/mm/aaaa gg.aa.yyyy dd-mm-jjjj dd.mm.rrrr dd.mm tt.mm dd/mm
    jj/mm hh:mm hh.mm
";

/// Greetings before a name, in lower case.
pub(super) const GREETINGS: &str = "
    hi hello hey dear hallo liebe lieber bonjour salut cher chère hola querido querida estimado estimada olá oi ciao
    caro cara gentile hoi beste hej hei cześć ahoj szia bună merhaba привет mr mrs ms herr frau thanks
";

/// Signs and codes of currencies.
pub(super) const CURRENCIES: &str = "
    € $ £ ¥ ₹ ₽ % EUR USD GBP CHF kr zł
";

/// Common Spanish and Portuguese words that English and German do not have, in lower case.
pub(super) const IBERIAN: &str = "
    que lo el las para por más una y tus sus muy hoy está tiene nuestro nuestra nosotros precio sin todos todas é
    os você seu sua não em uma mundo dia nosso nossa aqui aquí são tu ahora puedes puede podemos tienes tenemos
    quieres quiero ven vuelve solo sólo ya mejor mañana siempre incluye comprar hacer tener casa verano ropa
    al incluido incluida oferta ofertas agosto enero julio diciembre pensión eliges desde hasta gratis
    descuento rebajas llévate tuyo agora pode tem temos quer melhor sempre preço tudo tenho
";

/// Names of elements of HTML and SSML.
pub(super) const HTML_ELEMENTS: &str = "
    speak break prosody emphasis say-as phoneme voice
    a abbr article aside b big blockquote body br button center code del div em figure font footer form h1 h2 h3 h4
    h5 h6 head header hr html i iframe img input ins label li link main mark meta nav ol option p pre q s script
    section select small span strike strong style sub sup table tbody td th thead tr tt u ul video
";

/// Names of HTML entities without an accent.
pub(super) const HTML_ENTITIES: &str = "
    amp lt gt quot apos nbsp ensp emsp thinsp shy zwj zwnj copy reg trade euro pound yen cent sect para deg plusmn
    times divide middot bull hellip mdash ndash lsquo rsquo sbquo ldquo rdquo bdquo laquo raquo lsaquo rsaquo iexcl
    iquest ordm ordf szlig aelig oelig eth thorn frac12 frac14 frac34 sup2 sup3 prime hearts larr rarr num excl
    comma colon percnt lpar rpar newline
";

/// Ends of the names of entities for letters with an accent: `eacute`.
pub(super) const ENTITY_ACCENTS: &str = "
    acute grave circ tilde uml ring cedil caron slash
";

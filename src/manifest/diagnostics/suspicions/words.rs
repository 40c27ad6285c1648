//! Word lists of the checks.

/// Whether a list of words contains a word.
pub(super) fn contains(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}

/// Whether a list of phrases, which are separated by commas, contains a phrase.
pub(super) fn contains_phrase(list: &str, phrase: &str) -> bool {
    list.split(',').any(|listed| listed.trim() == phrase)
}

/// Words of programs and people for a missing value. `Nan` and `Null` are not among them, because they are names.
pub(super) const EMPTY_VALUES: &str = "
    null NULL nil nan NaN NaT none None NONE undefined N/A n/a NA <NA> n.a. N.A. k.A. (blank) (empty) (leer) (vide)
    (vacío) (null) <null> <leer> - -- --- – — ? ?? .
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
    blabla, text, your text, your text here, text here, sample text, insert text here, enter text here, script,
    script here, hello world, placeholder, dummy, dummy text, draft, tk, wip
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
    fri sat sun januar februar märz mai juni juli oktober dezember 年 月 日 円 元 원
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

/// Short words inside a name in title case.
pub(super) const SMALL_WORDS: &str = "
    of the a an and or for to de du des del della do da di la le der die das und van het here
";

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

/// Single words that are ordinary in brackets, in lower case: labels, and pronouns that an editor changed.
pub(super) const LABELS: &str = "
    ad anzeige werbung sponsored publicité publicidad reklam new neu nouveau nuevo novo nuovo sale update live free
    official video hd vip exclusive sic sold yes no spoiler advertisement promo
    i we you he she it they this that these those
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

/// Names of HTML elements.
pub(super) const HTML_ELEMENTS: &str = "
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

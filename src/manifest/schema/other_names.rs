//! Names of columns in several languages.

/// Other names of the fields, by field: usual headers in English, German, Spanish, French, Italian, Portuguese, Dutch and Polish.
/// They count only if no column has the field's name or an alias. Words that sheets often use for something else are
/// left out, such as `Modell` and `Hintergrund`.
pub(crate) const OTHER_NAMES: [(&str, &str); 17] = [
    (
        "id",
        "video number, Kennung, Videokennung, identificador, identifiant, identificativo, identyfikator",
    ),
    (
        "text",
        "video text, video script, voiceover text, text to speak, text to say, text of the video, text for the video, \
         text to be spoken, voiceover script, narration, script text, Skript, Skripttext, Sprechtext, Sprechertext, Videotext, gesprochener Text, zu sprechender Text, Text des Videos, \
         Text zum Video, Text für das Video, Moderationstext, texto, guion, texto hablado, texto del vídeo, texto de vídeo, \
         texto para el vídeo, texto a decir, texto a locutar, texto para decir, guion del vídeo, locución, texte, texte parlé, texte à dire, \
         texte à lire, texte à prononcer, texte prononcé, texte de la vidéo, texte vidéo, script vidéo, testo, copione, \
         testo parlato, testo del video, testo video, testo per il video, testo da dire, testo da leggere, \
         testo da pronunciare, roteiro, texto falado, texto do vídeo, texto para o vídeo, texto a falar, texto para falar, \
         texto a dizer, guião, locução, tekst, gesproken tekst, spreektekst, videotekst, tekst van de video, \
         tekst voor de video, ingesproken tekst, uit te spreken tekst, skrypt, tekst mówiony, tekst wideo, tekst filmu, \
         tekst do filmu, tekst do wideo, tekst do przeczytania, tekst do wypowiedzenia, scenariusz",
    ),
    (
        "audio",
        "recording url, Audiodatei, Tonaufnahme, Tondatei, archivo de audio, grabación de audio, fichier audio, \
         enregistrement audio, file audio, registrazione audio, áudio, arquivo de áudio, ficheiro de áudio, gravação de áudio, \
         audiobestand, geluidsopname, plik audio, nagranie",
    ),
    (
        "persona",
        "talent, persona name, avatar name, creator name, actor name, actress, presenter name, character, spokesperson, speaker, speaker name, \
         name of the speaker, Sprecher, Sprecherin, Sprechername, Name des Sprechers, Name der Sprecherin, Darsteller, Darstellerin, Moderator, Moderatorin, Schauspieler, Schauspielerin, Avatarname, \
         Name des Avatars, Charakter, Figur, personaje, presentador, presentadora, locutor, locutora, actriz, portavoz, \
         nombre del avatar, nombre de avatar, nombre del presentador, personnage, nom du personnage, nom du présentateur, présentateur, présentatrice, animateur, animatrice, acteur, actrice, \
         nom de l'avatar, personaggio, presentatore, presentatrice, conduttore, conduttrice, attore, attrice, nome avatar, \
         nome dell'avatar, nome persona, nome del presentatore, personagem, apresentador, apresentadora, ator, atriz, nome do avatar, nome do apresentador, personage, naam spreker, naam van spreker, presentator, \
         spreker, spreekster, naam avatar, naam van avatar, postać, prezenter, prezenterka, prowadzący, prowadząca, aktor, \
         aktorka, awatar, nazwa awatara, imię prezentera",
    ),
    (
        "aspect_ratio",
        "video ratio, video format, Seitenverhältnis, Bildformat, Videoformat, Ausrichtung, relación de aspecto, \
         formato del vídeo, ratio de aspecto, ratio vidéo, format de la vidéo, formato del video, proporção do vídeo, \
         beeldformaat, oriëntatie, format filmu, proporcje wideo, proporción, formato, \
         formato de vídeo, orientación, rapport d'aspect, format vidéo, format d'image, proporzioni, rapporto d'aspetto, \
         formato video, orientamento, proporção, proporção da tela, formato do vídeo, orientação, verhouding, beeldverhouding, \
         formaat, videoformaat, proporcje, proporcje obrazu, format wideo, orientacja",
    ),
    (
        "model_version",
        "Modellversion, versión del modelo, version du modèle, versione del modello, versão do modelo, modelversie, \
         wersja modelu",
    ),
    (
        "voice",
        "voice name, Stimme, voz, voix, voce, stem, głos, lektor, Akzent, acento, accento, akcent",
    ),
    (
        "captions",
        "Untertitel, subtítulos, sous-titres, sottotitoli, legendas, ondertiteling, ondertitels, napisy",
    ),
    (
        "caption_style",
        "Untertitelstil, estilo de subtítulos, style des sous-titres, stile dei sottotitoli, stile sottotitoli, \
         estilo das legendas, ondertitelstijl, styl napisów",
    ),
    (
        "caption_offset_x",
        "Untertitel x, subtítulos x, sous-titres x, sottotitoli x, legendas x, ondertiteling x, napisy x",
    ),
    (
        "caption_offset_y",
        "Untertitel y, subtítulos y, sous-titres y, sottotitoli y, legendas y, ondertiteling y, napisy y",
    ),
    (
        "music",
        "Musik, Hintergrundmusik, música, música de fondo, musique, musique de fond, musica, musica di sottofondo, \
         música de fundo, muziek, achtergrondmuziek, muzyka, muzyka w tle",
    ),
    (
        "green_screen",
        "pantalla verde, fond vert, écran vert, schermo verde, tela verde, ecrã verde, groen scherm, zielone tło, \
         zielony ekran",
    ),
    (
        "transparent_background",
        "transparenter Hintergrund, fondo transparente, fond transparent, sfondo trasparente, fundo transparente, \
         transparante achtergrond, przezroczyste tło",
    ),
    (
        "background_image",
        "Hintergrundbild, imagen de fondo, image de fond, immagine di sfondo, imagem de fundo, achtergrondafbeelding, \
         obraz tła",
    ),
    (
        "filename",
        "Dateiname, nombre de archivo, nombre del archivo, nom de fichier, nom du fichier, nome file, nome del file, \
         nome do arquivo, nome do ficheiro, bestandsnaam, nazwa pliku",
    ),
    (
        "skip",
        "überspringen, auslassen, ignorieren, omitir, saltar, ignorer, sauter, ignora, salta, ignorar, pular, overslaan, \
         negeren, pomiń, pomijać",
    ),
];

/// Returns the other names of the field `field`.
pub(crate) fn other_names(field: &str) -> impl Iterator<Item = &'static str> {
    let of_field = OTHER_NAMES.iter().filter(move |(other, _)| *other == field);
    of_field.flat_map(|(_, names)| names.split(", ").map(str::trim))
}

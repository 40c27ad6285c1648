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
        "video text, video script, voiceover text, Skript, Sprechtext, Sprechertext, Videotext, texto, guion, \
         texto hablado, locución, texte, texte parlé, testo, copione, testo parlato, roteiro, texto falado, locução, \
         tekst, gesproken tekst, spreektekst, skrypt, tekst mówiony, scenariusz",
    ),
    (
        "audio",
        "recording url, Audiodatei, Tonaufnahme, Tondatei, archivo de audio, grabación de audio, fichier audio, \
         enregistrement audio, file audio, registrazione audio, áudio, arquivo de áudio, ficheiro de áudio, gravação de áudio, \
         audiobestand, geluidsopname, plik audio, nagranie",
    ),
    (
        "persona",
        "persona name, avatar name, creator name, actor name, presenter name, Sprecher, Sprecherin, Darsteller, \
         Darstellerin, Avatarname, presentador, presentadora, nombre del avatar, présentateur, présentatrice, nom de l'avatar, \
         presentatore, presentatrice, nome avatar, nome dell'avatar, apresentador, apresentadora, nome do avatar, \
         presentator, naam avatar, naam van avatar, prezenter, prezenterka, awatar, nazwa awatara",
    ),
    (
        "aspect_ratio",
        "video ratio, video format, Seitenverhältnis, Bildformat, Videoformat, relación de aspecto, proporción, formato, \
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

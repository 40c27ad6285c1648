//! Personas and voices: fixed data, so that manifests keep working. As in live data, some values are
//! undocumented (`young_adult`, `ugc`, an array of industries).

use std::collections::HashMap;

use serde_json::{Value, json};

use super::clock::api_time;

/// Id, name, "gender age location style", scene.
type Row = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const ROWS: [Row; 33] = [
    ("7350375b-9a98-51b8-934d-14d46a645dc2", "Anna", "f adult indoor presenter", "Office"),
    ("f4f915ce-51f4-4854-a943-3bf2407433da", "Marcus", "m adult indoor presenter", "Office"),
    ("2f79ba9d-a4f7-4142-add0-f305ab337637", "Lena", "f young_adult outdoor selfie", "Park"),
    ("18d6e491-3852-4814-bede-521e0e61e4de", "Jonas", "m young_adult outdoor selfie", "Street"),
    ("c345548d-f792-44d6-9a75-1011cac5ea39", "Priya", "f adult indoor presenter", "Studio"),
    ("b8998d8d-bd92-4f5a-86cc-1e7fa8fdf243", "Diego", "m adult outdoor ugc", "Beach"),
    ("4774db44-c2e7-4258-91d3-85e8e837ecd8", "Mei", "f young_adult indoor ugc", "Bedroom"),
    ("1552386a-7724-4660-965e-ec0a8e67ebfd", "Omar", "m adult indoor presenter", "Library"),
    ("a62e01b5-f55e-46d6-a574-24e8c8da1b48", "Sofia", "f adult indoor selfie", "Kitchen"),
    ("1f87f013-bfbb-4f5c-8f0a-162045faca16", "Ethan", "m young_adult indoor ugc", "Gym"),
    ("45f13e17-94f3-4830-9f14-47316255c144", "Amara", "f adult outdoor presenter", "City"),
    ("8c6867ca-d81a-4b94-a536-7117db1ae891", "Noah", "m teen indoor selfie", "Bedroom"),
    ("383b97de-cc13-49aa-81ff-c242d509810b", "Chloe", "f teen outdoor selfie", "Park"),
    ("5e0ae07c-eb64-485a-9853-0a610a43bed5", "Walter", "m senior indoor presenter", "Study"),
    ("1d2c462d-ce03-4a60-a744-74e474a7c059", "Ingrid", "f senior outdoor presenter", "Garden"),
    ("4737dc0f-af6e-44e0-be7c-10988c3d4e91", "Kenji", "m adult indoor presenter", "Studio"),
    ("ee77a799-f2c8-4cd3-904b-2264b68c7267", "Fatima", "f adult indoor presenter", "Classroom"),
    ("ed50f26c-2e42-43f3-9fa9-e4d5c04c42de", "Lucas", "m adult outdoor selfie", "Mountain"),
    ("994ee8d2-9bd0-49e7-b173-19fd4ad4b237", "Zoe", "f young_adult indoor ugc", "Car"),
    ("206dbfc8-0714-4ba1-91a9-a05f71033058", "Andre", "m adult indoor presenter", "Warehouse"),
    ("0c8734a4-e1df-4c86-8d1d-853c2e90d5df", "Hannah", "f adult indoor presenter", "Clinic"),
    ("ce5f6f11-fe95-4152-b530-674917e17151", "Rafael", "m senior outdoor selfie", "Vineyard"),
    ("d30e7b11-f34b-4eed-99f6-37389190ab8e", "Yuki", "f young_adult fantasy other", "Neon"),
    ("f0525d21-ecc9-4e74-a495-9a6b5fc9f0ef", "Samuel", "m adult fantasy other", "Spaceship"),
    ("7f2034ab-b791-409a-89a5-43b1956df1a7", "Nadia", "f adult indoor ugc", "Salon"),
    ("707a9d3b-ff1d-4e85-ad6c-76dd6d7db737", "Peter", "m adult outdoor presenter", "Construction"),
    ("7488b073-8af3-4558-a8db-1be2082dbe82", "Grace", "f senior indoor selfie", "Living room"),
    ("7347b788-4452-486d-83c1-db232e6a56a2", "Alex", "nb young_adult indoor ugc", "Loft"),
    ("e4a4c783-5397-405a-ac71-6dcbea2dd86b", "Robin", "nb adult outdoor selfie", "Forest"),
    ("794e2890-98cb-4fc2-bc8e-5708abc763d9", "Isabel", "f adult other presenter", "Plain"),
    ("09e1aa74-0207-4194-b61a-7836a128470b", "Tom", "m child outdoor selfie", "Playground"),
    ("813c2cbf-fa4c-4b73-af40-afade1cc2193", "Viktor", "m adult indoor presenter", "Newsroom"),
    ("4a205296-32d6-4eeb-a93c-e945d2e7aa56", "Greta", "f adult indoor presenter", "Bakery"),
];

/// The account's custom persona, listed by `personas_v2` only.
#[rustfmt::skip]
const CUSTOM: Row =
    ("c8ea1bf8-f917-4bb6-9301-c1c2f5496eaf", "Our founder", "f adult indoor presenter", "Office");

/// A persona without a portrait preview.
const WITHOUT_PORTRAIT: &str = "Viktor";

/// A persona that is listed but cannot be used.
const INACTIVE: &str = "Greta";

/// Name, gender, and accents with their ids.
type VoiceRow = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

#[rustfmt::skip]
const VOICES: [VoiceRow; 8] = [
    ("Olivia", "female", &[
        ("359b6e15-8b4b-4dc5-bdca-c1e433186d8f", "American"),
        ("ea895fc1-78bc-4d43-a29e-6e510e00c1d7", "British"),
        ("e3a02d1f-659c-4eb7-bce0-88b8e7f7d9a4", "Australian"),
    ]),
    ("James", "male", &[
        ("ec3a36c4-f54a-4ee1-88d7-fb56aad4367c", "American"),
        ("2bc210cb-8b92-4e00-9f82-a48f7b8fd781", "British"),
        ("3459bde7-31df-4338-aba5-5d82ac26d0ac", "Irish"),
    ]),
    ("Camila", "female", &[
        ("ebc42113-092b-44be-ae80-3ce3e2187422", "Spanish"),
        ("c1d908ba-4902-47e1-9815-33b90a9b6654", "Mexican"),
    ]),
    ("Mateo", "male", &[
        ("5c3e75fc-c7d4-4c46-90ff-910709d3fc6c", "Argentine"),
        ("a84d8210-4d23-4570-8c0c-f0b78ce5974a", "Spanish"),
    ]),
    ("Aiko", "female", &[("14a581f2-bb9a-4223-b0bf-68ed54a1eed2", "Japanese")]),
    ("Lukas", "male", &[
        ("82b1a7b0-6629-475e-9aba-1d5b0129bc11", "German"),
        ("f8f9bbe7-1990-4c27-a4ad-c0eb6dc370f9", "Austrian"),
    ]),
    ("Élodie", "female", &[
        ("4d9815ce-7c23-466f-98a4-6192a52f6a60", "French"),
        ("c1696afe-376c-4f92-b103-d3cf04803440", "Québécois"),
    ]),
    ("Arjun", "male", &[
        ("6780f250-d885-4a2f-a330-c0eb892ba64e", "Indian"),
        ("7ddc8d06-c66c-475c-8e20-799db94d7d70", "American"),
    ]),
];

/// A persona.
#[derive(Debug, Clone)]
pub(super) struct Persona {
    pub(super) id: &'static str,
    pub(super) is_active: bool,
    /// The values of the documented filters.
    filters: [(&'static str, &'static str); 4],
    /// The object in the API's format.
    pub(super) object: Value,
}

/// All personas and voices.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) personas: Vec<Persona>,
    /// The account's own personas.
    pub(super) custom: Vec<Persona>,
    pub(super) voices: Value,
}

impl Catalogue {
    /// Builds the catalogue, with previews at the origin `files`.
    pub(super) fn new(files: &str) -> Self {
        let accent = |(id, name): &(&str, &str)| {
            let preview = format!("{files}/voices/{id}.mp3");
            json!({"id": id, "accent_name": name, "preview_url": preview})
        };
        let voice = |(name, gender, accents): &VoiceRow| {
            let accents: Value = accents.iter().map(accent).collect();
            json!({"name": name, "gender": gender, "accents": accents})
        };
        let rows = (0_i64..).zip(&ROWS);
        Self {
            personas: rows.map(|(day, row)| persona(row, day, "default", files)).collect(),
            custom: vec![persona(&CUSTOM, 400, "custom", files)],
            voices: VOICES.iter().map(voice).collect(),
        }
    }

    /// Finds a persona by id, including custom ones.
    pub(super) fn persona(&self, id: &str) -> Option<&Persona> {
        self.personas.iter().chain(&self.custom).find(|persona| persona.id.eq_ignore_ascii_case(id))
    }

    pub(super) fn has_accent(id: &str) -> bool {
        let mut accents = VOICES.iter().flat_map(|(_, _, accents)| *accents);
        accents.any(|(accent, _)| accent.eq_ignore_ascii_case(id))
    }
}

impl Persona {
    /// Whether the persona matches the documented filters, each a comma-separated list of values. Other
    /// parameters are ignored, as by the API.
    pub(super) fn matches(&self, query: &HashMap<String, String>) -> bool {
        self.filters.iter().all(|(name, value)| {
            query.get(*name).is_none_or(|wanted| {
                wanted.is_empty() || wanted.split(',').any(|word| word.trim() == *value)
            })
        })
    }
}

fn persona(row: &Row, day: i64, kind: &'static str, files: &str) -> Persona {
    let (id, creator_name, words, video_scene) = *row;
    let mut words = words.split(' ');
    let mut word = || words.next().unwrap_or("other");
    let (gender, age_range, location, style) = (word(), word(), word(), word());
    let preview = |ratio: &str, extension: &str| {
        let exists = creator_name != WITHOUT_PORTRAIT || ratio != "9x16";
        exists.then(|| format!("{files}/previews/{id}/{ratio}.{extension}"))
    };
    // One a day from 2025-01-01.
    let created_at = api_time(1_735_718_400_000 + day * 86_400_000);
    let industry = match location {
        "indoor" => "Business services",
        "outdoor" => "Travel",
        _ => "Entertainment",
    };
    let is_active = creator_name != INACTIVE;
    let object = json!({
        "id": id,
        "created_at": created_at,
        "updated_at": created_at,
        "creator_name": creator_name,
        "gender": gender,
        "age_range": age_range,
        "location": location,
        "style": style,
        "video_scene": video_scene,
        "keywords": video_scene.to_lowercase(),
        "suitable_industries": [industry, "E-commerce"],
        "type": kind,
        "is_active": is_active,
        "process_status": "done",
        "failed_reason": null,
        "preview_image_16_9": preview("16x9", "jpg"),
        "preview_image_1_1": preview("1x1", "jpg"),
        "preview_image_9_16": preview("9x16", "jpg"),
        "preview_video_16_9": preview("16x9", "mp4"),
        "preview_video_1_1": preview("1x1", "mp4"),
        "preview_video_9_16": preview("9x16", "mp4"),
        "landscape_preview_video": preview("16x9", "mp4"),
        "squared_preview_video": preview("1x1", "mp4"),
        "portrait_preview_video": preview("9x16", "mp4"),
    });
    Persona {
        id,
        is_active,
        filters: [
            ("age_range", age_range),
            ("gender", gender),
            ("location", location),
            ("style", style),
        ],
        object,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_documented_personas_come_first() {
        let catalogue = Catalogue::new("http://files");
        let ids: HashSet<&str> = ROWS.iter().map(|row| row.0).collect();
        assert_eq!(ids.len(), ROWS.len());
        let documentation = include_str!("mod.rs");
        for persona in catalogue.personas.iter().take(5) {
            assert!(documentation.contains(persona.id), "{persona:?}");
        }
        assert!(catalogue.persona(&CUSTOM.0.to_uppercase()).is_some());
        assert!(Catalogue::has_accent("359b6e15-8b4b-4dc5-bdca-c1e433186d8f"));
        assert!(!Catalogue::has_accent(ROWS[0].0));
    }

    #[test]
    fn one_is_inactive_and_one_lacks_a_portrait() {
        let catalogue = Catalogue::new("http://files");
        let inactive = catalogue.personas.iter().filter(|one| !one.is_active);
        assert_eq!(inactive.count(), 1);
        let without =
            catalogue.personas.iter().filter(|one| one.object["preview_image_9_16"].is_null());
        assert_eq!(without.count(), 1);
    }

    #[test]
    fn filters_accept_lists_and_unknown_parameters_are_ignored() {
        let catalogue = Catalogue::new("http://files");
        let count = |pairs: &[(&str, &str)]| {
            let query = pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            let passing = catalogue.personas.iter().filter(|one| one.matches(&query));
            passing.count()
        };
        assert_eq!(count(&[]), ROWS.len());
        assert_eq!(count(&[("gender", "nb")]), 2);
        assert_eq!(count(&[("gender", "nb,m"), ("age_range", "child")]), 1);
        assert_eq!(count(&[("colour", "red")]), ROWS.len());
        assert_eq!(count(&[("style", "nothing")]), 0);
    }
}

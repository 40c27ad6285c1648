//! What a catalogue makes doubtful about a plan, before anything is spent. Pure.

use std::collections::{BTreeMap, HashMap};

use super::Catalogue;
use super::words::shown;
use crate::model::{AspectRatio, JobSpec, Note, Plan};
use crate::remote::PersonaItem;

/// What is doubtful about one persona.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    /// It is in neither list.
    Unknown,
    /// The provider says it may not be used.
    Inactive,
    /// It has previews, but none in this shape.
    WithoutPreview(AspectRatio),
}

/// A note for each persona that may not turn out as expected, with the first job that wants it.
pub(super) fn doubts(plan: &Plan, catalogue: &Catalogue) -> Vec<Note> {
    let personas: HashMap<&str, &PersonaItem> = catalogue
        .personas
        .iter()
        .filter_map(|persona| Some((persona.id.as_deref()?, persona)))
        .collect();
    if personas.is_empty() {
        return Vec::new();
    }
    let mut found: BTreeMap<(&str, Doubt), Vec<&JobSpec>> = BTreeMap::new();
    for job in &plan.jobs {
        let id = job.request.persona.as_str();
        for doubt in about(personas.get(id).copied(), job.request.aspect_ratio) {
            found.entry((id, doubt)).or_default().push(job);
        }
    }
    let mut notes: Vec<(u32, Note)> = found
        .into_iter()
        .filter_map(|((id, doubt), jobs)| {
            let origin = &jobs.first()?.origin;
            let name = personas
                .get(id)
                .and_then(|persona| persona.creator_name.as_deref());
            let note = Note {
                place: format!("{}:{}", origin.file, origin.line),
                message: in_words(name.unwrap_or(id), doubt, jobs.len()),
            };
            Some((origin.line, note))
        })
        .collect();
    notes.sort_by_key(|(line, _)| *line);
    notes.into_iter().map(|(_, note)| note).collect()
}

fn about(persona: Option<&PersonaItem>, ratio: AspectRatio) -> Vec<Doubt> {
    let Some(persona) = persona else {
        return vec![Doubt::Unknown];
    };
    let mut doubts = Vec::new();
    if persona.is_active == Some(false) {
        doubts.push(Doubt::Inactive);
    }
    let shown = AspectRatio::ALL.map(|ratio| has_preview(persona, ratio));
    if shown.contains(&true) && !has_preview(persona, ratio) {
        doubts.push(Doubt::WithoutPreview(ratio));
    }
    doubts
}

/// Whether the catalogue shows the persona in this shape.
pub(super) fn has_preview(persona: &PersonaItem, ratio: AspectRatio) -> bool {
    let previews = match ratio {
        AspectRatio::Landscape => [
            &persona.preview_image_16_9,
            &persona.preview_video_16_9,
            &persona.landscape_preview_video,
        ],
        AspectRatio::Square => [
            &persona.preview_image_1_1,
            &persona.preview_video_1_1,
            &persona.squared_preview_video,
        ],
        AspectRatio::Portrait => [
            &persona.preview_image_9_16,
            &persona.preview_video_9_16,
            &persona.portrait_preview_video,
        ],
    };
    previews.into_iter().flatten().any(|url| !url.is_empty())
}

fn in_words(name: &str, doubt: Doubt, jobs: usize) -> String {
    let name = shown(name);
    let rest = match jobs {
        1 => String::new(),
        many => format!(" ({many} jobs)"),
    };
    match doubt {
        Doubt::Unknown => format!(
            "the provider's catalogue has no persona `{name}`: the job may be refused{rest}"
        ),
        Doubt::Inactive => {
            format!("persona `{name}` is not active at the provider: the job may be refused{rest}")
        }
        Doubt::WithoutPreview(ratio) => format!(
            "the catalogue shows persona `{name}` in other shapes, but not in {ratio}: it may not be \
             made for it{rest}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, Speech, VideoRequest};

    fn persona(id: &str, is_active: bool) -> PersonaItem {
        PersonaItem {
            id: Some(id.into()),
            creator_name: Some(format!("Name of {id}")),
            is_active: Some(is_active),
            preview_image_16_9: Some("https://x/a.jpg".into()),
            ..PersonaItem::default()
        }
    }

    fn plan(jobs: &[(&str, AspectRatio)]) -> Plan {
        let jobs = jobs.iter().zip(2..).map(|((persona, ratio), line)| {
            let speech = Speech::Text("Hello".into());
            let request = VideoRequest::new(speech, *persona, *ratio);
            let file = "a.csv".into();
            let id = format!("job-{line}").parse().unwrap();
            std::sync::Arc::new(JobSpec::new(id, request, Origin { file, line }))
        });
        Plan {
            campaign: "c".into(),
            campaign_date: None,
            source: "a.csv".into(),
            jobs: jobs.collect(),
            sheet: std::sync::Arc::default(),
            limits: crate::model::LimitSettings::default(),
            output: crate::model::OutputSettings::default(),
            prices: crate::model::PriceSettings::default(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn each_doubt_is_told_once_with_its_first_place() {
        let catalogue = Catalogue {
            personas: vec![persona("a", true), persona("b", false)],
            ..Catalogue::default()
        };
        let plan = plan(&[
            ("a", AspectRatio::Landscape),
            ("a", AspectRatio::Portrait),
            ("b", AspectRatio::Landscape),
            ("b", AspectRatio::Landscape),
            ("z", AspectRatio::Square),
        ]);
        let notes = doubts(&plan, &catalogue);
        let told: Vec<&str> = notes.iter().map(|note| note.place.as_str()).collect();
        assert_eq!(told, ["a.csv:3", "a.csv:4", "a.csv:6"]);
        assert!(notes[0].message.contains("`Name of a`") && notes[0].message.contains("9x16"));
        assert!(notes[1].message.contains("not active") && notes[1].message.contains("2 jobs"));
        assert!(notes[2].message.contains("no persona `z`"));
    }

    #[test]
    fn an_empty_catalogue_makes_nothing_doubtful() {
        let plan = plan(&[("z", AspectRatio::Square)]);
        assert!(doubts(&plan, &Catalogue::default()).is_empty());
        let silent = PersonaItem {
            preview_image_16_9: None,
            ..persona("z", true)
        };
        let catalogue = Catalogue {
            personas: vec![silent],
            ..Catalogue::default()
        };
        assert!(doubts(&plan, &catalogue).is_empty(), "no previews at all");
    }
}

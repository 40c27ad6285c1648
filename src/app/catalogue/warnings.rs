//! Warnings about the personas of a plan, from the catalogue.

use std::collections::{BTreeMap, HashMap};

use super::{Catalogue, display_text};
use crate::model::{AspectRatio, JobSpec, Note, Plan};
use crate::remote::PersonaItem;

/// A warning about one persona.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PersonaWarning {
    /// The catalogue does not have it.
    Unknown,
    /// It is not active.
    Inactive,
    /// It has previews, but none in this ratio.
    WithoutPreview(AspectRatio),
}

/// Returns a note for each persona that may be refused or not available in the ratio, at the first job that uses it.
pub(crate) fn warnings(plan: &Plan, catalogue: &Catalogue) -> Vec<Note> {
    let personas: HashMap<&str, &PersonaItem> = catalogue
        .personas
        .iter()
        .filter_map(|persona| Some((persona.id.as_deref()?, persona)))
        .collect();
    if personas.is_empty() {
        return Vec::new();
    }
    let mut found: BTreeMap<(&str, PersonaWarning), Vec<&JobSpec>> = BTreeMap::new();
    for job in &plan.jobs {
        let id = job.request.persona.as_ref();
        for warning in warnings_about(personas.get(id).copied(), job.request.aspect_ratio) {
            found.entry((id, warning)).or_default().push(job);
        }
    }
    let mut notes: Vec<(u32, Note)> = found
        .into_iter()
        .filter_map(|((id, warning), jobs)| {
            let origin = &jobs.first()?.origin;
            let name = personas.get(id).and_then(|persona| persona.creator_name.as_deref());
            let note = Note {
                place: format!("{}:{}", origin.file, origin.line),
                message: message(name.unwrap_or(id), warning, jobs.len()),
            };
            Some((origin.line, note))
        })
        .collect();
    notes.sort_by_key(|(line, _)| *line);
    notes.into_iter().map(|(_, note)| note).collect()
}

fn warnings_about(persona: Option<&PersonaItem>, ratio: AspectRatio) -> Vec<PersonaWarning> {
    let Some(persona) = persona else {
        return vec![PersonaWarning::Unknown];
    };
    let mut warnings = Vec::new();
    if persona.is_active == Some(false) {
        warnings.push(PersonaWarning::Inactive);
    }
    let has_previews = AspectRatio::ALL.map(|ratio| has_preview(persona, ratio));
    if has_previews.contains(&true) && !has_preview(persona, ratio) {
        warnings.push(PersonaWarning::WithoutPreview(ratio));
    }
    warnings
}

/// Checks whether the catalogue has a preview of the persona in this ratio.
pub(crate) fn has_preview(persona: &PersonaItem, ratio: AspectRatio) -> bool {
    let previews = match ratio {
        AspectRatio::Landscape => [
            &persona.preview_image_16_9,
            &persona.preview_video_16_9,
            &persona.landscape_preview_video,
        ],
        AspectRatio::Square => {
            [&persona.preview_image_1_1, &persona.preview_video_1_1, &persona.squared_preview_video]
        }
        AspectRatio::Portrait => [
            &persona.preview_image_9_16,
            &persona.preview_video_9_16,
            &persona.portrait_preview_video,
        ],
    };
    previews.into_iter().flatten().any(|url| !url.is_empty())
}

fn message(name: &str, warning: PersonaWarning, jobs: usize) -> String {
    let name = display_text(name);
    let rest = match jobs {
        1 => String::new(),
        many => format!(" ({many} jobs)"),
    };
    match warning {
        PersonaWarning::Unknown => format!(
            "the provider's catalogue has no persona `{name}`: the job may be refused{rest}"
        ),
        PersonaWarning::Inactive => {
            format!("persona `{name}` is not active at the provider: the job may be refused{rest}")
        }
        PersonaWarning::WithoutPreview(ratio) => format!(
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
            delimiter: None,
            sheet: std::sync::Arc::default(),
            sheets: Vec::new(),
            limits: crate::model::LimitSettings::default(),
            output: crate::model::OutputSettings::default(),
            prices: crate::model::PriceSettings::default(),
            notes: Vec::new(),
            suspicions: Vec::new(),
        }
    }

    #[test]
    fn each_warning_is_reported_once_at_its_first_job() {
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
        let notes = warnings(&plan, &catalogue);
        let told: Vec<&str> = notes.iter().map(|note| note.place.as_str()).collect();
        assert_eq!(told, ["a.csv:3", "a.csv:4", "a.csv:6"]);
        assert!(notes[0].message.contains("`Name of a`") && notes[0].message.contains("9x16"));
        assert!(notes[1].message.contains("not active") && notes[1].message.contains("2 jobs"));
        assert!(notes[2].message.contains("no persona `z`"));
    }

    #[test]
    fn an_empty_catalogue_has_no_warnings() {
        let plan = plan(&[("z", AspectRatio::Square)]);
        assert!(warnings(&plan, &Catalogue::default()).is_empty());
        let silent = PersonaItem { preview_image_16_9: None, ..persona("z", true) };
        let catalogue = Catalogue { personas: vec![silent], ..Catalogue::default() };
        assert!(warnings(&plan, &catalogue).is_empty(), "no previews at all");
    }
}

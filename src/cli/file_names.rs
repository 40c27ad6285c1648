//! Names of files that are somebody else's already: [`Taken`].

use std::collections::HashMap;
use std::sync::Arc;

use super::past::Past;
use crate::model::{JobSpec, Plan};

/// The names that videos have, or are to have, though the sheet does not give them to these jobs: of jobs that
/// are gone from it, and of finished ones that it would name otherwise by now. A job that were given such a name
/// would push another's video aside, and two lines of the results would name one file.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// By stem, the place of the job that has it; none if there are several.
    owners: HashMap<String, Option<usize>>,
}

impl Taken {
    /// What `past` says beside what `plan` asks for.
    pub(super) fn beside(plan: &Plan, past: Option<&Past>) -> Self {
        let mut taken = Self::default();
        let Some(past) = past else {
            return taken;
        };
        for (spec, place) in past.gone.iter().zip(plan.jobs.len()..) {
            taken.add(&spec.file_name, place);
        }
        // The plan gives no two of its jobs one name, so a video under its own job's is in nobody's way.
        let specs = plan.jobs.iter().chain(&past.gone);
        for (place, (spec, job)) in specs.zip(past.history.jobs()).enumerate() {
            if let Some(artifact) = job.state.phase.artifact() {
                let (_, name) = artifact
                    .file
                    .rsplit_once('/')
                    .unwrap_or(("", &artifact.file));
                if name != spec.file_name {
                    taken.add(name, place);
                }
            }
        }
        taken
    }

    fn add(&mut self, file_name: &str, place: usize) {
        let owner = self.owners.entry(key(file_name));
        let owner = owner.or_insert(Some(place));
        if *owner != Some(place) {
            *owner = None;
        }
    }

    /// Gives the job at `place` of the plan another name if its own is taken, the same each time.
    pub(super) fn avoid(&self, place: usize, spec: &mut Arc<JobSpec>) {
        if self.owners.is_empty() || self.is_free(&spec.file_name, place) {
            return;
        }
        // With some of its fingerprint, which no other name has by chance.
        let mark = &spec.fingerprint.as_str()[..6];
        let (stem, extension) = parts(&spec.file_name);
        let named = |end: &str| match extension {
            Some(extension) => format!("{stem}-{mark}{end}.{extension}"),
            None => format!("{stem}-{mark}{end}"),
        };
        let mut name = named("");
        let mut number = 2;
        while !self.is_free(&name, place) {
            name = named(&format!("-{number}"));
            number += 1;
        }
        Arc::make_mut(spec).file_name = name;
    }

    fn is_free(&self, file_name: &str, place: usize) -> bool {
        let owner = self.owners.get(&key(file_name));
        owner.is_none_or(|owner| *owner == Some(place))
    }
}

fn parts(file_name: &str) -> (&str, Option<&str>) {
    match file_name.rsplit_once('.') {
        Some((stem, extension)) => (stem, Some(extension)),
        None => (file_name, None),
    }
}

/// File names that differ only in case are one file on many systems, and thumbnails are named after the stem
/// alone.
pub(super) fn key(file_name: &str) -> String {
    parts(file_name).0.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AspectRatio, Origin, Speech, VideoRequest};

    fn spec(file_name: &str) -> Arc<JobSpec> {
        let request = VideoRequest::new(Speech::Text("Hi".into()), "p", AspectRatio::Square);
        let origin = Origin {
            file: "c.csv".into(),
            line: 2,
        };
        let mut spec = JobSpec::new("a".parse().unwrap(), request, origin);
        file_name.clone_into(&mut spec.file_name);
        Arc::new(spec)
    }

    #[test]
    fn a_name_is_given_up_to_whoever_has_it_and_to_nobody_else() {
        let mut taken = Taken::default();
        taken.add("v1.mp4", 1);
        taken.add("v2.webm", 1);
        let named = |taken: &Taken, name: &str, place: usize| {
            let mut spec = spec(name);
            taken.avoid(place, &mut spec);
            spec.file_name.clone()
        };
        let mark = spec("").fingerprint.as_str()[..6].to_owned();
        assert_eq!(named(&taken, "v1.mp4", 1), "v1.mp4", "its own");
        assert_eq!(named(&taken, "v3.mp4", 0), "v3.mp4");
        let other = format!("V1-{mark}.mp4");
        assert_eq!(named(&taken, "V1.mp4", 0), other);
        // Thumbnails have no other extension.
        assert_eq!(named(&taken, "v2.mp4", 0), format!("v2-{mark}.mp4"));
        // One that has come to that name stays there, and one that comes after it does not.
        taken.add(&other, 0);
        assert_eq!(named(&taken, "V1.mp4", 0), other);
        assert_eq!(named(&taken, "V1.mp4", 2), format!("V1-{mark}-2.mp4"));
        // What two seem to have is given to neither.
        taken.add("v1.mp4", 3);
        assert_eq!(named(&taken, "v1.mp4", 1), format!("v1-{mark}-2.mp4"));
    }
}

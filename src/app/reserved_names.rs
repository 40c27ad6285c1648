//! File names that belong to recorded jobs.

use std::collections::HashMap;
use std::sync::Arc;

use super::recorded_state::RecordedState;
use crate::model::{JobSpec, Plan};
use crate::util::text::fold_name;

/// The file names of jobs that are no longer in the sheet, and of finished jobs that the sheet would name otherwise
/// now. Reusing one of these names would overwrite another job's video.
#[derive(Debug, Default)]
pub(crate) struct ReservedNames {
    /// The index of the job that owns a stem; `None` if several do.
    owners: HashMap<String, Option<usize>>,
}

impl ReservedNames {
    /// Collects the reserved names of `recorded`.
    pub(crate) fn new(plan: &Plan, recorded: Option<&RecordedState>) -> Self {
        let mut reserved = Self::default();
        let Some(recorded) = recorded else {
            return reserved;
        };
        for (spec, place) in recorded.removed.iter().zip(plan.jobs.len()..) {
            reserved.add(&spec.file_name, place);
        }
        // Names within a plan are unique, so a video under its job's own name conflicts with nothing.
        let specs = plan.jobs.iter().chain(&recorded.removed);
        for (place, (spec, job)) in specs.zip(&recorded.history.jobs).enumerate() {
            if let Some(artifact) = job.state.phase.artifact() {
                let (_, name) = artifact.file.rsplit_once('/').unwrap_or(("", &artifact.file));
                if name != spec.file_name {
                    reserved.add(name, place);
                }
            }
        }
        reserved
    }

    fn add(&mut self, file_name: &str, place: usize) {
        let owner = self.owners.entry(stem_key(file_name));
        let owner = owner.or_insert(Some(place));
        if *owner != Some(place) {
            *owner = None;
        }
    }

    /// Renames the file of the job at `place` of the plan if its name is reserved. The new name is deterministic.
    pub(crate) fn avoid(&self, place: usize, spec: &mut Arc<JobSpec>) {
        if self.owners.is_empty() || self.is_free(&spec.file_name, place) {
            return;
        }
        // Part of the fingerprint makes a name that no other job has by chance.
        let suffix = &spec.fingerprint.as_str()[..6];
        let (stem, extension) = split_extension(&spec.file_name);
        let named = |end: &str| match extension {
            Some(extension) => format!("{stem}-{suffix}{end}.{extension}"),
            None => format!("{stem}-{suffix}{end}"),
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
        let owner = self.owners.get(&stem_key(file_name));
        owner.is_none_or(|owner| *owner == Some(place))
    }
}

fn split_extension(file_name: &str) -> (&str, Option<&str>) {
    match file_name.rsplit_once('.') {
        Some((stem, extension)) => (stem, Some(extension)),
        None => (file_name, None),
    }
}

/// Returns the key under which a file name is unique: many file systems ignore case, and thumbnails are named after the
/// stem alone.
pub(crate) fn stem_key(file_name: &str) -> String {
    fold_name(split_extension(file_name).0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AspectRatio, Origin, Speech, VideoRequest};

    fn spec(file_name: &str) -> Arc<JobSpec> {
        let request = VideoRequest::new(Speech::Text("Hi".into()), "p", AspectRatio::Square);
        let origin = Origin { file: "c.csv".into(), line: 2 };
        let mut spec = JobSpec::new("a".parse().unwrap(), request, origin);
        file_name.clone_into(&mut spec.file_name);
        Arc::new(spec)
    }

    #[test]
    fn a_reserved_name_is_left_to_its_owner() {
        let mut reserved = ReservedNames::default();
        reserved.add("v1.mp4", 1);
        reserved.add("v2.webm", 1);
        let named = |reserved: &ReservedNames, name: &str, place: usize| {
            let mut spec = spec(name);
            reserved.avoid(place, &mut spec);
            spec.file_name.clone()
        };
        let mark = spec("").fingerprint.as_str()[..6].to_owned();
        assert_eq!(named(&reserved, "v1.mp4", 1), "v1.mp4", "its own");
        assert_eq!(named(&reserved, "v3.mp4", 0), "v3.mp4");
        let other = format!("V1-{mark}.mp4");
        assert_eq!(named(&reserved, "V1.mp4", 0), other);
        // Thumbnails have no other extension.
        assert_eq!(named(&reserved, "v2.mp4", 0), format!("v2-{mark}.mp4"));
        // The first job to get a derived name keeps it; the next one gets another.
        reserved.add(&other, 0);
        assert_eq!(named(&reserved, "V1.mp4", 0), other);
        assert_eq!(named(&reserved, "V1.mp4", 2), format!("V1-{mark}-2.mp4"));
        // A name that two jobs claim is given to neither.
        reserved.add("v1.mp4", 3);
        assert_eq!(named(&reserved, "v1.mp4", 1), format!("v1-{mark}-2.mp4"));
    }
}

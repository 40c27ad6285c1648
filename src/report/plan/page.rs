//! The plan as a page: every job with its picture, text, length and cost, and the problems and notes of its row.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::{AspectRatio, Note};
use crate::report::format::credit_range;
use crate::report::gallery::{Card, gallery, is_web, picture};
use crate::report::plan::context::PlanContext;
use crate::report::plan::rows::{PlanRow, plan_rows};
use crate::report::plan::table::seconds;
use crate::report::plan::text::{outdated_line, total_lines};
use crate::report::summary::Summary;
use crate::util::text::{plural, sanitize};

/// The URLs of personas' pictures, by persona and aspect ratio.
pub(crate) type Pictures = BTreeMap<(String, AspectRatio), String>;

/// A problem of a manifest: its place, what is wrong, and what would be right.
pub(crate) type ShownProblem<'p> = (String, &'p str, Option<&'p str>);

/// Returns the page of a plan. `problems` are those of the rows that are left out of it.
pub(crate) fn plan_page(
    summary: &Summary,
    context: &PlanContext,
    pictures: &Pictures,
    problems: Vec<ShownProblem<'_>>,
) -> String {
    let mut introduction = if problems.is_empty() {
        String::new()
    } else {
        format!("{}; the other rows follow\n", plural(problems.len(), "problem"))
    };
    introduction += &total_lines(summary, context.replaced);
    for line in outdated_line(summary).into_iter().chain(context.lines(summary)) {
        introduction.push_str(&line);
        introduction.push('\n');
    }
    let mut notes_of_rows: BTreeMap<(&str, u32), Vec<&str>> = BTreeMap::new();
    for note in &context.notes {
        match place_of(note) {
            Some(place) => notes_of_rows.entry(place).or_default().push(&note.message),
            None => {
                let _ = writeln!(introduction, "note: {}: {}", note.place, note.message);
            }
        }
    }
    for suspicion in context.suspicions.iter().filter(|suspicion| suspicion.jobs.is_empty()) {
        let _ = writeln!(introduction, "{suspicion}");
    }
    let in_sheet = plan_rows(summary).enumerate().filter(|(_, row)| row.row.job.in_sheet);
    let cards = in_sheet.map(|(index, row)| {
        let origin = &row.row.job.spec.origin;
        let notes = notes_of_rows.get(&(&*origin.file, origin.line)).into_iter().flatten();
        let suspicions = context.suspicions.iter().filter(|it| it.jobs.contains(&index));
        let messages = suspicions.map(|suspicion| &*suspicion.message).chain(notes.copied());
        card(summary, &row, pictures, messages)
    });
    let title = format!("Plan of {}", summary.campaign().name);
    gallery(&title, &introduction, problem_cards(problems).chain(cards))
}

/// Returns the page of a manifest of which no row can be planned.
pub(crate) fn problem_page(problems: Vec<ShownProblem<'_>>) -> String {
    gallery("Problems", "Nothing was submitted.", problem_cards(problems))
}

fn problem_cards(problems: Vec<ShownProblem<'_>>) -> impl Iterator<Item = Card> {
    problems.into_iter().map(|(place, message, help)| Card {
        title: place,
        facts: help.map(str::to_owned).into_iter().collect(),
        warnings: vec![message.to_owned()],
        ..Card::default()
    })
}

/// Returns the file and the line of a note about a row.
fn place_of(note: &Note) -> Option<(&str, u32)> {
    let (file, rest) = match note.place.rsplit_once(':')? {
        (file_and_line, column) if column.bytes().all(|byte| byte.is_ascii_digit()) => {
            file_and_line.rsplit_once(':')?
        }
        with_cell => with_cell,
    };
    let line = rest.trim_start_matches(|character: char| !character.is_ascii_digit());
    Some((file, line.parse().ok()?))
}

fn card<'m>(
    summary: &Summary,
    row: &PlanRow<'_>,
    pictures: &Pictures,
    messages: impl Iterator<Item = &'m str>,
) -> Card {
    let spec = &row.row.job.spec;
    let request = &spec.request;
    let persona = sanitize(summary.campaign().persona(&request.persona));
    let url = pictures.get(&(request.persona.to_string(), request.aspect_ratio));
    let url = url.filter(|url| is_web(url));
    let (state, _) = row.state.word_and_style();
    let price = row
        .price()
        .map_or_else(String::new, |(low, high)| format!(", {} credits", credit_range(low, high)));
    let length = seconds(&row.row.job.estimate);
    Card {
        media: url.map_or_else(String::new, |url| picture(url, &persona)),
        title: format!("{} ({state})", spec.id),
        text: Some(row.speech().to_owned()),
        facts: vec![
            format!("{persona}, {}, {}", request.aspect_ratio, request.model_version),
            format!("{length} s{price}"),
            format!("{}:{}", spec.origin.file, spec.origin.line),
        ],
        code: None,
        warnings: messages
            .map(str::to_owned)
            .chain(Some(row.reason()).filter(|reason| !reason.is_empty()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Suspicion;
    use crate::report::testing::TestRun;

    #[test]
    fn each_job_has_a_card_with_its_text_and_notes() {
        let run = TestRun::with_jobs(2);
        let job = &run.campaign.jobs[0].spec;
        let place = format!("{}:{}:7", job.origin.file, job.origin.line);
        let ratio = job.request.aspect_ratio;
        let notes = vec![
            Note { place, message: "<b> is odd".to_owned() },
            Note { place: "sheet.csv".to_owned(), message: "about all".to_owned() },
        ];
        let suspicion = |message: &str, jobs: Vec<usize>| {
            let place = "sheet.csv:1:1".to_owned();
            Suspicion { place, message: message.to_owned(), jobs }
        };
        let suspicions =
            vec![suspicion("the second looks odd", vec![1]), suspicion("a column", Vec::new())];
        let context = PlanContext { notes, suspicions, ..PlanContext::default() };
        let url = "https://x/anna.jpg".to_owned();
        let pictures = Pictures::from([((job.request.persona.to_string(), ratio), url)]);
        let page = plan_page(
            &run.summary(),
            &context,
            &pictures,
            vec![("a.csv:3:1".to_owned(), "`persona` is missing", None)],
        );
        for part in [
            "<h2>a (new)</h2>",
            "src=\"https://x/anna.jpg\" alt=\"Anna\"",
            "Say something nice",
            "<p class=\"warning\">&lt;b&gt; is odd</p>",
            "2 jobs to submit of 2, for 10 credits",
            "note: sheet.csv: about all",
            "sheet.csv:1:1: a column",
            "<p class=\"warning\">the second looks odd</p>",
            "1 problem; the other rows follow",
            "<h2>a.csv:3:1</h2>",
            "`persona` is missing",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("<script") && page.contains("default-src 'none'"));
    }

    #[test]
    fn notes_belong_to_the_row_of_their_place() {
        let place = |place: &str| {
            let note = Note { place: place.to_owned(), message: String::new() };
            place_of(&note).map(|(file, line)| (file.to_owned(), line))
        };
        assert_eq!(place("a.csv:3:7"), Some(("a.csv".to_owned(), 3)));
        assert_eq!(place("a.xlsx:B12"), Some(("a.xlsx".to_owned(), 12)));
        assert_eq!(place("a.xlsx:Jobs 2!B12"), None);
        assert_eq!(place("a.csv"), None);
    }
}

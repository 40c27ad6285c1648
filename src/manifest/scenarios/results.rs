//! Results as a manifest.

use crate::model::{Plan, RESULT_COLUMNS, RemoteId};

use super::support::{csv, ids, notes, problems_of};

/// Returns the results file of a sheet: the cells of each row with each of its job ids.
fn results_of(plan: &Plan) -> String {
    let mut lines = vec![format!("{},{}", plan.sheet.columns.join(","), RESULT_COLUMNS.join(","))];
    for row in &plan.sheet.rows {
        let cells: Vec<&str> = row.cells.iter().map(|cell| &**cell).collect();
        let cells = cells.join(",");
        let ids = row.jobs.clone().map(|job| plan.jobs[job].id.as_str());
        lines.extend(ids.map(|id| format!("{cells},{id},done,videos/{id}.mp4,,,,,5,,,1,,,")));
    }
    lines.join("\r\n")
}

#[test]
fn results_as_a_manifest_make_the_same_jobs() {
    let sheet = "id,text,persona,ratio,owner\n\
         r1,Hi,ANNA,9:16 | 1:1,Maria\n\
         ,Hi,BEN,9:16 | 1:1,Maria\n\
         ,Hi,BEN,9:16 | 1:1,Maria\n\
         ,Bye,BEN,16:9,Jo\n";
    let before = csv(sheet);
    let results = results_of(&before);
    let after = csv(&results);
    assert_eq!(ids(&before), ids(&after));
    assert!(
        notes(&after)[0].starts_with("a.csv:1:29 this is a `results.csv`"),
        "{:?}",
        notes(&after)
    );
    assert_eq!(before.sheet.columns, after.sheet.columns);
    assert_eq!(before.jobs[4].request, after.jobs[4].request);
    // If the text is edited, the ids stay, so that the jobs are known as paid and changed.
    let edited = csv(&results.replace(",Hi,", ",Hello,"));
    assert_eq!(ids(&before), ids(&edited));
    assert_ne!(before.jobs[0].fingerprint, edited.jobs[0].fingerprint);
    // Only some lines are kept.
    let lines: Vec<&str> = results.split("\r\n").collect();
    let kept = csv(&[lines[0], lines[2], lines[2], lines[7]].join("\n"));
    assert_eq!(ids(&kept), ["r1-1x1", ids(&before)[6]]);
    // If some lines are kept and edited, the ratio is ambiguous.
    let unclear = [lines[0], &lines[3].replace(",Hi,", ",Ho,")].join("\n");
    assert!(problems_of(&[("results.csv", &unclear)])[0].contains("this row makes 2 jobs"));
}

#[test]
fn results_name_the_videos_of_their_jobs_unless_they_failed_or_were_edited() {
    let line = |id: &str, status: &str, remote: &str, outdated: &str| {
        format!("{id},Hi {id},ANNA,9:16,{id},{status},,,,,5,,,,1,{remote},,{outdated}\n")
    };
    let header = format!("id,text,persona,ratio,{}\n", RESULT_COLUMNS.join(","));
    let sheet = header
        + &line("a", "done", "remote-a", "")
        + &line("b", "failed", "remote-b", "")
        + &line("c", "done", "remote-c", "yes")
        + &line("d", "rendering", "remote-d", "")
        + &line("e", "pending", "", "");
    let named = csv(&sheet);
    let named = named.jobs.iter().map(|job| job.paid_remote.as_ref().map(RemoteId::as_str));
    assert!(named.eq([Some("remote-a"), None, None, Some("remote-d"), None]));
}

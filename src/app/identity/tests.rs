use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::model::{AspectRatio, Origin, VideoRequest};
use crate::report::testing::TestRun;

fn job(id: &str, text: &str) -> Arc<JobSpec> {
    let speech = Speech::Text(text.into());
    let request = VideoRequest::new(speech, "anna", AspectRatio::Portrait);
    let origin = Origin { file: "sheet.csv".into(), line: 2 };
    Arc::new(JobSpec::new(id.parse().unwrap(), request, origin))
}

/// Jobs as `id=text`, divided by spaces.
fn jobs(list: &str) -> Vec<Arc<JobSpec>> {
    let pairs = list.split_whitespace().map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(id, text)| job(id, text)).collect()
}

fn paid(jobs: &[Arc<JobSpec>]) -> Vec<PaidJob> {
    let paid = jobs.iter().map(|job| PaidJob {
        id: job.id.clone(),
        request: job.fingerprint.clone(),
        spec: Some(Arc::clone(job)),
    });
    paid.collect()
}

/// Returns the answer for each job by its id.
fn answers(sheet: &[Arc<JobSpec>], paid: &[PaidJob]) -> BTreeMap<String, String> {
    let word = |answer: JobIdentity| match answer {
        JobIdentity::New => "new".to_owned(),
        JobIdentity::Known => "known".to_owned(),
        JobIdentity::ContinuesAs(index) => paid[index].id.to_string(),
        JobIdentity::Edited(index) => format!("edited {}", paid[index].id),
        JobIdentity::Displaced(id) => format!("new {}", id.as_str().split_once('-').unwrap().0),
        JobIdentity::PaidElsewhere => "elsewhere".to_owned(),
    };
    let answers = identify(sheet, paid, HashMap::new()).into_iter().map(word);
    sheet.iter().map(|job| job.id.to_string()).zip(answers).collect()
}

#[test]
fn each_row_finds_the_video_that_was_paid_for_it() {
    for (what, before, after, expected) in [
        ("nothing changed", "a=A b=B", "a=A b=B", "a=known b=known"),
        ("rows were moved", "a=A b=B", "b=B a=A", "a=known b=known"),
        ("a row is new", "a=A", "a=A b=B", "a=known b=new"),
        ("a row is a copy", "a=A", "a=A b=A", "a=known b=new"),
        ("an edited row keeps its video", "a=A", "a=B", "a=known"),
        ("an edited row and its old text", "a=A", "a=B c=A", "a=new_a c=a"),
        ("a second ratio", "a=A", "a-9x16=A a-1x1=B", "a-9x16=a a-1x1=new"),
        ("a ratio was removed", "a-9x16=A a-1x1=B", "a=B", "a=a-1x1"),
        (
            "another dimension",
            "a-1=A a-2=B",
            "a-anna-1=A a-anna-2=B a-ben-1=C",
            "a-anna-1=a-1 a-anna-2=a-2 a-ben-1=new",
        ),
        ("ids were added", "hello-x=A hello-y=B", "a=A b=B", "a=hello-x b=hello-y"),
        ("ids were changed", "a=A", "alpha=A", "alpha=a"),
        ("zeros were lost", "007=A 008=B", "7=A 8=B", "7=007 8=008"),
        ("zeros were lost, and a text was edited", "007=A 008=B", "7=A 8=C", "7=007 8=edited_008"),
        ("capitals were lost, and a text was edited", "Ad-01=A", "ad-1=B", "ad-1=edited_Ad-01"),
        ("a row was removed and the ids renumbered", "1=A 2=B 3=C", "1=B 2=C", "1=2 2=3"),
        ("a row was inserted and the ids renumbered", "1=A 2=B", "1=N 2=A 3=B", "1=new_1 2=1 3=2"),
        ("texts were swapped", "1=A 2=B", "1=B 2=A", "1=2 2=1"),
        ("renumbered, and one was edited", "1=A 2=B 3=C", "1=B 2=C 3=N", "1=2 2=3 3=edited_1"),
        ("as many copies as were paid for", "a=A b=A", "c=A d=A e=A", "c=a d=b e=new"),
        (
            "copies in the order of their numbers",
            "x=A x-2=A x-10=A",
            "1=A 2=A 3=A",
            "1=x 2=x-2 3=x-10",
        ),
        ("a copy that stays is no other row's", "a=A b=A", "b=A c=A", "b=known c=a"),
        ("composed letters", "a=e\u{301}te\u{301} b=B", "a=été b=B", "a=a b=known"),
        ("composed letters, another id", "x=e\u{301}te\u{301}", "y=été", "y=x"),
        ("curly quotes", "x=it's", "y=it’s", "y=x"),
        ("other words", "x=été", "y=ete", "y=new"),
    ] {
        let expected = expected.split_whitespace().map(|pair| pair.split_once('=').unwrap());
        let expected: BTreeMap<String, String> =
            expected.map(|(id, answer)| (id.to_owned(), answer.replace('_', " "))).collect();
        let (sheet, paid) = (jobs(after), paid(&jobs(before)));
        assert_eq!(answers(&sheet, &paid), expected, "{what}");
    }
}

#[test]
fn a_former_id_decides_between_copies() {
    let mut sheet = jobs("a=A b=A");
    Arc::make_mut(&mut sheet[1]).former_id = Some("x".parse().unwrap());
    let paid = paid(&jobs("x=A"));
    assert_eq!(answers(&sheet, &paid)["b"], "x");
    assert_eq!(answers(&sheet, &paid)["a"], "new");
}

#[test]
fn a_new_job_with_a_recorded_id_gets_another_one_that_it_keeps() {
    let (before, after) = (jobs("1=A"), jobs("1=N 2=A"));
    let [JobIdentity::Displaced(id), JobIdentity::ContinuesAs(0)] =
        &*identify(&after, &paid(&before), HashMap::new())
    else {
        panic!("the second row has the request of the paid job");
    };
    let displaced = job(id.as_str(), "N");
    assert_eq!(*id, displaced_id(&after[0]));
    let paid = paid(&[Arc::clone(&before[0]), displaced]);
    let answers = identify(&after, &paid, HashMap::new());
    assert_eq!(answers, [JobIdentity::ContinuesAs(1), JobIdentity::ContinuesAs(0)]);
}

#[test]
fn jobs_of_other_folders_are_known_by_their_requests_alone() {
    let mut paid = paid(&jobs("1=A 2=B"));
    for paid in &mut paid {
        paid.spec = None;
    }
    let sheet = jobs("1=C 7=B 8=D");
    let elsewhere = HashMap::from([(sheet[2].fingerprint.clone(), 1)]);
    let expected = [JobIdentity::New, JobIdentity::ContinuesAs(1), JobIdentity::PaidElsewhere];
    assert_eq!(identify(&sheet, &paid, elsewhere), expected);
}

#[test]
fn as_many_jobs_are_paid_elsewhere_as_there_are_there() {
    let sheet = jobs("a=A b=A c=A d=B");
    let elsewhere = HashMap::from([(sheet[0].fingerprint.clone(), 2)]);
    let answers = identify(&sheet, &paid(&sheet[..1]), elsewhere);
    let (known, other, new) = (JobIdentity::Known, JobIdentity::PaidElsewhere, JobIdentity::New);
    assert_eq!(answers, [known, other.clone(), other, new]);
}

#[test]
fn removed_paid_jobs_are_mentioned_if_there_are_new_ones() {
    let mut run = TestRun::with_jobs(3);
    run.done(1, "a");
    assert_eq!(replaced_rows(&run.summary()), None, "nothing is gone");
    let job = &mut run.campaign.jobs[0];
    (job.in_sheet, job.selected) = (false, false);
    let replaced = replaced_rows(&run.summary()).unwrap();
    assert!(
        replaced.to_string().starts_with(
            "1 job that was paid for earlier is no longer in the sheet, and 2 are new: if these"
        ),
        "{replaced}"
    );
    run.done(2, "b");
    run.done(3, "c");
    assert_eq!(replaced_rows(&run.summary()), None, "nothing is new");
}

/// Jobs with ids of a few forms, and few texts, so that many are equal.
fn some_jobs() -> impl Strategy<Value = Vec<Arc<JobSpec>>> {
    let id = "(0{0,2}[1-5]|[aA]-[12]|[ab])";
    let jobs = prop::collection::btree_map(id, "[A-D]|é|e\u{301}", 0..8);
    jobs.prop_map(|jobs| jobs.iter().map(|(id, text)| job(id, text)).collect()).prop_shuffle()
}

proptest! {
    #[test]
    fn no_request_is_paid_for_more_often_than_it_is_new(
        sheet in some_jobs(), before in some_jobs(), seed in any::<u64>()
    ) {
        let recorded = paid(&before);
        let identities = identify(&sheet, &recorded, HashMap::new());
        let mut payments = 0;
        let (mut ids, mut used) = (BTreeSet::new(), BTreeSet::new());
        for (job, identity) in sheet.iter().zip(&identities) {
            let id = match identity {
                JobIdentity::New | JobIdentity::PaidElsewhere => {
                    payments += 1;
                    // Else it would be taken for the recorded job.
                    prop_assert!(before.iter().all(|other| other.id != job.id));
                    &job.id
                }
                JobIdentity::Known => &job.id,
                JobIdentity::ContinuesAs(index) => {
                    prop_assert!(plain(&before[*index]) == plain(job));
                    prop_assert!(used.insert(index));
                    &recorded[*index].id
                }
                JobIdentity::Edited(index) => {
                    prop_assert!(used.insert(index));
                    &recorded[*index].id
                }
                JobIdentity::Displaced(id) => {
                    payments += 1;
                    prop_assert!(before.iter().all(|other| other.id != *id));
                    id
                }
            };
            prop_assert!(ids.insert(id.clone()), "two jobs are {id}");
        }
        let count = |jobs: &[Arc<JobSpec>]| {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for job in jobs {
                *counts.entry(plain(job).to_string()).or_default() += 1;
            }
            counts
        };
        let had = count(&before);
        let new = |(request, now): (&String, &usize)| now.saturating_sub(*had.get(request).unwrap_or(&0));
        prop_assert!(payments <= count(&sheet).iter().map(new).sum::<usize>());

        // The same rows in another order have the same answers.
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut shuffled, mut others) = (sheet.clone(), before.clone());
        random.shuffle(&mut shuffled);
        random.shuffle(&mut others);
        prop_assert_eq!(answers(&shuffled, &paid(&others)), answers(&sheet, &recorded));

        // What was decided is decided again.
        let resolved = sheet.iter().zip(&identities).map(|(spec, identity)| match identity {
            JobIdentity::ContinuesAs(index) => Arc::clone(&before[*index]),
            JobIdentity::Edited(index) => {
                let id = recorded[*index].id.clone();
                Arc::new(JobSpec { id, ..JobSpec::clone(spec) })
            }
            JobIdentity::Displaced(id) => Arc::new(JobSpec { id: id.clone(), ..JobSpec::clone(spec) }),
            JobIdentity::New | JobIdentity::Known | JobIdentity::PaidElsewhere => Arc::clone(spec),
        });
        let resolved: Vec<Arc<JobSpec>> = resolved.collect();
        let is_settled = |identity: &JobIdentity| match identity {
            JobIdentity::New | JobIdentity::Known => true,
            JobIdentity::ContinuesAs(index) => resolved.iter().any(|job| job.id == recorded[*index].id),
            JobIdentity::Edited(_) | JobIdentity::Displaced(_) | JobIdentity::PaidElsewhere => false,
        };
        let again = identify(&resolved, &recorded, HashMap::new());
        prop_assert!(again.iter().all(is_settled), "{again:?}");
    }
}

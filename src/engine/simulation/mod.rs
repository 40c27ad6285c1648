//! Thousands of runs under virtual time, with faults and crashes, against a provider that counts.
//!
//! `CALLSHEET_SIMULATION_SEEDS` sets the number of seeds; a failing seed prints its story.

mod chance;
mod checks;
mod mutants;
mod nature;
mod story;
mod wishes;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use self::story::Story;

/// Plays a whole story; panics if anything is not as it must be.
fn play(story: &mut Story) {
    story.play();
    story.checks.nothing_is_lost(&story.world);
    story.epilogue();
    story.checks.nothing_is_lost(&story.world);
    story.checks.everything_is_settled(&story.world);
}

fn play_aloud(seed: u64) -> Story {
    let mut story = Story::new(seed);
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| play(&mut story))) {
        let told = story.told_so_far();
        let nature = &story.world.nature;
        let accepted = &story.world.accepted;
        let limits = &story.policy.limits;
        // The words stand before what the panic itself has said.
        let words = format!("{told}\n{nature:#?}\n{limits:?}\n{accepted:#?}\nseed {seed}\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), words.as_bytes());
        resume_unwind(panic);
    }
    story
}

#[test]
fn no_seed_pays_twice_loses_a_video_or_breaks_a_limit() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may be told how much to do"
    )]
    let seeds = std::env::var("CALLSHEET_SIMULATION_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(500);
    let (mut reads, mut accepted) = (0, 0);
    for seed in 0..seeds {
        let story = play_aloud(seed);
        reads += story.checks.reads;
        accepted += story.world.accepted.len() as u64;
    }
    // Some eight are usual, faults, restarts and lists included.
    assert!(
        reads <= 12 * accepted,
        "{reads} reads for {accepted} renders"
    );
}

#[test]
fn the_same_seed_writes_the_same_journal() {
    for seed in 0..20 {
        let (first, second) = (play_aloud(seed), play_aloud(seed));
        assert_eq!(first.journal, second.journal, "seed {seed}");
    }
}

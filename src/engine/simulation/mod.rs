//! Thousands of runs under virtual time, with faults and crashes, against a provider that counts.
//!
//! `CALLSHEET_SIMULATION_SEEDS` sets the number of seeds; a failing seed prints its story.

mod invariants;
mod mutants;
mod profile;
mod provider;
mod random;
mod run;
mod user_actions;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use self::run::Simulation;

/// Plays a whole story; panics if anything is not as it must be.
fn play(simulation: &mut Simulation) {
    simulation.play();
    simulation.invariants.nothing_is_lost(&simulation.provider);
    simulation.epilogue();
    simulation.invariants.nothing_is_lost(&simulation.provider);
    simulation
        .invariants
        .everything_is_settled(&simulation.provider);
}

fn simulate(seed: u64) -> Simulation {
    let mut simulation = Simulation::new(seed);
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| play(&mut simulation))) {
        let journal = simulation.journal_text();
        let profile = &simulation.provider.profile;
        let accepted = &simulation.provider.accepted;
        let limits = &simulation.policy.limits;
        // The words stand before what the panic itself has said.
        let words = format!("{journal}\n{profile:#?}\n{limits:?}\n{accepted:#?}\nseed {seed}\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), words.as_bytes());
        resume_unwind(panic);
    }
    simulation
}

#[test]
fn no_seed_pays_twice_loses_a_video_or_exceeds_a_limit() {
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
        let simulation = simulate(seed);
        reads += simulation.invariants.reads;
        accepted += simulation.provider.accepted.len() as u64;
    }
    // Some eight are usual, faults, restarts and lists included.
    assert!(
        reads <= 12 * accepted,
        "{reads} reads for {accepted} renders"
    );
}

#[test]
fn equal_seeds_write_equal_journals() {
    for seed in 0..20 {
        let (first, second) = (simulate(seed), simulate(seed));
        assert_eq!(first.journal, second.journal, "seed {seed}");
    }
}

//! Thousands of simulated runs in virtual time, with faults and crashes, against a provider that counts what it
//! accepts.
//!
//! `CALLSHEET_SIMULATION_SEEDS` sets the number of seeds. A failing seed prints its journal.

mod invariants;
mod mutants;
mod profile;
mod provider;
mod random;
mod recorder;
mod run;
mod user_actions;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use self::run::Simulation;

/// Runs a whole campaign. Panics if an invariant does not hold.
fn run_and_check(simulation: &mut Simulation) {
    simulation.run_commands();
    simulation.invariants.nothing_is_lost(&simulation.provider);
    simulation.finish();
    simulation.invariants.nothing_is_lost(&simulation.provider);
    simulation.invariants.everything_is_settled(&simulation.provider);
}

fn simulate(seed: u64) -> Simulation {
    let mut simulation = Simulation::new(seed);
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run_and_check(&mut simulation))) {
        let journal = simulation.journal_text();
        let profile = &simulation.provider.profile;
        let accepted = &simulation.provider.accepted;
        let limits = &simulation.options.limits;
        // This appears before the message of the panic.
        let text = format!("{journal}\n{profile:#?}\n{limits:?}\n{accepted:#?}\nseed {seed}\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
        resume_unwind(panic);
    }
    simulation
}

#[test]
fn no_seed_pays_twice_loses_a_video_or_exceeds_a_limit() {
    #[expect(clippy::disallowed_methods, reason = "the number of seeds can be set")]
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
    // About twelve are usual with few renders at one time, faults, restarts and lists included.
    assert!(reads <= 16 * accepted, "{reads} reads for {accepted} renders");
}

#[test]
fn equal_seeds_write_equal_journals() {
    for seed in 0..20 {
        let (first, second) = (simulate(seed), simulate(seed));
        assert_eq!(first.journal, second.journal, "seed {seed}");
    }
}

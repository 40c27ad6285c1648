//! Short scenes with a known end, one for each mistake that chance would need too long to stumble
//! upon.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a scene names the commands it is about; the rest are answered as usual"
)]

mod absence;
mod clocks;
mod downloads;
mod inventory;
mod kills;
mod places;
mod reasons;
mod rivals;
mod seeming_proofs;
mod slips;
mod stage;
mod stopping;
mod turning_up;
mod wishes;

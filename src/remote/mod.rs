//! The network: one attempt per call, classified; no retries.

pub mod creatify;

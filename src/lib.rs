//! `callsheet` turns a sheet of rows into finished avatar videos, and never pays for one twice.

pub mod cli;
pub mod driver;
pub mod engine;
pub mod journal;
pub mod manifest;
pub mod model;
pub mod observe;
pub mod remote;
pub mod sandbox;

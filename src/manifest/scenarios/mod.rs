//! Whole manifests, from bytes to plans and problems.

mod examples;
mod given;
mod properties;
mod reference;
mod results;
mod sheet;
mod telling;
mod workbook;
mod yaml;

//! Whole manifests, from bytes to plans and problems.

mod copies;
mod examples;
mod messages;
mod properties;
mod real_sheets;
mod reference;
mod results;
mod sheet;
mod support;
mod workbook;
mod yaml;

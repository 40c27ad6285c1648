//! Creatify's AI Avatar API, version 1: its endpoints, its JSON, and its lists read as they stream in.

mod endpoints;
mod page;
pub mod parse;
mod rows;
#[cfg(test)]
mod tests;
pub mod wire;

pub(in crate::remote) use endpoints::Api;

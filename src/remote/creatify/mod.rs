//! Creatify's AI Avatar API, version 1: its endpoints, its JSON, and its lists read as they stream in.

mod api;
mod page;
pub mod reading;
mod rows;
#[cfg(test)]
mod tests;
pub mod wire;

pub(in crate::remote) use api::Api;

//! Creatify's AI Avatar API, version 1: endpoints, wire types, lists that are parsed while they arrive.

mod endpoints;
mod page;
pub mod parse;
mod rows;
#[cfg(test)]
mod tests;
pub mod wire;

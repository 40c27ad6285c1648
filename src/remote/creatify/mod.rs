//! Creatify's AI Avatar API, version 1.

pub mod wire;

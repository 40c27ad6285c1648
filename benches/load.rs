//! Reading a manifest: a CSV with texts of 300 characters.
//!
//! `cargo bench --bench load`

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

#[expect(dead_code, reason = "each benchmark uses a part")]
mod support;

use std::fmt::Write as _;
use std::path::Path;

use callsheet::manifest::{Options, load};
use support::{peak_memory, text, timed};

fn main() {
    println!("| rows | CPU | CPU / row | peak memory |");
    println!("|---|---|---|---|");
    for rows in [100_u32, 1_000, 10_000, 100_000] {
        let mut csv = String::from("id,text,persona,aspect_ratio,note\n");
        for row in 0..rows {
            let text = text(row as usize);
            let persona = "7350375b-9a98-51b8-934d-14d46a645dc2";
            let _ = writeln!(csv, "row-{row:06},\"{text}\",{persona},9:16,mine {row}");
        }
        let read = |_: &Path| Ok(csv.clone().into_bytes());
        let (took, plan) = timed(|| load(Path::new("a.csv"), &Options::default(), &read));
        assert_eq!(plan.expect("a valid sheet").jobs.len(), rows as usize);
        println!(
            "| {rows} | {:.0} ms | {:.2} µs | {} MB, the file twice included |",
            took.as_secs_f64() * 1e3,
            took.as_secs_f64() * 1e6 / f64::from(rows),
            peak_memory(),
        );
    }
}

//! What `build` prints.

use super::print::Output;
use devtoolkit_index::Counts;
use devtoolkit_index::store::Store;
use devtoolkit_index::walk::WalkReport;
use serde_json::json;
use std::fmt::Write;
use std::time::Duration;

/// Prints what `build` found.
pub(super) fn print(
    output: &Output,
    counts: &Counts,
    report: &WalkReport,
    took: Duration,
    store: &Store,
) -> std::io::Result<()> {
    let (peak, on_disk) = (peak_memory(), store.size_on_disk());
    let mut text = String::new();
    if output.json {
        let json = json!({
            "root": store.root().to_string_lossy(), "files": report.files, "parsed": counts.parsed,
            "symbols": counts.symbols, "references": counts.references, "bytes": counts.bytes,
            "read": { "files": report.changed, "bytes": report.bytes, "removed": report.removed },
            "skipped": { "binary": counts.binary, "tooLarge": counts.too_large, "unreadable": report.unreadable,
                         "notUtf8Names": report.unnameable, "tooSlow": counts.too_slow },
            "withSyntaxErrors": counts.with_errors, "seconds": took.as_secs_f64(),
            "peakMemoryBytes": peak, "indexBytes": on_disk,
        });
        let _ = writeln!(text, "{json:#}");
    } else {
        let _ = writeln!(text, "{}", store.root().display());
        let rows: [(&str, String); 8] = [
            ("files", format!("{} ({} in a known language)", report.files, counts.parsed)),
            (
                "read now",
                format!("{} files, {}; {} gone", report.changed, size(report.bytes), report.removed),
            ),
            ("symbols", counts.symbols.to_string()),
            ("references", counts.references.to_string()),
            ("text", size(counts.bytes)),
            ("seconds", format!("{:.2}", took.as_secs_f64())),
            ("peak memory", peak.map_or_else(|| "unknown".to_owned(), size)),
            ("index on disk", size(on_disk)),
        ];
        for (name, value) in rows {
            let _ = writeln!(text, "  {name:<14} {value}");
        }
        for (count, what) in [
            (counts.binary, "binary: neither parsed nor searched"),
            (counts.too_large, "larger than --max-file-size: not read"),
            (report.unreadable, "unreadable: left out"),
            (report.unnameable, "with a name that is not UTF-8: left out"),
            (counts.too_slow, "too slow to parse: searched as text only"),
            (counts.with_errors, "with syntax errors: indexed as far as they parse"),
        ] {
            if count > 0 {
                let _ = writeln!(text, "  {count} {what}");
            }
        }
    }
    std::io::Write::write_all(&mut std::io::stdout().lock(), text.as_bytes())
}

/// The most memory this process has held, in bytes, where the system tells.
#[cfg(unix)]
fn peak_memory() -> Option<u64> {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF).ok()?;
    // Linux counts in KiB, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Some(u64::try_from(usage.max_rss()).ok()? * unit)
}

#[cfg(not(unix))]
fn peak_memory() -> Option<u64> {
    None
}

fn size(bytes: u64) -> String {
    if bytes < 10_000 {
        return format!("{bytes} bytes");
    }
    let (value, unit) =
        if bytes < 1_000_000 { (bytes as f64 / 1e3, "kB") } else { (bytes as f64 / 1e6, "MB") };
    format!("{value:.1} {unit}")
}

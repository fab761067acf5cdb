//! Waits that can be ended from elsewhere.

use super::Heard;
use std::ops::ControlFlow;
use std::thread;
use std::time::{Duration, Instant};

/// How often whoever waits is told that nothing happens.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// Lets `time` pass, and tells [`Heard::Nothing`] each [`TICK`]; ends at once when `hear` breaks.
pub(super) fn wait(time: Duration, hear: &mut dyn FnMut(Heard) -> ControlFlow<()>) -> ControlFlow<()> {
    let begun = Instant::now();
    loop {
        let left = time.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return ControlFlow::Continue(());
        }
        hear(Heard::Nothing)?;
        thread::sleep(left.min(TICK));
    }
}

//! How long short questions take: their CPU time, which other load on the machine does not change much, and
//! their wall time, which it does.

use std::time::Instant;

use crate::measure::own_cost;
use crate::report::{Goal, Limit, Unit};

/// The times of many questions of one kind, in seconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies {
    cpu: Vec<f64>,
    wall: Vec<f64>,
}

impl Latencies {
    /// Does some work and notes how long it took.
    pub(crate) fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let (cpu, result) = own_cost(work);
        self.wall.push(begun.elapsed().as_secs_f64());
        self.cpu.push(cpu.as_secs_f64());
        result
    }

    /// Notes a question whose CPU seconds are known.
    pub(crate) fn add(&mut self, cpu: f64) {
        self.cpu.push(cpu);
    }

    /// Median and 99 of 100, in CPU time.
    pub(crate) fn summary(&self) -> String {
        format!("{} / {}", Unit::Seconds.show(self.cpu(0.5)), Unit::Seconds.show(self.cpu(0.99)))
    }

    /// The CPU seconds of the latest question.
    pub(crate) fn last(&self) -> f64 {
        self.cpu.last().copied().unwrap_or(f64::NAN)
    }

    /// The CPU seconds that a share of the questions kept to: 0.5 for the median.
    pub(crate) fn cpu(&self, share: f64) -> f64 {
        percentile(&self.cpu, share)
    }

    /// The same of the wall seconds.
    pub(crate) fn wall(&self, share: f64) -> f64 {
        percentile(&self.wall, share)
    }

    /// Two goals: the most that the median and that 99 of 100 may take, in CPU seconds.
    pub(crate) fn goals(&self, what: &str, median: f64, most: f64) -> [Goal; 2] {
        [("p50", 0.5, median), ("p99", 0.99, most)].map(|(name, share, limit)| Goal {
            what: format!("{what}: {name} of {}", self.cpu.len()),
            ours: format!("{} CPU", Unit::Seconds.show(self.cpu(share))),
            peer: format!("{} wall", Unit::Seconds.show(self.wall(share))),
            value: self.cpu(share),
            limit: Limit::Most(limit),
            unit: Unit::Seconds,
        })
    }
}

/// By nearest rank; not a number where there are none.
pub(crate) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

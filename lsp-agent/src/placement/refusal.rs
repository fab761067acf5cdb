//! Why a model fits nowhere, and what would.

use super::need::{Need, Share, need};
use super::{KvType, LEAST_CONTEXT, STEP, Shape, Wish, fits, gpu_room, layouts, main_room};
use crate::machine::Machine;
use std::fmt;

/// A model that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// Of the layout that comes nearest.
    pub need: Need,
    /// Bytes that may be used; none where the system does not say.
    pub main_room: Option<u64>,
    pub gpu_room: u64,
    pub context: u64,
    pub kv: KvType,
    /// What would fit, the smallest change first.
    pub nearest: Vec<Nearest>,
}

/// A change after which it fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nearest {
    /// The same context, kept smaller.
    Kv(KvType),
    /// A shorter context.
    Context(u64),
    /// A shorter context, kept smaller.
    Both(u64, KvType),
    /// Another model of the catalogue, by its name.
    Model(String),
}

/// Bytes, as people write them: powers of ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

pub(super) fn refusal(shape: &Shape, wish: &Wish, machine: &Machine, context: u64, kv: KvType) -> Refusal {
    let (main, gpu) = (main_room(machine), gpu_room(shape, machine));
    let missing = |need: &Need| {
        let of_main = main.map_or(0, |room| need.main.total().saturating_sub(room));
        of_main + need.gpu.total().saturating_sub(gpu)
    };
    let needs = layouts(shape, wish, machine).into_iter();
    let needs = needs.map(|layout| need(shape, wish, machine, layout, context, kv));
    let need = needs.min_by_key(missing).unwrap_or_default();
    let nearest = nearest(shape, wish, machine, context, kv);
    Refusal { need, main_room: main, gpu_room: gpu, context, kv, nearest }
}

fn nearest(shape: &Shape, wish: &Wish, machine: &Machine, context: u64, kv: KvType) -> Vec<Nearest> {
    let smaller = || KvType::ALL.into_iter().filter(|other| *other > kv);
    let same = smaller().find(|kv| fits(shape, wish, machine, context, *kv).is_some());
    let mut nearest: Vec<Nearest> = same.map(Nearest::Kv).into_iter().collect();
    if let Some(context) = longest(shape, wish, machine, context, kv) {
        nearest.push(Nearest::Context(context));
    } else if nearest.is_empty() {
        let both = smaller().find_map(|kv| Some((longest(shape, wish, machine, context, kv)?, kv)));
        nearest.extend(both.map(|(context, kv)| Nearest::Both(context, kv)));
    }
    nearest
}

/// The longest context below `context` that fits, if one of any use does.
fn longest(shape: &Shape, wish: &Wish, machine: &Machine, context: u64, kv: KvType) -> Option<u64> {
    let is_fit = |steps: u64| fits(shape, wish, machine, steps * STEP, kv).is_some();
    let (mut fit, mut unfit) = (LEAST_CONTEXT / STEP, context / STEP);
    if fit >= unfit || !is_fit(fit) {
        return None;
    }
    while unfit - fit > 1 {
        let middle = fit.midpoint(unfit);
        if is_fit(middle) { fit = middle } else { unfit = middle }
    }
    Some(fit * STEP)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |share: &Share| {
            let mut parts = format!("weights {}", Size(share.weights + share.copies));
            if share.cache > 0 {
                parts.push_str(&format!(", context {}", Size(share.cache)));
            }
            format!("{parts}, computing {}", Size(share.compute))
        };
        write!(f, "it needs {} of memory ({})", Size(self.need.main.total()), part(&self.need.main))?;
        if let Some(room) = self.main_room {
            write!(f, ", of which {} can be used", Size(room))?;
        }
        if self.need.gpu.total() > 0 {
            let room = Size(self.gpu_room);
            let needs = Size(self.need.gpu.total());
            write!(
                f,
                ", and {needs} on graphics cards ({}), of which {room} can be used",
                part(&self.need.gpu)
            )?;
        }
        write!(f, ", with a context of {} tokens as {}", self.context, self.kv.name())?;
        let changes: Vec<String> = self.nearest.iter().map(ToString::to_string).collect();
        match changes.is_empty() {
            true => {
                write!(f, "; take a smaller model: `devtoolkit-agent model recommend` lists those that fit")
            }
            false => write!(f, "; what fits is {}", changes.join(", or ")),
        }
    }
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kv(kv) => write!(f, "`--kv {}`", kv.name()),
            Self::Context(context) => write!(f, "`--context {context}`"),
            Self::Both(context, kv) => write!(f, "`--context {context} --kv {}`", kv.name()),
            Self::Model(name) => write!(f, "the model `{name}`"),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0 as f64;
        match self.0 {
            0..1_000_000 => write!(f, "{:.0} kB", bytes / 1e3),
            1_000_000..1_000_000_000 => write!(f, "{:.0} MB", bytes / 1e6),
            _ => write!(f, "{:.1} GB", bytes / 1e9),
        }
    }
}

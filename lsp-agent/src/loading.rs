//! From a model and what is wished of it to what its process is told: where everything goes on this machine, and what was
//! found to be quickest there. The agent and `model bench` load models in this one way.

use crate::catalogue::{Catalogue, Entry};
use crate::gguf::{self, GgufError, ModelFacts};
use crate::machine::Machine;
use crate::model_store::{Kept, ModelStore, StoreError};
use crate::placement::{BATCH, Nearest, Placement, Refusal, Shape, Wish, place};
use crate::provider::wire::Load;
use crate::tuning::{Tuned, Tunings};
use std::path::PathBuf;
use thiserror::Error;

/// Requests that may run at once.
const PARALLEL: u32 = 4;

/// What models are placed with.
#[derive(Clone, Copy, Debug)]
pub struct Loading<'a> {
    pub store: &'a ModelStore,
    pub catalogue: &'a Catalogue,
    pub machine: &'a Machine,
    /// What was measured here.
    pub tunings: &'a Tunings,
}

/// A model that fits, and how it is loaded.
#[derive(Clone, Debug)]
pub struct Loadable {
    pub load: Load,
    pub placement: Placement,
    /// Layers of the model.
    pub layers: u32,
    pub has_experts: bool,
    /// What `model bench` found for it on this machine, if it was asked.
    pub tuned: Option<Tuned>,
}

/// Why a model is not loaded.
#[derive(Debug, Error)]
pub enum LoadingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] GgufError),
    #[error("`{name}` does not fit: {refusal}")]
    Unfit { name: String, refusal: Box<Refusal> },
}

impl Loading<'_> {
    /// How to load the model that a person means: a path, a name in the catalogue, or the name of a file in the folder.
    ///
    /// # Errors
    /// When there is none, its file is none that can be loaded, or it does not fit: then with the numbers and what would.
    pub fn named(&self, name: &str, wish: &Wish) -> Result<Loadable, LoadingError> {
        self.kept(&self.store.find(self.catalogue, name)?, wish)
    }

    /// The same of a model that was found.
    ///
    /// # Errors
    /// As of [`Loading::named`].
    pub fn kept(&self, kept: &Kept, wish: &Wish) -> Result<Loadable, LoadingError> {
        let model = gguf::open_model(&kept.files[0])?;
        let shape = Shape::of(&model, &ModelFacts::of(&model)?, self.machine.avx512);
        // The process keeps whole contexts, for the sake of cached prefixes.
        let wish = Wish { full_windows: true, ..*wish };
        let tuned = self.tunings.find(kept, self.machine);
        let placement = placed(self.catalogue, &shape, &wish, self.machine)
            .map_err(|refusal| LoadingError::Unfit { name: kept.name.clone(), refusal })?;
        let placement = with_tuned(&shape, &wish, self.machine, placement, tuned.as_ref());
        Ok(Loadable {
            load: load(kept.files[0].clone(), &placement, tuned.as_ref()),
            placement,
            layers: u32::try_from(shape.layers.len()).unwrap_or(u32::MAX),
            has_experts: shape.has_experts(),
            tuned,
        })
    }
}

/// Where a model goes, or why nowhere, with the largest of the catalogue that would go.
///
/// # Errors
/// When it fits nowhere.
pub fn placed(
    catalogue: &Catalogue,
    shape: &Shape,
    wish: &Wish,
    machine: &Machine,
) -> Result<Placement, Box<Refusal>> {
    place(shape, wish, machine).map_err(|mut refusal| {
        let smaller = |entry: &&Entry| entry.files[0].weights() < shape.weights();
        let fits = |entry: &&Entry| place(&entry.shape(&entry.files[0]), wish, machine).is_ok();
        let other = catalogue.models.iter().filter(smaller).find(fits);
        refusal.nearest.extend(other.map(|entry| Nearest::Model(entry.name.clone())));
        refusal
    })
}

/// Takes over what was measured, where nothing else was asked for and it fits as well.
fn with_tuned(
    shape: &Shape,
    wish: &Wish,
    machine: &Machine,
    placement: Placement,
    tuned: Option<&Tuned>,
) -> Placement {
    let Some(tuned) = tuned else { return placement };
    let threads = wish.threads.unwrap_or(tuned.threads).max(1);
    // Fewer experts on the processor than were placed there would not fit today.
    let more = tuned.cpu_experts.filter(|layers| *layers > placement.cpu_expert_layers);
    let again = more.filter(|_| wish.cpu_expert_layers.is_none()).and_then(|layers| {
        let wish = Wish { cpu_expert_layers: Some(layers), context: Some(placement.context), ..*wish };
        place(shape, &wish, machine).ok().filter(|again| again.gpu_layers >= placement.gpu_layers)
    });
    Placement { threads, ..again.unwrap_or(placement) }
}

fn load(path: PathBuf, placement: &Placement, tuned: Option<&Tuned>) -> Load {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    Load {
        path,
        context: number(placement.context),
        parallel: PARALLEL,
        batch: tuned.map_or(number(BATCH), |tuned| tuned.batch),
        threads: placement.threads,
        gpu_layers: placement.gpu_layers,
        cpu_experts: placement.cpu_expert_layers,
        kv: placement.kv,
        mmap: placement.mmap,
        embeddings: false,
        template: None,
        draft: None,
        keep: None,
    }
}

#[cfg(test)]
mod tests;

//! What llama.cpp computes with: the processor and graphics cards, and where they are libraries, finding those.

use crate::provider::wire::Card;
use anyhow::{Context, Result};
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::{LlamaBackendDevice, LlamaBackendDeviceType, list_llama_ggml_backend_devices};

/// What Metal calls itself: its cards compute in main memory.
const METAL: &str = "MTL";

/// Starts llama.cpp with all back ends that there are.
///
/// # Errors
/// When there is none for the processor.
pub(super) fn start() -> Result<LlamaBackend> {
    #[cfg(feature = "dynamic-backends")]
    libraries::load()?;
    LlamaBackend::init().context("llama.cpp does not start")
}

/// The graphics cards that llama.cpp puts layers on, with what is free on them now.
pub(super) fn cards() -> Vec<Card> {
    chosen(&list_llama_ggml_backend_devices())
}

/// Of several back ends' views of the same cards, the first: two would count their memory twice. Processors' own cards are
/// used where there are no others, as llama.cpp does it.
fn chosen(devices: &[LlamaBackendDevice]) -> Vec<Card> {
    let of_kind = |kind| {
        let mut devices = devices.iter().filter(move |device| device.device_type == kind).peekable();
        let backend = devices.peek().map(|first| first.backend.as_str());
        devices.filter(move |device| Some(device.backend.as_str()) == backend).map(card).collect::<Vec<_>>()
    };
    let cards = of_kind(LlamaBackendDeviceType::Gpu);
    if cards.is_empty() { of_kind(LlamaBackendDeviceType::IntegratedGpu) } else { cards }
}

fn card(device: &LlamaBackendDevice) -> Card {
    let bytes = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    let [total, free] = [device.memory_total, device.memory_free].map(bytes);
    Card {
        name: format!("{}, {}", device.description.trim(), device.name),
        total,
        free: free.min(total),
        in_main: device.device_type == LlamaBackendDeviceType::IntegratedGpu || device.backend == METAL,
    }
}

#[cfg(feature = "dynamic-backends")]
mod libraries {
    #![expect(clippy::disallowed_methods, reason = "it looks for libraries beside the program")]

    use super::{LlamaBackendDeviceType, list_llama_ggml_backend_devices};
    use anyhow::{Context, Result, bail, ensure};
    use llama_cpp_2::llama_backend::{load_backends, load_backends_from_path};

    /// The folder beside the program in which they lie; a program that lies where cargo built it has none.
    const FOLDER: &str = "backends";

    /// Loads the best one for the processor, and all others that start on this machine.
    pub(super) fn load() -> Result<()> {
        let program = std::env::current_exe().context("the program does not know where it lies")?;
        let beside = program.parent().map(|folder| folder.join(FOLDER)).filter(|folder| folder.is_dir());
        match &beside {
            Some(folder) => {
                ensure!(folder.to_str().is_some(), "the path of `{}` is not Unicode", folder.display());
                load_backends_from_path(folder);
            }
            None => load_backends(),
        }
        let is_processor = |kind| kind == LlamaBackendDeviceType::Cpu;
        if list_llama_ggml_backend_devices().iter().any(|device| is_processor(device.device_type)) {
            return Ok(());
        }
        // Without any, llama.cpp would look in the current folder, and load what a stranger's project has put there.
        let folder = beside.as_deref().or(program.parent()).unwrap_or(&program);
        bail!(
            "there is no back end for this processor in `{}`; install the program anew, whole",
            folder.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(backend: &str, place: usize, device_type: LlamaBackendDeviceType) -> LlamaBackendDevice {
        LlamaBackendDevice {
            index: place,
            name: format!("{backend}{place}"),
            description: "A card ".to_owned(),
            backend: backend.to_owned(),
            memory_total: 24,
            memory_free: 20,
            device_type,
        }
    }

    fn names(devices: &[LlamaBackendDevice]) -> Vec<(String, bool)> {
        chosen(devices)
            .into_iter()
            .map(|card| (card.name.trim_start_matches("A card, ").to_owned(), card.in_main))
            .collect()
    }

    #[test]
    fn cards_are_counted_once_and_as_what_they_are() {
        use LlamaBackendDeviceType::{Accelerator, Cpu, Gpu, IntegratedGpu};
        let cpu = [device("BLAS", 0, Accelerator), device("CPU", 0, Cpu)];
        assert_eq!(names(&cpu), []);
        let two = [device("CUDA", 0, Gpu), device("CUDA", 1, Gpu), device("Vulkan", 0, Gpu)];
        assert_eq!(names(&two), [("CUDA0".to_owned(), false), ("CUDA1".to_owned(), false)]);
        let both = [device("Vulkan", 0, IntegratedGpu), device("Vulkan", 1, Gpu)];
        assert_eq!(names(&both), [("Vulkan1".to_owned(), false)]);
        assert_eq!(names(&both[..1]), [("Vulkan0".to_owned(), true)]);
        assert_eq!(names(&[device("MTL", 0, Gpu)]), [("MTL0".to_owned(), true)]);
        let card = &chosen(&two)[0];
        assert_eq!((card.name.as_str(), card.total, card.free), ("A card, CUDA0", 24, 20));
    }
}

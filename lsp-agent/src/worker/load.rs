//! A model, from its file to its end: loaded, served, and its cache kept.

#![expect(clippy::disallowed_methods, reason = "it looks whether the model's file is there, and which it is")]

use super::batches::{Batches, Left};
use super::smaller::{Smaller, is_alike};
use super::{Asks, Pipe};
use crate::placement::KvType;
use crate::provider::wire::{Ask, Fim, Load, Loaded, Say};
use anyhow::Result;
use llama_cpp_2::context::params::{KvCacheType, LlamaContextParams, LlamaPoolingType};
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::vocab::LlamaVocab;
use std::ffi::CString;
use std::num::NonZeroU32;
use std::path::Path;
use std::pin::pin;
use std::sync::mpsc;
use std::thread;

/// The most control tokens that are told, and the bytes of each: known vocabularies have a tenth of it.
const MOST_CONTROLS: usize = 1 << 16;
const LONGEST_CONTROL: usize = 256;

/// Loads a model and serves requests on it. Gives the question that ended that, if one did.
pub(super) fn serve(backend: &LlamaBackend, load: &Load, asks: &Asks, say: &mut Pipe) -> Result<Option<Ask>> {
    if !load.path.is_file() {
        let what = format!("there is no file `{}`", load.path.display());
        say.say(&Say::LoadFailed { what })?;
        return Ok(None);
    }
    let Some(model) = read(backend, load, &load.path, say)? else {
        let what = format!(
            "llama.cpp cannot load `{}`; its log (--log debug) says why, and `devtoolkit-agent model verify` looks at the file",
            load.path.display()
        );
        say.say(&Say::LoadFailed { what })?;
        return Ok(None);
    };
    let context = match model.new_context(backend, context_params(load, &model)) {
        Ok(context) => context,
        Err(error) => {
            let what = format!(
                "a context of {} tokens cannot be made ({error}); ask for a smaller one",
                load.context
            );
            say.say(&Say::LoadFailed { what })?;
            return Ok(None);
        }
    };
    let mut warnings = Vec::new();
    let smaller = match load.draft.as_deref() {
        None => None,
        Some(path) => smaller(backend, load, path, &model, &mut warnings, say)?,
    };
    let mut batches = Batches::new(&model, context, load);
    batches.smaller = smaller.as_ref().and_then(|smaller| {
        let params = context_params(load, smaller).with_n_seq_max(1).with_n_batch(256).with_n_ubatch(256);
        let context = smaller.new_context(backend, params);
        let context =
            context.map_err(|error| warnings.push(format!("no drafts by a smaller model: {error}")));
        Some(Smaller::new(smaller, context.ok()?))
    });
    let (restored, of_kept) = batches.restore();
    warnings.extend(of_kept);
    say.say(&Say::Loaded(Loaded { restored, warnings, ..facts(&model, load) }))?;
    let left = batches.run(asks, say)?;
    batches.keep();
    Ok(match left {
        Left::Gone => None,
        Left::Asked(Ask::Unload) => {
            drop(batches);
            drop(model);
            say.say(&Say::Unloaded)?;
            None
        }
        Left::Asked(ask) => Some(ask),
    })
}

/// A smaller model for drafts; where it does not go with the model, that is said.
fn smaller(
    backend: &LlamaBackend,
    load: &Load,
    path: &Path,
    model: &LlamaModel,
    warnings: &mut Vec<String>,
    say: &mut Pipe,
) -> Result<Option<LlamaModel>> {
    let smaller = if path.is_file() { read(backend, load, path, say)? } else { None };
    let what = match &smaller {
        None => "it cannot be loaded",
        Some(smaller) if smaller.is_recurrent() || smaller.is_hybrid() => {
            "it cannot go back, as drafts need it"
        }
        Some(smaller) if !is_alike(model, smaller) => "its vocabulary is another",
        Some(_) => return Ok(smaller),
    };
    warnings.push(format!("no drafts by `{}`: {what}", path.display()));
    Ok(None)
}

/// The weights. `None` when llama.cpp does not want them.
fn read(backend: &LlamaBackend, load: &Load, path: &Path, say: &mut Pipe) -> Result<Option<LlamaModel>> {
    let (tell, told) = mpsc::channel();
    let experts = experts_on_cpu(load.cpu_experts);
    let (gpu_layers, mmap) = (load.gpu_layers, load.mmap);
    thread::scope(|scope| {
        let loading = scope.spawn(move || {
            let params = LlamaModelParams::default()
                .with_n_gpu_layers(gpu_layers)
                .with_use_mmap(mmap)
                .with_progress_callback(move |fraction| {
                    // Whoever listens may have gone; loading goes on.
                    let _ = tell.send(fraction);
                    true
                });
            // Nothing of a model that stays off the cards is to take their memory, not even for a moment.
            let params = if gpu_layers == 0 { params.with_devices(&[]).ok()? } else { params };
            let mut params = pin!(params);
            if let Some(pattern) = &experts {
                params.as_mut().add_cpu_buft_override(pattern);
            }
            LlamaModel::load_from_file(backend, path, &params).ok()
        });
        let mut last = -1.0;
        for fraction in told {
            if fraction - last >= 0.01 || fraction >= 1.0 {
                last = fraction;
                say.say(&Say::Loading { fraction })?;
            }
        }
        Ok(loading.join().unwrap_or(None))
    })
}

/// The pattern of the tensors that hold the experts of the first layers.
fn experts_on_cpu(layers: u32) -> Option<CString> {
    let layers: Vec<String> = (0..layers).map(|layer| layer.to_string()).collect();
    let pattern = format!("blk\\.({})\\.ffn_(up|down|gate|gate_up)_(ch|)exps", layers.join("|"));
    if layers.is_empty() { None } else { CString::new(pattern).ok() }
}

fn context_params(load: &Load, model: &LlamaModel) -> LlamaContextParams {
    let kv = match load.kv {
        KvType::F16 => KvCacheType::F16,
        KvType::F32 => KvCacheType::F32,
        KvType::Q8 => KvCacheType::Q8_0,
        KvType::Q4 => KvCacheType::Q4_0,
    };
    let threads = i32::try_from(load.threads.max(1)).unwrap_or(1);
    // A text's vector comes of one evaluation.
    let step = if load.embeddings { load.batch } else { load.batch.min(512) };
    LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(load.context))
        .with_n_batch(load.batch)
        .with_n_ubatch(step)
        .with_n_seq_max(super::batches::sequences(load))
        .with_n_threads(threads)
        .with_n_threads_batch(threads)
        .with_type_k(kv)
        .with_type_v(kv)
        .with_embeddings(load.embeddings)
        .with_pooling_type(pooling(load, model))
        // One store for all sequences, so that they share prefixes and none has a fixed part.
        .with_kv_unified(true)
        // With a window that forgets, nothing could be taken over from an earlier turn.
        .with_swa_full(true)
        .with_no_perf(true)
}

/// How a text's vector comes from those of its tokens: as the file says, and else their mean.
fn pooling(load: &Load, model: &LlamaModel) -> LlamaPoolingType {
    let name = model.meta_val_str("general.architecture").unwrap_or_default();
    let is_told = model.meta_val_str(&format!("{name}.pooling_type")).is_ok();
    match load.embeddings && !is_told {
        true => LlamaPoolingType::Mean,
        false => LlamaPoolingType::Unspecified,
    }
}

fn facts(model: &LlamaModel, load: &Load) -> Loaded {
    let vocab = model.vocab();
    let text = |token: LlamaToken| {
        let there = token.0 >= 0;
        there.then(|| String::from_utf8_lossy(&vocab.token_to_piece(token, true, None)).into_owned())
    };
    let fim = || {
        Some(Fim {
            prefix: text(vocab.fim_pre())?,
            suffix: text(vocab.fim_suf())?,
            middle: text(vocab.fim_mid())?,
            repository: text(vocab.fim_rep()),
            file: text(vocab.fim_sep()),
        })
    };
    Loaded {
        process: std::process::id(),
        context: load.context,
        trained_context: model.n_ctx_train(),
        vocabulary: vocab.n_tokens().unsigned_abs(),
        controls: controls(&vocab),
        template: load.template.clone().or_else(|| model.chat_template(None).ok()?.to_string().ok()),
        bos: text(vocab.bos()).unwrap_or_default(),
        eos: text(vocab.eos()).unwrap_or_default(),
        fim: fim(),
        restored: 0,
        warnings: Vec::new(),
    }
}

/// The texts of the control tokens. What is left out counts as text, also where a template writes it.
fn controls(vocab: &LlamaVocab<'_>) -> Vec<String> {
    let tokens = vocab.tokens().filter(|token| vocab.is_control(*token));
    let texts = tokens.filter_map(|token| String::from_utf8(vocab.token_to_piece(token, true, None)).ok());
    texts.filter(|text| text.len() <= LONGEST_CONTROL).take(MOST_CONTROLS).collect()
}

/// What a cache on disk belongs to: the file, and all that shapes the cache.
pub(super) fn fingerprint(load: &Load) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(load.path.as_os_str().as_encoded_bytes());
    hasher.update(file_state(&load.path).as_bytes());
    hasher.update(format!("{:?} {} {}", load.kv, env!("CARGO_PKG_VERSION"), LLAMA).as_bytes());
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Which llama.cpp wrote a cache: its format may change with it.
const LLAMA: &str = "llama-cpp-2 0.1.160";

fn file_state(path: &Path) -> String {
    let state = std::fs::metadata(path);
    state.map(|state| format!("{} {:?}", state.len(), state.modified().ok())).unwrap_or_default()
}

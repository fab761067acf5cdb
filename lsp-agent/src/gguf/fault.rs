//! What can be wrong with a model file, each with what to do about it.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A file that cannot be loaded, and why.
#[derive(Debug, Error)]
#[error("`{}` {fault}", path.display())]
pub struct GgufError {
    pub path: PathBuf,
    pub fault: Fault,
}

/// Why a file cannot be loaded.
#[derive(Debug, Error)]
pub enum Fault {
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("is no file; give the path of a `.gguf` file")]
    NoFile,
    #[error(
        "is no GGUF file: it begins with `{begins}`; give a `.gguf` file, or convert the model with llama.cpp's `convert_hf_to_gguf.py`"
    )]
    NotGguf { begins: String },
    #[error("is a big-endian GGUF file, which is not supported; get the little-endian one of this model")]
    BigEndian,
    #[error("is a GGUF file of version {0}; versions 2 and 3 are supported: get a newer file of this model")]
    Version(u32),
    #[error(
        "is cut short: {wanted} bytes are to be at byte {at}, and it has {bytes}; get it again, `devtoolkit-agent model pull` continues where it stopped"
    )]
    Truncated { at: u64, wanted: u64, bytes: u64 },
    #[error("is damaged: its head is over {0} bytes long; get it again")]
    Head(u64),
    #[error(
        "is damaged or cut short: it claims {count} {what}, and at most {most} can be in a file of this size; get it again"
    )]
    Count { what: &'static str, count: u64, most: u64 },
    #[error("is damaged: {what} is {length} bytes long, over the limit of {most}; get it again")]
    Long { what: &'static str, length: u64, most: u64 },
    #[error("is damaged: {what} at byte {at} is no UTF-8 text; get it again")]
    Text { what: &'static str, at: u64 },
    #[error("is damaged: key `{key}` has a value of the unknown type {kind}; get it again")]
    Kind { key: String, kind: u32 },
    #[error("is damaged: {what} `{name}` is there twice; get it again")]
    Repeated { what: &'static str, name: String },
    #[error("has `{value}` as `{key}`, where {wanted} is needed; get another file of this model")]
    Value { key: String, value: String, wanted: &'static str },
    #[error(
        "has tensor `{tensor}` in the quantisation {kind}, which this version does not know; get the model in another one, such as Q4_K_M"
    )]
    Quantisation { tensor: String, kind: u32 },
    #[error("is damaged: tensor `{tensor}` has the shape {shape}, {why}; get it again")]
    Shape { tensor: String, shape: String, why: String },
    #[error("is damaged: tensor `{tensor}` begins at {at}, {why}; get it again")]
    Place { tensor: String, at: u64, why: String },
    #[error(
        "is cut short: tensor `{tensor}` ends at byte {end}, and the file has {bytes}; get it again, `devtoolkit-agent model pull` continues where it stopped"
    )]
    Beyond { tensor: String, end: u64, bytes: u64 },
    #[error("has no `{0}`, which every language model has; it may be an adapter or an image projector")]
    Missing(String),
    #[error("is no language model but `{0}`; give the file of the model itself")]
    Unfit(String),
    #[error("has {layers} layers as `{key}`, but tensors for {found}; get another file of this model")]
    Layers { key: String, layers: u64, found: u64 },
    #[error("is one of {count} parts, and `{name}` is missing beside it; get all parts into one folder")]
    PartMissing { name: String, count: u32 },
    #[error("does not belong to the parts beside it: {why}; get all parts again from one place")]
    Part { why: String },
}

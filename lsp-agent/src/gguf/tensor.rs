//! The table of tensors: names, shapes, formats and places, held against the file.

use super::fault::Fault;
use super::metadata::name;
use super::quantisation::Quantisation;
use super::reader::Head;
use std::io::Read;

/// llama.cpp's own limits.
const LONGEST_NAME: u64 = 63;
const MOST_DIMENSIONS: u32 = 4;

/// One entry of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    pub name: String,
    /// Elements of a row first; at most four dimensions.
    pub shape: Vec<u64>,
    pub quantisation: Quantisation,
    /// Bytes from the start of the weights.
    pub offset: u64,
    /// Bytes that it takes.
    pub bytes: u64,
    pub elements: u64,
}

impl Tensor {
    pub(super) fn read(head: &mut Head<impl Read>) -> Result<Self, Fault> {
        let name = name(head, "a tensor's name", LONGEST_NAME)?;
        let dimensions = head.u32()?;
        if dimensions > MOST_DIMENSIONS {
            let shape = format!("of {dimensions} dimensions");
            let why = format!("more than {MOST_DIMENSIONS}");
            return Err(Fault::Shape { tensor: name, shape, why });
        }
        let shape = (0..dimensions).map(|_| head.u64()).collect::<Result<Vec<_>, _>>()?;
        let kind = head.u32()?;
        let offset = head.u64()?;
        let Some(quantisation) = Quantisation::new(kind) else {
            return Err(Fault::Quantisation { tensor: name, kind });
        };
        match size(&shape, quantisation) {
            Ok((elements, bytes)) => Ok(Self { name, shape, quantisation, offset, bytes, elements }),
            Err(why) => Err(Fault::Shape { tensor: name, shape: format!("{shape:?}"), why }),
        }
    }

    /// The layer that the name says, as in `blk.7.attn_q.weight`.
    #[must_use]
    pub fn layer(&self) -> Option<u32> {
        self.name.strip_prefix("blk.")?.split('.').next()?.parse().ok()
    }

    /// Whether these are weights of experts, of which each token uses some: the tensors that llama.cpp's
    /// `--cpu-moe` keeps on the processor.
    #[must_use]
    pub fn is_of_experts(&self) -> bool {
        let part = self.name.split('.').nth(2).unwrap_or_default();
        let of = part
            .strip_prefix("ffn_")
            .and_then(|part| part.strip_suffix("_exps").or_else(|| part.strip_suffix("_chexps")));
        matches!(of, Some("up" | "down" | "gate" | "gate_up"))
    }

    /// Whether a processor with AVX2 keeps it a second time, rearranged: matrices that are multiplied with, unlike the
    /// embeddings, in which rows are looked up.
    #[must_use]
    pub fn is_interleaved(&self, avx512: bool) -> bool {
        let rows = self.shape.get(1).copied().unwrap_or(0);
        self.quantisation.is_interleaved(avx512)
            && rows > 0
            && rows.is_multiple_of(8)
            && !self.name.starts_with("token_embd.")
    }
}

/// Elements and bytes.
fn size(shape: &[u64], quantisation: Quantisation) -> Result<(u64, u64), String> {
    let row = shape.first().copied().unwrap_or(1);
    let elements = shape.iter().try_fold(1u64, |product, length| product.checked_mul(*length));
    let elements = elements.filter(|elements| i64::try_from(*elements).is_ok());
    let bytes = elements.and_then(|elements| quantisation.bytes(elements));
    let (Some(elements), Some(bytes)) = (elements, bytes) else {
        return Err("which is more than any file holds".to_owned());
    };
    if elements == 0 {
        return Err("which is empty".to_owned());
    }
    if !row.is_multiple_of(quantisation.elements()) {
        let block = quantisation.elements();
        return Err(format!("and rows of {quantisation} are multiples of {block}"));
    }
    Ok((elements, bytes))
}

/// Each tensor begins where the one before it ends, and the file holds them all.
pub(super) fn check_places(tensors: &[Tensor], alignment: u64, at: u64, bytes: u64) -> Result<(), Fault> {
    let mut expected = 0u64;
    for tensor in tensors {
        if tensor.offset != expected {
            let why = match tensor.offset < expected {
                true => format!("inside of what comes before it, which ends at {expected}"),
                false => format!("where {expected} is expected"),
            };
            return Err(Fault::Place { tensor: tensor.name.clone(), at: tensor.offset, why });
        }
        let end = at.checked_add(expected).and_then(|start| start.checked_add(tensor.bytes));
        match end {
            Some(end) if end <= bytes => expected = (end - at).next_multiple_of(alignment),
            _ => {
                let end = end.unwrap_or(u64::MAX);
                return Err(Fault::Beyond { tensor: tensor.name.clone(), end, bytes });
            }
        }
    }
    Ok(())
}

//! A model's parts in bytes: what stands in each layer, and what of it belongs to experts.

use crate::gguf::{Experts, Model, ModelFacts, Tensor};

/// Bytes of weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    pub all: u64,
    /// Of them, those that a processor with AVX2 keeps a second time, rearranged.
    pub interleaved: u64,
}

/// One layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// What every token uses.
    pub shared: Bytes,
    pub experts: Bytes,
    /// Numbers that the cache keeps of a token's key, and of its value.
    pub key: u64,
    pub value: u64,
    /// Tokens that it looks back, where it does not see all.
    pub window: Option<u64>,
}

/// What decides how much memory a model needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    pub layers: Vec<Layer>,
    /// The embeddings, which always stay in main memory.
    pub input: u64,
    /// What turns the last layer into scores, without the embeddings where those serve for it.
    pub output: Bytes,
    /// Whether the embeddings serve for the output too; then a card gets a copy of them.
    pub shares_embeddings: bool,
    pub vocabulary: u64,
    /// Width between layers.
    pub embedding: u64,
    /// Numbers that the widest step inside of a layer keeps of each token.
    pub widest: u64,
    /// Bytes of the largest tensor of experts, which is copied to a card for long prompts.
    pub largest_experts: u64,
    /// Tokens that the model was trained for.
    pub context: u64,
}

impl Bytes {
    fn add(&mut self, tensor: &Tensor, avx512: bool) {
        self.all += tensor.bytes;
        if tensor.is_interleaved(avx512) {
            self.interleaved += tensor.bytes;
        }
    }
}

impl Shape {
    /// The shape of a model that is there.
    #[must_use]
    pub fn of(model: &Model, facts: &ModelFacts, avx512: bool) -> Self {
        let mut shape = Self {
            layers: vec![Layer::default(); facts.layers.len()],
            vocabulary: facts.vocabulary,
            embedding: facts.embedding,
            widest: widest(facts),
            context: facts.context,
            ..Self::default()
        };
        for (layer, facts) in shape.layers.iter_mut().zip(&facts.layers) {
            (layer.key, layer.value, layer.window) = (facts.key, facts.value, facts.window);
        }
        shape.shares_embeddings = !model.tensors.iter().any(|tensor| tensor.name == "output.weight");
        for tensor in &model.tensors {
            let layer = tensor.layer().and_then(|layer| shape.layers.get_mut(layer as usize));
            match (layer, tensor.is_of_experts()) {
                (Some(layer), true) => {
                    layer.experts.add(tensor, avx512);
                    shape.largest_experts = shape.largest_experts.max(tensor.bytes);
                }
                (Some(layer), false) => layer.shared.add(tensor, avx512),
                (None, _) if tensor.name == "token_embd.weight" => shape.input = tensor.bytes,
                (None, _) => shape.output.add(tensor, avx512),
            }
        }
        shape
    }

    #[must_use]
    pub fn has_experts(&self) -> bool {
        self.layers.iter().any(|layer| layer.experts.all > 0)
    }

    /// Bytes of all weights.
    #[must_use]
    pub fn weights(&self) -> u64 {
        let layers: u64 = self.layers.iter().map(|layer| layer.shared.all + layer.experts.all).sum();
        self.input + self.output.all + layers
    }

    pub(super) fn largest_layer(&self) -> u64 {
        let layers = self.layers.iter().map(|layer| layer.shared.all + layer.experts.all);
        layers.max().unwrap_or(0)
    }
}

/// What is alive at once in the widest layer: the input, and what the dense part or the experts make of it.
fn widest(facts: &ModelFacts) -> u64 {
    let of_experts = |experts: Experts| experts.used * (2 * experts.feed_forward + facts.embedding);
    let experts = facts.experts.map_or(0, of_experts);
    let layer = |layer: &crate::gguf::LayerFacts| {
        let attention = layer.key.max(facts.embedding) * 2 + layer.key + layer.value;
        attention.max(2 * layer.feed_forward).max(experts)
    };
    facts.embedding + facts.layers.iter().map(layer).max().unwrap_or(0)
}

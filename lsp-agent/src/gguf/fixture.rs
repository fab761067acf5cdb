//! Writes small GGUF files for tests. It knows the format by itself, so that what reads it is held against it.

use std::path::Path;

/// A value as it is written.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    U32(u32),
    U16(u16),
    I32(i32),
    U64(u64),
    Text(String),
    Texts(Vec<String>),
    U32s(Vec<u32>),
    Bools(Vec<bool>),
}

/// A file to write.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    pub(crate) version: u32,
    pub(crate) keys: Vec<(String, Written)>,
    /// Name, shape and format.
    pub(crate) tensors: Vec<(String, Vec<u64>, u32)>,
}

pub(crate) const F32: u32 = 0;
pub(crate) const Q4_K: u32 = 12;
pub(crate) const Q8_0: u32 = 8;

impl Fixture {
    pub(crate) fn key(mut self, name: &str, value: Written) -> Self {
        self.keys.retain(|(known, _)| known != name);
        self.keys.push((name.to_owned(), value));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.keys.retain(|(known, _)| known != name);
        self.tensors.retain(|(known, _, _)| known != name);
        self
    }

    pub(crate) fn tensor(mut self, name: &str, shape: &[u64], format: u32) -> Self {
        self.tensors.push((name.to_owned(), shape.to_vec(), format));
        self
    }

    /// A dense model of two layers with 256 numbers a token and a vocabulary of 16.
    pub(crate) fn dense() -> Self {
        let mut fixture = Self { version: 3, keys: Vec::new(), tensors: Vec::new() }
            .key("general.architecture", Written::Text("llama".to_owned()))
            .key("general.name", Written::Text("Tiny".to_owned()))
            .key("general.license", Written::Text("apache-2.0".to_owned()))
            .key("general.file_type", Written::U32(15))
            .key("llama.block_count", Written::U32(2))
            .key("llama.context_length", Written::U32(8192))
            .key("llama.embedding_length", Written::U32(256))
            .key("llama.feed_forward_length", Written::U32(512))
            .key("llama.attention.head_count", Written::U32(8))
            .key("llama.attention.head_count_kv", Written::U32(2))
            .key("tokenizer.ggml.tokens", Written::Texts(vocabulary()))
            .key("tokenizer.ggml.eos_token_id", Written::U32(1))
            .key("tokenizer.chat_template", Written::Text("{{ messages }}".to_owned()))
            .tensor("token_embd.weight", &[256, 16], Q8_0)
            .tensor("output_norm.weight", &[256], F32);
        for layer in 0..2 {
            fixture = fixture
                .tensor(&format!("blk.{layer}.attn_norm.weight"), &[256], F32)
                .tensor(&format!("blk.{layer}.attn_q.weight"), &[256, 256], Q4_K)
                .tensor(&format!("blk.{layer}.ffn_up.weight"), &[256, 512], Q4_K);
        }
        fixture
    }

    /// The same with four experts a layer in place of the dense part, of which two are used.
    pub(crate) fn mixture() -> Self {
        let mut fixture = Self::dense()
            .key("llama.expert_count", Written::U32(4))
            .key("llama.expert_used_count", Written::U32(2))
            .key("llama.expert_feed_forward_length", Written::U32(512));
        for layer in 0..2 {
            fixture = fixture
                .without(&format!("blk.{layer}.ffn_up.weight"))
                .tensor(&format!("blk.{layer}.ffn_gate_inp.weight"), &[256, 4], F32)
                .tensor(&format!("blk.{layer}.ffn_up_exps.weight"), &[256, 512, 4], Q4_K);
        }
        fixture
    }

    /// The file's bytes, its weights all zero.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.keys.len() as u64).to_le_bytes());
        for (name, value) in &self.keys {
            text(&mut bytes, name);
            value.write(&mut bytes);
        }
        let mut offset = 0u64;
        for (name, shape, format) in &self.tensors {
            text(&mut bytes, name);
            bytes.extend((shape.len() as u32).to_le_bytes());
            shape.iter().for_each(|length| bytes.extend(length.to_le_bytes()));
            bytes.extend(format.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
            offset += size(shape, *format).next_multiple_of(32);
        }
        bytes.resize(bytes.len().next_multiple_of(32) + offset as usize, 0);
        bytes
    }

    pub(crate) fn write(&self, path: &Path) {
        #[expect(clippy::disallowed_methods, reason = "tests make their own files")]
        std::fs::write(path, self.bytes()).expect("a test's folder can be written");
    }

    /// The same model in `count` files, the tensors dealt out in turn.
    pub(crate) fn parts(&self, count: u16) -> Vec<Self> {
        let part = |number: u16| {
            let mut keys = if number == 0 { self.keys.clone() } else { Vec::new() };
            keys.push(("split.no".to_owned(), Written::U16(number)));
            keys.push(("split.count".to_owned(), Written::U16(count)));
            keys.push(("split.tensors.count".to_owned(), Written::I32(self.tensors.len() as i32)));
            let tensors = self.tensors.iter().enumerate();
            let own = tensors.filter(|(place, _)| place % usize::from(count) == usize::from(number));
            Self { version: self.version, keys, tensors: own.map(|(_, tensor)| tensor.clone()).collect() }
        };
        (0..count).map(part).collect()
    }
}

impl Written {
    fn write(&self, bytes: &mut Vec<u8>) {
        let mut head = |kind: u32| bytes.extend(kind.to_le_bytes());
        match self {
            Self::U32(_) => head(4),
            Self::U16(_) => head(2),
            Self::I32(_) => head(5),
            Self::U64(_) => head(10),
            Self::Text(_) => head(8),
            Self::Texts(_) | Self::U32s(_) | Self::Bools(_) => head(9),
        }
        let list = |bytes: &mut Vec<u8>, kind: u32, length: usize| {
            bytes.extend(kind.to_le_bytes());
            bytes.extend((length as u64).to_le_bytes());
        };
        match self {
            Self::U32(value) => bytes.extend(value.to_le_bytes()),
            Self::U16(value) => bytes.extend(value.to_le_bytes()),
            Self::I32(value) => bytes.extend(value.to_le_bytes()),
            Self::U64(value) => bytes.extend(value.to_le_bytes()),
            Self::Text(value) => text(bytes, value),
            Self::Texts(values) => {
                list(bytes, 8, values.len());
                values.iter().for_each(|value| text(bytes, value));
            }
            Self::U32s(values) => {
                list(bytes, 4, values.len());
                values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
            }
            Self::Bools(values) => {
                list(bytes, 7, values.len());
                values.iter().for_each(|value| bytes.push(u8::from(*value)));
            }
        }
    }
}

fn vocabulary() -> Vec<String> {
    let mut words: Vec<String> = (0..13).map(|number| format!("word{number}")).collect();
    words.extend(["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"].map(str::to_owned));
    words
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

fn size(shape: &[u64], format: u32) -> u64 {
    // Shapes that no file holds are written too.
    let elements = shape.iter().fold(1u64, |product, length| product.wrapping_mul(*length));
    match format {
        Q4_K => elements / 256 * 144,
        Q8_0 => elements / 32 * 34,
        _ => elements * 4,
    }
}

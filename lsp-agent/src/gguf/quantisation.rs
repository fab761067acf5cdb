//! The formats of weights: their names and how many bytes a block of them takes.

use std::fmt;

/// A format of weights, as tensors name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantisation(u32);

struct Format {
    kind: u32,
    name: &'static str,
    /// Elements of a block, and the bytes that it takes.
    elements: u64,
    bytes: u64,
}

const fn format(kind: u32, name: &'static str, elements: u64, bytes: u64) -> Format {
    Format { kind, name, elements, bytes }
}

/// Numbers that are missing were withdrawn.
const FORMATS: &[Format] = &[
    format(0, "F32", 1, 4),
    format(1, "F16", 1, 2),
    format(2, "Q4_0", 32, 18),
    format(3, "Q4_1", 32, 20),
    format(6, "Q5_0", 32, 22),
    format(7, "Q5_1", 32, 24),
    format(8, "Q8_0", 32, 34),
    format(9, "Q8_1", 32, 36),
    format(10, "Q2_K", 256, 84),
    format(11, "Q3_K", 256, 110),
    format(12, "Q4_K", 256, 144),
    format(13, "Q5_K", 256, 176),
    format(14, "Q6_K", 256, 210),
    format(15, "Q8_K", 256, 292),
    format(16, "IQ2_XXS", 256, 66),
    format(17, "IQ2_XS", 256, 74),
    format(18, "IQ3_XXS", 256, 98),
    format(19, "IQ1_S", 256, 50),
    format(20, "IQ4_NL", 32, 18),
    format(21, "IQ3_S", 256, 110),
    format(22, "IQ2_S", 256, 82),
    format(23, "IQ4_XS", 256, 136),
    format(24, "I8", 1, 1),
    format(25, "I16", 1, 2),
    format(26, "I32", 1, 4),
    format(27, "I64", 1, 8),
    format(28, "F64", 1, 8),
    format(29, "IQ1_M", 256, 56),
    format(30, "BF16", 1, 2),
    format(34, "TQ1_0", 256, 54),
    format(35, "TQ2_0", 256, 66),
    format(39, "MXFP4", 32, 17),
    format(40, "NVFP4", 64, 36),
    format(41, "Q1_0", 128, 18),
    format(42, "Q2_0", 64, 18),
];

impl Quantisation {
    /// The format of this number, if it is known.
    #[must_use]
    pub fn new(kind: u32) -> Option<Self> {
        FORMATS.iter().any(|format| format.kind == kind).then_some(Self(kind))
    }

    fn format(self) -> &'static Format {
        FORMATS.iter().find(|format| format.kind == self.0).expect("only known formats are made")
    }

    /// Its usual name, such as `Q4_K`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.format().name
    }

    /// Elements of one block: the length of rows is a multiple of it.
    #[must_use]
    pub fn elements(self) -> u64 {
        self.format().elements
    }

    /// Bytes that `elements` elements take, whole blocks of them; none past 64 bits.
    #[must_use]
    pub fn bytes(self, elements: u64) -> Option<u64> {
        (elements / self.elements()).checked_mul(self.format().bytes)
    }

    /// Whether llama.cpp keeps matrices of this format a second time on a processor with AVX2, with the rows of eight
    /// interleaved (`ggml-cpu/repack.cpp`).
    #[must_use]
    pub fn is_interleaved(self, avx512: bool) -> bool {
        matches!(self.name(), "Q4_0" | "Q4_K" | "IQ4_NL" | "MXFP4") || (avx512 && self.name() == "Q2_K")
    }
}

impl fmt::Display for Quantisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name of a whole file's mixture, as `general.file_type` numbers it.
pub(super) fn mixture(number: u64) -> Option<&'static str> {
    const MIXTURES: &[(u64, &str)] = &[
        (0, "F32"),
        (1, "F16"),
        (2, "Q4_0"),
        (3, "Q4_1"),
        (7, "Q8_0"),
        (8, "Q5_0"),
        (9, "Q5_1"),
        (10, "Q2_K"),
        (11, "Q3_K_S"),
        (12, "Q3_K_M"),
        (13, "Q3_K_L"),
        (14, "Q4_K_S"),
        (15, "Q4_K_M"),
        (16, "Q5_K_S"),
        (17, "Q5_K_M"),
        (18, "Q6_K"),
        (19, "IQ2_XXS"),
        (20, "IQ2_XS"),
        (21, "Q2_K_S"),
        (22, "IQ3_XS"),
        (23, "IQ3_XXS"),
        (24, "IQ1_S"),
        (25, "IQ4_NL"),
        (26, "IQ3_S"),
        (27, "IQ3_M"),
        (28, "IQ2_S"),
        (29, "IQ2_M"),
        (30, "IQ4_XS"),
        (31, "IQ1_M"),
        (32, "BF16"),
        (36, "TQ1_0"),
        (37, "TQ2_0"),
        (38, "MXFP4"),
        (39, "NVFP4"),
        (40, "Q1_0"),
        (41, "Q2_0"),
    ];
    MIXTURES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

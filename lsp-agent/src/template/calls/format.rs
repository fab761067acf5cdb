//! The ways in which families of models mark reasoning and tool calls.

/// How a family writes tool calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `<tool_call>` with JSON (Hermes, Qwen) or with `<function=…>` (Qwen3-Coder) inside; or an answer that is JSON
    /// of a tool that was offered, where the model forgets the marks (Qwen2.5-Coder).
    Tagged,
    /// The whole answer is JSON with `name` and `parameters` (Llama 3).
    Bare,
    /// `[TOOL_CALLS]` (Mistral).
    Mistral,
    /// `<｜tool▁calls▁begin｜>` (DeepSeek).
    DeepSeek,
    /// `<|tool_call|>` and a list (Granite).
    Granite,
    /// Channels (gpt-oss).
    Harmony,
    /// JSON in a fence, where a tool has the name in it.
    Fenced,
}

/// How the inside of a call is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// JSON, one call or a list of them; or `<function=…>`.
    Tagged,
    /// The same, but what is no call is text.
    Perhaps,
    /// `<function=` was the mark.
    Function,
    Mistral,
    DeepSeek,
    /// JSON arguments, with the name before a line break.
    Named,
}

/// What stands between marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    Reasoning,
    Call(Style),
    /// Nothing: the mark alone is left out.
    Nothing,
}

/// A mark, what follows it, and the mark that ends that; none where only the answer's end does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) open: &'static str,
    pub(super) close: Option<&'static str>,
    pub(super) inside: Inside,
}

const fn mark(open: &'static str, close: Option<&'static str>, inside: Inside) -> Mark {
    Mark { open, close, inside }
}

const THINK: Mark = mark("<think>", Some("</think>"), Inside::Reasoning);
const THINK_OF_MISTRAL: Mark = mark("[THINK]", Some("[/THINK]"), Inside::Reasoning);
const STRAY: Mark = mark("</think>", None, Inside::Nothing);
pub(super) const TAGGED: Mark = mark("<tool_call>", Some("</tool_call>"), Inside::Call(Style::Tagged));
const FUNCTION: Mark = mark("<function=", Some("</function>"), Inside::Call(Style::Function));
pub(super) const SEED: Mark =
    mark("<seed:tool_call>", Some("</seed:tool_call>"), Inside::Call(Style::Tagged));
const THINK_OF_SEED: Mark = mark("<seed:think>", Some("</seed:think>"), Inside::Reasoning);
pub(super) const NEMOTRON: Mark = mark("<TOOLCALL>", Some("</TOOLCALL>"), Inside::Call(Style::Tagged));
pub(super) const PYTHON: Mark = mark("<|python_tag|>", None, Inside::Call(Style::Perhaps));
pub(super) const MISTRAL: Mark = mark("[TOOL_CALLS]", None, Inside::Call(Style::Mistral));
pub(super) const DEEPSEEK: Mark =
    mark("<｜tool▁calls▁begin｜>", Some("<｜tool▁calls▁end｜>"), Inside::Call(Style::DeepSeek));
pub(super) const GRANITE: Mark = mark("<|tool_call|>", None, Inside::Call(Style::Tagged));
pub(super) const FENCE: Mark = mark("```json\n", Some("```"), Inside::Call(Style::Perhaps));

/// The reasoning that a prompt's end begins.
pub(super) const BEGINNINGS: &[Mark] = &[THINK, THINK_OF_MISTRAL, THINK_OF_SEED];

impl Format {
    /// The format that a template's text shows.
    pub(in crate::template) fn of(source: &str) -> Self {
        Self::find(|mark| source.contains(mark)).unwrap_or(Self::Fenced)
    }

    /// The format that a vocabulary's special tokens show, for models without a template.
    #[must_use]
    pub fn of_tokens<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let tokens: std::collections::HashSet<&str> = tokens.into_iter().collect();
        Self::find(|mark| tokens.contains(mark))
    }

    fn find(has: impl Fn(&str) -> bool) -> Option<Self> {
        let formats = [
            ("<|channel|>", Self::Harmony),
            (DEEPSEEK.open, Self::DeepSeek),
            (MISTRAL.open, Self::Mistral),
            (GRANITE.open, Self::Granite),
            (TAGGED.open, Self::Tagged),
            (FUNCTION.open, Self::Tagged),
            (NEMOTRON.open, Self::Tagged),
            (PYTHON.open, Self::Bare),
            // Templates of Llama 3.2 tell the form in words.
            ("{\"name\": function name, \"parameters\"", Self::Bare),
        ];
        formats.into_iter().find(|(mark, _)| has(mark)).map(|(_, format)| format)
    }

    /// The marks that can stand in an answer's text.
    pub(super) fn marks(self) -> &'static [Mark] {
        match self {
            Self::Tagged => &[THINK, THINK_OF_SEED, TAGGED, SEED, NEMOTRON, FUNCTION, STRAY],
            Self::Bare => &[THINK, PYTHON, STRAY],
            Self::Mistral => &[THINK, THINK_OF_MISTRAL, MISTRAL, STRAY],
            Self::DeepSeek => &[THINK, DEEPSEEK, STRAY],
            Self::Granite => &[THINK, GRANITE, TAGGED, STRAY],
            Self::Fenced => &[THINK, FENCE, TAGGED, STRAY],
            Self::Harmony => &[],
        }
    }
}

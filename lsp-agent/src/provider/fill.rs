//! Text for a gap in a file, from models that have tokens for it.

use super::llama::{Llama, Running};
use super::wire::{Fim, Generate, Part};

/// A gap in a file, and what else may help to fill it.
#[derive(Clone, Debug, Default)]
pub struct Gap {
    /// The text before it, and behind it.
    pub before: String,
    pub behind: String,
    /// The file's path in its repository.
    pub path: String,
    /// The repository's name.
    pub repository: String,
    /// Other files, by path and text, the most useful last. Models without tokens for repositories are not told of them.
    pub files: Vec<(String, String)>,
}

impl Gap {
    /// The prompt in a model's own marks, as Qwen2.5-Coder and llama.cpp have it.
    #[must_use]
    pub fn prompt(&self, fim: &Fim) -> Vec<Part> {
        let Self { before, behind, path, repository, files } = self;
        let mut parts = Vec::new();
        if let (Some(name), Some(file), false) = (&fim.repository, &fim.file, files.is_empty()) {
            parts.extend([Part::special(name), Part::text(format!("{repository}\n"))]);
            for (path, text) in files {
                let end = if text.ends_with('\n') { "" } else { "\n" };
                parts.extend([Part::special(file), Part::text(format!("{path}\n{text}{end}"))]);
            }
            parts.extend([Part::special(file), Part::text(format!("{path}\n"))]);
        }
        parts.extend([Part::special(&fim.prefix), Part::text(before)]);
        parts.extend([Part::special(&fim.suffix), Part::text(behind), Part::special(&fim.middle)]);
        parts.retain(|part| !part.text.is_empty());
        parts
    }

    /// Lets the model fill the gap as `request` says, whose `prompt` is made here; it ends at the model's own marks and at
    /// the request's texts. Refused where the model has no tokens for it.
    #[must_use]
    pub fn fill(self, llama: &Llama, mut request: Generate) -> Running {
        llama.generate_with(move |known| {
            let fim = known.facts.fim.as_ref().ok_or(
                "the model cannot fill gaps: its vocabulary has no tokens for that; choose one with the role `complete`",
            )?;
            request.prompt = self.prompt(fim);
            let Fim { prefix, suffix, middle, repository, file } = fim;
            let marks = [Some(prefix), Some(suffix), Some(middle), repository.as_ref(), file.as_ref()];
            request.stop.extend(marks.into_iter().flatten().cloned());
            Ok(request)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(gap: &Gap, fim: &Fim) -> String {
        let mark = |part: &Part| if part.special { format!("[{}]", part.text) } else { part.text.clone() };
        gap.prompt(fim).iter().map(mark).collect()
    }

    #[test]
    fn files_are_told_where_the_model_has_marks_for_them() {
        let mut fim =
            Fim { prefix: "P".to_owned(), suffix: "S".to_owned(), middle: "M".to_owned(), ..Fim::default() };
        let mut gap = Gap {
            before: "a(".to_owned(),
            behind: ")".to_owned(),
            path: "main.py".to_owned(),
            repository: "shop".to_owned(),
            files: vec![("a.py".to_owned(), "def a(): P".to_owned()), ("b.py".to_owned(), "b\n".to_owned())],
        };
        assert_eq!(prompt(&gap, &fim), "[P]a([S])[M]");
        (fim.repository, fim.file) = (Some("R".to_owned()), Some("F".to_owned()));
        let whole = "[R]shop\n[F]a.py\ndef a(): P\n[F]b.py\nb\n[F]main.py\n[P]a([S])[M]";
        assert_eq!(prompt(&gap, &fim), whole);
        (gap.files, gap.behind) = (Vec::new(), String::new());
        assert_eq!(prompt(&gap, &fim), "[P]a([S][M]");
    }
}

//! The vector of a text, from a model that embeds.

use super::{Batches, Part, add};

impl Batches<'_> {
    /// # Errors
    /// When the model writes instead, or the text is empty or too long.
    pub(super) fn embed(&mut self, text: &str) -> Result<Vec<f32>, String> {
        if !self.embeddings {
            return Err("the loaded model writes texts; load one that embeds them".to_owned());
        }
        let part = Part { text: text.to_owned(), special: false };
        let tokens = self.tokens(&[part], true);
        if tokens.is_empty() || tokens.len() > self.most {
            return Err(format!(
                "a text of 1 to {} tokens can be embedded, not of {}",
                self.most,
                tokens.len()
            ));
        }
        self.context.clear_kv_cache();
        self.batch.clear();
        for (position, token) in tokens.iter().enumerate() {
            add(&mut self.batch, *token, position, 0, true);
        }
        self.context
            .decode(&mut self.batch)
            .map_err(|error| format!("the text cannot be embedded: {error}"))?;
        self.context
            .embeddings_seq_ith(0)
            .map(<[f32]>::to_vec)
            .map_err(|error| format!("the model does not embed: {error}"))
    }
}

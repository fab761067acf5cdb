//! The file in which a workspace asks for rules of its own. It is for people to edit: no tool reads or writes it.

use super::disk::ReadError;
use super::path::{RelPath, Roots};
use super::place::Place;

/// Where it lies below each root.
const FILE: [&str; 2] = [".devtoolkit", "config.toml"];
/// The most bytes that it has.
const LIMIT: u64 = 256 << 10;

impl Roots {
    /// The texts of the roots that have one.
    ///
    /// # Errors
    /// When there is one that cannot be read, or that is reached through a link: it would not be left out silently.
    pub fn own_rules(&self) -> Result<Vec<(RelPath, String)>, ReadError> {
        let mut texts = Vec::new();
        for root in self.all() {
            let file = FILE.iter().fold(RelPath::root(), |path, name| path.join(name));
            let path = self.in_root(root, &file);
            match Place::open(self, &path).and_then(|place| place.read(LIMIT)) {
                Ok(file) => texts.push((path, String::from_utf8_lossy(&file.bytes).into_owned())),
                Err(ReadError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(texts)
    }
}

//! Files whose text is shown to a model only when a person agreed: those whose names say that they hold secrets, and
//! those that the person's own rules keep.

use super::Side;
use super::disk::ReadError;
use super::path::RelPath;
use super::protected::{begins, fold, folded, is, short};
use super::snapshot::Snapshot;
use globset::GlobSet;
use std::sync::Arc;

/// Folders in which everything is secret but what is meant to be given away.
const FOLDERS: &[&str] = &[".ssh", ".gnupg", ".aws", ".azure", ".gcloud", ".kube", ".password-store"];
const FILES: &[&str] = &[
    ".netrc",
    "_netrc",
    ".pgpass",
    ".my.cnf",
    ".pypirc",
    ".npmrc",
    ".git-credentials",
    ".htpasswd",
    ".dockercfg",
    ".s3cfg",
    ".boto",
    ".vault-token",
    ".terraformrc",
    "terraform.rc",
    "credentials",
    "credentials.json",
    "credentials.toml",
    "credentials.yml",
    "credentials.yaml",
    "secrets.json",
    "secrets.toml",
    "secrets.yml",
    "secrets.yaml",
    "kubeconfig",
    "auth.json",
];
const STARTS: &[&str] = &[
    ".env",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "client_secret",
    "service-account",
    "service_account",
];
const ENDS: &[&str] = &[
    ".env",
    ".pem",
    ".key",
    ".p8",
    ".p12",
    ".pfx",
    ".pkcs12",
    ".jks",
    ".keystore",
    ".kdbx",
    ".ppk",
    ".ovpn",
    ".tfvars",
    ".tfstate",
    ".tfstate.backup",
];
/// A folder and the secret that directly follows it.
const PAIRS: &[(&str, &str)] = &[(".docker", "config.json")];
/// What ends like this is made to be shown.
const SHOWN: &[&str] = &[".example", ".sample", ".template", ".dist", ".pub"];

/// Whether a file's name says that it holds secrets, however it is spelled.
#[must_use]
pub fn is_secret(path: &RelPath) -> bool {
    let names = folded(path);
    let Some(last) = names.last() else { return false };
    if SHOWN.iter().any(|end| last.ends_with(end)) {
        return false;
    }
    let ends = |end: &&str| last.ends_with(*end) || short(last).is_some_and(|name| name.ext == cut(end));
    FILES.iter().any(|known| is(last, known))
        || STARTS.iter().any(|start| begins(last, start))
        || ENDS.iter().any(ends)
        || names.windows(2).any(|two| PAIRS.iter().any(|pair| is(&two[0], pair.0) && is(&two[1], pair.1)))
        || names[..names.len() - 1].iter().any(|name| FOLDERS.iter().any(|known| is(name, known)))
}

/// An ending as a short name has it: three letters without the dot.
fn cut(end: &str) -> &str {
    &end[1..end.len().min(4)]
}

/// What is withheld from readers besides what [`is_secret`] says, and what a person has opened for this call.
#[derive(Clone, Debug, Default)]
pub struct Withholding {
    /// Paths that are asked about like secrets.
    asked: GlobSet,
    /// Paths that are never shown.
    never: GlobSet,
    /// Paths that the person agreed to show.
    opened: Arc<[RelPath]>,
}

/// Why a file's text is withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// A person may open it.
    Secret,
    /// By a rule of the person's.
    Never,
}

impl Snapshot {
    /// Whether a path's text is withheld from whoever has not been allowed it. The path is one that [`Self::locate`] gave. What
    /// is only staged and nowhere on disk is no secret: whoever staged it knows it.
    #[must_use]
    pub fn withheld(&self, path: &RelPath) -> Option<Withheld> {
        let why = self.withholding.of(path, || self.compared(path))?;
        let is_new = match self.staging.get(path) {
            Some(staged) => staged.base == Side::Absent,
            None => self.document(path).is_none() && self.roots.lstat(path).is_err(),
        };
        (!is_new).then_some(why)
    }

    /// Whether a rule of the person's is about a path, there or not.
    #[must_use]
    pub fn is_ruled(&self, path: &RelPath) -> bool {
        let Withholding { asked, never, .. } = &self.withholding;
        let is_any = !asked.is_empty() || !never.is_empty();
        is_any && {
            let inner = self.compared(path);
            asked.is_match(&inner) || never.is_match(&inner)
        }
    }

    /// As it is, with files open whose text the person agreed to show.
    #[must_use]
    pub fn opened(mut self, paths: &[RelPath]) -> Self {
        self.withholding.opened = paths.into();
        self
    }

    /// Refuses a text that is withheld.
    pub(super) fn refuse_withheld(&self, path: &RelPath) -> Result<(), ReadError> {
        match self.withheld(path) {
            None => Ok(()),
            Some(Withheld::Secret) => Err(ReadError::Secret { path: path.clone() }),
            Some(Withheld::Never) => Err(ReadError::Protected { path: path.clone(), rule: NEVER }),
        }
    }

    /// The path within its root, in the form in which names are compared.
    pub(crate) fn compared(&self, path: &RelPath) -> String {
        let inner = self.roots.locate(path).map_or_else(|| path.clone(), |(_, inner)| inner);
        inner.names().flat_map(fold).collect::<Vec<_>>().join("/")
    }
}

const NEVER: &str = "a `deny` rule of the person's configuration keeps it from tools";

impl Withholding {
    /// Besides secrets, withholds paths until a person agrees, and others for good.
    #[must_use]
    pub fn new(asked: GlobSet, never: GlobSet) -> Self {
        Self { asked, never, opened: Arc::default() }
    }

    fn of(&self, path: &RelPath, inner: impl Fn() -> String) -> Option<Withheld> {
        if !self.never.is_empty() && self.never.is_match(inner()) {
            return Some(Withheld::Never);
        }
        let is_asked = is_secret(path) || (!self.asked.is_empty() && self.asked.is_match(inner()));
        (is_asked && !self.opened.contains(path)).then_some(Withheld::Secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for path in [
            ".env",
            "a/.env.local",
            ".ENV",
            ".envrc",
            "prod.env",
            ".e\u{200b}nv",
            ".env.",
            "ENV~1",
            "server.pem",
            "tls/SERVER.KEY",
            "x.p12",
            "x.pfx",
            "id_rsa",
            "backup/id_ed25519",
            "id_rsa.old",
            ".netrc",
            ".pypirc",
            ".npmrc",
            "credentials.json",
            "CREDEN~1.JSO",
            ".git-credentials",
            "release.keystore",
            "terraform.tfvars",
            "prod.auto.tfvars",
            "terraform.tfstate",
            "terraform.tfstate.backup",
            ".aws/credentials",
            ".aws/config",
            ".ssh/config",
            ".docker/config.json",
            "client_secret_1.json",
            "sub\\.env",
        ] {
            assert!(is_secret(&RelPath::parse(path).unwrap()), "{path}");
        }
    }

    #[test]
    fn what_is_meant_to_be_read_is_no_secret() {
        for path in [
            ".",
            ".env.example",
            ".env.sample",
            ".env.template",
            ".env.dist",
            "environment.py",
            "src/env.rs",
            "id_rsa.pub",
            "keys.rs",
            "key.md",
            "monkey",
            "config.json",
            "secrets.rs",
            "docs/credentials.md",
            ".ssh",
            "Cargo.toml",
            "tfvars",
        ] {
            assert!(!is_secret(&RelPath::parse(path).unwrap()), "{path}");
        }
    }
}

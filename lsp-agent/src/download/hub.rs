//! Addresses: which hub, which file of it, and where it may send us.

use super::fault::DownloadError;
use crate::https::is_loopback;
use std::fmt;
use url::Url;

/// The publisher's hub, unless another is named.
pub const USUAL_HUB: &str = "https://huggingface.co";

/// A hub, and who asks it.
#[derive(Clone)]
pub struct Hub {
    base: Url,
    token: Option<String>,
    /// Whether requests go by way of another machine, as the environment says.
    proxy: Option<ureq::Proxy>,
}

/// A file on a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// `owner/name`.
    pub repository: String,
    /// A branch, tag or commit.
    pub revision: String,
    /// Its path in the repository.
    pub file: String,
}

impl Hub {
    /// The hub at `base`, asked in the name of `token`'s owner if there is one.
    ///
    /// # Errors
    /// When `base` is no address, or one whose answers anyone on the way could change.
    pub fn new(base: &str, token: Option<String>) -> Result<Self, DownloadError> {
        let url = Url::parse(base.trim_end_matches('/')).ok();
        let is_plain =
            |url: &Url| url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        match url.filter(|url| is_plain(url) && (url.scheme() == "https" || is_loopback(url))) {
            Some(base) => Ok(Self { base, token, proxy: None }),
            None => Err(DownloadError::Hub(base.to_owned())),
        }
    }

    /// The same hub by way of a proxy.
    #[must_use]
    pub fn through(self, proxy: Option<ureq::Proxy>) -> Self {
        Self { proxy, ..self }
    }

    pub(super) fn proxy(&self) -> Option<ureq::Proxy> {
        // What this machine offers itself needs no way around.
        self.proxy.clone().filter(|_| !is_loopback(&self.base))
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.base.scheme() == "https"
    }

    pub(super) fn url(&self, address: &Address) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            path.extend(address.repository.split('/')).push("resolve");
            path.extend(address.revision.split('/')).extend(address.file.split('/'));
        }
        url
    }

    /// The token, for addresses of the hub itself and no others.
    pub(super) fn token_for(&self, url: &Url) -> Option<&str> {
        self.token.as_deref().filter(|_| url.origin() == self.base.origin())
    }

    /// Where a redirect from `url` leads.
    pub(super) fn follow(&self, url: &Url, to: &str) -> Result<Url, DownloadError> {
        let refused = || DownloadError::Redirect { to: to.chars().take(200).collect() };
        let next = url.join(to).map_err(|_| refused())?;
        let is_safe = next.scheme() == "https" || (is_loopback(&self.base) && is_loopback(&next));
        if is_safe { Ok(next) } else { Err(refused()) }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A token is never shown.
        write!(f, "Hub({})", self.base)
    }
}

impl fmt::Display for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str().trim_end_matches('/'))
    }
}

impl Address {
    /// The address that `OWNER/NAME/FILE.gguf` is, with `OWNER/NAME@REVISION/FILE.gguf` for another revision than
    /// `main`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut pieces = text.splitn(3, '/');
        let (owner, name, file) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let (name, revision) = name.split_once('@').unwrap_or((name, "main"));
        let is_plain = |piece: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !piece.is_empty() && !piece.starts_with('.') && piece.bytes().all(known)
        };
        let all = [owner, name, revision].into_iter().chain(file.split('/')).all(is_plain);
        (all && file.ends_with(".gguf")).then(|| Self {
            repository: format!("{owner}/{name}"),
            revision: revision.to_owned(),
            file: file.to_owned(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.repository, self.file)
    }
}

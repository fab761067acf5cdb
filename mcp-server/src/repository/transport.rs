//! The ways to other machines: https by our own client, ssh by the person's own program. libgit2 is built without
//! either, so nothing that it finds configured, be it a proxy, a helper or a key, takes part.

use git2::transport::{SmartSubtransport, Transport};
use std::sync::Once;

mod http;
mod ssh;

/// A place on another machine, as an address says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Http { url: String },
    Ssh { user: Option<String>, host: String, port: Option<u16>, path: String },
}

impl Place {
    /// What an address means; nothing where it is no other machine's.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, String> {
        if let Some((scheme, _)) = text.split_once("://") {
            return match scheme {
                "https" | "http" => Self::http(text).map(Some),
                "ssh" | "git+ssh" | "ssh+git" => Self::ssh(text).map(Some),
                _ => Ok(None),
            };
        }
        // `user@host:path`, the short form of ssh; a path has a slash before any colon.
        match text.split_once(':') {
            Some((place, path)) if !place.contains('/') && place.len() > 1 && !path.starts_with(':') => {
                let (user, host) =
                    place.split_once('@').map_or((None, place), |(user, host)| (Some(user), host));
                Self::checked(user, host, None, path).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn http(text: &str) -> Result<Self, String> {
        let url = url::Url::parse(text).map_err(|error| error.to_string())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address must hold no name or password".to_owned());
        }
        let is_here = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => return Err("it names no host".to_owned()),
        };
        if url.scheme() == "http" && !is_here {
            return Err("http:// is not encrypted; use https://".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("an address of a repository has no `?` or `#`".to_owned());
        }
        Ok(Self::Http { url: url.to_string().trim_end_matches('/').to_owned() })
    }

    fn ssh(text: &str) -> Result<Self, String> {
        let url = url::Url::parse(text).map_err(|error| error.to_string())?;
        if url.password().is_some() {
            return Err("an address must hold no password".to_owned());
        }
        let user = Some(url.username()).filter(|user| !user.is_empty());
        let path = url.path();
        // `ssh://host/~user/x` is seen from that user's home.
        let path = path.strip_prefix('/').filter(|path| path.starts_with('~')).unwrap_or(path);
        Self::checked(user, url.host_str().unwrap_or_default(), url.port(), path)
    }

    /// Nothing in it can be an option, or more than one word, to ssh.
    fn checked(user: Option<&str>, host: &str, port: Option<u16>, path: &str) -> Result<Self, String> {
        let is_word = |text: &str| {
            !text.is_empty()
                && !text.starts_with('-')
                && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_[]:".contains(c))
        };
        if !is_word(host) || user.is_some_and(|user| !is_word(user)) {
            return Err("the host or user has characters that none has".to_owned());
        }
        if path.trim_start_matches('/').is_empty()
            || path.starts_with('-')
            || path.contains(|c: char| c.is_control())
        {
            return Err("the path is empty or begins with `-`".to_owned());
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self::Ssh { user: user.map(str::to_owned), host, port, path: path.to_owned() })
    }
}

/// Tells libgit2 of our transports. Before anything else is reached, once.
pub(super) fn ready() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for scheme in ["http", "https"] {
            register(scheme, true, http::Http::new);
        }
        for scheme in ["ssh", "ssh+git", "git+ssh"] {
            register(scheme, false, || ssh::Ssh);
        }
    });
}

#[expect(
    unsafe_code,
    reason = "the one way to tell libgit2 of a transport; `Once` keeps it from happening twice at a time"
)]
fn register<T: SmartSubtransport>(scheme: &str, stateless: bool, make: fn() -> T) {
    // SAFETY: no transport is made before `ready` has returned, as every caller begins with it.
    let done = unsafe {
        git2::transport::register(scheme, move |remote| Transport::smart(remote, stateless, make()))
    };
    done.expect("each scheme is registered once");
}

/// An error in words, as libgit2 passes it on.
fn error(text: impl AsRef<str>) -> git2::Error {
    git2::Error::new(git2::ErrorCode::GenericError, git2::ErrorClass::Net, text.as_ref().replace('\0', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_git_reads_them() {
        let ssh = |user: Option<&str>, port, path: &str| {
            Ok(Some(Place::Ssh {
                user: user.map(str::to_owned),
                host: "h.org".to_owned(),
                port,
                path: path.to_owned(),
            }))
        };
        assert_eq!(Place::parse("git@h.org:a/b.git"), ssh(Some("git"), None, "a/b.git"));
        assert_eq!(Place::parse("ssh://h.org:22/a"), ssh(None, Some(22), "/a"));
        assert_eq!(Place::parse("ssh://git@h.org/~ann/a"), ssh(Some("git"), None, "~ann/a"));
        assert_eq!(
            Place::parse("https://h.org/a.git/"),
            Ok(Some(Place::Http { url: "https://h.org/a.git".to_owned() }))
        );
        for local in ["/a/b", "a/b", "./a:b", "file:///a", "git://h.org/a", "ext::sh -c x"] {
            assert_eq!(Place::parse(local), Ok(None), "{local}");
        }
        for wrong in [
            "http://h.org/a",
            "https://user:password@h.org/a",
            "https://token@h.org/a",
            "https://",
            "https://h.org/a?b",
            "ssh://-oProxyCommand=x/a",
            "-oProxyCommand=x:a",
            "ssh://h.org/",
            "a b@h:x",
            "h.org:-x",
            "h.org:",
        ] {
            assert!(Place::parse(wrong).is_err(), "{wrong}: {:?}", Place::parse(wrong));
        }
    }
}

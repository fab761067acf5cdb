//! A request's address, read strictly: what another reader could take for another host is refused.

use crate::tool::ToolError;
use std::fmt;

/// An `http` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// In lower case; an IPv6 address in brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// With the query, beginning with `/`.
    pub(super) path: String,
}

impl Url {
    /// Reads `http://host[:port][/path][?query]`.
    ///
    /// # Errors
    /// When it is anything else.
    pub(super) fn parse(text: &str) -> Result<Self, ToolError> {
        let shown: String = text.escape_default().take(120).collect();
        let wrong = |why: &str| Err(ToolError::Arguments(format!("`url` `{shown}` {why}")));
        if text.len() > 8 << 10 || text.bytes().any(|byte| byte <= b' ' || byte >= 0x7f || byte == b'\\') {
            return wrong(
                "has white space, control characters, backslashes or other than ASCII; percent-encode them",
            );
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return wrong("is no address; write http://localhost:PORT/path");
        };
        if scheme.eq_ignore_ascii_case("https") {
            return wrong("asks for TLS, which is not spoken here; use http on this machine");
        }
        if !scheme.eq_ignore_ascii_case("http") {
            return wrong("is no http address");
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return wrong("has a user name; send an authorization header instead");
        }
        let (host, port) = match authority.rfind(':').filter(|at| !authority[*at..].contains(']')) {
            Some(at) => (&authority[..at], Some(&authority[at + 1..])),
            None => (authority, None),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_host = match bare {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => {
                !host.is_empty()
                    && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
            }
        };
        if !is_host {
            return wrong("has no host that is a name or an address");
        }
        let port = match port {
            None | Some("") => Ok(80),
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse::<u16>().map_err(drop),
            Some(_) => Err(()),
        };
        let Ok(port) = port.and_then(|port| if port == 0 { Err(()) } else { Ok(port) }) else {
            return wrong("has a port that is none of 1 to 65535");
        };
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { host: host.to_ascii_lowercase(), port, path })
    }

    /// Where a `Location` of an answer leads.
    pub(super) fn follow(&self, location: &str) -> Result<Self, ToolError> {
        if location.contains("://") {
            return Self::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("http://{rest}"));
        }
        let folder =
            self.path.split('?').next().unwrap_or_default().rsplit_once('/').map_or("", |(folder, _)| folder);
        let path =
            if location.starts_with('/') { location.to_owned() } else { format!("{folder}/{location}") };
        Self::parse(&format!("http://{}:{}{path}", self.host, self.port))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}:{}{}", self.host, self.port, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_every_reader_takes_it_for() {
        let host = |text| Url::parse(text).map(|url| (url.host, url.port, url.path));
        let is = |host: &str, port, path: &str| (host.to_owned(), port, path.to_owned());
        assert_eq!(host("http://LocalHost:8080/a?b#c").ok(), Some(is("localhost", 8080, "/a?b")));
        assert_eq!(host("http://[::1]?x").ok(), Some(is("[::1]", 80, "/?x")));
        for wrong in [
            "http://localhost@evil.example/",
            "http://localhost:80@evil.example/",
            "http://localhost\\@evil.example/",
            "http://localhost#@evil.example:99999",
            "http://",
            "http://[::1",
            "http://a b/",
            "http://localhost/\r\nX: y",
            "https://localhost/",
            "file:///etc/passwd",
            "http://localhost:0/",
            "http://localhost:8080x/",
            "http://l%6fcalhost/",
            "//localhost/",
        ] {
            assert!(host(wrong).is_err() || wrong.contains('#'), "{wrong}");
        }
        assert_eq!(host("http://localhost#@evil.example:99999").ok(), Some(is("localhost", 80, "/")));
    }

    #[test]
    fn a_location_is_read_from_where_it_came() {
        let from = Url::parse("http://localhost:3000/a/b?c").expect("it is one");
        let to = |location| from.follow(location).map(|url| url.to_string()).ok();
        assert_eq!(to("/d").as_deref(), Some("http://localhost:3000/d"));
        assert_eq!(to("d?e").as_deref(), Some("http://localhost:3000/a/d?e"));
        assert_eq!(to("//other/x").as_deref(), Some("http://other:80/x"));
        assert_eq!(to("https://localhost/"), None);
    }
}

//! Who may ask: the checks of a request's head, before anything of its body is read.

use super::token::Token;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{Method, StatusCode};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The only path there is.
pub(super) const PATH: &str = "/mcp";

/// Why a request is not answered, for whoever sent it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

/// What a request has to say and to know.
pub(super) struct Guard {
    address: SocketAddr,
    token: Token,
    most_bytes: usize,
}

impl Guard {
    pub(super) fn new(address: SocketAddr, token: Token, most_bytes: usize) -> Self {
        Self { address, token, most_bytes }
    }

    /// Refuses what may not be answered, the more suspicious first: a page that a browser shows learns no more than
    /// that it may not ask.
    pub(super) fn check(&self, request: &Parts) -> Result<(), Refusal> {
        self.host(request)?;
        self.origin(&request.headers)?;
        if request.uri.path() != PATH {
            return Err(Refusal::new(StatusCode::NOT_FOUND, format!("the only path is {PATH}")));
        }
        self.bearer(&request.headers)?;
        if ![Method::POST, Method::GET, Method::DELETE].contains(&request.method) {
            return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "use POST, GET or DELETE"));
        }
        let length = single(&request.headers, &CONTENT_LENGTH)?.and_then(|length| length.parse().ok());
        if length.is_some_and(|length: u64| length > self.most_bytes as u64) {
            return Err(too_large(self.most_bytes));
        }
        Ok(())
    }

    /// A page under another name that was made to lead to this machine (DNS rebinding) says its own name here.
    fn host(&self, request: &Parts) -> Result<(), Refusal> {
        let Some(host) = single(&request.headers, &HOST)? else {
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "the Host header is missing"));
        };
        let named = request.uri.authority().map(Authority::as_str);
        if self.is_ours(host) && named.is_none_or(|named| self.is_ours(named)) {
            return Ok(());
        }
        let text = format!("this Host is not answered to; connect to http://{}{PATH}", self.address);
        Err(Refusal::new(StatusCode::FORBIDDEN, text))
    }

    fn is_ours(&self, host: &str) -> bool {
        if self.address.ip().is_loopback() {
            return self.is_own_page(host);
        }
        // Whoever wanted to be reached from elsewhere may have mapped the port; a number is no name that leads astray.
        parse(host)
            .is_some_and(|(name, _)| name.parse::<IpAddr>().is_ok() || name.eq_ignore_ascii_case("localhost"))
    }

    /// Exactly our address, or `localhost` on our port.
    fn is_own_page(&self, host: &str) -> bool {
        parse(host).is_some_and(|(name, port)| {
            let ip = name.parse().is_ok_and(|ip: IpAddr| ip == self.address.ip());
            port == self.address.port() && (ip || name.eq_ignore_ascii_case("localhost"))
        })
    }

    /// Only browsers send it, and no page but one that we might serve ourselves has business here.
    fn origin(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(origin) = single(headers, &ORIGIN)? else { return Ok(()) };
        match origin.strip_prefix("http://") {
            Some(host) if self.is_own_page(host) => Ok(()),
            _ => Err(Refusal::new(StatusCode::FORBIDDEN, "pages of this Origin may not ask")),
        }
    }

    fn bearer(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let given = single(headers, &AUTHORIZATION)?;
        let token = given.and_then(|given| {
            let (scheme, token) = given.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token)
        });
        match token {
            Some(token) if self.token.is(token.as_bytes()) => Ok(()),
            Some(_) => Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "the token is not the one in the file that the server named when it started",
            )),
            None => Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "send the header `Authorization: Bearer TOKEN`, with the token in the file that the server named when \
                 it started",
            )),
        }
    }
}

pub(super) fn too_large(most_bytes: usize) -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("a request may have {most_bytes} bytes; send less at once"),
    )
}

/// The header's one value: of two, a reader before us may have believed the other.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("the header `{name}` must be there once, in ASCII"),
        )),
    }
}

/// The name and the port of `localhost:80` or `[::1]:80`, and of nothing else that an authority may have.
fn parse(host: &str) -> Option<(&str, u16)> {
    if host.contains('@') {
        return None;
    }
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => {
            // `+80` is a number too.
            (name, port.bytes().all(|digit| digit.is_ascii_digit()).then(|| port.parse().ok())??)
        }
        _ => (host, 80),
    };
    match name.strip_prefix('[') {
        Some(rest) => {
            let name = rest.strip_suffix(']')?;
            name.parse::<Ipv6Addr>().is_ok().then_some((name, port))
        }
        None => (!name.contains(':')).then_some((name, port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    fn guard(address: &str) -> (Guard, String, tempfile::TempDir) {
        let state = tempfile::tempdir().expect("a folder");
        let token = Token::open(state.path()).expect("it is made");
        #[expect(clippy::disallowed_methods, reason = "the test is a client")]
        let text = std::fs::read_to_string(token.path()).expect("it is there");
        let bearer = format!("Bearer {}", text.trim());
        (Guard::new(address.parse().expect("an address"), token, 100), bearer, state)
    }

    fn status(guard: &Guard, method: &str, uri: &str, headers: &[(&str, &str)]) -> u16 {
        let request = Request::builder().method(method).uri(uri);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        guard.check(&parts).map_or_else(|refusal| refusal.status.as_u16(), |()| 200)
    }

    #[test]
    fn hosts_are_exact() {
        let (guard, bearer, _state) = guard("127.0.0.1:8080");
        for (host, expected) in [
            ("127.0.0.1:8080", 200),
            ("localhost:8080", 200),
            ("LOCALHOST:8080", 200),
            ("[::1]:8080", 403),
            ("[127.0.0.1]:8080", 403),
            ("127.0.0.1", 403),
            ("127.0.0.1:80", 403),
            ("127.0.0.1:+8080", 403),
            ("127.0.0.1:", 403),
            ("127.0.0.2:8080", 403),
            ("evil.example:8080", 403),
            ("localhost.evil.example:8080", 403),
            ("evil.example@localhost:8080", 403),
            ("localhost.:8080", 403),
            ("2130706433:8080", 403),
            ("0x7f.1:8080", 403),
            ("", 403),
        ] {
            let headers = [("host", host), ("authorization", &bearer)];
            assert_eq!(status(&guard, "POST", "/mcp", &headers), expected, "{host}");
        }
        let two = [("host", "127.0.0.1:8080"), ("host", "127.0.0.1:8080"), ("authorization", &bearer)];
        assert_eq!(status(&guard, "POST", "/mcp", &two), 400);
        assert_eq!(status(&guard, "POST", "/mcp", &[("authorization", &bearer)]), 400);
        let headers = [("host", "127.0.0.1:8080"), ("authorization", &bearer)];
        assert_eq!(status(&guard, "POST", "http://evil.example:8080/mcp", &headers), 403);
        assert_eq!(status(&guard, "POST", "http://localhost:8080/mcp", &headers), 200);
    }

    #[test]
    fn other_loopback_addresses_have_their_own_name() {
        let (guard, bearer, _state) = guard("[::1]:8080");
        for (host, expected) in [("[::1]:8080", 200), ("localhost:8080", 200), ("127.0.0.1:8080", 403)] {
            let headers = [("host", host), ("authorization", &bearer)];
            assert_eq!(status(&guard, "POST", "/mcp", &headers), expected, "{host}");
        }
    }

    #[test]
    fn reached_from_elsewhere_numbers_are_names_and_names_are_not() {
        let (guard, bearer, _state) = guard("0.0.0.0:8080");
        for (host, expected) in [
            ("192.168.1.7:9090", 200),
            ("[fe80::1]:8080", 200),
            ("localhost:8080", 200),
            ("evil.example:8080", 403),
        ] {
            let headers = [("host", host), ("authorization", &bearer)];
            assert_eq!(status(&guard, "POST", "/mcp", &headers), expected, "{host}");
        }
    }

    #[test]
    fn pages_of_others_are_refused() {
        let (guard, bearer, _state) = guard("127.0.0.1:8080");
        for (origin, expected) in [
            ("http://127.0.0.1:8080", 200),
            ("http://localhost:8080", 200),
            ("https://localhost:8080", 403),
            ("http://localhost:3000", 403),
            ("http://localhost", 403),
            ("http://evil.example", 403),
            ("null", 403),
            ("", 403),
        ] {
            let headers = [("host", "127.0.0.1:8080"), ("origin", origin), ("authorization", &bearer)];
            assert_eq!(status(&guard, "POST", "/mcp", &headers), expected, "{origin}");
        }
    }

    #[test]
    fn reached_from_elsewhere_pages_of_numbers_are_refused_too() {
        let (guard, bearer, _state) = guard("0.0.0.0:8080");
        for (origin, expected) in [
            ("http://localhost:8080", 200),
            ("http://localhost:3000", 403),
            ("http://192.168.1.7:8080", 403),
            ("http://192.168.1.7", 403),
        ] {
            let headers = [("host", "192.168.1.7:8080"), ("origin", origin), ("authorization", &bearer)];
            assert_eq!(status(&guard, "POST", "/mcp", &headers), expected, "{origin}");
        }
    }

    #[test]
    fn the_token_is_asked_for_whoever_asks() {
        let (guard, bearer, _state) = guard("127.0.0.1:8080");
        let host = ("host", "127.0.0.1:8080");
        for method in ["POST", "GET", "DELETE", "PUT"] {
            assert_eq!(status(&guard, method, "/mcp", &[host]), 401, "{method}");
        }
        let lower = bearer.replace("Bearer", "bearer");
        let token = &bearer["Bearer ".len()..];
        for (given, expected) in [
            (bearer.as_str(), 200),
            (&lower, 200),
            (token, 401),
            ("Bearer", 401),
            ("Bearer ", 401),
            (&bearer[..bearer.len() - 1], 401),
            (&format!("{bearer}0"), 401),
            (&format!("Basic {token}"), 401),
        ] {
            assert_eq!(
                status(&guard, "POST", "/mcp", &[host, ("authorization", given)]),
                expected,
                "{given}"
            );
        }
        assert_eq!(status(&guard, "POST", &format!("/mcp?token={token}"), &[host]), 401);
    }

    #[test]
    fn paths_methods_and_sizes() {
        let (guard, bearer, _state) = guard("127.0.0.1:8080");
        let headers = [("host", "127.0.0.1:8080"), ("authorization", bearer.as_str())];
        for path in ["/", "/mcp/", "/mcp/x", "//mcp", "/MCP", "/.well-known/oauth-protected-resource"] {
            assert_eq!(status(&guard, "POST", path, &headers), 404, "{path}");
        }
        for (method, expected) in
            [("POST", 200), ("GET", 200), ("DELETE", 200), ("OPTIONS", 405), ("PUT", 405)]
        {
            assert_eq!(status(&guard, method, "/mcp", &headers), expected, "{method}");
        }
        for (length, expected) in [("100", 200), ("101", 413), ("18446744073709551615", 413)] {
            let headers = [headers[0], headers[1], ("content-length", length)];
            assert_eq!(status(&guard, "POST", "/mcp", &headers), expected, "{length}");
        }
    }
}

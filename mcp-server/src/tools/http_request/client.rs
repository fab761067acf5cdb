//! Sending a request: to the addresses that were checked, and to no other.

use super::url::Url;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};
use ureq::config::Config;
use ureq::http::{Response, Uri, header::LOCATION};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{NextTimeout, TcpConnector};
use ureq::{Agent, Body, Error};

/// Bytes of an answer's body that are read.
const READ: u64 = 256 << 10;
/// Bytes of an answer's headers.
const HEAD: usize = 64 << 10;
/// Redirects that are followed.
const REDIRECTS: usize = 5;
/// Addresses of a host that are tried.
const ADDRESSES: usize = 8;

/// A request that may be sent.
pub(super) struct Request {
    pub(super) url: Url,
    pub(super) method: &'static str,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) limit: Duration,
}

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) reason: &'static str,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// The body goes on.
    pub(super) more: bool,
    /// A redirect that leads elsewhere.
    pub(super) not_followed: Option<String>,
}

/// The addresses of one host, whatever a name service says later.
#[derive(Debug)]
struct Pinned(Vec<SocketAddr>);

impl Resolver for Pinned {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        self.0.iter().for_each(|address| addresses.push(*address));
        Ok(addresses)
    }
}

/// Sends a request and reads the answer. Redirects are followed to the same host, for requests that only ask.
///
/// # Errors
/// Why there is no answer, for the model to read.
pub(super) fn send(mut request: Request) -> Result<Reply, String> {
    let begun = Instant::now();
    for followed in 0..=REDIRECTS {
        let left = request.limit.saturating_sub(begun.elapsed()).max(Duration::from_millis(1));
        let response = once(&request, left).map_err(|error| failure(&request, &error))?;
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.filter(|_| response.status().is_redirection()).map(str::to_owned);
        let next = location.as_deref().and_then(|location| request.url.follow(location).ok());
        let asks = matches!(request.method, "GET" | "HEAD");
        match next.filter(|next| next.host == request.url.host && asks && followed < REDIRECTS) {
            Some(next) => request.url = next,
            None => return read(response, location),
        }
    }
    Err("too many redirects".to_owned())
}

fn once(request: &Request, left: Duration) -> Result<Response<Body>, Error> {
    let config = Agent::config_builder()
        // A proxy of the environment would see, and could answer, what is meant for this machine.
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_response_header_size(HEAD)
        .timeout_global(Some(left))
        .user_agent(concat!("devtoolkit/", env!("CARGO_PKG_VERSION")))
        .build();
    let agent = Agent::with_parts(config, TcpConnector::default(), Pinned(addresses(&request.url)?));
    let mut builder = ureq::http::Request::builder().method(request.method).uri(request.url.to_string());
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    match request.body.is_empty() {
        true => agent.run(builder.body(())?),
        false => agent.run(builder.body(request.body.clone())?),
    }
}

/// Where a host is. `localhost` is this machine whatever a name service says, and another name is never this machine, nor
/// one beside it that hands out credentials.
fn addresses(url: &Url) -> Result<Vec<SocketAddr>, Error> {
    let at = |address: IpAddr| SocketAddr::new(address, url.port);
    let bare = url.host.trim_start_matches('[').trim_end_matches(']');
    if url.host == "localhost" {
        return Ok(vec![at(Ipv4Addr::LOCALHOST.into()), at(Ipv6Addr::LOCALHOST.into())]);
    }
    if let Ok(address) = bare.parse() {
        return Ok(vec![at(address)]);
    }
    let found = (url.host.as_str(), url.port).to_socket_addrs()?;
    let found: Vec<SocketAddr> = found.filter(|address| !is_near(address.ip())).take(ADDRESSES).collect();
    if found.is_empty() { Err(Error::HostNotFound) } else { Ok(found) }
}

/// Whether an address is of this machine or its own link.
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_unspecified() || address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unspecified() || address.is_unicast_link_local()
        }
    }
}

fn read(mut response: Response<Body>, not_followed: Option<String>) -> Result<Reply, String> {
    let status = response.status();
    let headers = response.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut body = Vec::new();
    let reader = response.body_mut().as_reader();
    reader.take(READ + 1).read_to_end(&mut body).map_err(|error| format!("the answer broke off: {error}"))?;
    let more = body.len() as u64 > READ;
    body.truncate(READ as usize);
    let reason = status.canonical_reason().unwrap_or_default();
    Ok(Reply { status: status.as_u16(), reason, headers, body, more, not_followed })
}

fn failure(request: &Request, error: &Error) -> String {
    let (host, port) = (&request.url.host, request.url.port);
    match error {
        Error::Timeout(_) => {
            let seconds = request.limit.as_secs();
            format!("no whole answer from `{host}:{port}` in {seconds} s; ask with a longer `timeout`")
        }
        Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            format!("nothing listens at `{host}:{port}`; is the server started, and on this port?")
        }
        Error::HostNotFound => {
            format!("`{host}` has no address that may be reached; use localhost for this machine")
        }
        error => format!("no answer from `{host}:{port}`: {error}"),
    }
}

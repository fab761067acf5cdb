//! MCP over streamable HTTP: for this machine only unless told otherwise, always with a token, and within limits.

mod guard;
mod token;

use super::{Host, Server};
use guard::{Guard, Refusal};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use token::Token;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

pub use token::TokenError;

type Body = BoxBody<Bytes, Infallible>;

/// What clients may use up. Whoever has the token is not an enemy, but may be broken.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one request's body.
    pub body: usize,
    /// Sessions at a time; revisions from 2026-07-28 on have none.
    pub sessions: usize,
    /// A session in which nothing happened for this long ends.
    pub idle: Duration,
    /// Requests that are being answered at a time, streams of answers included.
    pub requests: usize,
    /// Connections at a time; more wait until one ends.
    pub connections: usize,
    /// How long a request may take to arrive: its head, and then its body.
    pub arrival: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 4 << 20,
            sessions: 64,
            idle: Duration::from_secs(30 * 60),
            requests: 64,
            connections: 256,
            arrival: Duration::from_secs(10),
        }
    }
}

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Other machines could connect, and nobody said that they may.
    #[error(
        "`{0}` can be reached from other machines; listen on 127.0.0.1, or say --listen-anyway if that is wanted"
    )]
    NotLoopback(SocketAddr),
    /// The system does not let us.
    #[error("cannot listen on `{address}`")]
    Bind { address: SocketAddr, source: io::Error },
    /// There is no safe token.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// A server that listens, and does not answer yet.
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
    token: Token,
}

impl Listening {
    /// Where it can be reached.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, guard::PATH)
    }

    /// The file with the token that every request carries.
    #[must_use]
    pub fn token_file(&self) -> &Path {
        self.token.path()
    }

    /// Answers until the system says stop. All sessions work in one workspace.
    pub async fn serve(self, server: Server, limits: Limits) {
        tokio::select! {
            never = self.answer(server, limits) => match never {},
            () = super::stdio::told_to_stop() => {}
        }
    }

    async fn answer(self, server: Server, limits: Limits) -> Infallible {
        let connections = Arc::new(Semaphore::new(limits.connections));
        let arrival = limits.arrival;
        let answering = Arc::new(Answering::new(server, limits, self.address, self.token));
        loop {
            let permit = Arc::clone(&connections).acquire_owned().await;
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let answering = Arc::clone(&answering);
                    tokio::spawn(async move {
                        let _permit = permit;
                        connection(answering, stream, arrival).await;
                    });
                }
                // Out of file handles, most likely: they come back when connections end.
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

/// Starts to listen; port 0 takes a free one. With `anyway`, on addresses that other machines can reach too.
///
/// # Errors
/// When the address may not or cannot be used, or the token's file is not safe.
pub async fn listen(address: SocketAddr, anyway: bool, state: &Path) -> Result<Listening, ListenError> {
    if !address.ip().is_loopback() && !anyway {
        return Err(ListenError::NotLoopback(address));
    }
    let token = Token::open(state)?;
    let failed = |source| ListenError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Listening { listener, address, token })
}

async fn connection(answering: Arc<Answering>, stream: TcpStream, arrival: Duration) {
    // Replies are written whole, so waiting for more to send along only delays them.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| {
        let answering = Arc::clone(&answering);
        async move { Ok::<_, Infallible>(answering.answer(request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(arrival)
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
    if let Err(error) = served {
        tracing::debug!("a connection ended: {error}");
    }
}

struct Answering {
    guard: Guard,
    limits: Limits,
    sessions: Arc<LocalSessionManager>,
    requests: Arc<Semaphore>,
    /// Sessions are opened one after the other, so that their limit holds.
    opening: Semaphore,
    mcp: StreamableHttpService<Host, LocalSessionManager>,
}

impl Answering {
    fn new(server: Server, limits: Limits, address: SocketAddr, token: Token) -> Self {
        let mut sessions = LocalSessionManager::default();
        sessions.session_config.keep_alive = Some(limits.idle);
        let sessions = Arc::new(sessions);
        // The guard's rules for `Host` and `Origin` are stricter than those that are switched off here.
        let config = StreamableHttpServerConfig::default()
            .disable_allowed_hosts()
            .with_max_request_body_bytes(limits.body);
        let serve = move || Ok(server.connection());
        Self {
            guard: Guard::new(address, token, limits.body),
            requests: Arc::new(Semaphore::new(limits.requests)),
            opening: Semaphore::new(1),
            mcp: StreamableHttpService::new(serve, Arc::clone(&sessions), config),
            sessions,
            limits,
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        match self.guarded(parts, body).await {
            Ok(response) => response,
            Err(refusal) => {
                tracing::debug!("refused with {}: {}", refusal.status, refusal.text);
                refused(refusal)
            }
        }
    }

    async fn guarded(&self, parts: Parts, body: Incoming) -> Result<Response<Body>, Refusal> {
        self.guard.check(&parts)?;
        if parts.method != Method::POST {
            // Streams that stay open; how many is bounded by sessions and connections.
            return Ok(self.mcp.handle(Request::from_parts(parts, Full::<Bytes>::default())).await);
        }
        let Ok(permit) = Arc::clone(&self.requests).try_acquire_owned() else {
            let text =
                format!("{} requests are being answered; ask again when one has ended", self.limits.requests);
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, text));
        };
        let body = self.read(body).await?;
        let _turn = if opens_session(&parts.headers, &body) { Some(self.room().await?) } else { None };
        let response = self.mcp.handle(Request::from_parts(parts, Full::new(body))).await;
        // The answer may be a stream that lasts as long as a tool runs.
        Ok(response.map(|body| {
            let hold = move |frame| {
                let _ = &permit;
                frame
            };
            body.map_frame(hold).boxed()
        }))
    }

    async fn read(&self, body: Incoming) -> Result<Bytes, Refusal> {
        let whole = Limited::new(body, self.limits.body).collect();
        match tokio::time::timeout(self.limits.arrival, whole).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(guard::too_large(self.limits.body)),
            Ok(Err(_)) => Err(Refusal::new(StatusCode::BAD_REQUEST, "the body did not arrive whole")),
            Err(_) => Err(Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                format!("the body took longer than {} s to arrive", self.limits.arrival.as_secs()),
            )),
        }
    }

    /// The right to open a session, if another fits.
    async fn room(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Refusal> {
        let turn = self.opening.acquire().await.expect("it is never closed");
        if self.sessions.sessions.read().await.len() < self.limits.sessions {
            return Ok(turn);
        }
        let text = format!(
            "{} sessions are open; end one with DELETE, or ask again when one has been idle for {} min",
            self.limits.sessions,
            self.limits.idle.as_secs().div_ceil(60)
        );
        Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, text))
    }
}

fn opens_session(headers: &HeaderMap, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Message {
        method: String,
    }
    // What is not text names no session to `rmcp` either.
    headers.get("mcp-session-id").is_none_or(|session| session.to_str().is_err())
        && serde_json::from_slice::<Message>(body).is_ok_and(|message| message.method == "initialize")
}

fn refused(refusal: Refusal) -> Response<Body> {
    let mut response = Response::builder()
        .status(refusal.status)
        .header(CONTENT_TYPE, "text/plain; charset=utf-8")
        // Whatever else it sends is not read.
        .header(CONNECTION, "close");
    if refusal.status == StatusCode::UNAUTHORIZED {
        response = response.header(WWW_AUTHENTICATE, "Bearer");
    }
    if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
        response = response.header(ALLOW, "POST, GET, DELETE");
    }
    response.body(Full::from(refusal.text + "\n").boxed()).expect("every part of it is valid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn only_a_greeting_outside_of_a_session_opens_one() {
        let greeting = br#"{"jsonrpc":"2.0","id":1,"method":"initi\u0061lize"}"#;
        let mut headers = HeaderMap::new();
        assert!(opens_session(&headers, greeting));
        assert!(!opens_session(&headers, br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#));
        assert!(!opens_session(&headers, b"[]") && !opens_session(&headers, b"\xff"));
        headers.insert("mcp-session-id", HeaderValue::from_bytes(b"\xff").expect("a value"));
        assert!(opens_session(&headers, greeting));
        headers.insert("mcp-session-id", HeaderValue::from_static("1"));
        assert!(!opens_session(&headers, greeting));
    }
}

//! Requests to a hub, each in a thread of its own, so that nobody waits for a connection that hangs.

use super::fault::DownloadError;
use super::hub::Hub;
use crate::https;
use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;
use ureq::http::Response;
use ureq::{Agent, Body};
use url::Url;

const REDIRECTS: usize = 5;
const PIECE: usize = 256 << 10;
/// Pieces that may wait to be written.
const WAITING: usize = 8;
/// The longest rest that a hub can ask for.
const LONGEST_REST: u64 = 120;

pub(super) type Pieces = Receiver<Piece>;

/// What the wire brings: a head first, then bytes until the end.
#[derive(Debug)]
pub(super) enum Piece {
    Head(Head),
    Bytes(Vec<u8>),
    End,
    /// Trying again may help.
    Failed(String),
    Refused(DownloadError),
}

/// What a hub says of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) status: u16,
    /// Bytes of the whole file.
    pub(super) size: Option<u64>,
    /// A text that is another when the file is: its checksum, on hubs that keep large files by it.
    pub(super) version: Option<String>,
    pub(super) commit: Option<String>,
    /// Of a part, where it begins.
    pub(super) range_start: Option<u64>,
    pub(super) retry_after: Option<Duration>,
    /// Whether the answer came from elsewhere than the hub.
    pub(super) redirected: bool,
}

impl Head {
    /// The checksum, when the version is one.
    pub(super) fn sha256(&self) -> Option<String> {
        let is_sum = |text: &&String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.version.as_ref().filter(is_sum).map(|text| text.to_lowercase())
    }

    fn of(response: &Response<Body>, redirected: bool) -> Self {
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        let number = |name: &str| header(name)?.trim().parse::<u64>().ok();
        let status = response.status().as_u16();
        // `bytes 5-9/10`
        let range = header("content-range").and_then(|text| text.strip_prefix("bytes "));
        let range_start = range.and_then(|text| text.split('-').next()?.parse().ok());
        let length = if status == 200 { number("content-length") } else { None };
        let tag = |name: &str| {
            let text = header(name)?.trim();
            (!text.starts_with("W/")).then(|| text.trim_matches('"').to_owned())
        };
        Self {
            status,
            size: number("x-linked-size").or(length),
            version: tag("x-linked-etag").or_else(|| tag("etag")),
            commit: header("x-repo-commit").map(str::to_owned),
            range_start,
            retry_after: number("retry-after").map(|seconds| Duration::from_secs(seconds.min(LONGEST_REST))),
            redirected,
        }
    }
}

#[derive(Clone)]
pub(super) struct Wire {
    hub: Hub,
    agent: Agent,
}

impl Wire {
    pub(super) fn new(hub: &Hub) -> Result<Self, DownloadError> {
        let config = https::agent(hub.proxy(), hub.is_encrypted())
            .timeout_recv_response(Some(Duration::from_secs(60)));
        Ok(Self { hub: hub.clone(), agent: config.build().new_agent() })
    }

    /// Sends a request, for a file from this byte on. Only GET follows redirects: of HEAD, the hub's own answer is what
    /// tells of the file.
    pub(super) fn send(&self, method: &'static str, url: Url, from: Option<u64>) -> Pieces {
        let (sender, receiver) = sync_channel(WAITING);
        let wire = self.clone();
        thread::spawn(move || wire.serve(method, url, from, &sender));
        receiver
    }

    fn serve(&self, method: &str, mut url: Url, from: Option<u64>, sender: &SyncSender<Piece>) {
        // Whoever listened may have gone; then there is nobody to tell.
        let tell = |piece| sender.send(piece).is_ok();
        for redirects in 0..=REDIRECTS {
            let response = match self.request(method, &url, from) {
                Ok(response) => response,
                Err(error) => {
                    tell(Piece::Failed(error.to_string()));
                    return;
                }
            };
            let to = response.headers().get("location").and_then(|to| to.to_str().ok());
            if let Some(to) = to.filter(|_| method == "GET" && response.status().is_redirection()) {
                match self.hub.follow(&url, to) {
                    Ok(next) => url = next,
                    Err(error) => {
                        tell(Piece::Refused(error));
                        return;
                    }
                }
                continue;
            }
            if tell(Piece::Head(Head::of(&response, redirects > 0))) && method == "GET" {
                pass_on(response, &tell);
            }
            return;
        }
        tell(Piece::Failed(format!("the hub redirected more than {REDIRECTS} times")));
    }

    fn request(&self, method: &str, url: &Url, from: Option<u64>) -> Result<Response<Body>, ureq::Error> {
        let mut request = match method {
            "HEAD" => self.agent.head(url.as_str()),
            _ => self.agent.get(url.as_str()),
        };
        if let Some(token) = self.hub.token_for(url) {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if let Some(from) = from {
            request = request.header("Range", format!("bytes={from}-"));
        }
        request.call()
    }
}

/// Hands on a body piece by piece.
fn pass_on(response: Response<Body>, tell: &impl Fn(Piece) -> bool) {
    let mut reader = response.into_body().into_reader();
    loop {
        let mut piece = vec![0; PIECE];
        let told = match reader.read(&mut piece) {
            Ok(0) => {
                tell(Piece::End);
                return;
            }
            Ok(count) => {
                piece.truncate(count);
                tell(Piece::Bytes(piece))
            }
            Err(error) => {
                tell(Piece::Failed(error.to_string()));
                return;
            }
        };
        if !told {
            return;
        }
    }
}

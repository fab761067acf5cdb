//! `http_request`: one request to a server on this machine, or to a host that the person allowed.
//!
//! The policy decides by the host as it is written; here the answer of the name service is held to the same rule, and a
//! redirect is followed only where it stays with that host.

use crate::permission::Access;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::view::wait;
use crate::workspace::Snapshot;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

mod client;
mod url;

use client::{Reply, Request};
use url::Url;

/// Header names that would change how the request is read on its way.
const REFUSED: [&str; 12] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-authorization",
    "proxy-connection",
    "http2-settings",
];
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Headers of a request.
const HEADERS: usize = 50;
/// Bytes of a request's body.
const BODY: usize = 1 << 20;
/// The longest wait, and the usual one.
const LONGEST: u64 = 60;
const USUAL: u64 = 10;

/// Send an HTTP request to this machine.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct HttpRequest {
    url: String,
    method: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    /// Seconds
    timeout: Option<u64>,
}

impl Tool for HttpRequest {
    const NAME: &'static str = "http_request";
    const TITLE: &'static str = "HTTP request";
    const TOOLSET: Toolset = Toolset::Analysis;
    const EFFECT: Effect = Effect::Reaches;

    fn access(&self, _snapshot: &Snapshot) -> Result<Access, ToolError> {
        Ok(Access::Network { host: Url::parse(&self.url)?.host })
    }

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let request = self.request()?;
        let place = request.url.to_string();
        let reply = wait(context, &format!("waiting for {place}"), move || client::send(request))?;
        Ok(ToolOutput::text(shown(&reply.map_err(ToolError::Failed)?)))
    }
}

impl HttpRequest {
    fn request(self) -> Result<Request, ToolError> {
        let wrong = |text: String| Err(ToolError::Arguments(text));
        let url = Url::parse(&self.url)?;
        let method = self.method.unwrap_or_else(|| "GET".to_owned()).to_uppercase();
        let Some(method) = METHODS.into_iter().find(|known| *known == method) else {
            return wrong(format!("`method` is none of {}", METHODS.join(", ")));
        };
        if self.headers.len() > HEADERS {
            return wrong(format!("`headers` has {}; give at most {HEADERS}", self.headers.len()));
        }
        for (name, value) in &self.headers {
            let shown: String = name.escape_default().take(60).collect();
            let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if name.is_empty() || !name.bytes().all(is_token) {
                return wrong(format!("`headers`: `{shown}` is no header name"));
            }
            if REFUSED.contains(&name.to_ascii_lowercase().as_str()) {
                return wrong(format!("`headers`: `{shown}` is set by the client itself; leave it out"));
            }
            if value.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f) {
                return wrong(format!(
                    "`headers`: the value of `{shown}` has a line break or control character"
                ));
            }
        }
        let body = self.body.unwrap_or_default();
        if body.len() > BODY {
            return wrong(format!("`body` has {} bytes, over the limit of {BODY}", body.len()));
        }
        let limit = Duration::from_secs(self.timeout.unwrap_or(USUAL).clamp(1, LONGEST));
        Ok(Request { url, method, headers: self.headers.into_iter().collect(), body, limit })
    }
}

fn shown(reply: &Reply) -> String {
    let mut text = format!("HTTP {} {}\n", reply.status, reply.reason).replace(" \n", "\n");
    for (name, value) in &reply.headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push('\n');
    match std::str::from_utf8(&reply.body) {
        Ok(body) if !body.contains('\0') => text.push_str(body),
        _ if reply.more && is_cut_text(&reply.body) => text.push_str(&String::from_utf8_lossy(&reply.body)),
        _ => text.push_str(&format!("({} bytes that are no UTF-8 text)", reply.body.len())),
    }
    if reply.more {
        text.push_str(&format!("\n(more than the first {} bytes are left out)", reply.body.len()));
    }
    if let Some(to) = &reply.not_followed {
        text.push_str(&format!("\n(a redirect to another place is not followed: {to})"));
    }
    text
}

/// Whether only a character at the end is cut in two.
fn is_cut_text(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_err_and(|error| error.valid_up_to() + 4 > body.len()) && !body.contains(&0)
}

#[cfg(test)]
mod tests;

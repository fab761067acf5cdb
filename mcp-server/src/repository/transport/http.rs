//! Git's stateless protocol over http(s): one request asks what there is, each further one sends and receives.

use super::{Place, error};
use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

/// How long a connection or the first byte of an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most that is sent in one request, in bytes.
const SENT: usize = 1 << 30;

pub(super) struct Http {
    agent: Agent,
}

impl Http {
    pub(super) fn new() -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(provider);
        let config = Agent::config_builder()
            .tls_config(tls.build())
            // Where a redirect leads, nobody agreed to; and no proxy is taken from anywhere.
            .max_redirects(0)
            .proxy(None)
            .http_status_as_error(false)
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .user_agent("git/2 (devtoolkit)")
            .build();
        Self { agent: config.into() }
    }
}

impl SmartSubtransport for Http {
    fn action(&self, url: &str, action: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let Ok(Some(Place::Http { url })) = Place::parse(url) else {
            return Err(error("the address is refused"));
        };
        let service = match action {
            Service::UploadPackLs | Service::UploadPack => "git-upload-pack",
            Service::ReceivePackLs | Service::ReceivePack => "git-receive-pack",
        };
        let asks = matches!(action, Service::UploadPackLs | Service::ReceivePackLs);
        let url =
            if asks { format!("{url}/info/refs?service={service}") } else { format!("{url}/{service}") };
        let agent = self.agent.clone();
        Ok(Box::new(Exchange { agent, url, service, asks, sent: Vec::new(), answer: None }))
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

/// One request and its answer. It is sent once something is read.
struct Exchange {
    agent: Agent,
    url: String,
    service: &'static str,
    /// Whether it asks what there is, and sends nothing.
    asks: bool,
    sent: Vec<u8>,
    answer: Option<ureq::BodyReader<'static>>,
}

impl Exchange {
    fn send(&mut self) -> io::Result<ureq::BodyReader<'static>> {
        let what = if self.asks { "advertisement" } else { "result" };
        let wanted = format!("application/x-{}-{what}", self.service);
        let answered = match self.asks {
            true => self.agent.get(&self.url).header("Accept", &wanted).call(),
            false => {
                let kind = format!("application/x-{}-request", self.service);
                self.agent
                    .post(&self.url)
                    .header("Accept", &wanted)
                    .header("Content-Type", kind)
                    .send(&self.sent[..])
            }
        };
        let answer = answered.map_err(io::Error::other)?;
        let status = answer.status().as_u16();
        let header =
            |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let fail = |text: String| Err(io::Error::other(text));
        match status {
            200 if header("content-type") == wanted => {}
            200 => {
                return fail(
                    "the server answers, but not as a git server does; is the address right?".to_owned(),
                );
            }
            300..=399 => {
                let to: String = header("location")
                    .split("/info/refs")
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .take(200)
                    .collect();
                return fail(format!("it moved to `{to}`; use that address"));
            }
            401 | 403 => {
                return fail(format!(
                    "it asks who you are (HTTP {status}), and no passwords are kept here; use its ssh:// address, or let the person do it"
                ));
            }
            404 => {
                return fail(
                    "there is no such repository, or one has to log in to see it (HTTP 404)".to_owned(),
                );
            }
            status => return fail(format!("the server answered HTTP {status}")),
        }
        let body: Body = answer.into_body();
        Ok(body.into_with_config().limit(u64::MAX).reader())
    }
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.answer.is_none() {
            self.answer = Some(self.send()?);
        }
        self.answer.as_mut().map_or(Ok(0), |answer| answer.read(buffer))
    }
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.sent.len() + bytes.len() > SENT {
            return Err(io::Error::other(format!("more than {SENT} bytes would be sent")));
        }
        self.sent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! HTTP as all of this program speaks it: redirects are not followed by themselves, and TLS, in Rust, trusts what the
//! system trusts.

use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::AgentScope;
use url::{Host, Url};

/// How an agent is set up: any status is an answer, and nothing waits for a connection longer than 40 seconds.
pub(crate) fn agent(proxy: Option<ureq::Proxy>, is_encrypted: bool) -> ConfigBuilder<AgentScope> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(proxy)
        .timeout_resolve(Some(Duration::from_secs(20)))
        .timeout_connect(Some(Duration::from_secs(20)))
        .user_agent(concat!("devtoolkit-agent/", env!("CARGO_PKG_VERSION")));
    if is_encrypted { config.tls_config(tls()) } else { config }
}

fn tls() -> TlsConfig {
    TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build()
}

/// Whether `url` is plain HTTP that does not leave this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let is_own = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    is_own && url.scheme() == "http"
}

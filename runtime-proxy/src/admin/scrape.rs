//! Metrics of the proxy itself, read when somebody scrapes.

use std::sync::atomic::Ordering;

use super::{Admin, State};

/// The text of a scrape.
pub(super) fn scrape(admin: &Admin) -> String {
    let config = admin.context.shared.load();
    let metrics = &admin.metrics;
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    metrics.set("meshc_proxy_build_info", "Version of the proxy.", &version, 1.0);
    let name = "meshc_proxy_config_info";
    metrics.clear(name);
    metrics.set(name, "Digest of the configuration that is in force.", &[("digest", &config.digest)], 1.0);
    let current = if admin.status.told().error.is_none() { 1.0 } else { 0.0 };
    metrics.set(
        "meshc_proxy_config_current",
        "Whether the newest version of the file is in force.",
        &[],
        current,
    );
    let live = if admin.state() == State::Live { 1.0 } else { 0.0 };
    metrics.set("meshc_proxy_ready", "Whether the proxy takes traffic.", &[], live);
    let open = u32::try_from(admin.context.open.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
    metrics.set("meshc_proxy_connections", "Connections of clients that are open.", &[], open.into());
    let ejected = "meshc_proxy_upstream_ejected_endpoints";
    metrics.clear(ejected);
    let ejections = "meshc_proxy_upstream_ejections";
    metrics.clear(ejections);
    for (name, upstream) in &config.upstreams {
        let (now, ever) = upstream.ejections();
        if ever > 0 {
            let labels = [("upstream", name.as_str())];
            metrics.set(ejected, "Endpoints that are ejected.", &labels, exact(now));
            metrics.set(ejections, "Ejections since the start.", &labels, exact(ever));
        }
    }
    let expiry = "meshc_proxy_certificate_expiration_timestamp_seconds";
    metrics.clear(expiry);
    for info in config.tls.certificates() {
        for (kind, certificates) in [("leaf", info.cert_chain), ("root", info.ca_cert)] {
            for certificate in certificates {
                let labels = [
                    ("kind", kind),
                    ("path", certificate.path.as_str()),
                    ("serial_number", certificate.serial_number.as_str()),
                ];
                let seconds = exact(u64::try_from(certificate.expires_at).unwrap_or(0));
                metrics.set(expiry, "End of the validity of a certificate.", &labels, seconds);
            }
        }
    }
    metrics.render()
}

/// A number as metrics have it; exact below 2^53, which no count of these reaches.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
fn exact(number: u64) -> f64 {
    number as f64
}

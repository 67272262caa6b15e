//! Filter chains.

use meshc_contract::proxy;
use meshc_plan::FilterChain;

use super::downstream_tls;
use super::findings::Site;
use super::network_filter::{Filters, filters};

/// One filter chain.
pub(super) fn chain(chain: &FilterChain, site: &mut Site<'_>) -> proxy::FilterChain {
    let FilterChain { name, matches, tls, filters: stated, config: _, handshake_timeout, origin } = chain;
    let mut site = site.at(origin);
    let tls = tls.as_ref().map(|tls| downstream_tls::downstream_tls(tls, &mut site));
    let Filters { authorization, handler } = filters(stated, &mut site);
    proxy::FilterChain {
        name: name.clone(),
        matches: matches.clone(),
        tls,
        handshake_timeout: *handshake_timeout,
        authorization,
        handler,
    }
}

//! What a user chooses about the Envoy that runs the output.

use meshc_plan::DnsFamily;

/// Which build of Envoy runs the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum EnvoyFlavor {
    /// Envoy as its project releases it. Filters that only Istio's build has are left out or replaced.
    #[default]
    Stock,
    /// Envoy as Istio builds it (the image `proxyv2`), with its filters for metrics and metadata.
    IstioProxy,
}

/// A line of Envoy releases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum EnvoyVersion {
    /// 1.36.
    #[default]
    V1_36,
    /// 1.37.
    V1_37,
    /// 1.38.
    V1_38,
    /// 1.39.
    V1_39,
    /// 1.40.
    V1_40,
}

/// How Envoy configuration is emitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvoyOptions {
    /// The build of Envoy.
    pub flavor: EnvoyFlavor,
    /// The oldest Envoy that must load the output; a field that it does not know is left out.
    pub oldest: EnvoyVersion,
    /// Address families of the cluster: what own listeners bind and what the DNS caches of forward proxies ask for.
    pub dns_family: DnsFamily,
    /// Whether every distinct resource is read back through Envoy's descriptors.
    pub check: bool,
}

/// A field that not every supported Envoy knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    /// `reinit_channel_on_timeout` of the c-ares resolver.
    ResolverRenewal,
    /// `qcache_max_ttl` of the c-ares resolver.
    ResolverCache,
    /// `dns_min_refresh_rate` of DNS clusters.
    LeastDnsRefresh,
    /// `budget_interval` of retry budgets.
    RetryBudgetInterval,
}

impl EnvoyOptions {
    /// Whether every Envoy that must load the output knows a field; seen in the releases themselves. Istio builds from the newest.
    pub(super) fn know(&self, feature: Feature) -> bool {
        let since = match feature {
            Feature::ResolverRenewal => EnvoyVersion::V1_37,
            Feature::ResolverCache | Feature::LeastDnsRefresh | Feature::RetryBudgetInterval => {
                EnvoyVersion::V1_39
            }
        };
        self.flavor == EnvoyFlavor::IstioProxy || self.oldest >= since
    }
}

impl std::fmt::Display for EnvoyVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::V1_36 => "1.36",
            Self::V1_37 => "1.37",
            Self::V1_38 => "1.38",
            Self::V1_39 => "1.39",
            Self::V1_40 => "1.40",
        })
    }
}

impl Default for EnvoyOptions {
    /// A stock Envoy from 1.36 on, IPv4, with the check.
    fn default() -> Self {
        Self {
            flavor: EnvoyFlavor::default(),
            oldest: EnvoyVersion::default(),
            dns_family: DnsFamily::V4Only,
            check: true,
        }
    }
}

/// Which sets of files are emitted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EnvoySets {
    /// `bootstrap/<proxy>/`: one static bootstrap with its companion files.
    pub bootstrap: bool,
    /// `xds/<proxy>/`: the resources of the plan in that bootstrap, as protojson arrays.
    pub xds: bool,
}

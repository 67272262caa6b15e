//! `google.protobuf.Any`.

use serde::Serialize;

use super::{
    CaresDnsResolver, CelFilter, Compressor, CookieBasedSessionState, CorsPolicy, DatadogConfig, DnsCluster,
    DownstreamConnections, DownstreamTlsContext, DynamicForwardProxy, DynamicForwardProxyCluster,
    DynatraceSamplerConfig, Empty, FileAccessLog, GrpcAccessLog, GrpcStats, HeaderBasedSessionState,
    HealthCheckFilter, HttpConnectionManager, HttpFault, HttpProtocolOptions, HttpRbac, InternalListener,
    IstioAlpn, IstioStats, JwtAuthentication, MetricsServiceConfig, MongoProxy, MySqlProxy, NetworkRbac,
    OpenTelemetryAccessLog, OpenTelemetryConfig, OriginalSrc, PreviousPriorities, QuicDownstreamTransport,
    RedisProxy, RouteFilterConfig, Router, Secret, SetFilterState, SkyWalkingConfig, SniDynamicForwardProxy,
    StatefulSession, StatefulSessionPerRoute, StatsdSink, TcpProxy, TlsInspector, TypedStruct,
    UpstreamProxyProtocol, UpstreamTlsContext, UriTemplateMatch, UuidRequestId, ZipkinConfig,
};

macro_rules! any_types {
    ($($variant:ident($message:ident) = $url:tt,)*) => {
        /// A message with its type URL, which is printed first.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(tag = "@type")]
        #[allow(clippy::large_enum_variant, reason = "always stands in a box")]
        pub(crate) enum Any {
            $(
                #[doc = $url]
                #[serde(rename = $url)]
                $variant($message),
            )*
        }
    };
}
include!("any_types.rs");

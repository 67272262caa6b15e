//! `google.protobuf.Any`.

use serde::Serialize;

use super::{
    CaresDnsResolver, CelFilter, Compressor, CorsPolicy, DnsCluster, DownstreamConnections,
    DownstreamTlsContext, DynamicForwardProxy, DynamicForwardProxyCluster, Empty, FileAccessLog,
    GrpcAccessLog, GrpcStats, HealthCheckFilter, HttpConnectionManager, HttpFault, HttpProtocolOptions,
    HttpRbac, InternalListener, IstioAlpn, IstioStats, JwtAuthentication, MongoProxy, MySqlProxy,
    NetworkRbac, OriginalSrc, PreviousPriorities, RedisProxy, RouteFilterConfig, Router, Secret,
    SetFilterState, SniDynamicForwardProxy, TcpProxy, TlsInspector, TypedStruct, UpstreamProxyProtocol,
    UpstreamTlsContext, UriTemplateMatch, UuidRequestId, ZipkinConfig,
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

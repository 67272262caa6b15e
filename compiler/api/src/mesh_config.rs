//! The mesh configuration of Istio: `MeshConfig`, `ProxyConfig`, `MeshNetworks`. Scalars without a presence in Istio's API are
//! plain values, with zero for absent, as in the JSON of protobuf; messages and wrapped scalars are `Option`.

mod access_log_provider;
mod connection_settings;
mod defaults;
mod ext_authz_provider;
mod extension_provider;
mod layer;
mod mesh;
mod mesh_networks;
mod mesh_settings;
mod overlay;
mod private_key_provider;
mod proxy_config;
mod proxy_headers;
mod read;
mod remote_service;
mod rules;
mod tracing;
mod tracing_provider;

use crate::schema::{PublishedSchema, publish_message};

pub use access_log_provider::{
    EnvoyFileAccessLogProvider, EnvoyHttpAlsProvider, EnvoyOtelAlsProvider, EnvoyTcpAlsProvider,
    FileLogFormat, OtelLogFormat,
};
pub use connection_settings::{
    ConnectionProfile, ConnectionSettings, HeadersWithUnderscoresAction, PathWithEscapedSlashesAction,
};
pub use ext_authz_provider::{ExtAuthzGrpcProvider, ExtAuthzHttpProvider, ExtAuthzRequestBody};
pub use extension_provider::ExtensionProvider;
pub use mesh::{
    DefaultTrafficPolicy, H2UpgradePolicy, InboundTrafficPolicy, InboundTrafficPolicyMode,
    IngressControllerMode, MeshConfig, OutboundTrafficPolicy, OutboundTrafficPolicyMode,
};
pub use mesh_networks::{MeshNetworks, Network, NetworkEndpoints, NetworkGateway};
pub use mesh_settings::{
    AccessLogEncoding, CaCertificate, CertificateAuthority, ConfigSource, DefaultProviders, DnsCertificate,
    NormalizationType, PathNormalization, ServiceEntryVisibility, ServiceScope, ServiceScopeConfigs,
    ServiceSettings, ServiceSettingsValues, TlsConfig, TlsProtocol, Visibility, VisibilityMatchingRule,
    VisibilityPolicy,
};
pub use private_key_provider::{PrivateKeyAccelerator, PrivateKeyProvider};
pub use proxy_config::{
    AuthenticationPolicy, ForwardClientCertDetails, InboundInterceptionMode, ProxyConfig, ProxyImage,
    ProxyProtocolConfiguration, ProxyStatsMatcher, Sds, Topology, TracingServiceName,
};
pub use proxy_headers::{
    HeaderEnable, HeaderSwitch, MetadataExchangeHeaders, MetadataExchangeMode, ProxyHeaders, ServerHeader,
    SetCurrentClientCertDetails,
};
pub use read::{MeshFiles, MeshInput, read};
pub use remote_service::RemoteService;
pub use tracing::{
    CustomTag, LightstepTracer, LiteralTag, NamedTag, OpenCensusAgentTracer, StackdriverTracer,
    TracerAddress, Tracing,
};
pub use tracing_provider::{
    DatadogProvider, DynatraceHttpService, DynatraceSampler, EmptyMessage, LightstepProvider,
    OpenCensusProvider, OpenTelemetryProvider, OtlpGrpc, OtlpHttp, PrometheusProvider, ProviderHeader,
    ResourceDetectors, SdsProvider, ServiceAttributeEnrichment, SkyWalkingProvider, StackdriverLogging,
    StackdriverProvider, TraceContextOption, ZipkinProvider,
};

/// Schemas of the messages that stand in files of their own.
pub(crate) fn published_schemas() -> Vec<PublishedSchema> {
    vec![
        publish_message::<MeshConfig>("mesh.istio.io/meshconfig_v1alpha1.json"),
        publish_message::<MeshNetworks>("mesh.istio.io/meshnetworks_v1alpha1.json"),
        publish_message::<ProxyConfig>("mesh.istio.io/proxyconfig_v1alpha1.json"),
    ]
}

// The messages that stand inside `google.protobuf.Any`, with their type URLs. `any.rs` makes an enum of this table and
// `build.rs` compiles the descriptors that it needs, so a message is stated here and nowhere else.

any_types! {
    // Network filters
    HttpConnectionManager(HttpConnectionManager) = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    TcpProxy(TcpProxy) = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
    NetworkRbac(NetworkRbac) = "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC",
    MongoProxy(MongoProxy) = "type.googleapis.com/envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy",
    MySqlProxy(MySqlProxy) = "type.googleapis.com/envoy.extensions.filters.network.mysql_proxy.v3.MySQLProxy",
    RedisProxy(RedisProxy) = "type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy",
    SniDynamicForwardProxy(SniDynamicForwardProxy) = "type.googleapis.com/envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig",
    // HTTP filters
    Router(Router) = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
    HttpRbac(HttpRbac) = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
    JwtAuthentication(JwtAuthentication) = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
    GrpcWeb(Empty) = "type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb",
    GrpcStats(GrpcStats) = "type.googleapis.com/envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
    Fault(HttpFault) = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
    Cors(Empty) = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors",
    CorsPolicy(CorsPolicy) = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
    DynamicForwardProxy(DynamicForwardProxy) = "type.googleapis.com/envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig",
    StatefulSession(StatefulSession) = "type.googleapis.com/envoy.extensions.filters.http.stateful_session.v3.StatefulSession",
    StatefulSessionPerRoute(StatefulSessionPerRoute) = "type.googleapis.com/envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute",
    CookieBasedSessionState(CookieBasedSessionState) = "type.googleapis.com/envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState",
    HeaderBasedSessionState(HeaderBasedSessionState) = "type.googleapis.com/envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState",
    SetFilterState(SetFilterState) = "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config",
    Compressor(Compressor) = "type.googleapis.com/envoy.extensions.filters.http.compressor.v3.Compressor",
    HealthCheck(HealthCheckFilter) = "type.googleapis.com/envoy.extensions.filters.http.health_check.v3.HealthCheck",
    RouteFilterConfig(RouteFilterConfig) = "type.googleapis.com/envoy.config.route.v3.FilterConfig",
    IstioAlpn(IstioAlpn) = "type.googleapis.com/istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
    IstioStats(IstioStats) = "type.googleapis.com/stats.PluginConfig",
    TypedStruct(TypedStruct) = "type.googleapis.com/udpa.type.v1.TypedStruct",
    // Listener filters
    OriginalDst(Empty) = "type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst",
    OriginalSrc(OriginalSrc) = "type.googleapis.com/envoy.extensions.filters.listener.original_src.v3.OriginalSrc",
    TlsInspector(TlsInspector) = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
    HttpInspector(Empty) = "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
    ProxyProtocol(Empty) = "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
    // Transport sockets
    DownstreamTls(DownstreamTlsContext) = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
    QuicDownstream(QuicDownstreamTransport) = "type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport",
    UpstreamTls(UpstreamTlsContext) = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    RawBuffer(Empty) = "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
    UpstreamProxyProtocol(UpstreamProxyProtocol) = "type.googleapis.com/envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
    Secret(Secret) = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
    // Clusters
    DnsCluster(DnsCluster) = "type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster",
    DynamicForwardProxyCluster(DynamicForwardProxyCluster) = "type.googleapis.com/envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
    CaresDnsResolver(CaresDnsResolver) = "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
    HttpProtocolOptions(HttpProtocolOptions) = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    PreviousHosts(Empty) = "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
    PreviousPriorities(PreviousPriorities) = "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
    // Logs, traces, small things
    FileAccessLog(FileAccessLog) = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
    HttpGrpcAccessLog(GrpcAccessLog) = "type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
    TcpGrpcAccessLog(GrpcAccessLog) = "type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig",
    OpenTelemetryAccessLog(OpenTelemetryAccessLog) = "type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
    ReqWithoutQuery(Empty) = "type.googleapis.com/envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery",
    CelFilter(CelFilter) = "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
    Zipkin(ZipkinConfig) = "type.googleapis.com/envoy.config.trace.v3.ZipkinConfig",
    Datadog(DatadogConfig) = "type.googleapis.com/envoy.config.trace.v3.DatadogConfig",
    SkyWalking(SkyWalkingConfig) = "type.googleapis.com/envoy.config.trace.v3.SkyWalkingConfig",
    OpenTelemetry(OpenTelemetryConfig) = "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
    EnvironmentDetector(Empty) = "type.googleapis.com/envoy.extensions.tracers.opentelemetry.resource_detectors.v3.EnvironmentResourceDetectorConfig",
    DynatraceDetector(Empty) = "type.googleapis.com/envoy.extensions.tracers.opentelemetry.resource_detectors.v3.DynatraceResourceDetectorConfig",
    DynatraceSampler(DynatraceSamplerConfig) = "type.googleapis.com/envoy.extensions.tracers.opentelemetry.samplers.v3.DynatraceSamplerConfig",
    UuidRequestId(UuidRequestId) = "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
    UriTemplateMatch(UriTemplateMatch) = "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
    PreserveCase(Empty) = "type.googleapis.com/envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig",
    // Bootstrap
    InternalListener(InternalListener) = "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
    DownstreamConnections(DownstreamConnections) = "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
    MetricsService(MetricsServiceConfig) = "type.googleapis.com/envoy.config.metrics.v3.MetricsServiceConfig",
    Statsd(StatsdSink) = "type.googleapis.com/envoy.config.metrics.v3.StatsdSink",
    Brotli(Empty) = "type.googleapis.com/envoy.extensions.compression.brotli.compressor.v3.Brotli",
    Zstd(Empty) = "type.googleapis.com/envoy.extensions.compression.zstd.compressor.v3.Zstd",
    Gzip(Empty) = "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip",
}

/// Messages without a descriptor here: filters of Istio's build and of Envoy's contrib build, and the wrapper in which
/// Istio sends some of its own. They are emitted for Istio's build only.
pub(crate) const WITHOUT_DESCRIPTOR: &[&str] = &[
    "type.googleapis.com/istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
    "type.googleapis.com/stats.PluginConfig",
    "type.googleapis.com/udpa.type.v1.TypedStruct",
    "type.googleapis.com/envoy.extensions.filters.network.mysql_proxy.v3.MySQLProxy",
];

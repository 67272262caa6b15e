//! Feature flags of istiod: environment variables that change what it sends to proxies.

mod read;
mod value;

use crate::Duration;

use value::FlagValue;

/// Where a gateway or sidecar gets the keys that validate tokens from (`PILOT_JWT_ENABLE_REMOTE_JWKS`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoteJwks {
    /// istiod fetches them and sends them along (`false`, `istiod`).
    Istiod,
    /// Envoy fetches them where the cluster of the host is known, else istiod (`true`, `hybrid`).
    Hybrid,
    /// Envoy fetches them (`envoy`).
    Envoy,
}

macro_rules! features {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $default:expr, $key:literal;)*) => {
        /// The feature flags of istiod that the translation depends on.
        #[derive(Debug, Clone, PartialEq)]
        pub struct IstiodFeatures {
            $($(#[$doc])* #[doc = concat!("\n\nVariable `", $key, "`.")] pub $field: $type,)*
        }

        impl Default for IstiodFeatures {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        /// Names of all variables, in the order of the fields.
        const KEYS: &[&str] = &[$($key),*];

        impl IstiodFeatures {
            /// Sets one flag.
            fn set(&mut self, key: &str, text: &str) -> Result<(), SetError> {
                match key {
                    $($key => {
                        self.$field = FlagValue::read(text).ok_or(SetError::Value(<$type>::EXPECTED))?;
                        Ok(())
                    })*
                    _ => Err(SetError::Key),
                }
            }
        }
    };
}

/// Why a flag was not set.
#[derive(Debug)]
enum SetError {
    /// No pass depends on the variable.
    Key,
    /// The value is not what the text says.
    Value(&'static str),
}

features! {
    // Traffic.
    /// Whether ambient mode is on: HBONE, waypoints, ztunnel.
    enable_ambient: bool = false, "PILOT_ENABLE_AMBIENT";
    /// Whether gateways only get the clusters that their routes use.
    filter_gateway_cluster_config: bool = false, "PILOT_FILTER_GATEWAY_CLUSTER_CONFIG";
    /// Whether endpoints that are not ready are sent as unhealthy, for all services.
    send_unhealthy_endpoints: bool = false, "PILOT_SEND_UNHEALTHY_ENDPOINTS";
    /// Whether they are sent for services whose settings ask for it.
    auto_send_unhealthy_endpoints: bool = true, "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS";
    /// Whether services with the label below keep a client on one endpoint.
    enable_persistent_session_filter: bool = false, "PILOT_ENABLE_PERSISTENT_SESSION_FILTER";
    /// Label of a service whose clients are kept on one endpoint.
    persistent_session_label: String = "istio.io/persistent-session".to_owned(), "PILOT_PERSISTENT_SESSION_LABEL";
    /// Label of the service that says which header keeps them.
    persistent_session_header_label: String = "istio.io/persistent-session-header".to_owned(), "PILOT_PERSISTENT_SESSION_HEADER_LABEL";
    /// Label of a pod that takes no new sessions.
    draining_label: String = "istio.io/draining".to_owned(), "PILOT_DRAINING_LABEL";
    /// Whether services of the Multi-Cluster Services API are read.
    enable_mcs_service_discovery: bool = false, "ENABLE_MCS_SERVICE_DISCOVERY";
    /// Whether hosts under `clusterset.local` exist.
    enable_mcs_host: bool = false, "ENABLE_MCS_HOST";
    /// Whether istiod exports all services.
    enable_mcs_auto_export: bool = false, "ENABLE_MCS_AUTO_EXPORT";
    /// Whether `cluster.local` only reaches endpoints of the own cluster.
    enable_mcs_cluster_local: bool = false, "ENABLE_MCS_CLUSTER_LOCAL";
    /// Whether proxies have addresses of both IP families.
    enable_dual_stack: bool = false, "ISTIO_DUAL_STACK";
    /// Whether outbound listeners listen on IPv4 too where pods have IPv6 only.
    enable_ipv4_outbound_listener_for_ipv6_clusters: bool = false, "ISTIO_ENABLE_IPV4_OUTBOUND_LISTENER_FOR_IPV6_CLUSTERS";
    /// Whether clusters always weigh localities.
    enable_locality_weighted_lb_config: bool = false, "ENABLE_LOCALITY_WEIGHTED_LB_CONFIG";
    /// Whether DestinationRules of one host only merge when they are visible to the same namespaces.
    enable_enhanced_destination_rule_merge: bool = true, "ENABLE_ENHANCED_DESTINATIONRULE_MERGE";
    /// Whether namespaces without a Sidecar share one scope.
    unified_sidecar_scope: bool = true, "PILOT_UNIFIED_SIDECAR_SCOPE";
    /// Whether a host that several namespaces define is taken from the best of them.
    sidecar_pick_best_service_namespace: bool = true, "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE";
    /// Whether TLS ServiceEntries with wildcard hosts are resolved at run time.
    enable_wildcard_host_service_entries_for_tls: bool = false, "ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS";
    /// Hosts that the dynamic forward proxy remembers at most.
    allow_any_dynamic_dns_max_hosts: u32 = 1024, "PILOT_ALLOW_ANY_DYNAMIC_DNS_MAX_HOSTS";
    /// Queries over one UDP socket of Envoy's resolver.
    dns_cares_udp_max_queries: u32 = 100, "PILOT_DNS_CARES_UDP_MAX_QUERIES";
    /// Jitter of DNS look-ups.
    dns_jitter_duration: Duration = Duration::from_millis(100), "PILOT_DNS_JITTER_DURATION";
    /// Whether ServiceEntries with a workload selector select pods.
    enable_service_entry_select_pods: bool = true, "PILOT_ENABLE_SERVICEENTRY_SELECT_PODS";
    /// Whether Services select WorkloadEntries.
    enable_k8s_select_workload_entries: bool = true, "PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES";
    /// Whether ServiceEntries without addresses get some.
    enable_ip_auto_allocate: bool = true, "PILOT_ENABLE_IP_AUTOALLOCATE";
    /// Whether virtual hosts of gateways with the same routes become one.
    enable_route_collapse_optimization: bool = true, "PILOT_ENABLE_ROUTE_COLLAPSE_OPTIMIZATION";
    /// Whether virtual hosts have their domains with a trailing dot too.
    enable_absolute_fqdn_vhost_domain: bool = true, "PILOT_ENABLE_ABSOLUTE_FQDN_VHOST_DOMAIN";
    /// Whether DNS names of headless services hold endpoints of all clusters.
    enable_multicluster_headless: bool = true, "ENABLE_MULTICLUSTER_HEADLESS";
    /// Whether headless TCP services have one listener with a chain for each pod.
    enable_headless_filter_chain_listener: bool = false, "PILOT_ENABLE_HEADLESS_FILTER_CHAIN_LISTENER";
    /// Whether clusters of headless services get endpoints.
    enable_eds_for_headless_services: bool = false, "PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES";
    /// Whether Mongo ports get the Mongo filter.
    enable_mongo_filter: bool = true, "PILOT_ENABLE_MONGO_FILTER";
    /// Whether MySQL ports get the MySQL filter.
    enable_mysql_filter: bool = false, "PILOT_ENABLE_MYSQL_FILTER";
    /// Whether Redis ports get the Redis filter.
    enable_redis_filter: bool = false, "PILOT_ENABLE_REDIS_FILTER";
    /// Whether TLS of a DestinationRule wins over metadata for external services.
    prefer_destination_rule_tls_for_external_services: bool = true, "PREFER_DESTINATIONRULE_TLS_FOR_EXTERNAL_SERVICES";
    /// Whether mirrored requests keep their host.
    disable_shadow_host_suffix: bool = true, "DISABLE_SHADOW_HOST_SUFFIX";
    /// Whether circuit breakers do not count what remains.
    disable_track_remaining_cb_metrics: bool = true, "DISABLE_TRACK_REMAINING_CB_METRICS";
    /// Whether external ServiceEntries have canonical service labels in telemetry.
    label_canonical_services_for_mesh_external_service_entries: bool = false, "LABEL_CANONICAL_SERVICES_FOR_MESH_EXTERNAL_SERVICE_ENTRIES";
    /// Whether addresses of network gateways may be names.
    resolve_hostname_gateways: bool = true, "RESOLVE_HOSTNAME_GATEWAYS";
    /// Whether several roots are trusted.
    multiroot_mesh: bool = false, "ISTIO_MULTIROOT_MESH";

    // Listeners and connection managers.
    /// Whether HTTP/1.0 is accepted.
    http10: bool = false, "PILOT_HTTP10";
    /// Whether `100 Continue` is passed on.
    enable_100_continue_headers: bool = true, "ENABLE_100_CONTINUE_HEADERS";
    /// Whether connection managers know which addresses are internal.
    enable_hcm_internal_networks: bool = false, "ENABLE_HCM_INTERNAL_NETWORKS";
    /// Whether outbound connection managers of sidecars use the address of the peer.
    sidecar_use_remote_address: bool = false, "PILOT_SIDECAR_USE_REMOTE_ADDRESS";
    /// Whether gateways serve HTTP/3.
    enable_quic_listeners: bool = false, "PILOT_ENABLE_QUIC_LISTENERS";
    /// Whether ingress listeners of a Sidecar may terminate TLS.
    enable_tls_on_sidecar_ingress: bool = false, "ENABLE_TLS_ON_SIDECAR_INGRESS";
    /// Whether ingress listeners of a Sidecar add to those of its Services.
    allow_sidecar_service_inbound_listener_merge: bool = false, "PILOT_ALLOW_SIDECAR_SERVICE_INBOUND_LISTENER_MERGE";
    /// Connections that a listener accepts at once; 0 means no limit.
    max_connections_per_socket_event_loop: u32 = 1, "MAX_CONNECTIONS_PER_SOCKET_EVENT_LOOP";
    /// Time for the TLS handshake with a client; 0 means no limit.
    gateway_transport_socket_connect_timeout: Duration = Duration::from_secs(15), "PILOT_GATEWAY_TRANSPORT_SOCKET_CONNECT_TIMEOUT";
    /// Whether sidecars offer the protocol of the downstream connection upstream.
    enable_alpn_filter: bool = true, "PILOT_ENABLE_ALPN_FILTER";
    /// Whether metadata exchange over ALPN is off.
    disable_mx_alpn: bool = false, "PILOT_DISABLE_MX_ALPN";
    /// Whether proxies tell each other who they are.
    enable_metadata_exchange: bool = true, "PILOT_ENABLE_METADATA_EXCHANGE";
    /// Labels that they tell beside Istio's, comma-separated.
    mx_additional_labels: String = String::new(), "PILOT_MX_ADDITIONAL_LABELS";
    /// Whether clusters carry their services as metadata.
    enable_telemetry_label: bool = true, "PILOT_ENABLE_TELEMETRY_LABEL";
    /// Whether endpoints carry their workload as metadata.
    endpoint_telemetry_label: bool = true, "PILOT_ENDPOINT_TELEMETRY_LABEL";
    /// Share of requests that are traced where nothing else says, per cent.
    trace_sampling: f64 = 1.0, "PILOT_TRACE_SAMPLING";
    /// Whether the health port of the proxy accepts the PROXY protocol.
    envoy_status_port_enable_proxy_protocol: bool = false, "ENVOY_STATUS_PORT_ENABLE_PROXY_PROTOCOL";

    // Gateways.
    /// Whether the Gateway API is read.
    enable_gateway_api: bool = true, "PILOT_ENABLE_GATEWAY_API";
    /// Whether its experimental kinds and fields are read.
    enable_alpha_gateway_api: bool = false, "PILOT_ENABLE_ALPHA_GATEWAY_API";
    /// Whether Gateway API and Istio Gateways are kept apart on one workload.
    enable_strict_gateway_merging: bool = true, "PILOT_ENABLE_STRICT_GATEWAY_MERGING";
    /// Whether a Gateway only selects workloads of its namespace.
    scope_gateway_to_namespace: bool = false, "PILOT_SCOPE_GATEWAY_TO_NAMESPACE";
    /// Whether a Gateway of the Gateway API may name a workload that is deployed by hand.
    enable_gateway_api_manual_deployment: bool = true, "ENABLE_GATEWAY_API_MANUAL_DEPLOYMENT";
    /// Class of Gateways that istiod deploys.
    gateway_api_default_gateway_class: String = "istio".to_owned(), "PILOT_GATEWAY_API_DEFAULT_GATEWAYCLASS_NAME";
    /// Name of the controller in Gateway classes.
    gateway_api_controller_name: String = "istio.io/gateway-controller".to_owned(), "PILOT_GATEWAY_API_CONTROLLER_NAME";
    /// Whether policies with a selector hold for Gateways of the Gateway API.
    enable_selector_based_k8s_gateway_policy: bool = true, "ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY";

    // Security.
    /// Whether clients of every trust domain are accepted.
    skip_validate_trust_domain: bool = false, "PILOT_SKIP_VALIDATE_TRUST_DOMAIN";
    /// Whether a workload may have several external authorizers.
    enable_multiple_custom_authz_providers: bool = false, "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS";
    /// Where the keys that validate tokens come from.
    jwt_enable_remote_jwks: RemoteJwks = RemoteJwks::Istiod, "PILOT_JWT_ENABLE_REMOTE_JWKS";
    /// Address ranges from which istiod fetches no keys, comma-separated.
    blocked_cidrs_in_jwks_uris: String = String::new(), "BLOCKED_CIDRS_IN_JWKS_URIS";
    /// Standard that TLS has to comply with (`fips-140-2`, `pqc`); empty means none.
    compliance_policy: String = String::new(), "COMPLIANCE_POLICY";

    // Ambient.
    /// Whether sidecars and gateways send HBONE.
    enable_sending_hbone: bool = true, "PILOT_ENABLE_SENDING_HBONE";
    /// Whether sidecars accept HBONE.
    enable_sidecar_listening_hbone: bool = true, "PILOT_ENABLE_SIDECAR_LISTENING_HBONE";
    /// Whether HBONE is preferred to mutual TLS where both work.
    prefer_sending_hbone: bool = false, "PILOT_PREFER_SENDING_HBONE";
    /// Whether a waypoint may always reach the workloads behind it.
    auto_allow_waypoint_policy: bool = false, "PILOT_AUTO_ALLOW_WAYPOINT_POLICY";
    /// Whether gateways send to waypoints where services ask for it.
    enable_ingress_waypoint_routing: bool = true, "ENABLE_INGRESS_WAYPOINT_ROUTING";
    /// Whether ambient spans networks.
    ambient_enable_multi_network: bool = false, "AMBIENT_ENABLE_MULTI_NETWORK";
    /// Whether waypoints send to other networks.
    ambient_enable_multi_network_waypoint: bool = true, "AMBIENT_ENABLE_MULTI_NETWORK_WAYPOINT";
    /// Whether gateways send to other networks.
    ambient_enable_multi_network_ingress: bool = false, "AMBIENT_ENABLE_MULTI_NETWORK_INGRESS";
    /// Whether who sent a request travels in the header `baggage`.
    ambient_enable_baggage: bool = false, "AMBIENT_ENABLE_BAGGAGE";
    /// Whether policies of a waypoint hold beside those of ztunnel.
    enable_layered_waypoint_authorization_policies: bool = false, "ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES";
    /// Whether ztunnel gets policies that only log.
    ambient_enable_dry_run_authorization_policy: bool = false, "AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY";
    /// First flow control window of an HBONE stream, bytes; 0 means that of Envoy.
    hbone_initial_stream_window_size: u32 = 0, "PILOT_HBONE_INITIAL_STREAM_WINDOW_SIZE";
    /// First flow control window of an HBONE connection, bytes; 0 means that of Envoy.
    hbone_initial_connection_window_size: u32 = 0, "PILOT_HBONE_INITIAL_CONNECTION_WINDOW_SIZE";
}

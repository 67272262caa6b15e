//! Every code that meshc can report. Numbers are permanent and grouped by pass: 10xx load, 11xx parse, 20xx schema,
//! 21xx decode, 30xx resolve, 40xx lower, 50xx lint, 60xx emit, 70xx certificates. A retired number is not used again.

use crate::{Code, Severity};

macro_rules! codes {
    ($($(#[$doc:meta])* $ident:ident = $number:literal $name:literal $severity:ident $($istio:literal)?;)*) => {
        $($(#[$doc])* pub static $ident: Code = Code {
            number: $number,
            name: $name,
            istio: codes!(@istio $($istio)?),
            severity: Severity::$severity,
        };)*
        /// All codes, in the order of the table.
        pub static ALL: &[&Code] = &[$(&$ident),*];
    };
    (@istio) => { None };
    (@istio $istio:literal) => { Some($istio) };
}

codes! {
    /// A file is not UTF-8, the only encoding that kubectl splits into documents.
    NOT_UTF8 = 1001 "not-utf8" Error;
    /// A file with the name of a manifest holds binary data.
    BINARY_FILE = 1002 "binary-file" Error;
    /// A file is larger than meshc reads.
    FILE_TOO_LARGE = 1003 "file-too-large" Error;
    /// A symbolic link points to something outside the trees that meshc was given.
    SYMLINK_OUTSIDE_TREE = 1004 "symlink-outside-tree" Error;
    /// A symbolic link leads back to itself or to a directory that holds it.
    SYMLINK_LOOP = 1005 "symlink-loop" Error;
    /// A symbolic link points to nothing.
    DANGLING_SYMLINK = 1006 "dangling-symlink" Error;
    /// A directory entry with the name of a manifest is a socket, a pipe or a device.
    NOT_A_FILE = 1007 "not-a-file" Error;
    /// A document is not YAML or JSON.
    YAML_SYNTAX = 1101 "yaml-syntax" Error;
    /// Tabs indent a block, which YAML forbids.
    TAB_INDENTATION = 1102 "tab-indentation" Error;
    /// A document holds template actions (`{{ … }}`) that nobody has rendered.
    UNRENDERED_TEMPLATE = 1103 "unrendered-template" Error;
    /// Aliases and merge keys multiply the document beyond what Kubernetes accepts.
    EXCESSIVE_ALIASING = 1104 "excessive-aliasing" Error;
    /// Lists and mappings are nested deeper than meshc reads.
    NESTED_TOO_DEEP = 1105 "nested-too-deep" Error;
    /// A mapping key is null, a list or a mapping, which JSON does not have.
    KEY_NOT_A_STRING = 1106 "key-not-a-string" Error;
    /// The same key stands twice in one mapping; the last one counts.
    DUPLICATE_KEY = 1107 "duplicate-key" Warning;
    /// A merge key (`<<`) has a value that is not a mapping.
    MERGE_NOT_A_MAPPING = 1108 "merge-not-a-mapping" Error;
    /// A scalar has no JSON value: `.nan`, `.inf`, or a tag that does not fit.
    SCALAR_WITHOUT_VALUE = 1109 "scalar-without-value" Error;
    /// A document is a list or a scalar where an object must stand.
    NOT_AN_OBJECT = 1110 "not-an-object" Error;
    /// A merge key comes after a key that it overwrites, which readers of YAML understand differently.
    MERGE_OVERWRITES_KEY = 1111 "merge-overwrites-key" Warning;
    /// A file with the name of a JSON file is not JSON.
    JSON_SYNTAX = 1112 "json-syntax" Error;
    /// An object has a field that its kind does not have.
    UNKNOWN_FIELD = 2001 "unknown-field" Warning;
    /// A value has a type or a value that its field cannot have.
    INVALID_VALUE = 2002 "invalid-value" Error "IST0106";
    /// A field that the kind requires is absent.
    MISSING_FIELD = 2003 "missing-field" Error "IST0106";
    /// The API server or a webhook refuses a value by a rule that the schema cannot state.
    REFUSED_BY_RULE = 2004 "refused-by-rule" Error "IST0106";
    /// Istio accepts an object but warns of it.
    ACCEPTED_WITH_WARNING = 2005 "accepted-with-warning" Warning "IST0133";
    /// Earlier rules of a VirtualService take all traffic of a rule.
    UNREACHABLE_RULE = 2006 "unreachable-rule" Warning "IST0130";
    /// An earlier match of a VirtualService takes all traffic of a match.
    INEFFECTIVE_MATCH = 2007 "ineffective-match" Info "IST0131";
    /// A document lacks `apiVersion` or `kind`.
    INCOMPLETE_OBJECT = 2101 "incomplete-object" Warning;
    /// An object has no name, or one that Kubernetes refuses.
    INVALID_NAME = 2102 "invalid-name" Error;
    /// A group of Kubernetes or Istio has no such kind.
    UNKNOWN_KIND = 2103 "unknown-kind" Error;
    /// A kind has no such version, or not any more.
    UNSERVED_VERSION = 2104 "unserved-version" Error;
    /// Two documents define the same object.
    DUPLICATE_OBJECT = 2105 "duplicate-object" Warning;
    /// A document is the input of another program (a kustomization, an IstioOperator), not an object.
    NOT_RENDERED = 2106 "not-rendered" Warning;
    /// A feature flag of istiod that no translation depends on.
    UNKNOWN_ISTIOD_FLAG = 2120 "unknown-istiod-flag" Info;
    /// A feature flag of istiod has a value that istiod cannot read.
    INVALID_ISTIOD_FLAG = 2121 "invalid-istiod-flag" Warning;
    /// A kind or field is read and understood, but no pass acts on it yet.
    NOT_SUPPORTED_YET = 2110 "not-supported-yet" Warning;
    /// A field is set that has no effect in a mesh without control plane, or in Istio at all.
    FIELD_WITHOUT_EFFECT = 2111 "field-without-effect" Info;
    /// A lock file, or a line of it, cannot be read.
    INVALID_LOCK = 2130 "invalid-lock" Error;
    /// Lines of a lock file contradict each other.
    LOCK_CONFLICT = 2131 "lock-conflict" Error;
    /// A reference names a host that no Service or ServiceEntry provides.
    UNKNOWN_HOST = 3001 "unknown-host" Error "IST0101";
    /// A reference names a subset that no DestinationRule of the host defines.
    UNKNOWN_SUBSET = 3004 "unknown-subset" Error "IST0101";
    /// A VirtualService names a Gateway that does not exist.
    UNKNOWN_GATEWAY = 3005 "unknown-gateway" Error "IST0101";
    /// A VirtualService delegates to another one that does not exist, has hosts of its own or is not exported to it.
    UNKNOWN_DELEGATE = 3006 "unknown-delegate" Warning "IST0101";
    /// A rule of a delegate lies outside of the rule that delegates to it.
    DELEGATE_OUTSIDE_RULE = 3007 "delegate-outside-rule" Warning;
    /// No workload runs a Gateway.
    GATEWAY_WITHOUT_WORKLOAD = 3008 "gateway-without-workload" Warning "IST0101";
    /// Two VirtualServices for sidecars have the same host.
    DUPLICATE_HOST = 3010 "duplicate-host" Warning "IST0109";
    /// An object, or a part of it, has no effect because another one of the same scope wins.
    SUPERSEDED = 3011 "superseded" Warning;
    /// Only the names of objects decide which of them wins.
    ORDER_BY_NAME = 3012 "order-by-name" Info;
    /// Objects of two kinds have the name of one workload.
    WORKLOAD_NAME_TAKEN = 3013 "workload-name-taken" Info;
    /// A path of an Ingress leads to nothing that Istio could send to.
    INGRESS_BACKEND = 3014 "ingress-backend" Warning;
    /// The mesh configuration names a provider, or a service of one, that does not exist.
    UNKNOWN_PROVIDER = 3016 "unknown-provider" Warning;
    /// An automatic address is not in the lock file, so that a new object may move it.
    ADDRESS_NOT_LOCKED = 3020 "address-not-locked" Warning;
    /// A line of the lock file is about nothing in the tree, or the tree says something else.
    STALE_LOCK = 3021 "stale-lock" Warning;
    /// Two objects have one automatic address in their status.
    ADDRESS_TAKEN = 3022 "address-taken" Warning;
    /// Proxies of other networks dial endpoints at their own addresses, since no gateway into their network is known.
    NETWORK_WITHOUT_GATEWAY = 3015 "network-without-gateway" Warning;
    /// Connections to one service cannot be told from those to another one, which gets them.
    LISTENER_CONFLICT = 4001 "listener-conflict" Warning;
    /// A service has a port that the proxy needs itself, or may not bind.
    RESERVED_PORT = 4002 "reserved-port" Warning;
    /// A service has no address in the tree, so its port stands for every address.
    ADDRESS_UNKNOWN = 4003 "address-unknown" Info;
    /// Several services without an address in the tree have one port.
    ADDRESS_SHARED = 4004 "address-shared" Warning;
    /// A server of a Gateway cannot be beside another one.
    GATEWAY_SERVER_CONFLICT = 4011 "gateway-server-conflict" Warning "IST0145";
    /// A port of a Gateway has no route, so that nothing listens on it.
    GATEWAY_SERVER_WITHOUT_ROUTE = 4012 "gateway-server-without-route" Warning;
    /// Two servers of a port take the same connections, which no Envoy can be told.
    GATEWAY_SERVERS_OVERLAP = 4013 "gateway-servers-overlap" Error;
    /// HTTP/3 is asked for, and a server of a gateway cannot have it.
    HTTP3_NOT_OFFERED = 4014 "http3-not-offered" Warning;
    /// A redirect has a status that is none.
    INVALID_REDIRECT_CODE = 4021 "invalid-redirect-code" Error;
    /// A provider, a collector or a setting of the mesh configuration cannot be used as it is stated.
    UNUSABLE_SETTING = 4031 "unusable-setting" Warning;
    /// Some pods of a service have a proxy and others have none, which one DNS name cannot tell apart.
    MIXED_MTLS = 4051 "mixed-mtls" Warning;
    /// The pods of a service listen on different numbers for one named port, which DNS does not tell.
    AMBIGUOUS_TARGET_PORT = 4052 "ambiguous-target-port" Warning;
    /// No container of the tree declares the named port that a Service sends to.
    UNKNOWN_TARGET_PORT = 4053 "unknown-target-port" Warning;
    /// Labels of a subset contradict the selector of its service, so that no pod can have both.
    CONTRADICTORY_SUBSET = 4054 "contradictory-subset" Warning;
    /// A preference by locality is stated for pods, whose locality DNS does not tell.
    LOCALITY_UNKNOWN = 4055 "locality-unknown" Warning;
    /// How the endpoints of a service are found, when it is not by a generated headless Service.
    DISCOVERY_LEVEL = 4056 "discovery-level" Info;
    /// A service that is one name at a time has several; the first one counts.
    SEVERAL_LOGICAL_NAMES = 4057 "several-logical-names" Warning;
    /// The number of pods behind the gateway of another network is not stated.
    REPLICAS_UNKNOWN = 4058 "replicas-unknown" Info;
    /// Pods cannot be told from those of another network by their labels.
    NETWORK_LABEL_MISSING = 4059 "network-label-missing" Warning;
    /// A DestinationRule names a Secret for sidecars without selecting any.
    CREDENTIAL_NEEDS_SELECTOR = 4061 "credential-needs-selector" Warning;
    /// Mutual TLS is asked for without a client certificate.
    CLIENT_CERTIFICATE_MISSING = 4062 "client-certificate-missing" Warning;
    /// Two services lead to one port of a workload and disagree about it; the first one counts.
    INBOUND_PORT_CONFLICT = 4071 "inbound-port-conflict" Warning "IST0137";
    /// A value of a Sidecar ingress listener does not mean anything to a proxy that is configured at build time.
    SIDECAR_INGRESS_ENDPOINT = 4072 "sidecar-ingress-endpoint" Warning;
    /// A rule of an AuthorizationPolicy cannot be translated.
    INVALID_AUTHORIZATION_RULE = 4081 "invalid-authorization-rule" Error;
    /// A rule about HTTP applies to a port that carries no HTTP.
    HTTP_RULE_ON_TCP_PORT = 4082 "http-rule-on-tcp-port" Warning;
    /// The keys of a token issuer are not known at build time, so that every token is refused.
    JWKS_UNAVAILABLE = 4083 "jwks-unavailable" Warning;
    /// An annotation about the proxy of a pod or its capture cannot be read.
    INVALID_INJECTION_ANNOTATION = 4091 "invalid-injection-annotation" Error;
    /// A container runs as the user or group that is exempt from capture.
    RUNS_AS_PROXY_USER = 4092 "runs-as-proxy-user" Error;
    /// The input is output of meshc.
    ALREADY_INJECTED = 4093 "already-injected" Error;
    /// The input has been through Istio's injector.
    INJECTED_BY_ISTIO = 4094 "injected-by-istio" Info;
    /// A probe or hook asks a port that its container does not have.
    PROBE_WITHOUT_PORT = 4095 "probe-without-port" Warning;
    /// The namespace of a workload admits no container that captures traffic.
    CAPTURE_NOT_ADMITTED = 4096 "capture-not-admitted" Warning;
    /// A host has an automatic address that its clients cannot be told.
    NAME_NOT_TOLD = 4097 "name-not-told" Warning;
    /// A resource that meshc emits is not valid Envoy configuration; a fault of meshc, or of a value that no earlier check refused.
    INVALID_ENVOY_RESOURCE = 6001 "invalid-envoy-resource" Error;
    /// A connection names a route table that its proxy does not have; a fault of meshc.
    MISSING_ROUTE_TABLE = 6002 "missing-route-table" Error;
    /// The oldest Envoy that must load the output does not know a setting, which is left out.
    ENVOY_TOO_OLD = 6003 "envoy-too-old" Warning;
    /// A proxy is to run the bundled proxy, which does not have what its configuration asks for.
    NEEDS_ENVOY = 6021 "needs-envoy" Error;
    /// The bundled proxy passes traffic the same way without something that its configuration asks for.
    NOT_DONE_BY_PROXY = 6022 "not-done-by-proxy" Warning;
    /// An object is larger than Kubernetes stores.
    OBJECT_TOO_LARGE = 6011 "object-too-large" Error;
    /// The input has an object of the name that a generated one needs.
    GENERATED_NAME_TAKEN = 6012 "generated-name-taken" Error;
    /// TLS settings name a ConfigMap of another namespace, which a pod cannot mount, or what only an SDS server could hand out.
    CREDENTIAL_OUT_OF_REACH = 6013 "credential-out-of-reach" Error;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ALL;

    #[test]
    fn numbers_and_names_are_unique() {
        let numbers: BTreeSet<_> = ALL.iter().map(|code| code.number).collect();
        let names: BTreeSet<_> = ALL.iter().map(|code| code.name).collect();
        assert_eq!((numbers.len(), names.len()), (ALL.len(), ALL.len()));
    }
}

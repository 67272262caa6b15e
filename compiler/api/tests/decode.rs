//! Documents become resources or findings with places.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it misses by failing"
)]

use meshc_api::kubernetes::IntOrString;
use meshc_api::{ResourceSet, decode};
use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, Severity};
use meshc_source::{InputFile, SourceSet, load};

struct Decoded {
    sources: SourceSet,
    set: ResourceSet,
    findings: Vec<Diagnostic>,
}

fn read(text: &str) -> Decoded {
    let mut diagnostics = Diagnostics::new();
    let sources = load(vec![InputFile::new("a.yaml", text)], &mut diagnostics);
    let set = decode(&sources.documents, &mut diagnostics);
    Decoded { sources, set, findings: diagnostics.into_sorted() }
}

impl Decoded {
    /// Name of the code, the text under the primary place, and the message, of each finding.
    fn told(&self) -> Vec<(&str, &str, &str)> {
        let told = self.findings.iter().map(|finding| {
            let place = finding.primary.as_ref().map(|label| self.sources.files.slice(label.span));
            (finding.code.name, place.unwrap_or_default(), finding.message.as_str())
        });
        told.collect()
    }
}

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata:
  name: reviews
spec:
  selector: {app: reviews}
  ports:
  - {name: http, port: 9080, targetPort: web, someday: x}
status:
  loadBalancer: {ingress: [{ip: 203.0.113.1}]}
";

#[test]
fn a_service_is_read_with_its_status_and_its_defaults() {
    let decoded = read(SERVICE);
    assert_eq!(decoded.told(), []);
    let service = &decoded.set.services[0];
    assert_eq!((service.name(), service.namespace()), ("reviews", "default"));
    assert_eq!(service.spec.ports[0].target_port, Some(IntOrString::String("web".to_owned())));
    assert_eq!(service.spec.status.load_balancer.ingress[0].ip.as_deref(), Some("203.0.113.1"));
    assert_eq!(service.object_ref().to_string(), "Service default/reviews");
}

#[test]
fn a_field_knows_its_place_and_becomes_an_origin() {
    let decoded = read(SERVICE);
    let service = &decoded.set.services[0];
    let slice = |path| decoded.sources.files.slice(service.span(path));
    assert_eq!(
        (slice("spec.ports[0].targetPort"), slice("spec.ports[0].nodePort"), slice("")),
        ("web", "{name: http, port: 9080, targetPort: web, someday: x}", "reviews")
    );
    let origin = Origin::Declared { object: service.object_ref(), span: service.span("spec.ports[0].port") };
    assert_eq!(service.origin("spec.ports[0].port"), origin);
}

#[test]
fn fields_that_a_type_does_not_hold_stay_in_the_document() {
    let decoded = read(SERVICE);
    let value = decoded.set.services[0].document.to_value();
    assert_eq!(value["spec"]["ports"][0]["someday"], "x");
}

#[test]
fn a_wrong_type_in_a_kubernetes_object_is_an_error_at_the_value() {
    let decoded = read(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, labels: {version: 1}}\nspec: {template: {spec: {}}}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec: {ports: [{port: http}]}\n",
    );
    assert!(decoded.set.deployments.is_empty() && decoded.set.services.is_empty());
    let places: Vec<_> = decoded.told().into_iter().map(|(code, place, _)| (code, place)).collect();
    assert_eq!(places, [("invalid-value", "1"), ("invalid-value", "http")]);
    assert_eq!(decoded.findings[1].path.as_deref(), Some("spec.ports[0].port"));
}

#[test]
fn a_missing_template_is_an_error_and_null_is_as_good_as_absent() {
    let decoded = read(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, annotations: null, creationTimestamp: null}\nspec: {replicas: null}\n",
    );
    assert_eq!(decoded.told()[0].0, "missing-field");
}

#[test]
fn an_unknown_field_of_an_istio_object_is_told_and_the_object_is_kept() {
    let decoded = read(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n  hosts: [a]\n  http:\n  - timeOut: 5s\n    route: [{destination: {host: a}}]\n",
    );
    assert_eq!(decoded.told(), [("unknown-field", "timeOut", "unknown field `timeOut`")]);
    let finding = &decoded.findings[0];
    assert_eq!(finding.severity, Severity::Warning);
    assert_eq!(finding.help.as_deref(), Some("did you mean `timeout`?"));
    assert_eq!(finding.path.as_deref(), Some("spec.http[0].timeOut"));
    assert_eq!(finding.object.as_ref().map(ToString::to_string).as_deref(), Some("VirtualService default/a"));
    assert_eq!(decoded.set.virtual_services.len(), 1);
}

#[test]
fn wrong_types_enumerations_and_missing_fields_of_an_istio_object_refuse_it() {
    let decoded = read(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec:\n  trafficPolicy:\n    tls: {mode: ISTIO_MUTAL}\n    connectionPool: {tcp: {maxConnections: many}}\n",
    );
    assert!(decoded.set.destination_rules.is_empty());
    assert_eq!(
        decoded.told(),
        [
            ("missing-field", "trafficPolicy:", "missing field `host`"),
            ("invalid-value", "ISTIO_MUTAL", "`ISTIO_MUTAL` is not one of the values of this field"),
            ("invalid-value", "many", "expected a whole number, found the string `many`"),
        ]
    );
    assert_eq!(decoded.findings[1].help.as_deref(), Some("did you mean `ISTIO_MUTUAL`?"));
}

#[test]
fn objects_of_a_kind_are_ordered_by_age_then_name_then_namespace() {
    let gateway = |name: &str, rest: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: {name}{rest}}}\nspec: {{servers: [{{port: {{number: 80, name: http, protocol: HTTP}}, hosts: ['*']}}]}}\n"
        )
    };
    let text = [
        gateway("c", ", creationTimestamp: '2026-01-02T00:00:00Z'"),
        gateway("z", ", creationTimestamp: '2026-01-01T23:00:00.5-02:00'"),
        gateway("b", ", namespace: x"),
        gateway("b", ", namespace: a"),
        gateway("d", ", creationTimestamp: '2026-01-01T00:00:00Z'"),
    ];
    let decoded = read(&text.concat());
    assert_eq!(decoded.told(), []);
    let order: Vec<_> =
        decoded.set.gateways.iter().map(|gateway| (gateway.name(), gateway.namespace())).collect();
    assert_eq!(order, [("b", "a"), ("b", "x"), ("d", "default"), ("c", "default"), ("z", "default")]);
}

#[test]
fn of_two_documents_for_one_object_the_later_one_counts_and_both_places_are_shown() {
    let decoded = read(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: first}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: default}\ndata: {a: second}\n",
    );
    assert_eq!(decoded.told(), [("duplicate-object", "one", "ConfigMap default/one is defined twice")]);
    let finding = &decoded.findings[0];
    let places = (finding.primary.as_ref().map(|label| label.span), finding.related[0].span);
    assert!(places.0 > Some(places.1), "{places:?}");
    assert_eq!(decoded.set.config_maps.len(), 1);
    assert_eq!(decoded.set.config_maps[0].spec.data["a"], "second");
}

#[test]
fn unknown_kinds_pass_through_and_misspelt_ones_do_not() {
    let decoded = read(
        "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\n---\n\
         apiVersion: networking.istio.io/v1\nkind: VirtualServices\nmetadata: {name: b}\n---\n\
         apiVersion: v1\nkind: Deployment\nmetadata: {name: c}\n---\n\
         apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: d}\n",
    );
    let passed: Vec<_> = decoded.set.passthrough.iter().filter_map(|document| document.kind()).collect();
    assert_eq!(passed, ["Widget", "PersistentVolumeClaim"]);
    let helps: Vec<_> = decoded.findings.iter().map(|f| (f.code.name, f.help.as_deref())).collect();
    assert_eq!(
        helps,
        [
            ("unknown-kind", Some("did you mean `VirtualService`?")),
            ("unknown-kind", Some("Deployment belongs to `apps/v1`")),
        ]
    );
}

#[test]
fn kinds_that_no_pass_acts_on_pass_through_with_a_warning() {
    let decoded = read(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a, namespace: b}\n",
    );
    let message = "`HTTPRoute` of `gateway.networking.k8s.io` is not supported yet";
    assert_eq!(decoded.told(), [("not-supported-yet", "a", message)]);
    assert_eq!(decoded.set.passthrough.len(), 1);
}

#[test]
fn a_version_that_is_not_served_is_an_error_that_names_those_that_are() {
    let decoded = read("apiVersion: networking.istio.io/v1alpha1\nkind: Sidecar\nmetadata: {name: a}\n");
    assert_eq!(decoded.told()[0].0, "unserved-version");
    let help = decoded.findings[0].help.as_deref().unwrap();
    assert!(
        help.contains("`networking.istio.io/v1`") && help.contains("`networking.istio.io/v1alpha3`"),
        "{help}"
    );
    assert!(decoded.set.sidecars.is_empty());
}

#[test]
fn what_is_no_object_or_has_no_name_is_told_and_left_out() {
    let decoded = read(
        "replicas: 3\n---\nkind: Service\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Service\nmetadata: {}\n---\n\
         apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata: {name: ../../etc/passwd}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: A/b}\n",
    );
    let codes: Vec<_> = decoded.told().into_iter().map(|(code, ..)| code).collect();
    assert_eq!(
        codes,
        [
            "incomplete-object",
            "incomplete-object",
            "invalid-name",
            "invalid-name",
            "invalid-name",
            "invalid-name"
        ]
    );
    let ResourceSet { services, jobs, secrets, pods, passthrough, .. } = decoded.set;
    assert_eq!((services.len(), jobs.len(), secrets.len(), pods.len(), passthrough.len()), (0, 0, 0, 0, 0));
}

#[test]
fn an_istio_object_without_a_spec_is_one_with_an_empty_spec() {
    let decoded =
        read("apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: deny-all}\n");
    assert_eq!(decoded.told(), []);
    assert!(decoded.set.authorization_policies[0].spec.rules.is_empty());
}

#[test]
fn kinds_and_fields_that_no_pass_acts_on_are_told_at_their_place() {
    let text = "apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {name: all}\n---\n\
        apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec:\n  host: a\n  subsets:\n  - name: x\n    trafficPolicy: {loadBalancer: {backendUtilization: {}}}\n";
    let decoded = read(text);
    let mut diagnostics = Diagnostics::new();
    meshc_api::report_unsupported(&decoded.set, &mut diagnostics);
    let findings = diagnostics.into_sorted();
    let told: Vec<_> = findings
        .iter()
        .map(|f| (f.primary.as_ref().map(|label| decoded.sources.files.slice(label.span)), f.path.as_deref()))
        .collect();
    let path = "spec.subsets[0].trafficPolicy.loadBalancer.backendUtilization";
    assert_eq!(told, [(Some("all"), None), (Some("backendUtilization"), Some(path))]);
}

#[test]
fn a_misspelt_field_of_metadata_is_told_also_in_a_pod_template() {
    let decoded = read(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, anotations: {}}\nspec: {template: {metadata: {lables: {app: a}}, spec: {}}}\n",
    );
    let told: Vec<_> = decoded.findings.iter().map(|f| (f.path.as_deref(), f.help.as_deref())).collect();
    assert_eq!(
        told,
        [
            (Some("metadata.anotations"), Some("did you mean `annotations`?")),
            (Some("spec.template.metadata.lables"), Some("did you mean `labels`?")),
        ]
    );
    assert_eq!(decoded.set.deployments.len(), 1);
}

#[test]
fn a_boolean_where_a_string_must_stand_is_told_to_be_quoted() {
    let decoded = read(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {canary: yes}}\nspec: {}\n---\n\
         apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: a, subsets: [{name: b, labels: {version: 2}}]}\n",
    );
    let told: Vec<_> = decoded.findings.iter().map(|f| (f.path.as_deref(), f.help.as_deref())).collect();
    let of_word = Some("put `yes` in quotes: without them kubectl reads a boolean");
    let of_number = Some("put the value in quotes to make it a string");
    assert_eq!(
        told,
        [(Some("metadata.labels.canary"), of_word), (Some("spec.subsets[0].labels.version"), of_number)]
    );
}

#[test]
fn items_of_a_typed_list_take_their_kind_from_it() {
    let decoded = read(
        "apiVersion: networking.istio.io/v1\nkind: SidecarList\nitems:\n- metadata: {name: a}\n  spec: {egress: [{hosts: ['./*']}]}\n",
    );
    assert_eq!(decoded.told(), []);
    assert_eq!(decoded.set.sidecars[0].api_version, "networking.istio.io/v1");
}

#[test]
fn input_of_other_programs_is_told_and_left_out() {
    let decoded = read(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n---\n\
         apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {}\n",
    );
    let places: Vec<_> = decoded.told().into_iter().map(|(code, place, _)| (code, place)).collect();
    assert_eq!(places, [("not-rendered", "Kustomization"), ("not-rendered", "IstioOperator")]);
    assert!(decoded.set.passthrough.is_empty());
}

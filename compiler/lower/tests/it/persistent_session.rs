//! Services whose labels keep clients on one endpoint.

use meshc_api::IstiodFeatures;
use meshc_plan::{
    HttpFilter, NetworkFilter, Plan, ProxyPlan, RouteTable, RouteTableName, StatefulSession, UpstreamName,
    VirtualHost,
};

use crate::pitfalls::{ingress, object, service, web, workload};
use crate::support;

const WEB: &str = "web.shop.svc.cluster.local";
const BLOG: &str = "blog.shop.svc.cluster.local";

/// Compiles objects beside a client, `web` with a session cookie, and `blog` with a session header.
fn compile(enabled: bool, parts: &[String]) -> Plan {
    let labelled = |text: String, name: &str, label: &str| {
        let place = format!("kind: Service\nmetadata: {{name: {name}, namespace: shop");
        text.replace(&place, &format!("{place}, labels: {{{label}}}"))
    };
    let blog = service("shop", "blog", 2, "{name: http, port: 80, targetPort: 8080}");
    let tree = workload("shop", "client", "")
        + &labelled(
            web(),
            "web",
            "istio.io/persistent-session: 'sid:/cart', istio.io/persistent-session-header: x",
        )
        + &labelled(blog, "blog", "istio.io/persistent-session-header: x-blog")
        + &parts.concat();
    let features = IstiodFeatures { enable_persistent_session_filter: enabled, ..IstiodFeatures::default() };
    support::lower_with_features(&[("tree.yaml", &tree)], "", features).0
}

fn proxy<'p>(plan: &'p Plan, name: &str) -> &'p ProxyPlan {
    plan.proxies.iter().find(|(workload, _)| workload.name == name).expect("a proxy").1
}

fn host<'p>(plan: &'p Plan, workload: &str, table: &RouteTableName, name: &str) -> &'p VirtualHost {
    let table: &RouteTable =
        proxy(plan, workload).route_tables.iter().find(|known| known.name == *table).expect("a table");
    table.virtual_hosts.iter().find(|host| host.name == format!("{name}:80")).expect("a host")
}

fn cookie() -> StatefulSession {
    StatefulSession::Cookie { name: "sid".to_owned(), path: "/cart".to_owned() }
}

fn header() -> StatefulSession {
    StatefulSession::Header { name: "x-blog".to_owned() }
}

/// Whether the connections of a proxy have the filter, inbound and otherwise.
fn filters(plan: &Plan, workload: &str) -> [bool; 2] {
    let mut found = [false; 2];
    for listener in &proxy(plan, workload).listeners {
        for filter in listener.chains.iter().flat_map(|chain| &chain.filters) {
            let NetworkFilter::Http(connection) = filter else { continue };
            let inbound = connection.stat_prefix.starts_with("inbound");
            found[usize::from(!inbound)] |= connection.filters.contains(&HttpFilter::StatefulSession);
        }
    }
    found
}

#[test]
fn clients_stay_by_a_cookie_before_a_header() {
    let plan = compile(true, &[]);
    let table = RouteTableName::Port(80);
    let web = host(&plan, "client", &table, WEB);
    assert_eq!(web.session, Some(cookie()));
    assert_eq!(web.routes[0].session, None, "the host says it for its only route");
    assert_eq!(host(&plan, "client", &table, BLOG).session, Some(header()));
    assert_eq!(filters(&plan, "client"), [false, true]);
}

#[test]
fn without_the_flag_labels_only_keep_endpoints_that_drain() {
    let plan = compile(false, &[]);
    assert_eq!(host(&plan, "client", &RouteTableName::Port(80), WEB).session, None);
    assert_eq!(filters(&plan, "client"), [false, false]);
    let reaches = |host: &str, subset: Option<&str>| {
        let name =
            UpstreamName::Outbound { port: 80, subset: subset.map(str::to_owned), host: host.to_owned() };
        let found = proxy(&plan, "client").upstreams.iter().find(|upstream| upstream.name == name);
        found.expect("an upstream").load_balancing.as_ref().expect("a balancer").sessions_reach_draining
    };
    assert!(reaches(WEB, None));
    assert!(reaches(BLOG, None));
}

#[test]
fn routes_have_the_sessions_of_their_first_destination_that_has_some() {
    let routes = "[{match: [{uri: {prefix: /old}}], redirect: {uri: /}}, {route: [{destination: {host: web}, weight: 0}, {destination: {host: blog}, weight: 50}, {destination: {host: other.example}, weight: 50}]}]";
    let rule = object("VirtualService", "shop", "web", &format!("{{hosts: [web], http: {routes}}}"));
    let plan = compile(true, &[rule]);
    let web = host(&plan, "client", &RouteTableName::Port(80), WEB);
    assert_eq!(web.session, Some(cookie()));
    let sessions: Vec<_> = web.routes.iter().map(|route| route.session.clone()).collect();
    assert_eq!(sessions, [None, Some(header())]);
}

#[test]
fn hosts_of_a_gateway_have_the_sessions_of_the_service_that_they_are() {
    let server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}";
    let gateway =
        object("Gateway", "edge", "main", &format!("{{selector: {{istio: ingress}}, servers: [{server}]}}"));
    let rule = |name: &str, host: &str| {
        let spec = format!(
            "{{hosts: [{host}], gateways: [edge/main], http: [{{route: [{{destination: {{host: {WEB}}}}}]}}]}}"
        );
        object("VirtualService", "shop", name, &spec)
    };
    let plan = compile(true, &[ingress(), gateway, rule("own", WEB), rule("public", "shop.example.com")]);
    let table = RouteTableName::GatewayHttp { port: 8080, bind: None };
    let own = host(&plan, "ingress", &table, WEB);
    assert_eq!((&own.session, &own.routes[0].session), (&Some(cookie()), &Some(cookie())));
    let public = host(&plan, "ingress", &table, "shop.example.com");
    assert_eq!((&public.session, &public.routes[0].session), (&None, &Some(cookie())));
    assert_eq!(filters(&plan, "ingress"), [false, true]);
}

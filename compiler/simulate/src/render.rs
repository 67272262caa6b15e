//! A trace as text for people. Names are those that people search for, so the emitter spells them.

mod criteria;

use meshc_diagnostics::{Origin, Sources};
use meshc_plan::{
    AuthorizationAction, ListenerName, RouteTableName, RuleId, TransportProtocol, UpstreamName,
};

use self::criteria::criteria;
use crate::trace::{Inspected, PolicyDecision, Stage, Step, Trace};
use crate::verdict::{Destination, Failure, Verdict};

/// How a target spells names.
#[derive(Debug, Clone, Copy)]
pub struct Spelling {
    /// A listener.
    pub listener: fn(&ListenerName) -> String,
    /// An upstream.
    pub upstream: fn(&UpstreamName) -> String,
    /// A route table.
    pub route_table: fn(&RouteTableName) -> String,
}

/// A trace, a line for each step and one for the verdict, with a line feed at the end.
#[must_use]
pub fn render(trace: &Trace<'_>, spelling: &Spelling, sources: &dyn Sources) -> String {
    let mut text = String::new();
    for (index, step) in trace.steps.iter().enumerate() {
        let origin = step.origin().map(|origin| format!("   {}", place(origin, sources)));
        let line = format!(
            "{:>2} {:<15} {}{}",
            index + 1,
            stage(step.stage()),
            what(step, spelling),
            origin.unwrap_or_default()
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("→ ");
    text.push_str(&verdict(&trace.verdict, spelling));
    text.push('\n');
    text
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Listener => "listener",
        Stage::Inspection => "inspectors",
        Stage::Chain => "filter chain",
        Stage::Tls => "TLS",
        Stage::Policy => "authorization",
        Stage::Token => "token",
        Stage::RouteTable => "route table",
        Stage::VirtualHost => "virtual host",
        Stage::Route => "route",
        Stage::Fault => "fault",
    }
}

/// Where a node comes from: the file with its line and the object, or the rule.
fn place(origin: &Origin, sources: &dyn Sources) -> String {
    match origin {
        Origin::Declared { object, span } => {
            let line = sources.position(span.file, span.start).line;
            format!("{}:{line} ({object})", sources.path(span.file))
        }
        Origin::Default { rule } => format!("({rule})"),
    }
}

fn what(step: &Step<'_>, spelling: &Spelling) -> String {
    match step {
        Step::Listener(listener) => (spelling.listener)(&listener.name),
        Step::Inspected(inspected) => what_inspected(inspected),
        Step::Chain { chain, default } => {
            let name = chain.name.as_deref().unwrap_or("without a name");
            if *default {
                format!("{name}, which takes what no other chain matches")
            } else {
                name.to_owned()
            }
        }
        Step::Handshake { mutual: true } => "terminated, with a certificate of the client".to_owned(),
        Step::Handshake { mutual: false } => "terminated".to_owned(),
        Step::Policy(decision) => what_decided(decision),
        Step::Token { accepted: true } => "accepted".to_owned(),
        Step::Token { accepted: false } => "not accepted".to_owned(),
        Step::RouteTable { table, inline: _ } => (spelling.route_table)(&table.name),
        Step::VirtualHost { host, domain } => format!("{} by its domain {domain}", host.name),
        Step::Route { route, index } => {
            let name = route.name.as_ref().map(|name| format!("{name}, ")).unwrap_or_default();
            let criteria = criteria(&route.matches);
            let because = if criteria.is_empty() { String::new() } else { format!(" because {criteria}") };
            format!("{name}number {index}{because}")
        }
        Step::Fault { abort, status: _, delay } => {
            format!("{} of the requests aborted, {} delayed", percent(*abort), percent(*delay))
        }
    }
}

fn what_inspected(inspected: &Inspected) -> String {
    let Inspected { transport, server_name, application_protocols } = inspected;
    let mut text = match transport {
        TransportProtocol::RawBuffer => "no TLS seen".to_owned(),
        TransportProtocol::Tls => "TLS".to_owned(),
    };
    if !server_name.is_empty() {
        text.push_str(&format!(", server name {server_name}"));
    }
    if !application_protocols.is_empty() {
        text.push_str(&format!(", {}", application_protocols.join(" ")));
    }
    text
}

fn what_decided(decision: &PolicyDecision<'_>) -> String {
    let PolicyDecision { filter, rule, allowed } = decision;
    let action = match filter.action {
        AuthorizationAction::Audit => "AUDIT",
        AuthorizationAction::Deny => "DENY",
        AuthorizationAction::Allow => "ALLOW",
    };
    let rule = rule.map_or_else(|| "no rule matches".to_owned(), rule_name);
    format!("{action}: {rule} → {}", if *allowed { "may pass" } else { "denied" })
}

fn rule_name(rule: &RuleId) -> String {
    let RuleId { namespace, policy, rule } = rule;
    format!("{namespace}/{policy} rule[{rule}]")
}

fn verdict(verdict: &Verdict<'_>, spelling: &Spelling) -> String {
    match verdict {
        Verdict::Tcp(destinations) => format!("bytes go to {}", shares(destinations, spelling)),
        Verdict::Http { destinations, .. } => format!("goes to {}", shares(destinations, spelling)),
        Verdict::Redirected { status, location, .. } => format!("{status} to {location}"),
        Verdict::RedirectedToHttps { location } => format!("301 to {location}: the host insists on TLS"),
        Verdict::RedirectedToPlainPath { location } => {
            format!("307 to {location}: the path has escaped slashes")
        }
        Verdict::Answered { status, .. } => format!("{status} as the route says"),
        Verdict::Preflight => "200 as an answer to a CORS preflight".to_owned(),
        Verdict::Aborted(status) => format!("{} as an injected fault", status.http),
        Verdict::Denied { rule, http, .. } => {
            let why =
                rule.map_or_else(|| "no rule allows it".to_owned(), |rule| format!("by {}", rule_name(rule)));
            if *http { format!("403: {why}") } else { format!("closed: {why}") }
        }
        Verdict::Unauthenticated => "401: the token is not accepted".to_owned(),
        Verdict::Failed(failure) => why(*failure).to_owned(),
    }
}

fn shares(destinations: &[Destination<'_>], spelling: &Spelling) -> String {
    let one = |destination: &Destination<'_>| {
        let name = (spelling.upstream)(destination.name);
        let missing = if destination.upstream.is_none() { ", which the proxy does not have" } else { "" };
        match destinations.len() {
            1 => format!("{name}{missing}"),
            _ => format!("{name} ({}){missing}", percent(destination.share)),
        }
    };
    destinations.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 10_000.0).round() / 100.0)
}

fn why(failure: Failure) -> &'static str {
    match failure {
        Failure::NoListener => "no listener takes the connection",
        Failure::NoFilterChain => "closed: no filter chain matches",
        Failure::MultipleFilterChains => "Envoy refuses the listener: several filter chains match alike",
        Failure::NoTerminalFilter => "closed: no filter takes the connection",
        Failure::TlsError => "closed: the proxy expects TLS",
        Failure::MtlsError => "closed: the two ends do not agree on mutual TLS",
        Failure::ProtocolError => "closed: the proxy expects HTTP",
        Failure::BadRequest => "400: the request is refused before it is routed",
        Failure::NoRouteTable => "404: the route table is not there",
        Failure::NoVirtualHost => "404: no virtual host has the host of the request",
        Failure::NoRoute => "404: no route matches",
        Failure::NoAction => "Envoy refuses the route: it has no action",
    }
}

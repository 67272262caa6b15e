//! The steps of a walk, with the nodes of the plan that decided.

use meshc_diagnostics::Origin;
pub use meshc_plan::Inspected;
use meshc_plan::{AuthorizationFilter, FilterChain, Listener, Route, RouteTable, RuleId, VirtualHost};

use crate::verdict::{AbortStatus, Destination, Verdict};

/// A walk of one call through one proxy.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace<'p> {
    /// Decisions in the order in which the proxy takes them.
    pub steps: Vec<Step<'p>>,
    /// What becomes of the call.
    pub verdict: Verdict<'p>,
}

/// One decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Step<'p> {
    /// The listener that takes the connection.
    Listener(&'p Listener),
    /// What its inspectors read from the first bytes.
    Inspected(Inspected),
    /// The filter chain.
    Chain {
        /// The chain.
        chain: &'p FilterChain,
        /// Whether it is the one for what no other chain matches.
        default: bool,
    },
    /// TLS that the proxy terminates.
    Handshake {
        /// Whether the client presented a certificate.
        mutual: bool,
    },
    /// A policy decided.
    Policy(PolicyDecision<'p>),
    /// A token was there, and whether it was accepted.
    Token {
        /// Whether it was accepted.
        accepted: bool,
    },
    /// The route table of the connection.
    RouteTable {
        /// The table.
        table: &'p RouteTable,
        /// Whether only this chain has it.
        inline: bool,
    },
    /// The virtual host, with the domain that matched.
    VirtualHost {
        /// The virtual host.
        host: &'p VirtualHost,
        /// The domain.
        domain: &'p str,
    },
    /// The route, with its place in the virtual host.
    Route {
        /// The route.
        route: &'p Route,
        /// Its place, from zero.
        index: usize,
    },
    /// The route injects faults.
    Fault {
        /// Share of requests that are answered with an error, between 0 and 1.
        abort: f64,
        /// Status of that answer.
        status: AbortStatus,
        /// Share of requests that are delayed, between 0 and 1.
        delay: f64,
    },
}

/// What an authorization filter decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolicyDecision<'p> {
    /// The filter.
    pub filter: &'p AuthorizationFilter,
    /// The rule that matched.
    pub rule: Option<&'p RuleId>,
    /// Whether the call may go on.
    pub allowed: bool,
}

/// The kind of a step, for columns and filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Listener.
    Listener,
    /// Inspectors.
    Inspection,
    /// Filter chain.
    Chain,
    /// TLS.
    Tls,
    /// Authorization.
    Policy,
    /// Token.
    Token,
    /// Route table.
    RouteTable,
    /// Virtual host.
    VirtualHost,
    /// Route.
    Route,
    /// Fault.
    Fault,
}

impl<'p> Step<'p> {
    /// Its kind.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            Self::Listener(_) => Stage::Listener,
            Self::Inspected(_) => Stage::Inspection,
            Self::Chain { .. } => Stage::Chain,
            Self::Handshake { .. } => Stage::Tls,
            Self::Policy(_) => Stage::Policy,
            Self::Token { .. } => Stage::Token,
            Self::RouteTable { .. } => Stage::RouteTable,
            Self::VirtualHost { .. } => Stage::VirtualHost,
            Self::Route { .. } => Stage::Route,
            Self::Fault { .. } => Stage::Fault,
        }
    }

    /// Why the node exists that decided; `None` where the call itself decides.
    #[must_use]
    pub fn origin(&self) -> Option<&'p Origin> {
        match self {
            Self::Listener(listener) => Some(&listener.origin),
            Self::Chain { chain, default: _ } => Some(&chain.origin),
            Self::Policy(decision) => Some(&decision.filter.origin),
            Self::RouteTable { table, inline: _ } => Some(&table.origin),
            Self::VirtualHost { host, domain: _ } => Some(&host.origin),
            Self::Route { route, index: _ } => Some(&route.origin),
            Self::Inspected(_) | Self::Handshake { .. } | Self::Token { .. } | Self::Fault { .. } => None,
        }
    }
}

impl<'p> Trace<'p> {
    /// The listener that took the connection.
    #[must_use]
    pub fn listener(&self) -> Option<&'p Listener> {
        self.last(|step| if let Step::Listener(listener) = step { Some(*listener) } else { None })
    }

    /// The filter chain that took it.
    #[must_use]
    pub fn chain(&self) -> Option<&'p FilterChain> {
        self.last(|step| if let Step::Chain { chain, .. } = step { Some(*chain) } else { None })
    }

    /// The route table, and whether only the chain has it.
    #[must_use]
    pub fn route_table(&self) -> Option<(&'p RouteTable, bool)> {
        self.last(
            |step| if let Step::RouteTable { table, inline } = step { Some((*table, *inline)) } else { None },
        )
    }

    /// The virtual host.
    #[must_use]
    pub fn virtual_host(&self) -> Option<&'p VirtualHost> {
        self.last(|step| if let Step::VirtualHost { host, .. } = step { Some(*host) } else { None })
    }

    /// The route.
    #[must_use]
    pub fn route(&self) -> Option<&'p Route> {
        self.last(|step| if let Step::Route { route, .. } = step { Some(*route) } else { None })
    }

    /// Decisions of policies, in order.
    pub fn policies(&self) -> impl Iterator<Item = PolicyDecision<'p>> {
        self.steps
            .iter()
            .filter_map(|step| if let Step::Policy(decision) = step { Some(*decision) } else { None })
    }

    /// The share of requests that an injected fault answers, with the status of the answer.
    #[must_use]
    pub fn abort(&self) -> Option<(f64, AbortStatus)> {
        let abort = |step: &Step<'p>| match step {
            Step::Fault { abort, status, delay: _ } => Some((*abort, *status)),
            _ => None,
        };
        self.last(abort)
    }

    /// Where the call may go to; empty if it goes nowhere.
    #[must_use]
    pub fn destinations(&self) -> &[Destination<'p>] {
        match &self.verdict {
            Verdict::Tcp(destinations) | Verdict::Http { destinations, .. } => destinations,
            _ => &[],
        }
    }

    /// The last step of a kind: a route may be chosen again once a token is known.
    fn last<T>(&self, pick: impl Fn(&Step<'p>) -> Option<T>) -> Option<T> {
        self.steps.iter().rev().find_map(pick)
    }
}

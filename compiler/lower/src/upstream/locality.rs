//! Preference by region, zone and network (translation-spec §3.7 "Locality"). What it does to endpoints is decided here
//! only where they are stated: pods found by DNS tell no locality.

use std::collections::BTreeMap;

use meshc_api::istio::{LoadBalancerSettings, LocalityDistribute, LocalityFailover};
use meshc_api::mesh_config::MeshConfig;
use meshc_model::Service;
use meshc_plan::{EndpointGroup, Locality, LocalityBalancing};

/// The locality settings that apply to an upstream.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct LocalitySetting {
    /// Shares of localities.
    distribute: Vec<LocalityDistribute>,
    /// Where a region fails over to.
    failover: Vec<LocalityFailover>,
    /// Labels by which endpoints are ranked.
    failover_priority: Vec<String>,
    /// Whether failover is on without outlier detection (`trafficDistribution`).
    forced: bool,
    /// Preference of the own zone at run time: smallest number of endpoints, whether it is on.
    zone_aware: Option<(Option<u64>, bool)>,
    /// Whether the configuration of the mesh states it, for all services.
    of_mesh: bool,
}

impl LocalitySetting {
    /// The settings of a rule, else of the service, else of the mesh; `None` when locality plays no role.
    pub(super) fn effective(
        config: &MeshConfig,
        settings: Option<&LoadBalancerSettings>,
        service: &Service,
    ) -> Option<Self> {
        if let Some(zone) = settings.and_then(|settings| settings.zone_aware_lb_setting.as_ref()) {
            return Some(Self::zone_aware(zone));
        }
        if let Some(stated) = settings.and_then(|settings| settings.locality_lb_setting.as_ref()) {
            return (stated.enabled != Some(false)).then(|| Self {
                distribute: stated.distribute.clone(),
                failover: stated.failover.clone(),
                failover_priority: stated.failover_priority.clone(),
                ..Self::default()
            });
        }
        if let Some(labels) = service.traffic_distribution.as_deref().and_then(distribution_labels) {
            let failover_priority = labels.iter().map(|label| (*label).to_owned()).collect();
            return Some(Self { failover_priority, forced: true, ..Self::default() });
        }
        if let Some(zone) = &config.zone_aware_lb_setting {
            return Some(Self { of_mesh: true, ..Self::zone_aware(zone) });
        }
        let mesh = config.locality_lb_setting.as_ref()?;
        (mesh.enabled != Some(false)).then(|| Self {
            distribute: mesh.distribute.clone(),
            failover: mesh.failover.clone(),
            failover_priority: mesh.failover_priority.clone(),
            of_mesh: true,
            ..Self::default()
        })
    }

    /// Whether the configuration of the mesh states it, for all services.
    pub(super) fn is_of_mesh(&self) -> bool {
        self.of_mesh
    }

    fn zone_aware(zone: &meshc_api::istio::ZoneAwareLoadBalancerSetting) -> Self {
        Self {
            failover: zone.failover.clone(),
            failover_priority: zone.failover_priority.clone(),
            zone_aware: Some((zone.min_cluster_size.map(u64::from), zone.enabled != Some(false))),
            ..Self::default()
        }
    }

    /// How localities are weighed. `ejects` tells whether outlier detection is on, without which Envoy would never leave
    /// the first priority.
    pub(super) fn balancing(&self, ejects: bool) -> LocalityBalancing {
        if let Some((min_cluster_size, enabled)) = self.zone_aware {
            return LocalityBalancing::ZoneAware { min_cluster_size, enabled };
        }
        let fails_over = self.fails_over(ejects) && self.states_failover();
        if !self.distribute.is_empty() || fails_over {
            LocalityBalancing::Weighted
        } else {
            LocalityBalancing::None
        }
    }

    /// Whether a person asked for something that needs the locality of endpoints.
    pub(super) fn states_preference(&self) -> bool {
        !self.distribute.is_empty() || self.states_failover() || self.zone_aware.is_some()
    }

    fn states_failover(&self) -> bool {
        !self.failover.is_empty() || !self.failover_priority.is_empty()
    }

    fn fails_over(&self, ejects: bool) -> bool {
        ejects || self.forced
    }

    /// Weighs and ranks groups of stated endpoints as a proxy in `own` sees them.
    pub(super) fn apply(&self, own: &Locality, ejects: bool, groups: &mut [EndpointGroup]) {
        if !self.distribute.is_empty() {
            distribute(&self.distribute, own, groups);
        } else if self.fails_over(ejects) && self.failover_priority.is_empty() {
            rank(&self.failover, own, groups);
        }
    }
}

/// Labels by which `trafficDistribution` ranks endpoints; `None` for a value that ranks nothing.
fn distribution_labels(value: &str) -> Option<&'static [&'static str]> {
    const NODE: &[&str] = &[
        "topology.istio.io/network",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "topology.istio.io/subzone",
        "kubernetes.io/hostname",
    ];
    match value {
        "PreferClose" | "PreferSameZone" => NODE.get(..3),
        "PreferSameNode" => Some(NODE),
        _ => None,
    }
}

/// Reads `region/zone/subzone`; missing parts are empty.
pub(crate) fn parse(text: &str) -> Locality {
    let mut parts = text.splitn(3, '/').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    Locality { region: next(), zone: next(), sub_zone: next() }
}

/// Whether a locality is within a pattern such as `eu/*` or `eu/eu-a/*`.
fn matches(locality: &Locality, pattern: &str) -> bool {
    let parts = [&locality.region, &locality.zone, &locality.sub_zone];
    for (part, wanted) in parts.into_iter().zip(pattern.split('/')) {
        match wanted {
            "*" => return true,
            _ if part == wanted => {}
            _ => return false,
        }
    }
    true
}

/// Gives the localities of the first rule for the own locality their shares; several localities within one pattern share
/// its weight in proportion. Endpoints elsewhere get no traffic.
fn distribute(rules: &[LocalityDistribute], own: &Locality, groups: &mut [EndpointGroup]) {
    let matching = |rule: &&LocalityDistribute| rule.from.as_deref().is_some_and(|from| matches(own, from));
    let Some(rule) = rules.iter().find(matching) else { return };
    let nowhere = Locality { region: String::new(), zone: String::new(), sub_zone: String::new() };
    let mut served = vec![false; groups.len()];
    for (pattern, share) in &rule.to {
        let members: Vec<usize> = (0..groups.len())
            .filter(|index| !served[*index])
            .filter(|index| matches(groups[*index].locality.as_ref().unwrap_or(&nowhere), pattern))
            .collect();
        let weight = |group: &EndpointGroup| u64::from(group.weight.unwrap_or(1));
        let total: u64 = members.iter().map(|index| weight(&groups[*index])).sum();
        for index in members {
            served[index] = true;
            let part = (weight(&groups[index]) * u64::from(*share)).div_ceil(total.max(1));
            if part > 0 {
                groups[index].weight = Some(u32::try_from(part).unwrap_or(u32::MAX));
            }
        }
    }
    for (group, served) in groups.iter_mut().zip(served) {
        if !served {
            group.endpoints.clear();
        }
    }
}

/// Ranks groups by how much of the locality they share; with a rule for the own region, other regions come after its
/// target. Ranks are renumbered without gaps, as Envoy requires.
fn rank(failover: &[LocalityFailover], own: &Locality, groups: &mut [EndpointGroup]) {
    let nowhere = Locality { region: String::new(), zone: String::new(), sub_zone: String::new() };
    let target = failover
        .iter()
        .find(|rule| rule.from.as_deref() == Some(own.region.as_str()))
        .and_then(|rule| rule.to.as_deref());
    let priority = |locality: &Locality| match (locality.region == own.region, locality.zone == own.zone) {
        (true, true) if locality.sub_zone == own.sub_zone => 0,
        (true, true) => 1,
        (true, false) => 2,
        (false, _) if target.is_some_and(|target| target != locality.region) => 4,
        (false, _) => 3,
    };
    let ranks: Vec<u32> =
        groups.iter().map(|group| priority(group.locality.as_ref().unwrap_or(&nowhere))).collect();
    let mut compact: BTreeMap<u32, u32> = BTreeMap::new();
    for rank in &ranks {
        compact.insert(*rank, 0);
    }
    for (number, value) in (0..).zip(compact.values_mut()) {
        *value = number;
    }
    for (group, rank) in groups.iter_mut().zip(&ranks) {
        group.priority = compact.get(rank).copied().unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use meshc_plan::{Endpoint, EndpointAddress};

    use super::*;

    fn group(locality: &str, weight: u32) -> EndpointGroup {
        EndpointGroup {
            locality: Some(parse(locality)),
            weight: Some(weight),
            priority: 0,
            endpoints: vec![Endpoint {
                address: EndpointAddress::Name(locality.to_owned(), 80),
                weight: Some(1),
                mtls: false,
                workload: None,
                health: None,
            }],
        }
    }

    fn share(from: &str, to: &[(&str, u32)]) -> LocalityDistribute {
        LocalityDistribute {
            from: Some(from.to_owned()),
            to: to.iter().map(|(to, weight)| ((*to).to_owned(), *weight)).collect(),
        }
    }

    #[test]
    fn a_pattern_matches_from_the_region_down() {
        assert!(matches(&parse("eu/a/r1"), "eu/*") && matches(&parse("eu/a"), "*"));
        assert!(matches(&parse("eu/a/r1"), "eu/a") && !matches(&parse("us/a"), "eu/*"));
    }

    #[test]
    fn shares_are_split_over_the_localities_of_a_pattern_and_the_rest_is_dropped() {
        let mut groups = [group("eu/a", 1), group("eu/b", 3), group("us/a", 2), group("ap/a", 1)];
        distribute(&[share("eu/*", &[("eu/*", 80), ("us/*", 20)])], &parse("eu/a"), &mut groups);
        assert_eq!(groups.each_ref().map(|group| group.weight), [Some(20), Some(60), Some(20), Some(1)]);
        assert!(groups[3].endpoints.is_empty() && !groups[2].endpoints.is_empty());
    }

    #[test]
    fn near_localities_come_first_and_ranks_have_no_gaps() {
        let mut groups = [group("us/a", 1), group("eu/a/r1", 1), group("eu/b", 1)];
        rank(&[], &parse("eu/a/r1"), &mut groups);
        assert_eq!(groups.each_ref().map(|group| group.priority), [2, 0, 1]);
        let failover = LocalityFailover { from: Some("eu".to_owned()), to: Some("ap".to_owned()) };
        let mut groups = [group("us/a", 1), group("ap/a", 1), group("eu/a", 1)];
        rank(&[failover], &parse("eu/a"), &mut groups);
        assert_eq!(groups.each_ref().map(|group| group.priority), [2, 1, 0]);
    }
}

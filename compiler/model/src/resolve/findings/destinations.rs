//! All destinations of a VirtualService with the place of each.

use meshc_api::istio;

/// Where a destination is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// `spec.http[rule].route[index]`.
    Http { rule: usize, index: usize },
    /// `spec.http[rule].mirror`.
    Mirror { rule: usize },
    /// `spec.http[rule].mirrors[index]`.
    Mirrors { rule: usize, index: usize },
    /// `spec.tcp[rule].route[index]`.
    Tcp { rule: usize, index: usize },
    /// `spec.tls[rule].route[index]`.
    Tls { rule: usize, index: usize },
}

impl Place {
    /// Path of a field of the destination.
    pub(super) fn path(self, field: &str) -> String {
        match self {
            Self::Http { rule, index } => format!("spec.http[{rule}].route[{index}].destination.{field}"),
            Self::Mirror { rule } => format!("spec.http[{rule}].mirror.{field}"),
            Self::Mirrors { rule, index } => {
                format!("spec.http[{rule}].mirrors[{index}].destination.{field}")
            }
            Self::Tcp { rule, index } => format!("spec.tcp[{rule}].route[{index}].destination.{field}"),
            Self::Tls { rule, index } => format!("spec.tls[{rule}].route[{index}].destination.{field}"),
        }
    }

    /// What happens to the traffic when the destination leads nowhere.
    pub(super) fn consequence(self, share: Option<u32>) -> String {
        match (self, share) {
            (Self::Http { .. }, None | Some(100)) => {
                "Envoy answers 503 to every request of this rule".to_owned()
            }
            (Self::Http { .. }, Some(share)) => {
                format!("Envoy answers 503 to {share} % of the requests of this rule")
            }
            (Self::Mirror { .. } | Self::Mirrors { .. }, _) => {
                "no request is copied; the requests themselves are not affected".to_owned()
            }
            (Self::Tcp { .. } | Self::Tls { .. }, None | Some(100)) => {
                "every connection of this rule is closed".to_owned()
            }
            (Self::Tcp { .. } | Self::Tls { .. }, Some(share)) => {
                format!("{share} % of the connections of this rule are closed")
            }
        }
    }

    /// Whether requests or connections fail, rather than only their copies.
    pub(super) fn is_fatal(self, share: Option<u32>) -> bool {
        !matches!(self, Self::Mirror { .. } | Self::Mirrors { .. }) && share != Some(0)
    }
}

/// A destination with its place and its share in per cent; `None` where it gets everything.
pub(super) struct Found<'a> {
    pub(super) place: Place,
    pub(super) destination: &'a istio::Destination,
    pub(super) share: Option<u32>,
}

/// All destinations, in the order in which they are written.
pub(super) fn of(spec: &istio::VirtualService) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    for (rule, route) in spec.http.iter().enumerate() {
        let weights: Vec<Option<i32>> = route.route.iter().map(|to| to.weight).collect();
        for (index, to) in route.route.iter().enumerate() {
            let place = Place::Http { rule, index };
            found.extend(to.destination.as_ref().map(|to| Found {
                place,
                destination: to,
                share: share(&weights, index),
            }));
        }
        let mirror = route.mirror.as_ref();
        found.extend(mirror.map(|to| Found { place: Place::Mirror { rule }, destination: to, share: None }));
        for (index, mirror) in route.mirrors.iter().enumerate() {
            let place = Place::Mirrors { rule, index };
            found.extend(mirror.destination.as_ref().map(|to| Found { place, destination: to, share: None }));
        }
    }
    for (rule, route) in spec.tcp.iter().enumerate() {
        add(&mut found, &route.route, |index| Place::Tcp { rule, index });
    }
    for (rule, route) in spec.tls.iter().enumerate() {
        add(&mut found, &route.route, |index| Place::Tls { rule, index });
    }
    found
}

fn add<'a>(
    found: &mut Vec<Found<'a>>,
    routes: &'a [istio::RouteDestination],
    place: impl Fn(usize) -> Place,
) {
    let weights: Vec<Option<i32>> = routes.iter().map(|to| to.weight).collect();
    for (index, to) in routes.iter().enumerate() {
        let place = place(index);
        found.extend(to.destination.as_ref().map(|to| Found {
            place,
            destination: to,
            share: share(&weights, index),
        }));
    }
}

/// Share of one destination in whole per cent, at least one where it gets anything.
fn share(weights: &[Option<i32>], index: usize) -> Option<u32> {
    if weights.len() < 2 {
        return None;
    }
    let of = |weight: &Option<i32>| u64::from(u32::try_from(weight.unwrap_or(0)).unwrap_or(0));
    let sum: u64 = weights.iter().map(of).sum();
    let own = weights.get(index).map_or(0, of);
    let share = (own * 100).checked_div(sum)?;
    u32::try_from(if own > 0 { share.max(1) } else { 0 }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_relative_to_the_sum_of_all_weights() {
        assert_eq!(share(&[None], 0), None);
        assert_eq!(share(&[Some(3), Some(1)], 0), Some(75));
        assert_eq!(share(&[Some(999), Some(1)], 1), Some(1));
        assert_eq!(share(&[Some(1), None], 1), Some(0));
        assert_eq!(share(&[Some(0), Some(0)], 0), None);
    }
}

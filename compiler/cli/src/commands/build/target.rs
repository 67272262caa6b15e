//! `--target`: which program runs the proxies.

use std::str::FromStr;

use meshc_contract::WorkloadRef;
use meshc_emit::TargetChoice;
use meshc_plan::{Plan, ProxyTarget};

use crate::exit::Failure;

/// One value of the option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TargetArg {
    /// The workload; all of them where none is named.
    workload: Option<WorkloadRef>,
    target: ProxyTarget,
}

impl FromStr for TargetArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (workload, word) = match text.rsplit_once('=') {
            Some((workload, word)) => (Some(workload), word),
            None => (None, text),
        };
        let target = ProxyTarget::parse(word)
            .ok_or_else(|| format!("`{word}` is no target; there are `envoy` and `proxy`"))?;
        let workload = workload.map(|text| match text.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
                Ok(WorkloadRef { namespace: namespace.to_owned(), name: name.to_owned() })
            }
            _ => Err(format!("`{text}` is no workload, which is written NAMESPACE/NAME")),
        });
        Ok(Self { workload: workload.transpose()?, target })
    }
}

/// What the values of the option say together; of two about the same, the later one counts.
pub(super) fn choice(stated: &[TargetArg]) -> TargetChoice {
    let mut choice = TargetChoice::default();
    for TargetArg { workload, target } in stated {
        match workload {
            None => choice.default = *target,
            Some(workload) => {
                choice.named.insert(workload.clone(), *target);
            }
        }
    }
    choice
}

/// Refuses names of workloads that have no proxy, which are most likely misspelt.
pub(super) fn check(stated: &[TargetArg], plan: &Plan) -> Result<(), Failure> {
    let unknown = stated.iter().filter_map(|arg| arg.workload.as_ref());
    match unknown.into_iter().find(|workload| !plan.proxies.contains_key(workload)) {
        None => Ok(()),
        Some(WorkloadRef { namespace, name }) => Err(Failure::new(format!(
            "`--target {namespace}/{name}=…`: no workload of this name has a proxy"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use meshc_contract::WorkloadRef;
    use meshc_plan::ProxyTarget;

    use super::{TargetArg, choice};

    #[test]
    fn a_target_holds_for_all_or_for_one_workload() {
        let stated: Vec<TargetArg> =
            ["proxy", "shop/cart=envoy"].iter().map(|text| text.parse().unwrap()).collect();
        let choice = choice(&stated);
        let cart = WorkloadRef { namespace: "shop".into(), name: "cart".into() };
        assert_eq!(choice.default, ProxyTarget::MeshcProxy);
        assert_eq!(choice.named.into_iter().collect::<Vec<_>>(), [(cart, ProxyTarget::Envoy)]);
    }

    #[test]
    fn what_is_no_target_is_refused_with_what_there_is() {
        for (text, expected) in [("nginx", "`envoy` and `proxy`"), ("cart=proxy", "NAMESPACE/NAME")] {
            let problem = text.parse::<TargetArg>().unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }
}

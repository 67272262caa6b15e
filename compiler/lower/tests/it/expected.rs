//! Reads the filters of a golden file as nodes of a plan.

use meshc_plan::{
    AuthorizationAction, AuthorizationFilter, HeaderMatch, MetadataValue, Permission, PolicyRule, Principal,
    RuleId, StringMatch, ValueMatch,
};
use serde_json::Value;

pub(crate) fn filter(document: &Value) -> AuthorizationFilter {
    let config = &document["typedConfig"];
    let action = ["rules", "shadowRules"].iter().find_map(|key| config[key]["action"].as_str());
    AuthorizationFilter {
        action: match action {
            Some("DENY") => AuthorizationAction::Deny,
            Some("LOG") => AuthorizationAction::Audit,
            _ => AuthorizationAction::Allow,
        },
        rules: rules(&config["rules"]),
        dry_run: rules(&config["shadowRules"]),
        origin: meshc_diagnostics::Origin::Default { rule: "expected" },
    }
}

fn rules(value: &Value) -> Option<Vec<PolicyRule>> {
    let rules = value.as_object()?;
    let policies = rules.get("policies").and_then(Value::as_object);
    Some(policies.into_iter().flatten().map(|(name, policy)| rule(name, policy)).collect())
}

fn rule(name: &str, policy: &Value) -> PolicyRule {
    let inner = name.strip_prefix("ns[").and_then(|rest| rest.strip_suffix(']')).expect("name of a rule");
    let (namespace, rest) = inner.split_once("]-policy[").expect("policy");
    let (policy_name, index) = rest.rsplit_once("]-rule[").expect("rule");
    PolicyRule {
        id: RuleId {
            namespace: namespace.to_owned(),
            policy: policy_name.to_owned(),
            rule: index.parse().expect("number"),
        },
        permissions: list(&policy["permissions"], permission),
        principals: list(&policy["principals"], principal),
    }
}

fn list<T>(value: &Value, read: fn(&Value) -> T) -> Vec<T> {
    value.as_array().into_iter().flatten().map(read).collect()
}

fn permission(value: &Value) -> Permission {
    let (kind, value) = only(value);
    match kind {
        "any" => Permission::Any,
        "andRules" => Permission::And(list(&value["rules"], permission)),
        "orRules" => Permission::Or(list(&value["rules"], permission)),
        "notRule" => Permission::Not(Box::new(permission(value))),
        "header" => Permission::Header(header(value)),
        "urlPath" => Permission::Path(text(&value["path"])),
        "uriTemplate" => Permission::PathTemplate(string(&value["typedConfig"]["pathTemplate"])),
        "destinationPort" => Permission::DestinationPort(number(value)),
        "destinationIp" => {
            let (address, length) = network(value);
            Permission::DestinationIp(address, length)
        }
        "requestedServerName" => Permission::ServerName(text(value)),
        "metadata" => {
            let (filter, path, value) = metadata(value);
            Permission::Metadata { filter, path, value }
        }
        other => panic!("permission {other}"),
    }
}

fn principal(value: &Value) -> Principal {
    let (kind, value) = only(value);
    match kind {
        "any" => Principal::Any,
        "andIds" => Principal::And(list(&value["ids"], principal)),
        "orIds" => Principal::Or(list(&value["ids"], principal)),
        "notId" => Principal::Not(Box::new(principal(value))),
        "authenticated" => Principal::Authenticated(text(&value["principalName"])),
        "directRemoteIp" => {
            let (address, length) = network(value);
            Principal::DirectRemoteIp(address, length)
        }
        "remoteIp" => {
            let (address, length) = network(value);
            Principal::RemoteIp(address, length)
        }
        "header" => Principal::Header(header(value)),
        "metadata" => {
            let (filter, path, value) = metadata(value);
            Principal::Metadata { filter, path, value }
        }
        other => panic!("principal {other}"),
    }
}

fn only(value: &Value) -> (&str, &Value) {
    value
        .as_object()
        .and_then(|object| object.iter().next())
        .map(|(key, value)| (key.as_str(), value))
        .expect("one key")
}

fn string(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn number<T: TryFrom<u64>>(value: &Value) -> T {
    value.as_u64().and_then(|number| T::try_from(number).ok()).expect("number")
}

fn network(value: &Value) -> (std::net::IpAddr, u8) {
    (string(&value["addressPrefix"]).parse().expect("address"), number(&value["prefixLen"]))
}

fn header(value: &Value) -> HeaderMatch {
    let matched = if value["presentMatch"] == true {
        ValueMatch::Present
    } else {
        ValueMatch::Text(text(&value["stringMatch"]))
    };
    HeaderMatch { name: string(&value["name"]), value: matched, invert: false, missing_is_empty: false }
}

fn text(value: &Value) -> StringMatch {
    let stated = |key: &str| value[key].as_str().map(str::to_owned);
    let text = if let Some(exact) = stated("exact") {
        StringMatch::Exact(exact)
    } else if let Some(prefix) = stated("prefix") {
        StringMatch::Prefix(prefix)
    } else if let Some(suffix) = stated("suffix") {
        StringMatch::Suffix(suffix)
    } else {
        StringMatch::Regex(string(&value["safeRegex"]["regex"]).into())
    };
    if value["ignoreCase"] == true { StringMatch::IgnoreCase(Box::new(text)) } else { text }
}

fn metadata(value: &Value) -> (String, Vec<String>, MetadataValue) {
    let path = list(&value["path"], |segment| string(&segment["key"]));
    (string(&value["filter"]), path, metadata_value(&value["value"]))
}

fn metadata_value(value: &Value) -> MetadataValue {
    let (kind, value) = only(value);
    match kind {
        "stringMatch" => MetadataValue::Text(text(value)),
        "listMatch" => MetadataValue::ListOneOf(Box::new(metadata_value(&value["oneOf"]))),
        "orMatch" => MetadataValue::Or(list(&value["valueMatchers"], metadata_value)),
        other => panic!("metadata value {other}"),
    }
}

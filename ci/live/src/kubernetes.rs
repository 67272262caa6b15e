//! The emitted manifests as a cluster would hold them: objects by kind, pods that workloads stand for, Services with the pods
//! that they select. Only what a kubelet and a DNS server need is read.

mod cluster;
mod container;
mod data;
mod pods;
mod services;
mod types;
mod volumes;

pub(crate) use cluster::Cluster;
pub(crate) use container::ProxyProgram;
pub(crate) use pods::PodPlan;
pub(crate) use services::{Services, kube_proxy_rules, zone};
pub(crate) use types::{Container, HttpGet, Probe};

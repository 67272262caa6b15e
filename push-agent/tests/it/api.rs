//! What tests ask the API server themselves.

use hyper::Request;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::server::{ADMIN, Server};

/// A connection of a test.
pub(crate) struct Api {
    runtime: Runtime,
    client: Client,
}

impl Api {
    pub(crate) fn connect(server: &Server) -> Self {
        Self::connect_as(server, ADMIN)
    }

    pub(crate) fn connect_as(server: &Server, token: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let file = Kubeconfig::read_from(server.kubeconfig(token)).unwrap();
            let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap();
            Client::try_from(config).unwrap()
        });
        Self { runtime, client }
    }

    pub(crate) fn text(&self, path: &str) -> Result<String, kube::Error> {
        let request = Request::get(path).body(Vec::new()).unwrap();
        self.runtime.block_on(self.client.request_text(request))
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: &Value,
    ) -> Result<Value, kube::Error> {
        let request = Request::builder().method(method).uri(path).header("content-type", kind);
        let request = request.body(serde_json::to_vec(body).unwrap()).unwrap();
        self.runtime.block_on(self.client.request(request))
    }

    /// An object, or a list of them; none if there is no such.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        let request = Request::get(path).body(Vec::new()).unwrap();
        match self.runtime.block_on(self.client.request(request)) {
            Ok(value) => Some(value),
            Err(kube::Error::Api(status)) if status.code == 404 => None,
            Err(error) => panic!("{path}: {error}"),
        }
    }

    pub(crate) fn items(&self, path: &str) -> Vec<Value> {
        self.get(path).unwrap()["items"].as_array().unwrap().clone()
    }

    pub(crate) fn create(&self, path: &str, object: &Value) -> Value {
        self.send("POST", path, "application/json", object).unwrap()
    }

    pub(crate) fn merge(&self, path: &str, change: &Value) -> Value {
        self.send("PATCH", path, "application/merge-patch+json", change).unwrap()
    }

    /// Applies as another manager.
    pub(crate) fn apply(&self, path: &str, manager: &str, object: &Value) -> Value {
        let path = format!("{path}?fieldManager={manager}&force=true");
        self.send("PATCH", &path, "application/apply-patch+yaml", object).unwrap()
    }

    pub(crate) fn delete(&self, path: &str) {
        self.send("DELETE", path, "application/json", &Value::Null).unwrap();
    }
}

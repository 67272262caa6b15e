package main

import (
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config/schema/collections"
)

// refusal is an object that istiod's webhook would not let into the cluster, and why.
type refusal struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Message   string `json:"message"`
}

// admit adds an Istio object to the mesh, or to what is refused.
func (m *meshInput) admit(document string, h header) {
	refuse := func(message string) {
		m.refused = append(m.refused, refusal{h.Kind, h.Metadata.Namespace, h.Metadata.Name, message})
	}
	parsed, _, err := crd.ParseInputs(document)
	if err != nil {
		refuse(err.Error())
		return
	}
	for _, object := range parsed {
		schema, known := collections.PilotGatewayAPI().FindByGroupVersionAliasesKind(object.GroupVersionKind)
		if !known {
			refuse("unknown kind")
			continue
		}
		if _, err := schema.ValidateConfig(object); err != nil {
			refuse(err.Error())
			continue
		}
		object.Domain = "cluster.local"
		m.istio = append(m.istio, object)
	}
}

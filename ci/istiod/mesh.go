package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	kubelib "istio.io/istio/pkg/kube"
)

// creation is the age of every object that states none, as in the recordings: ties fall to namespace and name.
const creation = "2024-01-01T00:00:00Z"

// meshInput is what istiod is given.
type meshInput struct {
	kubernetes []runtime.Object
	istio      []config.Config
	config     *meshconfig.MeshConfig
	proxies    []proxy
	refused    []refusal
}

// proxy is one proxy of proxies.json, as it introduces itself to istiod.
type proxy struct {
	ID          string         `json:"id"`
	NodeID      string         `json:"nodeId"`
	Metadata    map[string]any `json:"metadata"`
	Labels      map[string]any `json:"labels"`
	Annotations map[string]any `json:"annotations"`
	Locality    string         `json:"locality"`
}

// header is what tells objects apart.
type header struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
}

// key names an object within the mesh.
func (h header) key() string {
	return h.Kind + "/" + h.Metadata.Namespace + "/" + h.Metadata.Name
}

// isIstio tells Istio's kinds from those of Kubernetes.
func (h header) isIstio() bool {
	return strings.Contains(h.APIVersion, ".istio.io/")
}

// readMesh reads the folder of a mesh. Objects that istiod refuses are in refused, and nowhere else.
func readMesh(folder string) (*meshInput, error) {
	objects := map[string]runtime.Object{}
	entries, err := readExpanded(folder, objects)
	if err != nil {
		return nil, err
	}
	m := &meshInput{refused: []refusal{}}
	files, err := filepath.Glob(filepath.Join(folder, "input", "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := m.readInput(file, objects, entries); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	// Sorted, so that istiod meets objects in the same order in every run.
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		m.kubernetes = append(m.kubernetes, objects[key])
	}
	effective, err := os.ReadFile(filepath.Join(folder, "meshconfig.effective.json"))
	if err != nil {
		return nil, err
	}
	if m.config, err = mesh.ApplyMeshConfigDefaults(string(effective)); err != nil {
		return nil, err
	}
	list, err := os.ReadFile(filepath.Join(folder, "proxies.json"))
	if err != nil {
		return nil, err
	}
	return m, json.Unmarshal(list, &m.proxies)
}

// readExpanded adds the Kubernetes objects of expanded.yaml, which has the say over the input: it knows addresses and pods.
// It returns its ServiceEntries, which hold their automatic addresses.
func readExpanded(folder string, objects map[string]runtime.Object) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(folder, "expanded.yaml"))
	if err != nil {
		return nil, err
	}
	entries := map[string]string{}
	for _, document := range documents(string(text)) {
		var h header
		if err := yaml.Unmarshal([]byte(document), &h); err != nil {
			return nil, err
		}
		if h.Kind == "ServiceEntry" {
			entries[h.key()] = document
		} else if !h.isIstio() {
			if objects[h.key()], err = decode(document); err != nil {
				return nil, fmt.Errorf("%s: %w", h.key(), err)
			}
		}
	}
	return entries, nil
}

// readInput adds the objects of one file of the tree.
func (m *meshInput) readInput(file string, objects map[string]runtime.Object, entries map[string]string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for _, document := range documents(string(text)) {
		document, h, err := completed(document)
		if err != nil {
			return err
		}
		if h.isIstio() {
			if expanded, known := entries[h.key()]; known {
				document = expanded
			}
			m.admit(document, h)
		} else if _, known := objects[h.key()]; h.Kind != "" && !known {
			if objects[h.key()], err = decode(document); err != nil {
				return fmt.Errorf("%s: %w", h.key(), err)
			}
		}
	}
	return nil
}

// completed states what an API server fills in: the namespace and the age.
func completed(document string) (string, header, error) {
	var object map[string]any
	var h header
	if err := yaml.Unmarshal([]byte(document), &object); err != nil {
		return "", h, err
	}
	if metadata, ok := object["metadata"].(map[string]any); ok {
		if metadata["namespace"] == nil && object["kind"] != "Namespace" {
			metadata["namespace"] = "default"
		}
		if metadata["creationTimestamp"] == nil {
			metadata["creationTimestamp"] = creation
		}
	}
	text, err := yaml.Marshal(object)
	if err != nil {
		return "", h, err
	}
	return string(text), h, yaml.Unmarshal(text, &h)
}

// decode reads a Kubernetes object.
func decode(document string) (runtime.Object, error) {
	object, _, err := kubelib.IstioCodec.UniversalDeserializer().Decode([]byte(document), nil, nil)
	return object, err
}

// documents splits a YAML stream.
func documents(text string) []string {
	var found []string
	for _, document := range strings.Split("\n"+text, "\n---") {
		if strings.TrimSpace(document) != "" {
			found = append(found, document)
		}
	}
	return found
}

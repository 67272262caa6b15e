// Command istiod-record writes what istiod sends to every proxy of a mesh.
//
// usage: istiod-record MESH...
//
// A folder MESH has the form of the shared recordings: expanded.yaml (pods, services, endpoint slices, automatic addresses),
// input/*.yaml, proxies.json and meshconfig.effective.json. For each proxy a folder with listeners.json, routes.json, clusters.json
// and endpoints.json is written beside them. refused.json lists the objects that istiod's own validation refuses; they are left out
// of the mesh, and whoever compares must leave them out too. It is written last: a mesh that has it is recorded completely.
//
// istiod runs in this process, on fakes of the API server that its own tests use. Flags of istiod are variables of the environment.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"istio.io/istio/pkg/log"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: istiod-record MESH...")
		os.Exit(2)
	}
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	failed := false
	for _, folder := range os.Args[1:] {
		if err := record(folder); err != nil {
			failed = true
			fmt.Fprintf(os.Stderr, "not recorded: %s: %v\n", folder, err)
		}
	}
	if failed {
		os.Exit(1)
	}
}

// record reads the mesh of a folder, asks istiod for every proxy, and writes the answers.
func record(folder string) (err error) {
	t := &failer{}
	defer t.done()
	defer func() {
		// istiod's fakes end a test by a call that does not return; failer makes a panic of it.
		if r := recover(); r != nil {
			err = fmt.Errorf("istiod: %v", r)
		}
	}()
	m, err := readMesh(folder)
	if err != nil {
		return err
	}
	server := start(t, m)
	for _, p := range m.proxies {
		sent, err := ask(t, server, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.ID, err)
		}
		if err := sent.write(filepath.Join(folder, p.ID)); err != nil {
			return fmt.Errorf("%s: %w", p.ID, err)
		}
	}
	return writeJSON(filepath.Join(folder, "refused.json"), m.refused)
}

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"
)

// write makes the four files of a proxy.
func (a *answers) write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, file := range []struct {
		name, key string
		resources []*anypb.Any
	}{
		{"listeners", "name", a.listeners},
		{"clusters", "name", a.clusters},
		{"routes", "name", a.routes},
		{"endpoints", "clusterName", a.endpoints},
	} {
		list, err := plain(file.resources)
		if err != nil {
			return fmt.Errorf("%s: %w", file.name, err)
		}
		slices.SortStableFunc(list, func(x, y map[string]any) int {
			return cmp.Compare(fmt.Sprint(x[file.key]), fmt.Sprint(y[file.key]))
		})
		if err := writeJSON(filepath.Join(folder, file.name+".json"), list); err != nil {
			return err
		}
	}
	return nil
}

// plain turns resources into JSON values. protojson spaces its text at random, so that its text is not written as it is.
func plain(resources []*anypb.Any) ([]map[string]any, error) {
	list := []map[string]any{}
	for _, resource := range resources {
		message, err := resource.UnmarshalNew()
		if err != nil {
			return nil, err
		}
		text, err := protojson.Marshal(message)
		if err != nil {
			return nil, err
		}
		var value map[string]any
		if err := json.Unmarshal(text, &value); err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

// writeJSON writes a value with its keys in order.
func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

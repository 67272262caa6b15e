package main

import (
	"fmt"
	"maps"
	"strings"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	v3 "istio.io/istio/pilot/pkg/xds/v3"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pilot/test/xdstest"
	_ "istio.io/istio/pkg/wellknown" // Registers the messages of Envoy's extensions, so that they can be written as JSON.
)

const (
	// quiet is how long no push may have been asked for before istiod is taken to know the whole mesh.
	quiet = 300 * time.Millisecond
	// patience is how long an answer may take.
	patience = 20 * time.Second
)

// answers are the resources that a proxy gets.
type answers struct {
	listeners, routes, clusters, endpoints []*anypb.Any
}

// start runs istiod over a mesh until it has read everything.
func start(t *failer, m *meshInput) *xds.FakeDiscoveryServer {
	server := xds.NewFakeDiscoveryServer(t, xds.FakeOptions{
		KubernetesObjects:          m.kubernetes,
		Configs:                    m.istio,
		MeshConfig:                 m.config,
		DisableSecretAuthorization: true,
	})
	last, since := server.Discovery.InboundUpdates.Load(), time.Now()
	for time.Since(since) < quiet {
		time.Sleep(20 * time.Millisecond)
		now := server.Discovery.InboundUpdates.Load()
		if now != last || server.Discovery.CommittedUpdates.Load() < now {
			last, since = now, time.Now()
		}
	}
	return server
}

// node is how a proxy introduces itself.
func (p proxy) node() (*corev3.Node, error) {
	metadata := maps.Clone(p.Metadata)
	if metadata == nil {
		metadata = map[string]any{}
	}
	if p.Labels != nil {
		metadata["LABELS"] = p.Labels
	}
	if p.Annotations != nil {
		metadata["ANNOTATIONS"] = p.Annotations
	}
	stated, err := structpb.NewStruct(metadata)
	if err != nil {
		return nil, err
	}
	node := &corev3.Node{Id: p.NodeID, Metadata: stated}
	if p.Locality != "" {
		parts := append(strings.Split(p.Locality, "/"), "", "")
		node.Locality = &corev3.Locality{Region: parts[0], Zone: parts[1], SubZone: parts[2]}
	}
	return node, nil
}

// ask fetches everything a proxy gets: first what it listens on and whom it calls, then what these refer to.
func ask(t *failer, server *xds.FakeDiscoveryServer, p proxy) (*answers, error) {
	node, err := p.node()
	if err != nil {
		return nil, err
	}
	sent := &answers{
		listeners: request(t, server, node, v3.ListenerType, nil),
		clusters:  request(t, server, node, v3.ClusterType, nil),
	}
	listeners, err := unpack(sent.listeners, func() *listenerv3.Listener { return &listenerv3.Listener{} })
	if err != nil {
		return nil, err
	}
	clusters, err := unpack(sent.clusters, func() *clusterv3.Cluster { return &clusterv3.Cluster{} })
	if err != nil {
		return nil, err
	}
	if names := xdstest.ExtractRoutesFromListeners(listeners); len(names) > 0 {
		sent.routes = request(t, server, node, v3.RouteType, names)
	}
	if names := xdstest.ExtractEdsClusterNames(clusters); len(names) > 0 {
		sent.endpoints = request(t, server, node, v3.EndpointType, names)
	}
	return sent, nil
}

// request asks for resources of one kind on a stream of its own.
func request(t *failer, server *xds.FakeDiscoveryServer, node *corev3.Node, kind string, names []string) (found []*anypb.Any) {
	defer func() {
		// A proxy without any resource of a kind gets an empty answer, which istiod's test client takes for a failure.
		if r := recover(); r != nil && !strings.Contains(fmt.Sprint(r), "empty response") {
			panic(r)
		}
	}()
	stream := server.ConnectADS().WithTimeout(patience)
	defer stream.Cleanup()
	stream.Request(t, &discovery.DiscoveryRequest{Node: node, TypeUrl: kind, ResourceNames: names})
	return stream.ExpectResponse(t).Resources
}

// unpack reads resources of one kind.
func unpack[M proto.Message](resources []*anypb.Any, empty func() M) ([]M, error) {
	var found []M
	for _, resource := range resources {
		message := empty()
		if err := resource.UnmarshalTo(message); err != nil {
			return nil, err
		}
		found = append(found, message)
	}
	return found, nil
}

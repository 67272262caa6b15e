// Command kube-apiserver is the API server of Kubernetes, built from its published module. The tests of the push agent
// talk to it: no mock knows server-side apply, admission, RBAC and dry run as the real one does.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }

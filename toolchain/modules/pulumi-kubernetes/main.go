// The Kubernetes provider plugin of Pulumi, linked from its published Go module. The module's own command embeds files that are
// generated at release time and not published; the schema and the Terraform mapping that it does publish are all that Serve needs,
// and the toolchain copies them beside this file before it builds.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

// version is set by the linker; it is what `pulumi plugin ls` and the engine's plugin resolution see.
var version = "0.0.0"

func main() { provider.Serve("kubernetes", version, schema, terraformMapping) }

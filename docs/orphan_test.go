//go:build !linux

package docs

import "os/exec"

// dieWithParent does nothing where the system cannot do it: a test that
// panics leaves its agents behind.
func dieWithParent(*exec.Cmd) {}

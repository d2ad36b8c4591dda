package docs

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the process end when the test ends in whatever way, a
// panic included.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

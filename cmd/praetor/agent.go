package main

import (
	"context"
	"fmt"
	"io"
)

// runAgent runs an agent until it is told to stop.
func runAgent(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fmt.Fprintln(stderr, "praetor agent: not built yet")
	return exitFailed
}

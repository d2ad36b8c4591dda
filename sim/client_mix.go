package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"praetor/internal/server"
)

// task is a kind of request that clients make.
type task struct {
	name  string
	kind  opKind
	mode  server.ReadMode
	waits bool // it is a blocking query
}

var tasks = []task{
	{name: "put", kind: opPut},
	{name: "cas", kind: opCAS},
	{name: "delete", kind: opDelete},
	{name: "get", kind: opGet},
	{name: "consistent", kind: opGet, mode: server.Consistent},
	{name: "stale", kind: opGet, mode: server.Stale},
	{name: "list", kind: opList},
	{name: "stale-list", kind: opList, mode: server.Stale},
	{name: "watch", kind: opGet, waits: true},
	{name: "watch-list", kind: opList, waits: true},
	{name: "delete-cas", kind: opDeleteCAS},
	{name: "delete-tree", kind: opDeleteTree},
}

// mix is how often a client makes each kind of request: a weight for each task.
type mix []int

// usual is the mix of clients of which nothing else is said. It has no weights
// for the last tasks.
var usual = mix{8, 4, 2, 4, 4, 2, 2, 1, 1, 1}

// draw picks a task.
func (m mix) draw(r *rand.Rand) task {
	sum := 0
	for _, w := range m {
		sum += w
	}
	n := r.IntN(sum)
	for i, w := range m {
		if n -= w; n < 0 {
			return tasks[i]
		}
	}
	panic("sim: a mix without weights")
}

// parseMix reads a mix such as put:2,get:1. What it does not name has no weight.
func parseMix(s string) (mix, error) {
	m, sum := make(mix, len(tasks)), 0
	for part := range strings.SplitSeq(s, ",") {
		name, weight, _ := strings.Cut(part, ":")
		i := slices.IndexFunc(tasks, func(j task) bool { return j.name == name })
		var n int
		if _, err := fmt.Sscanf(weight, "%d", &n); i < 0 || err != nil || n < 0 || n > 1000 {
			var names []string
			for _, j := range tasks {
				names = append(names, j.name)
			}
			return nil, fmt.Errorf("mix=%s: %q is no KIND:WEIGHT; kinds are %s", s, part, strings.Join(names, ", "))
		}
		m[i] = n
		sum += n
	}
	if sum == 0 {
		return nil, fmt.Errorf("mix=%s: nothing has a weight", s)
	}
	return m, nil
}

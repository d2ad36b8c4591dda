package linear

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// draw shows operations below each other, each as a bar from its call to its
// return. The bars show the order of these moments, not how long they lasted.
//
//	c1  |----------|      put k=1
//	c2       |-------->   put k=2: unknown
func draw(ops []Op) string {
	columns := columnsOf(ops)
	width, name := 0, 0
	for _, op := range ops {
		name = max(name, len(op.Client))
	}
	for _, c := range columns {
		width = max(width, c+1)
	}
	for _, op := range ops {
		if op.Unknown {
			width = max(width, columns[op.Call]+len("|-->"))
		}
	}
	var b strings.Builder
	for _, op := range ops {
		bar := strings.Repeat(" ", columns[op.Call]) + "|"
		if op.Unknown {
			bar += strings.Repeat("-", width-len(bar)-1) + ">"
		} else {
			bar += strings.Repeat("-", max(0, columns[op.Return]-len(bar))) + "|"
		}
		fmt.Fprintf(&b, "%-*s  %-*s  %v\n", name, op.Client, width, bar, op)
	}
	return b.String()
}

// columnsOf gives each moment at which an operation begins or ends a place.
func columnsOf(ops []Op) map[time.Duration]int {
	const step = 4
	var moments []time.Duration
	for _, op := range ops {
		moments = append(moments, op.Call)
		if !op.Unknown {
			moments = append(moments, op.Return)
		}
	}
	slices.Sort(moments)
	columns := map[time.Duration]int{}
	for i, m := range slices.Compact(moments) {
		columns[m] = i * step
	}
	return columns
}

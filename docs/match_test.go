package docs

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// match compares lines of a page with what they shall show. A line of the page
// that is the mark alone (indented or not) stands for one or more lines that
// are left out; mark is "" if nothing may be. same compares two lines. The
// error shows the difference.
func match(have, want []string, mark string, same func(a, b string) bool) error {
	parts := split(have, mark)
	first, last := parts[0], parts[len(parts)-1]
	ok := len(first) <= len(want) && equal(first, want[:len(first)], same)
	at := len(first)
	for i := 1; ok && i < len(parts)-1; i++ {
		at, ok = find(want, at+1, parts[i], same)
	}
	tail := len(want) - len(last)
	switch {
	case len(parts) == 1:
		ok = ok && len(want) == len(first)
	case ok:
		ok = tail > at && equal(last, want[tail:], same)
	}
	if ok {
		return nil
	}
	return fmt.Errorf("the page differs from what it shows (- page, + now):\n%s", cmp.Diff(have, want))
}

// split splits lines at those that are the mark.
func split(lines []string, mark string) [][]string {
	parts := [][]string{nil}
	for _, line := range lines {
		if mark != "" && strings.TrimSpace(line) == mark {
			parts = append(parts, nil)
			continue
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], line)
	}
	return parts
}

// hasMark reports whether lines leave something out.
func hasMark(lines []string, mark string) bool { return len(split(lines, mark)) > 1 }

// find returns the index behind the first place at or after from where part
// stands in lines.
func find(lines []string, from int, part []string, same func(a, b string) bool) (after int, ok bool) {
	for i := from; i+len(part) <= len(lines); i++ {
		if equal(part, lines[i:i+len(part)], same) {
			return i + len(part), true
		}
	}
	return 0, false
}

func equal(a, b []string, same func(a, b string) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(a[i], b[i]) {
			return false
		}
	}
	return true
}

func exactly(a, b string) bool { return a == b }

// volatile lists what differs from run to run. Two lines are alike if they are
// equal with these replaced; the page keeps the values of the run that it was
// written in.
var volatile = []struct {
	what    string
	pattern *regexp.Regexp
	to      string
}{
	{"UUIDs", regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "UUID"},
	{"hashes and cluster ids", regexp.MustCompile(`\b[0-9a-f]{16,64}\b`), "HASH"},
	{"times", regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?`), "TIME"},
	{"dates in headers", regexp.MustCompile(`(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`), "TIME"},
	{"durations", regexp.MustCompile(`\b(\d+h)?(\d+m)?\d+(\.\d+)?(ns|µs|us|ms|s|m|h)\b`), "DURATION"},
	{"Raft indexes in JSON", regexp.MustCompile(`"(\w*Index)": ?\d+`), `"$1": N`},
	{"indexes, ages and lengths in headers", regexp.MustCompile(`^((?i:X-Consul-(Index|LastContact|Query-Backend-[a-z]+)|Content-Length|Age)): \d+`), "$1: N"},
	{"DNS message ids", regexp.MustCompile(`\bid: \d+`), "id: N"},
	{"process ids", regexp.MustCompile(`\bpid[ =:]+\d+`), "pid N"},
	{"the width of columns", regexp.MustCompile(`[ \t]{2,}|\t`), "  "},
}

// alike compares two lines of output without what differs from run to run.
func alike(a, b string) bool { return stable(a) == stable(b) }

func stable(line string) string {
	line = strings.TrimRight(line, " \t")
	for _, v := range volatile {
		line = v.pattern.ReplaceAllString(line, v.to)
	}
	return line
}

package tidy

import (
	"slices"
	"strings"
)

// ranks order the packages from the bottom up. A package belongs to the longest
// of these names that it is or is beneath of.
var ranks = map[string]int{
	"internal/wire":   0,
	"internal/radix":  0,
	"internal/reach":  0,
	"internal/script": 0,
	"internal/tidy":   0,
	"swim/coordinate": 0, // the catalog keeps coordinates, too
	"raft":            1,
	"swim":            1,
	"kv":              1,
	"catalog":         1,
	"raft/wal":        2,
	"internal/server": 3,
	"api":             4,
	"dns":             4,
	"internal/agent":  5,
	"sim":             6,
	"cmd":             7,
	"docs":            8, // tests that execute the book
}

// cores are the packages that are deterministic step functions or made for
// such. What is beneath their folders is not, unless it is listed.
var cores = []string{
	"raft", "swim", "swim/coordinate", "swim/keyring", "kv", "catalog", "internal/server", "internal/radix", "internal/wire", "internal/reach", "internal/agent/local", "sim/disk",
}

func isCore(dir string) bool { return slices.Contains(cores, dir) }

// isSimulated reports whether the package runs in one goroutine under a
// virtual clock, though it is no core.
func isSimulated(dir string) bool { return within(dir, "sim") && !isCore(dir) }

// extra are the imports that the ranks do not allow but that are right.
var extra = map[string][]string{
	"sim/disk":        {"raft/wal"},      // it implements the log's disk
	"swim/coordinate": {"internal/wire"}, // which is as low as anything can be
}

// testExtra are those of tests.
var testExtra = map[string][]string{
	"raft/wal": {"sim/disk"}, // a disk that crashes
}

// thirdParty says which packages may import a package that is not the
// project's: the module, those whose files may, those whose tests may.
var thirdParty = []struct {
	module       string
	files, tests []string
}{
	{"github.com/miekg/dns", []string{"dns"}, []string{"dns", "internal/agent", "sim", "cmd", "docs"}},
	{"github.com/google/go-cmp", nil, []string{""}},
}

// effects are the standard packages that reach outside of the program or are
// different in each run. A core imports none of them.
var effects = map[string]string{
	"net":         "take addresses as strings or net/netip values, and let the edge do the talking",
	"os":          "take a small interface, and let the edge open files",
	"syscall":     "let the edge do it",
	"crypto/rand": "take a *rand.Rand of math/rand/v2",
	"math/rand":   "take a *rand.Rand of math/rand/v2",
}

// pure are the packages beneath those that are only about values.
var pure = []string{"net/netip", "net/url", "math/rand/v2"}

// within reports whether a package is name or beneath its folder. All are
// beneath "".
func within(dir, name string) bool {
	return name == "" || dir == name || strings.HasPrefix(dir, name+"/")
}

func withinAny(dir string, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return within(dir, n) })
}

// group returns the name in ranks that a package belongs to, or "".
func group(dir string) string {
	for dir != "." && dir != "" {
		if _, ok := ranks[dir]; ok {
			return dir
		}
		dir = dir[:max(strings.LastIndexByte(dir, '/'), 0)]
	}
	return ""
}

// Imports checks that every import of a file points down. Tests may also import
// internal/script, go-cmp, what is beneath their own folder, and the few in
// testExtra.
func Imports(s *Source) []Finding {
	var out []Finding
	for _, spec := range s.AST.Imports {
		p := importPath(spec)
		var remedy, rule string
		if own, ok := strings.CutPrefix(p, module+"/"); ok {
			rule, remedy = checkOwn(s, own)
		} else {
			rule, remedy = checkForeign(s, p)
		}
		if rule != "" {
			out = append(out, s.found(spec.Pos(), remedy, "%s", rule))
		}
	}
	return out
}

// checkOwn checks the import of a package of the module. No rule is broken if
// it returns "".
func checkOwn(s *Source, to string) (rule, remedy string) {
	from := s.Dir()
	a, b := group(from), group(to)
	switch {
	case slices.Contains(extra[from], to):
		return "", ""
	case s.IsTest() && (to == "internal/script" || within(to, from) || slices.Contains(testExtra[from], to)):
		return "", ""
	case a == "" || b == "":
		return "package " + from + " imports " + to + ", and one of them has no place in the layout",
			"move it to a known folder, or give it a rank in internal/tidy"
	case to == "internal/script" && !within(from, "sim") && !within(from, "cmd/sim"):
		return "package " + from + " imports internal/script outside of a test", "only tests and the simulator read scripts"
	case a != b && ranks[b] >= ranks[a]:
		return "package " + from + " imports " + to + ", which is not below it",
			"move the shared type down, or take a small interface or a function"
	case isCore(from) && !isCore(to) && !s.IsTest():
		return "core " + from + " imports " + to + ", which is no core", "take what it gives as an event or a value"
	}
	return "", ""
}

// checkForeign checks the import of a standard or third-party package.
func checkForeign(s *Source, p string) (rule, remedy string) {
	if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") {
		return checkThirdParty(s, p)
	}
	if !isCore(s.Dir()) || s.IsTest() || withinAny(p, pure) {
		return "", ""
	}
	for _, e := range []string{"net", "os", "syscall", "crypto/rand", "math/rand"} {
		if within(p, e) {
			return "core imports " + p, effects[e]
		}
	}
	return "", ""
}

func checkThirdParty(s *Source, p string) (rule, remedy string) {
	for _, t := range thirdParty {
		if !within(p, t.module) {
			continue
		}
		if withinAny(s.Dir(), t.files) || s.IsTest() && withinAny(s.Dir(), t.tests) {
			return "", ""
		}
		return "import of " + p + " in the wrong place", "only dns imports miekg/dns, and only tests import go-cmp"
	}
	return "import of " + p + ", which is not the project's", "use the standard library, or write it"
}

package tidy

import (
	"go/ast"
	"go/token"
	"slices"
)

// clock are the functions of package time that read or wait for the clock.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// seeded are the names of math/rand/v2 that do not use the global generator.
var seeded = []string{"New", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "Source", "PCG", "ChaCha8", "Zipf"}

// Calls checks that cores and the simulator read no clock, use no global
// randomness and start no goroutine, that cores use no channels, and that no
// test sleeps. Within a testing/synctest bubble sleep takes no time, so files
// that import that package may.
func Calls(s *Source) []Finding {
	c := calls{Source: s, names: s.imports()}
	if s.IsTest() {
		ast.Inspect(s.AST, c.inTest)
		return c.out
	}
	if core := isCore(s.Dir()); core || isSimulated(s.Dir()) {
		c.what = "core"
		if !core {
			c.what = "simulator"
		}
		ast.Inspect(s.AST, c.inCore)
	}
	return c.out
}

// calls walks over one file.
type calls struct {
	*Source
	names map[string]string // imports
	what  string            // "core" or "simulator"
	out   []Finding
}

func (c *calls) add(p token.Pos, remedy, rule string) {
	c.out = append(c.out, c.found(p, remedy, "%s", rule))
}

// selects returns the package and the name if n is a name of a package.
func (c *calls) selects(n ast.Node) (pkg, name string) {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	return c.names[x.Name], sel.Sel.Name
}

func (c *calls) inTest(n ast.Node) bool {
	if pkg, name := c.selects(n); pkg == "time" && name == "Sleep" && !slices.Contains(c.importPaths(), "testing/synctest") {
		c.add(n.Pos(), "wait for an event, use a virtual clock, or testing/synctest", "test calls time.Sleep")
	}
	return true
}

func (c *calls) importPaths() []string {
	var out []string
	for _, spec := range c.AST.Imports {
		out = append(out, importPath(spec))
	}
	return out
}

func (c *calls) inCore(n ast.Node) bool {
	switch pkg, name := c.selects(n); {
	case pkg == "time" && slices.Contains(clock, name):
		c.add(n.Pos(), "take now, a time.Duration, as an argument", c.what+" calls time."+name)
	case pkg == "math/rand/v2" && !slices.Contains(seeded, name), pkg == "math/rand":
		c.add(n.Pos(), "draw from a *rand.Rand that the caller passes in", c.what+" uses the global generator: rand."+name)
	}
	if g, ok := n.(*ast.GoStmt); ok {
		c.add(g.Pos(), "let the driver own concurrency", c.what+" starts a goroutine")
	}
	if c.what == "core" {
		c.channels(n)
	}
	return true
}

func (c *calls) channels(n ast.Node) {
	const remedy = "return an effect, and let the driver do the waiting"
	switch n := n.(type) {
	case *ast.SelectStmt:
		c.add(n.Pos(), remedy, "core selects")
	case *ast.SendStmt:
		c.add(n.Pos(), remedy, "core sends on a channel")
	case *ast.ChanType:
		c.add(n.Pos(), remedy, "core has a channel")
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			c.add(n.Pos(), remedy, "core receives from a channel")
		}
	}
}

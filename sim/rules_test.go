package sim

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestEveryBrokenRuleIsInTheTable: each call of fail names a rule of the table,
// in a file that the table names, and each rule and file of the table has one.
func TestEveryBrokenRuleIsInTheTable(t *testing.T) {
	used := map[string]bool{}
	for _, c := range failCalls(t) {
		r := ruleNamed(c.rule)
		switch {
		case c.rule == "":
			t.Errorf("%s: the rule is no constant", c.file)
		case r.Section == "":
			t.Errorf("%s: the rule %q is not in the table", c.file, c.rule)
		case !strings.Contains(" "+r.File+" ", " "+c.file+" "):
			t.Errorf("%s breaks %q, but the table has that in %s", c.file, c.rule, r.File)
		}
		used[c.rule+" in "+c.file] = true
	}
	names := map[string]bool{}
	for _, r := range Rules() {
		if names[r.Name] {
			t.Errorf("the rule %q is there twice", r.Name)
		}
		names[r.Name] = true
		for _, file := range strings.Fields(r.File) {
			if !used[r.Name+" in "+file] {
				t.Errorf("%s breaks the rule %q nowhere", file, r.Name)
			}
		}
		if !strings.HasSuffix(r.Says, ".") {
			t.Errorf("the rule %q says no sentence: %q", r.Name, r.Says)
		}
	}
}

// failCall is a call of world.fail.
type failCall struct{ file, rule string }

// failCalls finds the calls in the source of this package.
func failCalls(t *testing.T) (calls []failCall) {
	t.Helper()
	constants := map[string]string{}
	var files []*ast.File
	fset := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) == 0 {
		t.Fatal(fs.ErrNotExist, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
				constants[v.Names[0].Name] = text(v.Values[0], nil)
			}
			return true
		})
	}
	for _, f := range files {
		for _, d := range f.Decls {
			ast.Inspect(d, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok || len(c.Args) < 3 {
					return true
				}
				if s, ok := c.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "fail" {
					for _, rule := range rulesOf(d, c.Args[0], constants) {
						calls = append(calls, failCall{filepath.Base(fset.Position(c.Pos()).Filename), rule})
					}
				}
				return true
			})
		}
	}
	return calls
}

// rulesOf returns what the argument of a call in a function may be: of a field
// named rule, what stands first in each line of a table in the function.
func rulesOf(in ast.Node, arg ast.Expr, constants map[string]string) (rules []string) {
	if s, ok := arg.(*ast.SelectorExpr); !ok || s.Sel.Name != "rule" {
		return []string{text(arg, constants)}
	}
	ast.Inspect(in, func(n ast.Node) bool {
		if l, ok := n.(*ast.CompositeLit); ok && l.Type == nil {
			rules = append(rules, text(l.Elts[0], constants))
		}
		return true
	})
	return rules
}

// text returns the value of a string literal or a constant, or "".
func text(e ast.Expr, constants map[string]string) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.Ident:
		return constants[e.Name]
	}
	return ""
}

func TestAFailureKnowsItsRuleAndItsPlace(t *testing.T) {
	p := running(t)
	cl := p.check.cluster(p.hosts[0].proc)
	cl.elected(p.world, 1, leaderOf{p.hosts[0], 7})
	f := p.failed
	if f == nil {
		t.Fatal("two lives led in one term, and nothing failed")
	}
	if r := f.Law(); r.Section != "raft 5.2" || r.File != "check_leader.go" {
		t.Errorf("rule %+v", r)
	}
	if !strings.HasPrefix(f.Where(), "check_leader.go:") {
		t.Errorf("found at %s", f.Where())
	}
	if len(f.subject.terms) != 1 || f.subject.terms[0] != 1 {
		t.Errorf("it is about %+v", f.subject)
	}
}

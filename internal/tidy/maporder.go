package tidy

import (
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strings"
)

const orderRemedy = "sort the keys first, or say in a comment at the loop, " +
	"// unordered: or // ordered:, why the order cannot show"

// explanation matches a comment that gives a reason.
var explanation = regexp.MustCompile(`^// ?(un)?ordered: \w`)

// MapOrder checks that in cores no loop over a map depends on its order, as far
// as that can be seen: a loop carries a comment that says why not, or only
// collects keys that are sorted next. The iterators of package maps must go
// straight into a sort.
//
// It needs types, so it type-checks the cores. A package that does not compile
// is checked as far as it does.
func MapOrder(sources []*Source) []Finding {
	l := &loader{files: make(map[string][]*Source), done: make(map[string]*types.Package), info: make(map[string]*types.Info)}
	for _, s := range sources {
		if !s.IsTest() {
			l.fset = s.fset
			l.files[s.Dir()] = append(l.files[s.Dir()], s)
		}
	}
	var out []Finding
	for _, dir := range cores {
		if len(l.files[dir]) == 0 {
			continue
		}
		l.Import(module + "/" + dir)
		for _, s := range l.files[dir] {
			m := mapLoops{Source: s, info: l.info[dir], names: s.imports(), sorted: make(map[ast.Expr]bool)}
			ast.Inspect(s.AST, m.visit)
			out = append(out, m.out...)
		}
	}
	return out
}

// loader type-checks packages of the module from their parsed sources.
type loader struct {
	fset  *token.FileSet
	files map[string][]*Source // by folder
	done  map[string]*types.Package
	info  map[string]*types.Info // by folder
	std   types.Importer
}

// Import returns the package of a path, whether it compiles or not.
func (l *loader) Import(p string) (*types.Package, error) {
	if pkg := l.done[p]; pkg != nil {
		return pkg, nil
	}
	dir, own := strings.CutPrefix(p, module+"/")
	if !own {
		return l.library(p)
	}
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue)}
	conf := types.Config{Importer: l, Error: func(error) {}}
	var files []*ast.File
	for _, s := range l.files[dir] {
		files = append(files, s.AST)
	}
	pkg, _ := conf.Check(p, l.fset, files, info)
	l.done[p], l.info[dir] = pkg, info
	return pkg, nil
}

// library returns a package of the standard library. Only those whose functions
// return maps that cores use are read; the others are empty, which is faster by
// far, and what is unknown because of that is no map.
func (l *loader) library(p string) (*types.Package, error) {
	if p == "maps" || p == "slices" {
		if l.std == nil {
			l.std = importer.ForCompiler(l.fset, "source", nil)
		}
		return l.std.Import(p)
	}
	pkg := types.NewPackage(p, path.Base(strings.TrimSuffix(p, "/v2")))
	pkg.MarkComplete()
	l.done[p] = pkg
	return pkg, nil
}

// mapLoops walks over one file.
type mapLoops struct {
	*Source
	info  *types.Info
	names map[string]string // imports
	// sorted are the arguments of calls for which the order does not matter. A
	// call is visited before its arguments.
	sorted map[ast.Expr]bool
	out    []Finding
}

func (m *mapLoops) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BlockStmt:
		m.statements(n.List)
	case *ast.CaseClause:
		m.statements(n.Body)
	case *ast.CallExpr:
		m.call(n)
	}
	return true
}

// statements checks the loops among a list of statements.
func (m *mapLoops) statements(list []ast.Stmt) {
	for i, stmt := range list {
		if l, ok := stmt.(*ast.LabeledStmt); ok {
			stmt = l.Stmt
		}
		loop, ok := stmt.(*ast.RangeStmt)
		if !ok || !m.isMap(loop.X) || m.explained(loop.Pos()) || m.sortedNext(loop, list[i+1:]) {
			continue
		}
		m.out = append(m.out, m.found(loop.Pos(), orderRemedy, "core ranges over a map"))
	}
}

func (m *mapLoops) isMap(x ast.Expr) bool {
	t := m.info.TypeOf(x)
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// explained reports whether a comment on the line, or one that ends on the line
// above, says why the order does not show.
func (m *mapLoops) explained(p token.Pos) bool {
	line := m.line(p)
	for _, g := range m.AST.Comments {
		if end := m.line(g.End()); end != line && end != line-1 {
			continue
		}
		for _, c := range g.List {
			if explanation.MatchString(c.Text) {
				return true
			}
		}
	}
	return false
}

// sortedNext reports whether the loop only appends to a variable that one of
// the statements after it sorts.
func (m *mapLoops) sortedNext(loop *ast.RangeStmt, after []ast.Stmt) bool {
	body := loop.Body.List
	if len(body) == 1 {
		if f, ok := body[0].(*ast.IfStmt); ok && f.Else == nil {
			body = f.Body.List
		}
	}
	if len(body) != 1 {
		return false
	}
	set, ok := body[0].(*ast.AssignStmt)
	if !ok || len(set.Lhs) != 1 || !isAppend(set.Rhs[0]) {
		return false
	}
	target := types.ExprString(set.Lhs[0])
	for _, stmt := range after {
		if e, ok := stmt.(*ast.ExprStmt); ok {
			if call, ok := e.X.(*ast.CallExpr); ok && m.isSort(call) && types.ExprString(call.Args[0]) == target {
				return true
			}
		}
	}
	return false
}

func isAppend(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	name, ok := call.Fun.(*ast.Ident)
	return ok && name.Name == "append"
}

// isSort reports whether a call sorts its first argument.
func (m *mapLoops) isSort(call *ast.CallExpr) bool {
	pkg, name := m.callee(call)
	return len(call.Args) > 0 && (pkg == "sort" || pkg == "slices" && strings.HasPrefix(name, "Sort"))
}

// callee returns the package and name of a called function of a package.
func (m *mapLoops) callee(call *ast.CallExpr) (pkg, name string) {
	c := calls{names: m.names}
	return c.selects(call.Fun)
}

// call checks that the iterators of package maps, unless there is a comment,
// are arguments of a sort or of a function that makes a map again.
func (m *mapLoops) call(call *ast.CallExpr) {
	pkg, name := m.callee(call)
	if pkg == "slices" && strings.HasPrefix(name, "Sorted") || pkg == "maps" && (name == "Collect" || name == "Insert") {
		for _, arg := range call.Args {
			m.sorted[arg] = true
		}
	}
	if pkg == "maps" && slices.Contains([]string{"Keys", "Values", "All"}, name) && !m.sorted[call] && !m.explained(call.Pos()) {
		m.out = append(m.out, m.found(call.Pos(), orderRemedy, "core uses the order of maps.%s", name))
	}
}

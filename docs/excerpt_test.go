package docs

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxExcerpt is the most lines of an excerpt: what a reader takes in at once.
const maxExcerpt = 25

// The marks for lines that are left out.
const (
	goMark   = "// ..."
	textMark = "..."
)

// checkExcerpt compares a block that shows a part of the source with the
// source, and returns what the block shall hold. The error says what to do by
// hand; with rewrite, the block is refreshed instead if it can be.
func checkExcerpt(root string, b *block, rewrite bool) ([]string, error) {
	s := goStyle
	want, err := []string(nil), error(nil)
	if b.kind == "go" {
		if len(b.args) < 2 {
			return nil, fmt.Errorf("an excerpt names a file and a definition: go %s NAME", b.args[0])
		}
		want, err = definition(root, b.args[0], b.args[1], b.has("+doc"))
	} else {
		s = fileStyle
		want, err = fileLines(root, b.args[0])
	}
	if err != nil {
		return nil, err
	}
	body, err := s.refreshed(b.body, want, rewrite)
	if err != nil {
		return nil, err
	}
	if len(body) > maxExcerpt {
		return nil, fmt.Errorf("the excerpt has %d lines, at most %d; leave some out with a line %q", len(body), maxExcerpt, s.mark)
	}
	return body, nil
}

func fileLines(root, file string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n"), nil
}

// definition returns the lines of a definition in a Go file: of a function
// (Append), a method ((*Log).Append or Log.Append), a type, or the group of
// constants or variables that holds the name. doc includes its comment.
func definition(root, file, name string, doc bool) ([]string, error) {
	src, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range f.Decls {
		for _, def := range definitionsIn(d) {
			names = append(names, def.names...)
			if !slices.Contains(def.names, name) {
				continue
			}
			from := def.node.Pos()
			if doc && def.doc != nil {
				from = def.doc.Pos()
			}
			lines := strings.Split(string(src), "\n")
			return dedent(lines[fset.Position(from).Line-1 : fset.Position(def.node.End()).Line]), nil
		}
	}
	return nil, fmt.Errorf("%s has no %s; it has %s", file, name, strings.Join(names, ", "))
}

// A def is a definition and the names that it can be shown by.
type def struct {
	names []string
	node  ast.Node
	doc   *ast.CommentGroup
}

func definitionsIn(d ast.Decl) []def {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return []def{{names: funcNames(d), node: d, doc: d.Doc}}
	case *ast.GenDecl:
		whole := def{node: d, doc: d.Doc}
		var types []def
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				types = append(types, def{names: []string{s.Name.Name}, node: s, doc: s.Doc})
			case *ast.ValueSpec:
				for _, n := range s.Names {
					whole.names = append(whole.names, n.Name)
				}
			}
		}
		if d.Tok == token.TYPE && !d.Lparen.IsValid() {
			types[0].node, types[0].doc = d, d.Doc // with the word "type"
		}
		return append(types, whole)
	}
	return nil
}

// funcNames returns the names of a function or of a method.
func funcNames(d *ast.FuncDecl) []string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return []string{d.Name.Name}
	}
	recv, star := d.Recv.List[0].Type, false
	if p, ok := recv.(*ast.StarExpr); ok {
		recv, star = p.X, true
	}
	switch generic := recv.(type) {
	case *ast.IndexExpr:
		recv = generic.X
	case *ast.IndexListExpr:
		recv = generic.X
	}
	id, ok := recv.(*ast.Ident)
	if !ok {
		return nil
	}
	names := []string{id.Name + "." + d.Name.Name}
	if star {
		names = append([]string{"(*" + id.Name + ")." + d.Name.Name}, names...)
	}
	return names
}

// dedent removes the tabs that the first line starts with from all lines.
func dedent(lines []string) []string {
	indent := len(lines[0]) - len(strings.TrimLeft(lines[0], "\t"))
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = strings.TrimPrefix(line, strings.Repeat("\t", indent))
	}
	return out
}

// checkSnippet checks Go code that is no excerpt: it must at least be Go.
func checkSnippet(b *block) error {
	if _, err := format.Source([]byte(strings.Join(b.body, "\n"))); err != nil {
		return fmt.Errorf("code that is no excerpt must still be Go: %w", err)
	}
	return nil
}

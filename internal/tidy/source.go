package tidy

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// module is the path of the module, and the prefix of its packages' paths.
const module = "praetor"

// Finding is one violation of a rule.
type Finding struct {
	File   string // relative to the module, with slashes
	Line   int
	Rule   string // what is wrong
	Remedy string // what to do about it
}

// String returns the finding as "file:line: rule: remedy".
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Rule, f.Remedy)
}

// Source is one parsed Go file.
type Source struct {
	Path string // relative to the module, with slashes
	AST  *ast.File
	fset *token.FileSet
}

// Dir returns the folder of the file, which is its package's path in the module.
func (s *Source) Dir() string { return path.Dir(s.Path) }

// IsTest reports whether the file is part of a test.
func (s *Source) IsTest() bool { return strings.HasSuffix(s.Path, "_test.go") }

// line returns the line of a position.
func (s *Source) line(p token.Pos) int { return s.fset.Position(p).Line }

// found returns a finding at a position.
func (s *Source) found(p token.Pos, remedy, rule string, args ...any) Finding {
	return Finding{File: s.Path, Line: s.line(p), Rule: fmt.Sprintf(rule, args...), Remedy: remedy}
}

// imports returns the paths that the file imports, by the names it uses.
func (s *Source) imports() map[string]string {
	names := make(map[string]string)
	for _, spec := range s.AST.Imports {
		p := importPath(spec)
		name := path.Base(p)
		if name == "v2" {
			name = path.Base(path.Dir(p))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	return names
}

func importPath(spec *ast.ImportSpec) string { return strings.Trim(spec.Path.Value, "`\"") }

// Parse parses one file.
func Parse(fset *token.FileSet, name string, src []byte) (*Source, error) {
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	return &Source{Path: name, AST: f, fset: fset}, nil
}

// Load parses all Go files beneath the root of the module, but for folders
// named testdata and those that begin with a dot.
func Load(root string) ([]*Source, error) {
	fset := token.NewFileSet()
	var out []*Source
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		s, err := Parse(fset, filepath.ToSlash(rel), src)
		if err != nil {
			return err
		}
		out = append(out, s)
		return nil
	})
	return out, err
}

// Check runs all rules over the sources of a module.
func Check(sources []*Source) []Finding {
	var out []Finding
	for _, s := range sources {
		out = slices.Concat(out, Imports(s), Calls(s), Shape(s))
	}
	out = slices.Concat(out, MapOrder(sources), PackageComments(sources))
	slices.SortFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}

package tidy

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The bounds are far beyond what a file or a function should have; they catch
// what has grown for a long time without a thought. Lines.
const (
	maxFileLines     = 600
	maxFunctionLines = 80
)

// unfinished matches the marks of work that was left for later.
var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)

// Shape checks the length of a file and its functions, and that no comment
// leaves work for later.
func Shape(s *Source) []Finding {
	var out []Finding
	if n := s.line(s.AST.FileEnd - 1); n > maxFileLines {
		out = append(out, s.found(s.AST.FileEnd-1, "cut it along its concepts", "file has %d lines, at most %d", n, maxFileLines))
	}
	for _, d := range s.AST.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := s.line(f.End()) - s.line(f.Pos()) + 1; n > maxFunctionLines {
			out = append(out, s.found(f.Pos(), "give its steps names", "function %s has %d lines, at most %d", f.Name.Name, n, maxFunctionLines))
		}
	}
	for _, g := range s.AST.Comments {
		for _, c := range g.List {
			if m := unfinished.FindString(c.Text); m != "" {
				out = append(out, s.found(c.Pos(), "do it, or write down in docs why not", "comment says %s", m))
			}
		}
	}
	return out
}

// PackageComments checks that every package says what it is.
func PackageComments(sources []*Source) []Finding {
	first := make(map[string]*Source)
	documented := make(map[string]bool)
	var dirs []string
	for _, s := range sources {
		if s.IsTest() {
			continue
		}
		if first[s.Dir()] == nil {
			first[s.Dir()] = s
			dirs = append(dirs, s.Dir())
		}
		documented[s.Dir()] = documented[s.Dir()] || s.AST.Doc != nil
	}
	var out []Finding
	for _, dir := range dirs {
		if !documented[dir] {
			out = append(out, first[dir].found(first[dir].AST.Package, "add a doc.go that is a tour", "package %s has no comment", dir))
		}
	}
	return out
}

// folders are those of the top level, and what a build leaves there.
var folders = []string{
	"api", "catalog", "cmd", "dns", "docs", "internal", "kv", "raft", "sim", "swim",
	"bin", "data",
}

// Folders checks that the top of the module holds no folder but the known.
func Folders(root string) ([]Finding, error) {
	entries, err := os.ReadDir(filepath.Clean(root))
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(folders, e.Name()) {
			out = append(out, Finding{File: e.Name(), Line: 1, Rule: "folder at the top that is not in the layout",
				Remedy: "put it beneath internal, or add it to the layout and to internal/tidy"})
		}
	}
	return out, nil
}

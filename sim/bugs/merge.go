package bugs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
)

// switchEnv names the bug that a merged simulator has.
const switchEnv = "PRAETOR_PLANTED"

// merge makes one simulator of many, which saves a build for each bug (mutant
// schemata: Untch, Offutt and Harrold, "Mutation Analysis Using Mutant
// Schemata", ISSTA 1993). Each function that a bug changes stands in the file
// once more, under another name, and the one of the project goes there if that
// bug is switched on:
//
//	func (l *leadership) ready(log *log) bool {
//		if planted == "reads-too-early" {
//			return l.ready_bug7(log)
//		}
//		...
//
// The result has the changed files, by their names in the module, with one more
// for each package, which holds the switch; and the bugs that cannot be merged,
// because they change more than the bodies of functions.
func merge(all []Bug, read func(file string) ([]byte, error)) (files map[string]string, alone []Bug, err error) {
	m := merger{read: read, sources: map[string]*source{}}
	for i, b := range all {
		ok, err := m.add(i, b)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			alone = append(alone, b)
		}
	}
	files = map[string]string{}
	for file, s := range m.sources {
		if len(s.changes) == 0 {
			continue
		}
		files[file] = s.merged()
		dir := path.Dir(file)
		files[dir+"/planted_bug.go"] = fmt.Sprintf("package %s\n\nimport \"os\"\n\nvar planted = os.Getenv(%q)\n", s.pkg, switchEnv)
	}
	return files, alone, nil
}

type merger struct {
	read    func(file string) ([]byte, error)
	sources map[string]*source
}

// source is a file and what the bugs change in it.
type source struct {
	text    string
	pkg     string
	frame   string // the text without the functions
	funcs   map[string]function
	changes []change
}

// function is where a function stands in its file.
type function struct {
	decl       *ast.FuncDecl
	start, end int
	name       int // where its name ends
	body       int // behind the brace that begins its body
}

// change is text that comes in at a place.
type change struct {
	at   int
	text string
}

// add merges a bug, or reports false and changes nothing.
func (m *merger) add(number int, b Bug) (bool, error) {
	planted, err := b.Plant(m.read)
	if err != nil {
		return false, err
	}
	pending := map[*source][]change{}
	for file, text := range planted {
		s, err := m.source(file)
		if err != nil {
			return false, err
		}
		p, err := parseSource(file, text)
		if err != nil || p.frame != s.frame {
			return false, nil
		}
		for name, f := range s.funcs {
			g := p.funcs[name]
			if s.text[f.start:f.end] == p.text[g.start:g.end] {
				continue
			}
			suffix := fmt.Sprintf("_bug%d", number)
			call, ok := f.call(suffix)
			if !ok || f.signature(s) != g.signature(p) {
				return false, nil
			}
			pending[s] = append(pending[s],
				change{f.body, fmt.Sprintf("\n\tif planted == %q {\n\t\t%s\n\t}\n", b.Name, call)},
				change{len(s.text), "\n" + p.text[g.start:g.name] + suffix + p.text[g.name:g.end] + "\n"})
		}
	}
	for s, changes := range pending {
		s.changes = append(s.changes, changes...)
	}
	return true, nil
}

// source returns a file of the module, parsed.
func (m *merger) source(file string) (*source, error) {
	if s := m.sources[file]; s != nil {
		return s, nil
	}
	text, err := m.read(file)
	if err != nil {
		return nil, err
	}
	s, err := parseSource(file, string(text))
	m.sources[file] = s
	return s, err
}

// parseSource takes a file apart into its functions and what is between them.
func parseSource(file, text string) (*source, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, text, 0)
	if err != nil {
		return nil, fmt.Errorf("bugs: %w", err)
	}
	s := &source{text: text, pkg: tree.Name.Name, funcs: map[string]function{}}
	at := func(p token.Pos) int { return fset.Position(p).Offset }
	last := 0
	for _, d := range tree.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		g := function{decl: f, start: at(f.Pos()), end: at(f.End()), name: at(f.Name.End()), body: at(f.Body.Lbrace) + 1}
		s.funcs[text[g.start:g.name]] = g // with the receiver
		s.frame += text[last:g.start] + text[g.start:g.name]
		last = g.end
	}
	s.frame += text[last:]
	return s, nil
}

// signature returns what is between the function's name and its body.
func (f function) signature(s *source) string { return s.text[f.name:f.body] }

// call returns the statement that calls the function's other form with its own
// arguments; ok is false if one of them has no name.
func (f function) call(suffix string) (text string, ok bool) {
	target := f.decl.Name.Name + suffix
	if f.decl.Recv != nil {
		names := f.decl.Recv.List[0].Names
		if len(names) != 1 || names[0].Name == "_" {
			return "", false
		}
		target = names[0].Name + "." + target
	}
	var args []string
	for _, p := range f.decl.Type.Params.List {
		if len(p.Names) == 0 {
			return "", false
		}
		for _, n := range p.Names {
			if n.Name == "_" {
				return "", false
			}
			args = append(args, n.Name)
		}
		if _, variadic := p.Type.(*ast.Ellipsis); variadic {
			args[len(args)-1] += "..."
		}
	}
	text = target + "(" + strings.Join(args, ", ") + ")"
	if f.decl.Type.Results != nil {
		return "return " + text, true
	}
	return text + "\n\t\treturn", true
}

// merged returns the file with all changes.
func (s *source) merged() string {
	slices.SortStableFunc(s.changes, func(a, b change) int { return a.at - b.at })
	var b strings.Builder
	last := 0
	for _, c := range s.changes {
		b.WriteString(s.text[last:c.at])
		b.WriteString(c.text)
		last = c.at
	}
	b.WriteString(s.text[last:])
	return b.String()
}

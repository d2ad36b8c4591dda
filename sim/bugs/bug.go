package bugs

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Bug is a slip in the production code, or in the simulator's own, that the
// simulator has to find.
type Bug struct {
	Name    string // of its file
	What    string // the slip, in a sentence
	Rule    string // what the code promises and the slip breaks
	Section string // where that is written: of a paper, or of the book
	Checker string // the simulator's rule that should see it, as a Failure names it
	Scope   string // what search is told to play: raft, swim, kv, catalog, disk or sim
	Edits   []Edit
}

// Edit is a change of one place in one file.
type Edit struct {
	File     string // relative to the module, with slashes
	Old, New string // whole lines; Old occurs once
}

//go:embed *.txt
var files embed.FS

// scopes are the words for Bug.Scope. Those that search does not know as an
// -only are played with everything: faults of the disk show in what is read
// back, and those of the simulator anywhere.
var scopes = []string{"raft", "disk", "swim", "kv", "catalog", "sim"}

// All returns the bugs, by scope and then by name.
func All() ([]Bug, error) {
	names, err := fs.Glob(files, "*.txt")
	if err != nil {
		return nil, err
	}
	var all []Bug
	for _, n := range names {
		text, err := files.ReadFile(n)
		if err != nil {
			return nil, err
		}
		b, err := Parse(strings.TrimSuffix(n, ".txt"), string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	slices.SortStableFunc(all, func(a, b Bug) int { // by name within, as Glob sorts
		return slices.Index(scopes, a.Scope) - slices.Index(scopes, b.Scope)
	})
	return all, nil
}

// Parse reads the text of a bug:
//
//	what: Commits an entry of an older term once a majority has it.
//	rule: only entries of the leader's own term are committed by counting
//	section: raft 5.4.2, figure 8
//	checker: state machine safety (raft 5.4.3)
//	scope: raft
//
//	edit raft/leader.go
//	-	advanced := index > r.log.commit && r.log.matches(index, r.hard.Term)
//	+	advanced := index > r.log.commit
//
// An edit is written as in a diff: "-" stands before a line that goes, "+"
// before one that comes, a blank before one that stays.
func Parse(name, text string) (Bug, error) {
	b := Bug{Name: name}
	fields := []struct {
		key string
		to  *string
	}{{"what", &b.What}, {"rule", &b.Rule}, {"section", &b.Section}, {"checker", &b.Checker}, {"scope", &b.Scope}}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for _, f := range fields {
		value, ok := strings.CutPrefix(lines[0], f.key+": ")
		if !ok || value == "" {
			return b, fmt.Errorf("bugs: %s: %q stands where %q must", name, lines[0], f.key+": ...")
		}
		*f.to, lines = value, lines[1:]
		if len(lines) == 0 {
			return b, fmt.Errorf("bugs: %s: it ends after %q", name, f.key)
		}
	}
	if !slices.Contains(scopes, b.Scope) {
		return b, fmt.Errorf("bugs: %s: there is no scope %q", name, b.Scope)
	}
	return b, b.parseEdits(lines)
}

func (b *Bug) parseEdits(lines []string) error {
	for _, line := range lines {
		if file, ok := strings.CutPrefix(line, "edit "); ok {
			b.Edits = append(b.Edits, Edit{File: file})
			continue
		}
		if line == "" {
			continue
		}
		if len(b.Edits) == 0 {
			return fmt.Errorf("bugs: %s: %q stands before any edit", b.Name, line)
		}
		e, rest := &b.Edits[len(b.Edits)-1], line[1:]+"\n"
		switch line[0] {
		case '-':
			e.Old += rest
		case '+':
			e.New += rest
		case ' ':
			e.Old, e.New = e.Old+rest, e.New+rest
		default:
			return fmt.Errorf("bugs: %s: %q begins with neither -, + nor a blank", b.Name, line)
		}
	}
	for _, e := range b.Edits {
		if e.Old == "" || e.Old == e.New {
			return fmt.Errorf("bugs: %s: an edit of %s changes nothing", b.Name, e.File)
		}
	}
	if len(b.Edits) == 0 {
		return fmt.Errorf("bugs: %s: it edits nothing", b.Name)
	}
	return nil
}

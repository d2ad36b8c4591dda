package sim

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scenario is a story that is played in a world: servers, faults, what clients
// do, and what must come of it. It is a text of one step a line; Verbs lists
// the steps. A step is done as soon as the one before is; with "at TIME" in
// front it waits for that time. Steps beginning with "when" wait for nothing:
// they set a trap, which is sprung when a server says something in its trace.
//
//	# Whoever becomes leader first crashes in the act.
//	when any says "becomes leader" crash it
//	servers 3 expect=3
//	expect leader within 5s
//	at 10s restart all
type Scenario struct {
	Name  string
	Text  string
	steps []step
}

// step is one line of a scenario.
type step struct {
	line  int // in the text, from 1
	text  string
	at    time.Duration // since the beginning or the last mark; 0: as soon as the step before is done
	verb  string
	args  []string
	named map[string]string
	trap  *trap // of a "when"
}

//go:embed scenarios/*.txt
var files embed.FS

// Scenarios returns the names of the scenarios that come with the program.
func Scenarios() []string {
	entries, err := fs.ReadDir(files, "scenarios")
	if err != nil {
		panic(err) // they are compiled in
	}
	var list []string
	for _, e := range entries {
		list = append(list, strings.TrimSuffix(e.Name(), ".txt"))
	}
	return list
}

// Load returns a scenario that comes with the program.
func Load(name string) (*Scenario, error) {
	b, err := files.ReadFile("scenarios/" + name + ".txt")
	if err != nil {
		return nil, fmt.Errorf("sim: no scenario is named %q; sim list shows them", name)
	}
	return Parse(name, string(b))
}

// Parse reads a scenario. The error names the line.
func Parse(name, text string) (*Scenario, error) {
	s := &Scenario{Name: name, Text: text}
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		st, err := parseStep(line)
		if err != nil {
			return nil, fmt.Errorf("sim: %s, line %d: %q: %w", name, i+1, line, err)
		}
		st.line = i + 1
		s.steps = append(s.steps, st)
	}
	return s, nil
}

// Title returns the sentence that the scenario opens with, on one line.
func (s *Scenario) Title() string {
	var words []string
	for _, line := range strings.Split(s.Text, "\n") {
		line = strings.TrimSpace(strings.TrimPrefix(line, "#"))
		words = append(words, line)
		if line == "" || strings.HasSuffix(line, ".") {
			break
		}
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// keywords are words that name the word after them.
var keywords = []string{"via", "within", "for", "by", "joins"}

func parseStep(line string) (step, error) {
	words, err := splitWords(line)
	if err != nil {
		return step{}, err
	}
	st := step{text: line}
	if words[0] == "at" && len(words) > 2 {
		if st.at, err = time.ParseDuration(words[1]); err != nil {
			return step{}, err
		}
		words = words[2:]
	}
	return st.parse(words)
}

// parse reads the words of a step into st.
func (st step) parse(words []string) (step, error) {
	st.verb, st.args, st.named = words[0], nil, map[string]string{}
	words = words[1:]
	if st.verb == "when" { // the rest is conditions and a step of its own
		st.args = words
		if err := st.check(); err != nil {
			return st, err
		}
		var err error
		st.trap, err = st.parseTrap()
		return st, err
	}
	for ; len(words) > 0; words = words[1:] {
		w := words[0]
		key, value, pair := strings.Cut(w, "=")
		switch {
		case slices.Contains(keywords, w) && len(words) > 1:
			words = words[1:]
			st.named[w] = words[0]
		case w == "->":
			st.named["oneway"] = "1"
		case pair && key != "":
			st.named[key] = value
		default:
			st.args = append(st.args, w)
		}
	}
	return st, st.check()
}

// check finds what is wrong with a step before anything runs.
func (st step) check() error {
	v, ok := verbs[st.verb]
	if !ok {
		return fmt.Errorf("there is no step %q", st.verb)
	}
	if n := len(st.args); n < v.least || n > v.most {
		return fmt.Errorf("%d arguments; it is: %s", n, v.usage)
	}
	return nil
}

// splitWords cuts a line at spaces outside of double quotes.
func splitWords(line string) ([]string, error) {
	var words []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if line[0] != '"' {
			w, rest, _ := strings.Cut(line, " ")
			words, line = append(words, w), rest
			continue
		}
		w, rest, ok := strings.Cut(line[1:], `"`)
		if !ok {
			return nil, fmt.Errorf("a quote is not closed")
		}
		words, line = append(words, w), rest
	}
	return words, nil
}

// duration returns a named argument that is a duration, or def.
func (st step) duration(name string, def time.Duration) (time.Duration, error) {
	s, ok := st.named[name]
	if !ok {
		return def, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

// number returns a named argument that is a number, or 0.
func (st step) number(name string) (int, error) {
	s, ok := st.named[name]
	if !ok {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s=%s: not a number", name, s)
	}
	return n, nil
}

package docs

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// A page is a Markdown file, taken apart into its fenced blocks and the rest.
type page struct {
	file   string // for messages, and where the page is written back
	lines  []string
	blocks []*block
}

// A block is a fenced block. The words behind the opening fence say what it is.
type block struct {
	pos   string // "file:line" of the opening fence, for messages
	kind  string // the first word: "go", "console", "sim", "text", or ""
	args  []string
	body  []string // the lines between the fences
	first int      // index of the first body line in the page
	last  int      // index of the closing fence
}

var fence = regexp.MustCompile("^( *)(`{3,}|~{3,})(.*)$")

// parsePage takes the text of a page apart. A fence that is never closed is an
// error: everything behind it would silently stop being checked.
func parsePage(file, text string) (*page, error) {
	p := &page{file: file, lines: strings.Split(text, "\n")}
	var open *block
	var mark string // the fence that is open
	for i, line := range p.lines {
		m := fence.FindStringSubmatch(line)
		switch {
		case open == nil && m != nil:
			open, mark = &block{pos: fmt.Sprintf("%s:%d", file, i+1), first: i + 1}, m[2]
			if words := strings.Fields(m[3]); len(words) > 0 {
				open.kind, open.args = words[0], words[1:]
			}
			if m[1] != "" && len(open.args) > 0 {
				return nil, fmt.Errorf("%s: a checked block must not be indented", open.pos)
			}
		case m != nil && strings.HasPrefix(m[2], mark) && strings.TrimSpace(m[3]) == "":
			open.last = i
			open.body = p.lines[open.first:i]
			p.blocks = append(p.blocks, open)
			open = nil
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s: the fence is never closed", open.pos)
	}
	return p, nil
}

// readPage is parsePage of a file.
func readPage(file string) (*page, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parsePage(file, string(text))
}

// text returns the page with the bodies that its blocks have now.
func (p *page) text() string {
	var out []string
	next := 0
	for _, b := range p.blocks {
		out = append(append(out, p.lines[next:b.first]...), b.body...)
		next = b.last
	}
	return strings.Join(append(out, p.lines[next:]...), "\n")
}

// save writes the page back if it has changed.
func (p *page) save() error {
	if text := p.text(); text != strings.Join(p.lines, "\n") {
		return os.WriteFile(p.file, []byte(text), 0o644)
	}
	return nil
}

// prose returns the lines outside of blocks; lines of blocks are empty in it,
// so that line numbers stay right.
func (p *page) prose() []string {
	out := slices.Clone(p.lines)
	for _, b := range p.blocks {
		for i := b.first - 1; i <= b.last; i++ {
			out[i] = ""
		}
	}
	return out
}

// option returns the value of the argument "key=value", or "".
func (b *block) option(key string) string {
	for _, a := range b.args {
		if v, ok := strings.CutPrefix(a, key+"="); ok {
			return v
		}
	}
	return ""
}

func (b *block) has(word string) bool { return slices.Contains(b.args, word) }

package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

var (
	inlineCode = regexp.MustCompile("``[^`]+``|`[^`]*`")
	inlineLink = regexp.MustCompile(`\]\(<?([^)>\s]+)>?[^)]*\)`)
	reference  = regexp.MustCompile(`^ {0,3}\[[^\]]+\]:\s*<?([^>\s]+)`)
	heading    = regexp.MustCompile(`^ {0,3}#{1,6} +(.*?)(?: +#+)?$`)
	markup     = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
)

// checkLinks returns one message for each link of the page to a file or a
// heading that does not exist. Links to other sites are not followed.
func checkLinks(p *page) []string {
	var broken []string
	for i, line := range p.prose() {
		line = inlineCode.ReplaceAllString(line, "")
		links := inlineLink.FindAllStringSubmatch(line, -1)
		if m := reference.FindStringSubmatch(line); m != nil {
			links = append(links, m)
		}
		for _, m := range links {
			if err := checkLink(p, m[1]); err != nil {
				broken = append(broken, fmt.Sprintf("%s:%d: link to %s: %v", p.file, i+1, m[1], err))
			}
		}
	}
	return broken
}

func checkLink(p *page, link string) error {
	if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
		return nil
	}
	path, anchor, hasAnchor := strings.Cut(link, "#")
	file, target := p.file, p
	if path != "" {
		file = filepath.Join(filepath.Dir(p.file), path)
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("there is no such file")
		}
	}
	if !hasAnchor {
		return nil
	}
	if !strings.HasSuffix(file, ".md") {
		return fmt.Errorf("only headings of Markdown pages can be linked to; line numbers go stale")
	}
	if path != "" {
		var err error
		if target, err = readPage(file); err != nil {
			return err
		}
	}
	if !target.anchors()[anchor] {
		return fmt.Errorf("there is no such heading")
	}
	return nil
}

// anchors returns the anchors of the page's headings, as GitHub makes them:
// lower case, blanks to dashes, punctuation gone, and a number behind one that
// was there before.
func (p *page) anchors() map[string]bool {
	all := map[string]bool{}
	for _, line := range p.prose() {
		m := heading.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, markup.ReplaceAllString(m[1], "$1"))
		name := slug
		for n := 1; all[name]; n++ {
			name = fmt.Sprintf("%s-%d", slug, n)
		}
		all[name] = true
	}
	return all
}

package docs

import (
	"fmt"
	"slices"
	"strings"
)

// A command is one command line of a console block, and what the page shows
// for it.
type command struct {
	line   string   // without the prompt, continuation lines joined
	prompt []string // as it stands on the page
	output []string
	gap    []string // empty lines before the next command
}

// parseConsole takes a console block apart: a line that starts with "$ " is a
// command, and what follows is its output.
func parseConsole(body []string) ([]command, error) {
	var cmds []command
	for i := 0; i < len(body); i++ {
		if line, ok := strings.CutPrefix(body[i], "$ "); ok {
			c := command{prompt: []string{body[i]}, line: line}
			for strings.HasSuffix(c.line, `\`) && i+1 < len(body) {
				i++
				c.prompt = append(c.prompt, body[i])
				c.line = strings.TrimSuffix(c.line, `\`) + strings.TrimPrefix(body[i], "> ")
			}
			cmds = append(cmds, c)
			continue
		}
		if len(cmds) == 0 {
			return nil, fmt.Errorf("the block starts with output: %q; a command starts with \"$ \"", body[i])
		}
		last := &cmds[len(cmds)-1]
		last.output = append(last.output, body[i])
	}
	for i := range cmds {
		c := &cmds[i]
		n := len(c.output)
		for n > 0 && c.output[n-1] == "" {
			n--
		}
		c.output, c.gap = c.output[:n:n], c.output[n:]
	}
	return cmds, nil
}

// formatConsole is the inverse of parseConsole.
func formatConsole(cmds []command) []string {
	var body []string
	for _, c := range cmds {
		body = slices.Concat(body, c.prompt, c.output, c.gap)
	}
	return body
}

// words splits a command line as a shell does, with single and double quotes
// and backslashes. background reports a final "&". What else a shell could do
// (pipes, redirection, variables) is an error: the page would show more than
// the test understands.
func words(line string) (args []string, background bool, err error) {
	line = strings.TrimSpace(line)
	line, background = strings.CutSuffix(line, " &")
	var w strings.Builder
	var quote rune
	started, escaped := false, false
	for _, c := range line {
		switch {
		case escaped:
			w.WriteRune(c)
			escaped = false
		case c == '\\' && quote != '\'':
			escaped, started = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			w.WriteRune(c)
		case c == '\'' || c == '"':
			quote, started = c, true
		case c == ' ':
			if started {
				args = append(args, w.String())
				w.Reset()
				started = false
			}
		case strings.ContainsRune("|<>;&$`()", c):
			return nil, false, fmt.Errorf("%q is not understood here in %q: quote it, or use plain commands", c, line)
		default:
			w.WriteRune(c)
			started = true
		}
	}
	if quote != 0 || escaped {
		return nil, false, fmt.Errorf("unclosed quote in %q", line)
	}
	if started {
		args = append(args, w.String())
	}
	if len(args) == 0 {
		return nil, false, fmt.Errorf("no command in %q", line)
	}
	return args, background, nil
}

package docs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	// praetorWords finds the program in a line of shell, and up to two words
	// behind it: a command has one or two, and the rest are its arguments.
	praetorWords = regexp.MustCompile(`(?:^|[\s/(])praetor((?: [a-z][a-z-]*){1,2})`)
	// goLine finds what go is told to run, build or test.
	goLine     = regexp.MustCompile(`(?:^|\s)go (?:run|build|test|vet|install) ([^|;&#]*)`)
	inlineText = regexp.MustCompile("`([^`]+)`")
)

// hasNames reports whether lines name a command of ours.
func hasNames(lines []string) bool {
	text := strings.Join(lines, "\n")
	return praetorWords.MatchString(text) || goLine.MatchString(text)
}

// inProse returns, for each line of the page, the inline code in its prose.
func inProse(p *page) []string {
	out := p.prose()
	for i, line := range out {
		var code []string
		for _, m := range inlineText.FindAllStringSubmatch(line, -1) {
			code = append(code, m[1])
		}
		out[i] = strings.Join(code, "\n")
	}
	return out
}

// checkNames checks that the commands which lines name exist: those of
// praetor, and the packages that go is told to use. It does not run them.
func (c *checker) checkNames(pos string, lines []string) (problems []error) {
	for _, line := range lines {
		for _, m := range praetorWords.FindAllStringSubmatch(line, -1) {
			if err := c.checkCommand(strings.Fields(m[1])); err != nil {
				problems = append(problems, fmt.Errorf("%s: praetor%s: %w", pos, m[1], err))
			}
		}
		for _, m := range goLine.FindAllStringSubmatch(line, -1) {
			for _, arg := range strings.Fields(m[1]) {
				dir, ok := strings.CutPrefix(arg, "./")
				if _, err := os.Stat(filepath.Join(c.root, strings.TrimSuffix(dir, "..."))); ok && err != nil {
					problems = append(problems, fmt.Errorf("%s: there is no package %s", pos, arg))
				}
			}
		}
	}
	return problems
}

// unknownCommand is the program's exit code for a command that it does not have.
const unknownCommand = 127

// checkCommand asks the program whether it has the command. Nobody listens at
// the address that it gets, in case a word is not taken for an argument.
func (c *checker) checkCommand(words []string) error {
	bin, err := c.bin()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxRun)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin["praetor"], append(words, "-h")...)
	cmd.Env = append(os.Environ(), "CONSUL_HTTP_ADDR=127.0.0.1:1")
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() == unknownCommand {
		return fmt.Errorf("there is no such command")
	}
	return nil
}

package script

import (
	"fmt"
	"strings"
	"testing"
)

const sample = `# picture

echo a "b c" k=v
input 1
input 2
----
echo [a b c] k=v "input 1\ninput 2"

silent

two
----
----
x

y
----
----
`

func echo(c Command) string {
	switch c.Verb {
	case "echo":
		return fmt.Sprintf("echo %v k=%s %q", c.Args, c.Named["k"], c.Input)
	case "two":
		return "x\n\ny"
	}
	return ""
}

func TestExecuteAcceptsItsOwnOutput(t *testing.T) {
	got, failures, err := Execute("sample", sample, echo)
	if err != nil || len(failures) > 0 {
		t.Fatal(err, failures)
	}
	if got != sample {
		t.Errorf("refreshed script differs:\n%s\nwant:\n%s", got, sample)
	}
}

func TestExecuteReportsADifference(t *testing.T) {
	changed := strings.Replace(sample, "echo [a", "echo [z", 1)
	got, failures, err := Execute("sample", changed, echo)
	if err != nil || len(failures) != 1 {
		t.Fatalf("got %d failures, %v; want 1", len(failures), err)
	}
	if got != sample {
		t.Errorf("the refreshed script does not hold the new output:\n%s", got)
	}
}

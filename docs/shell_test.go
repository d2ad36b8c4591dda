package docs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	maxRun    = 20 * time.Second      // for a command, or for an agent to come up
	pollEvery = 50 * time.Millisecond // how often a question is asked again
	calmPolls = 40                    // so many answers alike are taken for the last word
)

// A shell plays the reader of one page: it has a folder of its own, an agent,
// and loopback addresses on which nobody else listens. The page says 127.0.0.N;
// the shell uses 127.A.B.N, and puts 127.0.0.N back into what it prints.
type shell struct {
	t    testing.TB
	dir  string
	net  string            // "127.A.B."
	bin  map[string]string // the programs of this module, by name
	jobs []*job            // the agents that were started, in order

	patience time.Duration // for an answer to become what the page shows
}

// defaultAgent is what a page runs on if it starts no agent itself.
const defaultAgent = "praetor agent -dev -node n1 &"

func newShell(t testing.TB, bin map[string]string, patience time.Duration) *shell {
	t.Helper()
	s := &shell{t: t, dir: t.TempDir(), net: freeNet(t), bin: bin, patience: patience}
	t.Cleanup(func() {
		for _, j := range s.jobs {
			j.end(syscall.SIGKILL)
		}
	})
	return s
}

// freeNet returns a "127.A.B." that no other test uses until this one ends, of
// this process or of another: whoever listens on its last address has it. A
// and B are single digits, so that no text changes its length.
func freeNet(t testing.TB) string {
	if l, err := net.Listen("tcp", "127.1.0.254:0"); err != nil {
		t.Skipf("pages need the loopback network 127.0.0.0/8, not only 127.0.0.1: %v", err)
	} else {
		l.Close()
	}
	for i := range 90 {
		i = (i + os.Getpid()) % 90
		n := fmt.Sprintf("127.%d.%d.", 1+i/10, i%10)
		if l, err := net.Listen("tcp", n+"254:8500"); err == nil {
			t.Cleanup(func() { l.Close() })
			return n
		}
	}
	t.Fatal("all of 90 loopback networks are in use by other tests")
	return ""
}

var pageAddr = regexp.MustCompile(`\b127\.0\.0\.(\d+)`)

// there replaces the addresses of the page by those of the test, here the
// other way around, in hex too, as DNS names hold them.
func (s *shell) there(text string) string {
	return pageAddr.ReplaceAllString(strings.ReplaceAll(text, "localhost", "127.0.0.1"), s.net+"$1")
}

func (s *shell) here(text string) string {
	var a, b int
	if _, err := fmt.Sscanf(s.net, "127.%d.%d.", &a, &b); err != nil {
		s.t.Fatal(err)
	}
	text = strings.ReplaceAll(text, s.net, "127.0.0.")
	return strings.ReplaceAll(text, fmt.Sprintf("7f%02x%02x", a, b), "7f0000")
}

// play runs a command and returns the lines that it prints. A command that
// only asks is asked again while its answer is not what the page shows:
// changes take a moment, and a reader types slower than a test.
func (s *shell) play(c command, rewrite bool) ([]string, error) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	deadline := time.After(s.patience)
	for last, calm := []string(nil), 0; ; <-tick.C {
		out, asks, err := s.run(c.line)
		if err != nil || !asks || match(c.output, out, textMark, alike) == nil {
			return out, err
		}
		if calm++; !slices.EqualFunc(last, out, alike) {
			calm = 0
		}
		if rewrite && calm == calmPolls {
			return out, nil
		}
		last = out
		select {
		case <-deadline:
			return out, nil
		default:
		}
	}
}

// run runs a command line once. asks reports that it changes nothing.
func (s *shell) run(line string) (out []string, asks bool, err error) {
	args, background, err := words(s.there(line))
	if err != nil {
		return nil, false, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxRun)
	defer cancel()
	var text string
	switch {
	case background:
		return nil, false, s.start(args)
	case args[0] == "kill":
		return nil, false, s.kill(args[1:])
	case slices.Contains([]string{"cat", "touch", "rm"}, args[0]):
		out, err := s.file(args)
		return out, false, err
	}
	if len(s.jobs) == 0 {
		if _, _, err := s.run(defaultAgent); err != nil {
			return nil, false, err
		}
	}
	switch args[0] {
	case "curl":
		text, asks, err = curl(ctx, args[1:])
	case "dig":
		text, err = dig(ctx, args[1:])
		asks = true
	default:
		text, err = s.exec(ctx, args)
		asks = onlyAsks(args)
	}
	return lines(s.here(text)), asks, err
}

// onlyAsks reports whether a praetor command changes nothing.
func onlyAsks(args []string) bool {
	if len(args) < 2 {
		return false
	}
	switch args[1] {
	case "members", "catalog", "info", "version", "validate":
		return true
	}
	return len(args) > 2 && args[1] == "kv" && args[2] == "get"
}

// lines splits output into lines, without the end of the last.
func lines(text string) []string {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// command returns the process of a program of this module, ready to start.
func (s *shell) command(ctx context.Context, args []string) (*exec.Cmd, error) {
	path, ok := s.bin[args[0]]
	if !ok {
		return nil, fmt.Errorf("%q is no program that a page can run", args[0])
	}
	cmd := exec.CommandContext(ctx, path, args[1:]...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "CONSUL_HTTP_TOKEN=", "CONSUL_HTTP_ADDR="+s.net+"1:8500")
	return cmd, nil
}

// exec runs a program to its end and returns what it prints, on both outputs,
// as a terminal shows it. Its exit code does not show there either.
func (s *shell) exec(ctx context.Context, args []string) (string, error) {
	cmd, err := s.command(ctx, args)
	if err != nil {
		return "", err
	}
	out, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); failed && ctx.Err() == nil {
		err = nil
	}
	return string(out), err
}

// start starts an agent in the background and waits until it answers, and, if
// it is alone, until it leads.
func (s *shell) start(args []string) error {
	if len(args) < 2 || args[0] != "praetor" || args[1] != "agent" {
		return fmt.Errorf("only an agent can run in the background, not %q", strings.Join(args, " "))
	}
	client := s.net + "1"
	for _, name := range []string{"bind", "client"} {
		v, ok := flagValue(args, name)
		if !ok {
			args = append(args, "-"+name+"="+client)
		} else if name == "client" {
			client = v
		}
	}
	cmd, err := s.command(context.Background(), args)
	if err != nil {
		return err
	}
	j := &job{cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &j.log, &j.log
	dieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		cmd.Wait() // how it ended does not matter here
		close(j.done)
	}()
	s.jobs = append(s.jobs, j)
	_, dev := flagValue(args, "dev")
	_, alone := flagValue(args, "bootstrap")
	if err := j.waitFor(client, dev || alone); err != nil {
		j.end(syscall.SIGKILL)
		return fmt.Errorf("%w\n%s", err, j.log.String())
	}
	return nil
}

// A job is an agent in the background.
type job struct {
	cmd  *exec.Cmd
	log  bytes.Buffer  // complete when done is closed
	done chan struct{} // closed when it has ended
}

// end sends the signal and waits until the job has ended.
func (j *job) end(sig syscall.Signal) {
	j.cmd.Process.Signal(sig) // fails if it has ended already
	<-j.done
}

// flagValue returns the value of -name in the forms that package flag knows.
func flagValue(args []string, name string) (value string, ok bool) {
	for i, a := range args {
		key, v, has := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(a, "-"), "-"), "=")
		if key != name || !strings.HasPrefix(a, "-") {
			continue
		}
		if !has && i+1 < len(args) {
			v = args[i+1]
		}
		return v, true
	}
	return "", false
}

// waitFor waits until the agent answers over HTTP at that address, and, if
// leader is set, knows a leader.
func (j *job) waitFor(ip string, leader bool) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	deadline := time.After(maxRun)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: maxRun}
	for {
		resp, err := client.Get("http://" + ip + ":8500/v1/status/leader")
		if err == nil {
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if !leader || resp.StatusCode == http.StatusOK && len(body) > len(`""`+"\n") {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-j.done:
			return errors.New("the agent ended")
		case <-deadline:
			return fmt.Errorf("the agent at %s does not come up within %v: %v", ip, maxRun, err)
		}
	}
}

// kill is the shell's: kill [-9] %JOB.
func (s *shell) kill(args []string) error {
	sig := syscall.SIGTERM
	if len(args) > 0 && args[0] == "-9" {
		sig, args = syscall.SIGKILL, args[1:]
	}
	if len(args) == 1 && strings.HasPrefix(args[0], "%") {
		if n, err := strconv.Atoi(args[0][1:]); err == nil && n >= 1 && n <= len(s.jobs) {
			s.jobs[n-1].end(sig)
			return nil
		}
	}
	return fmt.Errorf("kill takes [-9] and the number of one of %d jobs, such as %%1", len(s.jobs))
}

// saveFile writes a block that the reader shall save under a name.
func (s *shell) saveFile(name string, body []string) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.Join(body, "\n")+"\n"), 0o644)
}

// file is cat, touch or rm of one file of the page.
func (s *shell) file(args []string) ([]string, error) {
	if len(args) != 2 {
		return nil, fmt.Errorf("%s takes one file here", args[0])
	}
	path, err := s.path(args[1])
	if err != nil {
		return nil, err
	}
	switch args[0] {
	case "cat":
		b, err := os.ReadFile(path)
		return lines(string(b)), err
	case "rm":
		return nil, os.Remove(path)
	}
	f, err := os.OpenFile(path, os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	return nil, f.Close()
}

// path returns where a file of the page is.
func (s *shell) path(name string) (string, error) {
	if name != filepath.Base(name) || name == "." || name == ".." {
		return "", fmt.Errorf("%q: files of a page have no folders", name)
	}
	return filepath.Join(s.dir, name), nil
}

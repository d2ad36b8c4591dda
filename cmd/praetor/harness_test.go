package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The black-box tests run the real program as its users do: processes on
// addresses of the loopback network, each with Consul's usual ports, spoken to
// over HTTP, DNS and signals.

// binary is the program under test, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "praetor-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "praetor")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %v\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil && built.Load() {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

var built atomic.Bool

func program(t testing.TB) string {
	t.Helper()
	built.Store(true)
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var lastNet atomic.Uint32

// loopback returns n addresses of 127.0.0.0/8 that no other test of this
// process uses, and hardly one of another.
func loopback(t testing.TB, n int) []string {
	t.Helper()
	net := lastNet.Add(1)
	ips := make([]string, n)
	for i := range ips {
		ips[i] = fmt.Sprintf("127.%d.%d.%d", 16+os.Getpid()%200, net, i+1)
	}
	return ips
}

// process is one running agent.
type process struct {
	t    testing.TB
	ip   string
	args []string

	prefix []string // the program that runs it, such as ip netns exec
	cmd    *exec.Cmd
	out    *output
	done   chan struct{} // closed when it has ended
}

// output collects what a process prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// start starts `praetor agent` with the arguments and kills it at the end of
// the test. ip is where its HTTP and DNS listen.
func start(t testing.TB, ip string, args ...string) *process {
	t.Helper()
	return startProcess(t, &process{t: t, ip: ip, args: args})
}

func startProcess(t testing.TB, p *process) *process {
	t.Helper()
	p.run()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("agent %v:\n%s", p.args, p.out)
		}
	})
	return p
}

// run starts the process, again if it was killed.
func (p *process) run() {
	p.t.Helper()
	p.out = &output{}
	line := slices.Concat(p.prefix, []string{program(p.t), "agent"}, p.args)
	p.cmd = exec.Command(line[0], line[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) { cmd.Wait(); close(done) }(p.cmd, p.done)
}

func (p *process) signal(s syscall.Signal) { p.cmd.Process.Signal(s) }

// kill is kill -9.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

// exit waits for the process to end and returns its exit code.
func (p *process) exit(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		p.t.Fatalf("agent %v has not ended after %v:\n%s", p.args, within, p.out)
		return -1
	}
}

// client speaks HTTP to the agents. Connections are not kept, so that an agent
// that was killed leaves nothing behind.
var httpClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}

// answer is an HTTP answer.
type answer struct {
	status int
	header http.Header
	body   string
}

// do makes a request to the agent, such as do("PUT", "/v1/kv/a", "x").
func (p *process) do(method, path, body string) (answer, error) {
	return p.doWithin(20*time.Second, method, path, body)
}

func (p *process) doWithin(limit time.Duration, method, path, body string) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+p.ip+":8500"+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	resp, err := httpClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(b)}, err
}

// must is do that may not fail, and whose status must be as given.
func (p *process) must(status int, method, path, body string) answer {
	p.t.Helper()
	a, err := p.do(method, path, body)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	if a.status != status {
		p.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.body)
	}
	return a
}

// get decodes the JSON answer of a GET.
func get[T any](p *process, path string) (v T) {
	p.t.Helper()
	a := p.must(200, "GET", path, "")
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		p.t.Fatalf("GET %s: %v in %s", path, err, a.body)
	}
	return v
}

// pollEvery is how often eventually looks.
const pollEvery = 20 * time.Millisecond

// eventually looks until ok returns "", and fails with what it returned last
// if that takes too long.
func eventually(t testing.TB, within time.Duration, ok func() (missing string)) {
	t.Helper()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	deadline := time.After(within)
	for {
		missing := ok()
		if missing == "" {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("after %v still: %s", within, missing)
		}
	}
}

// ready waits until the agent answers with a leader known.
func (p *process) ready() *process {
	p.t.Helper()
	// Gossip does not reach everybody each time: in a group of five, news is told
	// by each member four times to somebody at random. Who has missed that a
	// server is back, be it the leader, learns it from the next exchange of all
	// state, within 30 s.
	eventually(p.t, 45*time.Second, func() string {
		select {
		case <-p.done:
			p.t.Fatalf("agent %v ended:\n%s", p.args, p.out)
		default:
		}
		a, err := p.do("GET", "/v1/status/leader", "")
		if err != nil {
			return err.Error()
		}
		if a.status != 200 || len(a.body) < 4 {
			return fmt.Sprintf("no leader known at %s: %d %s", p.ip, a.status, a.body)
		}
		return ""
	})
	return p
}

// dig asks the agent's DNS.
func (p *process) dig(name string, qtype uint16) *dns.Msg {
	p.t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), qtype)
	c := dns.Client{Timeout: 5 * time.Second}
	r, _, err := c.Exchange(m, p.ip+":8600")
	if err != nil {
		p.t.Fatalf("dig %s: %v", name, err)
	}
	return r
}

// cli runs the program as a command and returns what it printed.
func cli(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	cmd := exec.Command(program(t), args...)
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// pooled returns a client that keeps so many connections to each agent.
func pooled(conns int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns}, Timeout: 30 * time.Second}
}

// put writes a small value.
func put(c *http.Client, ip, key string) error { return putValue(c, ip, key, "value of "+key) }

func putValue(c *http.Client, ip, key, value string) error {
	req, err := http.NewRequest("PUT", "http://"+ip+":8500/v1/kv/"+key, strings.NewReader(value))
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != 200 {
		err = fmt.Errorf("put %s: %d %s", key, resp.StatusCode, b)
	}
	return err
}

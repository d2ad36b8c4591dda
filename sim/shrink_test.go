package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"praetor/internal/server"
	"praetor/raft"
)

// TestAFailureShrinksToWhatMatters: a random run with a planted bug becomes a
// few lines that break the same rule and say so.
func TestAFailureShrinksToWhatMatters(t *testing.T) {
	for _, c := range []struct {
		name string
		sabotage
		want Size // at most
	}{
		{"reads without a barrier", sabotage{staleReads: true}, Size{3, 3, 4}},
		{"writes that are not synced", sabotage{noSync: true}, Size{2, 3, 1}},
		{"an entry that is changed on its way", sabotage{tamper: func(_ *host, b *server.PeerBody) {
			if b.Raft == nil {
				return
			}
			if a, ok := b.Raft.Body.(raft.AppendRequest); ok && len(a.Entries) > 0 && a.Entries[0].Kind == raft.EntryCommand {
				data := a.Entries[0].Data
				data[len(data)-1] ^= 1
			}
		}}, Size{2, 3, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := failing(t, c.sabotage)
			s.shrink()
			text := s.scenario()
			if n := s.size(); n.Faults > c.want.Faults || n.Servers > c.want.Servers || n.Requests > c.want.Requests {
				t.Errorf("%s are left, want at most %s, after %d runs:\n%s", n, c.want, s.tries, text)
			}
			sc, err := Parse("shrunk", text)
			if err != nil {
				t.Fatal(err)
			}
			r, err := sc.Play(Options{Seed: s.seed, sabotage: c.sabotage})
			if err != nil || r.Failure == nil || r.Failure.Rule != s.rule {
				t.Errorf("%v %v, want %q:\n%s", err, r.Failure, s.rule, text)
			}
			if !strings.Contains(text, `# A run that breaks the rule "`+s.rule) || !strings.Contains(text, "of 20 other seeds") {
				t.Errorf("the text does not say what it is:\n%s", text)
			}
		})
	}
}

// failing returns the first random run that a bug makes fail, to be shrunk.
func failing(t *testing.T, bug sabotage) *shrinker {
	t.Helper()
	for seed := uint64(1); seed <= 50; seed++ {
		s := &shrinker{seed: seed, sabotage: bug}
		if s.begin(Random(seed)) == nil {
			return s
		}
	}
	t.Fatal("no run fails")
	return nil
}

// TestNamedRequestsAreThoseOfTheClients: the run in which each request has a
// line of its own makes the same requests at the same times.
func TestNamedRequestsAreThoseOfTheClients(t *testing.T) {
	s := &shrinker{seed: 1, lines: []string{
		"servers 3 expect=3", "at 5s clients 2 keys=2 think=100ms", "at 7s crash leader", "at 10s stop", "at 12s wait 1s",
	}}
	requests := func(lines []string) (out []string) {
		sc, err := Parse("test", strings.Join(lines, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := sc.Play(Options{Seed: 1, Record: true})
		if err != nil || r.Failure != nil {
			t.Fatal(err, r.Failure)
		}
		for _, e := range r.Record.Events {
			if e.About.Key != "" {
				out = append(out, e.At.String()+" "+e.Text)
			}
		}
		return out
	}
	want := requests(s.lines)
	got := requests(s.named())
	if len(want) < 100 || !slices.Equal(got, want) {
		t.Errorf("%d requests became %d", len(want), len(got))
	}
}

func TestValuesBecomeSimpler(t *testing.T) {
	for value, want := range map[string]string{
		"5.113097s": "10s 5s 6s 5.1s 5.2s 5.11s 5.12s 5.113s 5.114s 5.1131s 5.11309s",
		"137µs":     "100µs 200µs 130µs 140µs",
		"10ms":      "",
		"=-45000":   "=0 =1 =-22500",
		"=64":       "=0 =1 =60 =32",
		"=1":        "=0",
	} {
		if got := strings.Join(simplerThan(value), " "); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
}

func TestAStepWaitsForItsTimeOnly(t *testing.T) {
	for line, want := range map[string]time.Duration{
		"at 5.1s crash n1": 5100 * time.Millisecond, "crash n1": 0, "at noon crash n1": 0, "wait 5s": 0,
	} {
		if got := atOf(line); got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
	if got := moved("at 5s crash n1", time.Second); got != "at 1s crash n1" {
		t.Error(got)
	}
}

// TestAClusterStaysOneCluster: a shrunk run must not break the rule because
// several clusters were founded.
func TestAClusterStaysOneCluster(t *testing.T) {
	s := &shrinker{seed: 1, rule: "what the scenario expects", lines: []string{"servers 3 expect=3", "at 1.234s expect no leader"}}
	s.fail = s.broken(s.lines)
	if s.fail == nil {
		t.Fatal("no leader after a second")
	}
	s.roundValues()
	if s.lines[0] != "servers 3 expect=3" || s.lines[1] == "at 1.234s expect no leader" {
		t.Errorf("%q", s.lines)
	}
}

// TestWhatIsSaidOfOtherRunsWasPlayed: also if shrinking took all of the time.
func TestWhatIsSaidOfOtherRunsWasPlayed(t *testing.T) {
	s := &shrinker{seed: 1, rule: "what the scenario expects", lines: []string{"servers 1 expect=1", "at 2s expect no leader"}}
	s.fail = s.broken(s.lines)
	s.command.Now = func() time.Duration { return time.Hour }
	if text := s.scenario(); !strings.Contains(text, "# with 20 of 20 other seeds, and with 20 of 20 slightly") {
		t.Errorf("it is said of them:\n%s", text)
	}
}

package sim

import (
	"testing"
	"time"
)

// whole is a cluster whose members know each other.
const whole = "servers 3 expect=3\nexpect leader n1 within 5s\nexpect members 3 alive within 5s\nwait 2s\n"

// TestWhatAQuorumPromisesIsAsked breaks each promise once.
func TestWhatAQuorumPromisesIsAsked(t *testing.T) {
	for _, c := range []struct{ rule, text string }{
		{"a quorum elects a leader", "crash all\nrecover n1\nprogress\n"},
		{"a quorum makes progress", "recover n3\ncut n3 n1 oneway=1\nwait 1s\nprogress\n"},
		{"a quorum sees itself alive", "recover n1,n2,n3\nisolate n3\nwait 20s\nprogress\n"},
	} {
		sc, err := Parse("phases", whole+c.text)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := sc.Play(Options{Seed: 1}); err != nil || r.Failure == nil || r.Failure.Rule != c.rule {
			t.Errorf("%v %v, want %q", err, r.Failure, c.rule)
		}
	}
}

func TestTheCatalogOfAQuorumIsAsked(t *testing.T) {
	p := running(t)
	p.quorum = p.members()
	if !p.quorumPassing()() {
		t.Error("all are well, and the catalog does not say so")
	}
	p.hosts[2].crash()
	p.run(p.now + 20*time.Second)
	if p.quorumPassing()() {
		t.Error("n3 is down, and nobody minds")
	}
}

// TestAQuorumProgressesWhileTheRestStaysBroken: what is not of the quorum is as
// it was, until all recover.
func TestAQuorumProgressesWhileTheRestStaysBroken(t *testing.T) {
	holds(t, "servers 5 expect=5\nexpect leader within 5s\nexpect members 5 alive within 5s\nwait 2s\n"+
		"crash all\nisolate n4\ndisk n5 sync=400ms\nrecover n1,n2,n3\nprogress\n"+
		"expect down n4\nexpect down n5\nrecover all\nprogress\nput last word\nquiet 30s\n")
}

// TestAQuorumIsAMajorityOfEveryConfiguration: of four voters it takes three,
// and of those that have left none.
func TestAQuorumIsAMajorityOfEveryConfiguration(t *testing.T) {
	p := running(t)
	seen := map[string]bool{}
	for line := range 50 {
		p.step.line = line
		hs := p.drawQuorum()
		if len(hs) != 2 {
			t.Fatalf("quorum %s of three", names(hs))
		}
		seen[names(hs)] = true
	}
	if len(seen) != 3 {
		t.Errorf("drew %d of the three quorums: %v", len(seen), seen)
	}
	p.hosts[0].left = true
	if hs := p.drawQuorum(); names(hs) != "n2,n3" {
		t.Errorf("quorum %s, and n1 has left", names(hs))
	}
	p.hosts[1].left = true
	if hs := p.drawQuorum(); hs != nil {
		t.Errorf("quorum %s of n3 alone", names(hs))
	}
}

// TestRecoveryCallsOffWhatIsYetToCome: a trap that was sprung and waits for its
// delay belongs to the time of the faults.
func TestRecoveryCallsOffWhatIsYetToCome(t *testing.T) {
	holds(t, whole+"when n1 appends, after 2s: crash n1\nput a 1\nrecover all\nwait 5s\nexpect leader n1\n")
}

// TestAQuorumOutlivesAResignationThatWasUnderWay: the server stops when it has
// handed over, which may be after the recovery.
func TestAQuorumOutlivesAResignationThatWasUnderWay(t *testing.T) {
	holds(t, whole+"disk all sync=50ms\nresign n1\nrecover n1,n2\nprogress\nexpect members 3 alive within 5s\n")
}

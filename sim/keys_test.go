package sim

import (
	"strings"
	"testing"
)

// TestEachOperationIsAStep: whatever a client does can be told on one line.
func TestEachOperationIsAStep(t *testing.T) {
	const text = `
servers 3 expect=3
expect leader n1 within 5s
put a 1
wait 1s
get a value=1 mode=stale via n2
cas a 2 index=last
cas a 3 index=1 outcome=unmet
list a keys=a
when any commits 6: put a 9 via n1 nowait=1
put a 4 via n2 nowait=1
watch a within 2s via n2
delete a via n3
get a value= mode=consistent
watch a for 1s via n1
get a index=last wait=10s nowait=1 via n2
put b 5
list b keys=b
`
	sc, err := Parse("steps", text)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	r, err := sc.Play(Options{Seed: 1, Out: &out})
	if err != nil || r.Failure != nil {
		t.Errorf("%v, %v\n%s", err, r.Failure, out.String())
	}
	for _, want := range []string{"cas a=3 if at 1 via n1: unmet", "get a past", "delete a via n3: ok", "list a via n1: a=2@"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

// TestEveryKindOfOperationHappens: clients of the usual mix do all that there is.
func TestEveryKindOfOperationHappens(t *testing.T) {
	sc, err := Parse("mix", busy+"network delay=30ms\nwait 1s\ncrash all\nrestart all\nexpect leader within 10s\nwait 5s\nclients 1 stick=1 mix=put:1,watch:1\ncrash n2\nwait 5s\n")
	if err != nil {
		t.Fatal(err)
	}
	p := &player{world: newWorld(1, "", nil, false), scenario: sc}
	if err := p.play(); err != nil || p.failed != nil {
		t.Fatal(err, p.failed)
	}
	seen := map[string]int{}
	for _, op := range p.check.writes.ops {
		seen[kindNames[op.kind]+" "+op.outcome.String()]++
		if op.past > 0 {
			seen["watch"]++
			if op.index > op.past && op.end > op.begin {
				seen["woken"]++
			}
		}
	}
	if seen["put unknown"]+seen["cas unknown"]+seen["delete unknown"] == 0 {
		t.Errorf("no write without an answer among %v", seen)
	}
	for _, want := range []string{"put ok", "cas ok", "cas unmet", "delete ok", "get ok", "get refused", "list ok", "watch", "woken"} {
		if seen[want] == 0 {
			t.Errorf("no %s among %v", want, seen)
		}
	}
}

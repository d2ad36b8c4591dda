package local

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"praetor/catalog"
)

// Whatever is defined, removed and reported, by whomever, with calls that fail,
// that take their time, or that fail and take effect all the same, with agents
// that restart and servers that lose everything: once it is quiet, the catalog
// holds exactly what the agent wants.
func TestTheCatalogAgreesOnceItIsQuiet(t *testing.T) {
	for seed := range uint64(120) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) { runRandom(t, seed) })
	}
}

func runRandom(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	h := newHarness(Config{Rand: rng, OutputDelay: time.Duration(rng.IntN(2)) * time.Minute})
	trouble := true
	h.fail = func() bool { return trouble && rng.IntN(4) == 0 }
	h.lost = func() bool { return rng.IntN(2) == 0 }
	for step := range 200 {
		h.took = time.Duration(rng.IntN(3)) * 500 * time.Millisecond
		randomStep(h, rng)
		h.settle()
		if rng.IntN(2) == 0 {
			h.run(h.now + time.Duration(rng.Int64N(int64(20*time.Second))))
		}
		if err := h.state.check(); err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		checkRunning(t, h)
	}

	trouble = false
	h.run(h.now + 5*time.Minute)
	if d := h.disagreement(); d != "" {
		t.Fatalf("%s\n%s", d, h.output())
	}
	// Without trouble, the agent's own changes need no full sync to arrive.
	h.state.cfg.OutputDelay = 0
	h.state.cfg.SyncInterval = time.Hour
	h.state.SyncSoon(h.now, 0)
	h.run(h.now + 10*time.Second)
	h.output()
	for range 50 {
		h.took = time.Duration(rng.IntN(3)) * 500 * time.Millisecond
		randomStepOf(h, rng, rng.IntN(12))
		h.run(h.now + time.Duration(rng.Int64N(int64(2*time.Second))))
	}
	h.run(h.now + 2*time.Minute) // by then, what is to be reaped is
	if d := h.disagreement(); d != "" {
		t.Fatalf("%s\n%s", d, h.output())
	}
	for _, s := range h.state.Services() {
		if !s.Synced {
			t.Errorf("service %s is in sync, and the agent does not know", s.Service.ID)
		}
	}
	if len(h.catalog.checks)+len(h.catalog.services) < len(h.state.checks)+len(h.state.services) {
		t.Errorf("the agent still keeps what is gone: %d services, %d checks", len(h.state.services), len(h.state.checks))
	}
}

// randomStep does one thing that happens to an agent. TTL checks are left out,
// so that it becomes quiet.
func randomStep(h *harness, rng *rand.Rand) { randomStepOf(h, rng, rng.IntN(16)) }

// randomStepOf does a thing of the given kind; up to 11 they are the agent's own.
func randomStepOf(h *harness, rng *rand.Rand, kind int) {
	svc := fmt.Sprint("s", rng.IntN(4))
	chk := fmt.Sprint("c", rng.IntN(6))
	status := []string{catalog.Passing, catalog.Warning, catalog.Critical}[rng.IntN(3)]
	switch kind {
	case 0, 1, 2:
		def := Service{Spec: catalog.Service{ID: svc, Service: svc, Port: rng.IntN(3), EnableTagOverride: rng.IntN(3) == 0}}
		for i := range rng.IntN(3) {
			def.Checks = append(def.Checks, randomCheck(fmt.Sprint(svc, "-", i), rng))
		}
		h.state.AddService(h.now, def, rng.IntN(2) == 0)
	case 3, 4:
		def := randomCheck(chk, rng)
		def.Source = Source(rng.IntN(2)) // from a file, it may change its owner
		if rng.IntN(2) == 0 {
			def.ServiceID = svc
		}
		h.state.AddCheck(h.now, def)
	case 5:
		h.state.RemoveService(h.now, svc)
	case 6:
		h.state.RemoveCheck(h.now, chk)
	case 7, 8, 9:
		h.state.SetCheck(h.now, chk, status, fmt.Sprint("output ", rng.IntN(3)))
		h.state.SetCheck(h.now, svc+"-0", status, "")
	case 10:
		h.state.Maintenance(h.now, []string{"", svc}[rng.IntN(2)], rng.IntN(2) == 0, "")
	case 11:
		h.state.Replace(h.now, []Service{{Spec: catalog.Service{ID: svc, Service: svc}}}, []Check{randomCheck(chk, rng)})
	case 12:
		h.catalog.services[svc] = catalog.Service{ID: svc, Service: svc, Tags: []string{"theirs"}}
	case 13:
		h.catalog.checks[chk] = catalog.Check{CheckID: chk, Status: status}
	case 14:
		if rng.IntN(4) == 0 {
			h.catalog.wipe()
		}
		h.state.SyncSoon(h.now, time.Second)
	case 15:
		if rng.IntN(4) == 0 {
			h.running = map[string]bool{}
			h.start(h.state.cfg)
		}
	}
}

func randomCheck(id string, rng *rand.Rand) Check {
	kinds := []Probe{
		{Kind: KindTCP, Target: "localhost:1", Interval: 10 * time.Second},
		{Kind: KindScript, Args: []string{"true"}, Interval: 10 * time.Second},
		{Kind: KindAlias, Target: "s1"},
	}
	return Check{ID: id, Probe: kinds[rng.IntN(len(kinds))], Policy: Policy{DeregisterAfter: time.Duration(rng.IntN(2)) * time.Minute}}
}

// checkRunning makes sure that just the checks which are to be run are.
func checkRunning(t *testing.T, h *harness) {
	t.Helper()
	want := pick(h.state.checks, func(c *check) bool { return !c.gone && c.def.Probe.Kind.Active() })
	if got := sortedKeys(h.running); !slices.Equal(got, want) {
		t.Fatalf("checks %v run, want %v", got, want)
	}
}

// The agent's load on the servers is one look a minute and nothing else, as
// long as nothing changes.
func TestAQuietAgentWritesNothing(t *testing.T) {
	h := newHarness(Config{})
	h.state.AddService(0, Service{Spec: catalog.Service{Service: "web"}, Checks: []Check{{Probe: Probe{Kind: KindTCP, Target: "a:1", Interval: time.Second}}}}, false)
	h.run(10 * time.Second)
	writes := 0
	for range 3600 {
		h.state.SetCheck(h.now, "service:web", catalog.Critical, "connection refused")
		h.settle()
		h.run(h.now + time.Second)
		if c := h.state.sync.pending; c != nil && c.kind != Fetch {
			writes++
		}
	}
	if id := h.state.sync.lastID; writes > 0 || id > 3+2*60 {
		t.Errorf("%d writes and %d calls in an hour", writes, id)
	}
}

func TestWhatIsKeptOnDiskComesBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range 100 {
		def := Service{Spec: catalog.Service{ID: fmt.Sprint(i), Service: "web", Tags: []string{"a", "b"}, Meta: map[string]string{"k": "v"}}}
		def.Checks = []Check{randomCheck("x", rng), randomCheck("y", rng)}
		want, _, err := def.Normalized()
		if err != nil {
			t.Fatal(err)
		}
		b, err := EncodeService(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeService(b)
		if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Fatalf("got %+v, %v\nwant %+v", got, err, want)
		}
		b, err = EncodeCheck(want.Checks[0])
		if err != nil {
			t.Fatal(err)
		}
		check, err := DecodeCheck(b)
		if err != nil || fmt.Sprintf("%+v", check) != fmt.Sprintf("%+v", want.Checks[0]) {
			t.Fatalf("got %+v, %v\nwant %+v", check, err, want.Checks[0])
		}
	}
}

func FuzzDecode(f *testing.F) {
	b, _ := EncodeService(Service{Spec: catalog.Service{Service: "web"}, Checks: []Check{{ID: "c", Probe: Probe{Kind: KindTTL, TTL: 1}}}})
	f.Add(b)
	f.Add([]byte(`{"Version":1,"Check":{"ID":"a","Probe":{"Kind":"http","Target":"http://x","Interval":1000000000}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := DecodeService(b); err == nil {
			s := newHarness(Config{}).state
			if err := s.AddService(0, d, true); err != nil {
				t.Errorf("a decoded definition is refused: %v", err)
			}
		}
		if d, err := DecodeCheck(b); err == nil {
			d.ServiceID = ""
			if err := newHarness(Config{}).state.AddCheck(0, d); err != nil {
				t.Errorf("a decoded definition is refused: %v", err)
			}
		}
	})
}

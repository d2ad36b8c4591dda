package dns

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"praetor/catalog"
)

// TestAnswersAreTheHealthyInstances compares answers about random services
// with the obvious list of what they have to hold.
func TestAnswersAreTheHealthyInstances(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		cfg := DefaultConfig()
		cfg.Instances.OnlyPassing = rng.IntN(2) == 0
		src := newMemory()
		v4, srv := randomService(rng, src, cfg.Instances.OnlyPassing)
		h, err := NewHandler(cfg, src)
		if err != nil {
			t.Fatal(err)
		}
		compareWithOracle(t, rng, h, dns.TypeA, v4)
		compareWithOracle(t, rng, h, dns.TypeSRV, srv)
	}
}

// randomService fills src with nodes and instances of web and returns the
// sorted data of the A and of the SRV records that are right for it.
func randomService(rng *rand.Rand, src *memory, onlyPassing bool) (a, srv []string) {
	states := []string{"", catalog.Passing, catalog.Passing, catalog.Warning, catalog.Critical}
	for i := range rng.IntN(100) {
		node := &catalog.Node{Node: fmt.Sprint("n", i), Address: fmt.Sprint("10.0.0.", i)}
		nodeState := states[rng.IntN(len(states))]
		src.addNode("dc1", node, nodeState)
		for port := range rng.IntN(3) {
			state := states[rng.IntN(len(states))]
			svc := &catalog.Service{ID: fmt.Sprint(port), Service: "web", Port: port}
			if err := src.addService(node.Node, svc, state); err != nil {
				panic(err)
			}
			switch {
			case state == catalog.Critical || nodeState == catalog.Critical:
				continue
			case onlyPassing && (state == catalog.Warning || nodeState == catalog.Warning):
				continue
			}
			a = append(a, node.Address)
			srv = append(srv, fmt.Sprintf("1 1 %d %s.node.dc1.consul.", port, node.Node))
		}
	}
	slices.Sort(a)
	slices.Sort(srv)
	return slices.Compact(a), srv
}

// compareWithOracle asks over TCP, where all of want has to come, and over
// UDP, where some may be missing, which TC has to tell.
func compareWithOracle(t *testing.T, rng *rand.Rand, h *Handler, qtype uint16, want []string) {
	t.Helper()
	q := new(dns.Msg).SetQuestion("web.service.consul.", qtype)
	r := h.Reply(context.Background(), rng, q, TCP)
	checkReply(t, q, r, TCP)
	got := answerData(r)
	if diff := cmp.Diff(want, got); diff != "" || r.Truncated {
		t.Fatalf("TCP answer differs (-want +got), tc=%v:\n%s", r.Truncated, diff)
	}
	if (r.Rcode == dns.RcodeNameError) != (len(want) == 0) {
		t.Fatalf("rcode is %d with %d answers to give", r.Rcode, len(want))
	}
	if rng.IntN(2) == 0 {
		q.SetEdns0(uint16(rng.IntN(2000)), false)
	}
	r = h.Reply(context.Background(), rng, q, UDP)
	checkReply(t, q, r, UDP)
	got = answerData(r)
	for _, d := range got {
		if _, ok := slices.BinarySearch(want, d); !ok {
			t.Fatalf("UDP answer holds %s, which is not usable", d)
		}
	}
	if len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Fatalf("UDP answer holds a record twice:\n%s", r)
	}
	if len(want) > 0 && len(got) == 0 {
		t.Fatalf("UDP answer is empty, %d would be right", len(want))
	}
	if r.Truncated != (len(got) < len(want)) {
		t.Fatalf("UDP answer holds %d of %d, tc=%v", len(got), len(want), r.Truncated)
	}
}

// answerData returns the sorted data of the answer's records.
func answerData(r *dns.Msg) []string {
	var data []string
	for _, rr := range r.Answer {
		data = append(data, rr.String()[len(rr.Header().String()):])
	}
	slices.Sort(data)
	return data
}

// TestEveryInstanceComesFirstSometimes: clients that take the first answer
// spread over all instances only if the order is fair.
func TestEveryInstanceComesFirstSometimes(t *testing.T) {
	const instances, rounds = 10, 5000
	src := newMemory()
	for i := range instances {
		node := &catalog.Node{Node: fmt.Sprint("n", i), Address: fmt.Sprint("10.0.0.", i)}
		src.addNode("dc1", node, "")
		if err := src.addService(node.Node, &catalog.Service{Service: "web"}, ""); err != nil {
			t.Fatal(err)
		}
	}
	h, err := NewHandler(DefaultConfig(), src)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(2, 2))
	first := map[string]int{}
	q := new(dns.Msg).SetQuestion("web.service.consul.", dns.TypeA)
	for range rounds {
		r := h.Reply(context.Background(), rng, q, UDP)
		first[r.Answer[0].(*dns.A).A.String()]++
	}
	for addr, n := range first {
		// 500 on average with a deviation of 21: 7 deviations do not happen.
		if n < 350 || n > 650 {
			t.Errorf("%s came first %d times of %d, fair is %d", addr, n, rounds, rounds/instances)
		}
	}
	if len(first) != instances {
		t.Errorf("%d of %d instances ever came first", len(first), instances)
	}
}

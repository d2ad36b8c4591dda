package catalog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"praetor/internal/radix"
	"praetor/swim/coordinate"
)

// question is a read with its last answer and who waits for the next.
type question struct {
	about  topic
	name   string
	answer string
	index  uint64
	w      *radix.Waiter
}

// ask puts q to the real catalog and renders the answer.
func (q question) ask(s *State, w *radix.Waiter) (answer string, index uint64) {
	optional := func(n *Node, index uint64) (string, uint64) {
		if n == nil {
			return "", index
		}
		return show(*n), index
	}
	switch q.about {
	case aboutNodes:
		nodes, index := s.Nodes(w)
		return strings.Join(showEach(deref(nodes)), "\n"), index
	case aboutNode:
		return optional(s.Node(q.name, w))
	case aboutNodeID:
		return optional(s.NodeByID(q.name, w))
	case aboutAddress:
		nodes, index := s.NodesByAddress(parseAddr(q.name), w)
		return strings.Join(showEach(deref(nodes)), "\n"), index
	case aboutNodeServices:
		n, services, index := s.NodeServices(q.name, w)
		if n == nil {
			return "", index
		}
		return show(*n) + "\n" + show(deref(services)), index
	case aboutServices:
		services, index := s.Services(w)
		return show(services), index
	case aboutInstances:
		instances, index := s.Instances(q.name, w)
		var lines []string
		for _, i := range instances {
			lines = append(lines, show(*i.Node), show(*i.Service), show(deref(i.Checks)))
		}
		return strings.Join(lines, "\n"), index
	case aboutNodeChecks:
		checks, index := s.NodeChecks(q.name, w)
		return show(deref(checks)), index
	case aboutServiceChecks:
		checks, index := s.ServiceChecks(q.name, w)
		return strings.Join(showEach(deref(checks)), "\n"), index
	case aboutCoordinates:
		all, index := s.Coordinates(w)
		return strings.Join(showEach(all), "\n"), index
	case aboutCoordinate:
		c, index := s.Coordinate(q.name, w)
		if c == nil {
			return "", index
		}
		return show(c), index
	case aboutStatus:
		checks, index := s.ChecksInState(q.name, w)
		return strings.Join(showEach(deref(checks)), "\n"), index
	}
	panic("unknown question")
}

// moved reports whether the catalog claims that the answer has changed.
func (q *question) moved(s *State) bool {
	name := fold(q.name)
	if q.about == aboutAddress {
		name = canonical(name)
	}
	return q.w.Fired() || s.marks.index(q.about, name, nil) != q.index
}

// check asks anew and compares: the answer with the naive one; the index with
// the one before; and the waiter with whether the answer has changed.
func (q *question) check(t *testing.T, s *State, n *naive, now uint64, reaped bool) {
	t.Helper()
	answer, index := q.ask(s, nil)
	if want := n.answer(*q); answer != want {
		t.Fatalf("%c%q: -want +got:\n%s", q.about, q.name, cmp.Diff(want, answer))
	}
	changed := answer != q.answer
	if changed && index != now || !changed && !reaped && index != q.index || index < q.index {
		t.Fatalf("%c%q: index %d after %d, answer changed: %v\n%s", q.about, q.name, index, q.index, changed, answer)
	}
	if q.w.Fired() != changed {
		t.Fatalf("%c%q: fired %v, answer changed: %v\nbefore: %s\nafter: %s",
			q.about, q.name, q.w.Fired(), changed, q.answer, answer)
	}
	q.answer, q.index = answer, index
}

// What the random commands are about. Few names, in different spellings, so
// that they collide often.
var (
	nodeNames    = []string{"n1", "N1", "n2", "n3", "n4"}
	nodeIDs      = []string{"", "", "id-1", "id-2", "id-3"}
	addresses    = []string{"10.0.0.1", "10.0.0.2", "::ffff:10.0.0.1", "fe80::1", "host.example"}
	serviceIDs   = []string{"", "s1", "s2"}
	serviceNames = []string{"web", "Web", "db"}
	statusNames  = []string{Passing, Warning, Critical}
	tagNames     = []string{"a", "b", ""}
	checkIDs     = []string{SerfHealth, "c1", "c2", "c3"}
)

func pick[V any](rng *rand.Rand, from []V) V { return from[rng.IntN(len(from))] }

func questions() []*question {
	qs := []*question{{about: aboutNodes}, {about: aboutServices}, {about: aboutCoordinates}}
	add := func(about topic, names ...string) {
		for _, name := range names {
			qs = append(qs, &question{about: about, name: name})
		}
	}
	add(aboutNode, nodeNames...)
	add(aboutNodeServices, "N1", "n2", "never")
	add(aboutCoordinate, "N1", "n2", "n3", "never")
	add(aboutNodeChecks, "n1", "N3", "never")
	add(aboutNodeID, "id-1", "ID-2", "never")
	add(aboutAddress, "10.0.0.1", "fe80::1", "10.9.9.9")
	add(aboutInstances, "web", "DB", "never", "web\x00n1")
	add(aboutServiceChecks, "Web", "db", "never")
	add(aboutStatus, Passing, Warning, Critical, AnyState, "never")
	return qs
}

func randomCommand(rng *rand.Rand, index uint64) Command {
	switch n := rng.IntN(100); {
	case n < 64:
		return Command{Op: OpRegister, Registration: randomRegistration(rng)}
	case n < 70:
		c := Command{Op: OpLocate}
		for range rng.IntN(3) {
			place := coordinate.Origin()
			place.Height = float64(rng.IntN(3))
			c.Coordinates = append(c.Coordinates, Coordinate{pick(rng, nodeNames), place})
		}
		return c
	case n < 97:
		d := Deregistration{Node: pick(rng, nodeNames)}
		switch rng.IntN(3) {
		case 0:
			d.ServiceID = pick(rng, []string{"s1", "s2", "web", "db"})
		case 1:
			d.CheckID = pick(rng, checkIDs)
		}
		return Command{Op: OpDeregister, Deregistration: d}
	}
	return Command{Op: OpReap, UpTo: index - min(index, rng.Uint64N(60))}
}

func randomRegistration(rng *rand.Rand) Registration {
	r := Registration{
		Node:           Node{Node: pick(rng, nodeNames), ID: pick(rng, nodeIDs), Address: pick(rng, addresses)},
		SkipNodeUpdate: rng.IntN(4) == 0,
	}
	if rng.IntN(4) == 0 {
		r.Node.Meta = map[string]string{"k": pick(rng, tagNames)}
	}
	if rng.IntN(2) == 0 {
		r.Service = &Service{ID: pick(rng, serviceIDs), Service: pick(rng, serviceNames), Port: rng.IntN(2)}
		for range rng.IntN(3) {
			r.Service.Tags = append(r.Service.Tags, pick(rng, tagNames))
		}
	}
	for range rng.IntN(3) {
		c := Check{CheckID: pick(rng, checkIDs), Status: pick(rng, statusNames), ServiceID: pick(rng, serviceIDs)}
		if c.CheckID == SerfHealth {
			c.ServiceID = ""
		}
		r.Checks = append(r.Checks, c)
	}
	return r
}

func TestStateAgreesWithANaiveCatalog(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	s, n := New(), &naive{nodes: map[string]*naiveNode{}}
	qs := questions()
	for _, q := range qs {
		q.w = radix.NewWaiter(nil)
		q.answer, q.index = q.ask(s, q.w)
	}
	outcomes := map[bool]int{}
	for index := uint64(1); index <= 12_000; index++ {
		c := randomCommand(rng, index)
		txn := s.Txn()
		err := txn.Apply(index, c)
		ok := n.apply(index, c)
		if ok != (err == nil) {
			t.Fatalf("%d: %+v: %v, want refused %v", index, c, err, !ok)
		}
		outcomes[ok]++
		s = txn.Commit()
		txn.Notify()
		for _, q := range qs {
			if !q.moved(s) && rng.IntN(4) > 0 {
				continue // a change that it missed is still there when it is checked
			}
			q.check(t, s, n, index, c.Op == OpReap)
			if q.w.Fired() || rng.IntN(100) == 0 {
				q.w.Stop()
				q.w = radix.NewWaiter(nil)
				q.ask(s, q.w)
			}
		}
	}
	if outcomes[false] < 1000 {
		t.Errorf("only %d commands were refused: the test says little", outcomes[false])
	}
}

func TestReplicasThatApplyTheSameLogHaveTheSameHash(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	one, batched := New(), New()
	txn := batched.Txn()
	for index := uint64(1); index <= 3000; index++ {
		c := randomCommand(rng, index)
		single := one.Txn()
		single.Apply(index, c)
		one = single.Commit()
		decoded, err := DecodeCommand(AppendCommand(nil, c))
		if err != nil {
			t.Fatal(err)
		}
		txn.Apply(index, decoded)
		if index%20 != 0 {
			continue
		}
		batched = reload(t, txn.Commit()) // batches of entries, and a restart from a snapshot
		if one.Hash() != batched.Hash() {
			t.Fatalf("hashes differ at index %d", index)
		}
		batched.check(t)
		for _, q := range questions() {
			a, i := q.ask(one, nil)
			b, j := q.ask(batched, nil)
			if a != b || i != j {
				t.Fatalf("%c%q: %d %s\nafter the restart: %d %s", q.about, q.name, i, a, j, b)
			}
		}
		txn = batched.Txn()
	}
	txn.Apply(3001, Command{Op: OpRegister, Registration: Registration{Node: Node{Node: "more", Address: "a"}}})
	if batched = txn.Commit(); one.Hash() == batched.Hash() {
		t.Error("different states have the same hash")
	}
}

func reload(t *testing.T, s *State) *State {
	t.Helper()
	var b bytes.Buffer
	if err := s.Save(&b); err != nil {
		t.Fatal(err)
	}
	b.WriteString("next")
	loaded, err := Load(&b)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != "next" {
		t.Fatal("Load read beyond its snapshot")
	}
	return loaded
}

// check fails the test if a mark is not where it belongs: in live if the
// answer has something in it, or else in tombs and above the floor.
func (s *State) check(t *testing.T) {
	t.Helper()
	txn := s.Txn()
	for key := range s.marks.live.All("", nil) {
		if txn.unanswered(topic(key[0]), key[1:]) {
			t.Fatalf("mark %q is live, but the answer is empty", key)
		}
	}
	for key, mark := range s.marks.tombs.All("", nil) {
		if _, live := s.marks.live.Get(key, nil); live || mark <= s.marks.floor || !txn.unanswered(topic(key[0]), key[1:]) {
			t.Fatalf("mark %q at %d is a tomb, live %v, floor %d", key, mark, live, s.marks.floor)
		}
	}
}

func ExampleState_Instances() {
	txn := New().Txn()
	txn.Apply(7, Command{Op: OpRegister, Registration: Registration{
		Node:    Node{Node: "n1", Address: "10.0.0.1"},
		Service: &Service{Service: "web", Port: 80},
		Checks:  []Check{{CheckID: "ping", ServiceID: "web", Status: Passing}},
	}})
	next := txn.Commit() // to be published here
	txn.Notify()
	instances, index := next.Instances("web", nil)
	for _, i := range instances {
		fmt.Println(i.Node.Address, i.Service.Port, i.Checks[0].Status, index)
	}
	// Output: 10.0.0.1 80 passing 7
}

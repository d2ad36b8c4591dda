package catalog

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"praetor/internal/wire"
	"praetor/swim/coordinate"
)

// sample has a value of its own in every field that is encoded.
func sample() Command {
	return Command{Op: OpRegister, Registration: Registration{
		Node: Node{
			ID: "id", Node: "n1", Address: "10.0.0.1", Datacenter: "dc1",
			TaggedAddresses: map[string]string{"lan": "10.0.0.1", "wan": "1.2.3.4"},
			Meta:            map[string]string{"os": "linux"},
		},
		SkipNodeUpdate: true,
		Service: &Service{
			Kind: "kind", ID: "web-1", Service: "web", Tags: []string{"b", "a"}, Address: "10.0.0.2",
			TaggedAddresses: map[string]ServiceAddress{"wan": {"1.2.3.5", 8080}, "lan": {"10.0.0.2", 80}},
			Meta:            map[string]string{"k": "v"},
			Port:            80, Weights: Weights{Passing: 3, Warning: 2}, EnableTagOverride: true,
		},
		Checks: []Check{{
			Node: "n1", CheckID: "c", Name: "name", Status: Warning, Notes: "notes", Output: "output",
			ServiceID: "web-1", Type: "http", Interval: "10s", Timeout: "1s",
		}},
	}}
}

func TestCommandSurvivesItsEncoding(t *testing.T) {
	for _, c := range []Command{
		sample(),
		{Op: OpRegister, Registration: Registration{Node: Node{Node: "n", Address: "a"}}},
		{Op: OpDeregister, Deregistration: Deregistration{Node: "n", ServiceID: "s", CheckID: "c"}},
		{Op: OpReap, UpTo: 1 << 40},
		{Op: OpLocate, Coordinates: []Coordinate{{"n1", coordinate.Origin()}, {"n2", coordinate.Coordinate{Error: 1, Height: 2, Adjustment: -3}}}},
	} {
		b := AppendCommand(nil, c)
		got, err := DecodeCommand(b)
		if d := cmp.Diff(c, got, cmpopts.EquateEmpty()); err != nil || d != "" {
			t.Errorf("%v\n%s", err, d)
		}
		for n := range b {
			if _, err := DecodeCommand(b[:n]); !errors.Is(err, wire.ErrShort) && !errors.Is(err, wire.ErrValue) {
				t.Fatalf("cut after %d bytes: %v", n, err)
			}
		}
	}
}

func TestDecodeCommandRefuses(t *testing.T) {
	register := func(change func(*Registration)) []byte {
		c := sample()
		change(&c.Registration)
		return AppendCommand(nil, c)
	}
	many := map[string]string{}
	for i := range MaxMeta + 1 {
		many[strings.Repeat("k", i+1)] = ""
	}
	swapped := bytes.Replace(AppendCommand(nil, sample()), []byte("\x03lan\x0810.0.0.1\x03wan\x071.2.3.4"),
		[]byte("\x03wan\x071.2.3.4\x03lan\x0810.0.0.1"), 1)
	for _, tc := range []struct {
		name string
		in   []byte
		want error
	}{
		{"an unknown version", []byte{2, 0}, wire.ErrValue},
		{"an unknown operation", []byte{1, 99}, wire.ErrValue},
		{"bytes left over", append(AppendCommand(nil, sample()), 0), wire.ErrTrailing},
		{"a long name", register(func(r *Registration) { r.Node.Node = strings.Repeat("n", MaxName+1) }), wire.ErrTooLong},
		{"a long output", register(func(r *Registration) { r.Checks[0].Output = strings.Repeat("n", MaxOutput+1) }), wire.ErrTooLong},
		{"too much meta", register(func(r *Registration) { r.Node.Meta = many }), wire.ErrTooLong},
		{"too many tags", register(func(r *Registration) { r.Service.Tags = make([]string, MaxTags+1) }), wire.ErrTooLong},
		{"too many checks", register(func(r *Registration) { r.Checks = make([]Check, MaxChecks+1) }), wire.ErrTooLong},
		{"a map in disorder", swapped, wire.ErrValue},
		{"a coordinate of NaN", AppendCommand(nil, Command{Op: OpLocate, Coordinates: []Coordinate{{"n", coordinate.Coordinate{Height: math.NaN()}}}}), wire.ErrValue},
		{"too many coordinates", AppendCommand(nil, Command{Op: OpLocate, Coordinates: make([]Coordinate, MaxCoordinates+1)}), wire.ErrTooLong},
	} {
		if _, err := DecodeCommand(tc.in); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
}

func TestApplyRefusesWhatIsInvalidAndChangesNothing(t *testing.T) {
	for name, spoil := range map[string]func(*Registration){
		"no node name":               func(r *Registration) { r.Node.Node = "" },
		"a separator in a node name": func(r *Registration) { r.Node.Node = "n\x00x" },
		"a node name not of UTF-8":   func(r *Registration) { r.Node.Node = "\xff" },
		"no address":                 func(r *Registration) { r.Node.Address = "" },
		"an ID without a name":       func(r *Registration) { r.Service.Service = "" },
		"a newline in a service":     func(r *Registration) { r.Service.Service = "a\nb" },
		"a long service name":        func(r *Registration) { r.Service.Service = strings.Repeat("s", MaxName+1) },
		"a separator in a tag":       func(r *Registration) { r.Service.Tags = []string{"a\x00"} },
		"too many tags":              func(r *Registration) { r.Service.Tags = make([]string, MaxTags+1) },
		"a negative port":            func(r *Registration) { r.Service.Port = -1 },
		"a large tagged port":        func(r *Registration) { r.Service.TaggedAddresses["lan"] = ServiceAddress{Port: 65536} },
		"a weight of zero":           func(r *Registration) { r.Service.Weights.Passing = 0 },
		"a meta key without name":    func(r *Registration) { r.Service.Meta[""] = "v" },
		"a check without ID":         func(r *Registration) { r.Checks[0].CheckID, r.Checks[0].Name = "", "" },
		"an unknown status":          func(r *Registration) { r.Checks[0].Status = "maintenance" },
		"a check of another node":    func(r *Registration) { r.Checks[0].Node = "n2" },
		"a large output":             func(r *Registration) { r.Checks[0].Output = strings.Repeat("o", MaxOutput+1) },
		"too many checks":            func(r *Registration) { r.Checks = make([]Check, MaxChecks+1) },
	} {
		c := sample()
		c.Registration.SkipNodeUpdate = false
		spoil(&c.Registration)
		txn := New().Txn()
		if err := txn.Apply(1, c); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
		if s := txn.Commit(); s.Hash() != New().Hash() {
			t.Errorf("%s: the refused command changed the state", name)
		}
	}
	if err := New().Txn().Apply(1, Command{Op: 99}); !errors.Is(err, ErrInvalid) {
		t.Errorf("an unknown operation: got %v", err)
	}
}

func TestRegistrationIsNormalizedWithoutWritingToIt(t *testing.T) {
	r := Registration{
		Node:    Node{Node: "n1"},
		Service: &Service{Service: "web"},
		Checks:  []Check{{Name: "c"}, {CheckID: "d", Status: Passing}, {CheckID: "c", Name: "last"}},
	}
	got := r.Normalize()
	want := Registration{
		Node:    Node{Node: "n1"},
		Service: &Service{ID: "web", Service: "web", Weights: Weights{1, 1}},
		Checks: []Check{
			{Node: "n1", CheckID: "d", Status: Passing},
			{Node: "n1", CheckID: "c", Name: "last", Status: Critical},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if r.Service.ID != "" || r.Checks[0].CheckID != "" || len(r.Checks) != 3 {
		t.Errorf("Normalize wrote to its receiver: %+v", r)
	}
}

// filled returns a state with something in every table.
func filled(t *testing.T) *State {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 5))
	txn := New().Txn()
	for index := uint64(1); index < 80; index++ {
		txn.Apply(index, randomCommand(rng, index))
	}
	txn.Apply(80, sample())
	s := txn.Commit()
	txn = s.Txn()
	nodes, _ := s.Nodes(nil)
	txn.Apply(81, Command{Op: OpLocate, Coordinates: []Coordinate{{nodes[0].Node, coordinate.Origin()}}})
	txn.Apply(82, Command{Op: OpReap, UpTo: 70})
	s = txn.Commit()
	if s.coordinates.Len() == 0 || s.nodes.Len() == 0 || s.services.Len() == 0 || s.checks.Len() == 0 || s.marks.tombs.Len() == 0 || s.marks.floor == 0 {
		t.Fatal("a table is empty")
	}
	return s
}

func TestLoadRefusesADamagedSnapshot(t *testing.T) {
	var b bytes.Buffer
	if err := filled(t).Save(&b); err != nil {
		t.Fatal(err)
	}
	for n := range b.Len() {
		if _, err := Load(bytes.NewReader(b.Bytes()[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut after %d bytes: got %v", n, err)
		}
	}
	node := string(appendIndexes(appendNode(nil, &Node{Node: "n", Address: "a", ID: "i"}), 1, 1))
	twin := string(appendIndexes(appendNode(nil, &Node{Node: "m", Address: "a", ID: "i"}), 1, 1))
	service := func(node string) string {
		s := Service{ID: "s", Service: "s", Weights: Weights{1, 1}}
		return string(appendIndexes(appendService(wire.AppendString(nil, node), &s), 1, 1))
	}
	check := func(node, service string) string {
		c := Check{Node: node, CheckID: "c", Status: Passing, ServiceID: service}
		return string(appendIndexes(appendCheck(nil, &c), 1, 1))
	}
	place := string(appendCoordinate(nil, &Coordinate{"n", coordinate.Origin()}))
	frames := func(payloads ...string) error {
		var b []byte
		for _, p := range payloads {
			b = wire.AppendFrame(b, []byte(p))
		}
		_, err := Load(bytes.NewReader(b))
		return err
	}
	for name, err := range map[string]error{
		"another kind of snapshot": frames("logcata\x01\x00\x00\x00\x00\x00\x00"),
		"a later version":          frames("catalog\x03\x00\x00\x00\x00\x00\x00\x00"),
		"a node twice":             frames("catalog\x01\x00\x02\x00\x00\x00\x00", node, node),
		"an ID twice":              frames("catalog\x01\x00\x02\x00\x00\x00\x00", node, twin),
		"a service of nothing":     frames("catalog\x01\x00\x01\x01\x00\x00\x00", node, service("x")),
		"a service twice":          frames("catalog\x01\x00\x01\x02\x00\x00\x00", node, service("n"), service("n")),
		"a check of nothing":       frames("catalog\x01\x00\x01\x00\x01\x00\x00", node, check("n", "s")),
		"a check of no node":       frames("catalog\x01\x00\x00\x00\x01\x00\x00", check("n", "")),
		"a check twice":            frames("catalog\x01\x00\x01\x00\x02\x00\x00", node, check("n", ""), check("n", "")),
		"a coordinate of nothing":  frames("catalog\x02\x00\x00\x00\x00\x00\x00\x01", place),
		"a coordinate twice":       frames("catalog\x02\x00\x01\x00\x00\x00\x00\x02", node, place, place),
		"a mark without topic":     frames("catalog\x01\x00\x00\x00\x00\x01\x00", "\x00\x01"),
	} {
		if !errors.Is(err, wire.ErrValue) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := frames("catalog\x01\x00\x01\x01\x01\x00\x00", node, service("n"), check("n", "s")); err != nil {
		t.Errorf("the frames of this test do not load: %v", err)
	}
}

func FuzzDecodeCommand(f *testing.F) {
	f.Add(AppendCommand(nil, sample()))
	f.Add(AppendCommand(nil, Command{Op: OpDeregister, Deregistration: Deregistration{Node: "n"}}))
	f.Add(AppendCommand(nil, Command{Op: OpReap, UpTo: 3}))
	f.Add(AppendCommand(nil, Command{Op: OpLocate, Coordinates: []Coordinate{{"n1", coordinate.Origin()}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeCommand(b)
		if err != nil {
			return
		}
		again, err := DecodeCommand(AppendCommand(nil, c))
		if d := cmp.Diff(c, again, cmpopts.EquateEmpty()); err != nil || d != "" {
			t.Fatalf("decoding twice: %v\n%s", err, d)
		}
		txn := New().Txn()
		txn.Apply(1, c)
		reload(t, txn.Commit())
	})
}

func FuzzLoad(f *testing.F) {
	rng := rand.New(rand.NewPCG(5, 5))
	txn := New().Txn()
	for index := uint64(1); index < 30; index++ {
		txn.Apply(index, randomCommand(rng, index))
	}
	var b bytes.Buffer
	txn.Commit().Save(&b)
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Load(bytes.NewReader(b))
		if err != nil {
			return
		}
		if again := reload(t, s); again.Hash() != s.Hash() {
			t.Fatal("a state differs from its own snapshot")
		}
		for _, q := range questions() {
			q.ask(s, nil)
		}
		txn := s.Txn()
		for _, n := range nodeNames {
			txn.Apply(1<<60, Command{Op: OpDeregister, Deregistration: Deregistration{Node: n}})
		}
	})
}

package linear

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// search walks the history of one key from event to event. After each of them,
// configs are all configurations that explain what was seen so far.
type search struct {
	history
	configs []config
	open    []int // the operations under way, by slot; -1: the slot is free
	slot    []int // of each operation under way

	spares      stock           // what was called so far
	conditional map[uint64]bool // indexes that a spare compare-and-set named
	most        int             // how many configurations there were at once

	seen map[config]bool // by the extension under way
	old  []config        // memory for the next
}

func newSearch(h history) *search {
	return &search{
		history: h, configs: []config{{version: absent}},
		slot: make([]int, len(h.ops)), conditional: map[uint64]bool{}, seen: map[config]bool{},
	}
}

// event is the call or the return of an operation.
type event struct {
	at    time.Duration
	op    int
	phase phase
}

type phase uint8

// At one moment calls come first, so that operations that touch overlap.
const (
	call phase = iota
	end
)

// events returns the calls and returns in their order.
func (s *search) events() []event {
	es := make([]event, 0, 2*len(s.ops))
	for i, op := range s.ops {
		es = append(es, event{op.Call, i, call})
		if !s.spare[i] {
			es = append(es, event{op.Return, i, end})
		}
	}
	slices.SortFunc(es, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.phase, b.phase), cmp.Compare(a.op, b.op))
	})
	return es
}

// run reports whether the history is linearizable. If it is not, at is when the
// first operation returned that no order explains.
func (s *search) run() (ok bool, at time.Duration) {
	for _, e := range s.events() {
		switch {
		case e.phase == end:
			s.ended(e.op)
		case s.spare[e.op]:
			s.spared(&s.ops[e.op])
		default:
			s.called(e.op)
		}
		if len(s.configs) == 0 {
			return false, e.at
		}
		s.most = max(s.most, len(s.configs))
	}
	return true, 0
}

// spared takes in the call of an operation that may or may not take effect.
func (s *search) spared(op *Op) {
	switch {
	case op.Kind == Put:
		s.spares.puts++
	case op.Kind == Delete:
		s.spares.deletes++
	case op.Want == 0:
		s.spares.creates++
	default:
		s.conditional[op.Want] = true
	}
}

// called takes in the call of an operation that will return.
func (s *search) called(i int) {
	slot := slices.Index(s.open, -1)
	if slot < 0 {
		slot = len(s.open)
		s.open = append(s.open, -1)
	}
	s.open[slot], s.slot[i] = i, slot
	if s.ops[i].changes() {
		return
	}
	for n, c := range s.configs {
		if _, ok := s.do(c, i); ok {
			s.configs[n].done = c.done.with(slot)
		}
	}
}

// ended takes in the return of an operation: it must be done now.
func (s *search) ended(i int) {
	x := extension{search: s, slot: s.slot[i], found: s.old[:0]}
	clear(s.seen)
	for _, c := range s.configs {
		x.from(c)
	}
	s.open[x.slot] = -1
	s.configs, s.old = best(x.found), s.configs
}

// extension looks for the configurations in which the operation in a slot is
// the last one that was done.
type extension struct {
	*search
	slot  int
	found []config
}

// from tries all orders of the operations under way that begin at c.
func (x *extension) from(c config) {
	if c.done.has(x.slot) {
		c.done = c.done.without(x.slot)
		x.found = append(x.found, c)
		return
	}
	if x.seen[c] {
		return
	}
	x.seen[c] = true
	for slot, i := range x.open {
		if i < 0 || c.done.has(slot) {
			continue
		}
		if after, ok := x.do(c, i); ok {
			x.from(x.settle(after, slot))
			continue
		}
		for _, excused := range x.excuses(c, i) {
			if after, ok := x.do(excused, i); ok {
				x.from(x.settle(after, slot))
			}
		}
	}
}

// settle notes that the operation in a slot is done, and with it all operations
// under way that come out as they did in this very state and leave it as it is:
// whatever comes later may come after them.
func (s *search) settle(c config, slot int) config {
	c.done = c.done.with(slot)
	for other, i := range s.open {
		if i < 0 || c.done.has(other) || s.ops[i].changes() {
			continue
		}
		if _, ok := s.do(c, i); ok {
			c.done = c.done.with(other)
		}
	}
	return c
}

// best drops the configurations that can explain nothing that another cannot:
// they are the same but that they took more of what was to spare, or have an
// index behind them that the other need not have.
func best(cs []config) []config {
	slices.SortFunc(cs, func(a, b config) int {
		return cmp.Or(cmp.Compare(a.done, b.done), cmp.Compare(a.version, b.version), cmp.Compare(a.floor, b.floor),
			cmp.Compare(a.used.puts, b.used.puts), cmp.Compare(a.used.deletes, b.used.deletes), cmp.Compare(a.used.creates, b.used.creates))
	})
	kept := cs[:0]
	alike := 0 // where those begin that did the same
	for _, c := range cs {
		if len(kept) > 0 && (kept[alike].done != c.done || kept[alike].version != c.version) {
			alike = len(kept)
		}
		if !slices.ContainsFunc(kept[alike:], c.worseThan) {
			kept = append(kept, c)
		}
	}
	return kept
}

// worseThan compares two configurations that did the same with the same result.
func (c config) worseThan(d config) bool {
	return c.floor >= d.floor && c.used.puts >= d.used.puts && c.used.deletes >= d.used.deletes && c.used.creates >= d.used.creates
}

// bits is a set of small numbers, eight a byte, without zeros at its end: equal
// sets are equal strings.
type bits string

func (b bits) has(n int) bool { return n/8 < len(b) && b[n/8]&(1<<(n%8)) != 0 }

func (b bits) with(n int) bits {
	c := make([]byte, max(len(b), n/8+1))
	copy(c, b)
	c[n/8] |= 1 << (n % 8)
	return bits(c)
}

func (b bits) without(n int) bits {
	c := []byte(b)
	c[n/8] &^= 1 << (n % 8)
	return bits(strings.TrimRight(string(c), "\x00"))
}

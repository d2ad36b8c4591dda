package linear

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// brute is the obvious way to judge the history of one key: try every order of
// every choice of the unknown operations, and do the operations one by one.
func brute(ops []Op) bool {
	return (&attempt{ops: ops, done: make([]bool, len(ops))}).goOn(register{})
}

// register is the value of the key and where it stands in the log.
type register struct {
	present bool
	value   string
	last    uint64 // the highest index of a write so far
}

type attempt struct {
	ops  []Op
	done []bool
}

func (a *attempt) goOn(r register) bool {
	finished := true
	for i, op := range a.ops {
		if a.done[i] {
			continue
		}
		finished = finished && op.Unknown && op.Index == 0
		if a.mustWait(op) {
			continue
		}
		if next, ok := a.apply(r, op); ok {
			a.done[i] = true
			if a.goOn(next) {
				return true
			}
			a.done[i] = false
		}
	}
	return finished
}

// mustWait: an operation that is not done yet returned before this one began.
func (a *attempt) mustWait(op Op) bool {
	for i, other := range a.ops {
		if !a.done[i] && !other.Unknown && other.Return < op.Call {
			return true
		}
	}
	return false
}

// indexOf is what the history tells of the index of a value, 0 if nothing.
func (a *attempt) indexOf(value string) uint64 {
	for _, op := range a.ops {
		if (op.Kind == Put || op.Kind == CAS) && !op.Failed && op.Value == value && op.Index > 0 {
			return op.Index
		}
	}
	for _, op := range a.ops {
		if op.Kind == Get && !op.Unknown && op.Index > 0 && op.Value == value {
			return op.Index
		}
	}
	return 0
}

func (a *attempt) apply(r register, op Op) (register, bool) {
	holds := op.held || op.Want == 0 && !r.present || op.Want > 0 && r.present && a.indexOf(r.value) == op.Want
	switch op.Kind {
	case Get:
		if op.Unknown {
			return r, true
		}
		if !r.present || op.Index == 0 {
			return r, !r.present && op.Index == 0
		}
		return r, r.value == op.Value && a.indexOf(r.value) == op.Index
	case CAS:
		if op.Unknown && op.Index == 0 && !holds {
			return r, true
		}
		if holds == op.Failed {
			return r, false
		}
		if !holds {
			return r, true
		}
	}
	index := op.Index
	if op.Kind != Delete && index == 0 {
		index = a.indexOf(op.Value)
	}
	if index > 0 && index <= r.last {
		return r, false
	}
	return register{op.Kind != Delete, op.Value, max(r.last, index)}, true
}

// small makes up a history of up to n operations of one key, as a correct
// register would give it, and then, mostly, changes something in it.
func small(r *rand.Rand, n int) []Op {
	ops := lifelike(r, 1+r.IntN(n), 1+r.IntN(4), r.IntN(2) == 0, 0.3*r.Float64())
	for range r.IntN(5) {
		spoil(r, ops)
	}
	return ops
}

// spoil changes what one operation tells.
func spoil(r *rand.Rand, ops []Op) {
	a, b := &ops[r.IntN(len(ops))], ops[r.IntN(len(ops))]
	switch r.IntN(5) {
	case 0:
		if a.Kind == Get {
			a.Value, a.Index = b.Value, b.Index
		}
	case 1:
		if a.Kind == Get {
			a.Value, a.Index = "", 0
		}
	case 2:
		a.Failed = a.Kind == CAS && !a.Failed
	case 3:
		a.Unknown = !a.Unknown
		a.Return = max(a.Return, a.Call)
	case 4:
		d := time.Duration(r.IntN(40))
		a.Call, a.Return = a.Call+d, a.Return+d
	}
}

// lifelike is what clients see of a correct register: each operation takes
// effect at a moment drawn between its call and its return. Without indexes,
// clients are not told at which index a write was done.
func lifelike(r *rand.Rand, n, clients int, indexes bool, unknown float64) []Op {
	free := make([]time.Duration, clients) // when each client is free again
	at := make([]time.Duration, n)         // when each operation takes effect; -1: never
	ops := make([]Op, n)
	for i := range ops {
		c := r.IntN(clients)
		op := Op{Key: "k", Client: string(rune('a' + c)), Kind: Kind(r.IntN(4)), Call: free[c] + time.Duration(r.IntN(10))}
		op.Return = op.Call + 1 + time.Duration(r.IntN(20))
		at[i] = op.Call + time.Duration(r.Int64N(int64(op.Return-op.Call)+1))
		if op.Unknown = r.Float64() < unknown; op.Unknown {
			at[i] += time.Duration(r.IntN(30))
			if r.IntN(2) == 0 {
				at[i] = -1
			}
		}
		free[c] = op.Return + time.Duration(1+r.IntN(5))
		ops[i] = op
	}
	takeEffect(r, ops, at, indexes)
	return ops
}

// takeEffect does the operations in the order of their moments.
func takeEffect(r *rand.Rand, ops []Op, at []time.Duration, indexes bool) {
	order := make([]int, len(ops))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(at[a] - at[b]) })
	var value string
	var present, log uint64 // the key's index, 0 if it is absent; the log's last index
	told := []uint64{0, 0}
	for _, i := range order {
		op := &ops[i]
		log++
		op.Value = string(rune('A'+i/26)) + string(rune('a'+i%26))
		if op.Kind == CAS {
			op.Want = told[r.IntN(len(told))]
			if r.IntN(2) == 0 {
				op.Want = told[len(told)-1]
			}
			op.Failed = op.Want != present
		}
		switch {
		case op.Kind == Get:
			op.Value, op.Index = "", 0
			if present > 0 {
				op.Value, op.Index = value, present
				if !op.Unknown {
					told = append(told, present)
				}
			}
		case at[i] < 0 || op.Failed:
		default:
			value, present = op.Value, log
			if op.Kind == Delete {
				present = 0
			}
			if indexes && !op.Unknown {
				op.Index = log
				if op.Kind != Delete {
					told = append(told, log)
				}
			}
		}
	}
}

// TestTheSearchAgreesWithTryingEveryOrder: the oracle of this package.
func TestTheSearchAgreesWithTryingEveryOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	good, unknowns := 0, 0
	const histories = 10_000
	for n := range histories {
		ops := byKey(small(r, 8))[0]
		want := brute(ops)
		if v := Check(ops); (v == nil) != want {
			t.Fatalf("history %d: linearizable is %v, should be %v:\n%s", n, v == nil, want, draw(ops))
		} else if v != nil && brute(v.Ops) {
			t.Fatalf("history %d: the counterexample is none:\n%s\nof\n%s", n, draw(v.Ops), draw(ops))
		}
		if want {
			good++
		}
		if slices.ContainsFunc(ops, func(op Op) bool { return op.Unknown }) {
			unknowns++
		}
	}
	if good < histories/10 || good > histories*9/10 || unknowns < histories/5 {
		t.Errorf("of %d histories, %d are good and %d have unknown operations: too one-sided", histories, good, unknowns)
	}
	t.Logf("%d of %d are linearizable, %d have unknown operations", good, histories, unknowns)
}

// TestWhatIsLeftOutDoesNotMakeAContradiction: no part of a linearizable history
// that shrink may look at is taken for a contradiction.
func TestWhatIsLeftOutDoesNotMakeAContradiction(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	tried := 0
	for range 5000 {
		ops := told(byKey(small(r, 8))[0])
		if !brute(ops) {
			continue
		}
		out := make([]bool, len(ops))
		for i := range out {
			out[i] = r.IntN(3) == 0
		}
		marked := slices.Clone(out)
		rest, ok := without(ops, out)
		if !ok {
			continue
		}
		if tried++; !brute(rest) {
			t.Fatalf("without %v:\n%s\nis a contradiction, but not all:\n%s", marked, draw(rest), draw(ops))
		}
	}
	if tried < 1000 {
		t.Errorf("only %d tried", tried)
	}
}

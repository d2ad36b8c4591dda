package crowd

import (
	"time"

	"praetor/swim"
)

// kind says what an event is.
type kind uint8

const (
	tick    kind = iota // a member's timer
	packet              // a datagram arrives
	request             // an exchange over a stream arrives where it is asked
	reply               // its answer arrives where it was asked for; no data: it failed
)

// event is something that happens to a member.
type event struct {
	at       time.Duration
	seq      uint64
	to, from *Member
	data     []byte
	id       swim.StreamID
	kind     kind
	late     bool // it waited for a stalled member
}

func (e *event) before(f *event) bool { return e.at < f.at || e.at == f.at && e.seq < f.seq }

// queue is a heap of the events to come, with four children to a parent, which
// makes it flat: the children of heap[i] are heap[4*i+1] to heap[4*i+4].
type queue struct {
	heap []event
	seq  uint64 // of the last event that was added
}

func (q *queue) add(e event) {
	q.seq++
	e.seq = q.seq
	q.heap = append(q.heap, e)
	i := len(q.heap) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(&q.heap[parent]) {
			break
		}
		q.heap[i] = q.heap[parent]
		i = parent
	}
	q.heap[i] = e
}

// take removes the first event; there must be one.
func (q *queue) take() event {
	first := q.heap[0]
	last := len(q.heap) - 1
	e := q.heap[last]
	q.heap[last] = event{}
	q.heap = q.heap[:last]
	if last == 0 {
		return first
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= last {
			break
		}
		for k := child + 1; k < min(child+4, last); k++ {
			if q.heap[k].before(&q.heap[child]) {
				child = k
			}
		}
		if !q.heap[child].before(&e) {
			break
		}
		q.heap[i] = q.heap[child]
		i = child
	}
	q.heap[i] = e
	return first
}

package sim

import "time"

// event is something that happens at a virtual time.
type event struct {
	at  time.Duration
	seq uint64
	do  func()
}

// before orders events by time, and those of one time by who came first, so
// that a run never depends on how the heap happens to be laid out.
func (e event) before(f event) bool { return e.at < f.at || e.at == f.at && e.seq < f.seq }

// queue is a binary heap of the events to come: the parent of heap[i] is
// heap[(i-1)/2] and comes before it.
type queue struct {
	heap []event
	seq  uint64 // of the last event that was added
}

// add puts do on the queue, to happen at the time.
func (q *queue) add(at time.Duration, do func()) {
	q.seq++
	q.heap = append(q.heap, event{at, q.seq, do})
	for i := len(q.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !q.heap[i].before(q.heap[parent]) {
			return
		}
		q.heap[i], q.heap[parent] = q.heap[parent], q.heap[i]
		i = parent
	}
}

// next returns the time of the first event, if there is one.
func (q *queue) next() (time.Duration, bool) {
	if len(q.heap) == 0 {
		return 0, false
	}
	return q.heap[0].at, true
}

// take removes the first event; there must be one.
func (q *queue) take() event {
	first, last := q.heap[0], len(q.heap)-1
	q.heap[0] = q.heap[last]
	q.heap[last] = event{} // let go of the closure
	q.heap = q.heap[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return first
		}
		if child+1 < last && q.heap[child+1].before(q.heap[child]) {
			child++
		}
		if !q.heap[child].before(q.heap[i]) {
			return first
		}
		q.heap[i], q.heap[child] = q.heap[child], q.heap[i]
		i = child
	}
}

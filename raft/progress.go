package raft

import "time"

// progressState is how a leader sends to one follower.
//
//	        rejected, or behind the log
//	   +--------------------------------+
//	   v                                |
//	probe --- agreement found ---> replicate
//	   |                                ^
//	   +-- entries are compacted --> snapshot -- installed
type progressState uint8

const (
	// probing: where the logs agree is not known. One AppendRequest is out at
	// a time, and again with each heartbeat that is answered.
	probing progressState = iota
	// replicating: the logs agree below next. Entries are sent ahead of the
	// answers, as far as the window is open.
	replicating
	// sendingSnapshot: the entries that it needs are gone. One part of a
	// snapshot is out at a time.
	sendingSnapshot
)

// String returns the state in one word.
func (s progressState) String() string {
	return [...]string{"probe", "replicate", "snapshot"}[s]
}

// progress is what a leader knows of one other member.
type progress struct {
	id    NodeID
	state progressState
	match Index // durable there, and the same as here (raft figure 2, matchIndex)
	next  Index // the next to send (nextIndex); above match

	told    Index // the highest commit index sent to it for entries that it has or will have
	waiting bool  // probing: a request is out
	window  window
	sending *outgoing // sendingSnapshot: the snapshot

	sentAt     time.Duration // when the last request for its log left
	heard      time.Duration // when it was heard last
	acked      uint64        // the newest heartbeat round that it answered
	ackedSince time.Duration // when the newest heartbeat that it answered was sent, or longAgo
}

// probe looks for the place where the logs agree, from next on.
func (p *progress) probe(next Index) {
	p.state, p.next, p.waiting = probing, max(next, p.match+1), false
	p.window, p.sending = window{}, nil
}

// agree notes that the follower's log is durable and the same up to match.
func (p *progress) agree(match Index) {
	p.match = max(p.match, match)
	p.window.answered(p.match)
	found := p.state == probing && match+1 >= p.next || p.state == sendingSnapshot && match >= p.sending.meta.Index
	if found {
		p.state, p.waiting, p.sending = replicating, false, nil
		p.next = p.match + 1
	}
	p.next = max(p.next, p.match+1)
}

// window bounds the requests with entries that are out to one follower.
type window struct {
	out   []inFlight // in the order of the log
	bytes int
}

type inFlight struct {
	last  Index // of the request's entries
	bytes int
}

func (w *window) full(c *Config) bool {
	return len(w.out) >= c.MaxInflight || w.bytes >= c.MaxInflightBytes
}

func (w *window) sent(last Index, bytes int) {
	w.out = append(w.out, inFlight{last: last, bytes: bytes})
	w.bytes += bytes
}

// answered frees the requests whose entries are all up to match.
func (w *window) answered(match Index) {
	n := 0
	for n < len(w.out) && w.out[n].last <= match {
		w.bytes -= w.out[n].bytes
		n++
	}
	w.out = append(w.out[:0], w.out[n:]...)
}

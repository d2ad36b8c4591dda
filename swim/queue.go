package swim

import "slices"

// The bounds of the queues of news and of user events: how many updates wait,
// and how many bytes those have. Past either the one that was sent most often
// goes, because most members have it.
const (
	maxQueue, maxQueueBytes           = 4096, 2 << 20
	maxEventQueue, maxEventQueueBytes = 1024, 512 << 10
)

// skipLimit bounds how many updates that do not fit are looked past when a
// packet is filled.
const skipLimit = 16

// A queue holds the updates to piggyback (swim 4.1). Each is sent a
// bounded number of times, those sent least go first, and a new update about
// a member replaces the old one. Updates stand in tiers by how often they
// were sent:
//
//	tiers[0]   carol is alive      never sent, goes first
//	tiers[1]
//	tiers[2]   bob is suspected    alice is alive
//
// Filling a packet moves what went into it one tier up; past the limit it is
// done and forgotten.
type queue struct {
	maxLen, maxBytes int

	tiers   [][]*update
	current map[string]*update // by the member that they are about
	bytes   int                // of the data of all in current
	husks   int                // updates in the tiers that are in current no more
}

// maxHusks is how many superseded updates may lie about in the tiers, beside as
// many as there are others, before they are swept out. In a storm of news the
// upper tiers would else be reached never, and grow for ever.
const maxHusks = 64

func newQueue(maxLen, maxBytes int) queue {
	return queue{maxLen: maxLen, maxBytes: maxBytes, current: make(map[string]*update)}
}

// An update is one encoded section that waits to be sent.
type update struct {
	about string
	data  []byte // nil once superseded: dropped where it is met
	sent  int
}

// put adds news about a member, in place of what was to be said of it. It
// reports false if another update had to be dropped to make room.
func (q *queue) put(about string, data []byte) bool {
	if u := q.current[about]; u != nil && u.sent == 0 {
		q.bytes += len(data) - len(u.data)
		u.data = data
		return q.makeRoom(0, 0)
	}
	q.drop(about)
	roomy := q.makeRoom(1, len(data))
	u := &update{about: about, data: data}
	q.current[about] = u
	q.bytes += len(data)
	q.tier(0)
	q.tiers[0] = append(q.tiers[0], u)
	return roomy
}

// drop forgets what was to be said of a member.
func (q *queue) drop(about string) {
	if u := q.current[about]; u != nil {
		q.forget(u)
		u.data = nil
		if q.husks++; q.husks > maxHusks+len(q.current) {
			q.sweep()
		}
	}
}

// forget takes an update out of current.
func (q *queue) forget(u *update) {
	delete(q.current, u.about)
	q.bytes -= len(u.data)
}

// sweep takes the superseded updates out of the tiers.
func (q *queue) sweep() {
	for s, tier := range q.tiers {
		q.tiers[s] = slices.DeleteFunc(tier, func(u *update) bool { return u.data == nil })
	}
	q.husks = 0
}

// makeRoom makes room for n more updates of so many bytes together. It reports
// false if others had to be dropped for that.
func (q *queue) makeRoom(n, bytes int) bool {
	roomy := true
	for len(q.current) > 0 && (len(q.current)+n > q.maxLen || q.bytes+bytes > q.maxBytes) {
		q.evict()
		roomy = false
	}
	return roomy
}

// evict drops one of the updates that were sent most.
func (q *queue) evict() {
	for s := len(q.tiers) - 1; s >= 0; s-- {
		for len(q.tiers[s]) > 0 {
			u := q.tiers[s][0]
			q.tiers[s] = q.tiers[s][1:]
			if u.data != nil {
				q.forget(u)
				return
			}
			q.husks--
		}
	}
}

func (q *queue) has(about string) bool { return q.current[about] != nil }
func (q *queue) len() int              { return len(q.current) }

// clear forgets everything.
func (q *queue) clear() { *q = newQueue(q.maxLen, q.maxBytes) }

// fill appends updates to dst, least sent first and the newest of those, as
// long as it has at most size bytes. limit is how often an update is sent.
// What is about the member except stays where it is.
func (q *queue) fill(dst []byte, size, limit int, except string) []byte {
	var taken []*update
	skipped := 0
	for s := range q.tiers {
		tier := q.tiers[s]
		kept := len(tier) // what is at kept and after stays in the tier
		for i := len(tier) - 1; i >= 0; i-- {
			u := tier[i]
			switch {
			case u.data == nil: // superseded
				q.husks--
			case u.about != except && skipped < skipLimit && len(dst)+len(u.data) <= size:
				dst = append(dst, u.data...)
				taken = append(taken, u)
			default:
				skipped++
				kept--
				tier[kept] = u
			}
			if skipped >= skipLimit { // the rest stays as it is
				kept -= i
				copy(tier[kept:], tier[:i])
				break
			}
		}
		q.tiers[s] = slices.Delete(tier, 0, kept)
		if skipped >= skipLimit {
			break
		}
	}
	q.retire(taken, limit)
	return dst
}

// retire moves the updates that were just sent one tier up, or out.
func (q *queue) retire(taken []*update, limit int) {
	// Oldest first, so that each tier stays in order of age.
	for _, u := range slices.Backward(taken) {
		if u.sent++; u.sent >= limit {
			q.forget(u)
			continue
		}
		q.tier(u.sent)
		q.tiers[u.sent] = append(q.tiers[u.sent], u)
	}
}

// tier makes sure that tier s is there.
func (q *queue) tier(s int) {
	for len(q.tiers) <= s {
		q.tiers = append(q.tiers, nil)
	}
}

package keyring

// recentSize is how many nonces are remembered: some seconds of a busy member.
const recentSize = 4096

// Recent remembers the nonces of the last messages, to tell a replay from a new
// message. The zero value remembers none.
type Recent struct {
	seen  map[Nonce]struct{}
	order []Nonce // a circle once it is full
	next  int     // the oldest in it
}

// Add remembers a nonce, in place of the oldest one, and reports whether it is
// new.
func (r *Recent) Add(n Nonce) bool {
	if _, known := r.seen[n]; known {
		return false
	}
	if r.seen == nil {
		r.seen = make(map[Nonce]struct{})
	}
	r.seen[n] = struct{}{}
	if len(r.order) < recentSize {
		r.order = append(r.order, n)
		return true
	}
	delete(r.seen, r.order[r.next])
	r.order[r.next] = n
	r.next = (r.next + 1) % recentSize
	return true
}

package dns

import "github.com/miekg/dns"

const (
	// maxUDP is the largest reply that is sent over UDP, whatever the client
	// says it can take: larger ones are fragmented more than once on a usual
	// network, and are what makes open servers good amplifiers.
	maxUDP = 4096
	// minRecord is the size of the smallest record that answers something: a
	// compressed name (2), type, class, TTL and length (10), an IPv4 address (4).
	minRecord = 16
)

// A record is one thing that was found, with what a client would ask for next
// because of it. Cutting a reply keeps or drops a record as a whole.
type record struct {
	answer []dns.RR // one, a CNAME and what it leads to, or the metadata of a node
	addrs  []dns.RR // the addresses of a SRV record's target
	meta   []dns.RR // metadata of the node, which nobody needs
}

// A cut says how much of an answer can be sent.
type cut struct {
	size      int  // bytes of the whole message
	answers   int  // records; more cannot fit
	instances int  // records that each stand for an instance of a service
	truncate  bool // whether to say by the TC bit that records are missing
}

// cutFor returns what q and its transport allow.
func (h *Handler) cutFor(q *dns.Msg, over Transport) cut {
	if over == TCP {
		// TC means "ask again over TCP" (RFC 2181, 9), so there it would only
		// make the client throw away the best answer it can get.
		most := dns.MaxMsgSize / minRecord
		return cut{size: dns.MaxMsgSize, answers: most, instances: most}
	}
	size := dns.MinMsgSize
	if opt := q.IsEdns0(); opt != nil {
		size = min(max(int(opt.UDPSize()), dns.MinMsgSize), maxUDP)
	}
	most := size / minRecord
	c := cut{size: size, answers: most, instances: most, truncate: h.cfg.UDP.Truncate}
	if size == dns.MinMsgSize {
		c.instances = min(most, h.cfg.UDP.AnswerLimit)
	}
	return c
}

// fill puts what was found into r and cuts it to size, all types alike (issue
// 17228): first the metadata and addresses go, from the end, which the client
// does not notice; then whole answers, which it is told by the TC bit (RFC
// 2181, 9). As long as one of the answers fits, one is sent (issues 1931, 2335).
func fill(r *dns.Msg, found []record, c cut) {
	whole := len(found)
	found = found[:min(len(found), c.answers)]
	opt := r.IsEdns0()
	r.Extra = nil
	for _, f := range found {
		r.Answer = append(r.Answer, f.answer...)
		r.Extra = append(r.Extra, f.addrs...)
	}
	for _, f := range found {
		r.Extra = append(r.Extra, f.meta...)
	}
	if opt != nil {
		r.Extra = append(r.Extra, opt)
	}
	before := len(r.Answer)
	shrink(r, c.size)
	missing := len(found) < whole || len(r.Answer) < before
	if len(found) > 0 && len(r.Answer) == 0 {
		r.Answer = firstThatFits(r, found, c.size)
		// The client has to be told, whatever the configuration says: it would
		// take an empty answer for "there are none".
		c.truncate = c.truncate || len(r.Answer) == 0
	}
	r.Truncated = missing && c.truncate
}

// shrink drops records from the end of r until it fits into size bytes.
func shrink(r *dns.Msg, size int) {
	r.Truncate(size)
	r.Compress = true // Truncate turns it off for messages that fit without
}

// firstThatFits returns the answer of the first record that fits into r on its
// own, nil if none does.
func firstThatFits(r *dns.Msg, found []record, size int) []dns.RR {
	alone := *r
	for _, f := range found {
		if alone.Answer = f.answer[:1]; alone.Len() <= size {
			return alone.Answer
		}
	}
	return nil
}

func countOPT(m *dns.Msg) int {
	n := 0
	for _, rr := range m.Extra {
		if rr.Header().Rrtype == dns.TypeOPT {
			n++
		}
	}
	return n
}

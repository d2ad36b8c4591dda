package dns

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/miekg/dns"
)

// A Transport is how a question came and how its reply goes.
type Transport uint8

// The two transports of RFC 1035, 4.2.
const (
	UDP Transport = iota
	TCP
)

// The reasons for having nothing to answer with. rcodeOf gives each its
// response code.
var (
	errNoName  = errors.New("no such name")
	errNotOurs = errors.New("not in our zones")
)

// A Handler answers DNS questions from a Source. It keeps no state between
// questions and may be used by many goroutines at once.
type Handler struct {
	cfg Config
	src Source
}

// NewHandler returns a Handler that answers from src. The error says what in
// cfg makes no sense.
func NewHandler(cfg Config, src Source) (*Handler, error) {
	cfg, err := cfg.normalize()
	if err != nil {
		return nil, err
	}
	return &Handler{cfg: cfg, src: src}, nil
}

// Reply returns the reply to q, no larger than q and the transport allow. It
// returns nil if q is itself a reply: answering those, two servers could talk
// to each other forever. rng decides the order of the records. Nothing else
// comes in but what the Source and, for other zones, the Exchange return.
func (h *Handler) Reply(ctx context.Context, rng *rand.Rand, q *dns.Msg, over Transport) *dns.Msg {
	if q.Response {
		return nil
	}
	if rcode := refusal(q); rcode != dns.RcodeSuccess {
		return h.empty(q, rcode)
	}
	l := h.newLookup(rng, q, over)
	found, err := l.route(ctx)
	switch {
	case errors.Is(err, errNotOurs) && len(h.cfg.Recursion.Servers) > 0:
		return h.recurse(ctx, rng, q, over)
	case errors.Is(err, errNotOurs):
		return h.empty(q, dns.RcodeRefused)
	}
	r := h.empty(q, rcodeOf(err))
	if r.Rcode == dns.RcodeServerFailure {
		return r
	}
	r.Authoritative = true
	if len(found) == 0 {
		// A resolver caches "no" only with the SOA beside it (RFC 2308, 2.1 and 2.2).
		r.Ns = []dns.RR{h.soa(l.zone, l.zone)}
	}
	fill(r, found, l.cut)
	return r
}

// rcodeOf is the table from errors to response codes.
func rcodeOf(err error) int {
	switch {
	case err == nil:
		return dns.RcodeSuccess
	case errors.Is(err, errNoName), errors.Is(err, ErrUnknownDatacenter):
		return dns.RcodeNameError
	}
	return dns.RcodeServerFailure
}

// refusal returns the code to refuse q with, or success if it is a question
// that a name server for the class IN can be expected to understand.
func refusal(q *dns.Msg) int {
	switch {
	case q.Opcode != dns.OpcodeQuery:
		return dns.RcodeNotImplemented
	case len(q.Question) != 1, countOPT(q) > 1:
		return dns.RcodeFormatError
	case q.IsEdns0() != nil && q.IsEdns0().Version() != 0:
		return dns.RcodeBadVers
	case q.Question[0].Qtype == dns.TypeAXFR, q.Question[0].Qtype == dns.TypeIXFR:
		return dns.RcodeNotImplemented // a catalog is no zone file
	case q.Question[0].Qclass != dns.ClassINET:
		return dns.RcodeRefused
	}
	return dns.RcodeSuccess
}

// empty returns a reply to q that holds the question and, if q speaks EDNS0,
// our side of it.
func (h *Handler) empty(q *dns.Msg, rcode int) *dns.Msg {
	r := new(dns.Msg).SetRcode(q, rcode)
	r.Compress = true
	r.RecursionAvailable = len(h.cfg.Recursion.Servers) > 0
	if opt := q.IsEdns0(); opt != nil {
		r.SetEdns0(maxUDP, opt.Do())
	}
	return r
}

// route sends the question to what can answer it: our zones, the addresses of
// our nodes, or nobody here.
func (l *lookup) route(ctx context.Context) ([]record, error) {
	if l.zone != "" {
		return l.find(ctx)
	}
	if ip, ok := parseReverse(dns.CanonicalName(l.owner)); ok {
		return l.reverse(ctx, ip)
	}
	return nil, errNotOurs
}

package dns

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"

	"github.com/miekg/dns"
)

// withPorts returns the addresses with the DNS port where none is given.
func withPorts(servers []string) ([]string, error) {
	var out []string
	for _, s := range servers {
		host, port, err := net.SplitHostPort(s)
		if err != nil {
			host, port = s, "53"
		}
		if host == "" || port == "" {
			return nil, fmt.Errorf("dns: recursor %q is not an address", s)
		}
		out = append(out, net.JoinHostPort(host, port))
	}
	return out, nil
}

// recurse passes a question that is not ours on, and the reply back: with its
// TC bit, so that the client comes again over TCP, and we go on over TCP.
func (h *Handler) recurse(ctx context.Context, rng *rand.Rand, q *dns.Msg, over Transport) *dns.Msg {
	ask := new(dns.Msg).SetQuestion(q.Question[0].Name, q.Question[0].Qtype)
	ask.Id = uint16(rng.Uint32())
	ask.RecursionDesired, ask.CheckingDisabled = q.RecursionDesired, q.CheckingDisabled
	size := h.cutFor(q, over).size
	if opt := q.IsEdns0(); opt != nil {
		// EDNS0 is between neighbours (RFC 6891, 6.2.6): ours is a new one.
		ask.SetEdns0(uint16(min(size, maxUDP)), opt.Do())
	}
	got := h.exchange(ctx, rng, ask, over)
	if got == nil {
		return h.empty(q, dns.RcodeServerFailure)
	}
	r := h.empty(q, got.Rcode)
	r.Truncated, r.AuthenticatedData = got.Truncated, got.AuthenticatedData
	r.Answer, r.Ns = got.Answer, got.Ns
	r.Extra = append(withoutOPT(got.Extra), r.Extra...)
	shrink(r, size)
	return r
}

// exchange asks the recursors one after the other until one knows the answer,
// or that there is none. It returns nil if none does.
func (h *Handler) exchange(ctx context.Context, rng *rand.Rand, q *dns.Msg, over Transport) *dns.Msg {
	if h.cfg.Recursion.Exchange == nil {
		return nil
	}
	servers := h.cfg.Recursion.Servers
	if h.cfg.Recursion.Strategy == Random {
		servers = slices.Clone(servers)
		rng.Shuffle(len(servers), func(i, j int) { servers[i], servers[j] = servers[j], servers[i] })
	}
	for _, server := range servers {
		r, err := h.cfg.Recursion.Exchange(ctx, q, over, server)
		if err == nil && r != nil && isReplyTo(r, q) && (r.Rcode == dns.RcodeSuccess || r.Rcode == dns.RcodeNameError) {
			return r
		}
		if ctx.Err() != nil {
			break // the client has given up, or we are shutting down
		}
	}
	return nil
}

// isReplyTo reports whether r answers the question of q, rather than another
// one that a forger or a stray packet brought (RFC 5452, 9.1).
func isReplyTo(r, q *dns.Msg) bool {
	return r.Response && r.Id == q.Id && len(r.Question) == 1 &&
		r.Question[0].Qtype == q.Question[0].Qtype && r.Question[0].Qclass == q.Question[0].Qclass &&
		dns.CanonicalName(r.Question[0].Name) == dns.CanonicalName(q.Question[0].Name)
}

func withoutOPT(rrs []dns.RR) []dns.RR {
	return slices.DeleteFunc(slices.Clone(rrs), func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeOPT })
}

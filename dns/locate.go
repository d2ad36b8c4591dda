package dns

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/miekg/dns"
)

// A Place is where an answer sends its asker: the target and port of an SRV
// record, the target without the zone's part.
type Place struct {
	Node string
	Port uint16
}

// ErrServerFailure is what Locate returns for an answer of SERVFAIL: it is not
// known now whether there is something.
var ErrServerFailure = errors.New("dns: server failure")

// Locate asks for the instances of a service of the Handler's own datacenter, as
// an SRV question over TCP does, and returns the places in the order of the
// answer; none if there is no such service. It is for callers in the same
// program. The error is ErrServerFailure, or says that the reply does not
// survive its own encoding.
func (h *Handler) Locate(ctx context.Context, rng *rand.Rand, service string) ([]Place, error) {
	q := new(dns.Msg).SetQuestion(service+".service."+h.cfg.Domain, dns.TypeSRV)
	q.Id = 1 // the library draws one from a source of its own
	b, err := h.Reply(ctx, rng, q, TCP).Pack()
	if err != nil {
		return nil, fmt.Errorf("dns: pack the reply on %s: %w", service, err)
	}
	var m dns.Msg
	if err := m.Unpack(b); err != nil {
		return nil, fmt.Errorf("dns: unpack the reply on %s: %w", service, err)
	}
	if m.Rcode == dns.RcodeServerFailure {
		return nil, ErrServerFailure
	}
	var places []Place
	for _, rr := range m.Answer {
		if srv, ok := rr.(*dns.SRV); ok {
			node, _, _ := strings.Cut(srv.Target, ".node.")
			places = append(places, Place{node, srv.Port})
		}
	}
	return places, nil
}

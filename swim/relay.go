package swim

import (
	"net/netip"
	"slices"
	"time"
)

// maxRelays bounds the pings under way in the place of others.
const maxRelays = 256

// A relay is a ping on behalf of another member (the ping-req of swim 3.1).
// The ack goes on to who asked. If there is none in good time a nack does
// (lifeguard IV-A), and an ack may still follow it.
type relay struct {
	seq    sequence // of the ping sent from here
	origin sequence // of the probe that it serves
	asker  netip.AddrPort
	nack   bool          // the asker wants a nack, and did not get it yet
	due    time.Duration // when to send the nack, then when to forget this
}

// relay pings the target that a ping-req names.
func (p *Pool) relay(asker netip.AddrPort, b *probeBody) {
	if len(p.relays) >= maxRelays {
		p.stats.Dropped.Full++
		return
	}
	r := relay{seq: p.nextSeq(), origin: b.seq, asker: asker, nack: b.nack, due: p.now + p.cfg.ProbeInterval}
	if r.nack {
		// Early enough to be back before the asker's period ends.
		r.due = p.now + p.cfg.ProbeTimeout*4/5
	}
	p.relays = append(p.relays, r)
	p.stats.Probes.Relayed++
	p.send(b.addr, appendPing(nil, r.seq, string(b.target)))
}

// relayAck passes an ack on and reports whether it was for a relay.
func (p *Pool) relayAck(seq sequence) bool {
	i := slices.IndexFunc(p.relays, func(r relay) bool { return r.seq == seq })
	if i < 0 {
		return false
	}
	r := p.relays[i]
	p.relays = slices.Delete(p.relays, i, i+1)
	reachedRelayed.Hit()
	p.send(r.asker, appendAck(nil, kindAck, r.origin, nil))
	return true
}

// tickRelays sends the nacks that are due and forgets relays that are over.
func (p *Pool) tickRelays() {
	kept := p.relays[:0]
	for _, r := range p.relays {
		if p.now >= r.due {
			if !r.nack {
				continue
			}
			reachedNackSent.Hit()
			p.send(r.asker, appendAck(nil, kindNack, r.origin, nil))
			r.nack = false
			r.due = p.now + p.cfg.ProbeInterval
		}
		kept = append(kept, r)
	}
	p.relays = kept
}

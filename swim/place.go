package swim

import (
	"math/rand/v2"
	"net/netip"

	"praetor/internal/wire"
	"praetor/swim/coordinate"
)

// newPlaces returns this member's coordinate. It has random numbers of its own,
// seeded by one that was drawn anyway, so that how long a ping took does not
// change whom this member probes and gossips to.
func newPlaces(seed sequence) *coordinate.Client {
	return coordinate.NewClient(rand.New(rand.NewPCG(uint64(seed), 0)))
}

// Coordinate returns this member's place in the network, and whether places
// are kept at all (Disable.Coordinates). Each ack carries its sender's; a
// round trip to the sender moves it.
func (p *Pool) Coordinate() (c coordinate.Coordinate, enabled bool) {
	return p.places.Coordinate(), !p.cfg.Disable.Coordinates
}

// place returns this member's coordinate as an ack carries it.
func (p *Pool) place() []byte {
	if p.cfg.Disable.Coordinates {
		return nil
	}
	return coordinate.Append(make([]byte, 0, coordinate.Size), p.places.Coordinate())
}

// locate learns from an ack where its sender is and how far away. Only an ack
// that the target itself sent counts: one that another member passes on, or
// that came over a stream, took another way.
func (p *Pool) locate(from netip.AddrPort, b *probeBody) {
	probe := p.probe
	if p.cfg.Disable.Coordinates || len(b.place) == 0 || probe == nil || probe.seq != b.seq || from != probe.target.Addr {
		return
	}
	r := wire.NewReader(b.place)
	place := coordinate.Decode(r)
	err := r.Close()
	if err == nil {
		err = p.places.Update(probe.target.Name, place, p.now-probe.sent)
	}
	if err != nil {
		p.stats.Places.Refused++
		return
	}
	p.stats.Places.Updates++
}

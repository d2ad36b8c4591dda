package swim

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// maxExchanges bounds the exchanges over streams under way.
const maxExchanges = 64

var (
	errTimeout = errors.New("no answer over the stream in time")
	errBusy    = errors.New("too many exchanges over streams are under way")
	errAnswer  = errors.New("an answer that was not asked for")
)

// purpose says what an exchange over a stream is for.
type purpose uint8

const (
	forProbe    purpose = iota // fallback ping
	forPushPull                // periodic exchange of state, or reconnect
	forJoin                    // either exchange of a join
)

// An exchange is a Stream whose reply is awaited.
type exchange struct {
	id      StreamID
	purpose purpose
	due     time.Duration // when it fails
	seq     sequence      // forProbe
	join    *join         // forJoin
}

// exchange asks the driver for an exchange of body with an address. It
// returns false at the bound.
func (p *Pool) exchange(x exchange, to netip.AddrPort, body []byte) bool {
	if len(p.exchanges) >= maxExchanges {
		p.stats.Dropped.Full++
		return false
	}
	p.lastID++
	x.id = p.lastID
	p.exchanges = append(p.exchanges, x)
	p.stats.Traffic.Streams++
	p.out.Streams = append(p.out.Streams, Stream{ID: x.id, To: to, Data: p.frame(body)})
	return true
}

// frame makes a whole message of sections.
func (p *Pool) frame(body []byte) []byte {
	b := make([]byte, 0, headerFixed+1+len(p.cfg.Label)+len(body))
	return p.counted(seal(append(appendHeader(b, p.cfg.Label), body...)))
}

// counted counts the bytes of a stream's message that is about to go out.
func (p *Pool) counted(b []byte) []byte {
	p.stats.Traffic.BytesOut += uint64(len(b))
	return b
}

// tickStreams fails the exchanges that took too long.
func (p *Pool) tickStreams() {
	for {
		i := slices.IndexFunc(p.exchanges, func(x exchange) bool { return p.now >= x.due })
		if i < 0 {
			return
		}
		p.finish(p.exchanges[i].id, nil, errTimeout)
	}
}

// StreamReply ends an exchange that a Stream effect asked for: with the frame
// that came back, or with the error why none did. A reply to an exchange that
// is over, or never was, does nothing.
func (p *Pool) StreamReply(now time.Duration, id StreamID, b []byte, err error) {
	p.at(now)
	if !p.departure.done {
		p.finish(id, b, err)
	}
}

// finish takes an exchange off the list and serves its end.
func (p *Pool) finish(id StreamID, b []byte, err error) {
	i := slices.IndexFunc(p.exchanges, func(x exchange) bool { return x.id == id })
	if i < 0 {
		return
	}
	x := p.exchanges[i]
	p.exchanges = slices.Delete(p.exchanges, i, i+1)
	var sections []section
	if err == nil {
		sections, err = p.openStream(b)
	}
	if err == nil && len(sections) == 0 {
		err = errAnswer
	}
	if err != nil {
		p.stats.Traffic.StreamErrors++
	}
	switch x.purpose {
	case forProbe:
		if err == nil && sections[0].kind == kindAck && sections[0].probe.seq == x.seq {
			p.ack(x.seq)
		}
	case forPushPull:
		if err == nil {
			p.merge(sections)
		}
	case forJoin:
		p.joinReply(x.join, sections, err)
	}
}

// openStream takes a message of a stream apart.
func (p *Pool) openStream(b []byte) ([]section, error) {
	p.stats.Traffic.BytesIn += uint64(len(b))
	if len(b) > MaxStream {
		p.stats.Dropped.Oversized++
		return nil, fmt.Errorf("message of %d bytes, at most %d", len(b), MaxStream)
	}
	return p.open(nil, b)
}

// StreamRequest serves the other side of a Stream: it returns the frame to
// write back. After an error, which says what is wrong with the request, the
// driver closes the connection. The Pool does not keep b.
func (p *Pool) StreamRequest(now time.Duration, from netip.AddrPort, b []byte) (reply []byte, err error) {
	p.at(now)
	sections, err := p.openStream(b)
	if err != nil {
		return nil, fmt.Errorf("swim: serve stream from %v: %w", from, err)
	}
	if p.departure.done {
		return nil, fmt.Errorf("swim: serve stream from %v: this member has left", from)
	}
	for i := range sections {
		switch s := &sections[i]; s.kind {
		case kindPing:
			if string(s.probe.target) == p.self.Name {
				return p.frame(appendAck(nil, kindAck, s.probe.seq, nil)), nil
			}
			p.stats.Dropped.Misdirected++
		case kindJoin:
			return p.frame(p.admission(s.node)), nil
		case kindMembers:
			p.merge(sections)
			return p.frame(p.state()), nil
		}
	}
	return nil, fmt.Errorf("swim: serve stream from %v: nothing to answer in it", from)
}

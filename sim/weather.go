package sim

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"praetor/internal/server"
	"praetor/raft"
)

// Weather is what befalls single packets. A rate of loss strikes by chance; its
// other form is to say which packets it strikes: "lose n1 -> n2 append #3" is
// the third append from n1 to n2 from when the step is done. A packet is counted
// among those of its kind on its link, so that an edit elsewhere does not make
// the step mean another one. Shrinking turns the first form into the second
// (shrink_weather.go).

// The kinds of packets, as traces call them, with those of Raft's messages.
const (
	packetConnect = "connect" // the opening of a connection, either way
	packetGossip  = "gossip"  // a datagram
	packetAsks    = "asks"    // a request: of an exchange of gossip, or of a client
	packetAnswers = "answers"
	packetForward = "forward" // a command, to the leader
	packetReply   = "reply"
)

// packetOf returns the kind of a message between servers: the word that its
// text begins with.
func packetOf(b server.PeerBody) string {
	switch {
	case b.Forward != nil:
		return packetForward
	case b.Raft == nil:
		return packetReply
	}
	switch m := b.Raft.Body.(type) {
	case raft.VoteRequest:
		if m.Pre {
			return "pre-vote?"
		}
		return "vote?"
	case raft.VoteResponse:
		if m.Pre {
			return "pre-vote"
		}
		return "vote"
	case raft.AppendRequest:
		return "append"
	case raft.AppendAccept:
		return "match"
	case raft.AppendReject:
		return "no"
	case raft.Heartbeat:
		return "heartbeat"
	case raft.HeartbeatAck:
		return "heartbeat-ack"
	case raft.SnapshotPart:
		return "snapshot"
	case raft.SnapshotAck:
		return "snapshot-ack"
	case raft.TimeoutNow:
		return "timeout-now"
	case raft.ReadRequest:
		return "read?"
	case raft.ReadResponse:
		return "read"
	}
	return "stale"
}

// packetKinds are all of them.
var packetKinds = []string{
	packetConnect, packetGossip, packetAsks, packetAnswers, packetForward, packetReply,
	"pre-vote?", "vote?", "pre-vote", "vote", "append", "match", "no", "heartbeat", "heartbeat-ack",
	"snapshot", "snapshot-ack", "timeout-now", "read?", "read", "stale",
}

// stroke is what befalls one packet.
type stroke struct {
	lost    bool          // TCP sends it again
	doubled bool          // only datagrams are
	late    time.Duration // beside what the link takes
}

// order is a stroke that waits for its packet.
type order struct {
	kind  string
	nth   int // of the packets of the kind that come, it is meant for
	count int // that came
	stroke
	deed *deed
}

// befalls returns what was ordered for a packet that sets out now.
func (l *link) befalls(kind string) (all stroke) {
	for i := 0; i < len(l.orders); i++ {
		o := l.orders[i]
		if o.kind != kind {
			continue
		}
		if o.count++; o.count < o.nth {
			continue
		}
		all.lost, all.doubled, all.late = all.lost || o.lost, all.doubled || o.doubled, all.late+o.late
		o.deed.fire()
		o.deed.effect()
		l.orders = slices.Delete(l.orders, i, i+1)
		i--
	}
	return all
}

// delivery is a packet that something befell.
type delivery struct {
	from, to string
	kind     string
	nth      int
	at       time.Duration
	stroke
}

// lines returns the steps that do to the packet what befell it.
func (d delivery) lines() (steps []string) {
	packet := fmt.Sprintf("%s -> %s %s #%d", d.from, d.to, d.kind, d.nth)
	if d.doubled {
		steps = append(steps, "double "+packet)
	}
	if d.lost {
		steps = append(steps, "lose "+packet)
	}
	if d.late > 0 {
		steps = append(steps, fmt.Sprintf("delay %s by %v", packet, d.late))
	}
	return steps
}

// forecast keeps what befell packets in a run.
type forecast struct {
	counts     map[[3]string]int // packets by link and kind
	deliveries []delivery
}

// note takes down what befell a packet, if somebody wants to know.
func (l *link) note(kind string, s stroke) {
	f := l.world.forecast
	if f == nil {
		return
	}
	key := [3]string{l.from.name, l.to.name, kind}
	f.counts[key]++
	if s != (stroke{}) {
		f.deliveries = append(f.deliveries, delivery{l.from.name, l.to.name, kind, f.counts[key], l.world.now, s})
	}
}

// weatherVerbs are the steps that befall single packets.
func weatherVerbs() map[string]verb {
	const packet = " HOST -> HOST KIND [#N]"
	return map[string]verb{
		"lose":   {usage: "lose" + packet + " (the Nth packet from now; TCP sends it again; KIND as traces have it: append, vote?, gossip, asks ...)", least: 3, most: 4, do: (*player).lose},
		"double": {usage: "double" + packet + " (gossip only: TCP sees it)", least: 3, most: 4, do: (*player).double},
		"delay":  {usage: "delay" + packet + " by D", least: 3, most: 4, do: (*player).delay},
	}
}

func (p *player) lose(st step) error { return p.order(st, faultLose, stroke{lost: true}) }

func (p *player) double(st step) error {
	if st.args[2] != packetGossip {
		return fmt.Errorf("it is: %s", st.usage())
	}
	return p.order(st, faultDouble, stroke{doubled: true})
}

func (p *player) delay(st step) error {
	by, err := st.duration("by", 0)
	if err != nil || by <= 0 {
		return cmp.Or(err, fmt.Errorf("it is: %s", st.usage()))
	}
	return p.order(st, faultLate, stroke{late: by})
}

// order lets a stroke wait for its packet on each of the links.
func (p *player) order(st step, kind fault, s stroke) error {
	if !slices.Contains(packetKinds, st.args[2]) || st.named["oneway"] != "1" {
		return fmt.Errorf("it is: %s; the kinds are %v", st.usage(), packetKinds)
	}
	nth := 1
	if len(st.args) == 4 {
		if n, err := fmt.Sscanf(st.args[3], "#%d", &nth); n != 1 || err != nil || nth < 1 {
			return fmt.Errorf("%s is not a number from #1", st.args[3])
		}
	}
	from, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	to, err := p.hostsOf(st.args[1])
	if err != nil {
		return err
	}
	d := p.deed(kind)
	for _, a := range from {
		for _, b := range to {
			if a != b {
				l := a.link(b)
				l.orders = append(l.orders, &order{kind: st.args[2], nth: nth, stroke: s, deed: d})
			}
		}
	}
	return nil
}

// usage returns how the step is written.
func (st step) usage() string { return verbs[st.verb].usage }

package agent

import (
	"bufio"
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"

	"praetor/internal/server"
	"praetor/internal/wire"
	"praetor/raft"
)

// links carries messages to the other servers. There is one link a server:
// a goroutine with a bounded queue and one TCP connection, on which messages
// only go out; what the other has to say comes on the link that it keeps to
// us. A link that cannot connect drops what is queued and tells the core.
type links struct {
	ctx  context.Context
	self raft.NodeID
	dial func(ctx context.Context, addr netip.AddrPort) (net.Conn, error)

	undelivered func(server.PeerMessage) // certainly did not arrive
	lost        func(raft.NodeID)        // what was sent lately may not have arrived

	mu   sync.Mutex
	byID map[raft.NodeID]*link
}

// The bounds of a link. The number of queued messages bounds their bytes too,
// because raft.Config bounds what is in flight to a follower.
const (
	linkQueue   = 4096
	dialTimeout = 2 * time.Second        // of an agent to a server
	linkDial    = 500 * time.Millisecond // of a server to a server; short, so that a healed network is noticed soon
	sendTimeout = 10 * time.Second
	redialAfter = 50 * time.Millisecond
	linkIdle    = 10 * time.Minute // a link that has nothing to send ends
	linkSilent  = 3 * time.Second  // without an acknowledgement: connect anew, do not back off
)

func newLinks(ctx context.Context, self raft.NodeID, undelivered func(server.PeerMessage), lost func(raft.NodeID)) *links {
	d := net.Dialer{Control: giveUpUnacknowledged}
	return &links{
		ctx: ctx, self: self, undelivered: undelivered, lost: lost,
		dial: func(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
			return d.DialContext(ctx, "tcp", addr.String())
		},
		byID: map[raft.NodeID]*link{},
	}
}

// link is the way to one server.
type link struct {
	links *links
	to    raft.NodeID
	queue chan server.PeerMessage
}

// send queues a message; it never waits.
func (ls *links) send(m server.PeerMessage) {
	ls.mu.Lock()
	l, ok := ls.byID[m.To]
	if !ok {
		l = &link{links: ls, to: m.To, queue: make(chan server.PeerMessage, linkQueue)}
		ls.byID[m.To] = l
		go l.run()
	}
	full := false
	select {
	case l.queue <- m:
	default:
		full = true
	}
	ls.mu.Unlock()
	if full {
		ls.undelivered(m)
	}
}

// run connects and sends until the agent stops or nobody has anything to say.
func (l *link) run() {
	for {
		idle := time.NewTimer(linkIdle)
		select {
		case m := <-l.queue:
			idle.Stop()
			l.session(m)
		case <-idle.C:
			if l.retire() {
				return
			}
		case <-l.links.ctx.Done():
			return
		}
	}
}

// retire takes the link out of the table unless a message came meanwhile.
func (l *link) retire() bool {
	l.links.mu.Lock()
	defer l.links.mu.Unlock()
	if len(l.queue) > 0 {
		return false
	}
	delete(l.links.byID, l.to)
	return true
}

// session is one connection's life. first is the message that asked for it.
func (l *link) session(first server.PeerMessage) {
	ctx, cancel := context.WithTimeout(l.links.ctx, linkDial)
	conn, err := l.links.dial(ctx, first.Addr)
	cancel()
	if err != nil {
		l.drop(first)
		return
	}
	defer conn.Close()
	defer l.links.lost(l.to)
	gone := watchClose(conn)
	w := bufio.NewWriterSize(conn, 64<<10)
	w.WriteByte(portPeer)
	w.Write(wire.AppendFrame(nil, []byte(l.links.self)))
	idle := time.NewTimer(linkIdle)
	defer idle.Stop()
	for m := first; ; {
		if m.Addr.IsValid() && m.Addr != first.Addr {
			l.drop(m) // the server has moved: connect anew for what follows
			return
		}
		conn.SetWriteDeadline(time.Now().Add(sendTimeout))
		if l.write(w, m) != nil {
			return
		}
		select {
		case m = <-l.queue:
		case <-gone:
			return
		case <-idle.C:
			return
		case <-l.links.ctx.Done():
			return
		}
	}
}

// write sends m and all that is queued already as one burst.
func (l *link) write(w *bufio.Writer, m server.PeerMessage) error {
	var buf []byte
	for {
		buf = server.AppendPeer(append(buf[:0], 0, 0, 0, 0), m.Body)
		binary.BigEndian.PutUint32(buf, uint32(len(buf)-4))
		if _, err := w.Write(buf); err != nil {
			return err
		}
		if w.Buffered() > 1<<20 {
			return w.Flush()
		}
		select {
		case m = <-l.queue:
		default:
			return w.Flush()
		}
	}
}

// drop tells the core that nothing of what is queued arrived, and waits a
// little before the next attempt.
func (l *link) drop(m server.PeerMessage) {
	l.links.undelivered(m)
	wait := time.NewTimer(redialAfter)
	defer wait.Stop()
	for {
		select {
		case m := <-l.queue:
			l.links.undelivered(m)
		case <-wait.C:
			return
		case <-l.links.ctx.Done():
			return
		}
	}
}

// watchClose returns a channel that is closed when the other side closes the
// connection, on which it never sends anything.
func watchClose(conn net.Conn) <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		var b [1]byte
		conn.Read(b[:])
	}()
	return gone
}

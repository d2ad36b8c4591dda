package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"praetor/internal/wire"
	"praetor/swim/keyring"
)

// A conversation about keys, on a connection to another member's gossip port:
//
//	asker                            member
//	  | list                            |
//	  |-------------------------------->|
//	  |   its keys, sealed with a nonce |
//	  |<--------------------------------|
//	  | install, use or remove,         |
//	  | bound to that nonce             |
//	  |-------------------------------->|
//	  |   its keys now                  |
//	  |<--------------------------------|
//
// The first request changes nothing, so that a recorded conversation that is
// played again changes nothing either: the member draws another nonce.

// maxControl bounds a frame of a conversation.
const maxControl = keyring.MaxControl + keyring.Overhead

var (
	errFirstLists = errors.New("the first request of a conversation only lists")
	errNoRing     = errors.New("gossip is not encrypted in this cluster, there are no keys: start all agents with -encrypt")
)

// converse serves a conversation that begins with the frame b.
func (g *guard) converse(c net.Conn, b []byte) {
	from := c.RemoteAddr().(*net.TCPAddr).AddrPort()
	var previous keyring.Nonce
	for turn := range 2 {
		plain, n, err := g.open(keyring.Control, previous, b)
		if err != nil {
			g.refuse(from, err)
			return
		}
		req, err := keyring.DecodeRequest(plain)
		if err == nil && turn == 0 && req.Op != keyring.List {
			err = errFirstLists
		}
		if err != nil {
			g.refuse(from, &refusal{dropMalformed, err.Error()})
			return
		}
		answer := g.do(req)
		if req.Op != keyring.List {
			g.log.Info("gossip: keyring changed on request", "from", from, "operation", req.Op.String(), "refused", answer.Err)
		}
		b, previous = g.seal(keyring.Control, n, keyring.AppendReply(nil, answer))
		if _, err := c.Write(wire.AppendFrame(nil, b)); err != nil || turn > 0 {
			return
		}
		if b, err = wire.ReadFrame(c, nil, maxControl); err != nil {
			return // the asker has what it wanted
		}
	}
}

// do carries a request out on the own ring, and a change on the twin's as well:
// a server is in the pool of all datacenters, where whoever asks for the change
// may not have met it.
func (g *guard) do(req keyring.Request) keyring.Reply {
	reply := g.doAlone(req)
	if g.twin != nil && req.Op != keyring.List && reply.Err == "" {
		if wan := g.twin.doAlone(req); wan.Err != "" {
			reply.Err = "changed, but not for the WAN pool: " + wan.Err
		}
	}
	return reply
}

// doAlone carries a request out on the own ring and its file.
func (g *guard) doAlone(req keyring.Request) keyring.Reply {
	g.change.Lock()
	defer g.change.Unlock()
	r := g.ring.Load()
	if r == nil {
		return keyring.Reply{Err: errNoRing.Error()}
	}
	next, err := r.Do(req)
	if err == nil && next != r && g.save != nil {
		if err = g.save(next); err != nil {
			next, err = r, fmt.Errorf("the keyring's file cannot be written: %w", err)
		}
	}
	g.ring.Store(next)
	reply := keyring.Reply{Keys: next.Keys()}
	if err != nil {
		reply.Err = err.Error()
	}
	return reply
}

// ask has a conversation with the member at an address. The error is that of
// the network; what the member refuses is in the Reply.
func (g *guard) ask(ctx context.Context, to netip.AddrPort, req keyring.Request) (keyring.Reply, error) {
	c, err := dialGossip(ctx, to)
	if err != nil {
		return keyring.Reply{}, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	reply, nonce, err := g.turn(c, keyring.Nonce{}, keyring.Request{Op: keyring.List})
	if err == nil && req.Op != keyring.List {
		reply, _, err = g.turn(c, nonce, req)
	}
	return reply, err
}

// turn sends a request and reads the reply.
func (g *guard) turn(c net.Conn, previous keyring.Nonce, req keyring.Request) (keyring.Reply, keyring.Nonce, error) {
	b, n := g.seal(keyring.Control, previous, keyring.AppendRequest(nil, req))
	if _, err := c.Write(wire.AppendFrame(nil, b)); err != nil {
		return keyring.Reply{}, n, err
	}
	b, err := wire.ReadFrame(c, nil, maxControl)
	if err != nil {
		return keyring.Reply{}, n, fmt.Errorf("no answer about keys; its log says why: %w", err)
	}
	plain, n, err := g.open(keyring.Control, n, b)
	if err != nil {
		return keyring.Reply{}, n, err
	}
	reply, err := keyring.DecodeReply(plain)
	return reply, n, err
}

package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"

	"praetor/api"
)

// listeners are the agent's open ports. All are opened before anything runs, so
// that a port in use stops the agent before it has told anybody of itself.
type listeners struct {
	gossip *gossipPort
	wan    *gossipPort  // nil: off, or on a client
	server net.Listener // nil on a client
	http   []net.Listener
	dns    []dnsSockets
}

// dnsSockets are the two sides of one DNS address.
type dnsSockets struct {
	tcp net.Listener
	udp net.PacketConn
}

func (a *Agent) listen() (*listeners, error) {
	ls := &listeners{}
	if err := ls.open(a); err != nil {
		ls.close()
		return nil, err
	}
	return ls, nil
}

func (ls *listeners) open(a *Agent) (err error) {
	bind := func(port int) netip.AddrPort { return netip.AddrPortFrom(a.cfg.Addresses.Bind, uint16(port)) }
	at := bind(a.cfg.Ports.SerfLAN)
	if ls.gossip, err = listenGossip(at, a.guard, a.log); err != nil {
		return portErr("gossip", at, "-serf-lan-port", err)
	}
	if a.cfg.Server.Enabled && a.cfg.Ports.SerfWAN > 0 {
		guard, err := a.newGuard(labelWAN, ringWAN)
		if err != nil {
			return err
		}
		a.guard.twin = guard
		at := bind(a.cfg.Ports.SerfWAN)
		if ls.wan, err = listenGossip(at, guard, a.log.With("pool", "wan")); err != nil {
			return portErr("gossip between datacenters", at, "-serf-wan-port", err)
		}
	}
	if a.cfg.Server.Enabled {
		at := bind(a.cfg.Ports.Server)
		if ls.server, err = net.Listen("tcp", at.String()); err != nil {
			return portErr("server", at, "-server-port", err)
		}
	}
	for _, at := range a.cfg.HTTPListen() {
		l, err := net.Listen("tcp", at.String())
		if err != nil {
			return portErr("HTTP", at, "-http-port", err)
		}
		ls.http = append(ls.http, limitPerClient(l, a.cfg.Limits.HTTPConns, a.log.Warn))
	}
	for _, at := range a.cfg.DNSListen() {
		tcp, err := net.Listen("tcp", at.String())
		if err != nil {
			return portErr("DNS", at, "-dns-port", err)
		}
		udp, err := net.ListenPacket("udp", at.String())
		if err != nil {
			tcp.Close()
			return portErr("DNS", at, "-dns-port", err)
		}
		ls.dns = append(ls.dns, dnsSockets{tcp, udp})
	}
	return nil
}

// portErr says which port is in the way and what to do about it.
func portErr(what string, at netip.AddrPort, flag string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("listen for %s on %v: the port is in use by another process; stop it, or choose another port with %s", what, at, flag)
	}
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		return fmt.Errorf("listen for %s on %v: this machine does not have that address; choose one that it has with -bind or -client", what, at)
	}
	return fmt.Errorf("listen for %s on %v: %w", what, at, err)
}

func (ls *listeners) close() {
	for _, g := range []*gossipPort{ls.gossip, ls.wan} {
		if g != nil {
			g.udp.Close()
			g.tcp.Close()
		}
	}
	if ls.server != nil {
		ls.server.Close()
	}
	for _, l := range ls.http {
		l.Close()
	}
	for _, s := range ls.dns {
		s.tcp.Close()
		s.udp.Close()
	}
}

func (a *Agent) serveHTTP(ctx context.Context, ls *listeners, h http.Handler) {
	for _, l := range ls.http {
		s := api.NewServer(ctx, h)
		a.http = append(a.http, s)
		a.goRun(func() {
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				a.driver.fail(fmt.Errorf("HTTP on %v: %w", l.Addr(), err))
			}
		})
	}
}

// withHeaders sends the configured headers with every answer.
func withHeaders(headers map[string]string, h http.Handler) http.Handler {
	if len(headers) == 0 {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for k, v := range headers {
			w.Header().Set(k, v)
		}
		h.ServeHTTP(w, r)
	})
}

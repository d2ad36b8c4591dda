package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"praetor/catalog"
	"praetor/dns"
	"praetor/internal/agent/local"
	"praetor/internal/server"
	"praetor/swim"
)

// errNoServers is what a client answers that knows no server yet.
var errNoServers = errors.New("No known Consul servers: this agent has not met any server in gossip; start it with -join=ADDRESS, or run 'praetor join ADDRESS'")

// remoteServers is the cluster as a client sees it. Requests go to one server
// over one HTTP/2 connection, and to the next server if that one is gone.
type remoteServers struct {
	datacenter string
	hold       time.Duration // how long a request waits for a server that can be reached
	transport  *http.Transport
	log        *slog.Logger

	mu    sync.Mutex
	list  server.ServerList
	known chan struct{} // closed when the first server is known
}

// The bounds of a forwarding connection.
const (
	pingAfter   = 5 * time.Second // of silence
	pingTimeout = 5 * time.Second // then the connection counts as broken
)

func newRemoteServers(datacenter string, hold time.Duration, log *slog.Logger) *remoteServers {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	d := net.Dialer{Timeout: dialTimeout}
	return &remoteServers{
		datacenter: datacenter,
		hold:       hold,
		log:        log,
		known:      make(chan struct{}),
		transport: &http.Transport{
			Protocols: &protocols,
			HTTP2:     &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				c, err := d.DialContext(ctx, network, addr)
				if err != nil {
					return nil, err
				}
				if _, err := c.Write([]byte{portHTTP}); err != nil {
					c.Close()
					return nil, err
				}
				return c, nil
			},
		},
	}
}

// setMembers takes the live servers of the datacenter from gossip.
func (r *remoteServers) setMembers(ms []swim.Member, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list.Update(ms, r.datacenter, id)
	if len(r.list.Addrs()) > 0 {
		select {
		case <-r.known:
		default:
			close(r.known)
		}
	}
}

// await implements servers.
func (r *remoteServers) await(ctx context.Context) {
	select {
	case <-r.known:
	case <-ctx.Done():
	}
}

func (r *remoteServers) servers() []netip.AddrPort {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list.Addrs()
}

// demote moves a server that did not answer to the end of the list.
func (r *remoteServers) demote(addr netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list.Demote(addr)
}

// keptBody is a request's body that survives an attempt which never sent it:
// http.Transport closes a body even if it could not connect. Who made the
// request closes the body in the end.
type keptBody struct{ io.Reader }

// Close implements io.Closer.
func (keptBody) Close() error { return nil }

// RoundTrip implements http.RoundTripper: it sends the request to a server,
// and to the next one if the first is certainly none the wiser: it could not
// be reached, or the request changes nothing. While no server can be reached at
// all it goes round again, as long as a server waits for a leader.
func (r *remoteServers) RoundTrip(req *http.Request) (*http.Response, error) {
	give := time.Now().Add(r.hold)
	for {
		resp, err := r.askAll(req)
		var op *net.OpError
		unreached := errors.As(err, &op) && op.Op == "dial"
		if err == nil || !unreached || req.Context().Err() != nil {
			return resp, err
		}
		if time.Now().After(give) {
			return nil, fmt.Errorf("%w: no server can be reached: %w", server.ErrNoLeader, err)
		}
		select {
		case <-time.After(roundPause):
		case <-req.Context().Done():
			return nil, err
		}
	}
}

// roundPause is the wait before all servers are asked once more.
const roundPause = 200 * time.Millisecond

// askAll asks each server once, until one answers.
func (r *remoteServers) askAll(req *http.Request) (*http.Response, error) {
	err := errNoServers
	for _, addr := range r.servers() {
		attempt := req.Clone(req.Context())
		attempt.URL.Scheme, attempt.URL.Host = "http", addr.String()
		if req.Body != nil && req.Body != http.NoBody {
			attempt.Body = keptBody{req.Body}
		}
		resp, e := r.transport.RoundTrip(attempt)
		if e == nil {
			return resp, nil
		}
		err = fmt.Errorf("ask server %v: %w", addr, e)
		if req.Context().Err() != nil {
			return nil, err
		}
		r.demote(addr)
		var op *net.OpError
		reached := !errors.As(e, &op) || op.Op != "dial"
		reads := req.Method == http.MethodGet || req.Method == http.MethodHead
		if reached && !reads {
			return nil, err
		}
		r.log.Debug("forward: server does not answer, asking the next", "server", addr, "error", e)
	}
	return nil, err
}

// proxy forwards a user's request to a server and streams the answer back.
func (r *remoteServers) proxy() http.Handler {
	return &httputil.ReverseProxy{
		Transport:     r,
		FlushInterval: -1,
		Rewrite:       func(p *httputil.ProxyRequest) { p.Out.URL.Scheme, p.Out.URL.Host = "http", "server" },
		ErrorHandler: func(w http.ResponseWriter, req *http.Request, err error) {
			if req.Context().Err() == nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		},
		ErrorLog: slog.NewLogLogger(r.log.Handler(), slog.LevelDebug),
	}
}

// maxAnswer bounds what an agent reads of an answer to its own request.
const maxAnswer = 64 << 20

// do makes one of the agent's own requests and decodes the JSON answer.
func (r *remoteServers) do(ctx context.Context, method, path string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://server"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := r.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(strings.TrimSpace(string(b)))
	}
	return json.Unmarshal(b, answer)
}

func (r *remoteServers) write(ctx context.Context, cmd []byte) (res server.Result, err error) {
	err = r.do(ctx, http.MethodPost, pathWrite, cmd, &res)
	return res, err
}

func (r *remoteServers) registered(ctx context.Context, node string) (v local.View, err error) {
	err = r.do(ctx, http.MethodGet, pathRegistered+url.PathEscape(node), nil, &v)
	return v, err
}

// Node implements dns.Source.
func (r *remoteServers) Node(ctx context.Context, dc, name string) (n *catalog.Node, err error) {
	err = r.lookUp(ctx, dc, pathNode+url.PathEscape(name), &n)
	return n, err
}

// Service implements dns.Source.
func (r *remoteServers) Service(ctx context.Context, dc, name string) (is []catalog.Instance, err error) {
	err = r.lookUp(ctx, dc, pathService+url.PathEscape(name), &is)
	return is, err
}

// ByAddress implements dns.Source.
func (r *remoteServers) ByAddress(ctx context.Context, dc string, ip netip.Addr) (ns []*catalog.Node, err error) {
	err = r.lookUp(ctx, dc, pathAddress+ip.String(), &ns)
	return ns, err
}

// Datacenters implements dns.Source.
func (r *remoteServers) Datacenters(context.Context) ([]string, error) {
	return []string{strings.ToLower(r.datacenter)}, nil
}

func (r *remoteServers) lookUp(ctx context.Context, dc, path string, answer any) error {
	if !strings.EqualFold(dc, r.datacenter) {
		return dns.ErrUnknownDatacenter
	}
	return r.do(ctx, http.MethodGet, path, nil, answer)
}

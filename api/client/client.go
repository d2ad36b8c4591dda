package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// DefaultAddress is where an agent serves HTTP unless it is told otherwise.
const DefaultAddress = "127.0.0.1:8500"

// maxAnswer bounds what is read of one answer, in bytes.
const maxAnswer = 1 << 30

// Config is how to reach an agent. The zero value reaches the local one.
type Config struct {
	Address    string       // "host:port" or a URL; "" is $CONSUL_HTTP_ADDR, or DefaultAddress
	Token      string       // sent with every request; "" is $CONSUL_HTTP_TOKEN, or none
	HTTPClient *http.Client // nil stands for http.DefaultClient
}

// Client speaks to one agent.
type Client struct {
	KV       KV
	Catalog  Catalog
	Health   Health
	Agent    Agent
	Event    Event
	Status   Status
	Operator Operator
	Snapshot Snapshot

	Coordinate Coordinate

	base  url.URL
	token string
	http  *http.Client
}

// New returns a client. It does not connect yet. The error is an address that
// is none.
func New(cfg Config) (*Client, error) {
	addr := cmp.Or(cfg.Address, os.Getenv("CONSUL_HTTP_ADDR"), DefaultAddress)
	base, err := parseAddress(addr)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base:  *base,
		token: cmp.Or(cfg.Token, os.Getenv("CONSUL_HTTP_TOKEN")),
		http:  cmp.Or(cfg.HTTPClient, http.DefaultClient),
	}
	c.KV, c.Catalog, c.Health, c.Agent, c.Status = KV{c}, Catalog{c}, Health{c}, Agent{c}, Status{c}
	c.Event, c.Operator, c.Snapshot, c.Coordinate = Event{c}, Operator{c}, Snapshot{c}, Coordinate{c}
	return c, nil
}

// Address returns the agent's address, "host:port".
func (c *Client) Address() string { return c.base.Host }

// parseAddress reads "host:port", "host" or "http://host:port".
func parseAddress(addr string) (*url.URL, error) {
	if !strings.Contains(addr, "://") {
		addr = "http://" + addr
	}
	u, err := url.Parse(addr)
	switch {
	case err != nil:
		return nil, fmt.Errorf("address %q: %w", addr, err)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("address %q: expected http or https, not %s", addr, u.Scheme)
	case u.Hostname() == "":
		return nil, fmt.Errorf("address %q: it names no host", addr)
	case u.Port() == "":
		u.Host += ":8500"
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// Error is an answer that is no success.
type Error struct {
	Method  string
	Path    string
	Status  int    // the HTTP status
	Message string // the body
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %d %s", e.Method, e.Path, e.Status, cmp.Or(e.Message, http.StatusText(e.Status)))
}

// IsMissing reports whether err says that the subject does not exist.
func IsMissing(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}

// request is one request to make.
type request struct {
	method string
	path   string // not escaped
	query  url.Values
	body   []byte
}

// do makes a request and returns its whole answer. An answer that is no
// success is an *Error, and its headers are returned too.
func (c *Client) do(ctx context.Context, req request) ([]byte, http.Header, error) {
	u := c.base
	u.Path, u.RawQuery = req.path, req.query.Encode()
	r, err := http.NewRequestWithContext(ctx, req.method, u.String(), bytes.NewReader(req.body))
	if err != nil {
		return nil, nil, err
	}
	if c.token != "" {
		r.Header.Set("X-Consul-Token", c.token)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("%s %s: read the answer: %w", req.method, req.path, err)
	case len(b) > maxAnswer:
		return nil, nil, fmt.Errorf("%s %s: the answer is longer than %d bytes", req.method, req.path, maxAnswer)
	case resp.StatusCode != http.StatusOK:
		return nil, resp.Header, &Error{req.method, req.path, resp.StatusCode, strings.TrimSpace(string(b))}
	}
	return b, resp.Header, nil
}

// get reads JSON into v.
func (c *Client) get(ctx context.Context, path string, query url.Values, v any) (http.Header, error) {
	b, h, err := c.do(ctx, request{method: "GET", path: path, query: query})
	if err != nil {
		return h, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return h, fmt.Errorf("GET %s: decode the answer: %w", path, err)
	}
	return h, nil
}

// put sends JSON, or no body for nil, and expects nothing back but success.
func (c *Client) put(ctx context.Context, path string, query url.Values, v any) error {
	var body []byte
	if v != nil {
		var err error
		if body, err = json.Marshal(v); err != nil {
			return fmt.Errorf("PUT %s: encode the request: %w", path, err)
		}
	}
	_, _, err := c.do(ctx, request{"PUT", path, query, body})
	return err
}

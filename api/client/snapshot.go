package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Snapshot speaks about archives of the whole state (package archive).
type Snapshot struct{ c *Client }

// Save copies an archive of the state to w. Stale takes that of the server that
// is asked, which needs no leader. An error may come after a part of it: verify
// what was written (archive.Read) before it is relied on.
func (s Snapshot) Save(ctx context.Context, stale bool, w io.Writer) error {
	const path = "/v1/snapshot"
	resp, err := s.exchange(ctx, "GET", path, switches("stale", stale), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("GET %s: read the answer: %w", path, err)
	}
	return nil
}

// Restore makes the state that of an archive that Save wrote, all at once: what
// is not in it is deleted. An error means that nothing has changed, unless the
// answer was lost on its way.
func (s Snapshot) Restore(ctx context.Context, r io.Reader) error {
	resp, err := s.exchange(ctx, "PUT", "/v1/snapshot", nil, r)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// exchange makes a request whose bodies are not held in memory. The caller
// closes the answer's.
func (s Snapshot) exchange(ctx context.Context, method, path string, query url.Values, body io.Reader) (*http.Response, error) {
	u := s.c.base
	u.Path, u.RawQuery = path, query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	if s.c.token != "" {
		r.Header.Set("X-Consul-Token", s.c.token)
	}
	resp, err := s.c.http.Do(r)
	if err != nil || resp.StatusCode == http.StatusOK {
		return resp, err
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	return nil, &Error{method, path, resp.StatusCode, strings.TrimSpace(string(b))}
}

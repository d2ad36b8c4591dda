package check

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"praetor/catalog"
	"praetor/internal/agent/local"
)

// maxHeaders bounds what an answer's header may take, in bytes.
const maxHeaders = 64 << 10

// httpCheck makes the request and judges the status code. Redirects are
// followed, ten at most, unless the definition says otherwise.
func httpCheck(ctx context.Context, p *local.Probe, limit int) (status, output string) {
	method := p.Request.Method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, p.Target, strings.NewReader(p.Request.Body))
	if err != nil {
		return catalog.Critical, err.Error()
	}
	req.Header.Set("User-Agent", "Consul Health Check")
	req.Header.Set("Accept", "text/plain, text/*, */*")
	for key, values := range p.Request.Header {
		req.Header[http.CanonicalHeaderKey(key)] = values
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	tr := transport(p.TLS)
	defer tr.CloseIdleConnections()
	client := http.Client{Transport: tr}
	if p.Request.NoRedirect {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	resp, err := client.Do(req)
	if err != nil {
		return catalog.Critical, cut(err.Error(), limit)
	}
	defer resp.Body.Close()
	line := fmt.Sprintf("HTTP %s %s: %s Output: ", method, p.Target, resp.Status)
	body, _ := io.ReadAll(io.LimitReader(resp.Body, int64(max(0, limit-len(line))))) // what came is worth showing, even if the rest did not
	output = cut(line+text(body), limit)
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		return catalog.Passing, output
	case resp.StatusCode == http.StatusTooManyRequests:
		return catalog.Warning, output
	}
	return catalog.Critical, output
}

// transport makes a connection for one request only: a check is to find out
// whether the service takes new ones. No proxy stands between.
func transport(t local.TLS) *http.Transport {
	return &http.Transport{
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHeaders,
		TLSClientConfig:        tlsConfig(t),
	}
}

func tlsConfig(t local.TLS) *tls.Config {
	return &tls.Config{InsecureSkipVerify: t.SkipVerify, ServerName: t.ServerName}
}

// tcpCheck connects. A name with several addresses passes if one answers.
func tcpCheck(ctx context.Context, p *local.Probe) (status, output string) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.Target)
	if err != nil {
		return catalog.Critical, err.Error()
	}
	conn.Close()
	return catalog.Passing, fmt.Sprintf("TCP connect %s: Success", p.Target)
}

// udpQuiet is how long silence must last to pass for an open port.
const udpQuiet = time.Second

// udpCheck sends a datagram. UDP services need not answer what they do not
// understand, so only a refusal (ICMP port unreachable) is bad news.
func udpCheck(ctx context.Context, p *local.Probe) (status, output string) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", p.Target)
	if err != nil {
		return catalog.Critical, err.Error()
	}
	defer conn.Close()
	quiet := time.Now().Add(udpQuiet)
	if end, ok := ctx.Deadline(); ok && end.Before(quiet) {
		quiet = end
	}
	conn.SetDeadline(quiet)
	if _, err = conn.Write([]byte("\n")); err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return catalog.Critical, err.Error()
	}
	return catalog.Passing, fmt.Sprintf("UDP connect %s: Success", p.Target)
}

// text makes what a program printed fit for JSON and terminals: valid UTF-8.
func text(b []byte) string { return strings.ToValidUTF8(string(b), "") }

// cut returns the first n bytes of s, or fewer, so as not to cut a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return text([]byte(s[:n]))
}

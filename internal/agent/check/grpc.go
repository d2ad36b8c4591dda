package check

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"

	"praetor/catalog"
	"praetor/internal/agent/local"
	"praetor/internal/wire"
)

// grpcCheck asks the standard gRPC health service (grpc.health.v1.Health). The
// protocol is HTTP/2 with a message in the body; the two messages are so small
// that they are written by hand:
//
//	 0      1                5
//	+------+----------------+---------------------------------+
//	| 0    | length (u32)   | protobuf                        |
//	+------+----------------+---------------------------------+
//
//	HealthCheckRequest   field 1, string: 0x0a, length, the service's name
//	HealthCheckResponse  field 1, enum:   0x08, 1 is SERVING
//
// Source: grpc/doc/PROTOCOL-HTTP2.md, grpc/doc/health-checking.md.
func grpcCheck(ctx context.Context, p *local.Probe) (status, output string) {
	addr, service, _ := strings.Cut(p.Target, "/")
	fail := func(err error) (string, string) {
		return catalog.Critical, fmt.Sprintf("gRPC check %s: %v", p.Target, err)
	}
	scheme := "http"
	tr := transport(p.TLS)
	tr.DisableKeepAlives = false // HTTP/2 has no such mode; the connection is closed below
	tr.Protocols = new(http.Protocols)
	if p.TLS.Use {
		scheme = "https"
		tr.Protocols.SetHTTP2(true)
	} else {
		tr.Protocols.SetUnencryptedHTTP2(true)
	}
	defer tr.CloseIdleConnections()

	url := scheme + "://" + addr + "/grpc.health.v1.Health/Check"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(healthRequest(service)))
	if err != nil {
		return fail(err)
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("TE", "trailers")
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return fail(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxHealth+1))
	if err != nil {
		return fail(err)
	}
	if err := grpcStatus(resp); err != nil {
		return fail(err)
	}
	state, err := healthResponse(body)
	switch {
	case err != nil:
		return fail(err)
	case state != 1:
		return fail(fmt.Errorf("the service is not serving (state %d)", state))
	}
	return catalog.Passing, fmt.Sprintf("gRPC check %s: success", p.Target)
}

// maxHealth is the most that a health response may take, in bytes.
const maxHealth = 4 << 10

// grpcStatus returns the error that the answer stands for, or nil. The status
// is in the trailer, or in the header of an answer without a body.
func grpcStatus(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP status %s", resp.Status)
	}
	code, message := resp.Trailer.Get("Grpc-Status"), resp.Trailer.Get("Grpc-Message")
	if code == "" {
		code, message = resp.Header.Get("Grpc-Status"), resp.Header.Get("Grpc-Message")
	}
	if code != "0" {
		return fmt.Errorf("gRPC status %q: %s", code, message)
	}
	return nil
}

func healthRequest(service string) []byte {
	var message []byte
	if service != "" {
		message = wire.AppendString([]byte{0x0a}, service)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// healthResponse returns the state in a framed HealthCheckResponse. An absent
// field is 0, UNKNOWN.
func healthResponse(b []byte) (uint64, error) {
	if len(b) < 5 || b[0] != 0 || uint64(binary.BigEndian.Uint32(b[1:])) != uint64(len(b)-5) {
		return 0, fmt.Errorf("answer of %d bytes is no single uncompressed message", len(b))
	}
	r := wire.NewReader(b[5:])
	if r.Len() == 0 {
		return 0, nil
	}
	if tag := r.Byte(); tag != 0x08 {
		return 0, fmt.Errorf("answer is no HealthCheckResponse: it begins with %#x", tag)
	}
	state := r.Uvarint()
	return state, r.Err()
}

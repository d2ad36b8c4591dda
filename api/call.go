package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// call is one request on its way through its handler.
type call struct {
	w    http.ResponseWriter
	r    *http.Request
	rest string // what follows the route's prefix in the path
	q    query
}

// The kinds of value that are not answered as JSON.
type (
	// missing is answered with 404 and an empty body.
	missing struct{}
	// raw is bytes that a client stored: answered as plain text, and so that
	// no browser takes them for a page of this agent's.
	raw []byte
	// plain is answered as plain text.
	plain []byte
	// download writes a body that is not held in memory. Its error, like one of
	// the network, ends the connection, so that no client takes the part for the
	// whole.
	download func(io.Writer) error
	// graded is another value with a status of its own.
	graded struct {
		status int
		value  any
	}
)

// appender is a value that knows how to write itself as JSON, without
// reflection.
type appender interface{ appendJSON(b []byte) []byte }

// The time that a client may take to send a body, or to receive an answer.
const (
	bodyTimeout   = 30 * time.Second
	answerTimeout = 5 * time.Minute
)

// answer writes the value that a handler returned. nil is an empty body.
func (c *call) answer(value any) {
	h := c.w.Header()
	status, body := http.StatusOK, []byte(nil)
	if g, ok := value.(graded); ok {
		status, value = g.status, g.value
	}
	switch v := value.(type) {
	case download:
		c.send(v)
		return
	case nil:
	case missing:
		status = http.StatusNotFound
	case raw:
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "sandbox")
		body = v
	case plain:
		h.Set("Content-Type", "text/plain; charset=utf-8")
		body = v
	default:
		var err error
		if body, err = c.encode(v); err != nil {
			fail(c.w, err)
			return
		}
		h.Set("Content-Type", "application/json")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	// Not every ResponseWriter has a connection below it; then there is
	// nothing to bound.
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(answerTimeout))
	c.w.WriteHeader(status)
	if c.r.Method == http.MethodHead {
		return
	}
	_, _ = c.w.Write(body) // an error means that the client is gone
}

// send answers with a download.
func (c *call) send(write download) {
	c.w.Header().Set("Content-Type", "application/octet-stream")
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(answerTimeout))
	if c.r.Method == http.MethodHead {
		return
	}
	if err := write(c.w); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// encode writes a value as JSON, indented for ?pretty.
func (c *call) encode(v any) ([]byte, error) {
	var b []byte
	if ap, ok := v.(appender); ok {
		b = ap.appendJSON(nil)
	} else {
		var err error
		if b, err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	if !c.q.flag("pretty") {
		return b, nil
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "    "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// fail answers with an error's text and status.
func fail(w http.ResponseWriter, err error) {
	status := statusOf(err)
	var m *methodError
	if errors.As(err, &m) {
		status = http.StatusMethodNotAllowed
		w.Header().Set("Allow", m.allow)
	}
	w.Header().Del("Content-Length")
	http.Error(w, err.Error(), status)
}

// What a client that was refused may still send, in bytes and time.
const (
	maxDrain     = 16 << 20
	drainTimeout = 5 * time.Second
)

// refuse answers a request whose body is too large, at once, and then reads on
// for a while: a client that is still sending would otherwise find its
// connection broken, and might never see why.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	rc := http.NewResponseController(w)
	w.Header().Set("Connection", "close")
	duplex := rc.EnableFullDuplex() == nil // HTTP/2 always is
	fail(w, err)
	if !duplex && r.ProtoMajor < 2 {
		return
	}
	_ = rc.Flush()
	_ = rc.SetReadDeadline(time.Now().Add(drainTimeout))
	_, _ = io.CopyN(io.Discard, r.Body, maxDrain)
}

// body reads the request's body, at most limit bytes. A longer one is refused,
// before it is read if it says its length.
func (c *call) body(limit int64) ([]byte, error) {
	length := c.r.ContentLength
	if length > limit {
		return nil, bodyTooLarge(limit)
	}
	var b []byte
	var err error
	if length >= 0 {
		b = make([]byte, length)
		_, err = io.ReadFull(c.r.Body, b)
	} else {
		b, err = io.ReadAll(io.LimitReader(c.r.Body, limit+1))
	}
	switch {
	case int64(len(b)) > limit:
		return nil, bodyTooLarge(limit)
	case err != nil:
		return nil, Invalidf("Failed to read the request's body: %v", err)
	}
	return b, nil
}

// bodyDeadline bounds the time to read a request's body. It holds for a body
// that the handler leaves unread too: net/http reads that after the answer, to
// keep the connection. When a body has been read whole, net/http lifts it.
func bodyDeadline(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	}
}

func bodyTooLarge(limit int64) error {
	return tooLargef("Request body is too large: at most %d bytes are taken", limit)
}

package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"praetor/internal/server"
)

// kind says whose fault an error is, and so which status answers it.
type kind uint8

const (
	kindInvalid  kind = iota // the request is wrong and will stay so
	kindMissing              // what it names is not there
	kindTooLarge             // its body is over a limit
	kindBusy                 // a bound on concurrent requests is reached
)

// Error is an error that the client can do something about. Its text is the
// body of the answer.
type Error struct {
	kind kind
	text string
}

func (e *Error) Error() string { return e.text }

// Invalidf returns an error that is answered with 400: the request is wrong,
// and repeating it unchanged is pointless. The text says what was expected.
func Invalidf(format string, args ...any) error {
	return &Error{kindInvalid, fmt.Sprintf(format, args...)}
}

// Missingf returns an error that is answered with 404: the subject of the
// request does not exist.
func Missingf(format string, args ...any) error {
	return &Error{kindMissing, fmt.Sprintf(format, args...)}
}

func tooLargef(format string, args ...any) error {
	return &Error{kindTooLarge, fmt.Sprintf(format, args...)}
}

// statusOf is the one table from errors to HTTP statuses. What is in no row is
// a failure of the agent or of the cluster: 500, which Consul's clients take
// for "try again".
func statusOf(err error) int {
	var e *Error
	switch {
	case errors.As(err, &e):
		switch e.kind {
		case kindInvalid:
			return http.StatusBadRequest
		case kindMissing:
			return http.StatusNotFound
		case kindTooLarge:
			return http.StatusRequestEntityTooLarge
		case kindBusy:
			return http.StatusTooManyRequests
		}
	case errors.Is(err, server.ErrBusy):
		return http.StatusTooManyRequests
	case errors.Is(err, server.ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		// The client is gone, or the agent is stopping: whoever still listens
		// shall ask another agent.
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError // server.ErrNoLeader, ErrLeadershipLost, ...
}

// errBusyWaiting answers a blocking query beyond Config.MaxWaiting.
var errBusyWaiting = &Error{kindBusy, "Too many blocking queries are waiting on this agent, try again later"}

// errNoPath answers a ?dc= that is not known here. The status is Consul's: 500.
var errNoPath = errors.New("No path to datacenter")

// methodError is answered with 405 and an Allow header.
type methodError struct{ method, allow string }

func (e *methodError) Error() string { return "method " + e.method + " not allowed" }

package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"

	"praetor/api/client"
)

// rpcDistance is how far the HTTP port is above the RPC port that agents had in
// 2014: 8500 and 8400.
const rpcDistance = 100

// connection is how to reach the agent: the options that every command takes
// that talks to one.
type connection struct {
	address    string // -http-addr
	rpcAddress string // -rpc-addr
	token      string // -token
}

func (c *connection) register(fs *flag.FlagSet) {
	fs.StringVar(&c.address, "http-addr", "",
		"`address` of the agent's HTTP API, HOST:PORT or a URL.\nWithout it: $CONSUL_HTTP_ADDR, or 127.0.0.1:8500")
	fs.StringVar(&c.rpcAddress, "rpc-addr", "",
		"the `address` in the spelling of 2014, HOST:PORT of the RPC listener that\nagents had then. Port 8400 stands for 8500, and any port p for p+100")
	fs.StringVar(&c.token, "token", "",
		"access `token` to send. Without it: $CONSUL_HTTP_TOKEN, or none")
}

// dial returns a client of the agent. It does not connect yet.
func (c *connection) dial() (*client.Client, error) {
	if c.address == "" && c.rpcAddress != "" {
		host, port, err := net.SplitHostPort(c.rpcAddress)
		if err != nil {
			return nil, fmt.Errorf("-rpc-addr %q: expected HOST:PORT", c.rpcAddress)
		}
		p, err := strconv.Atoi(port)
		if err != nil || p < 1 || p > 65535-rpcDistance {
			return nil, fmt.Errorf("-rpc-addr %q: expected a port between 1 and %d", c.rpcAddress, 65535-rpcDistance)
		}
		c.address = net.JoinHostPort(host, strconv.Itoa(p+rpcDistance))
	}
	return client.New(client.Config{Address: c.address, Token: c.token})
}

// explain makes an error of the client into a sentence that says what to do. An
// error that the agent answered with is said in the agent's words.
func (c *connection) explain(err error) string {
	var answer *client.Error
	var transport *url.Error
	switch {
	case errors.As(err, &answer):
		return cmp.Or(answer.Message, err.Error())
	case errors.As(err, &transport) && !errors.Is(err, context.Canceled):
		return fmt.Sprintf("no agent answers at %s: %v. Start one with 'praetor agent -dev', or name another with -http-addr",
			c.address, reason(transport.Err))
	}
	return err.Error()
}

// reason is the innermost cause of a failed request, such as "connection
// refused".
func reason(err error) error {
	var syscall *os.SyscallError
	var dns *net.DNSError
	switch {
	case errors.As(err, &syscall):
		return syscall.Err
	case errors.As(err, &dns):
		return dns
	}
	return err
}

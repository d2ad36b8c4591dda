package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"praetor/catalog"
)

// option is one command-line flag, under all its names.
type option struct {
	names []string // the first one is shown by -h
	arg   string   // what its value is called; "" for a switch
	help  string
	set   func(c *draft, value string) error
}

// group is the flags of one concern, with the sentence that -h puts above.
type group struct {
	title   string
	options []option
}

// groups is every flag.
var groups = []group{
	{"Try it out", []option{
		{[]string{"dev"}, "", "A server of its own in memory, on loopback: nothing to configure, nothing kept.", nil},
	}},
	{"Configuration files (JSON; flags win over files)", []option{
		{[]string{"config-file"}, "FILE", "Read this file. Can be given several times; later ones win, services and checks add up.", nil},
		{[]string{"config-dir"}, "DIR", "Read every *.json file of this folder, in the order of their names. Can be given several times.", nil},
		{[]string{"data-dir"}, "DIR", "Where the agent keeps what must survive a restart. Needed unless -dev.", text1(func(c *draft) *string { return &c.Storage.Dir })},
		{[]string{"pid-file"}, "FILE", "Write the process ID there.", text1(func(c *draft) *string { return &c.Storage.PIDFile })},
	}},
	{"Who this agent is", []option{
		{[]string{"node"}, "NAME", "The node's name, unique in the datacenter. Default: the host's name.", text1(func(c *draft) *string { return &c.Node.Name })},
		{[]string{"node-id"}, "UUID", "The node's identity over renames and moves. Default: made up once and kept.", text1(func(c *draft) *string { return &c.Node.ID })},
		{[]string{"node-meta"}, "KEY:VALUE", "A pair of the node's metadata. Can be given several times.", (*draft).addMeta},
		{[]string{"datacenter", "dc"}, "NAME", "The datacenter. Default: dc1.", text1(func(c *draft) *string { return &c.Node.Datacenter })},
		{[]string{"disable-host-node-id"}, "", "Accepted for Consul's sake: node IDs are always random here.", (*draft).hostID},
	}},
	{"Servers (three or five in a datacenter; all the others are clients)", []option{
		{[]string{"server"}, "", "Be a server: keep the data and vote.", switch1(func(c *draft) *bool { return &c.Server.Enabled })},
		{[]string{"bootstrap-expect"}, "N", "Hold the first election when N servers know each other. Give all servers the same N.", number1(func(c *draft) *int { return &c.Server.Expect }, 0, 99)},
		{[]string{"bootstrap"}, "", "Be the first server, alone: the same as -bootstrap-expect=1. Never on two servers.", switch1(func(c *draft) *bool { return &c.bootstrap })},
	}},
	{"Finding the others", []option{
		{[]string{"retry-join", "join"}, "ADDRESS", "An agent to join, host or host:port; tried until one answers. Can be given several times.", list1(func(c *draft) *[]string { return &c.Join.LAN })},
		{[]string{"retry-interval"}, "TIME", "Between two attempts. Default: 30s.", duration1(func(c *draft) *time.Duration { return &c.Join.Interval })},
		{[]string{"retry-max"}, "N", "Attempts before the agent gives up and exits. Default: 0, never.", number1(func(c *draft) *int { return &c.Join.Max }, 0, 1<<31-1)},
		{[]string{"rejoin"}, "", "Join the members known before, even after a leave.", switch1(func(c *draft) *bool { return &c.Join.Rejoin })},
		{[]string{"retry-join-wan", "join-wan"}, "ADDRESS", "A server of another datacenter, for servers to join; 'praetor members -wan' shows them. Can be given several times.", list1(func(c *draft) *[]string { return &c.Join.WAN })},
		{[]string{"encrypt"}, "KEY", "Encrypt gossip with this key, 16, 24 or 32 bytes in base64, the same on all agents; 'praetor keygen' makes one. A file keeps it from who lists processes. Kept in the data directory, and what is there wins later.", text1(func(c *draft) *string { return &c.encrypt })},
	}},
	{"Addresses and ports (a port of -1 is off)", []option{
		{[]string{"bind"}, "IP", "Listen here for other agents. Default: 0.0.0.0, all.", text1(func(c *draft) *string { return &c.bind })},
		{[]string{"advertise"}, "IP", "What other agents are told to use. Default: -bind, or the host's private address.", text1(func(c *draft) *string { return &c.advertise })},
		{[]string{"advertise-wan"}, "IP", "The same for other datacenters. Default: -advertise.", text1(func(c *draft) *string { return &c.wide })},
		{[]string{"client"}, "IP", "Listen here for HTTP and DNS; several in quotes. Default: 127.0.0.1. Beware of opening it: there are no ACLs yet.", text1(func(c *draft) *string { return &c.client })},
		{[]string{"http-port"}, "PORT", "Default: 8500.", port1(func(c *draft) *int { return &c.Ports.HTTP })},
		{[]string{"dns-port"}, "PORT", "Default: 8600.", port1(func(c *draft) *int { return &c.Ports.DNS })},
		{[]string{"server-port"}, "PORT", "Default: 8300.", port1(func(c *draft) *int { return &c.Ports.Server })},
		{[]string{"serf-lan-port"}, "PORT", "Default: 8301.", port1(func(c *draft) *int { return &c.Ports.SerfLAN })},
		{[]string{"serf-wan-port"}, "PORT", "Default: 8302.", port1(func(c *draft) *int { return &c.Ports.SerfWAN })},
		{[]string{"https-port"}, "PORT", "Not here yet: has no effect.", port1(func(c *draft) *int { return &c.Ports.HTTPS })},
	}},
	{"DNS", []option{
		{[]string{"domain"}, "NAME", "The zone that is answered. Default: consul.", text1(func(c *draft) *string { return &c.DNS.Domain })},
		{[]string{"alt-domain"}, "NAME", "A second zone with the same content.", text1(func(c *draft) *string { return &c.DNS.AltDomain })},
		{[]string{"recursor"}, "IP", "A DNS server for all other zones, IP or IP:PORT. Can be given several times.", list1(func(c *draft) *[]string { return &c.recursors })},
	}},
	{"Checks", []option{
		{[]string{"enable-local-script-checks"}, "", "Run script checks from configuration files.", switch1(func(c *draft) *bool { return &c.Checks.LocalScripts })},
		{[]string{"enable-script-checks"}, "", "Run script checks also from the HTTP API: whoever reaches it runs programs on this host.", switch1(func(c *draft) *bool { return &c.Checks.Scripts })},
		{[]string{"check_output_max_size", "check-output-max-size"}, "BYTES", "Of a check's output that are kept. Default and most: 4096.", number1(func(c *draft) *int { return &c.Checks.OutputMax }, 1, catalog.MaxOutput)},
	}},
	{"Logging and the rest", []option{
		{[]string{"log-level"}, "LEVEL", "trace, debug, info, warn or error. Default: info.", (*draft).setLogLevel},
		{[]string{"log-json"}, "", "Log lines as JSON.", switch1(func(c *draft) *bool { return &c.Log.JSON })},
		{[]string{"log-file"}, "FILE", "Append log lines to this file, not to standard error.", text1(func(c *draft) *string { return &c.Log.File })},
		{[]string{"ui"}, "", "The web user interface. Not here yet: has no effect.", switch1(func(c *draft) *bool { return &c.HTTP.UI })},
	}},
}

func text1(field func(*draft) *string) func(*draft, string) error {
	return func(c *draft, s string) error { *field(c) = s; return nil }
}

func list1(field func(*draft) *[]string) func(*draft, string) error {
	return func(c *draft, s string) error { *field(c) = append(*field(c), s); return nil }
}

func switch1(field func(*draft) *bool) func(*draft, string) error {
	return func(c *draft, s string) (err error) {
		if *field(c), err = strconv.ParseBool(s); err != nil {
			return fmt.Errorf("%q is neither true nor false", s)
		}
		return nil
	}
}

func number1(field func(*draft) *int, least, most int) func(*draft, string) error {
	return func(c *draft, s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return fmt.Errorf("%q is no whole number from %d to %d", s, least, most)
		}
		*field(c) = n
		return nil
	}
}

func port1(field func(*draft) *int) func(*draft, string) error { return number1(field, -1, 65535) }

func duration1(field func(*draft) *time.Duration) func(*draft, string) error {
	return func(c *draft, s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is no duration such as \"30s\"", s)
		}
		*field(c) = d
		return nil
	}
}

func (c *draft) addMeta(s string) error {
	key, val, ok := strings.Cut(s, ":")
	if !ok || key == "" {
		return fmt.Errorf("%q is not key:value", s)
	}
	if c.Node.Meta == nil {
		c.Node.Meta = map[string]string{}
	}
	c.Node.Meta[key] = val
	return nil
}

func (c *draft) hostID(s string) error {
	if on, err := strconv.ParseBool(s); err != nil || !on {
		return errors.New("node IDs made of the host's hardware are not here: leave the flag out, or give -node-id")
	}
	return nil
}

// arguments is what the command line says.
type arguments struct {
	dev   bool
	files []path // in the order given
	apply []func(*draft) error
}

// path is a -config-file or a -config-dir.
type path struct {
	name string
	dir  bool
}

// readArgs reads the command line. The error is flag.ErrHelp if -h was given.
func readArgs(args []string) (*arguments, error) {
	a := &arguments{}
	fs := flag.NewFlagSet("agent", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	for _, g := range groups {
		for _, o := range g.options {
			for _, name := range o.names {
				a.define(fs, o, name)
			}
		}
	}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, fmt.Errorf("command line: %w%s; -h lists the flags", err, similarFlag(err.Error()))
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("command line: %q is not a flag; flags begin with - and stand before anything else", fs.Arg(0))
	}
	return a, nil
}

func (a *arguments) define(fs *flag.FlagSet, o option, name string) {
	take := func(s string) error {
		switch name {
		case "dev":
			dev, err := strconv.ParseBool(s)
			a.dev = dev
			return err
		case "config-file", "config-dir":
			a.files = append(a.files, path{s, name == "config-dir"})
			return nil
		}
		if err := o.set(&draft{}, s); err != nil { // try it now, for the error's place
			return err
		}
		a.apply = append(a.apply, func(c *draft) error { return o.set(c, s) })
		return nil
	}
	if o.arg == "" {
		fs.BoolFunc(name, o.help, take)
	} else {
		fs.Func(name, o.help, take)
	}
}

// similarFlag names the flag that is nearest to the unknown one of an error.
func similarFlag(message string) string {
	name, ok := strings.CutPrefix(message, "flag provided but not defined: -")
	if !ok {
		return ""
	}
	known := table{}
	for _, g := range groups {
		for _, o := range g.options {
			known[o.names[0]] = nil
		}
	}
	return strings.ReplaceAll(didYouMean(name, known), `"`, "")
}

// Usage writes the help text of the agent command.
func Usage(w io.Writer) {
	fmt.Fprint(w, `Usage: praetor agent [flags]

Runs an agent: one on every host of a datacenter. Three or five of them are
servers, which keep the data; the others are clients, which watch over the
services of their host and pass questions on.

  praetor agent -dev                                        to try it out
  praetor agent -server -bootstrap-expect=3 -data-dir=DIR -retry-join=10.0.0.2
  praetor agent -data-dir=DIR -retry-join=10.0.0.1          a client
`)
	for _, g := range groups {
		fmt.Fprintf(w, "\n%s\n", g.title)
		for _, o := range g.options {
			left := "-" + o.names[0]
			if o.arg != "" {
				left += "=" + o.arg
			}
			if len(o.names) > 1 {
				left += " (or -" + strings.Join(o.names[1:], ", -") + ")"
			}
			fmt.Fprintf(w, "  %s\n%s", left, wrapped(o.help, 68, "        "))
		}
	}
}

// wrapped breaks text into indented lines of at most width characters.
func wrapped(text string, width int, indent string) string {
	var lines []string
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last < 0 || len(lines[last])+1+len(word) > width {
			lines = append(lines, word)
		} else {
			lines[last] += " " + word
		}
	}
	return indent + strings.Join(lines, "\n"+indent) + "\n"
}

package api

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"praetor/swim/keyring"
)

// Keyring is what the members of one gossip pool said of the keys that encrypt
// it. The JSON is that of Consul's /v1/operator/keyring.
type Keyring struct {
	WAN         bool              // the pool between datacenters, not that of the datacenter
	Datacenter  string            // whose pool
	Segment     string            // always "": there are no segments
	Messages    map[string]string `json:",omitempty"` // what members refused or why they did not answer, by name
	Keys        map[string]int    // on how many members each key is installed, in base64
	PrimaryKeys map[string]int    // on how many members it encrypts
	NumNodes    int               // that were asked
	Error       string            `json:",omitempty"` // what went wrong, as one line
}

// maxRelayFactor is the largest ?relay-factor that Consul takes.
const maxRelayFactor = 5

// keyringRoutes are the keys that encrypt gossip, of all members at once. They
// go to a server, which is in all pools of its datacenter.
func (a *API) keyringRoutes() []route {
	return []route{{path: "/v1/operator/keyring", methods: []method{
		{"GET", "relay-factor local-only", a.keyringList},
		{"POST", "relay-factor", a.keyringChange(keyring.Install)},
		{"PUT", "relay-factor", a.keyringChange(keyring.Use)},
		{"DELETE", "relay-factor", a.keyringChange(keyring.Remove)},
	}}}
}

func (a *API) keyringList(c *call) (any, error) {
	rings, err := a.keyrings(c, keyring.Request{Op: keyring.List})
	if err != nil {
		return nil, err
	}
	return rings, nil
}

// keyringBody is the body of a change.
type keyringBody struct{ Key string }

// UnmarshalJSON decodes the body in any of the spellings that Consul takes.
func (b *keyringBody) UnmarshalJSON(text []byte) error {
	return decodeFields(text, fields{"key": &b.Key})
}

// keyringChange returns the handler of an operation on the key in the body. The
// key is not in any answer.
func (a *API) keyringChange(op keyring.Op) handler {
	return func(c *call) (any, error) {
		var body keyringBody
		if err := c.decode(&body); err != nil {
			return nil, err
		}
		key, err := keyring.ParseKey(body.Key)
		if err != nil {
			return nil, Invalidf("Invalid key: %v", err)
		}
		_, err = a.keyrings(c, keyring.Request{Op: op, Key: key})
		return nil, err
	}
}

// keyrings asks the members. The relay factor is checked and then has no
// effect: an answer comes back on the connection that it was asked on.
func (a *API) keyrings(c *call, req keyring.Request) ([]Keyring, error) {
	if n := c.q.number("relay-factor"); n > maxRelayFactor {
		return nil, Invalidf("Invalid relay-factor: must be in the range 0 to %d, got %d", maxRelayFactor, n)
	}
	rings, err := a.cfg.Agent.Keyring(c.r.Context(), req, c.q.flag("local-only"))
	if err != nil {
		return nil, err
	}
	var failed error
	for _, r := range rings {
		failed = errors.Join(failed, r.failure())
	}
	return rings, failed
}

// Note adds what one member said.
func (r *Keyring) Note(member, text string) {
	if r.Messages == nil {
		r.Messages = map[string]string{}
	}
	r.Messages[member] = text
}

// failure is the pool's error with what each member said, or nil.
func (r Keyring) failure() error {
	if r.Error == "" {
		return nil
	}
	pool := r.Datacenter + " (LAN)"
	if r.WAN {
		pool = "WAN"
	}
	err := fmt.Errorf("%s error: %s", pool, r.Error)
	for _, name := range slices.Sorted(maps.Keys(r.Messages)) {
		err = fmt.Errorf("%w\n  %s: %s", err, name, r.Messages[name])
	}
	return err
}

package api

import (
	"praetor/internal/radix"
	"praetor/internal/server"
	"praetor/kv"
)

// kvRoutes are the key/value store. What follows the prefix is the key, any
// text, slashes and dots included.
func (a *API) kvRoutes() []route {
	return []route{{path: "/v1/kv/", methods: []method{
		{"GET", "recurse keys separator raw", a.kvGet},
		{"PUT", "cas flags", a.kvPut},
		{"DELETE", "recurse cas", a.kvDelete},
	}}}
}

// kvGet reads a key, or with ?recurse or ?keys all keys that begin with it.
func (a *API) kvGet(c *call) (any, error) {
	key := c.rest
	switch {
	case c.q.flag("keys"):
		separator := c.q.text("separator")
		return a.read(c, func(v *server.View, w *radix.Waiter) (any, uint64) {
			keys, index := v.KV.Keys(key, separator, w)
			if len(keys) == 0 {
				return missing{}, index
			}
			return keyNames(keys), index
		})
	case c.q.flag("recurse"):
		return a.read(c, func(v *server.View, w *radix.Waiter) (any, uint64) {
			list, index := v.KV.List(key, w)
			if len(list) == 0 {
				return missing{}, index
			}
			return entries(list), index
		})
	}
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return a.read(c, func(v *server.View, w *radix.Waiter) (any, uint64) {
		e, index := v.KV.Get(key, w)
		switch {
		case e == nil:
			return missing{}, index
		case c.q.flag("raw"):
			return raw(e.Value), index
		}
		return entries{e}, index
	})
}

// kvPut writes a key and answers true, or false if ?cas did not hold.
func (a *API) kvPut(c *call) (any, error) {
	if err := checkKey(c.rest); err != nil {
		return nil, err
	}
	value, err := c.body(kv.MaxValue)
	if err != nil {
		return nil, err
	}
	cmd := kv.Command{Op: kv.OpSet, Key: c.rest, Value: value, Flags: c.q.number("flags")}
	if c.q.has("cas") {
		cmd.Op, cmd.CAS = kv.OpCAS, c.q.number("cas")
	}
	return boolOrError(a.write(c, server.KVCommand(cmd)))
}

// kvDelete removes a key, or with ?recurse all keys that begin with it, and
// answers true, or false if ?cas did not hold.
func (a *API) kvDelete(c *call) (any, error) {
	cmd := kv.Command{Op: kv.OpDelete, Key: c.rest}
	switch {
	case c.q.flag("recurse") && c.q.has("cas"):
		return nil, Invalidf("Cannot specify ?recurse with ?cas: a condition is on one key")
	case c.q.flag("recurse"):
		cmd.Op = kv.OpDeleteTree // the empty prefix is all keys
	case c.q.has("cas"):
		cmd.Op, cmd.CAS = kv.OpDeleteCAS, c.q.number("cas")
	}
	if cmd.Op != kv.OpDeleteTree {
		if err := checkKey(c.rest); err != nil {
			return nil, err
		}
	}
	return boolOrError(a.write(c, server.KVCommand(cmd)))
}

// checkKey refuses a key that the store would refuse.
func checkKey(key string) error {
	if key == "" {
		return Invalidf("Missing key name: the path is /v1/kv/KEY")
	}
	if err := kv.ValidateKey(key); err != nil {
		return Invalidf("%v", err)
	}
	return nil
}

// boolOrError makes the answer of a write: true, false or an error.
func boolOrError(ok bool, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return ok, nil
}

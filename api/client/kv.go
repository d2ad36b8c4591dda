package client

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"praetor/kv"
)

// KV reads and writes the key/value store.
type KV struct{ c *Client }

// Get returns the entry of a key, or nil if there is none.
func (k KV) Get(ctx context.Context, key string, o QueryOptions) (*kv.Entry, QueryMeta, error) {
	list, meta, err := k.read(ctx, key, o.values())
	if err != nil || len(list) == 0 {
		return nil, meta, err
	}
	return &list[0], meta, nil
}

// List returns the entries whose keys begin with prefix, in key order.
func (k KV) List(ctx context.Context, prefix string, o QueryOptions) ([]kv.Entry, QueryMeta, error) {
	v := o.values()
	v.Set("recurse", "")
	return k.read(ctx, prefix, v)
}

func (k KV) read(ctx context.Context, key string, v url.Values) ([]kv.Entry, QueryMeta, error) {
	var list []kv.Entry
	h, err := k.c.get(ctx, "/v1/kv/"+key, v, &list)
	if IsMissing(err) {
		err = nil
	}
	return list, metaOf(h), err
}

// Keys returns the keys that begin with prefix, in order, each cut after the
// first separator that follows the prefix ("" cuts none), without repetitions.
func (k KV) Keys(ctx context.Context, prefix, separator string, o QueryOptions) ([]string, QueryMeta, error) {
	v := o.values()
	v.Set("keys", "")
	if separator != "" {
		v.Set("separator", separator)
	}
	var list []string
	h, err := k.c.get(ctx, "/v1/kv/"+prefix, v, &list)
	if IsMissing(err) {
		err = nil
	}
	return list, metaOf(h), err
}

// Put writes a key. flags are the caller's own.
func (k KV) Put(ctx context.Context, key string, value []byte, flags uint64) error {
	_, err := k.write(ctx, "PUT", key, flagValues(flags), value)
	return err
}

// CAS writes e's value and flags if the key's ModifyIndex still is e's, or, if
// that is 0, if the key is absent. It reports whether it did.
func (k KV) CAS(ctx context.Context, e kv.Entry) (bool, error) {
	v := flagValues(e.Flags)
	v.Set("cas", strconv.FormatUint(e.ModifyIndex, 10))
	return k.write(ctx, "PUT", e.Key, v, e.Value)
}

// Delete removes a key, if it is there.
func (k KV) Delete(ctx context.Context, key string) error {
	_, err := k.write(ctx, "DELETE", key, nil, nil)
	return err
}

// DeleteCAS removes a key if its ModifyIndex is index, and reports whether it
// did.
func (k KV) DeleteCAS(ctx context.Context, key string, index uint64) (bool, error) {
	return k.write(ctx, "DELETE", key, url.Values{"cas": {strconv.FormatUint(index, 10)}}, nil)
}

// DeleteTree removes every key that begins with prefix; "" is all keys.
func (k KV) DeleteTree(ctx context.Context, prefix string) error {
	_, err := k.write(ctx, "DELETE", prefix, url.Values{"recurse": {""}}, nil)
	return err
}

func (k KV) write(ctx context.Context, method, key string, v url.Values, body []byte) (bool, error) {
	b, _, err := k.c.do(ctx, request{method, "/v1/kv/" + key, v, body})
	if err != nil {
		return false, err
	}
	switch string(b) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%s /v1/kv/%s: expected true or false, got %.40q", method, key, b)
}

func flagValues(flags uint64) url.Values {
	v := url.Values{}
	if flags != 0 {
		v.Set("flags", strconv.FormatUint(flags, 10))
	}
	return v
}

package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"praetor/api"
)

// Operator is for who looks after the cluster: the Raft configuration, the
// leadership, the autopilot, the keys that encrypt gossip.
type Operator struct{ c *Client }

// RaftConfiguration returns who the servers are. Stale takes the word of the
// server that is asked, which needs no leader.
func (o Operator) RaftConfiguration(ctx context.Context, stale bool) (cfg api.RaftConfiguration, err error) {
	_, err = o.c.get(ctx, "/v1/operator/raft/configuration", switches("stale", stale), &cfg)
	return cfg, err
}

// RemovePeer takes the server with the ID out of the Raft configuration, and
// returns when that is committed.
func (o Operator) RemovePeer(ctx context.Context, id string) error {
	return o.remove(ctx, url.Values{"id": {id}})
}

// RemovePeerAt is RemovePeer of the server with the address.
func (o Operator) RemovePeerAt(ctx context.Context, address string) error {
	return o.remove(ctx, url.Values{"address": {address}})
}

func (o Operator) remove(ctx context.Context, whom url.Values) error {
	_, _, err := o.c.do(ctx, request{method: "DELETE", path: "/v1/operator/raft/peer", query: whom})
	return err
}

// TransferLeader hands the leadership to the voter with the ID, or for "" to
// the one that can lead soonest, and returns when it leads.
func (o Operator) TransferLeader(ctx context.Context, id string) error {
	query := url.Values{}
	if id != "" {
		query.Set("id", id)
	}
	return o.c.put(ctx, "/v1/operator/raft/transfer-leader", query, nil)
}

// Autopilot returns the autopilot's configuration.
func (o Operator) Autopilot(ctx context.Context) (cfg api.AutopilotConfiguration, err error) {
	_, err = o.c.get(ctx, "/v1/operator/autopilot/configuration", nil, &cfg)
	return cfg, err
}

// CASAutopilot sets the autopilot's configuration if nobody else has since it
// was read: if its ModifyIndex is still that of cfg. It reports whether it did.
func (o Operator) CASAutopilot(ctx context.Context, cfg api.AutopilotConfiguration) (bool, error) {
	const path = "/v1/operator/autopilot/configuration"
	body, err := json.Marshal(cfg)
	if err != nil {
		return false, fmt.Errorf("PUT %s: encode the request: %w", path, err)
	}
	query := url.Values{"cas": {strconv.FormatUint(cfg.ModifyIndex, 10)}}
	b, _, err := o.c.do(ctx, request{"PUT", path, query, body})
	return strings.TrimSpace(string(b)) == "true", err
}

// Health returns the leader's report on all servers. That one of them is not
// well is no error.
func (o Operator) Health(ctx context.Context) (h api.OperatorHealth, err error) {
	_, err = o.c.get(ctx, "/v1/operator/autopilot/health", nil, &h)
	var answer *Error
	if errors.As(err, &answer) && answer.Status == http.StatusTooManyRequests && strings.HasPrefix(answer.Message, "{") {
		err = json.Unmarshal([]byte(answer.Message), &h)
	}
	return h, err
}

// Keyrings returns the keys that encrypt gossip, by pool.
func (o Operator) Keyrings(ctx context.Context) (rings []api.Keyring, err error) {
	_, err = o.c.get(ctx, "/v1/operator/keyring", nil, &rings)
	return rings, err
}

// KeyringInstall adds a key, in base64, to the rings of all members.
func (o Operator) KeyringInstall(ctx context.Context, key string) error {
	return o.changeKey(ctx, "POST", key)
}

// KeyringUse makes all members encrypt with a key, which must be installed.
func (o Operator) KeyringUse(ctx context.Context, key string) error {
	return o.changeKey(ctx, "PUT", key)
}

// KeyringRemove takes a key, with which nobody encrypts, out of all rings.
func (o Operator) KeyringRemove(ctx context.Context, key string) error {
	return o.changeKey(ctx, "DELETE", key)
}

func (o Operator) changeKey(ctx context.Context, method, key string) error {
	body, err := json.Marshal(struct{ Key string }{key})
	if err != nil {
		return err
	}
	_, _, err = o.c.do(ctx, request{method: method, path: "/v1/operator/keyring", body: body})
	return err
}

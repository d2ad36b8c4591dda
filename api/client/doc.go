// Package client is the Go client of the HTTP API.
//
//	c, err := client.New(client.Config{})      // CONSUL_HTTP_ADDR, or 127.0.0.1:8500
//	err = c.KV.Put(ctx, "greeting", []byte("hello"), 0)
//	e, meta, err := c.KV.Get(ctx, "greeting", client.QueryOptions{})
//
// A blocking query is a read with the index of the last answer:
//
//	for opts := (client.QueryOptions{}); ; {
//		e, meta, err := c.KV.Get(ctx, "greeting", opts)
//		if err != nil {
//			return err
//		}
//		show(e)
//		opts.Index = meta.Index // the next Get returns when it has changed
//	}
//
// An answer that is no success is an *Error with the status. An agent that
// cannot be reached is an error of net/http. All methods may be called from
// many goroutines at once, and end with their context.
package client

package client_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"praetor/api"
	"praetor/api/apitest"
	"praetor/api/client"
)

// A key is written, read, and changed only if nobody else has written since.
func Example() {
	srv := httptest.NewServer(api.New(api.Config{Datacenter: "dc1", Store: apitest.NewStore(), Agent: &apitest.Agent{}}))
	defer srv.Close()
	c, err := client.New(client.Config{Address: srv.URL})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := c.KV.Put(ctx, "greeting", []byte("hello"), 0); err != nil {
		panic(err)
	}
	e, meta, err := c.KV.Get(ctx, "greeting", client.QueryOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s at index %d\n", e.Value, meta.Index)

	e.Value = []byte("good morning")
	for range 2 {
		changed, err := c.KV.CAS(ctx, *e)
		fmt.Println("changed:", changed, err)
	}
	// Output:
	// hello at index 11
	// changed: true <nil>
	// changed: false <nil>
}

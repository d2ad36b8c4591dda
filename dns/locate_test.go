package dns

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"praetor/catalog"
)

// oneService is a Source that knows web on n1, and that fails when asked for sick.
type oneService struct{}

func (oneService) Node(context.Context, string, string) (*catalog.Node, error) { return nil, nil }
func (oneService) ByAddress(context.Context, string, netip.Addr) ([]*catalog.Node, error) {
	return nil, nil
}
func (oneService) Datacenters(context.Context) ([]string, error) { return []string{"dc1"}, nil }

func (oneService) Service(_ context.Context, _, name string) ([]catalog.Instance, error) {
	switch name {
	case "sick":
		return nil, errors.New("not known now")
	case "web":
		return []catalog.Instance{{
			Node:    &catalog.Node{Node: "n1", Address: "10.0.0.1"},
			Service: &catalog.Service{Service: "web", Port: 80, Weights: catalog.Weights{Passing: 1, Warning: 1}},
		}}, nil
	}
	return nil, nil
}

func TestLocateTellsNothingFromNotKnown(t *testing.T) {
	h, err := NewHandler(DefaultConfig(), oneService{})
	if err != nil {
		t.Fatal(err)
	}
	for service, want := range map[string]struct {
		places []Place
		err    error
	}{
		"web":  {[]Place{{"n1", 80}}, nil},
		"none": {nil, nil},
		"sick": {nil, ErrServerFailure},
	} {
		got, err := h.Locate(t.Context(), rand.New(rand.NewPCG(1, 1)), service)
		if !slices.Equal(got, want.places) || err != want.err {
			t.Errorf("%s: %v, %v; want %v, %v", service, got, err, want.places, want.err)
		}
	}
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"praetor/api"
)

// TestRoundTripsAreEstimated: agents, servers and clients, tell where they are;
// rtt and ?near know it; and a node that leaves takes its place with it.
func TestRoundTripsAreEstimated(t *testing.T) {
	t.Parallel()
	servers := cluster(t, 3)
	file := filepath.Join(t.TempDir(), "blind.json")
	if err := os.WriteFile(file, []byte(`{"disable_coordinates": true}`), 0o600); err != nil {
		t.Fatal(err)
	}
	client := clientOf(t, servers[0].ip).ready()
	blind := clientOf(t, servers[0].ip, "-node=blind", "-config-file="+file).ready()
	var list []api.Coordinate
	eventually(t, 25*time.Second, func() string {
		list = get[[]api.Coordinate](client, "/v1/coordinate/nodes")
		if len(list) != 4 {
			return fmt.Sprintf("%d nodes have told where they are", len(list))
		}
		return ""
	})
	for _, c := range list {
		if c.Coord.Error >= 1.5 || c.Node == "blind" {
			t.Errorf("%s has measured nothing: %+v", c.Node, c.Coord)
		}
	}
	form := regexp.MustCompile(`^Estimated s1 <-> client rtt: \d+\.\d{3} ms \(using LAN coordinates\)\n$`)
	for _, args := range [][]string{{"s1", "client"}, {"s1"}} {
		if out, errs, code := cli(t, append([]string{"rtt", "-http-addr=" + client.ip + ":8500"}, args...)...); code != 0 || !form.MatchString(out) {
			t.Errorf("rtt %v: exit %d: %s%s", args, code, out, errs)
		}
	}
	if out, errs, code := cli(t, "rtt", "-http-addr="+client.ip+":8500", "s1", "blind"); code != 1 || !strings.Contains(errs, `Could not find a coordinate for node "blind"`) {
		t.Errorf("rtt of a node that keeps no coordinates: exit %d: %s%s", code, out, errs)
	}
	if out, errs, code := cli(t, "rtt", "-wan", "-http-addr="+client.ip+":8500", "s1.dc1", "s2.dc1"); code != 0 || !strings.Contains(out, "WAN coordinates") {
		t.Errorf("rtt -wan: exit %d: %s%s", code, out, errs)
	}
	// The agent that is asked is nearest to itself, also where a server answers.
	if near := get[[]api.Node](client, "/v1/catalog/nodes?near=_agent"); near[0].Node != "client" || near[4].Node != "blind" {
		t.Errorf("by distance from the client: %s first and %s last", near[0].Node, near[4].Node)
	}
	blind.kill()
	client.signal(2)
	client.exit(15 * time.Second)
	eventually(t, 15*time.Second, func() string {
		if a := servers[1].must(200, "GET", "/v1/coordinate/nodes", ""); strings.Contains(a.body, `"client"`) {
			return "the client has left, and is still at its place"
		}
		return ""
	})
}

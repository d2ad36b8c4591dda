package config_test

import (
	"fmt"
	"net/netip"

	"praetor/internal/agent/config"
)

// The environment is a handful of functions, so that an example or a test
// gives the agent whatever machine it likes.
func ExampleLoad() {
	env := config.Environment{
		Hostname:  func() (string, error) { return "web1", nil },
		Addresses: func() ([]netip.Addr, error) { return []netip.Addr{netip.MustParseAddr("10.0.0.7")}, nil },
		ReadFile: func(string) ([]byte, error) {
			return []byte(`{
  "datacenter": "east",
  "ports": {"http": "9500"}
}`), nil
		},
	}
	_, _, err := config.Load([]string{"-data-dir=/var/lib/praetor", "-config-file=agent.json"}, env)
	fmt.Println(err)

	c, _, err := config.Load([]string{"-data-dir=/var/lib/praetor", "-dc=east"}, env)
	fmt.Println(c.Node.Name, c.Node.Datacenter, c.Addresses.Advertise, c.HTTPListen(), err)
	// Output:
	// agent.json:3:21: ports.http: expected a number, found the string "9500"
	//     "ports": {"http": "9500"}
	//                       ^
	// web1 east 10.0.0.7 [127.0.0.1:8500] <nil>
}

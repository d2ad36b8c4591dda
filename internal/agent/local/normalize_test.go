package local

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"praetor/catalog"
)

// The oracle is the standard library, which a core may not import.
func TestHostPortIsTheStandardLibrarys(t *testing.T) {
	for _, s := range []string{
		"localhost:80", "10.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80", ":80", "a.b:65535",
		"", "localhost", "localhost:", "::1:80", "[::1]80", "[::1:80", "::1]:80", "a:b:80", "[[::1]]:80",
	} {
		_, _, err := net.SplitHostPort(s)
		_, port, _ := net.SplitHostPort(s)
		n, bad := strconv.Atoi(port)
		want := err == nil && bad == nil && n > 0 && n < 65536
		if got := hostPort(s); got != want {
			t.Errorf("hostPort(%q) = %v, want %v", s, got, want)
		}
	}
	for _, s := range []string{"a:0", "a:65536", "a:http", "a:-1", "a b:80", "http://a:80"} {
		if hostPort(s) {
			t.Errorf("hostPort(%q) = true", s)
		}
	}
}

func TestMetaKeysHaveUpTo128BytesAndValuesUpTo512(t *testing.T) {
	for _, c := range []struct {
		key, value int // bytes
		good       bool
	}{
		{1, 0, true}, {128, 512, true}, {0, 1, false}, {129, 1, false}, {1, 513, false},
	} {
		def := Service{Spec: catalog.Service{Service: "web", Meta: map[string]string{
			"fine": "", strings.Repeat("k", c.key): strings.Repeat("v", c.value)}}}
		if _, _, err := def.Normalized(); (err == nil) != c.good {
			t.Errorf("a key of %d bytes with a value of %d: %v", c.key, c.value, err)
		}
	}
}

// What the catalog refuses in any state would never arrive, and be tried again
// for ever.
func TestADefinitionThatTheCatalogRefusesIsRefusedHere(t *testing.T) {
	ttl := Probe{Kind: KindTTL, TTL: 1}
	for name, def := range map[string]Service{
		"name":           {Spec: catalog.Service{Service: "web\x01"}},
		"tag":            {Spec: catalog.Service{Service: "web", Tags: []string{"a\x01"}}},
		"long tag":       {Spec: catalog.Service{Service: "web", Tags: []string{strings.Repeat("a", catalog.MaxName+1)}}},
		"meta key":       {Spec: catalog.Service{Service: "web", Meta: map[string]string{"k\x01": ""}}},
		"tagged address": {Spec: catalog.Service{Service: "web", TaggedAddresses: map[string]catalog.ServiceAddress{"lan": {Port: -1}}}},
		"check":          {Spec: catalog.Service{Service: "web"}, Checks: []Check{{ID: "c\xff", Probe: ttl}}},
	} {
		if _, _, err := def.Normalized(); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
	fine := Service{Spec: catalog.Service{Service: "web", Tags: []string{"ä b"}}, Checks: []Check{{Probe: ttl}}}
	if _, _, err := fine.Normalized(); err != nil {
		t.Error(err)
	}
}

func TestADNSLabelIsOf63LettersDigitsAndHyphens(t *testing.T) {
	const long = "a23456789012345678901234567890123456789012345678901234567890123"
	for s, want := range map[string]bool{
		"web": true, "WEB-1": true, "1": true, long: true,
		"": false, long + "4": false, "-a": false, "a-": false, "a.b": false, "a_b": false, "a b": false, "\u00e9": false,
	} {
		if got := DNSLabel(s); got != want {
			t.Errorf("DNSLabel(%q) = %v, want %v", s, got, want)
		}
	}
}

package docs

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// maxBody is the most of an answer that curl reads: pages show little.
const maxBody = 1 << 20

// A request is what the arguments of curl ask for.
type request struct {
	method, url, data string
	hasData, include  bool
}

// curl does what curl does with these arguments: -s, -i, -X METHOD, -d DATA
// and a URL. asks reports that the request changes nothing and does not wait
// for a change.
func curl(ctx context.Context, args []string) (out string, asks bool, err error) {
	r, err := parseCurl(args)
	if err != nil {
		return "", false, err
	}
	asks = r.method == http.MethodGet && !strings.Contains(r.url, "index=")
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, strings.NewReader(r.data))
	if err != nil {
		return "", asks, err
	}
	if r.hasData {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", asks, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return "", asks, err
	}
	if r.include {
		out = fmt.Sprintf("%s %s\n", resp.Proto, resp.Status)
		for _, k := range slices.Sorted(maps.Keys(resp.Header)) {
			if k != "Connection" {
				out += k + ": " + strings.Join(resp.Header[k], ", ") + "\n"
			}
		}
		out += "\n"
	}
	return out + string(body), asks, nil
}

func parseCurl(args []string) (request, error) {
	r := request{method: http.MethodGet}
	method := ""
	for i := 0; i < len(args); i++ {
		a := args[i]
		takesValue := a == "-X" || a == "-d"
		if takesValue && i+1 == len(args) {
			return r, fmt.Errorf("curl: %s needs a value", a)
		}
		switch {
		case a == "-s":
		case a == "-i":
			r.include = true
		case takesValue:
			i++
			if a == "-X" {
				method = args[i]
			} else {
				r.data, r.hasData = args[i], true
				r.method = http.MethodPost
			}
		case strings.HasPrefix(a, "-"):
			return r, fmt.Errorf("curl: the flag %s is not known here; known are -s, -i, -X and -d", a)
		case r.url != "":
			return r, fmt.Errorf("curl: more than one URL")
		default:
			r.url = a
		}
	}
	if r.url == "" {
		return r, fmt.Errorf("curl: no URL")
	}
	if !strings.Contains(r.url, "://") {
		r.url = "http://" + r.url
	}
	if method != "" {
		r.method = method
	}
	return r, nil
}

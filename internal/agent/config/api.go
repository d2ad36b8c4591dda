package config

import (
	"errors"

	"praetor/internal/agent/local"
)

// ParseService reads the body of a service registration over HTTP. It is a
// definition like those in files, with Consul's spelling for the API (Name,
// EnableTagOverride) as well as that for files; keys that nobody knows are
// warnings. The result is normalized. An error's text is fit for the client.
func ParseService(body []byte) (local.Service, []string, error) {
	var def local.Service
	warnings, err := parseBody(body, func(d *decoder, v *value) { def, _ = readService(d, v, 0) })
	return def, warnings, err
}

// ParseCheck is ParseService for a check registration.
func ParseCheck(body []byte) (local.Check, []string, error) {
	var def local.Check
	warnings, err := parseBody(body, func(d *decoder, v *value) {
		c, ok := readCheck(d, v, 0)
		if !ok {
			return
		}
		c, warnings, err := c.Normalized()
		if err != nil {
			d.fail(v.at, "%v", err)
		}
		for _, w := range warnings {
			d.warn(v.at, "%s", w)
		}
		def = c
	})
	return def, warnings, err
}

func parseBody(body []byte, read setter) ([]string, error) {
	src := source{"request body", body}
	v, err := src.parse()
	if err != nil {
		return nil, err
	}
	d := decoder{source: src, api: true}
	read(&d, v)
	return d.warnings, errors.Join(d.errs...)
}

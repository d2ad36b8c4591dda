package catalog

import (
	"fmt"

	"praetor/internal/wire"
)

// commandVersion is the first byte of an encoded command. A server refuses
// versions that it does not know rather than guess: replicas must not differ.
const commandVersion = 1

// AppendCommand appends the encoded form of c.
func AppendCommand(dst []byte, c Command) []byte {
	dst = append(dst, commandVersion, byte(c.Op))
	switch c.Op {
	case OpRegister:
		dst = appendRegistration(dst, &c.Registration)
	case OpDeregister:
		dst = wire.AppendString(dst, c.Deregistration.Node)
		dst = wire.AppendString(dst, c.Deregistration.ServiceID)
		dst = wire.AppendString(dst, c.Deregistration.CheckID)
	case OpReap:
		dst = wire.AppendUvarint(dst, c.UpTo)
	case OpLocate:
		dst = wire.AppendUvarint(dst, uint64(len(c.Coordinates)))
		for i := range c.Coordinates {
			dst = appendCoordinate(dst, &c.Coordinates[i])
		}
	}
	return dst
}

// DecodeCommand is the inverse of AppendCommand; an empty map or slice may
// become nil. It checks bounds, and Apply the rest.
func DecodeCommand(b []byte) (Command, error) {
	r := wire.NewReader(b)
	if v := r.Byte(); v != commandVersion {
		r.Fail(fmt.Errorf("%w: version %d, want %d", wire.ErrValue, v, commandVersion))
	}
	c := Command{Op: Op(r.Byte())}
	switch c.Op {
	case OpRegister:
		c.Registration = decodeRegistration(r)
	case OpDeregister:
		c.Deregistration = Deregistration{Node: r.String(MaxName), ServiceID: r.String(MaxName), CheckID: r.String(MaxName)}
	case OpReap:
		c.UpTo = r.Uvarint()
	case OpLocate:
		for range count(r, MaxCoordinates) {
			c.Coordinates = append(c.Coordinates, decodeCoordinate(r))
		}
	default:
		r.Fail(fmt.Errorf("%w: unknown operation %d", wire.ErrValue, c.Op))
	}
	if err := r.Close(); err != nil {
		return Command{}, fmt.Errorf("catalog: decode command: %w", err)
	}
	return c, nil
}

func appendRegistration(dst []byte, r *Registration) []byte {
	dst = appendNode(dst, &r.Node)
	dst = wire.AppendBool(dst, r.SkipNodeUpdate)
	dst = wire.AppendBool(dst, r.Service != nil)
	if r.Service != nil {
		dst = appendService(dst, r.Service)
	}
	dst = wire.AppendUvarint(dst, uint64(len(r.Checks)))
	for i := range r.Checks {
		dst = appendCheck(dst, &r.Checks[i])
	}
	return dst
}

func decodeRegistration(r *wire.Reader) Registration {
	reg := Registration{Node: decodeNode(r), SkipNodeUpdate: r.Bool()}
	if r.Bool() {
		s := decodeService(r)
		reg.Service = &s
	}
	for range count(r, MaxChecks) {
		reg.Checks = append(reg.Checks, decodeCheck(r))
	}
	return reg
}

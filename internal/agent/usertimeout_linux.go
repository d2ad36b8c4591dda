package agent

import "syscall"

// tcpUserTimeout is the socket option of RFC 5482, from linux/tcp.h.
const tcpUserTimeout = 18

// giveUpUnacknowledged makes a connection break when what it has sent is not
// acknowledged for linkSilent. Otherwise TCP waits longer and longer between
// attempts, and a link stays silent well after a cut network has healed.
func giveUpUnacknowledged(_, _ string, c syscall.RawConn) (err error) {
	ctrl := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(linkSilent.Milliseconds()))
	})
	if ctrl != nil {
		return ctrl
	}
	return err
}

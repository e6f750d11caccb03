package main

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
)

// greet says where to go, how to upload, and how to stop.
func greet(w io.Writer, c config, addr net.Addr) {
	url, header := "http://"+reachable(addr), ""
	if c.key != "" {
		header = ` -H "Authorization: Bearer $` + keyVariable + `"`
	}
	fmt.Fprintf(w, `StreamGate is running.

  Open      %[1]s/
  Upload    curl%[2]s --data-binary @clip.mp4 '%[1]s/v1/uploads?filename=clip.mp4'
            curl%[2]s -F file=@clip.mp4 %[1]s/v1/uploads
  Data      %[3]s
%[4]s  Stop      Ctrl+C

`, url, header, absolute(c.data), c.forOperators())
}

// forOperators says where they look.
func (c config) forOperators() string {
	text := ""
	if c.adminAddr != "" {
		text += "  Operators http://" + c.adminAddr + "/metrics\n"
	}
	if c.audit != auditOff {
		text += "  Audit log " + absolute(c.auditPlace()) + "\n"
	}
	return text
}

// absolute says where a file is that was named from where the server was started.
func absolute(path string) string {
	if where, err := filepath.Abs(path); err == nil {
		return where
	}
	return path
}

// reachable names an address that a browser on this machine can open: not the
// wildcard.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	return fmt.Sprintf("localhost:%d", tcp.Port)
}

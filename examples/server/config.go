package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

// keyVariable is the environment variable that holds the API key, where it does
// not show in a list of processes.
const keyVariable = "STREAMGATE_API_KEY"

// minKeyLength makes guessing hopeless: 16 characters of base64 are 96 bits.
const minKeyLength = 16

// config is what the command line and the environment say.
type config struct {
	addr       string
	data       string
	imports    string
	key        string
	publicPlay bool
	drain      time.Duration
}

// parse reads the command line. Its errors are complete sentences; flag.ErrHelp
// means that the usage was asked for and written.
func parse(args []string, getenv func(string) string, usage io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&c.addr, "addr", "127.0.0.1:8080", "address to listen on; one that is not loopback needs an API key")
	flags.StringVar(&c.data, "data", "./data", "directory that holds everything; made where it is not there")
	flags.StringVar(&c.imports, "import", "", "directory whose videos to add, where they lie, without copying them")
	flags.StringVar(&c.key, "api-key", "", "key that every request must carry; "+keyVariable+" hides it from the list of processes")
	flags.BoolVar(&c.publicPlay, "public-play", false, "with a key: let anybody play who has the address of a video")
	flags.DurationVar(&c.drain, "drain", 20*time.Second, "how long running requests may take to end once the server is told to stop")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("%q is not a flag; the flags are listed by -help", flags.Arg(0))
	}
	if c.key == "" {
		c.key = getenv(keyVariable)
	}
	return c, c.check()
}

// check refuses what would leave the server open to everybody.
func (c config) check() error {
	if c.key != "" && len(c.key) < minKeyLength {
		return fmt.Errorf("the API key has %d characters and needs at least %d: openssl rand -hex 24 makes a good one", len(c.key), minKeyLength)
	}
	if _, _, err := net.SplitHostPort(c.addr); err != nil {
		return fmt.Errorf("-addr %q is not host:port, such as 127.0.0.1:8080", c.addr)
	}
	if c.key == "" && !loopback(c.addr) {
		return errOpen(c.addr)
	}
	return nil
}

func errOpen(addr string) error {
	return errors.New(`refusing to listen on ` + addr + ` without an API key: whoever reaches it could upload, watch and delete.
  Either give a key:      ` + keyVariable + `=$(openssl rand -hex 24) go run ./examples/server -addr ` + addr + `
  or stay on loopback:    go run ./examples/server -addr 127.0.0.1:8080`)
}

// loopback reports whether only this machine reaches addr. A name other than
// localhost does not count: what it resolves to may change.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
